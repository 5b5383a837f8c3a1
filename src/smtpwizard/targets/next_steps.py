"""What the operator must do and know after an env file or a compose service was written.

Reads the compose files and, where one could win, other env files; of the shell it gets names only. Changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.targets.compose.read import Layering, Layers, env_names, layers, uses
from smtpwizard.targets.compose.services import Service, read_compose_file
from smtpwizard.targets.files import OVERRIDE_NAMES, default_file, override_of
from smtpwizard.text import command_line, listed, safe


def note(id: str, message: str, command: str = "") -> Problem:  # noqa: A002
    """Return one thing to know or do once the file is written: fact, then what to do; a command where there is one."""
    return Problem.of(id, Severity.INFO, None, message, command=command)


class Fate(Enum):
    """What becomes of one variable of an env file."""

    HANDED_OVER = auto()
    """The container gets it through `env_file:`."""
    FILLED_IN = auto()
    """Through `${…}` under `environment:`, or a name without a value there: the shell would beat the file."""
    ENVIRONMENT_WINS = auto()
    """`environment:` sets it to something else."""
    LATER_FILE_WINS = auto()
    """A file further down under `env_file:` sets it as well."""
    NOT_SEEN = auto()
    """The container does not get it from this file."""


Fates = Mapping[str, tuple[Fate, str]]
"""Variable → what becomes of it, and the name of the file that beats it, or an empty one."""

_NAMED: Final = 4
"""Services in one command at most; above that it names none, which means all."""


def next_steps(
    path: Path,
    written: Collection[str],
    *,
    service: str | None = None,
    images: Collection[str] = (),
    app_service: str = "",
    also: Sequence[str] = (),
    environ: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Return notes on the `written` variables of `path`, the command to run first. Never raises.

    `service`: `path` is a compose or override file, and this the service; None: an env file. `also`: further
    services that got the same. `images`, `app_service`: how to know the app's service. `environ`: names of the
    variables in the shell, by default this process's.
    """
    names = sorted(written)
    shell = os.environ.keys() if environ is None else environ
    compose = default_file(path.parent) if service is None else None
    try:
        if service is not None:
            return _for_compose(path, names, [service, *also])
        if compose is not None:
            notes = _EnvFile(path, compose, names).notes(shell, images, app_service)
            if notes:
                return notes
    except FileError:
        return ()
    notes = (note("start-anew", "Start the app anew: it reads its variables once, at its start."),)
    beaten = [name for name in names if name in shell] if path.name == ".env" else []
    if beaten:
        message = f"{listed(beaten)}: set in this shell, and an app started from it keeps that. Unset it before."
        notes += (note("shell-wins", message),)
    return notes


def _for_compose(path: Path, names: Sequence[str], written: Sequence[str]) -> tuple[Problem, ...]:
    """Return the notes for a compose or override file. FileError where the override cannot be read."""
    service = written[0]
    base = _base_of(path)
    override = override_of(base)
    notes = (_recreate(written, _files(base, override) if path in (base, override) else [base, path]),)
    if path != base or override is None:
        return notes
    files = [read_compose_file(path), read_compose_file(override)]
    own, kept = layers(files[:1], service).environment, layers(files, service).environment
    dropped = [name for name in names if name in own and name not in kept]
    if dropped:
        message = (
            f"{safe(override.name)} takes {listed(dropped)} of {safe(service)} out again (!reset or !override), and "
            "compose reads it last. Take the tag out there, or write there (--override)."
        )
        return (*notes, note("override-wins", message))
    above = layers(files[1:], service)
    beaten = [name for name in names if name in above.environment]
    if not beaten:
        return notes
    message = (
        f"{safe(override.name)} sets {listed(beaten)} of {safe(service)} too, and compose reads it last: its values "
        "count. Take them out there, or write there (--override)."
    )
    return (*notes, note("override-wins", message))


