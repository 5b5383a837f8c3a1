"""`logs --follow` on a terminal: what was told before gets a short line, and not a flood of them."""

from __future__ import annotations

import pytest

from smtpwizard.cli.commands import logs as log_live
from smtpwizard.cli.commands.logs import QUIET_SECONDS, Live
from smtpwizard.docker.logs import LogReader, Trouble, report_of
from smtpwizard.errors import ExitCode

LINE = b"Error: connect ECONNREFUSED 127.0.0.1:587\n"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(log_live, "time", made)
    return made


def told(reader: LogReader, live: Live) -> None:
    for trouble in reader.feed(LINE):
        live.tell(trouble)


def test_a_repeated_kind_gets_a_short_line_now_and_then(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    reader, live = LogReader(), Live(False, "x", terminal=True)
    told(reader, live)
    told(reader, live)
    first = capsys.readouterr().out
    assert "ECONNREFUSED" in first.splitlines()[0]
    for _ in range(50):
        told(reader, live)
    assert capsys.readouterr().out == ""
    clock.now += QUIET_SECONDS
    told(reader, live)
    again = capsys.readouterr().out.splitlines()
    assert len(again) == 1
    assert "again, 52 times" in again[0]
    assert len(again[0]) <= 80


def test_the_summary_after_ctrl_c_counts_what_was_still_open(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    reader, live = LogReader(), Live(False, "x", terminal=True)
    told(reader, live)
    live.interrupted(reader.close())
    assert live.end(report_of(reader)) is ExitCode.FAILED
    page = capsys.readouterr().out
    assert page.splitlines()[-1] == "x: 1 line read: 1 kind of mail trouble."
    assert "✗ once, line 1: N3" in page


def test_json_has_no_short_lines(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    reader, live = LogReader(), Live(True, "x", terminal=True)
    for _ in range(3):
        told(reader, live)
        clock.now += 2 * QUIET_SECONDS
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_every_trouble_has_a_cause() -> None:
    (only,) = [*LogReader().feed(LINE + LINE)]
    assert isinstance(only, Trouble)
    assert only.diagnoses
