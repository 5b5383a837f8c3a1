"""The last gate: every text that a command prints passes here, is made safe and cleared of secrets, and cannot fail it.

stdout is data, stderr is for people. A stream that is closed, full or gone costs the rest of the text and never the
exit status, which is the verdict.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from smtpwizard.errors import InputError
from smtpwizard.secret import Secret, cleared, hide
from smtpwizard.text import escaped, safe

if TYPE_CHECKING:
    from smtpwizard.report.lines import Line

_ASCII: Final = str.maketrans({"✓": "+", "✗": "x", "›": ">", "–": "-", "·": ".", "…": ".", "•": "*", "␣": "_"})
"""What the symbols of the interface become where an encoding lacks them."""

_NAMES: Final = frozenset(
    {"code", "command", "event", "from", "id", "ref", "severity", "status", "step", "tls", "variable", "verdict"}
)
"""Members of JSON whose values are words of the contract: a password that is one of them must not change those."""

_PATHS: Final = frozenset({"backup", "backups", "file", "original", "target", "targets", "undescribed"})
"""Members that are paths: exact, so that a script finds the file; what is not safe to show is escaped."""

_lost: set[TextIO] = set()

_json_wanted = _json_printed = False


def expect_json(wanted: bool) -> None:
    """Begin a command: with `--json` it prints an object, also where it ends in an error."""
    global _json_wanted, _json_printed
    _json_wanted = _json_printed = False
    if wanted:
        import json  # noqa: F401  # now: later there may be no descriptor left for it
    _json_wanted = wanted


def emit_error(title: str, message: str, code: int) -> None:
    """Print the object of a command that ends without one of its own, where `--json` asks for one."""
    if _json_wanted and not _json_printed:
        emit_json({"schema": 1, "error": error_object(title, message, code)})


def error_object(title: str, message: str, code: int) -> dict[str, Any]:
    """Return the member `error` of JSON."""
    return {"title": title, "message": message, "exit_code": code}


def shown(text: str) -> str:
    """Return `text` as it may be printed: foreign characters made safe, then every known secret hidden."""
    if not (text.isascii() and text.isprintable()):
        text = "\t".join(safe(part, limit=len(part) + 1, newlines=True) for part in text.split("\t"))
    return cleared(text)


def emit_json(value: Mapping[str, Any], *, indent: int | None = None, exact: Mapping[str, str] | None = None) -> None:
    """Print one JSON object to stdout; as UTF-8 where the stream takes it, else escaped.

    `exact` are further members that are printed as they are: a block that was asked for holds its password.
    """
    import json  # words for people do without

    global _json_printed
    _json_printed = True
    made = {**_shown_value(value), **(exact or {})}
    text = json.dumps(made, ensure_ascii=False, indent=indent)
    text = "\n".join(escaped(line, lambda char: json.dumps(char)[1:-1]) for line in text.split("\n"))
    if not _can_print(sys.stdout, text):
        text = json.dumps(made, indent=indent)
    _write(sys.stdout, text + "\n")


def _shown_value(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        if name in _PATHS:
            return cleared(value)
        return value if name in _NAMES and re.fullmatch(r"(?a)[\w .-]*", value) else shown(value)
    if isinstance(value, (list, tuple)):  # what is most often there first, and each by the quickest test
        return [_shown_value(item, name) for item in value]
    if isinstance(value, (dict, Mapping)):
        return {key: _shown_value(item, key) for key, item in value.items()}
    return value


def emit(*lines: Line | str) -> None:
    """Print the result of a command for people to stdout: facts wrapped to the terminal, texts as they are."""
    _tell(sys.stdout, lines)


def emit_diff(diff: str) -> None:
    """Print a diff to stdout, as one sees it elsewhere: on a terminal what goes is red, what comes green."""
    text = shown(diff.removesuffix("\n"))
    if _coloured(sys.stdout):
        rows = text.split("\n")
        text = "\n".join(f"\x1b[{_DIFF[row[:1]]}m{row}\x1b[0m" if row[:1] in _DIFF else row for row in rows)
    _write(sys.stdout, text + "\n")


def emit_exact(data: str | bytes) -> None:
    """Print to stdout what was asked for word for word: a block with its password, a script, a mail."""
    _write(sys.stdout, data)


def say(*lines: Line | str) -> None:
    """Tell a person something beside the result, on stderr: a text is one sentence, whatever a name in it holds."""
    from smtpwizard.report.lines import Line

    _tell(sys.stderr, [Line(line) if isinstance(line, str) else line for line in lines])


def _tell(stream: TextIO, lines: Sequence[Line | str]) -> None:
    """Print each with its line end, in one go."""
    from smtpwizard.report.lines import columns, symbols

    width, coloured = columns(stream), _coloured(stream)
    texts = []
    for line in lines:
        if isinstance(line, str):
            texts.append(shown(line))
            continue
        text = shown("\n".join(symbols([line], width=width)))
        texts.append(_painted(line, text) if coloured else text)
    if texts:
        _write(stream, "\n".join(texts) + "\n")


_MARKS: Final = {"✓": 32, "✗": 31, "!": 33}
_ROLES: Final = {"title": 1, "verdict": 1, "remark": 2}
_DIFF: Final = {"+": 32, "-": 31, "@": 36}
"""What is coloured, and how: parameters of SGR (ECMA-48). Which hues these are is the terminal's theme to say."""


