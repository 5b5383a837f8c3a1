"""Planning a change of a compose file: of a service's environment in place, or in an override file beside it.

Reads and compares; writes nothing. A secret goes in as it is, or as a reference to the `.env` beside the file.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import SECRET_VARIABLES
from smtpwizard.targets.change import Change, backup_name
from smtpwizard.targets.compose.edit import set_environment, with_service
from smtpwizard.targets.compose.services import Service, chosen, override_target, services
from smtpwizard.targets.compose.tree import Node, NodeKind, anchors_of, doubled, parse_tree, variable_texts
from smtpwizard.targets.diff import masked_diff
from smtpwizard.targets.env import readers as npm_dotenv
from smtpwizard.targets.env.encode import refuse_unwritable
from smtpwizard.targets.env.file import BOM, decode, read_bytes
from smtpwizard.targets.env.plan import exposure_findings, link_findings, plan_env_file
from smtpwizard.targets.files import resolve
from smtpwizard.targets.git import git_state, image_findings


def compose_findings(
    path: Path,
    real: Path,
    root: Node,
    service: str,
    values: Mapping[str, str | None],
    mode: int,
    *,
    inline: bool,
    exists: bool,
) -> tuple[Problem, ...]:
    """Return who else could read the secret, and what else has a say in the variables. `inline`: the secret goes in."""
    state = git_state(real)
    found = link_findings(path, real)
    if inline and state.tracked:
        message = (
            f"git tracks {path.name}: the password would go into the history with the next commit. Put a reference "
            "there and the password into .env (--secret reference)."
        )
        found.append(Problem.of("git-tracks-file", Severity.WARNING, "SMTP_PASSWORD", message))
    elif inline:
        found += exposure_findings(path.name, state, mode, secret=True, exists=exists)
    if inline:
        found += image_findings(real)
    for variable, value in values.items():
        if value is not None and f"${{{variable}" in value and variable in os.environ:
            message = (
                f"{variable} is set in this shell, and compose prefers that to the .env file. Unset it before "
                "docker compose up, or the container gets the shell's value."
            )
            found.append(Problem.of("shell-overrides-env", Severity.WARNING, variable, message))
    return (*found, *_env_file_findings(path, root, service, values))


def _env_file_findings(path: Path, root: Node, service: str, values: Mapping[str, str | None]) -> list[Problem]:
    named = next((item.env_files for item in services(root) if item.name == service), ())
    found: list[Problem] = []
    for name in named:
        try:
            raw = read_bytes(path.parent / name)
        except FileError:
            continue
        present = npm_dotenv.parse(decode(raw)) if raw else {}
        both = [variable for variable, value in values.items() if value is not None and variable in present]
        if both:
            message = (
                f"{', '.join(both)} also stand in {name}; environment: beats env_file:, so those lines count no more."
            )
            found.append(Problem.of("environment-beats-env-file", Severity.INFO, both[0], message))
    return found


_Token = tuple[object, ...]


def parse_again(text: str, name: str) -> Node | None:
    """Return the tree of an edited text; None where the edit made it unreadable."""
    try:
        return parse_tree(text, name)
    except FileError:
        return None


def wrong_variables(
    before: Node, after: Node, service: str, changes: Mapping[str, str | None], references: Collection[str]
) -> tuple[str, ...]:
    """Return the variables of `service` that `after` does not hold as planned; `(file)` where anything else changed."""
    if _meaning(before, service) != _meaning(after, service):
        return ("(file)",)
    old, new = environment_texts(before, service), environment_texts(after, service)
    wrong = {key for key in old.keys() | new.keys() if key not in changes and old.get(key) != new.get(key)}
    for variable, value in changes.items():
        wanted = value if value is None or variable in references else doubled(value)
        if new.get(variable) != wanted:
            wrong.add(variable)
    return tuple(sorted(wrong))


def environment_texts(root: Node, service: str) -> dict[str, str | None]:
    """Return variable → the text under the `environment:` that the service has of its own; null as None."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    pair = found[1].get(service) if found else None
    environment = pair[1].get("environment") if pair else None
    return variable_texts(environment[1], anchors_of(root)) if environment else {}


def _meaning(root: Node, service: str) -> list[_Token]:
    """Return everything of the file but its layout and the service's own environment."""
    found = root.get("services")
    pair = found[1].get(service) if found else None
    skipped: set[int] = set()
    dropped: set[int] = set()
    environment = pair[1].get("environment") if pair else None
    if environment is not None:
        skipped = {id(node) for part in environment for node in part.walk()}
        dropped = {id(pair[1])} if pair else set()
    tokens: list[_Token] = []
    for node in root.walk():
        if id(node) in skipped:
            continue
        own_pairs = len(node.pairs) - (1 if id(node) in dropped else 0)
        tokens.append((node.kind, node.value, bool(node.style), node.anchor, node.tag, own_pairs, len(node.items)))
    return tokens


SecretMode = Literal["inline", "reference"]
Values = Mapping[str, str | Secret | None]

_NEW_MODE: Final = 0o600


