"""Planning a change of a compose file: of a service's environment in place, or in an override file beside it.

Compares and proves; writes nothing. A secret goes in as it is, as a reference to the `.env` beside the file, or into a
file of its own (`--secret file`), which compose hands to the container and the app reads through its `_FILE` variable.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.change import PRIVATE, Change, Consent, ConsentRequired, Undecided, Values, secrets_in
from smtpwizard.targets.compose.edit import Lines, Texts, reached, set_environment, with_service
from smtpwizard.targets.compose.read import layers, source_of, takes
from smtpwizard.targets.compose.services import ComposeFile, Service, parse_compose, read_compose_file
from smtpwizard.targets.compose.tree import Node, NodeKind, doubled, parse_tree, variable_texts
from smtpwizard.targets.diff import masked_diff
from smtpwizard.targets.env.edit import refuse_unwritable
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.env.plan import exposure_findings, link_findings, plan_env_file
from smtpwizard.targets.files import (
    OVERRIDE_NAMES,
    decode_yaml,
    encode_yaml,
    override_of,
    override_target,
    read_bytes,
    resolve,
)
from smtpwizard.targets.git import git_state, image_findings
from smtpwizard.text import listed, safe

SecretMode = Literal["", "inline", "reference"]
"""Where a password goes: into the compose file; into the `.env` beside it, with a reference to it in the compose file;
or, with nothing said, to where the reference that stands there leads, else into the compose file."""


def plan_compose(
    file: ComposeFile,
    service: Service,
    changes: Values,
    *,
    secret: SecretMode = "",
    override: bool = False,
    also: Sequence[Service] = (),
    kin: Collection[str] = (),
) -> tuple[Change, ...]:
    """Plan `changes` for a service of `file`, or with `override` for the file beside it, and `file` stays as it is.

    `also`: further services that read the same variables, and get them in the same plan. `kin`: services of the same
    app that need none, and may share what is edited. To be applied in the order returned. A value that a `${…}` in
    place takes from the `.env` beside the file goes there, but for `secret="inline"`; with "reference" each secret goes
    there. Undecided where a person must choose; InputError for a value that cannot be; FileError.
    """
    folder = file.path.parent
    moved: dict[str, str | Secret | None] = {}
    steps: list[_Step] = []
    referred: dict[str, None] = {}
    for item in (service, *also):
        kept = _references(file, item, changes) if secret != "inline" else {}  # noqa: S105  # the name of a mode
        made = {
            name: f"${{{name}:?set {name} in .env}}"
            for name in secrets_in(changes)
            if secret == "reference" and name not in kept  # noqa: S105
        }
        moved |= {kept.get(name, name): value for name, value in changes.items() if name in kept or name in made}
        texts = {
            name: None if value is None else made.get(name) or _text(value)
            for name, value in changes.items()
            if name not in kept
        }
        steps.append(_Step(item, texts))
        referred |= dict.fromkeys(kept)
    named = [item.service.name for item in steps]
    beside = (_shared(plan_env_file(folder / ".env", moved), file, named, moved),) if moved else ()
    try:
        written = override and any(item.texts for item in steps)
        planned = (
            _plan_override(file, steps, changes, moved) if written else _plan_file(file, steps, changes, moved, kin)
        )
    except Undecided as error:
        raise _with_ways_out(error, file, service, override=override) from error
    if referred:
        goes = "goes" if len(referred) == 1 else "go"
        note = f"{listed(referred)} {goes} into .env, to which {file.path.name} refers."
        planned = replace(planned, notes=(*planned.notes, note))
    return (*beside, planned)


class _Step(NamedTuple):
    """What one service gets."""

    service: Service
    texts: Texts


def _references(file: ComposeFile, service: Service, changes: Values) -> dict[str, str]:
    """Return variable → the one of `.env` that it is filled from, where the new value can go there and nothing else."""
    override = override_of(file.path)
    found = layers([file, *([read_compose_file(override)] if override else [])], service.name)
    kept: dict[str, str] = {}
    for name, value in changes.items():
        if value is None or name not in found.environment:
            continue
        text = value.reveal() if isinstance(value, Secret) else value
        source = source_of(name, found.environment[name], text)
        others = {changes[other] for other, taken in kept.items() if taken == source}
        if source is not None and others <= {value}:
            kept[name] = source
    return kept


def _with_ways_out(error: Undecided, file: ComposeFile, service: Service, *, override: bool) -> Undecided:
    """Return `error` with what works instead."""
    named = [name for name in service.env_files if "$" not in name and not name.startswith("~")]
    ways = []
    if not override and file.path.name not in OVERRIDE_NAMES:
        target = override_target(file.path).name
        ways.append(
            f"--override, which writes the same into {target} beside it: compose merges that key by key (with -f it "
            "has to be named)"
        )
    if named:
        ways.append(f"--env-file {file.path.parent / named[-1]}, which the service reads through env_file")
    told = Undecided(f"{error} What works: {'; or '.join(ways)}." if ways else str(error), error.title)
    told.env_files = tuple(file.path.parent / name for name in named)
    return told


def _shared(change: Change, file: ComposeFile, ours: Collection[str], moved: Values) -> Change:
    """Return the change of the `.env`, with a question where other services take a value from it that changes."""
    present = read_env_file(change.path).variables
    changing = [
        name
        for name, value in moved.items()
        if name in present and present[name] != (value.reveal() if isinstance(value, Secret) else value)
    ]
    others = [item.name for item in file.services() if item.name not in ours]
    takers = {item: [name for name in changing if takes(file, item, name, change.path)] for item in others}
    names = [safe(item) for item, taken in takers.items() if taken]
    if not names:
        return change
    which = listed(sorted({name for taken in takers.values() for name in taken}))
    message = f"{listed(names)} {'takes' if len(names) == 1 else 'take'} {which} from {change.path.name} too"
    found = Problem.of("reference-shared", Severity.WARNING, changing[0], f"{message}, and would get the new value.")
    asked = ConsentRequired(
        Consent.SHARED,
        f"{message}, and would get the new value. Nothing was written. If that is meant, give --shared; if not, "
        "--secret inline keeps the value to this service.",
        "Others take it too",
        path=change.path,
        question=f"{message}, and would get the new value with this service.",
    )
    return replace(change, findings=(*change.findings, found), asks=asked)


def _plan_override(file: ComposeFile, steps: Sequence[_Step], changes: Values, moved: Values) -> Change:
    target = override_target(file.path)
    raw = read_bytes(resolve(target)[0])
    root = parse_compose(raw or b"", target.name)
    return _plan(target, raw, root, steps, changes, moved, create=True)


def _plan_file(
    file: ComposeFile, steps: Sequence[_Step], changes: Values, moved: Values, kin: Collection[str]
) -> Change:
    change = _plan(file.path, file.raw, file.root, steps, changes, moved, kin=kin)
    named = {item.service.name for item in steps}
    sharing = {name for item in steps for name in _sharing(file.root, item.service.name)} - named
    if not sharing or not change.changed:
        return change
    names = listed([safe(name) for name in sorted(sharing)])
    takes_it = "takes" if len(sharing) == 1 else "take"
    return replace(change, notes=(*change.notes, f"{names}, of the same image, {takes_it} the lines too."))


def _plan(
    path: Path,
    existing: bytes | None,
    root: Node | None,
    steps: Sequence[_Step],
    changes: Values,
    moved: Values,
    *,
    create: bool = False,
    kin: Collection[str] = (),
) -> Change:
    """Plan one file, with its bytes and tree as they were read. `create`: the service may be missing in it.

    `moved`: what goes into the `.env` beside it instead.
    """
    real, mode = resolve(path)
    before = after = decode_yaml(existing or b"")
    tree = root
    findings: list[Problem] = link_findings(path, real)
    secret = ""
    bits = PRIVATE if mode is None else mode
    own = [*(item.service.name for item in steps), *kin]
    # First what several of them take their environment from: the others may have it all then.
    order = (
        sorted(steps, key=lambda item: -len(_sharing(root, item.service.name))) if root and len(steps) > 1 else steps
    )
    for service, texts in order:
        base = with_service(after, tree, service.name) if create else after
        based = tree if tree is not None and base == after else parse_tree(base, path.name)
        if base == before or not _holds(based, service.name, texts):
            after = set_environment(base, based, service.name, texts, own)
        tree = _parse_again(after, path.name)
        if tree is None or wrong_variables(based, tree, service.name, texts):
            raise FileError(
                f"{path} cannot be changed safely: its layout is one that is not understood. Put the lines in by hand "
                "(write --print compose-map). Nothing was written.",
                "Layout not understood",
            )
        # A `$` of a value is doubled: what starts with `${` is a reference.
        inline = (key for key in reversed(secrets_in(changes)) if not (texts.get(key) or "${").startswith("${"))
        secret = secret or next(inline, "")
        findings += (
            *_env_file_findings(path.parent, service, texts),
            *_duplicate_findings(based, service.name, texts),
        )
    if tree is None or not all(_holds(tree, service.name, texts) for service, texts in steps):
        raise FileError(
            f"{path} cannot be changed safely: services of the app share their variables, and they are to differ. Put "
            "the lines in by hand (write --print compose-map). Nothing was written.",
            "Layout not understood",
        )
    diff = masked_diff(
        before,
        after,
        path.name,
        secrets=[value for value in changes.values() if isinstance(value, Secret) and len(value) > 3],
        ours=changes.keys(),
        covered_before=covered(before, root) if root else (),
        covered_after=covered(after, tree),
    )
    exposed = _secret_findings(path, real, secret, bits, exists=existing is not None) if secret else ()
    found = (*findings, *exposed, *_shell_findings(moved))
    return Change(path, real, existing, encode_yaml(after, existing or b""), diff, bits, findings=found)


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
        found = exposure_findings(path, state, mode, secret=secret, exists=exists)
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


def _duplicate_findings(root: Node, service: str, texts: Texts) -> list[Problem]:
    """Return the variables to be changed that a list names twice."""
    pair = _service_of(root, service)[1]
    names = [(item.text or "").split("=", 1)[0] for item in pair[1].resolved.items] if pair else []
    return [
        Problem.of(
            "duplicate-variable",
            Severity.INFO,
            name,
            f"{name} stands in the list twice; the last one counts, and only that one is written.",
        )
        for name, text in texts.items()
        if text is not None and names.count(name) > 1
    ]


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


def _holds(root: Node, service: str, texts: Texts) -> bool:
    """Say whether a service has all of `texts` already, from wherever in the file, and none that is to go."""
    found = environment_texts(root, service)
    return all(found.get(name) == text and (name in found) is (text is not None) for name, text in texts.items())


def _sharing(root: Node, service: str) -> set[str]:
    """Return the services that have the lines of a service's environment, itself among them."""
    _, environment = _service_of(root, service)
    return reached(root, environment[1].resolved) if environment else set()