def _coloured(stream: TextIO) -> bool:
    """Say whether colours are wanted: on a terminal that has them, unless NO_COLOR (https://no-color.org) forbids."""
    terminal = stream not in _lost and stream.isatty()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def _painted(line: Line, text: str) -> str:
    """Return a finished text with its mark in colour, and what it is about or weighs most in bold."""
    role = _ROLES.get(line.role.value, 0)
    symbol = line.mark.symbol if line.mark else ""
    start, found, rest = text.partition(symbol) if symbol else (text, "", "")
    if hue := _MARKS.get(symbol):
        found = f"\x1b[{hue}m{found}\x1b[0m"
    elif line.role.value in ("repair", "action"):
        return text.replace("→", "\x1b[36m→\x1b[0m", 1)
    if role:
        start, rest = (f"\x1b[{role}m{part}\x1b[0m" if part.strip() else part for part in (start, rest))
    elif line.name and line.role.value != "stage":
        start, rest = (part.replace(f"{line.name}:", f"\x1b[1m{line.name}:\x1b[0m", 1) for part in (start, rest))
    return start + found + rest


def reader_left() -> bool:
    """Say whether stdout takes no more: what follows something without end then has nobody to tell it to."""
    return sys.stdout in _lost


def _write(stream: TextIO, data: str | bytes) -> None:
    try:
        if isinstance(data, bytes):
            stream.buffer.write(data)
        else:
            if not _can_print(stream, data):
                encoding = stream.encoding or "ascii"
                data = data.translate(_ASCII).encode(encoding, "replace").decode(encoding)
            stream.write(data)
        stream.flush()
    except OSError as error:
        _give_up(stream, error)


def _give_up(stream: TextIO, error: OSError) -> None:
    """Send the rest to the null device. A reader that left (`| head`) is no trouble; anything else is told."""
    if stream in _lost:
        return
    _lost.add(stream)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
    if error.errno != errno.EPIPE and stream is not sys.stderr:
        say(f"smtpwizard: the output could not be written: {error.strerror}. The exit status holds all the same.")


def _can_print(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def open_missing_streams() -> None:
    """Open the null device for each of stdin, stdout and stderr that the caller closed: a file would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest free number: the missing one
            os.set_inheritable(null, True)
            stream = open(null, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def leave(code: int) -> None:
    """End the process at once with what was printed.

    No exit handler of the C library runs: OpenSSL's frees memory that a thread still reading a trust store uses.
    """
    for stream in (sys.stdout, sys.stderr):
        _write(stream, "")
    os._exit(code)


_LIMIT: Final = 64 * 1024
"""Octets that are read: no password is longer, and a file piped in by mistake is told."""


def read_password() -> Secret:
    """Return what stdin holds, without the line end that closes it. InputError where that can be no password."""
    try:
        raw = sys.stdin.buffer.read(_LIMIT + 1)
    except OSError as error:
        raise InputError(f"stdin cannot be read: {error.strerror}.", "No password") from None
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
    password = Secret(text)
    hide([password])
    return password
