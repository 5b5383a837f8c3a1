"""`preview`: one of the app's mails as it would be sent, from sample or given values. Sends nothing.

HTML on stdout, or in a file; on a terminal without --out it is the mail as readable text, since HTML is not read there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from smtpwizard.commands.output import emit, say
from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.mail import templates
from smtpwizard.text import safe


def run(args: argparse.Namespace) -> ExitCode:
    """Render and print. TemplateError, FileError and InputError as the mail room raises them."""
    from smtpwizard.mail.inlining import inline
    from smtpwizard.mail.plain_text import from_html

    html = templates.render(args.mail, _context(args.mail, args.context), directory=args.templates)
    if not args.raw:
        html = inline(html)
    if args.out is not None:
        _write(args.out, html)
        say(f"{args.out} written: {args.mail}, {len(html.encode())} octets.")
    elif sys.stdout.isatty() and not args.raw:
        emit(safe(from_html(html).rstrip("\n"), limit=len(html), newlines=True))
    else:
        sys.stdout.write(html)
        sys.stdout.flush()
    return ExitCode.OK


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
        path.write_bytes(html.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.", "Preview") from error
