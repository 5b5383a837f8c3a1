"""The catalogue: presets/failures/*.toml, read once and checked. Broken entries are reported and left out, not fatal.

A file is named after its stage, `auth.toml` or `auth-google.toml`; `words.toml` says whose words prove a provider.
All of the shipped files are read at once: that takes less than finding out which ones are needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from smtpwizard.diagnosis.reading import FailureProblem, complete, entries_of, files, load, read_lean, words_of
from smtpwizard.diagnosis.schema import Failure, Phrase
from smtpwizard.preset_where import presets_root

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
