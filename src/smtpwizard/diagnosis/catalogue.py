"""The catalogue of failures: the shipped files, which the tests have checked, and folders of the operator's own.

To parse and check all of the shipped takes many times as long as to read them back from the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from smtpwizard.diagnosis import schema
from smtpwizard.diagnosis.schema import (
    ANYTHING,
    LONGEST_CUT,
    STAGES,
    START,
    Client,
    Fact,
    Failure,
    FailureFile,
    General,
    Phrase,
    Situation,
    Words,
)
from smtpwizard.errors import FileError
from smtpwizard.presets.files import Index, PresetFileError, PresetProblem, Table, parse, presets_root
from smtpwizard.presets.values import Faults, OneOf, rule
from smtpwizard.records import NamedTuple


@rule(Failure)
def _the_condition_is_known(failure: Failure) -> Faults:
    from smtpwizard.diagnosis.conditions import CONDITIONS  # wanted where entries are checked, and few times otherwise

    if failure.when and (fault := OneOf(tuple(CONDITIONS))(failure.when)):
        yield ("when",), fault


@rule(General)
def _the_condition_of_an_answer_is_known(general: General) -> Faults:
    from smtpwizard.diagnosis.conditions import CONDITIONS

    if general.when and (fault := OneOf(tuple(CONDITIONS))(general.when)):
        yield ("when",), fault


@rule(Failure)
def _the_repair_is_known(failure: Failure) -> Faults:
    from smtpwizard.diagnosis.repairs import REPAIRS

    if failure.repair and (fault := OneOf(tuple(REPAIRS))(failure.repair)):
        yield ("repair",), fault


@rule(Situation)
def _the_functions_are_known(situation: Situation) -> Faults:
    from smtpwizard.diagnosis.wording import functions

    known = OneOf(tuple(name for some in functions() for name in some))
    for key in ("when", "unless"):
        for number, name in enumerate(getattr(situation, key)):
            if fault := known(name):
                yield (key, number), fault


K = TypeVar("K")


class PhraseIndex(Generic[K]):
    """Finds the phrases that stand in a text by their first letters, without asking for each of them."""

    def __init__(self, lists: Iterable[tuple[K, Iterable[Phrase]]]) -> None:
        """Take lists of phrases, each under a key of its own; they are not sorted before the first search."""
        self.lists = tuple(lists)

    def found_in(self, text: str) -> Mapping[K, list[Phrase]]:
        """Return the phrases that are found in `text`, by the key of their list."""
        found: dict[K, list[Phrase]] = {}
        tail = text[-LONGEST_CUT:]  # where the last letters of a phrase may be cut off
        starts = {text[place : place + START] for place in range(len(text))}
        for start in (starts & self._by_start.keys()) | self._short:
            for first, key, phrase in self._by_start[start]:
                if (first in text or start in tail) and phrase.found_in(text):
                    found.setdefault(key, []).append(phrase)
        return found

    @cached_property
    def _by_start(self) -> Mapping[str, list[tuple[str, K, Phrase]]]:
        """Beginning → phrases that have it: their first part, the key of their list, the phrase."""
        rows: dict[str, list[tuple[str, K, Phrase]]] = {}
        for key, phrases in self.lists:
            for phrase in phrases:
                first = phrase.partition(ANYTHING)[0]
                rows.setdefault(first[:START], []).append((first, key, phrase))
        return rows

    @cached_property
    def _short(self) -> frozenset[str]:
        return frozenset(start for start in self._by_start if len(start) < START)


class Situations:
    """Situations by kind of cause. Their files are read when the first cause asks: a check that succeeds has none."""

    def __init__(self, read: Callable[[], Iterable[Situation]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[Situation]:
        return iter(self._all)

    def of(self, kind: str) -> Iterable[Situation]:
        """Return those of a kind, in their order."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _all(self) -> tuple[Situation, ...]:
        return tuple(self._read())

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Situation]]:
        found: dict[str, list[Situation]] = {}
        for item in self._all:
            for kind in item.kinds:
                found.setdefault(kind, []).append(item)
        return found


