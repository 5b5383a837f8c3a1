"""The unified diff of a change, secrets masked: it is computed on the real lines, and each line is then masked.

A secret that changes therefore shows as a changed line, with equal masks on both sides. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple

from smtpwizard.secret import MASK, Secret, redactor
from smtpwizard.text import safe

_NAME: Final = r"[\w.-]*(?:PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE|AUTH|SALT|DSN)[\w.-]*"
_ASSIGNED: Final = re.compile(
    rf"(?P<head>['\"]?(?<![/\w.-]){_NAME}['\"]?[ \t]*[=:][ \t]*)(?P<value>\S.*)", re.IGNORECASE
)
_IN_URL: Final = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/]+(?=@)", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"['\"]?\$\{[A-Za-z_][A-Za-z0-9_]*(?::?\?[^{}$]*)?\}['\"]?\Z")

_QUOTED: Final = re.compile(r"(?:'[^']*'|\"(?:\\.|[^\"\\])*\")(?P<comment>[ \t]+#[^'\"`$\\]*)?")
"""Behind an unquoted value, what looks like a comment may belong to the value: only behind a quoted one is it shown."""


_PASSWORD: Final = re.compile(
    r"(?i)\b\w*(?:smtp|mail)\w*_(?:password|pass|pwd)['\"]?[ \t]*[=:][ \t]*"
    r"(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s'\"#]\S*))"
)
_SHORTEST: Final = 4
"""A password with fewer characters is not looked for in other lines: it could be part of any word."""


def passwords_in(text: str) -> tuple[Secret, ...]:
    """Return the values of our password variables in a file: other lines may hold the same (Postmark's token)."""
    values = ("".join(groups) for groups in _PASSWORD.findall(text))
    return tuple(Secret(value) for value in values if len(value) >= _SHORTEST)


_VARIABLE: Final = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?['\"]?([A-Za-z_]\w*)['\"]?[ \t]*[=:][ \t]*(\S.*?)[ \t\r]*$"
)


def variables_in(text: str) -> dict[str, str]:
    """Return name → value of every line of any kind of file that looks like a variable: to know what not to show."""
    return {name: value[1:-1] if value[:1] in "'\"" else value for name, value in _VARIABLE.findall(text)}


def is_secret_name(name: str) -> bool:
    """Say whether a variable of this name probably holds a secret."""
    return re.fullmatch(_NAME, name, re.IGNORECASE) is not None


def _mask_line(line: str, clear: Callable[[str], str]) -> str:
    """Return one line for display: foreign characters made safe, secret values as MASK. No line end."""
    line = _IN_URL.sub(lambda found: found["head"] + MASK, clear(line))
    return safe(_ASSIGNED.sub(_cover, line))


def _cover(found: re.Match[str]) -> str:
    value = found["value"]
    comment_only = value.startswith("#") and found["head"][-1] in " \t"
    if comment_only or _REFERENCE.match(value):
        return found.group()
    quoted = _QUOTED.fullmatch(value)
    return f"{found['head']}{MASK}{(quoted['comment'] or '') if quoted else ''}"


CONTEXT: Final = 2
"""Unchanged lines shown around a change: fewer lines, fewer chances to show what is not ours."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


class MaskedDiff(NamedTuple):
    """A diff for display and JSON, with its counts."""

    text: str
    """Unified diff with LF line ends; empty where nothing changes."""
    lines_changed: int
    """Lines replaced, added or removed; a replaced line counts once."""
    lines_kept: int

    @property
    def counted(self) -> str:
        """How much changes: `6 lines change, 11 stay`."""
        lines = "1 line changes" if self.lines_changed == 1 else f"{self.lines_changed} lines change"
        return f"{lines}, {self.lines_kept} stay" if self.lines_kept else lines


def masked_diff(
    before: str,
    after: str,
    name: str,
    *,
    secrets: Iterable[Secret] = (),
    covered_before: Collection[int] = (),
    covered_after: Collection[int] = (),
) -> MaskedDiff:
    """Compare two texts. `covered_*` are line numbers (from 1) that are shown as MASK whatever they hold.

    A new line that says the same as a covered old one is covered as well: it only gained a line end.
    """
    old, new = _LINE.findall(before), _LINE.findall(after)
    clear = redactor(secrets)
    hidden = {old[number - 1].rstrip("\r\n") for number in covered_before if number <= len(old)}
    covered_after = {*covered_after, *(n for n, line in enumerate(new, 1) if hidden and line.rstrip("\r\n") in hidden)}
    lead, trail = _common_ends(old, new)
    # Only the part that differs goes to difflib: it is far from linear on files with many equal lines.
    matcher = difflib.SequenceMatcher(None, old[lead : len(old) - trail], new[lead : len(new) - trail])
    out: list[str] = []
    changed, kept = 0, len(old)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        spans = [(tag, i1 + lead, i2 + lead, j1 + lead, j2 + lead) for tag, i1, i2, j1, j2 in group]
        out.append(_header(spans))
        for tag, i1, i2, j1, j2 in spans:
            if tag == "equal":
                out += _shown(" ", old, i1, i2, covered_before, clear)
                continue
            changed += max(i2 - i1, j2 - j1)
            kept -= i2 - i1
            out += _shown("-", old, i1, i2, covered_before, clear)
            out += _shown("+", new, j1, j2, covered_after, clear)
    if not out:
        return MaskedDiff("", 0, len(old))
    shown = safe(name)
    return MaskedDiff("\n".join([f"--- {shown}", f"+++ {shown}", *out, ""]), changed, kept)


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many lines at the start and at the end are equal and not needed as context."""
    shorter = min(len(old), len(new))
    lead = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    trail = next((n for n in range(shorter - lead) if old[-1 - n] != new[-1 - n]), shorter - lead)
    return max(lead - CONTEXT, 0), max(trail - CONTEXT, 0)


def _header(spans: Sequence[tuple[str, int, int, int, int]]) -> str:
    _, i1, _, j1, _ = spans[0]
    _, _, i2, _, j2 = spans[-1]
    return f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@"


def _range(start: int, stop: int) -> str:
    length = stop - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _shown(
    mark: str, lines: Sequence[str], start: int, stop: int, covered: Collection[int], clear: Callable[[str], str]
) -> list[str]:
    out: list[str] = []
    for number in range(start, stop):
        body = lines[number].rstrip("\r\n")
        out.append(mark + (MASK if number + 1 in covered and body.strip() else _mask_line(body, clear)))
        if body == lines[number]:
            out.append("\\ No newline at end of file")
    return out
