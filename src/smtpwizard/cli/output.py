"""Where a command's words go: data to stdout, remarks to stderr. Decides nothing else.

A reader that has gone away (`| head`) is no failure of a command: BrokenPipeError is left to the top of the program.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

from smtpwizard.errors import InputError
from smtpwizard.secret import Secret

_ASCII: Final = str.maketrans({"✓": "+", "✗": "x", "›": ">", "–": "-", "·": ".", "…": ".", "•": "*", "␣": "_"})
"""What the symbols of the interface become where an encoding lacks them."""


def emit_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object, on one line, to stdout; as UTF-8 where the stream takes it, else escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if not _can_print(sys.stdout, text):
        text = json.dumps(value)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit(text: str) -> None:
    """Print the result of a command for people: one or more lines to stdout."""
    _write(sys.stdout, text)


def say(text: str = "") -> None:
    """Tell a person something beside the result: one or more lines to stderr."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    if not _can_print(stream, text):
        encoding = stream.encoding or "ascii"
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    stream.write(text + "\n")
    stream.flush()


def _can_print(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


_LIMIT: Final = 64 * 1024
"""Octets that are read: no password is longer, and a file piped in by mistake is told."""


def read_password() -> Secret:
    """Return what stdin holds, without the line end that closes it. InputError where that can be no password."""
    raw = sys.stdin.buffer.read(_LIMIT + 1)
    if len(raw) > _LIMIT:
        raise InputError(f"stdin holds more than {_LIMIT // 1024} KiB, which is no password.", "Not a password")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("The password on stdin is not UTF-8.", "Not a password") from None  # the cause would hold it
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise InputError(
            "stdin is empty. Pipe the password into the command, with or without a line end.", "No password"
        )
    return Secret(text)
