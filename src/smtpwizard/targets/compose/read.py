"""What a service's variables are once compose has read its files: `env_file`, `environment`, and `${…}` filled in.

Follows compose's order: `environment:` beats `env_file:`, the override file beats both, and the shell beats the `.env`
beside the compose file; the files of `extends:` are read. Reads only; what compose would take from elsewhere (other
-f files, `include`, other --env-file) is not looked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.compose.services import ComposeFile, EnvEntry, choose, env_entries, read_compose_file
from smtpwizard.targets.compose.tree import OVERRIDE, RESET, Node, NodeKind, reset_names, variable_texts
from smtpwizard.targets.env.edit import Kind, scan
from smtpwizard.targets.env.whole import Stop, compose_file
from smtpwizard.targets.files import decode, override_of, read_bytes

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<sign>:?[-?+])(?P<rest>[^{}]*))?\})",
    re.ASCII,
)


class Gap(StrEnum):
    """Why the value of a variable is not certain."""

    BLANK = "blank"
    """A `${…}` that nothing here sets: the container gets it empty."""
    REQUIRED = "required"
    """A `${…:?}` that nothing here sets: compose refuses to start anything."""
    PASSED = "passed"
    """Only its name stands there, and nothing here sets it: the container does not get it."""
    UNCERTAIN = "uncertain"
    """Nested substitutions, or quotes that no model here promises to read."""
    DOLLAR = "dollar"
    """A `$` in an env file begins a variable that nothing here sets: the container gets the value without it."""


def fill(text: str, known: Mapping[str, str]) -> tuple[str | None, Gap | None]:
    """Return `text` with compose's substitutions made, and a gap. The value is None but for Gap.BLANK."""
    gaps: set[Gap] = set()

    def put(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        name, sign, rest = found["bare"] or found["name"], found["sign"] or "", found["rest"] or ""
        value = known.get(name)
        is_set = bool(value) if sign.startswith(":") else value is not None
        if sign.endswith("+"):
            return rest if is_set else ""
        if is_set:
            return value or ""
        if sign.endswith("-"):
            return rest
        gaps.add(Gap.REQUIRED if sign else Gap.BLANK)
        return ""

    filled = _VARIABLE.sub(put, text)
    if re.search(r"\$\{", _VARIABLE.sub("", text)):
        return None, Gap.UNCERTAIN
    if Gap.REQUIRED in gaps:
        return None, Gap.REQUIRED
    return filled, Gap.BLANK if gaps else None


def uses(text: str | None, variable: str) -> bool:
    """Say whether `text` takes the value of `variable`: by `${variable…}`, or by naming only it (None)."""
    return text is None or any(variable in (found["bare"], found["name"]) for found in _VARIABLE.finditer(text))


def source_of(name: str, text: str | None, value: str) -> str | None:
    """Return the variable of `.env` that gives `value` to `name` if it holds it; None where no one does.

    `text`: what stands there, `${…}` untouched; None for `name` alone, which is filled from its namesake.
    """
    if text is None:
        return name
    found = _VARIABLE.fullmatch(text)
    variable = (found["bare"] or found["name"]) if found else None
    return variable if variable and fill(text, {variable: value}) == (value, None) else None


def takes(file: ComposeFile, service: str, variable: str, env_file: Path) -> bool:
    """Say whether `service` takes `variable` from the `.env` beside `file`: filled in anywhere, or by `env_file:`."""
    override = override_of(file.path)
    found = layers([file, *([read_compose_file(override)] if override else [])], service)
    if variable in found.environment and uses(found.environment[variable], variable):
        return True
    if any(uses(text, variable) for text in found.environment.values() if text is not None):
        return True
    folder, real = file.path.parent, os.path.realpath(env_file)
    if variable not in found.environment and any(
        os.path.realpath(folder / item.path) == real for item in found.env_files
    ):
        return True
    return any(
        node.kind is NodeKind.SCALAR and "$" in node.value and uses(node.value, variable)
        for _, body in _bodies(file, service)[0]
        for node in body.walk()
    )


@dataclass(frozen=True, slots=True)
class Layers:
    """One service, all its files taken together."""

    service: str
    environment: Mapping[str, str | None] = field(repr=False)
    """Variable → its text, `${…}` and `$$` untouched; None where only the name stands there."""
    set_in: Mapping[str, str]
    """Variable → the name of the file whose `environment` sets it."""
    env_files: tuple[EnvEntry, ...]
    elsewhere: bool = False
    """It extends a service of a file that could not be read: there may be more variables."""


def layers(files: Sequence[ComposeFile], service: str) -> Layers:
    """Take `files`, the override last, together for `service`: what `!reset` and `!override` say included."""
    return Layering(files).of(service)


class Layering:
    """Takes the same files together for one service after the other: what several extend is read once."""

    def __init__(self, files: Sequence[ComposeFile]) -> None:
        self._files = files
        self._extends = _Extends()
        self._parts: dict[tuple[Path, str], _Part] = {}

    def of(self, service: str) -> Layers:
        """Return the layers of a service."""
        whole = _Part()
        for file in self._files:
            whole = whole.under(self._part(file, service))
        folder = self._files[0].path.parent
        return Layers(
            service,
            {name: text for name, (text, _) in whole.variables.items()},
            {name: source for name, (_, source) in whole.variables.items()},
            tuple(_seen_from(folder, source, entry) for source, entry in whole.env_files),
            whole.elsewhere,
        )

    def _part(self, file: ComposeFile, service: str) -> _Part:
        """Return what a file says of a service, with what it extends below it."""
        chain: list[tuple[ComposeFile, str, Node]] = []
        seen: set[tuple[Path, str]] = set()
        at: tuple[ComposeFile, str] | None = (file, service)
        part = _Part()
        while at is not None:
            key = at[0].path, at[1]
            if key in self._parts or key in seen:
                part = self._parts.get(key, part)
                break
            seen.add(key)
            body = self._extends.body(*at)
            if body is None:
                break
            chain.append((*at, body))
            try:
                at = self._extends.base(at[0], body)
            except FileError:
                part = _Part(elsewhere=True)
                break
        for source, name, body in reversed(chain):
            part = self._parts[source.path, name] = part.under(_own(source, body))
        return part


class _Part(NamedTuple):
    """What a body says, or several of them one over the other, and what that takes away from those below."""

    variables: Mapping[str, tuple[str | None, str]] = {}
    """Variable → its text, and the name of the file that sets it."""
    removed: frozenset[str] = frozenset()
    alone: bool = False
    """No variable from below stays."""
    env_files: tuple[tuple[ComposeFile, EnvEntry], ...] = ()
    files_alone: bool = False
    elsewhere: bool = False

    def under(self, above: _Part) -> _Part:
        """Return both as one, `above` over this."""
        kept = {} if above.alone else {name: at for name, at in self.variables.items() if name not in above.removed}
        return _Part(
            {**kept, **above.variables},
            (self.removed | above.removed) - above.variables.keys(),
            self.alone or above.alone,
            (() if above.files_alone else self.env_files) + above.env_files,
            self.files_alone or above.files_alone,
            self.elsewhere or above.elsewhere,
        )


def _own(source: ComposeFile, body: Node) -> _Part:
    own, reading = body.effective("environment"), body.effective("env_file")
    removed = frozenset(reset_names(own[1])) if own else frozenset()
    texts = variable_texts(own[1]) if own else {}
    return _Part(
        {name: (text, source.path.name) for name, text in texts.items() if name not in removed},
        removed,
        body.tag == OVERRIDE or (own is not None and own[1].tag in (RESET, OVERRIDE)),
        tuple((source, entry) for entry in env_entries(reading)) if reading and reading[1].tag != RESET else (),
        body.tag == OVERRIDE or (reading is not None and reading[1].tag in (RESET, OVERRIDE)),
    )


def _seen_from(folder: Path, source: ComposeFile, entry: EnvEntry) -> EnvEntry:
    """Return an entry of `source`, whose paths are relative to its own folder, as one of the project's `folder`."""
    if source.path.parent == folder:
        return entry
    return entry._replace(path=os.path.relpath(source.path.parent / entry.path, folder))


def _bodies(file: ComposeFile, service: str) -> tuple[list[tuple[ComposeFile, Node]], bool]:
    """Return the service's mapping with those that it extends before it, and whether one of them was not read.

    Each with the file that it stands in. What is tagged `!reset` is not there; `!override` hides what is below.
    """
    extends = _Extends()
    bodies: list[tuple[ComposeFile, Node]] = []
    seen: set[tuple[Path, str]] = set()
    at: tuple[ComposeFile, str] | None = (file, service)
    while at is not None and (at[0].path, at[1]) not in seen:
        seen.add((at[0].path, at[1]))
        body = extends.body(*at)
        if body is None:
            break
        bodies.insert(0, (at[0], body))
        try:
            at = extends.base(at[0], body)
        except FileError:
            return bodies, True
    return bodies, False


class _Extends:
    """The services of files, found by name, and the one that a service extends; each file is read once."""

    def __init__(self) -> None:
        self._files: dict[Path, ComposeFile | FileError] = {}
        self._services: dict[Path, dict[str, Node]] = {}

    def body(self, file: ComposeFile, name: str) -> Node | None:
        """Return the mapping of a service; None where there is none, or it is tagged `!reset`."""
        if file.path not in self._services:
            found = file.root.get("services") if file.root.kind is NodeKind.MAPPING else None
            mapping = found[1].resolved if found and found[1].tag != RESET else None
            every = (mapping, *mapping.merged()) if mapping else ()
            self._services[file.path] = {key.value: value for one in reversed(every) for key, value in one.pairs}
        value = self._services[file.path].get(name)
        body = value.resolved if value else None
        return None if body is None or body.kind is not NodeKind.MAPPING or body.tag == RESET else body

    def base(self, file: ComposeFile, body: Node) -> tuple[ComposeFile, str] | None:
        """Return the service that one of `file` extends, and its file. FileError where that cannot be read."""
        extends = body.effective("extends")
        if extends is None or extends[1].tag == RESET:
            return None
        base, other = extends[1].resolved, extends[1].resolved.get("file")
        if other is not None:
            file = self._read(file.path.parent / (other[1].text or ""))
        target = base.get("service") if base.kind is NodeKind.MAPPING else (base, base)
        name = target[1].text if target else None
        return (file, name) if name is not None else None

    def _read(self, path: Path) -> ComposeFile:
        if path not in self._files:
            try:
                self._files[path] = read_compose_file(path)
            except FileError as error:
                self._files[path] = error
        found = self._files[path]
        if isinstance(found, FileError):
            raise found
        return found


@dataclass(frozen=True, slots=True)
class ServiceVariables:
    """The variables of one service, as its container would get them."""

    service: str
    variables: Mapping[str, str] = field(repr=False)
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    """Variables whose value is open, or empty for want of one, and why."""
    missing_files: tuple[str, ...] = ()
    """What `env_file:` names and requires, and is not there: compose refuses to start."""
    override: Path | None = None
    """The override file that was read too."""
    elsewhere: bool = False
    """The service extends one of another file, which could not be read."""
    refused: tuple[tuple[str, Stop], ...] = ()
    """The .env beside the compose file and files of `env_file:` that compose refuses, with the first such line."""
    image: str = ""
    """What it runs, as the compose file has it; empty where that is built."""
    known_image: bool = False
    """It is the app's."""
    repeated: tuple[str, ...] = ()
    """Variables that stand more than once in the list under `environment:`."""

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The variables without a value, sorted."""
        return tuple(sorted(self.gaps.keys() - self.variables.keys()))


def read_service(
    path: Path,
    service: str | None,
    environ: Mapping[str, str],
    *,
    images: Collection[str] = (),
    app_service: str = "",
) -> ServiceVariables:
    """Read the variables of `service`; None: the app's one. FileError; InputError where the service cannot be told."""
    file = read_compose_file(path)
    one = choose(file, service, images=images, app_service=app_service)
    found = service_variables(file, one.name, environ)
    return replace(found, image=one.image, known_image=one.by_image, repeated=one.repeated)


def service_variables(file: ComposeFile, service: str, environ: Mapping[str, str]) -> ServiceVariables:
    """Return the variables of a service of `file`, with what compose takes from elsewhere. FileError."""
    path = file.path
    override = override_of(path)
    found = layers([file, *([read_compose_file(override)] if override else [])], service)
    beside = _env_file(path.parent / ".env", known=environ)
    known = {**beside.values, **environ}
    own = {
        name: (known.get(name), None) if text is None else fill(text, known) for name, text in found.environment.items()
    }
    given = {**{name: value for name, (value, _) in own.items() if value is not None}, **known}
    values, gaps, missing, refused = _from_files(found, path.parent, given)
    refused = (*((".env", stop) for stop in beside.stops[:1]), *refused)
    for name, (value, gap) in own.items():
        values.pop(name, None)
        gaps.pop(name, None)
        if value is not None:
            values[name] = value
        if gap is not None or value is None:
            gaps[name] = gap or Gap.PASSED
    return ServiceVariables(service, values, gaps, missing, override, found.elsewhere, refused)


def env_names(path: Path) -> frozenset[str]:
    """Return the names that an env file sets; none where it is missing or cannot be read."""
    read = _env_file(path)
    return frozenset(read.values.keys() | read.gaps.keys())


def _from_files(
    found: Layers, folder: Path, known: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Gap], tuple[str, ...], tuple[tuple[str, Stop], ...]]:
    values: dict[str, str] = {}
    gaps: dict[str, Gap] = {}
    missing: list[str] = []
    refused: list[tuple[str, Stop]] = []
    for entry in found.env_files:
        path = folder / entry.path
        if entry.required and not entry.path.startswith("~") and "$" not in entry.path and not path.exists():
            missing.append(entry.path)
        read = _env_file(path, entry, known)
        refused += [(entry.path, stop) for stop in read.stops[:1]]
        for name in read.values.keys() | read.gaps.keys():
            values.pop(name, None)
            gaps.pop(name, None)
        values.update(read.values)
        gaps.update(read.gaps)
    return values, gaps, tuple(missing), tuple(refused)


