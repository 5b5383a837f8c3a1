"""docs/findings.md as the ids that it describes, and the ids that the source can give to a problem."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Final

from smtpwizard.diagnosis.catalogue import Catalogue

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "findings.md"
_MAKERS: Final = ("Problem.of", "note", "proposal", "_cleaned")
_ID: Final = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"


@functools.cache
def described() -> tuple[str, ...]:
    """Return the ids on the page, `<…>` and all."""
    cells = re.findall(r"(?m)^\| ((?:`[^`]+`(?:, )?)+) \|", PAGE.read_text("utf-8"))
    return tuple(id_ for cell in cells for id_ in re.findall(r"`([^`]+)`", cell) if id_ != "id")


@functools.cache
def is_described(id_: str) -> bool:
    """Say whether the page, or the catalogue of failures, has an id."""
    shapes = (re.sub(r"<\w+>", "[a-z0-9-]+", shape) for shape in described())
    return any(re.fullmatch(shape, id_) for shape in shapes) or id_ in _failures()


@functools.cache
def _failures() -> frozenset[str]:
    return frozenset(rule.id for rule in Catalogue.open().rules)


@functools.cache
def made() -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids that stand where a problem is made, `*` for what is filled in, and all texts that could be one."""
    ids, texts = {f"{answer.id.partition('-')[0]}-*" for answer in Catalogue.open().general}, set()
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(_ID, node.value):
                texts.add(node.value)
            if not isinstance(node, ast.Call):
                continue
            maker = ast.unparse(node.func)
            given = [*node.args[:1], *(item.value for item in node.keywords if item.arg == "id")]
            if maker == "_cleaned":
                given = node.args[2:3]
            given = [
                part
                for item in given
                for part in ((item.body, item.orelse) if isinstance(item, ast.IfExp) else (item,))
            ]
            if maker in (*_MAKERS, "Problem") or maker.endswith(".finding"):
                ids |= {shape for item in given if (shape := _shape(item))}
    return frozenset(ids), frozenset(texts)


def _shape(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return ""
