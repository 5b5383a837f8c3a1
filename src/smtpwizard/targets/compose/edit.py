"""Setting variables of one service in the text of a compose file: one added variable is one changed line.

Works on the node's places in the text, so that comments, quotes, anchors, indentation and line ends of everything else
stay byte for byte. Pure; `compose.plan` proves the result.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from smtpwizard.errors import FileError
from smtpwizard.targets.change import Undecided, is_mail_setting
from smtpwizard.targets.compose.services import extending
from smtpwizard.targets.compose.tree import Node, NodeKind, list_item, mapping_value, quoted

_WAYS_OUT = (
    "What works: a compose.override.yaml beside it, which compose merges key by key (not read when -f is given); or "
    "the .env file that the service reads through env_file."
)


Texts = Mapping[str, str | None]
"""Variable → the text that YAML is to read, `$` doubled but for a reference of compose's own; None takes it out."""


class Place(NamedTuple):
    """The service and its `environment`, if it has one of its own."""

    service_key: Node
    service: Node
    environment: tuple[Node, Node] | None


def find_place(root: Node, service: str) -> Place:
    """Return where to edit. Undecided, with the ways out, where the edit would reach further than this service."""
    found = root.get("services")
    pair = found[1].get(service) if found else None
    if pair is None:
        raise Undecided(f"There is no service {service} in this file.", "Unknown service")
    key, node = pair
    if node.kind is not NodeKind.MAPPING:
        what = "an alias of another one" if node.kind is NodeKind.ALIAS else "empty"
        raise _undecided(service, f"is {what}, so it has no place of its own for variables")
    if node.flow:
        raise _undecided(service, "is written on one line in braces; write it in lines first, by hand")
    dependents = extending(root, service)
    if dependents:
        raise _undecided(service, f"is extended by {', '.join(dependents[:3])}, which would get the variables too")
    if node.anchor and _used(root, node.anchor):
        raise _undecided(service, f"carries the anchor &{node.anchor}, so other parts of the file would change too")
    environment = node.get("environment")
    if environment is None:
        _refuse_inherited(service, node)
    elif environment[1].kind is NodeKind.ALIAS:
        raise _undecided(service, f"takes its environment from *{environment[1].value}, which others may share")
    elif environment[1].anchor and _used(root, environment[1].anchor):
        raise _undecided(service, f"shares its environment through &{environment[1].anchor}: others would change too")
    elif environment[1].kind is NodeKind.SCALAR and not environment[1].is_null:
        raise _undecided(service, "has an environment that is neither a list nor a mapping")
    return Place(key, node, environment)


def _refuse_inherited(service: str, node: Node) -> None:
    if any(item.get("environment") for item in node.merged()):
        raise _undecided(
            service, "gets its environment through <<, and one of its own would replace all of that, not add to it"
        )
    if node.get("extends"):
        raise _undecided(
            service, "extends another one and has no environment of its own: the variables could go to either"
        )


def _used(root: Node, anchor: str) -> bool:
    return any(node.kind is NodeKind.ALIAS and node.value == anchor for node in root.walk())


def _undecided(service: str, reason: str) -> Undecided:
    return Undecided(f"Service {service} {reason}. {_WAYS_OUT}")


_BREAK: Final = re.compile(r"\r\n|\n|\r")


