"""What a service's variables are once compose has read its files: `env_file`, `environment`, and `${…}` filled in.

Follows compose's order: `environment:` beats `env_file:`, the override file beats both, and the shell beats the `.env`
beside the compose file. Reads only; what compose would take from elsewhere (other -f files, `include`, other
--env-file) is not looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.outputs.compose_fill import Gap, fill
from smtpwizard.outputs.compose_layers import Layers, layers
from smtpwizard.outputs.compose_plan import read_tree
from smtpwizard.outputs.compose_project import override_of
from smtpwizard.outputs.compose_services import EnvEntry, chosen, services
from smtpwizard.outputs.env_file import decode, read_bytes
from smtpwizard.outputs.env_scan import Kind, scan
from smtpwizard.outputs.readers import Reader, read


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
    """Read the variables of `service`; None: the app's one, if it can be told. Raises as `plan_compose`."""
    root = read_tree(path)
    one = chosen(services(root, images=images, app_service=app_service), service)
    override = override_of(path)
    documents = [(path.name, root), *([(override.name, read_tree(override))] if override else [])]
    found = layers(documents, one.name)
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
    return ServiceVariables(one.name, values, gaps, missing, override, found.elsewhere)


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
        value = read(reader, text[item.value_start : item.body_end])
        values.pop(item.key, None)
        odd.discard(item.key)
        if value is None:
            odd.add(item.key)
        else:
            values[item.key] = value
    return values, frozenset(odd)