def environment_texts(root: Node, service: str) -> dict[str, str | None]:
    """Return variable → the text under the `environment:` that the file gives the service; null as None."""
    _, environment = _service_of(root, service)
    return variable_texts(environment[1]) if environment else {}


def _meaning(root: Node, service: str) -> list[tuple[object, ...]]:
    """Return everything of the file but its layout and the content of the service's environment."""
    owner, environment = _service_of(root, service)
    skipped: set[int] = set()
    tokens: list[tuple[object, ...]] = [("", "", "")]
    if environment is not None:
        value = environment[1].resolved
        skipped = {id(node) for part in (*environment, value) for node in part.walk()}
        tokens = [(value.tag, value.anchor, environment[1].value if environment[1] is not value else "")]
    for node in root.walk():
        if id(node) in skipped:
            continue
        own_pairs = len(node.pairs) - (1 if environment is not None and node is owner else 0)
        tokens.append((node.kind, node.value, bool(node.style), node.anchor, node.tag, own_pairs, len(node.items)))
    return tokens


def _service_of(root: Node, service: str) -> tuple[Node | None, tuple[Node, Node] | None]:
    """Return the mapping that has the service's `environment:`, its own or one of `<<`, and the pair."""
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    pair = found[1].get(service) if found else None
    if pair is None:
        return None, None
    for mapping in (pair[1], *pair[1].merged()):
        if mapping.get("environment") is not None:
            return mapping, mapping.get("environment")
    return pair[1], None


