"""The queue id in the reply to a message."""

from __future__ import annotations

import pytest

from smtpwizard.probe.verdict import queue_id


@pytest.mark.parametrize(
    ("text", "queued"),
    [
        ("Ok: queued as 4ZQK1T", "4ZQK1T"),
        ("OK  1732254 af79cd13be357-7b3.49 - gsmtp", "1732254"),
        ("Ok 0100018c6a5b-3f2e-000000", "0100018c6a5b-3f2e-000000"),
        ("OK id=1rVYxA-0003kl-2b", "1rVYxA-0003kl-2b"),
        ("<x@y> [InternalId=4711, Hostname=a.example] Queued mail for delivery", "4711"),
        ("Message Queued (1A2B3C)", "1A2B3C"),
        ("48K2x8fC012345 Message accepted for delivery", "48K2x8fC012345"),
        ("Ok", None),
        ("Great success", None),
        ("OK, thanks for the message", None),
    ],
)
def test_the_queue_id_is_read_where_there_is_one(text: str, queued: str | None) -> None:
    assert queue_id(text) == queued
