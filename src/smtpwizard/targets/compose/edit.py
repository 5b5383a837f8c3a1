"""Setting variables of one service in the text of a compose file: one added variable is one changed line.

Works on the node's places in the text, so that comments, quotes, anchors, indentation and line ends of everything else
stay byte for byte. Pure; `compose.plan` proves the result.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.change import Undecided
from smtpwizard.targets.compose.services import extending
from smtpwizard.targets.compose.tree import RESET, Node, NodeKind, list_item, mapping_value, quoted
from smtpwizard.targets.diff import is_mail_setting

Texts = Mapping[str, str | None]
"""Variable → the text that YAML is to read, `$` doubled but for a reference of compose's own; None takes it out."""


class Place(NamedTuple):
    """The service and the `environment` that is its alone or its app's, wherever in the file it stands."""

    service_key: Node
    service: Node
    environment: tuple[Node, Node] | None
    """Its key and its value; an alias resolved."""


def find_place(root: Node, service: str, own: Collection[str] = ()) -> Place:
    """Return where to edit. Undecided where the edit would reach further than this service.

    `own`: the services that get the same variables. It may reach them.
    """
    ours = {service, *own}
    found = root.get("services")
    pair = found[1].get(service) if found else None
    if found is None or pair is None:
        raise Undecided(f"There is no service {service} in this file.", "Unknown service")
    key, node = pair
    if node.kind is not NodeKind.MAPPING:
        what = "an alias of another one" if node.kind is NodeKind.ALIAS else "empty"
        raise _undecided(service, f"is {what}, so it has no place of its own for variables")
    dependents = [name for name in extending(root, service) if name not in ours]
    if dependents:
        raise _undecided(service, f"is extended by {', '.join(dependents[:3])}, which would get the variables too")
    if node.anchor and not reached(root, node) <= ours:
        raise _undecided(service, f"carries the anchor &{node.anchor}, so other parts of the file would change too")
    environment = node.effective("environment")
    value = environment[1].resolved if environment else None
    if RESET in (found[1].tag, node.tag, value.tag if value else ""):
        raise _undecided(service, "is tagged !reset, so compose drops what stands there; write !override instead")
    if environment is None or value is None:
        if node.get("extends"):
            raise _undecided(
                service, "extends another one and has no environment of its own: the variables could go to either"
            )
        return Place(key, node, None)
    if not reached(root, value) <= ours:
        if node.get("environment") is None:
            reason = "gets its environment through <<, and one of its own would replace all of that, not add to it"
        elif value is environment[1]:
            reason = f"shares its environment through &{value.anchor}: others would change too"
        else:
            reason = f"takes its environment from *{environment[1].value}, which others share"
        raise _undecided(service, reason)
    return Place(key, node, (environment[0], value))


def reached(root: Node, node: Node) -> set[str]:
    """Return the services in which `node` counts, through every alias that leads to it; '' for any other place.

    What stands under an `x-…` key counts only where an alias takes it.
    """
    todo, seen, found = [node], {id(node)}, set()
    while todo:
        place = todo.pop()
        path = _path(root, place)
        keys = [key for key, _ in path]
        if keys[:1] == ["services"] and len(keys) > 1:
            found.add(keys[1])
        elif not (keys and keys[0].startswith("x-")):
            found.add("")
        inside = {id(item) for _, item in path if item.anchor}
        for alias in root.walk() if inside else ():
            if id(alias.target) in inside and id(alias) not in seen:
                seen.add(id(alias))
                todo.append(alias)
    return found


def _path(root: Node, node: Node) -> list[tuple[str, Node]]:
    """Return keys and values from the top down to `node`; none where it does not stand there."""
    stack: list[list[tuple[str, Node]]] = [[("", root)]]
    while stack:
        path = stack.pop()
        here = path[-1][1]
        if here is node:
            return path[1:]
        children = [(key.value, value) for key, value in here.pairs] or [("", item) for item in here.items]
        stack += [[*path, child] for child in children if child[1].start <= node.start <= child[1].end]
    return []


def _undecided(service: str, reason: str) -> Undecided:
    return Undecided(f"Service {service} {reason}.")


_BREAK: Final = re.compile(r"\r\n|\n|\r")


def _only(text: str) -> str:
    """Return the line end of a text without `\\n`: the `\\r` of old Macs, if it has one, which YAML reads too."""
    return "\r" if "\r" in text else "\n"


