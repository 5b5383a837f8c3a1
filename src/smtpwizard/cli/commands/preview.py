"""`preview`: one of the app's mails as it would be sent, from sample or given values. Sends nothing.

Four ways out: HTML on stdout or in a file, the mail as readable text (the default on a terminal, since HTML is not read
there), or the browser.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpwizard.apps.profile import AppProfile
from smtpwizard.cli.commands.send import mails_of
from smtpwizard.cli.output import emit, emit_exact, say
from smtpwizard.cli.source import app_of
from smtpwizard.desktop import open_page, private_page
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.mail import templates
from smtpwizard.mail.messages import from_html, inline, well_formed
from smtpwizard.mail.templates import MissingVariableError
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse

_TITLE = "Preview"


def run(args: argparse.Namespace) -> ExitCode:
    """Render and show. TemplateError, FileError and InputError as the mail room raises them."""

    rendered = _rendered(args, app_of(args))
    html = well_formed(rendered) if args.raw else inline(rendered)
    if args.out is not None:
        _write(args.out, html)
        say(f"{args.out} written: {args.mail}, {len(html.encode()):,} octets.")
        return ExitCode.OK
    if args.browser:
        return _browse(html)
    if args.text or (sys.stdout.isatty() and not args.raw):
        html = inline(rendered)  # well-formed, which `--raw` need not be: a broken comment takes html.parser minutes
        emit(safe(from_html(html).rstrip("\n"), limit=len(html) + 1, newlines=True))
        return ExitCode.OK
    emit_exact(html.encode())  # as the mail is, whatever the terminal's encoding
    return ExitCode.OK


def _rendered(args: argparse.Namespace, app: AppProfile) -> str:
    chosen, *others = mails_of(app, args.mail)
    if others:
        names = ", ".join(mail.name for mail in (chosen, *others))
        raise InputError(f"One mail is shown at a time. Name it: {names}.", "Several mails")
    if not chosen.template:
        raise InputError(f"The mails of {app.name} are not known here, so there is none to show.", "No mail")
    mail = chosen.name
    values = _context(mail, args.context)
    folder = templates.folder(args.templates, app.templates_path)
    try:
        return templates.render(mail, values, directory=folder)
    except MissingVariableError as error:
        known = ", ".join(values) or "none"
        action = f"The values given are {known}; give more with --context, or take it out of the template."
        raise FileError(f"{error.message} In the app this mail would fail too. {action}", error.title) from error


def _browse(html: str) -> ExitCode:
    try:
        path = private_page(html)
    except OSError as error:
        raise FileError(f"No temporary file can be written: {error.strerror}.", _TITLE) from error
    if open_page(path.as_uri()):
        say(f"{path} handed to the browser.")
        return ExitCode.OK
    say(f"! No desktop here to open a page on. The mail is in {path}; --out FILE writes it where you want it.")
    return ExitCode.FAILED


def _context(mail: str, given: str | None) -> dict[str, Any]:
    """Return the sample values of `mail` with the given ones over them."""
    path = templates.templates_dir() / "contexts.toml"
    try:
        samples = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(f"{path} cannot be read: {error}.", "Sample values") from error
    sample: dict[str, Any] = samples.get(mail, {})
    if given is None:
        return sample
    try:
        values = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise InputError(f"--context is no JSON: {error}.", "Values for the template") from error
    if not isinstance(values, dict):
        raise InputError('--context must be a JSON object such as {"code": "123456"}.', "Values for the template")
    return sample | values


def _write(path: Path, html: str) -> None:
    try:
        path.write_bytes(html.encode())
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.", _TITLE) from error