class _EnvValues(NamedTuple):
    """What compose reads from an env file."""

    values: Mapping[str, str]
    gaps: Mapping[str, Gap]
    stops: tuple[Stop, ...] = ()
    """The lines for which it refuses the file."""


def _env_file(path: Path, entry: EnvEntry | None = None, known: Mapping[str, str] | None = None) -> _EnvValues:
    """Return what compose reads from a file; a missing one is empty.

    `$…` in a value is filled in from `known` (the shell, and the .env beside the compose file), else from the lines
    above.
    """
    try:
        raw = read_bytes(path)
    except FileError:
        raw = None
    text = decode(raw or b"")
    if entry is not None and entry.raw:
        lines = [item for item in scan(text) if item.kind is Kind.ASSIGNMENT]
        return _EnvValues({item.key: text[item.value_start : item.body_end] for item in lines}, {})
    gaps: dict[str, Gap] = {}

    def substitute(name: str, above: Mapping[str, str | None], value: str) -> str | None:
        given = {**{other: old for other, old in above.items() if old is not None}, **(known or {})}
        if any(old is None and other not in given and uses(value, other) for other, old in above.items()):
            return None
        filled, gap = fill(value, given)
        gaps.update({name: Gap.DOLLAR} if gap is Gap.BLANK else {})
        return filled

    read = compose_file(text, substitute)
    sure = {name: value for name, value in read.variables.items() if value is not None}
    return _EnvValues(sure, gaps | dict.fromkeys(read.variables.keys() - sure.keys(), Gap.UNCERTAIN), read.stops)