class Lines:
    """A text, indexed by line. Offsets count characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.eol = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"

    def line_start(self, offset: int) -> int:
        """Return where the line of `offset` begins."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return where the line after the one of `offset` begins."""
        index = bisect_right(self.starts, offset)
        return self.starts[index] if index < len(self.starts) else len(self.text)

    def before_blanks(self, offset: int) -> int:
        """Return the offset after which only blanks stand before `offset`."""
        while offset > 0 and self.text[offset - 1] in " \t":
            offset -= 1
        return offset

    def content_end(self, node: Node) -> int:
        """Return the end of a scalar, without the line ends that belong to a block scalar."""
        end = node.end
        if node.style in ("|", ">"):
            end = self._block_scalar_end(node)
        while end > node.start and self.text[end - 1] in " \t\r\n":
            end -= 1
        return end

    def after_pair(self, key: Node, value: Node) -> int:
        """Return the start of the line below a pair. A comment line that follows stays below what is inserted there."""
        if value.kind is NodeKind.SCALAR and value.start == value.end:
            return self.line_end(max(value.start - 1, key.end - 1))
        return self.after_value(value)

    def after_value(self, value: Node) -> int:
        """Return the start of the line below a value."""
        if value.kind is NodeKind.MAPPING and not value.flow and value.pairs:
            return self.after_pair(*value.pairs[-1])
        if value.kind is NodeKind.SEQUENCE and not value.flow and value.items:
            return self.after_value(value.items[-1])
        if value.style in ("|", ">"):
            return self._block_scalar_end(value)
        return self.line_end(max(value.end - 1, value.start))

    def insertion(self, at: int, lines: list[str]) -> tuple[int, int, str]:
        """Return the edit that puts whole lines at `at`; a file without a final line end stays without one."""
        block = "".join(line + self.eol for line in lines)
        if at == len(self.text) and self.text and not self.text.endswith(("\n", "\r")):
            block = self.eol + block[: -len(self.eol)]
        return at, at, block

    def flow_insertion(self, node: Node, new: list[str]) -> tuple[int, int, str]:
        """Return the edit that adds entries before the closing bracket. Undecided where comments stand inside."""
        close = node.end - 1
        opening = self.text.index("[" if node.kind is NodeKind.SEQUENCE else "{", node.start)
        body = self.text[opening + 1 : close]
        if re.search(r"(?:^|[ \t])#", body, re.MULTILINE):
            raise Undecided(
                "The environment is a list in brackets with comments inside. Put the lines in by hand (write --print)."
            )
        at = opening + 1 + len(body.rstrip())
        before = body.rstrip()
        separator = "" if not before else " " if before.endswith(",") else ", "
        return at, at, separator + ", ".join(new)

    def dash_prefix(self, item: Node) -> str:
        """Return indentation and dash of a list item, for its new neighbours. Undecided where it is not on one line."""
        start = self.line_start(item.start)
        found = re.fullmatch(r"([ ]*)-([ \t]+)(?:[&!]\S+[ \t]+)*", self.text[start : item.start])
        if not found:
            raise Undecided("The environment is a list in an unusual layout. Put the lines in by hand.")
        return f"{found[1]}-{found[2]}"

    def _block_scalar_end(self, node: Node) -> int:
        """Return the start of the line below a `|` or `>` text: its lines are indented deeper than its parent."""
        index = bisect_right(self.starts, node.start)
        parent = self.text[self.starts[index - 1] :]
        indent = len(parent) - len(parent.lstrip(" "))
        end = self.line_end(node.start)
        while index < len(self.starts) and self.starts[index] < len(self.text):
            line = self.text[self.starts[index] : self.line_end(self.starts[index])]
            if line.strip():
                if len(line) - len(line.lstrip(" ")) <= indent:
                    break
                end = self.line_end(self.starts[index])
            index += 1
        return end


_SAME_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(slots=True)
class _Work:
    """One editing run."""

    lines: Lines
    place: Place
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        self.edits.append((start, end, text))


def set_environment(text: str, root: Node, service: str, changes: Texts) -> str:
    """Return `text` with `changes` under the environment of `service`. Undecided where a person must choose."""
    work = _Work(Lines(text), find_place(root, service))
    environment = work.place.environment
    if environment is None or environment[1].is_null:
        wanted = {name: value for name, value in changes.items() if value is not None}
        if wanted:
            _add_block(work, wanted)
    elif environment[1].kind is NodeKind.MAPPING:
        _edit_mapping(work, environment[1], changes)
    else:
        _edit_list(work, environment[1], changes)
    result = text
    for start, end, new in sorted(work.edits, key=lambda edit: edit[:2], reverse=True):
        result = result[:start] + new + result[end:]
    return result


def _add_block(work: _Work, wanted: Mapping[str, str]) -> None:
    """Write a mapping below `environment:`, which is made where it is missing."""
    place, lines = work.place, work.lines
    column = place.service.pairs[0][0].column if place.service.pairs else place.service_key.column + 2
    step = max(column - place.service_key.column, 1)
    body = [" " * (column + step) + f"{name}: {mapping_value(value)}" for name, value in wanted.items()]
    if place.environment is None:
        at = lines.after_pair(*place.service.pairs[-1])
        work.edits.append(lines.insertion(at, [" " * column + "environment:", *body]))
        return
    key, value = place.environment
    if value.end > value.start:  # ~ or null, written out
        work.replace(lines.before_blanks(value.start), value.end, "")
    work.edits.append(lines.insertion(lines.line_end(key.end), body))


