"""Traps of Textual that are closed by how the source is written: markup, workers, threads, logs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import smtpwizard.tui.base  # WAS smtpwizard.tui

SOURCES = sorted(Path(smtpwizard.tui.base.__file__).parent.rglob("*.py"))


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _name(call: ast.Call) -> str:
    target = call.func
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_toast_and_every_static_has_markup_switched_off(path: Path) -> None:
    for call in _calls(ast.parse(path.read_text(encoding="utf-8"))):
        if _name(call) in ("notify", "Static", "Label", "OptionList", "SelectionList"):
            value = _keywords(call).get("markup")
            off = isinstance(value, ast.Constant) and value.value is False
            assert off, f"{path.name}:{call.lineno} {_name(call)} reads markup"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_worker_is_async_named_grouped_and_not_fatal(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            if not (isinstance(name, ast.Name) and name.id == "work"):
                continue
            assert isinstance(decorator, ast.Call), f"{path.name}:{node.lineno} a bare @work shows its arguments"
            given = _keywords(decorator)
            # Without a description Textual uses the repr of the arguments, and an error would end the app.
            assert {"group", "description", "exit_on_error"} <= given.keys(), f"{path.name}:{node.lineno}"
            assert isinstance(given["description"], ast.Constant)
            assert "thread" not in given, f"{path.name}:{node.lineno} quitting would wait for the thread"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_blocks_quitting_or_logs_an_event(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for word in ("to_thread(", "run_in_executor(", "self.log(", "self.app.log(", "Select.BLANK"):
        assert word not in source, f"{path.name} uses {word}"
