"""Catalogue files read and checked: what is wrong with one is told by file, line and key. Judges no replies.

Of the shipped files only what the matcher compares is read at first, and unchecked, since tests check them; an entry is
completed when it has matched. This takes 10 ms instead of 35, of the 100 that the whole `explain` may take. A file that
cannot be read so is read whole, and checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from smtpwizard.diagnosis.build import build
from smtpwizard.diagnosis.schema import STAGES, Failure, Phrase
from smtpwizard.errors import FileError

LARGEST: Final = 1_000_000
"""Bytes of one catalogue file."""


class FailureProblem(NamedTuple):
    """What is wrong with a catalogue file."""

    file: Path
    line: int
    """Counted from 1; 1 where no line can be told."""
    key: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.key}: {self.message}"
            if self.key
            else f"{self.file}:{self.line}: {self.message}"
        )


def read_lean(path: Path) -> list[Failure] | None:
    """Read of each entry what the matcher needs, and leave the rest `unread`. None where a file cannot be read so."""
    try:
        wanted, entries = _split(path.read_bytes().decode("utf-8"))
        tables = tomllib.loads(wanted)["failure"]
        return [build(table, unread=text) for table, text in zip(tables, entries, strict=True)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def complete(failure: Failure) -> Failure:
    """Return an entry with what was left unread, still without its examples."""
    return build(tomllib.loads(failure.unread)["failure"][0]) if failure.unread else failure


_PROSE: Final = (
    "title = ", "cause = ", "remedy = ", "variables = ", "changes = ", "remove = ", "repair = ", "source = ",
    "checked = ", "evidence = ", "open_ports = ",
)  # fmt: skip
"""Keys that no reply is compared with; in shipped files each has one line."""


def _split(text: str) -> tuple[str, list[str]]:
    """Return the file without examples and prose, and each entry's text without examples."""
    wanted: list[str] = []
    entries: list[list[str]] = []
    keep = True
    for line in text.splitlines():
        if line.startswith("[["):
            keep = line != "[[failure.examples]]"
            if line == "[[failure]]":
                entries.append([])
        if not keep:
            continue
        if entries:
            entries[-1].append(line)
        if not line.startswith(_PROSE):
            wanted.append(line)
    return "\n".join(wanted), ["\n".join(lines) for lines in entries]


def files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and not path.name.startswith("."))
    except OSError as error:
        raise FileError(f"{folder} cannot be read: {error.strerror}.", "Failure catalogue") from None


def load(path: Path, problems: list[FailureProblem]) -> tuple[str, Mapping[str, Any]]:
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"is larger than {LARGEST} bytes")
        text = path.read_bytes().decode("utf-8")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        problems.append(FailureProblem(path, int(found[1]) if found else 1, "", str(error)))
    except (OSError, ValueError) as error:
        message = error.strerror if isinstance(error, OSError) else str(error)
        problems.append(FailureProblem(path, 1, "", message or "cannot be read"))
    return "", {}


def entries_of(
    path: Path, text: str, table: Mapping[str, Any], problems: list[FailureProblem], seen: dict[str, str]
) -> Iterator[Failure]:
    stage = path.stem.split("-")[0]
    if stage not in STAGES:
        problems.append(FailureProblem(path, 1, "", f"must be named after a stage: {', '.join(STAGES)}"))
    unknown = [key for key in table if key != "failure"]
    problems += [FailureProblem(path, _line(text, 0, key), key, "is not a key of a catalogue file") for key in unknown]
    items = table.get("failure", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        problems.append(FailureProblem(path, 1, "failure", "must be written as [[failure]]"))
        return
    from smtpwizard.diagnosis.parse import parse_failure

    for number, item in enumerate(items, 1):
        failure, wrong = parse_failure(item)
        for key, message in wrong:
            problems.append(FailureProblem(path, _line(text, number, key), key, message))
        if failure is None:
            continue
        if stage in STAGES and stage not in failure.stages:
            problems.append(
                FailureProblem(path, _line(text, number, "stages"), "stages", f"must hold {stage!r}, as the file")
            )
        for key, value in (("id", failure.id), ("ref", failure.ref)):
            if value in seen:
                where = _line(text, number, key)
                problems.append(FailureProblem(path, where, key, f"{value!r} is used already in {seen[value]}"))
            seen[value] = path.name
        yield failure


def words_of(
    path: Path, table: Mapping[str, Any], problems: list[FailureProblem]
) -> list[tuple[Phrase, frozenset[str]]]:
    """Read `[[words]]`: text = [...], providers = [...]."""
    result: list[tuple[Phrase, frozenset[str]]] = []
    for item in table.get("words", ()):
        if not isinstance(item, dict) or not _texts(item.get("text")) or not _texts(item.get("providers")):
            problems.append(FailureProblem(path, 1, "words", "needs the lists text and providers"))
            continue
        result += [(Phrase.parse(text), frozenset(item["providers"])) for text in item["text"]]
    return result


def _texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) and item.strip("* ") for item in value)


def _line(text: str, number: int, key: str) -> int:
    """Find the line of `key` in the entry with this number (from 1); the entry's first line where it has no such key.

    tomllib tells no lines, so this looks again; only when something is wrong.
    """
    entry = 0
    start = 1
    for count, line in enumerate(text.splitlines(), 1):
        if line.strip() == "[[failure]]":
            entry += 1
            start = count if entry == number else start
        if entry == number and re.match(rf"\[*(?:failure\.)?{re.escape(key)}\b", line.strip()):
            return count
    return start
