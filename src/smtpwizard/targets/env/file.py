"""Reading a `.env` file as the app's own reader (npm dotenv) does, and telling where python-dotenv reads it otherwise.

The only module that imports dotenv, and only for a file that could be read in more than one way. Problems are told by
line number, never by text, because any line may hold a secret.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import FileError
from smtpwizard.problems import Severity
from smtpwizard.records import NamedTuple
from smtpwizard.targets.files import decode, read_bytes

if TYPE_CHECKING:
    from dotenv.parser import Binding


_STRANGE: Final = "\0\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029"
"""What some reader takes for a line end or a blank, and others do not."""
_REMARK: Final = r"[ \t]*(?:#[^\r\n]*)?"
_BARE: Final = r"[ !%*-:=?-\[\]^_a-{}~]*"
"""ASCII without control characters, quotes, the backslash, #, $, and what divides a shell's words and commands."""
_QUOTED: Final = r"(['\"])([ !#%&(-\[\]^_a-~]*)\2"
_ASSIGNED: Final = r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*[=:]"
_LINE: Final = rf"{_REMARK}|(?:export )?([A-Za-z_][A-Za-z0-9_]*)=(?:{_QUOTED}(?:[ \t]+#[^\r\n]*)?|({_BARE}))[ \t]*"


def read_plain(text: str) -> dict[str, str] | None:
    """Return the variables of a plain file, or None where any line is not plain; a later one of a name wins."""
    found = _plain_lines(text)
    return None if found is None else dict(found)


def _plain_lines(text: str) -> list[tuple[str, str]] | None:
    if any(char in text for char in _STRANGE):
        return None
    lines = re.findall(rf"(?:{_LINE})\r?(?:\n|\Z)|([\s\S]+)", text)
    if any(rest for *_, rest in lines[-2:]):  # from a line on that is not plain; behind it the end matches once more
        return None
    return [(name, quoted if quote else bare.strip(" ")) for name, quote, quoted, bare, _ in lines if name]


def read_twice(text: str) -> tuple[Mapping[str, str], Mapping[str, str | None]]:
    """Return what npm dotenv makes of `text`, and what python-dotenv makes of it without interpolation."""
    plain = read_plain(text)
    if plain is not None:
        return plain, plain
    return _as_the_app_reads(text), {item.key: item.value for item in bindings(text) if item.key}


def _as_the_app_reads(text: str) -> Mapping[str, str]:
    plain = read_plain(text)
    if plain is not None:
        return plain
    from smtpwizard.targets.env.readers import parse  # most files are plain, and its patterns take 4 ms

    return parse(text)


def bindings(text: str) -> list[Binding]:
    """Return python-dotenv's own reading of `text`, line ends as they are."""
    from dotenv.parser import parse_stream

    return list(parse_stream(io.StringIO(text, newline="")))


class EnvProblem(NamedTuple):
    """A line that some reader cannot read."""

    line: int
    """Counted from 1."""
    message: str
    """What is wrong, without the line's text."""
    severity: Severity = Severity.WARNING


class EnvFile:
    """A `.env` file as it lies on disk. Its repr holds no value."""

    def __init__(self, path: Path, *, exists: bool, raw: bytes = b"") -> None:
        self.path = path
        self.exists = exists
        self.raw = raw

    def __repr__(self) -> str:
        return f"EnvFile({self.path!r}, exists={self.exists})"

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """What the app's reader (npm dotenv) makes of the file; bytes that are not UTF-8 are U+FFFD."""
        text = decode(self.raw)
        return {key: _as_node_shows(value) for key, value in _as_the_app_reads(text).items()}

    @cached_property
    def disagreements(self) -> Mapping[str, str]:
        """Variable that docker compose or python-dotenv reads otherwise than the app's reader → what helps."""
        text = decode(self.raw)
        if read_plain(text) is not None:
            return {}
        return {name: _advice(text, name) for name in sorted(_differing(text))}

    @cached_property
    def problems(self) -> tuple[EnvProblem, ...]:
        """The lines that python-dotenv cannot read, for which compose refuses the file, or at which a shell stops."""
        text = decode(self.raw)
        if read_plain(text) is not None:
            return ()
        from smtpwizard.targets.env.whole import compose_file, shell_file

        found: dict[int, str] = {}
        for item in bindings(text):
            if item.error:
                found[item.original.line + _blank_lines_before(item)] = "python-dotenv cannot read this line"
        for stop in compose_file(text).stops:
            also = ", and python-dotenv cannot read the line" if stop.line in found else ""
            found[stop.line] = f"{stop.cause}. docker compose refuses the whole file{also}"
        shell = [
            EnvProblem(line, f"{cause}. A shell that sources the file sets nothing from there on", Severity.INFO)
            for line, cause in shell_file(text).stops
            if line not in found
        ]
        return tuple(sorted([*(EnvProblem(line, message) for line, message in found.items()), *shell]))

    @cached_property
    def repeated(self) -> tuple[str, ...]:
        """The variables that are assigned more than once; every reader takes the last."""
        text = decode(self.raw)
        plain = _plain_lines(text)
        likely = [name for name, _ in plain] if plain is not None else re.findall(_ASSIGNED, text)
        if len(set(likely)) == len(likely):
            return ()
        from smtpwizard.targets.env.edit import Kind, scan

        keys = [item.key for item in scan(text) if item.kind is Kind.ASSIGNMENT]
        return tuple(key for key in dict.fromkeys(keys) if keys.count(key) > 1)


