"""The pins of the conformance tests' packages: exact, checked by checksum, and bound to no download address."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PINS = Path(__file__).parents[1] / "support" / "node"


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PINS / name).read_text())
    return loaded


def test_every_version_is_exact() -> None:
    for wanted in load("package.json")["dependencies"].values():
        assert re.fullmatch(r"(npm:[a-z-]+@)?\d+\.\d+\.\d+", wanted), wanted


def test_every_package_has_a_checksum_and_none_an_address() -> None:
    packages = {name: item for name, item in load("package-lock.json")["packages"].items() if name}
    assert packages
    assert all(item["integrity"].startswith("sha512-") for item in packages.values())
    assert "://" not in (PINS / "package-lock.json").read_text()


def test_the_lock_belongs_to_the_pins() -> None:
    assert load("package-lock.json")["packages"][""]["dependencies"] == load("package.json")["dependencies"]
