"""One authority for all certificates of a run, and less patience than an operator has."""

from __future__ import annotations

import pytest

from smtpwizard.probe.survey import port, survey
from support.looking import Bench

_BENCH = Bench()


@pytest.fixture
def bench() -> Bench:
    return _BENCH


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every limit alike: what counts is which limit ends what, and that is told by its outcome."""
    monkeypatch.setattr(port, "SILENT_SECONDS", 0.15)
    monkeypatch.setattr(port, "CONNECT_SECONDS", 0.6)
    monkeypatch.setattr(port, "STAGE_SECONDS", 1.0)
    monkeypatch.setattr(survey, "GRACE_SECONDS", 0.2)
