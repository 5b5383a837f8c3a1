"""Compose files of a folder and their services: which file compose takes, what each service is, what it reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import is_image, repository
from smtpwizard.errors import FileError, InputError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.compose.tree import RESET, Node, NodeKind, parse_tree, variable_texts
from smtpwizard.targets.diff import is_mail_setting
from smtpwizard.targets.files import COMPOSE_NAMES, decode_yaml, default_file, read_bytes
from smtpwizard.text import did_you_mean, safe
from smtpwizard.text import listed as listed_words

_LISTED: Final = 12
"""Services named in one sentence at most."""


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A compose file as it was read: once, for choosing a service, for its variables and for planning."""

    path: Path
    raw: bytes = field(repr=False)
    root: Node = field(repr=False)
    _listed: list[Service] = field(default_factory=list, init=False, repr=False, compare=False)

    def services(self, *, images: Collection[str] = (), app_service: str = "") -> tuple[Service, ...]:
        """Return the services in the order of the file, the app's most likely one first; each is read once."""
        if not self._listed:
            self._listed.extend(_listed_in(self.root))
        marked = [
            item._replace(likely=True, by_image=True) if is_image(item.image, images) else item for item in self._listed
        ]
        return tuple(sorted(marked, key=lambda item: (not item.by_image, not item.likely, item.name != app_service)))


def read_compose_file(path: Path) -> ComposeFile:
    """Read the file at `path`. FileError where it does not exist, cannot be read, or is no YAML."""
    if path.is_dir():
        name = default_file(path) or path / COMPOSE_NAMES[0]
        raise FileError(f"{path} is a folder. Name the compose file in it, for example {name}.", "Not a file")
    raw = read_bytes(path)
    if raw is None:
        raise FileError(f"There is no file {path}. Check the path.", "No such file")
    root = parse_compose(raw, path.name)
    if root is None:
        raise FileError(f"{path.name} is empty: it has no services. Check the path.", "Empty compose file")
    return ComposeFile(path, raw, root)


def parse_compose(raw: bytes, name: str) -> Node | None:
    """Return the tree of a compose file; None for an empty one. FileError where it is no YAML, or compose refuses it.

    What compose refuses (measured on 2.40.3) has no settings to read, and nothing written into it would count.
    """
    text = decode_yaml(raw)
    if not text.strip():
        return None
    root = parse_tree(text, name)
    if root.kind is not NodeKind.MAPPING:
        message = f"{name} is no compose file: no keys such as services: are in it. Name a .env file with --env-file."
        raise FileError(message, "Not a compose file")
    fault = next(_faults(root), None)
    if fault is not None:
        node, reason = fault
        message = f"{name}, line {node.line + 1}: {reason}. docker compose refuses the file; repair it by hand."
        raise FileError(message, "Refused by compose")
    return root


def _faults(root: Node) -> Iterator[tuple[Node, str]]:
    """Yield what compose refuses, with its place."""
    for node in root.walk():
        if node.kind is NodeKind.ALIAS and node.target is None:
            yield node, f"*{safe(node.value)} has no anchor &{safe(node.value)} above it"
        if not node.pairs:
            continue
        keys = [key.value for key, _ in node.pairs]
        if len(set(keys)) < len(keys):
            twice = next(key for number, (key, _) in enumerate(node.pairs) if key.value in keys[:number])
            yield twice, f"the key {safe(twice.value)} stands here twice"
        for key, value in node.pairs:
            if key.value == "<<" and not key.style and not _is_merge(value):
                yield value, "<< takes in a mapping or a list of mappings, and this is neither"
    for body in _bodies(root):
        environment = body.get("environment")
        if environment is not None and environment[1].tag != RESET:
            yield from _environment_faults(environment[1])


def _is_merge(value: Node) -> bool:
    node = value.resolved
    items = node.items if node.kind is NodeKind.SEQUENCE else [node]
    return all(item.resolved.kind is NodeKind.MAPPING for item in items)


def _bodies(root: Node) -> list[Node]:
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    return [value for _, value in found[1].resolved.pairs] if found else []


def _environment_faults(environment: Node) -> Iterator[tuple[Node, str]]:
    node = environment.resolved
    if node.kind is NodeKind.SCALAR and not node.is_null:
        yield node, "environment is a text, and has to be a mapping (KEY: value) or a list (- KEY=value)"
    for item in node.items:
        if item.resolved.kind is NodeKind.MAPPING:
            yield item, "an item of the list under environment is a mapping (KEY: value), not KEY=value"
        elif not item.resolved.is_text:
            yield item, "an item of the list under environment is no text of the form KEY=value"
    for key, value in node.pairs:
        if not key.is_text:
            yield key, "the name of a variable is no text to YAML: put it in quotes"
        elif key.value != "<<" and value.resolved.kind is not NodeKind.SCALAR and value.tag != RESET:
            yield value, "a value under environment is a mapping or a list"
        elif value.resolved.is_date:
            yield value, "a value under environment is a date to YAML: put it in quotes"


