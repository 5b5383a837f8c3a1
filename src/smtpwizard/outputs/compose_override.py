"""The override file: made where there is none, or given the service that it lacks. Pure."""

from __future__ import annotations

from smtpwizard.errors import FileError
from smtpwizard.outputs.compose_text import Lines
from smtpwizard.outputs.compose_tree import Node, NodeKind
from smtpwizard.outputs.yaml_scalar import mapping_value

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
