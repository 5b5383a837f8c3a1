"""From a table of a catalogue file to a Failure: every mistake is a problem that names the key. Reads no files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from smtpwizard.diagnosis.conditions import CONDITIONS
from smtpwizard.diagnosis.repairs import REPAIRS
from smtpwizard.diagnosis.schema import EVENTS, STAGES, Example, Fact, Failure, Phrase
from smtpwizard.errors import FileError
from smtpwizard.presets.files import presets_root
from smtpwizard.settings import FIELDS

TEXTS: Final = ("ref", "id", "title", "cause", "remedy", "source", "checked", "evidence", "when", "repair", "rank")
PHRASES: Final = ("text", "provider_text")
LISTS: Final = (*PHRASES, "stages", "enhanced", "errors", "providers", "variables", "remove")
NUMBERS: Final = ("codes", "ports", "open_ports")
_FACTS: Final = {str(fact): fact for fact in Fact}


def build(table: Mapping[str, Any], examples: tuple[Example, ...] = (), unread: str = "") -> Failure:
    """Return the entry. TypeError, KeyError or AttributeError where it is not one.

    `unread` is its text, where `table` holds only what the matcher needs.
    """
    fields: dict[str, Any] = {key: table.get(key, "") for key in TEXTS}
    fields |= {key: tuple(table[key]) for key in (*LISTS, *NUMBERS) if key in table}
    fields |= {key: tuple(map(Phrase.parse, table[key])) for key in PHRASES if key in table}
    by = tuple(frozenset(_FACTS[word] for word in combination) for combination in table["by"])
    return Failure(**fields, by=by, changes=dict(table.get("changes", {})), examples=examples, unread=unread)


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


WORDS_FILE: Final = "words.toml"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Entries in file order, later folders overriding by id."""

    rules: tuple[Failure, ...]
    """The entries as far as the matcher needs them: the shipped ones may be incomplete. See `failures`."""
    words: tuple[tuple[Phrase, frozenset[str]], ...]
    """Phrase → ids of the providers that it proves."""
    problems: tuple[FailureProblem, ...]

    @classmethod
    def open(cls, *dirs: Path, examples: bool = False) -> Catalogue:
        """Read the shipped catalogue, then `dirs`; an entry with a known id replaces it.

        The shipped entries come without examples unless these are asked for; then all is checked. Raises FileError for
        a folder that cannot be read.
        """
        return (
            cls.read(shipped(), *dirs) if examples else _collect((shipped(), True), *((path, False) for path in dirs))
        )

    @classmethod
    def read(cls, *dirs: Path) -> Catalogue:
        """Read and check only `dirs`, with examples. Raises FileError for a folder that cannot be read."""
        return _collect(*((folder, False) for folder in dirs))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The entries, complete; with examples only where the catalogue was opened with them."""
        return tuple(complete(rule) for rule in self.rules)

    def get(self, name: str) -> Failure:
        """Return an entry by id or reference. KeyError where there is none."""
        for rule in self.rules:
            if name in (rule.id, rule.ref):
                return complete(rule)
        raise KeyError(name)

    def for_stage(self, stage: str) -> tuple[Failure, ...]:
        """Return the entries of a stage."""
        return tuple(complete(rule) for rule in self.rules if stage in rule.stages)


def _collect(*folders: tuple[Path, bool]) -> Catalogue:
    """Read folders, each lean or checked."""
    failures: dict[str, Failure] = {}
    words: list[tuple[Phrase, frozenset[str]]] = []
    problems: list[FailureProblem] = []
    for folder, lean in folders:
        seen: dict[str, str] = {}
        for path in files(folder):
            entries = read_lean(path) if lean and path.name != WORDS_FILE else None
            if entries is None:
                text, table = load(path, problems)
                if path.name == WORDS_FILE:
                    words += words_of(path, table, problems)
                    continue
                entries = list(entries_of(path, text, table, problems, seen))
            failures |= {failure.id: failure for failure in entries}
    return Catalogue(tuple(failures.values()), tuple(words), tuple(problems))


def shipped() -> Path:
    """Return the folder of the entries that come with the program: in the wheel, or in a checkout."""
    return presets_root() / "failures"


@cache
def default() -> Catalogue:
    """Return the shipped catalogue, read once in a process."""
    return Catalogue.open()


def by_ref(failures: Iterable[Failure]) -> list[Failure]:
    """Sort by reference: N1, N2, … N10."""
    order = "NPTEASDC"
    return sorted(failures, key=lambda item: (order.find(item.ref[0]), int(item.ref[1:])))


Problems = list[tuple[str, str]]
"""(key, message) pairs."""

_REF: Final = re.compile(r"[A-Z]\d{1,3}")
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

_REQUIRED: Final = (
    "ref",
    "id",
    "stages",
    "by",
    "title",
    "cause",
    "remedy",
    "source",
    "checked",
    "evidence",
    "examples",
)
_OTHERS: Final = ("by", "changes", "examples")
_RANKS: Final = ("first", "last")
_EXAMPLE_TEXTS: Final = ("stage", "reply", "event", "error", "message", "paste", "provider", "recipient")
_EXAMPLE_KEYS: Final = frozenset({*_EXAMPLE_TEXTS, "alone", "port", "settings"})
_KINDS: Final = ("reply", "event", "paste")

_FACT_NEEDS: Final = {
    Fact.CODE: ("codes",), Fact.ENHANCED: ("enhanced",), Fact.TEXT: ("text", "provider_text"), Fact.ERROR: ("errors",),
    Fact.PROVIDER: ("providers",), Fact.PORT: ("ports",), Fact.WHEN: ("when",),
}  # fmt: skip


def parse_failure(table: Mapping[str, Any]) -> tuple[Failure | None, Problems]:
    """Return the entry, or None and what is wrong with it."""
    problems = _shape(table)
    if not problems:
        problems = _values(table)
    if problems:
        return None, problems
    examples = tuple(_example(item, number, problems) for number, item in enumerate(table["examples"], 1))
    return (None, problems) if problems else (build(table, examples), [])


def _shape(table: Mapping[str, Any]) -> Problems:
    """Check keys and types."""
    problems = [(key, "is required") for key in _REQUIRED if key not in table]
    known = {*TEXTS, *LISTS, *NUMBERS, *_OTHERS}
    problems += [(key, "is not a key of a failure") for key in table if key not in known]
    for key in TEXTS:
        problems += _unless(key, table, "a text", lambda value: isinstance(value, str))
    for key in LISTS:
        problems += _unless(key, table, "a list of texts", lambda value: _is_list(value, str))
    for key in NUMBERS:
        problems += _unless(key, table, "a list of numbers", lambda value: _is_list(value, int))
    problems += _unless("changes", table, "a table of texts", _is_table_of_texts)
    problems += _unless("examples", table, "a list of tables", lambda value: _is_list(value, dict))
    problems += _unless(
        "by",
        table,
        "a list of lists of texts",
        lambda value: _is_list(value, list) and all(_is_list(v, str) for v in value),
    )
    return problems


def _unless(key: str, table: Mapping[str, Any], wanted: str, test: Callable[[Any], bool]) -> Problems:
    return [(key, f"must be {wanted}")] if key in table and not test(table[key]) else []


def _is_list(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) and not isinstance(item, bool) for item in value)


def _is_table_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _values(table: Mapping[str, Any]) -> Problems:
    """Check values against what the matcher knows."""
    problems: Problems = []
    for key, pattern, wanted in (("ref", _REF, "a letter and a number"), ("id", _ID, "kebab-case"),
                                 ("checked", _DATE, "an ISO date")):  # fmt: skip
        if not pattern.fullmatch(table[key]):
            problems.append((key, f"must be {wanted}"))
    problems += [(key, "must not be empty") for key in _REQUIRED if not table[key]]
    problems += [("stages", f"{stage!r} is not a stage") for stage in table["stages"] if stage not in STAGES]
    problems += [("enhanced", f"{code!r} is not an enhanced code") for code in table.get("enhanced", ())
                 if not _ENHANCED.fullmatch(code)]  # fmt: skip
    problems += [("codes", f"{code} is not a reply code") for code in table.get("codes", ()) if not 200 <= code < 600]
    for key in PHRASES:
        wrong = [text for text in table.get(key, ()) if text != text.lower() or not Phrase.parse(text).parts]
        problems += [(key, f"{text!r} must be lower case words; * is a gap") for text in wrong]
    if table.get("rank", "first") not in _RANKS:
        problems.append(("rank", f"must be one of {', '.join(_RANKS)}"))
    if set(table["evidence"]) - set("SDILM"):
        problems.append(("evidence", "must be letters of S, D, I, L, M"))
    for key, known in (("when", CONDITIONS), ("repair", REPAIRS)):
        if key in table and table[key] not in known:
            problems.append((key, f"{table[key]!r} is not known; known are {', '.join(sorted(known))}"))
    for key in ("variables", "remove", "changes"):
        problems += [
            (key, f"{name!r} is not a variable of the app") for name in table.get(key, ()) if name not in FIELDS
        ]
    return problems + _combinations(table)


def _combinations(table: Mapping[str, Any]) -> Problems:
    problems: Problems = []
    for combination in table["by"]:
        for word in combination:
            if word not in list(Fact):
                problems.append(("by", f"{word!r} is not a fact; facts are {', '.join(Fact)}"))
            elif not any(table.get(key) for key in _FACT_NEEDS.get(Fact(word), ("id",))):
                problems.append(("by", f"{word!r} needs the key {_FACT_NEEDS[Fact(word)][0]!r}"))
    return problems


def _example(item: Mapping[str, Any], number: int, problems: Problems) -> Example:
    found: Problems = [(key, "is not a key of an example") for key in item if key not in _EXAMPLE_KEYS]
    for key in _EXAMPLE_TEXTS:
        found += _unless(key, item, "a text", lambda value: isinstance(value, str))
    found += _unless("settings", item, "a table of texts", _is_table_of_texts)
    found += _unless("port", item, "a number", lambda value: isinstance(value, int))
    found += _unless("alone", item, "true or false", lambda value: isinstance(value, bool))
    if item.get("stage") not in STAGES:
        found.append(("stage", f"must be one of {', '.join(STAGES)}"))
    if sum(kind in item for kind in _KINDS) != 1:
        found.append((_KINDS[0], f"exactly one of {', '.join(_KINDS)} must be given"))
    if item.get("event", "close") not in EVENTS:
        found.append(("event", f"must be one of {', '.join(sorted(EVENTS))}"))
    found += [("settings", f"{name!r} is not a variable of the app") for name in item.get("settings", ())
              if name not in FIELDS]  # fmt: skip
    if found:
        problems += [("examples", f"example {number}: {key} {message}") for key, message in found]
        return Example(stage="")
    return Example(**item)