def _edit_mapping(work: _Work, node: Node, changes: Texts) -> None:
    have = {key.value: (key, value) for key, value in node.pairs}
    written = quoted if node.flow else mapping_value
    new: list[str] = []
    inherited = {key.value for mapping in node.merged() for key, _ in mapping.pairs}
    for name, value in changes.items():
        if name not in have:
            if value is None and name in inherited:
                raise Undecided(f"{name} comes through <<, from a place that others share.")
            if value is not None:
                new.append(f"{name}: {written(value)}")
            continue
        key, old = have[name]
        if value is None:
            _take_out(work, node, key, old)
        elif not _reads_as(old, value):
            _refuse_shared(name, old)
            if old.end > old.start:
                work.replace(old.start, work.lines.content_end(old), written(value))
            else:
                work.replace(old.start, old.start, f" {written(value)}")
    if new:
        _append(work, node, new)


def _edit_list(work: _Work, node: Node, changes: Texts) -> None:
    have: dict[str, Node] = {}
    for item in node.items:
        text = item.text
        if text is not None:
            have[text.split("=", 1)[0]] = item
    written = quoted if node.flow else list_item
    new: list[str] = []
    for name, value in changes.items():
        if name not in have:
            if value is not None:
                new.append(written(f"{name}={value}"))
            continue
        old = have[name]
        if value is None:
            _take_out(work, node, None, old)
        elif old.kind is NodeKind.ALIAS or old.value != f"{name}={value}":
            _refuse_shared(name, old)
            work.replace(old.start, work.lines.content_end(old), written(f"{name}={value}"))
    if new:
        _append(work, node, new)


def _append(work: _Work, node: Node, new: list[str]) -> None:
    lines = work.lines
    if node.flow:
        work.edits.append(lines.flow_insertion(node, new))
        return
    if node.kind is NodeKind.MAPPING:
        ours = [pair for pair in node.pairs if is_mail_setting(pair[0].value)]
        at = lines.after_pair(*(ours or node.pairs)[-1])
        indent = " " * node.pairs[0][0].column
        work.edits.append(lines.insertion(at, [indent + text for text in new]))
        return
    ours_items = [item for item in node.items if is_mail_setting(item.value)]
    prefix = lines.dash_prefix(node.items[0])
    at = lines.after_value((ours_items or node.items)[-1])
    work.edits.append(lines.insertion(at, [prefix + text for text in new]))


def _take_out(work: _Work, node: Node, key: Node | None, value: Node) -> None:
    if node.flow:
        raise Undecided(f"{(key or value).value.split('=', 1)[0]} stands in a list on one line; take it out by hand.")
    start = work.lines.line_start((key or value).start)
    end = work.lines.after_pair(key, value) if key else work.lines.after_value(value)
    work.replace(start, end, "")


def _refuse_shared(name: str, old: Node) -> None:
    if old.kind is NodeKind.ALIAS:
        raise Undecided(f"{name} takes its value from *{old.value}, which others share. Edit it by hand.")
    if old.anchor:
        raise Undecided(f"{name} carries the anchor &{old.anchor}, which others use. Edit it by hand.")


def _reads_as(old: Node, text: str) -> bool:
    """Say whether `old` already gives exactly `text`, in compose v1, v2 and podman-compose alike."""
    if old.kind is not NodeKind.SCALAR or old.value != text:
        return False
    return bool(old.style or _SAME_NUMBER.fullmatch(text)) or mapping_value(text) == text


_HEADING = "# Read by docker compose after the file beside it; merged key by key."


def with_service(text: str, root: Node | None, service: str) -> str:
    """Return `text` with `services:` and an empty `service` in it, where they are missing.

    FileError where `services` is there but not a mapping in lines.
    """
    name = mapping_value(service)
    if root is None:
        head = text if not text or text.endswith(("\n", "\r")) else text + "\n"
        return f"{head or _HEADING + chr(10)}services:\n  {name}:\n    environment:\n"
    found = root.get("services") if root.kind is NodeKind.MAPPING else None
    lines = Lines(text)
    if found is None:
        if root.kind is not NodeKind.MAPPING or root.flow or not root.pairs:
            raise _layout()
        at, _, block = lines.insertion(
            lines.after_pair(*root.pairs[-1]), ["services:", f"  {name}:", "    environment:"]
        )
        return text[:at] + block + text[at:]
    if found[1].get(service):
        return text
    if found[1].kind is not NodeKind.MAPPING or found[1].flow or not found[1].pairs:
        raise _layout()
    column = found[1].pairs[0][0].column
    at, _, block = lines.insertion(
        lines.after_pair(*found[1].pairs[-1]),
        [f"{' ' * column}{name}:", f"{' ' * (column + 2)}environment:"],
    )
    return text[:at] + block + text[at:]


def _layout() -> FileError:
    return FileError(
        "The override file has a layout that is not understood. Put the lines in by hand.", "Layout not understood"
    )
