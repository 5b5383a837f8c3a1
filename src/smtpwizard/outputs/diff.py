"""The unified diff of a change, masked: computed on the real lines, then covered line by line.

A secret that changes therefore shows as a changed line, with equal masks on both sides. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from smtpwizard.outputs.masking import mask_line
from smtpwizard.secret import MASK, Secret
from smtpwizard.text import safe

CONTEXT: Final = 2
"""Unchanged lines shown around a change: fewer lines, fewer chances to show what is not ours."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


@dataclass(frozen=True, slots=True)
class MaskedDiff:
    """A diff for display and JSON, with its counts."""

    text: str
    """Unified diff with LF line ends; empty where nothing changes."""
    lines_changed: int
    """Lines replaced, added or removed; a replaced line counts once."""
    lines_kept: int


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
    known = tuple(secrets)
    hidden = {old[number - 1].rstrip("\r\n") for number in covered_before if number <= len(old)}
    covered_after = (
        {*covered_after, *(n for n, line in enumerate(new, 1) if line.rstrip("\r\n") in hidden)}
        if hidden
        else covered_after
    )
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
                out += [line for n in range(i1, i2) for line in _shown(" ", old[n], n + 1, covered_before, known)]
                continue
            changed += max(i2 - i1, j2 - j1)
            kept -= i2 - i1
            out += [line for n in range(i1, i2) for line in _shown("-", old[n], n + 1, covered_before, known)]
            out += [line for n in range(j1, j2) for line in _shown("+", new[n], n + 1, covered_after, known)]
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


def _shown(mark: str, line: str, number: int, covered: Collection[int], secrets: Sequence[Secret]) -> list[str]:
    body = line.rstrip("\r\n")
    text = MASK if number in covered and body.strip() else mask_line(body, secrets)
    end = [] if body != line else ["\\ No newline at end of file"]
    return [mark + text, *end]
