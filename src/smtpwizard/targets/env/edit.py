"""The lossless merge: new values into the text of a `.env` file, everything else byte for byte as it was.

Pure: bytes in, bytes out. Where a value already reads right, its line is left alone, so that a second run changes
nothing. `env.plan` checks that python-dotenv and the app read the result as planned.

A value is written after `KEY=` so that as many readers as possible read it back exactly. Candidates are asked of every
reader's model; the best for the file's readers is taken, and the answer names those that would misread. Never `\\'` or
`'\\''` by default: each is right in one reader only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from smtpwizard.errors import InputError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.diff import is_mail_setting
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader, reading_alike, running_commands
from smtpwizard.targets.files import BOM


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as it stands in a file, and who reads it."""

    text: str = field(repr=False)
    """What follows `KEY=`."""
    read_by: tuple[Reader, ...]
    """All known readers that read the value exactly, asked for or not."""
    misread_by: tuple[Reader, ...]
    """Of the readers asked for, those that would read something else, or refuse."""
    runs_command_in: tuple[Reader, ...]
    """All known readers in which a part of the value would run as a command."""


_RAW_CHARS: Final = re.compile(r"[A-Za-z0-9_!%*+,\-./:=?@\[\]^{}]*")


def _escape(value: str, characters: str) -> str:
    return re.sub(f"([{re.escape(characters)}])", r"\\\1", value)


_CANDIDATES: Final[tuple[Callable[[str], str], ...]] = (
    lambda v: v,
    lambda v: f"'{v}'",
    lambda v: f'"{v}"',
    lambda v: '"' + _escape(v, '\\"$') + '"',  # compose, shells (without a backtick), systemd
    lambda v: '"' + _escape(v, '\\"$`') + '"',  # shells, systemd
    lambda v: "'" + _escape(v, "\\'") + "'",  # python-dotenv
    lambda v: '"' + _escape(v, '\\"') + '"',  # python-dotenv
    lambda v: f"`{v}`",  # npm dotenv, node
    lambda v: "'" + v.replace("$", "\\$") + "'",  # dotenv-expand, and the next two
    lambda v: '"' + v.replace("$", "\\$") + '"',
    lambda v: "`" + v.replace("$", "\\$") + "`",
    lambda v: "'" + v.replace("'", "'\\''") + "'",  # shells
    lambda v: '"' + _escape(v, '\\"').replace("$", "$$") + '"',  # compose
)
"""In order of preference where everything else is equal. The first is the value as it is."""


def encode(value: str, readers: Sequence[Reader] = DEFAULT_READERS) -> Encoded:
    """Return the best way to write `value` for `readers`, which stand in order of weight.

    Most readers served wins; then the weightier ones; then the readers not asked for; then the plainer form. Without
    quotes an odd value stands only where `docker run` reads it or that alone serves a reader: npm dotenv, where a
    backslash is the last character, which before a closing quote it would take for a part of the value.
    InputError for a value with control characters or line breaks, which no form carries safely; it never shows it.
    """
    refuse_unwritable(value)
    best: tuple[tuple[int, ...], Encoded] | None = None
    for rank, candidate in enumerate(_CANDIDATES):
        text = candidate(value)
        alike = reading_alike(text, value)
        missed = tuple(reader for reader in readers if reader not in alike)
        reluctant = rank == 0 and not is_plain(value) and Reader.DOCKER_RUN not in readers
        if reluctant and set(running_commands(text)) & set(readers):
            continue
        score = (-len(missed), *(reader in alike for reader in readers), not reluctant, len(alike), -rank)
        if best is None or score > best[0]:
            best = (score, Encoded(text, alike, missed, running_commands(text)))
        if not missed and not reluctant and len(alike) >= len(Reader) - bool(rank):
            break  # no other is read by more: docker run reads no quotes
    assert best is not None  # there are always quoted candidates
    return best[1]


def is_plain(value: str) -> bool:
    """Say whether every reader reads `value` unquoted: measured character by character, at every position."""
    return all(_RAW_CHARS.fullmatch(char) or (ord(char) > 0x7F and char.isalnum()) for char in value)