class Catalogue(NamedTuple):
    """Entries in file order, later folders overriding by id."""

    rules: tuple[Failure, ...]
    """The entries; with examples only where the catalogue was opened with them."""
    general: tuple[General, ...]
    """What to say where no entry knows the cause, by priority."""
    problems: tuple[PresetProblem, ...]
    proofs: PhraseIndex[frozenset[str]]
    """The ids of the providers that phrases prove."""
    clients: PhraseIndex[str]
    """What happened, in the words of some client."""
    rule_words: PhraseIndex[tuple[str, str]]
    """The phrases of the entries: id of the entry, name of the field."""
    general_words: PhraseIndex[tuple[str, str]]
    """The phrases of `general`, likewise."""
    situations: Situations
    """What replaces an answer's sentences; only shipped ones, since a pattern of others could take long."""
    worded: frozenset[str] = frozenset()
    """The ids of entries that nothing names without their words."""

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

    def get(self, name: str) -> Failure:
        """Return an entry by id or reference. KeyError where there is none."""
        for failure in self.rules:
            if name in (failure.id, failure.ref):
                return failure
        raise KeyError(name)


def _collect(*folders: tuple[Path, bool]) -> Catalogue:
    """Read folders, each of them `shipped` or to be checked."""
    failures: dict[str, Failure] = {}
    words: list[Words] = []
    clients: dict[str, Client] = {}
    general: dict[str, General] = {}
    problems: list[PresetProblem] = []
    later: list[tuple[Index, Path]] = []
    situations: list[Situation] = []
    for folder, trusted in folders:
        seen: dict[str, str] = {}
        index = Index(folder, _MADE_BY)
        for path in _files(folder):
            if trusted and path.name.startswith(_SITUATIONS):
                later.append((index, path))
                continue
            read = _read_shipped(index, path.name) if trusted else None
            if read is None:
                read = _read_checked(path, seen, problems)
            failures |= {failure.id: failure for failure in read.failure}
            words += read.words
            clients |= {client.id: client for client in read.client}
            general |= {answer.id: answer for answer in read.general}
            situations += read.situation
        index.keep()
    rules = tuple(failures.values())
    return Catalogue(
        rules,
        tuple(general.values()),
        tuple(problems),
        PhraseIndex((frozenset(item.providers), item.text) for item in words),
        PhraseIndex(row for client in clients.values() for row in client.words.items()),
        PhraseIndex(((rule.id, key), getattr(rule, key)) for rule in rules for key in _OF_ENTRIES),
        PhraseIndex(((item.id, key), getattr(item, key)) for item in general.values() for key in _OF_ANSWERS),
        Situations(lambda: [*situations, *_read_later(later)]),
        frozenset(rule.id for rule in rules if all(Fact.TEXT in combination for combination in rule.by)),
    )


_SITUATIONS: Final = "situations-"
"""How the names of the files begin that hold nothing else."""


def _read_later(files: Iterable[tuple[Index, Path]]) -> Iterator[Situation]:
    for index, path in files:
        yield from (_read_shipped(index, path.name) or _read_checked(path, {}, [])).situation
    for index in {index for index, _ in files}:
        index.keep()


_MADE_BY: Final = (__file__, schema.__file__)
"""The code that says what is kept of a file."""


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and not path.name.startswith("."))
    except OSError as error:
        raise FileError(f"{folder} cannot be read: {error.strerror}.", "Failure catalogue") from None


def _read_checked(path: Path, seen: dict[str, str], problems: list[PresetProblem]) -> FailureFile:
    """Return what is right in a file. `seen`: the names in the folder so far, and their files."""
    from smtpwizard.presets.toml import Issue, inspect, located, read_text  # not needed for what is shipped

    try:
        file, found = inspect(FailureFile, path)
    except PresetFileError as error:
        problems += error.problems
        return FailureFile()
    problems += found
    issues: list[Issue] = []
    stage = path.stem.split("-")[0]
    words = tuple(item for item in getattr(file, "words", ()) if isinstance(item, Words))
    clients = tuple(item for item in getattr(file, "client", ()) if isinstance(item, Client))
    general = tuple(item for item in getattr(file, "general", ()) if isinstance(item, General))
    situations = tuple(item for item in getattr(file, "situation", ()) if isinstance(item, Situation))
    if situations and path.parent != shipped():
        issues.append(Issue(("situation",), "may stand only in the program's own files"))
        situations = ()
    elif stage not in STAGES and not (words or clients or general or situations):
        issues.append(Issue((), f"must be named after a stage: {', '.join(STAGES)}"))
    entries = []
    for number, failure in enumerate(getattr(file, "failure", ())):
        if not isinstance(failure, Failure):
            continue
        entries.append(failure)
        if stage in STAGES and stage not in failure.stages:
            issues.append(Issue(("failure", number, "stages"), f"must hold {stage!r}, as the file"))
        for key, name in (("id", failure.id), ("ref", failure.ref)):
            if name in seen:
                issues.append(Issue(("failure", number, key), f"{name!r} is used already in {seen[name]}"))
            seen[name] = path.name
    problems += located(path, read_text(path), issues) if issues else ()
    return FailureFile(tuple(entries), words, clients, general, situations)