def list_services(path: Path, *, images: Collection[str] = (), app_service: str = "") -> tuple[Service, ...]:
    """Return the services of a compose file, the app's most likely one first. FileError where it cannot be read."""
    return services(read_tree(path), images=images, app_service=app_service)


def plan_compose(
    path: Path,
    service: str | None,
    changes: Values,
    *,
    secret: SecretMode = "inline",  # noqa: S107
    images: Collection[str] = (),
    app_service: str = "",
) -> tuple[Change, ...]:
    """Plan `changes` for a service; None: the app's one, if it can be told. To be applied in the order returned.

    With `secret="reference"` the compose file gets `${SMTP_PASSWORD:?…}` and a second change puts the secret into the
    `.env` beside it. Undecided where a person must choose; InputError for a value or service that cannot be; FileError.
    """
    raw = _read(path)
    root = parse_tree(decode(raw), path.name)
    name = chosen(services(root, images=images, app_service=app_service), service).name
    secrets = {key: value for key, value in changes.items() if key in SECRET_VARIABLES and value}
    if secret == "inline" or not secrets:  # noqa: S105  # the name of a mode
        return (_plan_one(path, name, changes, parsed=(raw, root)),)
    beside = plan_env_file(path.parent / ".env", secrets)
    values = {**changes, **{key: reference_to(key) for key in secrets}}
    return beside, _plan_one(path, name, values, frozenset(secrets), parsed=(raw, root))


def plan_override(path: Path, service: str, changes: Values) -> Change:
    """Plan the same for the override file beside `path`: compose merges it key by key, and `path` stays as it is."""
    return _plan_one(override_target(path), service, changes, create=True)


def reference_to(variable: str) -> str:
    """Return the substitution that compose refuses to start without."""
    return f"${{{variable}:?set {variable} in .env}}"


def _plan_one(
    path: Path,
    service: str,
    changes: Values,
    references: Collection[str] = (),
    *,
    create: bool = False,
    parsed: tuple[bytes, Node] | None = None,
) -> Change:
    """Plan one file. `parsed`: its bytes and tree as just read, for parsing is half of the time."""
    real, mode = resolve(path)
    existing = read_bytes(real)
    if existing is None and not create:
        raise missing(path)
    raw = existing or b""
    bom = raw[:3] if raw.startswith(BOM) else b""
    before = decode(raw)
    values = {key: value.reveal() if isinstance(value, Secret) else value for key, value in changes.items()}
    for value in values.values():
        refuse_unwritable(value or "")
    root = parsed[1] if parsed and parsed[0] == raw else None
    if root is None and (before.strip() or not create):
        root = parse_tree(before, path.name)
    base = with_service(before, root, service) if create else before
    based = root if root is not None and base == before else parse_tree(base, path.name)
    after = set_environment(base, based, service, values, references)
    edited = parse_again(after, path.name)
    if edited is None or wrong_variables(based, edited, service, values, references):
        raise FileError(
            f"{path} cannot be changed safely: its layout is one that is not understood. Put the lines in by hand "
            "(write --print compose-map). Nothing was written.",
            "Layout not understood",
        )
    data = bom + after.encode("utf-8")
    hidden = [value for value in changes.values() if isinstance(value, Secret)]
    diff = masked_diff(
        before,
        after,
        path.name,
        secrets=[value for value in hidden if len(value) > 3],
        covered_before=covered(before, root) if root else (),
        covered_after=covered(after, edited),
    )
    bits = _NEW_MODE if mode is None else mode
    inline = any(values.get(key) and key not in references for key in SECRET_VARIABLES)
    return Change(
        path=path,
        real_path=real,
        before=existing,
        after=data,
        diff=diff.text,
        lines_changed=diff.lines_changed,
        lines_kept=diff.lines_kept,
        mode=bits,
        findings=compose_findings(path, real, based, service, values, bits, inline=inline, exists=existing is not None),
        notes=(),
        backup_name=backup_name(path, datetime.now()) if raw != data and existing is not None else "",
        replan=partial(_plan_one, path, service, changes, references, create=create),
        check=lambda written: () if written == data else (path.name,),
    )


def read_tree(path: Path) -> Node:
    """Return the tree of the compose file at `path`. FileError where it cannot be read, or is none."""
    return parse_tree(decode(_read(path)), path.name)


def missing(path: Path) -> FileError:
    """Return the error for a compose file that does not exist."""
    return FileError(f"There is no file {path}. Check the path.", "No such file")


def _read(path: Path) -> bytes:
    raw = read_bytes(path)
    if raw is None:
        raise missing(path)
    return raw


def covered(text: str, root: Node) -> frozenset[int]:
    """Return the lines (from 1) inside scalars of several lines: no name on them tells whether they are secret."""
    lines: set[int] = set()
    for node in root.walk():
        if node.kind is NodeKind.SCALAR and (node.style or " " in node.value):
            below = len(text[node.start : node.end].rstrip().splitlines()) - 1
            lines.update(range(node.line + 2, node.line + 2 + below))
    return frozenset(lines)
