"""Planning a change of a compose file: of a service's environment in place, or in an override file beside it.

Compares and proves; writes nothing. A secret goes in as it is, or as a reference to the `.env` beside the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.targets.change import PRIVATE, Change, Undecided, Values, secrets_in
from smtpwizard.targets.compose.edit import Texts, set_environment, with_service
from smtpwizard.targets.compose.services import ComposeFile, Service, override_target
from smtpwizard.targets.compose.tree import Node, NodeKind, doubled, parse_tree, variable_texts
from smtpwizard.targets.diff import masked_diff
from smtpwizard.targets.env.encode import refuse_unwritable
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.env.plan import exposure_findings, link_findings, plan_env_file
from smtpwizard.targets.files import BOM, decode, read_bytes, resolve
from smtpwizard.targets.git import git_state, image_findings

SecretMode = Literal["inline", "reference"]


def plan_compose(
    file: ComposeFile,
    service: Service,
    changes: Values,
    *,
    secret: SecretMode = "inline",  # noqa: S107  # the name of a mode
) -> tuple[Change, ...]:
    """Plan `changes` for a service of `file`. To be applied in the order returned.

    With `secret="reference"` the compose file gets `${…_PASSWORD:?…}` and a first change puts the secret into the
    `.env` beside it. Undecided where a person must choose; InputError for a value that cannot be; FileError.
    """
    secrets = secrets_in(changes)
    references = {key: f"${{{key}:?set {key} in .env}}" for key in secrets if secret == "reference"}  # noqa: S105
    beside = (plan_env_file(file.path.parent / ".env", secrets),) if references else ()
    try:
        planned = _plan(file.path, file.raw, file.root, service, changes, references)
    except Undecided as error:
        named = [name for name in service.env_files if "$" not in name and not name.startswith("~")]
        error.env_files = tuple(file.path.parent / name for name in named)
        raise
    return (*beside, planned)


def plan_override(path: Path, service: Service, changes: Values) -> Change:
    """Plan the same for the override file beside `path`: compose merges it key by key, and `path` stays as it is."""
    target = override_target(path)
    raw = read_bytes(resolve(target)[0])
    text = decode(raw or b"")
    root = parse_tree(text, target.name) if text.strip() else None
    return _plan(target, raw, root, service, changes, create=True)


def _plan(
    path: Path,
    existing: bytes | None,
    root: Node | None,
    service: Service,
    changes: Values,
    references: Mapping[str, str] = MappingProxyType({}),
    *,
    create: bool = False,
) -> Change:
    """Plan one file, with its bytes and tree as they were read. `create`: the service may be missing in it."""
    real, mode = resolve(path)
    before = decode(existing or b"")
    texts = {key: None if value is None else references.get(key) or _text(value) for key, value in changes.items()}
    base = with_service(before, root, service.name) if create else before
    based = root if root is not None and base == before else parse_tree(base, path.name)
    after = set_environment(base, based, service.name, texts)
    edited = _parse_again(after, path.name)
    if edited is None or wrong_variables(based, edited, service.name, texts):
        raise FileError(
            f"{path} cannot be changed safely: its layout is one that is not understood. Put the lines in by hand "
            "(write --print compose-map). Nothing was written.",
            "Layout not understood",
        )
    diff = masked_diff(
        before,
        after,
        path.name,
        secrets=[value for value in changes.values() if isinstance(value, Secret) and len(value) > 3],
        covered_before=covered(before, root) if root else (),
        covered_after=covered(after, edited),
    )
    bits = PRIVATE if mode is None else mode
    inline = next((key for key in reversed(secrets_in(changes)) if key not in references), "")
    findings = (
        *link_findings(path, real),
        *(_secret_findings(path, real, inline, bits, exists=existing is not None) if inline else ()),
        *_shell_findings(references),
        *_env_file_findings(path.parent, service, texts),
    )
    bom = BOM if (existing or b"").startswith(BOM) else b""
    return Change(path, real, existing, bom + after.encode("utf-8"), diff, bits, findings=findings)


def _text(value: str | Secret) -> str:
    """Return what YAML is to read so that the container gets `value`. InputError where no line can hold it."""
    text = value.reveal() if isinstance(value, Secret) else value
    refuse_unwritable(text)
    return doubled(text)


def _secret_findings(path: Path, real: Path, secret: str, mode: int, *, exists: bool) -> list[Problem]:
    """Return who else could read the secret that goes into a compose file."""
    state = git_state(real)
    if state.tracked:
        message = (
            f"git tracks {path.name}: the password would go into the history with the next commit. Put a reference "
            "there and the password into .env (--secret reference)."
        )
        found = [Problem.of("git-tracks-file", Severity.WARNING, secret, message)]
    else:
        found = exposure_findings(path.name, state, mode, secret=secret, exists=exists)
    return found + image_findings(real, secret)


def _shell_findings(references: Iterable[str]) -> list[Problem]:
    found: list[Problem] = []
    for variable in references:
        if variable in os.environ:
            message = (
                f"{variable} is set in this shell, and compose prefers that to the .env file. Unset it before "
                "docker compose up, or the container gets the shell's value."
            )
            found.append(Problem.of("shell-overrides-env", Severity.WARNING, variable, message))
    return found


def _env_file_findings(folder: Path, service: Service, texts: Texts) -> list[Problem]:
    found: list[Problem] = []
    for name in service.env_files:
        try:
            present = read_env_file(folder / name).variables
        except FileError:
            continue
        both = [variable for variable, text in texts.items() if text is not None and variable in present]
        if both:
            message = (
                f"{', '.join(both)} also stand in {name}; environment: beats env_file:, so those lines count no more."
            )
            found.append(Problem.of("environment-beats-env-file", Severity.INFO, both[0], message))
    return found


def _parse_again(text: str, name: str) -> Node | None:
    """Return the tree of an edited text; None where the edit made it unreadable."""
    try:
        return parse_tree(text, name)
    except FileError:
        return None


def wrong_variables(before: Node, after: Node, service: str, texts: Texts) -> tuple[str, ...]:
    """Return the variables of `service` that `after` does not hold as planned; `(file)` where anything else changed."""
    if _meaning(before, service) != _meaning(after, service):
        return ("(file)",)
    old, new = environment_texts(before, service), environment_texts(after, service)
    wrong = {key for key in old.keys() | new.keys() if key not in texts and old.get(key) != new.get(key)}
    return tuple(sorted(wrong | {key for key, text in texts.items() if new.get(key) != text}))


def environment_texts(root: Node, service: str) -> dict[str, str | None]:
    """Return variable → the text under the `environment:` that the service has of its own; null as None."""
    _, environment = _service_of(root, service)
    return variable_texts(environment[1]) if environment else {}


def _meaning(root: Node, service: str) -> list[tuple[object, ...]]:
    """Return everything of the file but its layout and the service's own environment."""
    body, environment = _service_of(root, service)
    skipped = {id(node) for part in environment or () for node in part.walk()}
    tokens: list[tuple[object, ...]] = []
    for node in root.walk():
        if id(node) in skipped:
            continue
        own_pairs = len(node.pairs) - (1 if environment is not None and node is body else 0)
        tokens.append((node.kind, node.value, bool(node.style), node.anchor, node.tag, own_pairs, len(node.items)))
    return tokens


def _service_of(root: Node, service: str) -> tuple[Node | None, tuple[Node, Node] | None]:
    """Return the body of a service, and the pair of its `environment:`."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    pair = found[1].get(service) if found else None
    return (pair[1], pair[1].get("environment")) if pair else (None, None)


def covered(text: str, root: Node) -> frozenset[int]:
    """Return the lines (from 1) inside scalars of several lines: no name on them tells whether they are secret."""
    lines: set[int] = set()
    for node in root.walk():
        if node.kind is NodeKind.SCALAR and (node.style or " " in node.value):
            below = len(text[node.start : node.end].rstrip().splitlines()) - 1
            lines.update(range(node.line + 2, node.line + 2 + below))
    return frozenset(lines)
