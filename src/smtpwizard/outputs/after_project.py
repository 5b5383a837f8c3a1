"""What the compose files of a folder make of an env file, or of a service's variables, that was just written.

Reads the compose files and, where one could win, other env files; of the shell it gets names only. Changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtpwizard.outputs import after_words as words
from smtpwizard.outputs.after_rules import EnvTarget, Way, ways
from smtpwizard.outputs.after_words import Note
from smtpwizard.outputs.compose_layers import Layers, layers
from smtpwizard.outputs.compose_plan import read_tree
from smtpwizard.outputs.compose_project import OVERRIDE_NAMES, default_file, override_of
from smtpwizard.outputs.compose_read import env_names
from smtpwizard.outputs.compose_services import Service, services
from smtpwizard.outputs.compose_tree import Node

_SEEING: Final = (Way.HANDED_OVER, Way.FILLED_IN)
_NAMED: Final = 4
"""Services in one command at most; above that it names none, which means all."""

Documents = tuple[tuple[str, Node], ...]
"""File name and root of the compose file and, below it, its override."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The env file that was written, seen from the compose file beside it."""

    path: Path
    compose: Path
    names: Sequence[str]

    def is_at(self, entry: str) -> bool:
        """Say whether a path under `env_file:` leads to it."""
        return os.path.realpath(self.compose.parent / entry) == os.path.realpath(self.path)


def after_compose(path: Path, names: Sequence[str], service: str) -> tuple[Note, ...]:
    """Return the notes for a compose or override file. FileError where the override cannot be read."""
    base = _base_of(path)
    override = override_of(base)
    found = [words.recreate([service], _files(base, override) if path in (base, override) else [base, path])]
    if path == base and override is not None:
        above = layers([(override.name, read_tree(override))], service)
        beaten = [name for name in names if name in above.environment]
        if beaten:
            found.append(words.override_wins(service, beaten, override.name))
    return tuple(found)


def after_env(
    path: Path,
    compose: Path,
    names: Sequence[str],
    shell: Collection[str],
    *,
    images: Collection[str],
    app_service: str,
) -> tuple[Note, ...]:
    """Return the notes for an env file beside a compose file; none where no service has to do with it. FileError."""
    override = override_of(compose)
    documents: Documents = tuple((item.name, read_tree(item)) for item in (compose, override) if item)
    asked = _Asked(path, compose, names)
    seeing: list[str] = []
    obstacles: list[Note] = []
    filled: set[str] = set()
    for item in services(documents[0][1], images=images, app_service=app_service):
        found, got = _ways(asked, documents, item)
        if any(way in _SEEING for way, _ in got.values()):
            seeing.append(item.name)
        filled |= {name for name, (way, _) in got.items() if way is Way.FILLED_IN}
        obstacles += _obstacles(asked, found, got)
    notes = [words.recreate(seeing if len(seeing) <= _NAMED else [], _files(compose, override))] if seeing else []
    beaten = sorted(filled & set(shell))
    return (*notes, *obstacles, *([words.shell_wins(beaten, compose=True)] if beaten else []))


def _ways(asked: _Asked, documents: Documents, item: Service) -> tuple[Layers, Mapping[str, tuple[Way, str]]]:
    """Return the service's layers, and what becomes of each variable; nothing where the file is not its business."""
    found = layers(documents, item.name)
    entries = {entry.path for entry in found.env_files if asked.is_at(entry.path)}
    beside = asked.path.name == ".env"
    names = asked.names
    if not entries and not item.likely:  # a database that takes nothing of the file: nothing to say
        names = [name for name in names if beside and name in found.environment]
    got = ways(found, EnvTarget(entries, beside), names, lambda name: env_names(asked.compose.parent / name))
    if entries or item.likely:
        return found, got
    return found, {name: answer for name, answer in got.items() if answer[0] is Way.FILLED_IN}


def _obstacles(asked: _Asked, found: Layers, got: Mapping[str, tuple[Way, str]]) -> Iterator[Note]:
    for way, sentence in ((Way.ENVIRONMENT_WINS, words.environment_wins), (Way.LATER_FILE_WINS, words.later_file_wins)):
        for winner in dict.fromkeys(by for found_way, by in got.values() if found_way is way):
            yield sentence(found.service, [name for name, answer in got.items() if answer == (way, winner)], winner)
    unseen = [name for name, (way, _) in got.items() if way is Way.NOT_SEEN]
    if unseen and not found.elsewhere:
        yield words.not_seen(found.service, unseen, asked.path.name, asked.compose.name)


def _base_of(path: Path) -> Path:
    """Return the compose file that `path` overrides, or `path` itself."""
    if path.name in OVERRIDE_NAMES:
        return default_file(path.parent) or path
    base = path.with_name(path.name.replace(".override", ""))
    return base if base.exists() else path


def _files(base: Path, override: Path | None) -> list[Path]:
    """Return what `-f` must name: nothing where compose finds it in the current folder by itself."""
    if Path(os.path.abspath(base)).parent == Path.cwd() and default_file(base.parent) == base:
        return []
    return [base, *([override] if override else [])]
