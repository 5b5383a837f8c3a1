"""What development and CI install is locked: one version of everything, with the hashes of its files, from anywhere."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = ("3.11", "3.12", "3.13")
GROUPS = PROJECT["dependency-groups"]
BUILD = [Requirement(text) for text in GROUPS["build"]]
DIRECT = [
    *BUILD,
    *(Requirement(text) for text in GROUPS["dev"] if isinstance(text, str)),
    *(Requirement(text) for text in PROJECT["project"]["dependencies"]),
]


def locked(name: str) -> dict[str, Requirement]:
    """Return name → pin of a file of requirements. AssertionError for a line that is no pin with its hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    lines = [line for line in text.replace("\\\n", "").split("\n") if line and not line.startswith("#")]
    pins = {}
    for line in lines:
        found = re.fullmatch(r"([\w.-]+==[^\s;]+(?: ; [^\\]+?)?)((?:\s+--hash=sha256:[0-9a-f]{64})+)", line)
        assert found, f"no pin with hashes: {line[:120]}"
        pin = Requirement(found[1])
        pins[canonicalize_name(pin.name)] = pin
    return pins


def applies(requirement: Requirement, python: str) -> bool:
    """Say whether `requirement` counts with a version of Python on this platform."""
    return requirement.marker is None or requirement.marker.evaluate({"python_version": python, "extra": ""})


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_of_the_project_is_locked_within_its_range(python: str) -> None:
    pins = locked("dev")
    for wanted in DIRECT:
        pin = pins[canonicalize_name(wanted.name)]
        assert applies(pin, python)
        (exact,) = pin.specifier
        assert wanted.specifier.contains(exact.version, prereleases=True), f"{wanted} is locked as {pin}: make lock"


def test_the_lock_holds_what_is_needed_and_nothing_else() -> None:
    """What the installed packages say that they need is the same list."""
    todo = [(canonicalize_name(item.name), extra) for item in DIRECT for extra in ("", *item.extras)]
    wanted = set(todo)
    while todo:
        name, extra = todo.pop()
        for item in map(Requirement, metadata.requires(name) or ()):
            if item.marker is None or item.marker.evaluate({"extra": extra}):
                found = {(canonicalize_name(item.name), each) for each in ("", *item.extras)} - wanted
                todo += found
                wanted |= found
    here = {name for name, pin in locked("dev").items() if pin.marker is None or pin.marker.evaluate()}
    assert here == {name for name, _ in wanted}, "make lock"


def test_this_environment_is_the_locked_one() -> None:
    installed = {canonicalize_name(item.name): item.version for item in metadata.distributions()}
    for name, pin in locked("dev").items():
        if pin.marker is None or pin.marker.evaluate():
            assert pin.specifier.contains(installed[name], prereleases=True), f"{name} {installed[name]}, not {pin}"


def test_what_builds_is_locked_alike() -> None:
    build, dev = locked("build"), locked("dev")
    assert {canonicalize_name(item.name) for item in BUILD} <= build.keys()
    assert {name: str(pin.specifier) for name, pin in build.items()} == {
        name: str(dev[name].specifier) for name in build
    }


@pytest.mark.parametrize("name", ["build", "dev"])
def test_the_lock_names_no_place(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert not re.search(r"://|--(?!hash)|[ =]/|\bindex\b|@ ", text)


@pytest.mark.parametrize("name", ["pybars3", "PyMeta3", "css-inline"])
def test_what_must_not_move_is_pinned_for_users_too(name: str) -> None:
    (wanted,) = (Requirement(text) for text in PROJECT["project"]["dependencies"] if text.startswith(name))
    assert re.fullmatch(r"==\d+\.\d+\.\d+", str(wanted.specifier))


def test_the_environment_is_made_from_the_lock_alone() -> None:
    lines = [line for line in (ROOT / "scripts" / "make-venv").read_text("utf-8").split("\n") if "pip install" in line]
    assert lines
    for line in lines:
        assert "--require-hashes" in line or "--no-deps" in line
        assert "-r requirements/build.txt" in line or "--no-build-isolation" in line
