"""Compose files of a folder and their services: which file compose takes, what each service is, what it reads."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from smtpwizard.errors import FileError, InputError
from smtpwizard.targets.change import is_mail_setting
from smtpwizard.targets.compose.tree import Node, NodeKind, parse_tree, variable_texts
from smtpwizard.targets.files import decode, read_bytes
from smtpwizard.text import safe

_LISTED: Final = 12
"""Services named in one sentence at most."""


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A compose file as it was read: once, for choosing a service, for its variables and for planning."""

    path: Path
    raw: bytes = field(repr=False)
    root: Node = field(repr=False)


def read_compose_file(path: Path) -> ComposeFile:
    """Read the file at `path`. FileError where it does not exist, cannot be read, or is no YAML."""
    raw = read_bytes(path)
    if raw is None:
        raise FileError(f"There is no file {path}. Check the path.", "No such file")
    return ComposeFile(path, raw, parse_tree(decode(raw), path.name))


class EnvEntry(NamedTuple):
    """One file under `env_file:`."""

    path: str
    """As it stands there: relative to the project's folder."""
    required: bool = True
    """Compose refuses to start where a required one is missing."""
    raw: bool = False
    """`format: raw`: lines are taken as they are, quotes and all."""


class Service(NamedTuple):
    """One service, for a list to choose from."""

    name: str
    image: str
    variables: tuple[str, ...]
    """Names under `environment:`, in order."""
    env_entries: tuple[EnvEntry, ...]
    """What stands under `env_file:`; a later one beats an earlier one."""
    likely: bool
    """It probably is the app: by its image, or by mail settings that it already has."""
    by_image: bool = False

    @property
    def env_files(self) -> tuple[str, ...]:
        """The paths under `env_file:`, in order."""
        return tuple(entry.path for entry in self.env_entries)


def services(root: Node, *, images: Collection[str] = (), app_service: str = "") -> tuple[Service, ...]:
    """Return the services in the order of the file, the app's most likely one first."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    if found is None or found[1].kind is not NodeKind.MAPPING:
        return ()
    listed = [_service(key.value, value, images) for key, value in found[1].pairs if key.value != "<<"]
    return tuple(sorted(listed, key=lambda item: (not item.by_image, not item.likely, item.name != app_service)))


def list_services(path: Path, *, images: Collection[str] = (), app_service: str = "") -> tuple[Service, ...]:
    """Return the services of the compose file at `path`, the app's most likely one first. FileError."""
    return services(read_compose_file(path).root, images=images, app_service=app_service)


def chosen(listed: tuple[Service, ...], name: str | None) -> Service:
    """Return the service `name`; without a name the only one, or the only one that can be the app. InputError else."""
    if name is not None:
        for item in listed:
            if item.name == name:
                return item
        near = difflib.get_close_matches(name, [item.name for item in listed], 1, 0.6)
        meant = f" Did you mean {safe(near[0])}?" if near else ""
        raise InputError(
            f"The compose file has no service {safe(name)!r}.{meant} It has: {_names(listed)}.", "Unknown service"
        )
    likely = [item for item in listed if item.likely]
    for candidates in (listed, [item for item in listed if item.by_image], likely):
        if len(candidates) == 1:
            return candidates[0]
    which = f"More than one could be the app: {_names(likely)}." if likely else f"It has: {_names(listed)}."
    raise InputError(f"Name the service of the compose file with --service NAME. {which}", "Which service")


def _names(listed: Sequence[Service]) -> str:
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(safe(item.name) for item in listed[:_LISTED]) + more if listed else "none"


def extending(root: Node, service: str) -> tuple[str, ...]:
    """Return the services of the same file that extend `service`."""
    found = root.get("services")
    names = []
    for key, value in found[1].pairs if found else ():
        extends = value.get("extends") if value.kind is NodeKind.MAPPING else None
        if extends is None:
            continue
        target = extends[1]
        elsewhere = target.get("file") is not None if target.kind is NodeKind.MAPPING else False
        base = target.get("service") if target.kind is NodeKind.MAPPING else None
        name = base[1].value if base else target.value
        if name == service and not elsewhere:
            names.append(key.value)
    return tuple(names)


def _service(name: str, node: Node, images: Collection[str]) -> Service:
    body = node.resolved
    image = _text(body.effective("image"))
    environment = body.effective("environment")
    variables = tuple(variable_texts(environment[1])) if environment else ()
    by_image = _is_image(image, images)
    likely = by_image or any(map(is_mail_setting, variables))
    return Service(name, image, variables, env_entries(body.effective("env_file")), likely, by_image)


def _is_image(image: str, images: Collection[str]) -> bool:
    bare = image.split("@", 1)[0]
    bare = bare.rsplit(":", 1)[0] if ":" in bare.rsplit("/", 1)[-1] else bare
    return any(bare == known or bare.endswith("/" + known) for known in images)


def _text(pair: tuple[Node, Node] | None) -> str:
    return (pair[1].text or "") if pair else ""


def env_entries(pair: tuple[Node, Node] | None) -> tuple[EnvEntry, ...]:
    """Return the files under an `env_file:`, in all its forms: one name, a list, mappings with `path:`."""
    if pair is None:
        return ()
    node = pair[1].resolved
    found = []
    for item in node.items if node.kind is NodeKind.SEQUENCE else [node]:
        path = item.get("path") if item.kind is NodeKind.MAPPING else None
        text = _text(path) if path else item.text
        if text:
            required = _text(item.get("required")).lower() not in ("false", "no", "off")
            found.append(EnvEntry(text, required, _text(item.get("format")) == "raw"))
    return tuple(found)


COMPOSE_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""In the order in which docker compose takes them; the first that exists wins (measured on 2.40.3)."""

OVERRIDE_NAMES: Final = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml",
)  # fmt: skip
"""Also in compose's order, whatever the file beside it is called; read only without `-f` (measured on 2.40.3)."""


def default_file(folder: Path) -> Path | None:
    """Return the compose file that `docker compose` takes in `folder` without `-f`."""
    return _first(folder, COMPOSE_NAMES)


def override_of(path: Path) -> Path | None:
    """Return the override file that compose reads after `path`; None where it reads none, or `path` needs `-f`."""
    if path.name not in COMPOSE_NAMES or default_file(path.parent) != path:
        return None
    return _first(path.parent, OVERRIDE_NAMES)


def override_target(path: Path) -> Path:
    """Return where an override for `path` goes: the file that compose would read, else one named after `path`."""
    return override_of(path) or path.with_name(f"{path.stem}.override{path.suffix}")


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
