"""Every failure that the practice server can play is explained to who meets it as its own entry of the catalogue."""

from __future__ import annotations

import pytest

from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.rehearsal import Playable, matching, start
from smtpwizard.smtp.results import OutgoingMessage
from smtpwizard.wizard.check import Outcome
from support.failure_examples import all_playable
from support.tui import PRESETS

FAILURES = all_playable()
PRACTICE = PRESETS.provider("practice")
MESSAGE = OutgoingMessage("<1@example.com>", b"From: a@example.com\r\nSubject: x\r\n\r\nx\r\n", "b@example.com")


def test_a_reference_leads_and_words_stand_in_any_order() -> None:
    assert [item.ref for item in matching(FAILURES, "a1")][:2] == ["A1", "A10"]
    assert {item.ref for item in matching(FAILURES, "google app")} >= {"A1"}
    assert matching(FAILURES, "") == FAILURES


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("failure", FAILURES, ids=lambda item: item.ref)
def test_every_failure_that_is_offered_is_explained(failure: Playable) -> None:
    played = start(failure)
    # Silence ends by this alone; for all others it is far away.
    timeout = 0.5 if failure.example.event in ("silence", "tls-on-plain") else 10.0
    options = Options(timeout=timeout, extra_ca_pem=played.ca_pem or None)
    try:
        report = Probe(played.settings, options, message=MESSAGE if failure.while_sending else None).run_blocking()
    finally:
        played.server.stop()
    told = [item.ref for item in Outcome(report, played.settings, PRACTICE, rehearsed=played).problems()]
    if failure.ref == "T4":  # an offer, not a refusal: what fails for want of it comes first
        assert failure.ref in told
    else:
        assert told[:1] == [failure.ref]
