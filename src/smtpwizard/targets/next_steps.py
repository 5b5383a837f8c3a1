"""What the compose files of a folder make of an env file, or of a service's variables, that was just written.

Reads the compose files and, where one could win, other env files; of the shell it gets names only. Changes nothing.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem, Severity
from smtpwizard.targets.compose.plan import read_tree
from smtpwizard.targets.compose.read import Layers, env_names, layers, uses
from smtpwizard.targets.compose.services import OVERRIDE_NAMES, Service, default_file, override_of, services
from smtpwizard.targets.compose.tree import Node
from smtpwizard.text import safe


class Way(Enum):
    """What becomes of one variable."""

    HANDED_OVER = auto()
    """Through `env_file:`."""
    FILLED_IN = auto()
    """Through `${…}` under `environment:`, or a name without a value there: the shell would beat the file."""
    ENVIRONMENT_WINS = auto()
    """`environment:` sets it to something else."""
    LATER_FILE_WINS = auto()
    """A file further down under `env_file:` sets it as well."""
    NOT_SEEN = auto()
    """The container does not get it from this file."""


@dataclass(frozen=True, slots=True)
class EnvTarget:
    """The env file that was written, as the compose file beside it knows it."""

    entries: Collection[str]
    """The spellings under `env_file:` that lead to this file."""
    beside: bool
    """It is the `.env` from which compose fills in `${…}`."""


def ways(
    found: Layers, target: EnvTarget, written: Sequence[str], names_in: Callable[[str], Collection[str]]
) -> dict[str, tuple[Way, str]]:
    """Return, for each variable of `written`, its way and the name of the file that beats it, or an empty one.

    `names_in` tells which variables a path under `env_file:` sets; asked only for those below the target.
    """
    spellings = [entry.path for entry in found.env_files]
    last = max((at for at, path in enumerate(spellings) if path in target.entries), default=-1)
    return {name: _way(name, found, target, spellings[last + 1 :] if last >= 0 else None, names_in) for name in written}


def _way(
    name: str,
    found: Layers,
    target: EnvTarget,
    later: Sequence[str] | None,
    names_in: Callable[[str], Collection[str]],
) -> tuple[Way, str]:
    if name in found.environment:
        if target.beside and uses(found.environment[name], name):
            return Way.FILLED_IN, ""
        return Way.ENVIRONMENT_WINS, found.set_in[name]
    if later is None:
        return Way.NOT_SEEN, ""
    winner = next((path for path in reversed(later) if name in names_in(path)), "")
    return (Way.LATER_FILE_WINS, winner) if winner else (Way.HANDED_OVER, "")


def note(id: str, message: str, command: str = "") -> Problem:  # noqa: A002
    """Return one thing to know or do once the file is written: fact, then what to do; a command where there is one."""
    return Problem.of(id, Severity.INFO, None, message, command=command)


def recreate(services: Sequence[str], files: Sequence[Path]) -> Problem:
    """Return the command that makes the containers anew; `files` only where compose would not find them by itself."""
    words = ["docker", "compose", *(word for file in files for word in ("-f", str(file))), "up", "-d", *services]
    command = safe(" ".join(shlex.quote(word) for word in words))
    one = len(services) == 1
    message = (
        f"Run {command}: it makes the {'container' if one else 'containers'} anew with these variables. docker compose "
        "restart is not enough; it keeps the old ones."
    )
    return note("recreate", message, command)


def start_anew() -> Problem:
    """Return what makes an app without compose see the file."""
    return note("start-anew", "Start the app anew: it reads its variables once, at its start.")


def environment_wins(service: str, names: Iterable[str], file: str) -> Problem:
    """Return that `environment:` of a compose file beats what was written."""
    message = (
        f"{safe(file)} sets {_listed(names)} under environment: of {safe(service)}, and that beats the file. Take it "
        f"out there, or write there: --compose {safe(file)}."
    )
    return note("environment-wins", message)


def later_file_wins(service: str, names: Iterable[str], file: str) -> Problem:
    """Return that an env file further down beats what was written."""
    message = (
        f"{safe(service)} reads {safe(file)} after this file, and it sets {_listed(names)} too: its values count. Take "
        "them out there, or write there."
    )
    return note("later-file-wins", message)


def override_wins(service: str, names: Iterable[str], file: str) -> Problem:
    """Return that the override file beats what was written to the compose file."""
    message = (
        f"{safe(file)} sets {_listed(names)} of {safe(service)} too, and compose reads it last: its values count. "
        "Take them out there, or write there (--override)."
    )
    return note("override-wins", message)


def shell_wins(names: Sequence[str], *, compose: bool) -> Problem:
    """Return that variables of this shell beat the file."""
    if compose:
        message = (
            f"{_listed(names)}: set in this shell, and docker compose prefers that to the .env file. Unset it before "
            "docker compose up."
        )
    else:
        message = f"{_listed(names)}: set in this shell, and an app started from it keeps that. Unset it before."
    return note("shell-wins", message)


def not_seen(service: str, names: Sequence[str], file: str, compose_file: str) -> Problem:
    """Return that the container does not get variables from the file, and how it would."""
    them = "the variable" if len(names) == 1 else "the variables"
    message = (
        f"The container of {safe(service)} does not get {_listed(names)} from {safe(file)}: in {safe(compose_file)} "
        f"{safe(service)} neither has the file under env_file: nor {them} as ${{…}} under environment:. Add one of "
        f"both, or write there: --compose {safe(compose_file)}."
    )
    return note("not-seen", message)


def _listed(names: Iterable[str]) -> str:
    items = list(names)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


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


def after_compose(path: Path, names: Sequence[str], service: str) -> tuple[Problem, ...]:
    """Return the notes for a compose or override file. FileError where the override cannot be read."""
    base = _base_of(path)
    override = override_of(base)
    found = [recreate([service], _files(base, override) if path in (base, override) else [base, path])]
    if path == base and override is not None:
        above = layers([(override.name, read_tree(override))], service)
        beaten = [name for name in names if name in above.environment]
        if beaten:
            found.append(override_wins(service, beaten, override.name))
    return tuple(found)


def after_env(
    path: Path,
    compose: Path,
    names: Sequence[str],
    shell: Collection[str],
    *,
    images: Collection[str],
    app_service: str,
) -> tuple[Problem, ...]:
    """Return the notes for an env file beside a compose file; none where no service has to do with it. FileError."""
    override = override_of(compose)
    documents: Documents = tuple((item.name, read_tree(item)) for item in (compose, override) if item)
    asked = _Asked(path, compose, names)
    seeing: list[str] = []
    obstacles: list[Problem] = []
    filled: set[str] = set()
    for item in services(documents[0][1], images=images, app_service=app_service):
        found, got = _ways(asked, documents, item)
        if any(way in _SEEING for way, _ in got.values()):
            seeing.append(item.name)
        filled |= {name for name, (way, _) in got.items() if way is Way.FILLED_IN}
        obstacles += _obstacles(asked, found, got)
    notes = [recreate(seeing if len(seeing) <= _NAMED else [], _files(compose, override))] if seeing else []
    beaten = sorted(filled & set(shell))
    return (*notes, *obstacles, *([shell_wins(beaten, compose=True)] if beaten else []))


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


def _obstacles(asked: _Asked, found: Layers, got: Mapping[str, tuple[Way, str]]) -> Iterator[Problem]:
    for way, sentence in ((Way.ENVIRONMENT_WINS, environment_wins), (Way.LATER_FILE_WINS, later_file_wins)):
        for winner in dict.fromkeys(by for found_way, by in got.values() if found_way is way):
            yield sentence(found.service, [name for name, answer in got.items() if answer == (way, winner)], winner)
    unseen = [name for name, (way, _) in got.items() if way is Way.NOT_SEEN]
    if unseen and not found.elsewhere:
        yield not_seen(found.service, unseen, asked.path.name, asked.compose.name)


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


def after_writing(
    path: Path,
    written: Collection[str],
    *,
    service: str | None = None,
    images: Collection[str] = (),
    app_service: str = "",
    environ: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Return the notes for `written` variables in `path`, the command first. Never raises.

    `service`: `path` is a compose or override file, and this the service; None: an env file. `images`, `app_service`:
    how to know the app's service. `environ`: names of the variables in the shell, by default this process's.
    """
    names = sorted(written)
    shell = os.environ.keys() if environ is None else environ
    compose = default_file(path.parent) if service is None else None
    try:
        if service is not None:
            return after_compose(path, names, service)
        if compose is not None:
            notes = after_env(path, compose, names, shell, images=images, app_service=app_service)
            if notes:
                return notes
    except FileError:
        return ()
    beaten = [name for name in names if name in shell] if path.name == ".env" else []
    return (start_anew(), *([shell_wins(beaten, compose=False)] if beaten else []))
