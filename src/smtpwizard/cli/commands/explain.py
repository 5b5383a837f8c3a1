"""`explain`: a reply, an error or a log in, causes and remedies out. No network, and nothing costly imported.

Exit status: 0 where a mail error was found and explained, if only generically; 1 where the text holds none; 2 where
there is no text, or the provider is unknown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import hide_in_reach, recognised
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.diagnosis.logs import Explained, explain_log, flat
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.report.lines import GAP, Line, cause_lines, counted

if TYPE_CHECKING:
    import argparse

    from smtpwizard.presets.schema import Provider


MOST_BYTES: Final = 20_000_000
"""Octets of stdin that are read: a day's log of a busy app, and no more memory than that."""


def run(args: argparse.Namespace) -> ExitCode:
    """Explain `args.text`, or what comes on stdin."""
    text = _text(args.text)
    catalogue = open_catalogue(args.presets)
    provider = named_provider(args.provider, args.presets, catalogue)
    hide_in_reach(args)
    found = recognised(args)
    app = None if found.is_default else found.app  # the text may show whose client speaks
    explained = explain_log(text, stage=args.stage, provider=provider, app=app, catalogue=catalogue)
    if args.json:
        emit_json({"schema": 1, "diagnoses": [item.as_diagnosis() for item in flat(explained)]})
    elif explained:
        emit(*_page(explained))
    if not explained:
        count = len(text.splitlines())
        say(f"No mail error was found in {counted(count, 'line')}. Give the app's log around the time of the mail.")
        if os.path.isfile(text):
            from shlex import quote

            say(f"{text} is a file. To have it read: smtpwizard explain < {quote(text)}")
        return ExitCode.FAILED
    return ExitCode.OK


def _text(given: str | None) -> str:
    if given is not None and given != "-":
        text = given
    elif sys.stdin is None or sys.stdin.isatty():
        raise InputError(
            "Give a reply as TEXT, or a log on stdin: docker compose logs api | smtpwizard explain.",
            "Nothing to explain",
        )
    else:
        text = sys.stdin.buffer.read(MOST_BYTES).decode("utf-8", "replace")
    if not text.strip():
        raise InputError("The text is empty. Give a server's reply or a line of a log.", "Nothing to explain")
    return text


def open_catalogue(own: Path | None) -> Catalogue:
    """Open the shipped entries, and those in the folder `failures` of `--presets`."""
    catalogue = Catalogue.open(*([own / "failures"] if own and (own / "failures").is_dir() else []))
    for problem in catalogue.problems:
        say(f"left out: {problem}")
    return catalogue


def named_provider(name: str | None, own: Path | None, catalogue: Catalogue) -> Provider | str | None:
    """Return the provider's preset, or its id where only the catalogue knows it."""
    if name is None:
        return None
    from smtpwizard.presets.catalogue import Presets

    presets = Presets.open(own)
    wanted = name.strip().lower()
    if wanted not in presets.ids() and any(wanted in rule.providers for rule in catalogue.rules):
        return wanted
    return presets.provider(name)


def _page(explained: tuple[Explained, ...]) -> Iterator[Line]:
    for number, item in enumerate(explained):
        if number:
            yield GAP
        times = f", {item.times} times" if item.times > 1 else ""
        yield Line(item.said, name=f"line {item.line}{times}")
        yield from cause_lines(item.diagnoses)