def has_mac_line_ends(raw: bytes) -> bool:
    """Say whether lines end in CR alone: docker compose and shells then read one single line."""
    return b"\r" in raw and b"\n" not in raw


def _differing(text: str) -> set[str]:
    """Return the variables that docker compose or python-dotenv reads otherwise than npm dotenv."""
    from smtpwizard.targets.env.whole import compose_file

    app, python = read_twice(text)
    compose = compose_file(text)
    others = [python] if compose.stops else [python, compose.variables]
    return {key for view in others for key in app.keys() | view.keys() if app.get(key) != view.get(key)}


def _advice(text: str, name: str) -> str:
    """Return what to do so that all read the same value of `name`. Each is tried on the text before it is given."""
    from smtpwizard.targets.env.edit import Kind, scan
    from smtpwizard.targets.env.readers import Reader, parse

    item = next((one for one in reversed([*scan(text)]) if one.key == name and one.kind is Kind.ASSIGNMENT), None)
    if item is None:
        return f"Write it as {name}=value on a line of its own."
    raw = text[item.value_start : item.value_end]
    bare = raw[1:-1] if raw[:1] in ("'", '"', "`") and raw[-1:] == raw[:1] and len(raw) > 1 else raw
    if raw.startswith('"'):
        bare = next(
            (read for one in (Reader.COMPOSE, Reader.PYTHON_PLAIN) if (read := one.read(raw)) is not None), bare
        )
    if name not in _differing(text[item.start : item.end]):
        return "A line above it is read differently: correct that one."
    if re.search(r"\$\{[A-Za-z_]", bare) and raw[:1] != "'":
        return "docker compose fills in the ${…} in it, and npm dotenv does not: write the value itself in its place."
    doubled = ", with one $ where two stand for docker compose" if "$$" in raw else ""
    tries = {
        "Put = in the place of the colon.": f"={raw}" if item.sign == ":" else "",
        f"Put the value in single quotes{doubled}.": f"='{bare}'",
        "Put the value in double quotes.": f'="{bare}"',
        "Write the value without quotes.": f"={bare}" if bare != raw else "",
    }
    for advice, line in tries.items():
        after = f"{text[: item.start]}{name}{line}{text[item.body_end :]}"
        right = item.sign == ":" or parse(after).get(name) == bare
        if line and right and name not in _differing(after) and _differing(after) <= _differing(text):
            return advice
    return "No way of quoting it helps: take a value without quotes, backslash, # and $."


def refuse_no_text(path: Path, raw: bytes) -> None:
    """Raise FileError for what can be no `.env` file: YAML by its name, and NUL bytes and UTF-16 in it."""
    if path.suffix.lower() in (".yaml", ".yml"):
        raise FileError(
            f"{path} is YAML by its name, no .env file. Name a compose file with --compose.", "Not a .env file"
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        raise FileError(
            f"{path} holds NUL bytes: no text, or UTF-16, as `>` in Windows PowerShell writes it. Save it as UTF-8.",
            "Not a text file",
        )


def read_env_file(path: Path) -> EnvFile:
    """Read `path`. A file that does not exist gives `exists=False`. FileError as `read_bytes`, and for no text."""
    raw = read_bytes(path)
    refuse_no_text(path, raw or b"")
    return EnvFile(path, exists=raw is not None, raw=raw or b"")


def _blank_lines_before(item: Binding) -> int:
    text = item.original.string
    lead = text[: len(text) - len(text.lstrip())]
    return lead.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _as_node_shows(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