def refuse_unwritable(value: str) -> None:
    """Raise InputError where `value` holds what could break out of its line or vanish. A tab is written, in quotes."""
    for char in value:
        if char == "\t":
            continue
        category = unicodedata.category(char)
        if char in "\n\r" or category in ("Zl", "Zp"):
            raise InputError(
                "The value holds a line break; the rest would become a line of its own. Paste it again without it.",
                "Line break in a value",
            )
        if char == "\0" or category == "Cc":
            raise InputError(
                f"The value holds a control character (U+{ord(char):04X}), which readers drop or refuse. "
                "Type it again, or make a new password of letters and digits.",
                "Control character in a value",
            )
        if category == "Cs":
            raise InputError(
                "The value is not valid UTF-8, so node would read something else. Type it again, or make a new "
                "password of letters and digits.",
                "Value not in UTF-8",
            )


class Surroundings(NamedTuple):
    """What surrounds a value on its line."""

    head: str
    """Indentation, `export`, name, sign and the blanks behind it."""
    tail: str = ""
    """Blanks and comment after the value."""
    eol: str = "\n"
    bom: bool = False
    """The file's byte order mark stands right before this line."""


def misreaders(text: str, value: str, around: Surroundings, readers: Sequence[Reader]) -> tuple[Reader, ...]:
    """Return those of `readers` that would not read exactly `value` from `text` between its surroundings."""
    blanks = around.head[len(around.head.rstrip(" \t")) :]
    line = blanks + text + around.tail
    stumbling = {reader for affected, _ in (*line_obstacles(around), *file_obstacles(around)) for reader in affected}
    return tuple(reader for reader in readers if reader in stumbling or reader.read(line) != value)


def line_obstacles(around: Surroundings) -> list[tuple[tuple[Reader, ...], str]]:
    """Return what in this line makes readers stumble: the readers, and what it is as a noun phrase."""
    found: list[tuple[tuple[Reader, ...], str]] = []
    if around.tail.strip():
        found.append(((Reader.SYSTEMD, Reader.DOCKER_RUN), "the comment behind it, taken for a part of the value"))
    if re.match(r"[ \t]*export[ \t]", around.head):
        found.append(((Reader.SYSTEMD, Reader.DOCKER_RUN), "the word `export` before it"))
    if re.search(r"[ \t]=|=[ \t]", around.head):
        found.append(((Reader.SHELL, Reader.DOCKER_RUN), "the blanks around `=`"))
    if around.head[:1] in (" ", "\t"):
        found.append(((Reader.DOCKER_RUN,), "the indentation"))
    return found


def file_obstacles(around: Surroundings) -> list[tuple[tuple[Reader, ...], str]]:
    """Return the same for what concerns the whole file: its line ends and its byte order mark."""
    found: list[tuple[tuple[Reader, ...], str]] = []
    if around.eol.startswith("\r"):
        found.append(((Reader.SHELL,), "the Windows line ends"))
    if around.bom:
        affected = (Reader.SHELL, Reader.SYSTEMD, Reader.NODE, Reader.DOCKER_RUN)
        found.append((affected, "the byte order mark at the start of the file"))
    return found


class Kind(Enum):
    """What a statement is."""

    BLANK = auto()
    COMMENT = auto()
    ASSIGNMENT = auto()
    BARE = auto()
    """A name without a sign: compose and docker take its value from the process, node glues it to the next line."""
    ODD = auto()
    """An assignment to a name that only some readers take: empty, or with letters beyond ASCII."""
    GARBAGE = auto()
    """None of these: compose refuses the whole file."""


class Statement(NamedTuple):
    """One line, or the lines of one quoted value. Offsets count characters of the text."""

    kind: Kind
    line: int
    """Its first line, counted from 1."""
    start: int
    end: int
    """After its line end."""
    key: str = ""
    """For a COMMENT: the variable of a commented-out assignment, else empty."""
    sign: str = ""
    """`=`, or `:` as npm dotenv and compose also take it."""
    value_start: int = 0
    value_end: int = 0
    body_end: int = 0
    """Before its line end."""
    closed: bool = True
    """False where a quote opens and no reader-independent end of it exists."""


