"""Proof that a changed `.env` reads as planned, by the app's reader and by the real python-dotenv, every key compared.

Says nothing about values: a failure names variables and lines only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.errors import FileError
from smtpwizard.outputs import npm_dotenv
from smtpwizard.outputs.env_file import decode, unnumbered_bindings
from smtpwizard.outputs.env_merge import Placed
from smtpwizard.outputs.env_scan import Kind, Statement
from smtpwizard.outputs.readers import Reader

if TYPE_CHECKING:
    from smtpwizard.outputs.env_file import Binding


def differences(
    before: bytes, after: bytes, changes: Mapping[str, str | None], placed: Iterable[Placed]
) -> tuple[str, ...]:
    """Return the variables that `after` does not hold as planned: a changed one read wrong, or any other one changed.

    A reader that was said to misread a variable is not asked for it.
    """
    missed = {item.variable: item.misread_by for item in placed}
    wrong: set[str] = set()
    old_text, new_text = decode(before), decode(after)
    views = (
        (Reader.NPM, npm_dotenv.parse(old_text), npm_dotenv.parse(new_text)),
        (Reader.PYTHON_PLAIN, *python_views(old_text, new_text)),
    )
    for reader, old, new in views:
        wrong |= {key for key in old.keys() | new.keys() if key not in changes and _differ(old, new, key)}
        for variable, value in changes.items():
            if value is None:
                wrong |= {variable} & new.keys()
            elif reader not in missed.get(variable, ()) and new.get(variable) != value:
                wrong.add(variable)
    return tuple(sorted(wrong))


def refuse_differences(path: Path, wrong: Sequence[str], statements: Iterable[Statement]) -> None:
    """Raise FileError where `wrong` is not empty, with the line that most likely is the cause."""
    if not wrong:
        return
    suspects = [item.line for item in statements if not item.closed or item.kind is Kind.GARBAGE]
    cause = (
        f"Line {suspects[0]} holds a quote that never closes, or is no assignment, and programs differ on what follows."
        if suspects
        else "Its lines are read differently by different programs."
    )
    raise FileError(
        f"{path} cannot be changed safely: {', '.join(wrong[:3])} would be read wrong afterwards. {cause} "
        "Repair that line by hand, then run again. Nothing was written.",
        "File read differently by its readers",
    )


def _differ(old: Mapping[str, str | None], new: Mapping[str, str | None], key: str) -> bool:
    return (key in old) != (key in new) or old.get(key) != new.get(key)


def python_views(before: str, after: str) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Return what python-dotenv makes of two texts that are mostly alike; the second is parsed only where it differs.

    A binding without error depends on nothing behind its own text, so those before the first difference are shared; and
    where a binding starts at the same place from the end in both, everything behind it is.
    """
    old = list(unnumbered_bindings(before))
    if "\ufeff" in before or "\ufeff" in after:
        return _values(old), _values(
            unnumbered_bindings(after)
        )  # the parser drops one at the start, so offsets would not add up
    starts = list(accumulate((len(item.original.string) for item in old), initial=0))
    same = _same_start(before, after)
    shared = 0
    while shared < len(old) and not old[shared].error and starts[shared + 1] < same:
        shared += 1
    position = starts[shared]
    rest_of_old = {len(before) - start: number for number, start in enumerate(starts)}
    behind = _same_end(before, after, same)
    new = old[:shared]
    for item in unnumbered_bindings(after[position:]):
        left = len(after) - position
        if left <= behind and left in rest_of_old:
            new += old[rest_of_old[left] :]
            break
        new.append(item)
        position += len(item.original.string)
    return _values(old), _values(new)


def _same_start(one: str, other: str) -> int:
    """Return how many characters at the start are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # by halves: comparing slices is a hundred times faster than comparing characters here
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _same_end(one: str, other: str, prefix: int) -> int:
    """Return how many characters at the end are the same, not counting the first `prefix` of the shorter text."""
    limit = min(len(one), len(other)) - prefix
    return _same_start(one[len(one) - limit :][::-1], other[len(other) - limit :][::-1])


def _values(items: Iterable[Binding]) -> dict[str, str | None]:
    return {item.key: item.value for item in items if item.key and not item.error}