class Lines:
    """A text, indexed by line. Offsets count characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.eol = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n" if "\n" in text else _only(text)

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
        before = body.rstrip()
        at = opening + 1 + len(before)
        last = node.items[-1] if node.items else node.pairs[-1][0] if node.pairs else None
        indent = self.text[self.line_start(last.start) : last.start] if last else "x"
        between = self.eol + indent if not indent.strip() else " "  # an entry on a line of its own has such neighbours
        separator = "" if not before else between if before.endswith(",") else f",{between}"
        return at, at, separator + f",{between}".join(new)

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


def set_environment(text: str, root: Node, service: str, changes: Texts, own: Collection[str] = ()) -> str:
    """Return `text` with `changes` under the environment of `service`, which may also be that of those in `own`.

    Undecided where a person must choose.
    """
    work = _Work(Lines(text), find_place(root, service, own))
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
    if place.service.flow:
        _add_flow(work, wanted)
        return
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


def _add_flow(work: _Work, wanted: Mapping[str, str]) -> None:
    """Write a mapping in braces as the `environment` of a service in braces."""
    service = work.place.service
    name = _flow_key("environment", service)
    body = ", ".join(f"{_flow_key(key, service)}: {quoted(value)}" for key, value in wanted.items())
    if work.place.environment is None:
        work.edits.append(work.lines.flow_insertion(service, [f"{name}: {{{body}}}"]))
    else:
        value = work.place.environment[1]
        work.replace(value.start, value.end, f"{{{body}}}" if value.end > value.start else f" {{{body}}}")


def _flow_key(name: str, node: Node) -> str:
    """Return a key for a mapping in braces: in quotes where the others are, as in JSON."""
    return quoted(name) if any(key.style == '"' for key, _ in node.pairs) else name


def _edit_mapping(work: _Work, node: Node, changes: Texts) -> None:
    have = {key.value: (key, value) for key, value in node.pairs}
    written = quoted if node.flow else mapping_value
    new: list[str] = []
    gone: list[Node] = []
    inherited = {key.value for mapping in node.merged() for key, _ in mapping.pairs}
    for name, value in changes.items():
        if name not in have:
            if value is None and name in inherited:
                raise Undecided(f"{name} comes through <<, from a place that others share.")
            if value is not None:
                siblings = node if node.pairs else work.place.service
                new.append(f"{_flow_key(name, siblings) if node.flow else name}: {written(value)}")
            continue
        key, old = have[name]
        if value is None:
            gone.append(key)
        elif not _reads_as(old, value):
            _refuse_shared(name, old)
            if old.end > old.start:
                work.replace(old.start, work.lines.content_end(old), written(value))
            else:
                work.replace(old.start, old.start, f" {written(value)}")
    _finish(work, node, gone, new)


def _edit_list(work: _Work, node: Node, changes: Texts) -> None:
    have: dict[str, list[Node]] = {}
    for item in node.items:
        text = item.text
        if text is not None:
            have.setdefault(text.split("=", 1)[0], []).append(item)
    written = quoted if node.flow else list_item
    new: list[str] = []
    gone: list[Node] = []
    for name, value in changes.items():
        if name not in have:
            if value is not None:
                new.append(written(f"{name}={value}"))
            continue
        old = have[name][-1]  # the one that counts where the name stands there twice
        if value is None:
            gone += have[name]
        elif old.kind is NodeKind.ALIAS or old.value != f"{name}={value}":
            _refuse_shared(name, old)
            work.replace(old.start, work.lines.content_end(old), written(f"{name}={value}"))
    _finish(work, node, gone, new)


def _finish(work: _Work, node: Node, gone: Sequence[Node], new: list[str]) -> None:
    """Take entries out, given by key or item, and put the `new` ones behind the rest."""
    lines = work.lines
    entries = list(node.pairs) or [(item, item) for item in node.items]
    taken = {id(entry) for entry in gone}
    kept = [entry for entry in entries if id(entry[0]) not in taken]
    if gone and node.flow:
        _take_out_flow(work, entries, taken, new if not kept else [])
        new = new if kept else []
    for key, value in () if node.flow else [entry for entry in entries if id(entry[0]) in taken]:
        end = lines.after_pair(key, value) if node.pairs else lines.after_value(value)
        work.replace(lines.line_start(key.start), end, "")
    if gone and not node.flow and not kept and not new and work.place.environment:
        # Compose refuses an empty `environment:`.
        colon = lines.text.index(":", work.place.environment[0].end) + 1
        work.replace(colon, colon, " {}")
    if new:
        _append(work, node, new)


def _take_out_flow(work: _Work, entries: Sequence[tuple[Node, Node]], taken: set[int], instead: Sequence[str]) -> None:
    """Take entries out of braces or brackets, each with one comma; `instead`: what comes there when none stays."""
    ends = [max(key.end, value.end) for key, value in entries]
    spans: list[tuple[int, int]] = []
    stays = [number for number, (key, _) in enumerate(entries) if id(key) not in taken]
    if not stays:
        spans = [(entries[0][0].start, ends[-1])]
    for number, (key, _) in enumerate(entries) if stays else ():
        if id(key) in taken:
            tail = number > stays[-1]  # nothing stays behind it: the comma before it goes
            spans.append((ends[number - 1], ends[number]) if tail else (key.start, entries[number + 1][0].start))
    for start, end in spans:
        if re.search(r"\s#", work.lines.text[start:end]):
            raise Undecided("A variable to be taken out stands in a list on one line with comments; do it by hand.")
        work.replace(start, end, ", ".join(instead))


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


def _refuse_shared(name: str, old: Node) -> None:
    if old.kind is NodeKind.ALIAS:
        raise Undecided(f"{name} takes its value from *{old.value}, which others share. Edit it by hand.")
    if old.anchor:
        raise Undecided(f"{name} carries the anchor &{old.anchor}, which others use. Edit it by hand.")


def _reads_as(old: Node, text: str) -> bool:
    """Say whether `old` already gives exactly `text`, in compose v1, v2 and podman-compose alike."""
    if old.kind is not NodeKind.SCALAR or old.value != text or old.tag:
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