_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_HEAD: Final = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z0-9_.-]+)[ \t]*(?P<sign>=|:(?=[ \t]))")
_BARE: Final = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\Z")
_ODD: Final = re.compile(r"\s*(?:export\s+)?[\w.\-\[\]]*[ \t]*[=:]")
_COMMENTED: Final = re.compile(r"[ \t]*#+[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=")
_BLANKS: Final = re.compile(r"[ \t]*")
_REST: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_INLINE_COMMENT: Final = re.compile(r"[ \t]+#|[ \t]*\Z")
_LONG: Final = {
    "'": re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL),
    '"': re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL),
}


_USUAL: Final = re.compile(
    r"(?:(#)[^=\r\n]*|([A-Za-z_][A-Za-z0-9_]*)="
    r"('[^'\r\n]*'(?=\n|[ \t]+#[^'\r\n]*\n)|\"[^\"\r\n]*\"(?=\n|[ \t]+#[^\"\r\n]*\n)|[%+,\-./0-9:=?@A-Z^_a-z]*(?=\n))"
    r"[^\r\n]*)?\n"
)
"""Lines that need no closer look: empty, a comment without a sign, a variable with its value; most of most files."""


def scan(text: str) -> Iterator[Statement]:
    """Yield the statements of `text` (without a BOM) in order; together they cover it."""
    position, line = 0, 1
    while position < len(text):
        if usual := _USUAL.match(text, position):
            end = usual.end()
            if usual[2]:
                name, (start, stop) = usual[2], usual.span(3)
                yield Statement(Kind.ASSIGNMENT, line, position, end, name, "=", start, stop, end - 1)
            else:
                yield Statement(Kind.COMMENT if usual[1] else Kind.BLANK, line, position, end, body_end=end - 1)
            line, position = line + 1, end
            continue
        statement = _statement(text, position, line)
        yield statement
        line += line_ends(text, position, statement.end)
        position = statement.end


def _statement(text: str, start: int, line: int) -> Statement:
    whole = _LINE.match(text, start)
    assert whole is not None  # the pattern matches everywhere
    end = whole.end()
    body = whole.group().rstrip("\r\n")
    stop = start + len(body)
    stripped = body.strip()
    if not stripped:
        return Statement(Kind.BLANK, line, start, end, body_end=stop)
    if stripped.startswith("#"):
        commented = _COMMENTED.match(body)
        return Statement(Kind.COMMENT, line, start, end, key=commented["key"] if commented else "", body_end=stop)
    found = _HEAD.match(text, start, stop)
    if not found:
        bare = _BARE.match(body)
        kind = Kind.BARE if bare else Kind.ODD if _ODD.match(body) else Kind.GARBAGE
        return Statement(kind, line, start, end, key=bare["key"] if bare else "", body_end=stop)
    return _assignment(text, found, line, stop, end)


def _assignment(text: str, found: re.Match[str], line: int, stop: int, end: int) -> Statement:
    start = found.start()
    after_sign = found.end()
    blanks = _BLANKS.match(text, after_sign, stop)
    value_start = blanks.end() if blanks else after_sign
    closed = True
    opener = text[value_start] if value_start < stop else ""
    if not opener or (opener == "#" and value_start > after_sign):
        value_start = value_end = after_sign
    elif opener in "'\"`":
        close = _close_on_line(text, value_start, stop)
        if close < 0 and (long := _close_below(text, value_start)) > 0:
            value_end = long
            rest = _LINE.match(text, long)
            end = rest.end() if rest else long
            stop = end - (len(rest.group()) - len(rest.group().rstrip("\r\n")) if rest else 0)
        else:
            closed = close >= 0 or opener == "`"
            value_end = close if close >= 0 else _unquoted_end(text, value_start, stop)
    else:
        value_end = _unquoted_end(text, value_start, stop)
    return Statement(
        Kind.ASSIGNMENT, line, start, end, found["key"], found["sign"], value_start, value_end, stop, closed
    )