def _read_shipped(index: Index, name: str) -> FailureFile | None:
    """Return a shipped file unchecked, without examples. None where it cannot be read so."""
    try:
        rows = index.table(name, _rows)
        return FailureFile(
            tuple([_entry(row) for row in rows["failure"]]),
            tuple([Words(providers, _phrases(texts)) for providers, texts in rows["words"]]),
            tuple([_client(*row) for row in rows["client"]]),
            tuple([General._make(_with_phrases(row, _IN_ANSWERS)) for row in rows["general"]]),
            tuple([Situation._make(row) for row in rows["situation"]]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _rows(path: Path) -> Table:
    """Return a shipped file as it is kept: a row for each item, all its fields in their order, and no examples."""
    table = parse(path)
    return {
        "failure": [_row(Failure, {**item, "by": map(tuple, item["by"])}) for item in table.get("failure", ())],
        "words": [_row(Words, item) for item in table.get("words", ())],
        "client": [_row(Client, item) for item in table.get("client", ())],
        "general": [_row(General, item) for item in table.get("general", ())],
        "situation": [_row(Situation, item) for item in table.get("situation", ())],
    }


def _row(kind: Callable[..., tuple[Any, ...]], table: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of a table, lists as tuples, in the order of the fields."""
    values = {key: value if isinstance(value, str | int | dict) else tuple(value) for key, value in table.items()}
    return tuple(kind(**values | ({"examples": ()} if kind in (Failure, General) else {})))


_FACTS: Final = {fact.value: fact for fact in Fact}
_OF_ENTRIES: Final = ("text", "provider_text", "but")
_OF_ANSWERS: Final = ("text", "words", "but")
"""The fields that are phrases."""
_BY: Final = Failure._fields.index("by")
_IN_ENTRIES: Final = tuple(map(Failure._fields.index, _OF_ENTRIES))
_IN_ANSWERS: Final = tuple(map(General._fields.index, _OF_ANSWERS))


def _entry(row: Iterable[Any]) -> Failure:
    values = _with_phrases(row, _IN_ENTRIES)
    values[_BY] = tuple(map(_combination, values[_BY]))
    return Failure._make(values)


@cache
def _combination(words: tuple[str, ...]) -> frozenset[Fact]:
    return frozenset(_FACTS[word] for word in words)


def _with_phrases(row: Iterable[Any], places: tuple[int, ...]) -> list[Any]:
    """Return the values of a row, those at `places` as phrases."""
    values = list(row)
    for place in places:
        values[place] = _phrases(values[place])
    return values


def _client(name: str, title: str, words: Mapping[str, Iterable[str]]) -> Client:
    return Client(name, title, {event: _phrases(texts) for event, texts in words.items()})


def _phrases(texts: Iterable[str]) -> tuple[Phrase, ...]:
    """Return the phrases of a shipped file, which the tests hold to the form that `parse` gives them."""
    return tuple(map(Phrase, texts))


def shipped() -> Path:
    """Return the folder of the entries that come with the program: in the wheel, or in a checkout."""
    return presets_root() / "failures"


@cache
def default() -> Catalogue:
    """Return the shipped catalogue, read once in a process."""
    return Catalogue.open()


def by_ref(failures: Iterable[Failure]) -> list[Failure]:
    """Sort by reference: N1, N2, … N10."""
    order = "NPTEASDCK"
    return sorted(failures, key=lambda item: (order.find(item.ref[0]), int(item.ref[1:])))