class _EnvFile(NamedTuple):
    """The env file that was written, seen from the compose file beside it."""

    path: Path
    compose: Path
    names: Sequence[str]

    def notes(self, shell: Collection[str], images: Collection[str], app_service: str) -> tuple[Problem, ...]:
        """Return the notes; none where no service has to do with the file. FileError."""
        override = override_of(self.compose)
        documents = [read_compose_file(item) for item in (self.compose, override) if item]
        seeing: list[str] = []
        obstacles: list[Problem] = []
        filled: set[str] = set()
        layering = Layering(documents)
        real = cache(lambda entry: os.path.realpath(self.compose.parent / entry))
        for item in documents[0].services(images=images, app_service=app_service):
            found = layering.of(item.name)
            fates = self._fates(found, item, real)
            if any(fate in (Fate.HANDED_OVER, Fate.FILLED_IN) for fate, _ in fates.values()):
                seeing.append(item.name)
            filled |= {name for name, (fate, _) in fates.items() if fate is Fate.FILLED_IN}
            obstacles += self._obstacles(found, fates)
        notes = [_recreate(seeing if len(seeing) <= _NAMED else [], _files(self.compose, override))] if seeing else []
        notes += obstacles
        beaten = sorted(filled & set(shell))
        if beaten:
            message = (
                f"{listed(beaten)}: set in this shell, and docker compose prefers that to the .env file. Unset it "
                "before docker compose up."
            )
            notes.append(note("shell-wins", message))
        return tuple(notes)

    def _fates(self, found: Layers, item: Service, real: Callable[[str], str]) -> Fates:
        """Return what becomes of each variable in a service; nothing where the file is not its business."""
        spellings = [entry.path for entry in found.env_files]
        own = real(os.path.abspath(self.path))
        last = max((at for at, entry in enumerate(spellings) if real(entry) == own), default=-1)
        later = spellings[last + 1 :] if last >= 0 else None
        if later is not None or item.likely:
            return {name: self._fate(name, found, later) for name in self.names}
        # A database that takes nothing of the file but what `${…}` brings in: of the rest there is nothing to say.
        named = [name for name in self.names if self.path.name == ".env" and name in found.environment]
        fates = {name: self._fate(name, found, later) for name in named}
        return {name: fate for name, fate in fates.items() if fate[0] is Fate.FILLED_IN}

    def _fate(self, name: str, found: Layers, later: Sequence[str] | None) -> tuple[Fate, str]:
        """`later`: the paths under `env_file:` below this one; None where the file is not among them."""
        if name in found.environment:
            # From the `.env` beside it compose fills in `${…}`.
            if self.path.name == ".env" and uses(found.environment[name], name):
                return Fate.FILLED_IN, ""
            return Fate.ENVIRONMENT_WINS, found.set_in[name]
        if later is None:
            return Fate.NOT_SEEN, ""
        winner = next((path for path in reversed(later) if name in env_names(self.compose.parent / path)), "")
        return (Fate.LATER_FILE_WINS, winner) if winner else (Fate.HANDED_OVER, "")

    def _obstacles(self, found: Layers, fates: Fates) -> Iterator[Problem]:
        service, compose = safe(found.service), safe(self.compose.name)
        for fate, winner in sorted(dict.fromkeys(fates.values()), key=lambda item: item[0].value):
            names = [name for name, other in fates.items() if other == (fate, winner)]
            these = listed(names)
            if fate is Fate.ENVIRONMENT_WINS:
                message = (
                    f"{safe(winner)} sets {these} under environment: of {service}, and that beats the file. Take "
                    f"it out there, or write there: --compose {safe(winner)}."
                )
                yield note("environment-wins", message)
            elif fate is Fate.LATER_FILE_WINS:
                message = (
                    f"{service} reads {safe(winner)} after this file, and it sets {these} too: its values count. "
                    "Take them out there, or write there."
                )
                yield note("later-file-wins", message)
            elif fate is Fate.NOT_SEEN and not found.elsewhere:
                them = "the variable" if len(names) == 1 else "the variables"
                message = (
                    f"The container of {service} does not get {these} from {safe(self.path.name)}: in "
                    f"{compose} {service} neither has the file under env_file: nor {them} as ${{…}} under "
                    f"environment:. Add one of both, or write there: --compose {compose}."
                )
                yield note("not-seen", message)


def _recreate(names: Sequence[str], files: Sequence[Path]) -> Problem:
    """Return the command that makes the containers anew; `files` only where compose would not find them by itself."""
    words = ["docker", "compose", *(word for file in files for word in ("-f", str(file))), "up", "-d", *names]
    command = command_line(words)
    message = (
        f"Run {command}: it makes the {'container' if len(names) == 1 else 'containers'} anew with these variables. "
        "docker compose restart is not enough; it keeps the old ones."
    )
    return note("recreate", message, command)


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
