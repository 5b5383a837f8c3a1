"""Every example that a server can play is played by the sandbox, met by the probe, and comes back as its entry.

Real sockets, real TLS: this is what an operator sees. What no server can play (a name that is not known, a closed port)
is in test_examples. The example by which the wizard plays an entry is played in tests/wizard/test_rehearsal, not here.
"""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.explain import explain_steps
from smtpwizard.diagnosis.schema import Example, Failure
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.problems import Problem
from smtpwizard.sandbox import certificates
from smtpwizard.sandbox.rehearsal import Rehearsal, rehearse
from smtpwizard.sandbox.scripted import ScriptedServer
from smtpwizard.secret import Secret
from smtpwizard.smtp.results import OutgoingMessage, Report
from support.failure_examples import all_examples, all_playable, name_of

USER, PASSWORD = "practice@example.com", Secret("the password")
MESSAGE = OutgoingMessage("<1@example.com>", b"From: a@example.com\r\nSubject: x\r\n\r\nx\r\n", "b@example.com")


def rehearsal_of(example: Example) -> Rehearsal | None:
    return rehearse(example.stage, reply_text=example.reply, event=example.event, username=USER, password=PASSWORD)


IN_THE_WIZARD = [(item.ref, item.example) for item in all_playable() if not item.example.provider]
PLAYED = [
    pytest.param(*pair, id=name_of(pair))
    for pair in all_examples()
    if (pair[0].ref, pair[1]) not in IN_THE_WIZARD
    # Conditions need other settings than those of the rehearsal; `accepted` is no failure of any stage.
    and rehearsal_of(pair[1]) is not None
    and not pair[1].settings
    and pair[1].event != "accepted"
]


def probed(rehearsal: Rehearsal, timeout: float) -> tuple[Report, ScriptedServer]:
    ca_pem, context = certificates.make(certificates.Flaw(rehearsal.flaw))
    with ScriptedServer(rehearsal.script, tls=context) as server:
        settings = server.settings(
            host="localhost",
            sender=USER,
            username=USER,
            password=PASSWORD.reveal(),
            security="true" if rehearsal.tls else "false",
        )
        options = Options(timeout=timeout, extra_ca_pem=ca_pem or None, recipient=USER)
        return Probe(settings, options, message=MESSAGE).run_blocking(), server


def diagnosed(report: Report, server: ScriptedServer, provider: str | None) -> tuple[Problem, ...]:
    settings = server.settings(host="localhost", sender=USER, username=USER, password=PASSWORD.reveal())
    return explain_steps(report.steps, provider=provider, settings=settings)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(("failure", "example"), PLAYED)
def test_a_played_failure_comes_back_as_its_entry(failure: Failure, example: Example) -> None:
    rehearsal = rehearsal_of(example)
    assert rehearsal is not None
    timeout = 0.5 if example.event in ("silence", "tls-on-plain") else 10.0  # s; only these two end by it
    found = [diagnosis.ref for diagnosis in diagnosed(*probed(rehearsal, timeout), example.provider or None)]
    if example.reply.startswith("250-"):  # an offer, not a refusal: what fails for want of it comes first
        assert failure.ref in found
    else:
        assert found[:1] == [failure.ref]


def test_nearly_all_entries_that_name_a_reply_are_played() -> None:
    played = {param.values[0].ref for param in PLAYED} | {ref for ref, _ in IN_THE_WIZARD}
    assert len(played) >= 105
