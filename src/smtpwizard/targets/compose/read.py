"""What a service's variables are once compose has read its files: `env_file`, `environment`, and `${…}` filled in.

Follows compose's order: `environment:` beats `env_file:`, the override file beats both, and the shell beats the `.env`
beside the compose file. Reads only; what compose would take from elsewhere (other -f files, `include`, other
--env-file) is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.targets.compose.services import (
    ComposeFile,
    EnvEntry,
    chosen,
    env_entries,
    override_of,
    read_compose_file,
    services,
)
from smtpwizard.targets.compose.tree import Node, NodeKind, variable_texts
from smtpwizard.targets.env.edit import Kind, scan
from smtpwizard.targets.env.readers import Reader
from smtpwizard.targets.files import decode, read_bytes

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
    """It extends a service of another file, which is not read: there may be more variables."""


def layers(documents: Sequence[tuple[str, Node]], service: str) -> Layers:
    """Take `documents` (file name, root), the override last, together for `service`."""
    environment: dict[str, str | None] = {}
    set_in: dict[str, str] = {}
    entries: list[EnvEntry] = []
    elsewhere = False
    for name, root in documents:
        bodies, outside = _bodies(root, service)
        elsewhere = elsewhere or outside
        for body in bodies:
            own = body.effective("environment")
            texts = variable_texts(own[1]) if own else {}
            environment.update(texts)
            set_in.update(dict.fromkeys(texts, name))
            entries += env_entries(body.effective("env_file"))
    return Layers(service, environment, set_in, tuple(entries), elsewhere)


def _bodies(root: Node, service: str) -> tuple[list[Node], bool]:
    """Return the service's mapping with those that it extends before it, and whether one of them is elsewhere."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    bodies: list[Node] = []
    seen: set[str] = set()
    name: str | None = service
    while name is not None and name not in seen and found is not None:
        seen.add(name)
        pair = found[1].get(name)
        body = pair[1].resolved if pair else None
        if body is None or body.kind is not NodeKind.MAPPING:
            break
        bodies.insert(0, body)
        extends = body.effective("extends")
        if extends is None:
            break
        base = extends[1].get("service") if extends[1].kind is NodeKind.MAPPING else extends
        if extends[1].kind is NodeKind.MAPPING and extends[1].get("file") is not None:
            return bodies, True
        name = base[1].text if base else None
    return bodies, False


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
    """The service extends one of another file, which was not read."""

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
    one = chosen(services(file.root, images=images, app_service=app_service), service)
    return service_variables(file, one.name, environ)


def service_variables(file: ComposeFile, service: str, environ: Mapping[str, str]) -> ServiceVariables:
    """Return the variables of a service of `file`, with what compose takes from elsewhere. FileError."""
    path = file.path
    override = override_of(path)
    documents = [(path.name, file.root), *([(override.name, read_compose_file(override).root)] if override else [])]
    found = layers(documents, service)
    values, gaps, missing = _from_files(found, path.parent)
    needed = any(text is None or "$" in text for text in found.environment.values())
    known = {**(_env_file(path.parent / ".env")[0] if needed else {}), **environ}
    for name, text in found.environment.items():
        value, gap = (known.get(name), None) if text is None else fill(text, known)
        values.pop(name, None)
        gaps.pop(name, None)
        if value is not None:
            values[name] = value
        if gap is not None or value is None:
            gaps[name] = gap or Gap.PASSED
    return ServiceVariables(service, values, gaps, missing, override, found.elsewhere)


def env_names(path: Path) -> frozenset[str]:
    """Return the names that an env file sets; none where it is missing or cannot be read."""
    values, odd = _env_file(path)
    return frozenset(values) | odd


def _from_files(found: Layers, folder: Path) -> tuple[dict[str, str], dict[str, Gap], tuple[str, ...]]:
    values: dict[str, str] = {}
    gaps: dict[str, Gap] = {}
    missing: list[str] = []
    for entry in found.env_files:
        path = folder / entry.path
        if entry.required and not entry.path.startswith("~") and "$" not in entry.path and not path.exists():
            missing.append(entry.path)
        more, odd = _env_file(path, entry)
        for name in odd:
            values.pop(name, None)
            gaps[name] = Gap.UNCERTAIN
        for name, value in more.items():
            gaps.pop(name, None)
            values[name] = value
    return values, gaps, tuple(missing)


def _env_file(path: Path, entry: EnvEntry | None = None) -> tuple[dict[str, str], frozenset[str]]:
    """Return what compose reads from a file, and the names whose value is not certain. A missing file is empty."""
    try:
        raw = read_bytes(path)
    except FileError:
        raw = None
    text = decode(raw or b"")
    reader = Reader.DOCKER_RUN if entry is not None and entry.raw else Reader.COMPOSE
    values: dict[str, str] = {}
    odd: set[str] = set()
    for item in scan(text):
        if item.kind is not Kind.ASSIGNMENT:
            continue
        value = reader.read(text[item.value_start : item.body_end])
        values.pop(item.key, None)
        odd.discard(item.key)
        if value is None:
            odd.add(item.key)
        else:
            values[item.key] = value
    return values, frozenset(odd)