def _close_on_line(text: str, start: int, stop: int) -> int:
    """Return the end of the quoted value where it closes on its line with only a comment after it, else -1.

    At the first quote that no backslash escapes, if that will do: all readers but shells see it so in single quotes.
    """
    quote = text[start]
    whole = _LONG[quote].match(text, start, stop) if quote in _LONG else None
    if whole and (rest := _REST.match(text, whole.end())) and rest.end() >= stop:
        return whole.end()
    at = text.find(quote, start + 1, stop)
    while at >= 0:
        rest = _REST.match(text, at + 1)
        if rest and rest.end() >= stop:
            return at + 1
        at = text.find(quote, at + 1, stop)
    return -1


def _close_below(text: str, start: int) -> int:
    """Return the end of a value that closes on a later line, else -1. Backticks span lines in npm dotenv alone."""
    pattern = _LONG.get(text[start])
    found = pattern.match(text, start) if pattern else None
    return found.end() if found and _REST.match(text, found.end()) else -1


def _unquoted_end(text: str, start: int, stop: int) -> int:
    found = _INLINE_COMMENT.search(text, start, stop)
    return found.start() if found else stop


def line_ends(text: str, start: int, end: int) -> int:
    """Return the number of line ends in a span: LF, CRLF or lone CR."""
    count = text.count("\n", start, end)
    lone = text.count("\r", start, end)
    return count + lone - text.count("\r\n", start, end) if lone else count


HEADING: Final = "# Outgoing mail (SMTP)"
"""The comment line above the variables where a file says nothing about mail yet."""