def included(file: ComposeFile) -> tuple[Path, ...]:
    """Return the files that `include:` names, whose services compose takes in; those with a `${…}` are left out."""
    found = file.root.get("include") if file.root.kind is NodeKind.MAPPING else None
    names: list[str] = []
    for entry in found[1].resolved.items if found else ():
        path = entry.get("path") if entry.kind is NodeKind.MAPPING else (entry, entry)
        if path is not None:
            names += [item.text or "" for item in path[1].resolved.items or [path[1]]]
    return tuple(file.path.parent / name for name in names if name and "$" not in name)


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
    filled: tuple[str, ...] = ()
    """Variables that get their value from elsewhere: by a `${…}` alone, or by their name alone."""
    repeated: tuple[str, ...] = ()
    """Variables that stand more than once in its list; the last counts."""
    built: tuple[str, ...] = ()
    """What an image that is built here is called: by service, container, image and folder. Empty for any other."""

    @property
    def env_files(self) -> tuple[str, ...]:
        """The paths under `env_file:`, in order."""
        return tuple(entry.path for entry in self.env_entries)


def _listed_in(root: Node) -> list[Service]:
    """Return the services in the order of the file, those whose image is the app's not marked yet."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    if found is None or found[1].kind is not NodeKind.MAPPING:
        return []
    return [_service(key.value, value) for key, value in found[1].pairs if key.value != "<<"]


def choose(file: ComposeFile, name: str | None, *, images: Collection[str] = (), app_service: str = "") -> Service:
    """Return the service `name` of `file`, or the app's. InputError as `chosen`."""
    listed = file.services(images=images, app_service=app_service)
    if name is None and sum(item.by_image for item in listed) > 1 and listed[0].name == app_service:
        return listed[0]  # several run the app's image, and this one sends
    return chosen(listed, name, included(file))


def list_services(path: Path, *, images: Collection[str] = (), app_service: str = "") -> tuple[Service, ...]:
    """Return the services of the compose file at `path`, the app's most likely one first. FileError."""
    return read_compose_file(path).services(images=images, app_service=app_service)


def chosen(listed: tuple[Service, ...], name: str | None, includes: Sequence[Path] = ()) -> Service:
    """Return the service `name`; without a name the only one, or the only one that can be the app. InputError else.

    `includes`: the files that the compose file takes in. The app's service may be in one of them.
    """
    where = (
        f" Those of {listed_words(map(safe, map(str, includes)))} are not looked at: name that file with --compose."
        if includes
        else ""
    )
    if name is not None:
        for item in listed:
            if item.name == name:
                return item
        meant = did_you_mean(name, (item.name for item in listed))
        raise InputError(
            f"The compose file has no service {safe(name)!r}.{meant} It has: {_names(listed)}.{where}",
            "Unknown service",
        )
    likely = [item for item in listed if item.likely]
    for candidates in (() if includes else listed, [item for item in listed if item.by_image], likely):
        if len(candidates) == 1:
            return candidates[0]
    which = f"More than one could be the app: {_names(likely)}." if likely else f"It has: {_names(listed)}."
    raise InputError(f"Name the service of the compose file with --service NAME. {which}{where}", "Which service")


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


_REFERENCE: Final = re.compile(r"\$(?:\w+|\{[^{}]*\})", re.ASCII)


def _service(name: str, node: Node) -> Service:
    body = node.resolved
    image = _text(body.effective("image"))
    environment = body.effective("environment")
    texts = variable_texts(environment[1]) if environment else {}
    filled = tuple(key for key, text in texts.items() if text is None or _REFERENCE.fullmatch(text))
    likely = any(map(is_mail_setting, texts))
    items = [(item.text or "").partition("=")[0] for item in environment[1].resolved.items] if environment else []
    repeated = tuple(key for key in texts if items.count(key) > 1)
    entries = env_entries(body.effective("env_file"))
    built = _built(name, image, body)
    return Service(name, image, tuple(texts), entries, likely, False, filled, repeated, built)


def _built(name: str, image: str, body: Node) -> tuple[str, ...]:
    build = body.effective("build")
    if build is None:
        return ()
    context = build[1].resolved.get("context") if build[1].resolved.kind is NodeKind.MAPPING else build
    place = _text(context).partition("#")[0].removesuffix("/")
    folder = place.rpartition("/")[2].removesuffix(".git") if place.strip("./") else place
    names = (name, _text(body.effective("container_name")), repository(image).rpartition("/")[2], folder)
    return tuple(dict.fromkeys(item for item in names if item))


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
