"""What a service's variables are once compose has read its file: `env_file`, `environment`, and `${…}` filled in.

Follows compose's order: `environment:` beats `env_file:`, and the shell beats the `.env` beside the compose file. Reads
only; what compose would take from elsewhere (other -f files, profiles, other --env-file) is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.outputs.compose_plan import read_tree
from smtpwizard.outputs.compose_services import anchors_of, chosen, merged_maps, services
from smtpwizard.outputs.compose_tree import Node
from smtpwizard.outputs.compose_verify import environment_of
from smtpwizard.outputs.env_file import decode, read_bytes
from smtpwizard.outputs.env_scan import Kind, scan
from smtpwizard.outputs.readers import Reader, read

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<sign>:?[-?+])(?P<rest>[^{}]*))?\})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ServiceVariables:
    """The variables of one service, as its container would get them."""

    service: str
    variables: Mapping[str, str] = field(repr=False)
    unresolved: tuple[str, ...] = ()
    """Variables whose value could not be worked out here: passed through, set nowhere, or oddly quoted. Names only."""


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
    listed = services(root, images=images, app_service=app_service)
    one = chosen(listed, service)
    known = {**_env_file(path.parent / ".env")[0], **environ}
    values: dict[str, str] = {}
    unresolved: set[str] = set()
    for name in one.env_files:
        found, odd = _env_file(path.parent / name)
        values.update(found)
        unresolved = (unresolved - found.keys()) | odd
    for name, text in _environment(root, one.name).items():
        value = environ.get(name) if text is None else _filled(text, known)
        unresolved.discard(name)
        values.pop(name, None)
        if value is None:
            unresolved.add(name)
        else:
            values[name] = value
    return ServiceVariables(one.name, values, tuple(sorted(unresolved)))


def _environment(root: Node, service: str) -> dict[str, str | None]:
    own = environment_of(root, service)
    if own is not None:
        return own
    found = root.get("services")
    pair = found[1].get(service) if found else None
    anchors = anchors_of(root)
    body = anchors.get(pair[1].value, pair[1]) if pair else root
    for node in (body, *merged_maps(body, anchors)):
        inherited = environment_of(root, service, body=node)
        if inherited is not None:
            return inherited
    return {}


def _filled(text: str, known: Mapping[str, str]) -> str | None:
    """Return `text` with compose's substitutions made; None where one has no value, or is nested."""
    missing = False

    def fill(found: re.Match[str]) -> str:
        nonlocal missing
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
        missing = True
        return ""

    filled = _VARIABLE.sub(fill, text)
    return None if missing or re.search(r"\$\{", _VARIABLE.sub("", text)) else filled


def _env_file(path: Path) -> tuple[dict[str, str], set[str]]:
    """Return what compose reads from a file, and the names whose value is not certain. A missing file is empty."""
    try:
        raw = read_bytes(path)
    except FileError:
        raw = None
    text = decode(raw or b"")
    values: dict[str, str] = {}
    odd: set[str] = set()
    for item in scan(text):
        if item.kind is not Kind.ASSIGNMENT:
            continue
        value = read(Reader.COMPOSE, text[item.value_start : item.body_end])
        values.pop(item.key, None)
        odd.discard(item.key)
        if value is None:
            odd.add(item.key)
        else:
            values[item.key] = value
    return values, odd
