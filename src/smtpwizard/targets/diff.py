"""The unified diff of a change, secrets masked: it is computed on the real lines, and each line is then masked.

A secret that changes therefore shows as a changed line, with equal masks on both sides. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from smtpwizard.apps.profile import Role
from smtpwizard.records import NamedTuple
from smtpwizard.secret import MASK, Secret, redactor
from smtpwizard.settings import logins_in
from smtpwizard.text import safe

_NAME: Final = r"[\w.-]*(?:PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE|AUTH|SALT|DSN)[\w.-]*"
_REFERENCE: Final = re.compile(r"['\"]?\$\{[A-Za-z_][A-Za-z0-9_]*(?::?\?[^{}$]*)?\}['\"]?\Z")
_NAMED: Final = re.compile(
    r"(?P<head>[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?['\"]?(?P<name>[A-Za-z_<][\w.<-]*)['\"]?[ \t]*"
    r"[=:](?:[ \t]+|(?=\S)|\Z))(?P<value>.*)\Z"
)
_COMMENT: Final = re.compile(r"(?P<head>[ \t]*#+[ \t]*)(?P<text>.*)\Z")
_PROSE: Final = re.compile(
    r"(?:\(?(?:[A-Z]?[a-z]{1,15}|[A-Z]{1,12}|\d{1,4})\)?[,;.:!?]?(?:[ \t]+|\Z)|-+[ \t]+|[-=#*]+\Z)*"
)
"""Words as one writes them. A token, a path, an option or an assignment ends it."""
_TELLS: Final = re.compile(r"(?i).*?\b(?:pass\w*|pwd|secret|token|keys?|login|credentials?|user\w*)\b[:,;.]?[ \t]*")

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
    r"(?m)^[ \t]*+(?:-[ \t]++)?(?:export[ \t]++)?['\"]?([A-Za-z_]\w*+)['\"]?[ \t]*+[=:][ \t]*+(\S.*)"
)


def variables_in(text: str) -> dict[str, str]:
    """Return name → value of every line of any kind of file that looks like a variable: to know what not to show."""
    found = ((name, value.rstrip(" \t\r")) for name, value in _VARIABLE.findall(text))
    return {name: value[1:-1] if value[:1] in "'\"" else value for name, value in found}


def is_secret_name(name: str) -> bool:
    """Say whether a variable of this name probably holds a secret."""
    return re.fullmatch(_NAME, name, re.IGNORECASE) is not None


def is_mail_setting(name: str) -> bool:
    """Say whether a variable looks like a mail setting, whatever the app: `SMTP_…`, `MAIL_…`, `EMAIL_…`."""
    return name[:6].lower().startswith(("smtp_", "mail_", "email_"))


class _Masks:
    """Shows of a line what it is about, and the values of our own variables alone."""

    def __init__(self, texts: Iterable[str], secrets: Iterable[Secret], ours: Collection[str]) -> None:
        self._ours = ours
        found = (item for text in texts for item in variables_in(text).items())
        logins = (part for name, value in found if self._is_ours(name) for part in logins_in(value, Role.HOST))
        self._secrets = redactor([*secrets, *(Secret(part) for part in logins if len(part) >= _SHORTEST)])

    def _is_ours(self, name: str) -> bool:
        return (name in self._ours or is_mail_setting(name)) and not is_secret_name(name)

    def line(self, text: str) -> str:
        """Return a line for display, without a line end."""
        if comment := _COMMENT.match(text):
            return safe(comment["head"] + self._comment(comment["text"]))
        named = _NAMED.match(text)
        if named is None:
            head = text[: len(text) - len(text.lstrip(" \t"))] + ("- " if text.lstrip().startswith("- ") else "")
            return safe(head + MASK if text.strip() not in ("", "-", "---", "]", "}") else text)
        return safe(named["head"] + self._value(named["name"], named["value"]))

    def _value(self, name: str, value: str) -> str:
        if not value.strip() or self._is_ours(name) or _REFERENCE.match(value):
            return self._secrets(value)
        if value.lstrip().startswith("#"):
            return f"# {self._comment(value.lstrip().lstrip('# '))}"
        return MASK

    def _comment(self, text: str) -> str:
        named = _NAMED.match(text)
        if named is not None and not named["head"].endswith(": "):  # a line that was switched off
            return named["head"] + self._value(named["name"], named["value"])
        prose = _PROSE.match(text)
        shown = prose.group() if prose else ""
        tells = _TELLS.match(shown)
        shown = tells.group() if tells else shown
        return self._secrets(shown + (MASK if text[len(shown) :].strip() else ""))


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
    ours: Collection[str] = (),
    values: bool = True,
) -> MaskedDiff:
    """Compare two texts. Values are shown of variables in `ours` and of mail settings; `values` False: it has none.

    `covered_*` are line numbers (from 1) that are shown as MASK whatever they hold.

    A new line that says the same as a covered old one is covered as well: it only gained a line end.
    """
    old, new = _LINE.findall(before), _LINE.findall(after)
    masks = _Masks((before, after), secrets, ours) if values else None
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
                out += _shown(" ", old, i1, i2, covered_before, masks)
                continue
            changed += max(i2 - i1, j2 - j1)
            kept -= i2 - i1
            out += _shown("-", old, i1, i2, covered_before, masks)
            out += _shown("+", new, j1, j2, covered_after, masks)
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
    mark: str, lines: Sequence[str], start: int, stop: int, covered: Collection[int], masks: _Masks | None
) -> list[str]:
    out: list[str] = []
    for number in range(start, stop):
        body = lines[number].rstrip("\r\n")
        out.append(
            mark + (MASK if number + 1 in covered and body.strip() else masks.line(body) if masks else safe(body))
        )
        if body == lines[number]:
            out.append("\\ No newline at end of file")
    return out
