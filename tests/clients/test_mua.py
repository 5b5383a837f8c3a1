"""mua's model does what mua's source says; there is no Elixir here to compare it with."""

from __future__ import annotations

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import SILENCE, Script, Stage, reply
from smtpwizard.smtp.results import Report, Step, Verdict
from support.probing import MESSAGE, PASSWORD, USERNAME, options, serving

GHOST = shipped("ghost")
APP = GHOST._replace(client=GHOST.client._replace(model="mua", version="0.2"))
LOGIN = Script(mechanisms=("LOGIN",))


def sent(script: Script, **fields: str) -> Report:
    with serving(script, "trusted") as server:
        given = {"host": "localhost", "username": USERNAME, "password": PASSWORD, **fields}
        made = options(app_name="Plausible", timeout=0.8)
        return Probe(server.settings(APP, **given), made, message=MESSAGE).run_blocking()


@pytest.mark.parametrize(
    "script",
    [
        Script(),
        LOGIN,
        Script(starttls=True),
        Script(implicit=True),
        Script(mechanisms=("CRAM-MD5", "LOGIN", "PLAIN")),
        Script().but(Stage.EHLO, reply("500 5.5.1 what")),  # then HELO, and PLAIN without an offer
        Script().but(Stage.RCPT, reply("251 elsewhere")),
    ],
)
def test_what_its_source_takes_works(script: Script) -> None:
    report = sent(script, security="true" if script.implicit else "false")
    assert report.app.verdict is Verdict.WORKS
    assert report.app.sentence.startswith("Plausible (mua 0.2, as its source says) will log in and send")
    said = [line.line for line in report.transcript]
    assert any(line.startswith("MAIL FROM: <") for line in said)
    assert "EHLO example.com" in said


@pytest.mark.parametrize(
    ("script", "step", "error", "log"),
    [
        (
            Script().but(Stage.EHLO, reply("502 5.5.1 what")),
            Step.EHLO,
            "Mua.SMTPError",
            "Its log will say: 502 5.5.1 what",
        ),
        (
            Script().but(Stage.GREETING, reply("220")),
            Step.GREETING,
            "CaseClauseError",
            "Its log will say: no case clause matching",
        ),
        (Script().but(Stage.GREETING, SILENCE), Step.GREETING, "Mua.TransportError", "Its log will say: timeout"),
        (
            Script().but(Stage.PASSWORD, reply("535 5.7.8 no")),
            Step.AUTH,
            "Mua.SMTPError",
            "Its log will say: 535 5.7.8 no",
        ),
        (LOGIN.but(Stage.AUTH, reply("334 VXNlcg==")), Step.AUTH, "Mua.SMTPError", "Its log will say: 334 VXNlcg=="),
        (Script().but(Stage.RCPT, reply("252 perhaps")), Step.RCPT, "Mua.SMTPError", "Its log will say: 252 perhaps"),
        (
            Script().but(Stage.MAIL, reply("501 5.5.4 a blank")),
            Step.MAIL,
            "Mua.SMTPError",
            "Its log will say: 501 5.5.4 a blank",
        ),
    ],
)
def test_what_its_source_refuses_fails_at_that_stage(script: Script, step: Step, error: str, log: str) -> None:
    report = sent(script, security="false")
    assert report.app.verdict is Verdict.FAILS
    assert next(item for item in report.steps if item.status.value == "failed").step is step
    assert f"({error}" in report.app.sentence
    assert report.app.sentence.endswith(log)
