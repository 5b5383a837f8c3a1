"""Where settings can be saved: the files of a folder, services of its compose files, a block to copy; and how.

Reads compose files that exist, and what git says; changes nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.errors import FileError, InputError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.compose.read import env_names, layers, uses
from smtpwizard.targets.compose.services import Service, choose, list_services, read_compose_file
from smtpwizard.targets.diff import is_mail_setting, is_secret_name
from smtpwizard.targets.files import COMPOSE_NAMES, OVERRIDE_NAMES, default_file, override_of, read_bytes
from smtpwizard.targets.git import GitState, git_state
from smtpwizard.text import safe
from smtpwizard.wizard.session import Target, TargetKind

_NOT_TARGETS: Final = (".example", ".sample", ".template", ".dist", ".bak", ".orig", ".swp", "~")
"""Endings of `.env.*` files that are patterns or leftovers: nothing reads them."""

_AT_MOST: Final = 20
_SERVICES_AT_MOST: Final = 8
"""Of one compose file; the app's come first, and `--service` takes any."""


class TargetChoice(NamedTuple):
    """One file that settings could go to."""

    path: Path
    git: GitState
    detail: str
    """For the list: `exists, 14 lines, git ignores it`."""
    compose: bool = False
    """It is a compose file."""
    service: str | None = None
    """The service of a compose file; None where it has none, or cannot be read."""
    refers: bool = False
    """The service takes its password from elsewhere already, by a `${…}`."""

    @property
    def label(self) -> str:
        """The choice in words: `.env`, `docker-compose.yml service api`."""
        name = safe(self.path.name)
        return name if self.service is None else f"{name} service {safe(self.service)}"


def discover_targets(folder: Path, *, images: Collection[str] = (), app_service: str = "") -> tuple[TargetChoice, ...]:
    """Return `.env` (whether it exists or not), the other `.env.*` files, and the services of the compose files.

    The app's service (`images`, `app_service`: how to know it) is the first of its file; services without a sign of
    the app are offered only where none has one. A folder that cannot be read gives `.env` alone, a compose file that
    cannot be read itself without services. Takes at most the deadline of git for each file.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        names = []
    env = [".env", *(name for name in names if name.startswith(".env.") and not name.endswith(_NOT_TARGETS))]
    compose = [name for name in (*COMPOSE_NAMES, *OVERRIDE_NAMES) if name in names]
    choices = [_choice(folder / name) for name in env[:_AT_MOST]]
    listed = {name: _listed(folder / name, images, app_service) for name in compose}
    signed = {item.name for found in listed.values() for item in found if item.likely or item.name == app_service}
    for name in compose:
        file = _choice(folder / name)._replace(compose=True)
        offered = [item for item in listed[name] if item.name in signed or not signed][:_SERVICES_AT_MOST]
        choices += [
            file._replace(service=item.name, detail=f"{_variables(item)}, {file.detail}", refers=_refers(item))
            for item in offered
        ]
        if not listed[name]:
            choices.append(file)
    return tuple(choices)


def _listed(path: Path, images: Collection[str], app_service: str) -> tuple[Service, ...]:
    try:
        return list_services(path, images=images, app_service=app_service)
    except FileError:
        return ()


class AppSource(NamedTuple):
    """Where the app's service has its mail settings from."""

    path: Path
    """The compose file, or an env file that the service reads."""
    service: str | None = None
    """The service, where `path` is the compose file."""
    override: bool = False
    """They stand in the override file beside the compose file."""


def source_of_app(folder: Path, *, images: Collection[str] = (), app_service: str = "") -> AppSource | None:
    """Return where the compose file of `folder` has the app's mail settings, as docker compose reads it.

    Where it has none, where they would count: in an env file that the service reads, else under its own `environment:`.
    None where it cannot be read or told which service is the app, and where what is set comes out of the `.env` beside
    it. Never raises.
    """
    path = default_file(folder)
    try:
        file = read_compose_file(path) if path else None
        if file is None or not any(item.likely for item in file.services(images=images)):
            return None
        service = choose(file, None, images=images, app_service=app_service).name
        override = override_of(file.path)
        found = layers([file, *([read_compose_file(override)] if override else [])], service)
    except (FileError, InputError):
        return None
    own = [name for name, text in found.environment.items() if is_mail_setting(name) and not uses(text, name)]
    if own:
        above = override is not None and any(found.set_in[name] == override.name for name in own)
        return AppSource(file.path, service, override=above)
    paths = [folder / entry.path for entry in found.env_files]
    read = [path for path in paths if any(map(is_mail_setting, env_names(path)))] or paths
    if read:
        return AppSource(read[-1]) if read[-1] != folder / ".env" else None
    by_reference = any(is_mail_setting(name) for name in found.environment)  # `own` has none: all are a `${…}`
    beside = any(map(is_mail_setting, env_names(folder / ".env")))  # nobody reads it, but somebody has written it
    return None if by_reference or beside else AppSource(file.path, service)


