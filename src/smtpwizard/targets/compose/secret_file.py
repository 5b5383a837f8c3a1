"""`--secret file`: the password in a file of its own, which compose hands to the container as a secret.

The app reads it through its `_FILE` variable. In the compose file lines are added and none is changed: the secret under
`secrets:` of each service, and of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.change import PRIVATE, Change, Undecided, Values
from smtpwizard.targets.compose.edit import Lines
from smtpwizard.targets.compose.tree import Node, NodeKind, parse_tree
from smtpwizard.targets.diff import masked_diff
from smtpwizard.targets.env.plan import exposure_findings, link_findings
from smtpwizard.targets.files import decode_yaml, encode_yaml, read_bytes, resolve
from smtpwizard.targets.git import git_state


def container_path(name: str) -> str:
    """Return where compose puts a secret."""
    return f"/run/secrets/{name}"


def in_a_file(values: Values, password: str, variant: str, name: str) -> tuple[Values, Secret | None]:
    """Return what is written instead of the password, and the password; None where there is none to write."""
    found = values.get(password)
    if not isinstance(found, Secret) or not found:
        return values, None
    return {**{key: value for key, value in values.items() if key != password}, password: None,
            variant: container_path(name)}, found  # fmt: skip


def with_secret_file(
    changes: Sequence[Change], secret: Secret, name: str, services: Sequence[str], ours: Values
) -> tuple[Change, ...]:
    """Return the changes with the secret's file before them, and its lines in the compose file, the last of them.

    Undecided where `secrets` stands there in a form that has no room for a line.
    """
    *rest, compose = changes
    path = compose.path.parent / f"{name}.secret"
    before = decode_yaml(compose.before or b"")
    text = decode_yaml(compose.after)
    for service in services:
        text = _with_line(text, service, name, compose.path.name)
    text = _with_top(text, name, path.name, compose.path.name)
    _prove(text, services, name, compose.path.name)
    diff = masked_diff(before, text, compose.path.name, ours=[*ours, "secrets", "file", name])
    edited = replace(compose, after=encode_yaml(text, compose.before or b""), masked=diff)
    return (_file(path, secret), *rest, edited)


def _file(path: Path, secret: Secret) -> Change:
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


def _service(root: Node, service: str) -> tuple[Node, Node]:
    found = root.get("services")
    pair = found[1].get(service) if found else None
    if pair is None or pair[1].kind is not NodeKind.MAPPING or pair[1].flow or not pair[1].pairs:
        raise Undecided(f"Service {service} has no place for a secret. Add it by hand, or take --secret reference.")
    return pair


def _with_line(text: str, service: str, name: str, file: str) -> str:
    root = parse_tree(text, file)
    _, body = _service(root, service)
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


def _prove(text: str, services: Sequence[str], name: str, file: str) -> None:
    """Raise FileError where the text does not say what it was to say."""
    root = parse_tree(text, file)
    top = root.get("secrets")
    right = top is not None and top[1].get(name) is not None
    for service in services:
        pair = _service(root, service)[1].get("secrets")
        right = right and pair is not None and any(item.text == name for item in pair[1].items)
    if not right:
        raise FileError(
            f"{file} cannot be given the secret safely: its layout is one that is not understood. Nothing was written.",
            "Layout not understood",
        )