class Placed(NamedTuple):
    """A variable's value in the merged file, and who would not read it so."""

    variable: str
    surroundings: Surroundings
    misread_by: tuple[Reader, ...]
    """Of all known readers, not only those asked for."""
    inexact_in: tuple[Reader, ...]
    """Of those, the ones that stumble on the value's own text; the others stumble on what stands around it."""
    runs_command_in: tuple[Reader, ...]
    duplicates: tuple[int, ...] = ()
    """Lines of earlier assignments of the same variable, which no reader heeds."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge."""

    data: bytes = field(repr=False)
    placed: tuple[Placed, ...]
    statements: tuple[Statement, ...]
    """The statements of the file as it was."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str = field(repr=False)


def merge(raw: bytes, changes: Mapping[str, str | None], readers: Sequence[Reader]) -> Merged:
    """Return `raw` with `changes` applied: a variable's new value, or None to take its lines out.

    The last assignment of a variable is the one that counts and is changed. New variables go below their commented-out
    template, else after the last active mail setting, else below another template, else to the end under HEADING.
    InputError for a value that cannot be written.
    """
    bom = raw[:3] if raw.startswith(BOM) else b""
    text = raw[len(bom) :].decode("utf-8", "surrogateescape")
    statements = tuple(scan(text))
    active: dict[str, list[Statement]] = {}
    for item in statements:
        if item.kind is Kind.ASSIGNMENT:
            active.setdefault(item.key, []).append(item)
    edits: list[_Edit] = []
    placed: list[Placed] = []
    new: dict[str, str] = {}
    for variable, value in changes.items():
        found = active.get(variable, [])
        if value is None:
            edits.extend(_Edit(item.start, item.end, "") for item in found)
        elif found:
            edit, place = _replace(text, found, value, readers, with_bom=bool(bom))
            edits.extend(edit)
            placed.append(place)
        else:
            new[variable] = value
    removed = {variable for variable, value in changes.items() if value is None}
    kept = [item for item in statements if not (item.kind is Kind.ASSIGNMENT and item.key in removed)]
    inserts, new_places = _insert(text, kept, new, readers, with_bom=bool(bom))
    after = _apply(text, [*edits, *inserts])
    return Merged(bom + after.encode("utf-8", "surrogateescape"), (*placed, *new_places), statements)


def _replace(
    text: str, found: Sequence[Statement], value: str, readers: Sequence[Reader], *, with_bom: bool
) -> tuple[list[_Edit], Placed]:
    item = found[-1]
    if Reader.DOCKER_RUN in readers:  # it takes all behind the sign for the value: blanks, quotes and a comment, too
        blanks = len(text[item.start : item.value_start]) - len(text[item.start : item.value_start].rstrip(" \t"))
        item = item._replace(value_start=item.value_start - blanks, value_end=item.body_end, closed=True)
    head, tail = text[item.start : item.value_start], text[item.value_end : item.body_end]
    around = Surroundings(head, tail, text[item.body_end : item.end], bom=with_bom and item.line == 1)
    earlier = tuple(other.line for other in found[:-1])
    old = text[item.value_start : item.value_end]
    start = item.value_start
    if item.sign == ":":
        start = text.rindex(":", item.start, item.value_start)
        around = Surroundings(text[item.start : start] + "=", around.tail, around.eol, bom=around.bom)
    encoded = encode(value, readers)
    missed = misreaders(encoded.text, value, around, readers)
    before = misreaders(old, value, around, readers)
    good = old == encoded.text or (Reader.NPM not in before and len(before) < len(readers))
    keep = item.sign == "=" and item.closed and good and set(before) <= set(missed)
    final = old if keep else encoded.text
    place = _place(item.key, final, value, around, earlier)
    return [] if keep else [_Edit(start, item.value_end, ("=" if item.sign == ":" else "") + final)], place


def _place(variable: str, text: str, value: str, around: Surroundings, earlier: tuple[int, ...] = ()) -> Placed:
    exact = reading_alike(text, value)
    return Placed(
        variable=variable,
        surroundings=around,
        misread_by=misreaders(text, value, around, tuple(Reader)),
        inexact_in=tuple(reader for reader in Reader if reader not in exact),
        runs_command_in=running_commands(text),
        duplicates=earlier,
    )


def _insert(
    text: str, kept: Sequence[Statement], new: Mapping[str, str], readers: Sequence[Reader], *, with_bom: bool
) -> tuple[list[_Edit], list[Placed]]:
    lines: dict[int, list[str]] = {}
    placed: list[Placed] = []
    line_end = _line_end_of(text)
    active = [item for item in kept if item.kind is Kind.ASSIGNMENT and is_mail_setting(item.key)]
    commented = [item for item in kept if item.kind is Kind.COMMENT and item.key]
    templates = [item for item in commented if is_mail_setting(item.key)]
    for variable, value in new.items():
        own = [item for item in commented if item.key == variable]
        anchor = next((group[-1] for group in (own, active, templates) if group), None)
        prefix = _prefix(text, anchor) if anchor else ""
        at = anchor.end if anchor else len(text)
        if anchor is None and not lines:
            blank = bool(kept) and kept[-1].kind is not Kind.BLANK
            lines[at] = [*([""] if blank else []), HEADING]
        encoded = encode(value, readers)
        around = Surroundings(f"{prefix}{variable}=", "", line_end, bom=with_bom and at == 0)
        placed.append(_place(variable, encoded.text, value, around))
        lines.setdefault(at, []).append(f"{prefix}{variable}={encoded.text}")
    return [_block(text, at, block, line_end) for at, block in lines.items()], placed


def _block(text: str, at: int, lines: Iterable[str], line_end: str) -> _Edit:
    """Return the edit that puts whole lines at `at`; a file without a final line end stays without one."""
    block = line_end.join(lines)
    open_end = at == len(text) and text and not text.endswith(("\n", "\r"))
    return _Edit(at, at, line_end + block if open_end else block + line_end)


def _prefix(text: str, anchor: Statement) -> str:
    """Return the indentation and `export` of a neighbour, for a new line that is to be read by the same programs."""
    line = text[anchor.start : anchor.body_end]
    if anchor.kind is Kind.COMMENT:
        line = re.sub(r"\A([ \t]*)#+[ \t]*", r"\1", line)
    found = re.match(r"[ \t]*(?:export[ \t]+)?", line)
    return found.group() if found else ""


def _line_end_of(text: str) -> str:
    """Return the line end that most lines of the file have."""
    windows = text.count("\r\n")
    if windows * 2 > text.count("\n"):
        return "\r\n"
    return "\r" if "\r" in text and "\n" not in text else "\n"


def _apply(text: str, edits: Iterable[_Edit]) -> str:
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])