def covered(text: str, root: Node) -> frozenset[int]:
    """Return the lines (from 1) inside scalars of several lines: no name on them tells whether they are secret."""
    lines: set[int] = set()
    for node in root.walk():
        if node.kind is NodeKind.SCALAR and (node.style or " " in node.value):
            below = len(text[node.start : node.end].rstrip().splitlines()) - 1
            lines.update(range(node.line + 2, node.line + 2 + below))
    return frozenset(lines)


def in_a_file(values: Values, password: str, variant: str, name: str) -> tuple[Values, Secret | None]:
    """Return what is written instead of the password, and the password; None where there is none to write."""
    found = values.get(password)
    if not isinstance(found, Secret) or not found:
        return values, None
    return {**{key: value for key, value in values.items() if key != password}, password: None,
            variant: f"/run/secrets/{name}"}, found  # fmt: skip


def with_secret_file(
    changes: Sequence[Change], secret: Secret, name: str, services: Sequence[str], ours: Values
) -> tuple[Change, ...]:
    """Return the changes with the secret's file before them, and its lines in the compose file, the last of them.

    There lines are added and none is changed: the secret under `secrets:` of each service, and of the file.

    Undecided where `secrets` stands there in a form that has no room for a line.
    """
    *rest, compose = changes
    path = compose.path.parent / f"{name}.secret"
    before = decode_yaml(compose.before or b"")
    text = decode_yaml(compose.after)
    for service in services:
        text = _with_secret(text, service, name, compose.path.name)
    text = _with_top(text, name, path.name, compose.path.name)
    _prove_secret(text, services, name, compose.path.name)
    diff = masked_diff(before, text, compose.path.name, ours=[*ours, "secrets", "file", name])
    edited = replace(compose, after=encode_yaml(text, compose.before or b""), masked=diff)
    return (_secret_file(path, secret), *rest, edited)


