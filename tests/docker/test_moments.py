"""When a line was written: docker's stamp, the logger's own time, and the zone only where it is said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smtpwizard.docker.logs import moment, own_time, split_stamp

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "stamp", "rest"),
    [
        ("2026-11-25T17:49:14.123456789Z Error: x", "2026-11-25T17:49:14.123456789Z", "Error: x"),
        ("api-1  | 2026-11-25T17:49:14.123456789Z   code: 1", "2026-11-25T17:49:14.123456789Z", "api-1  |   code: 1"),
        ("2026-11-25T17:49:14.123456789Z", "2026-11-25T17:49:14.123456789Z", ""),
        ("2026-11-25T17:49:14.123Z the app's own", "", "2026-11-25T17:49:14.123Z the app's own"),
        ("no time", "", "no time"),
    ],
)
def test_dockers_stamp_is_taken_off(line: str, stamp: str, rest: str) -> None:
    assert split_stamp(line) == (stamp, rest)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("2026-11-25T17:49:14.5Z x", "2026-11-25T17:49:14Z"),
        ("2026-11-25T18:49:14+01:00 x", "2026-11-25T17:49:14Z"),
        ("2026-11-25 18:49:14 +0100 x", "2026-11-25T17:49:14Z"),
        ("[2026-11-25 17:49:14] error: x", "2026-11-25T17:49:14"),
        ("2026-11-25 17:49 x", "2026-11-25T17:49:00"),
        ("[Nest] 1  - 11/25/2026, 5:49:14 PM   ERROR x", "2026-11-25T17:49:14"),
        ("[Nest] 1  - 11/25/2026, 12:49:14 AM   ERROR x", "2026-11-25T00:49:14"),
        ("[Nest] 1  - 25/11/2026, 17:49:14   ERROR x", "2026-11-25T17:49:14"),
        ("\x1b[32m[Nest] 1  - \x1b[39m11/25/2026, 5:49:14 PM x", "2026-11-25T17:49:14"),
        ("api-1  | [Nest] 1  - 11/25/2026, 5:49:14 PM   ERROR x", "2026-11-25T17:49:14"),
        ("Nov 25 17:49:14 web1 app[1]: x", "2026-11-25T17:49:14"),
        ("Dec  1 17:49:14 web1 app[1]: x", "2025-12-01T17:49:14"),
        ("[17:49:14.123] ERROR (29): x", "17:49:14"),
        ('{"level":50,"time":1795629815951,"pid":1,"msg":"x"}', "2026-11-25T18:03:35Z"),
        ("x 2026-11-25T17:49:14Z", None),
        ("2026-99-99T17:49:14Z x", None),
        ("[Nest] 1  - 31/31/2026, 5:49:14 PM x", None),
        ("Foo 25 17:49:14 x", None),
        ("Feb 30 17:49:14 x", None),
        ("[99:49:14.123] x", None),
        ("", None),
    ],
)
def test_a_time_at_the_beginning_of_a_line_is_read(line: str, text: str | None) -> None:
    found = moment(own_time(line), NOW)
    assert (found.text if found else None) == text


def test_a_time_is_shown_with_its_zone_or_with_the_word_that_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        stamp = moment("2026-11-25T17:49:14.123456789Z")
        assert stamp is not None
        assert stamp.shown() == "2026-11-25 18:49:14 CET"
        naive = moment(own_time("[17:49:14.123] x"))
        assert naive is not None
        assert naive.shown() == "17:49:14 by the log's own clock"
    finally:
        monkeypatch.undo()
        time.tzset()
