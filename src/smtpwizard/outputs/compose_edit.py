"""Setting variables of one service in the text of a compose file: one added variable is one changed line.

Works on the node's places in the text, so that comments, quotes, anchors, indentation and line ends of everything else
stay byte for byte. Pure; the result is proved by `compose_verify`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from smtpwizard.outputs.compose_nodes import merged_maps, scalar_text
from smtpwizard.outputs.compose_place import Place, find_place
from smtpwizard.outputs.compose_services import Undecided
from smtpwizard.outputs.compose_text import Lines
from smtpwizard.outputs.compose_tree import Node, NodeKind
from smtpwizard.outputs.yaml_scalar import doubled, list_item, mapping_value, quoted

_SAME_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(slots=True)
class _Work:
    """One editing run."""

    lines: Lines
    place: Place
    references: Collection[str]
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        self.edits.append((start, end, text))


def set_environment(
    text: str, root: Node, service: str, changes: Mapping[str, str | None], references: Collection[str] = ()
) -> str:
    """Return `text` with `changes` under the environment of `service`; None takes a variable out.

    `references`: variables whose value is a `${…}` of compose's own. Undecided where a person must choose.
    """
    work = _Work(Lines(text), find_place(root, text, service), references)
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
    body = [" " * (column + step) + f"{name}: {_mapped(work, name, value)}" for name, value in wanted.items()]
    if place.environment is None:
        at = lines.after_pair(*place.service.pairs[-1])
        work.edits.append(lines.insertion(at, [" " * column + "environment:", *body]))
        return
    key, value = place.environment
    if value.end > value.start:  # ~ or null, written out
        work.replace(lines.before_blanks(value.start), value.end, "")
    work.edits.append(lines.insertion(lines.line_end(key.end), body))


def _edit_mapping(work: _Work, node: Node, changes: Mapping[str, str | None]) -> None:
    have = {key.value: (key, value) for key, value in node.pairs}
    new: list[str] = []
    inherited = {key.value for mapping in merged_maps(node, work.place.anchors) for key, _ in mapping.pairs}
    for name, value in changes.items():
        if name not in have:
            if value is None and name in inherited:
                raise Undecided(f"{name} comes through <<, from a place that others share.", "A choice is yours")
            if value is not None:
                new.append(f"{name}: {_mapped(work, name, value, flow=node.flow)}")
            continue
        key, old = have[name]
        if value is None:
            _take_out(work, node, key, old)
        elif not _reads_as(old, value, work.references, name):
            _refuse_shared(name, old, work)
            text = _mapped(work, name, value, flow=node.flow)
            if old.end > old.start:
                work.replace(old.start, work.lines.content_end(old), text)
            else:
                work.replace(old.start, old.start, f" {text}")
    if new:
        _append(work, node, new)


def _edit_list(work: _Work, node: Node, changes: Mapping[str, str | None]) -> None:
    have: dict[str, Node] = {}
    for item in node.items:
        text = scalar_text(item, work.place.anchors)
        if text is not None:
            have[text.split("=", 1)[0]] = item
    new: list[str] = []
    for name, value in changes.items():
        item_text = "" if value is None else _listed(work, name, value, flow=node.flow)
        if name not in have:
            if value is not None:
                new.append(item_text)
            continue
        old = have[name]
        if value is None:
            _take_out(work, node, None, old)
        elif old.kind is NodeKind.ALIAS or old.value != _item_value(work, name, value):
            _refuse_shared(name, old, work)
            work.replace(old.start, work.lines.content_end(old), item_text)
    if new:
        _append(work, node, new)


def _append(work: _Work, node: Node, new: list[str]) -> None:
    lines = work.lines
    if node.flow:
        work.edits.append(lines.flow_insertion(node, new))
        return
    if node.kind is NodeKind.MAPPING:
        ours = [pair for pair in node.pairs if pair[0].value.startswith("SMTP_")]
        at = lines.after_pair(*(ours or node.pairs)[-1])
        indent = " " * node.pairs[0][0].column
        work.edits.append(lines.insertion(at, [indent + text for text in new]))
        return
    ours_items = [item for item in node.items if item.value.startswith("SMTP_")]
    prefix = lines.dash_prefix(node.items[0])
    at = lines.after_value((ours_items or node.items)[-1])
    work.edits.append(lines.insertion(at, [prefix + text for text in new]))


def _take_out(work: _Work, node: Node, key: Node | None, value: Node) -> None:
    if node.flow:
        raise Undecided(
            f"{(key or value).value.split('=', 1)[0]} stands in a list on one line; take it out by hand.",
            "A choice is yours",
        )
    start = work.lines.line_start((key or value).start)
    end = work.lines.after_pair(key, value) if key else work.lines.after_value(value)
    work.replace(start, end, "")


def _refuse_shared(name: str, old: Node, work: _Work) -> None:
    if old.kind is NodeKind.ALIAS:
        raise Undecided(
            f"{name} takes its value from *{old.value}, which others share. Edit it by hand.", "A choice is yours"
        )
    if old.anchor:
        raise Undecided(
            f"{name} carries the anchor &{old.anchor}, which others use. Edit it by hand.", "A choice is yours"
        )


def _mapped(work: _Work, name: str, value: str, *, flow: bool = False) -> str:
    reference = name in work.references
    if flow:
        return quoted(value if reference else doubled(value))
    return mapping_value(value, reference=reference)


def _listed(work: _Work, name: str, value: str, *, flow: bool) -> str:
    return quoted(_item_value(work, name, value)) if flow else list_item(name, value, reference=name in work.references)


def _item_value(work: _Work, name: str, value: str) -> str:
    return f"{name}={value if name in work.references else doubled(value)}"


def _reads_as(old: Node, value: str, references: Collection[str], name: str) -> bool:
    """Say whether `old` already gives exactly `value`, in compose v1, v2 and podman-compose alike."""
    if old.kind is not NodeKind.SCALAR or old.value != (value if name in references else doubled(value)):
        return False
    if old.style or _SAME_NUMBER.fullmatch(old.value):
        return True
    return mapping_value(value, reference=name in references) == old.value