def _secret_file(path: Path, secret: Secret) -> Change:
    """Plan the secret's file: the password alone, without a line end, which some apps take for a part of it."""
    real, mode = resolve(path)
    existing = read_bytes(real)
    data = secret.reveal().encode("utf-8", "surrogateescape")
    shown = masked_diff("" if existing is None else "before", "before" if existing == data else MASK, path.name)
    bits = PRIVATE if mode is None else mode
    exposed = exposure_findings(path, git_state(real), bits, secret="password", exists=existing is not None)  # noqa: S106
    note = f"{path.name} is for its owner alone. A container whose program runs as another user cannot read it so."
    return Change(
        path, real, existing, data, shown, bits, findings=(*link_findings(path, real), *exposed), notes=(note,)
    )


def _with_room(root: Node, service: str) -> tuple[Node, Node]:
    found = root.get("services")
    pair = found[1].get(service) if found else None
    if pair is None or pair[1].kind is not NodeKind.MAPPING or pair[1].flow or not pair[1].pairs:
        raise Undecided(f"Service {service} has no place for a secret. Add it by hand, or take --secret reference.")
    return pair


def _with_secret(text: str, service: str, name: str, file: str) -> str:
    root = parse_tree(text, file)
    _, body = _with_room(root, service)
    lines, column = Lines(text), body.pairs[0][0].column
    pair = body.get("secrets")
    if pair is None:
        at = lines.after_pair(*body.pairs[-1])
        return _put(lines, at, [f"{' ' * column}secrets:", f"{' ' * column}  - {name}"])
    value = pair[1]
    if any(item.text == name for item in value.items):
        return text
    if value.kind is not NodeKind.SEQUENCE or value.flow or not value.items:
        raise Undecided(
            f"The secrets of service {service} stand in a form without room for a line. Add - {name} by hand."
        )
    return _put(lines, lines.after_value(value.items[-1]), [f"{' ' * value.column}- {name}"])


def _with_top(text: str, name: str, path: str, file: str) -> str:
    root, lines = parse_tree(text, file), Lines(text)
    entry = [f"{name}:", f"  file: ./{path}"]
    pair = root.get("secrets")
    if pair is None:
        return _put(lines, len(text), ["secrets:", *(f"  {line}" for line in entry)])
    value = pair[1]
    if value.kind is not NodeKind.MAPPING or value.flow or not value.pairs:
        raise Undecided(f"The secrets of {file} stand in a form without room for a line. Add {name} by hand.")
    if value.get(name) is not None:
        return text
    column = value.pairs[0][0].column
    return _put(lines, lines.after_value(value), [" " * column + line for line in entry])


def _put(lines: Lines, at: int, new: Sequence[str]) -> str:
    head, tail = lines.text[:at], lines.text[at:]
    if head and not head.endswith(("\n", "\r")):
        head += lines.eol
    return head + "".join(f"{line}{lines.eol}" for line in new) + tail


def _prove_secret(text: str, services: Sequence[str], name: str, file: str) -> None:
    """Raise FileError where the text does not say what it was to say."""
    root = parse_tree(text, file)
    top = root.get("secrets")
    right = top is not None and top[1].get(name) is not None
    for service in services:
        pair = _with_room(root, service)[1].get("secrets")
        right = right and pair is not None and any(item.text == name for item in pair[1].items)
    if not right:
        raise FileError(
            f"{file} cannot be given the secret safely: its layout is one that is not understood. Nothing was written.",
            "Layout not understood",
        )