def images_here(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return service and image of each service in the compose file of `folder`. Never raises: none for no file."""
    path = default_file(folder)
    try:
        return tuple((item.name, item.image) for item in list_services(path) if item.image) if path else ()
    except FileError:
        return ()


def _refers(item: Service) -> bool:
    return any(is_mail_setting(name) and is_secret_name(name) for name in item.filled)


def _variables(item: Service) -> str:
    ours = sum(map(is_mail_setting, item.variables))
    return f"{ours or 'no'} SMTP variable{'' if ours == 1 else 's'}" if item.variables else "no variables yet"


def _choice(path: Path) -> TargetChoice:
    exists, git = path.exists(), git_state(path)
    words = ["exists" if exists else "new file, mode 0600"]
    with contextlib.suppress(FileError):
        count = len((read_bytes(path) or b"").splitlines())
        words += [f"{count} line{'' if count == 1 else 's'}"] if exists else []
    if git.tracked:
        words.append("git tracks it")
    elif git.in_repository:
        words.append("git ignores it" if git.ignored else "git does not ignore it")
    return TargetChoice(path, git, ", ".join(words))


STYLES: Final = (
    ("env", "env"),
    ("compose-list", "compose list"),
    ("compose-map", "compose mapping"),
    ("docker-run", "docker run"),
    ("kubernetes", "Kubernetes"),
)
"""The kinds of block and their names for a person."""

_SECRETS: Final = (("inline", "password here"), ("reference", ".env"))
_SECRET_FILE: Final = ("file", "own file")


def secret_kinds(app: AppProfile) -> tuple[tuple[str, str], ...]:
    """Return the places of the password when the target is a compose file, and their names for a person.

    A file of its own is one only for an app that reads its password from a file.
    """
    spec = app.spec(Role.PASSWORD)
    return (*_SECRETS, _SECRET_FILE) if spec is not None and spec.file_variant else _SECRETS


class SaveTarget(NamedTuple):
    """One target to choose."""

    target: Target
    label: str
    words: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    """The kinds to choose from, as STYLES or `secret_kinds()`."""

    def with_kind(self, index: int) -> Target:
        """Return the target, of the kind `index` where it has kinds."""
        if not self.kinds:
            return self.target
        kind = self.kinds[index][0]
        if self.target.kind is TargetKind.COMPOSE:
            return replace(self.target, secret=kind)
        return replace(self.target, style=kind)

    @property
    def kind(self) -> int:
        """The place of the target's own kind among `kinds`."""
        own = self.target.secret if self.target.kind is TargetKind.COMPOSE else self.target.style
        return next((index for index, (kind, _) in enumerate(self.kinds) if kind == own), 0)


def save_targets(
    found: Sequence[TargetChoice], wanted: Target, app: AppProfile, *, in_file: bool = False
) -> tuple[SaveTarget, ...]:
    """Return the choices: files and services found, the `wanted` one first if it is not among them, then a block.

    `in_file`: the app reads its password from a file already; another goes into one too.
    """
    secrets = secret_kinds(app)
    files = [_of_choice(choice, secrets, in_file=in_file) for choice in found]
    place = next((index for index, item in enumerate(files) if same_target(item.target, wanted)), None)
    if wanted.kind is not TargetKind.PRINT and place is None:
        kinds = secrets if wanted.kind is TargetKind.COMPOSE else ()
        files.insert(0, SaveTarget(wanted, str(wanted.path), "as named", kinds))
    elif place is not None and wanted.secret:
        files[place] = files[place]._replace(target=wanted)  # chosen before: its kind stays
    style = wanted.style if wanted.style in dict(STYLES) else STYLES[0][0]
    return (*files, SaveTarget(Target(TargetKind.PRINT, None, None, style), "a block to copy", kinds=STYLES))


def _of_choice(choice: TargetChoice, secrets: tuple[tuple[str, str], ...], *, in_file: bool) -> SaveTarget:
    if not choice.compose:
        return SaveTarget(Target(TargetKind.ENV_FILE, choice.path), choice.label, choice.detail)
    # What git tracks is in everybody's clone with the next commit: there the password goes elsewhere. A reference that
    # stands there stays.
    secret = "reference" if choice.git.tracked or choice.refers else "inline"
    if in_file and _SECRET_FILE in secrets:
        secret = _SECRET_FILE[0]
    target = Target(TargetKind.COMPOSE, choice.path, choice.service, secret=secret)
    return SaveTarget(target, choice.label, choice.detail, secrets)


def same_target(left: Target, right: Target) -> bool:
    if left.kind is not right.kind:
        return False
    if left.path is None or right.path is None:
        return left.kind is TargetKind.PRINT
    # A compose file named without its service: the first of them, which is the app's.
    same_service = left.service == right.service or right.service is None
    # Paths are compared without asking the disk: a link and its target are two choices.
    return same_service and os.path.abspath(left.path) == os.path.abspath(right.path)
