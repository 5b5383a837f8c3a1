"""The password is on the wire where the app would send it, and nowhere else."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import CLOSE, Script, Stage, raw, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Status
from support.apps import ABC
from support.probing import MESSAGE, USERNAME, probe_of, probed, serving

MARKED = "pw-Marked-7!ß"
FORMS = {
    MARKED,
    base64.b64encode(MARKED.encode()).decode(),
    base64.b64encode(f"\0{USERNAME}\0{MARKED}".encode()).decode(),
    quote(MARKED),
    MARKED.encode().hex(),
}
ECHO = " ".join(FORMS)
PLACES = (Stage.GREETING, Stage.EHLO, Stage.USERNAME, Stage.PASSWORD, Stage.MAIL, Stage.RCPT, Stage.DOT)


def everything(report: object) -> str:
    return repr(report)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_no_mechanism_leaves_the_password_in_the_report(mechanism: str) -> None:
    with serving(Script(mechanisms=(mechanism,))) as server:
        probe = probe_of(server, MESSAGE, password=MARKED)
        assert all(step.status is not Status.FAILED for step in probe.steps_blocking())
        said = "\n".join(server.received)
        text = everything(probe.report())
    assert not [form for form in FORMS if form in text]
    if mechanism != "CRAM-MD5":
        assert [form for form in FORMS if form in said]  # the server did get it


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", ["250", "550"])
def test_a_server_that_repeats_the_password_is_not_quoted(place: Stage, code: str) -> None:
    text = everything(
        probed(Script(mechanisms=("LOGIN",)).but(place, reply(f"{code} {ECHO}")), MESSAGE, password=MARKED)
    )
    assert not [form for form in FORMS if form in text]


def test_half_a_line_before_the_end_is_cleared_too() -> None:
    script = Script().but(Stage.PASSWORD, raw(f"535 {MARKED}"), CLOSE)
    assert MARKED not in everything(probed(script, password=MARKED))


def test_a_password_cut_at_the_limit_of_a_line_does_not_show_in_part() -> None:
    for length in range(960, 1001):
        report = probed(Script().but(Stage.PASSWORD, reply("535 " + "x" * length + MARKED)), password=MARKED)
        assert MARKED[:6] not in everything(report)
        if length == 960:
            assert "********" in everything(report)


def test_a_password_in_the_place_of_the_user_or_in_the_host_is_masked() -> None:
    report = Probe(
        Settings.from_variables(
            ABC,
            {
                "SMTP_HOST": f"smtp://{USERNAME}:{MARKED}@mail.example.com",
                "SMTP_PORT": "587",
                "SMTP_SENDER": "a@example.com",
            },
        )
    ).run_blocking()
    assert MARKED not in everything(report)
    assert MARKED not in json.dumps(report.settings)


def test_the_message_is_not_in_the_transcript() -> None:
    report = probed(Script(), MESSAGE)
    assert "one line" not in everything(report)
    assert any(f"the message, {len(MESSAGE.data)} octets" in line.line for line in report.transcript)


def test_the_repr_of_an_outgoing_message_hides_its_content() -> None:
    assert "one line" not in repr(MESSAGE)
