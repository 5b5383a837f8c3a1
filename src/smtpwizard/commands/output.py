"""Where a command's words go: data to stdout, remarks to stderr. Decides nothing else.

A reader that has gone away (`| head`) is no failure of a command: BrokenPipeError is left to the top of the program.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

_ASCII: Final = str.maketrans({"✓": "+", "✗": "x", "–": "-", "·": ".", "…": ".", "•": "*", "␣": "_"})
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
