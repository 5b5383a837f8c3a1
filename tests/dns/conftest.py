"""A name server for every test that asks one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.name_server import NameServer


@pytest.fixture
def server() -> Iterator[NameServer]:
    """A name server on the loopback that knows nothing yet."""
    with NameServer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_own_presets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may see the presets of whoever runs it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
