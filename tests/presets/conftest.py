"""No test here may see the presets of whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.presets.catalogue import Presets


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's own folder of presets, empty and not yet made."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "smtpwizard" / "presets"


@pytest.fixture
def shipped() -> Presets:
    """The catalogue of the shipped presets alone."""
    return Presets.open()
