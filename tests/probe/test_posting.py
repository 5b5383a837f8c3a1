"""Several messages on one connection: what a refusal of one means for the others, and how each is told."""

from __future__ import annotations

import pytest

from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import CLOSE, RESET, Play, Script, ScriptedServer, Stage, raw, reply
from smtpwizard.smtp.results import OutgoingMessage, Report, Status, Step, Verdict
from support.probing import probe_of, probed, serving

THREE = tuple(
    OutgoingMessage(f"<{number}@example.com>", b"Subject: A test\r\n\r\n.one line\r\n", f"to{number}@example.net", name)
    for number, name in enumerate(("verification", "reset-password", "invitation"))
)
NO = reply("550 5.1.1 no such user")
REFUSALS = {
    Stage.MAIL: ("EENVELOPE", "MAIL FROM"),
    Stage.RCPT: ("EENVELOPE", "RCPT TO"),
    Stage.DATA: ("EENVELOPE", "DATA"),
    Stage.DOT: ("EMESSAGE", "DATA"),
}


def sent(script: Script, *messages: OutgoingMessage) -> tuple[Report, ScriptedServer]:
    with serving(script) as server:
        probe = probe_of(server, *messages)
        list(probe.steps_blocking())
    return probe.report(), server


def said(server: ScriptedServer, *words: str) -> int:
    return sum(line.split(" ")[0] in words for line in server.received)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("stage", REFUSALS)
def test_a_refused_message_keeps_no_other_from_being_sent(stage: Stage, place: int) -> None:
    report, server = sent(Script().turn(stage, *(NO if turn == place else None for turn in range(3))), *THREE)
    assert [item.accepted for item in report.messages] == [turn != place for turn in range(3)]
    assert [item.recipient for item in report.messages] == ["to0@example.net", "to1@example.net", "to2@example.net"]
    assert [item.mail for item in report.messages] == ["verification", "reset-password", "invitation"]
    refused = report.messages[place]
    assert (refused.response, refused.queued_as, refused.stage) == (
        "550 5.1.1 no such user",
        None,
        Step.DATA if stage is Stage.DOT else Step(stage.value),
    )
    code, command = REFUSALS[stage]
    assert (report.app.send.code, report.app.send.response_code, report.app.send.command) == (code, 550, command)
    assert (server.connections, said(server, "AUTH")) == (1, 1)
    assert said(server, "RSET") == (place < 2)  # after the last the client leaves


def test_the_first_refusal_decides_the_verdict_and_the_number_of_the_accepted_is_told() -> None:
    report, _ = sent(Script().turn(Stage.RCPT, None, NO).turn(Stage.DOT, None, reply("554 5.7.1 spam")), *THREE)
    assert (report.app.verdict, report.server_ok, report.app.verify.ok) == (Verdict.FAILS, False, True)
    assert report.failed is not None
    assert (report.failed.step, report.failed.message) == (Step.RCPT, 1)
    assert (
        report.app.sentence
        == "The app (nodemailer 8.0.5) will fail: the recipient is refused (EENVELOPE 550 at RCPT TO). "
        "The server took 1 of 3 messages."
    )
    assert report.not_proved == ("that the mails accepted arrive: accepted is not delivered",)
    assert [item.response for item in report.messages][1:] == ["550 5.1.1 no such user", "554 5.7.1 spam"]


def test_all_accepted_works_and_says_how_many() -> None:
    report, server = sent(Script(), *THREE)
    assert report.app.verdict is Verdict.WORKS
    assert report.app.sentence.endswith("The server took all 3 messages.")
    assert report.not_proved[0] == "that the mails arrive: accepted is not delivered"
    assert (said(server, "RSET"), said(server, "QUIT")) == (0, 1)


def test_none_accepted_leaves_nothing_to_prove() -> None:
    report, server = sent(Script().but(Stage.MAIL, NO), *THREE)
    assert report.not_proved == ()
    assert report.app.sentence.endswith("The server took 0 of 3 messages.")
    assert [step.status for step in report.steps if step.step in (Step.RCPT, Step.DATA)] == [Status.SKIPPED] * 2
    assert (server.messages, said(server, "AUTH"), said(server, "MAIL")) == ([], 1, 3)


@pytest.mark.parametrize(
    "play",
    [
        reply("421 4.7.0 too many errors"),
        reply("421 4.3.2 shutting down") + CLOSE,
        CLOSE,
        RESET,
        reply("pardon?"),
        reply("354 go on"),
        raw("\r\n"),
        raw("550 5.1.1 no su") + CLOSE,
    ],
    ids=["421", "421 and close", "closed", "reset", "no digits", "354", "an empty line", "half a 550, then closed"],
)
def test_anything_but_a_refusal_ends_the_dialogue_and_the_rest_is_not_tried(play: Play) -> None:
    report, server = sent(Script().turn(Stage.RCPT, None, play), *THREE)
    assert [item.accepted for item in report.messages] == [True, False, False]
    assert [item.tried for item in report.messages] == [True, True, False]
    assert report.messages[2].response == "not tried: the dialogue broke off before"
    assert report.message == report.messages[1]
    last = report.steps[-1]
    assert (last.step, last.status, last.message, last.summary) == (
        Step.MAIL,
        Status.SKIPPED,
        2,
        "not tried: the dialogue broke off before",
    )
    assert (said(server, "RSET"), said(server, "MAIL"), said(server, "AUTH"), server.connections) == (0, 2, 1, 1)


@pytest.mark.parametrize("play", [reply("500 what?"), CLOSE, RESET, reply("421 bye") + CLOSE])
def test_without_a_reset_the_rest_is_not_tried_and_the_refusal_stays_the_reason(play: Play) -> None:
    report, server = sent(Script().turn(Stage.RCPT, NO).but(Stage.RSET, play), *THREE)
    assert [item.tried for item in report.messages] == [True, False, False]
    assert {item.response for item in report.messages[1:]} == {"not tried: the server did not take RSET"}
    assert report.app.send.response_code == 550
    assert report.failed is not None
    assert report.failed.message == 0
    assert said(server, "MAIL") == 1
    assert any(line.line == "RSET" for line in report.transcript)


def test_a_silent_reset_ends_with_its_deadline() -> None:
    from smtpwizard.sandbox.scripted import SILENCE

    with serving(Script().turn(Stage.RCPT, NO).but(Stage.RSET, SILENCE)) as server:
        probe = probe_of(server, *THREE, _timeout=0.3)  # type: ignore[arg-type]
        list(probe.steps_blocking())
    assert [item.tried for item in probe.report().messages] == [True, False, False]


def test_a_failure_before_the_first_message_tells_of_none() -> None:
    report, _ = sent(Script().but(Stage.PASSWORD, reply("535 5.7.8 no")), *THREE)
    assert report.messages == ()
    assert report.message is None
    assert (
        report.app.sentence == "The app (nodemailer 8.0.5) will fail: the login is refused (EAUTH 535 at AUTH PLAIN)."
    )


def test_every_step_of_a_message_has_its_place_and_the_message_is_there_with_its_last_step() -> None:
    with serving(Script().turn(Stage.RCPT, None, NO)) as server:
        probe = probe_of(server, *THREE)
        seen = [(step.step.value, step.message, len(probe.sent)) for step in probe.steps_blocking()]
    assert all(place is None for _, place, _ in seen[:-8])
    assert seen[-8:] == [
        ("mail", 0, 0),
        ("rcpt", 0, 0),
        ("data", 0, 1),
        ("mail", 1, 1),
        ("rcpt", 1, 2),
        ("mail", 2, 2),
        ("rcpt", 2, 2),
        ("data", 2, 3),
    ]
    assert probe.due == 3


async def test_the_same_on_an_event_loop() -> None:
    with serving(Script().turn(Stage.DOT, NO)) as server:
        probe = probe_of(server, *THREE)
        places = [step.message async for step in probe.steps() if step.step is Step.DATA]
    assert places == [0, 1, 2]
    assert [item.accepted for item in probe.report().messages] == [False, True, True]


async def test_leaving_between_two_messages_closes_the_connection() -> None:
    with serving(Script()) as server:
        probe = probe_of(server, *THREE)
        steps = probe.steps()
        async for step in steps:
            if step.step is Step.DATA:
                break
        await steps.aclose()
        assert said(server, "QUIT", "RSET") == 0
    assert [item.accepted for item in probe.report().messages] == [True]
    assert probe.report().app.sentence == "The test was stopped before its end."


def test_a_single_message_is_told_as_before() -> None:
    for script, statuses in (
        (Script(), ["mail passed", "rcpt passed", "data passed"]),
        (Script().but(Stage.RCPT, NO), ["mail passed", "rcpt failed", "data skipped"]),
        (Script().but(Stage.MAIL, NO), ["mail failed", "rcpt skipped", "data skipped"]),
    ):
        report = probed(script, THREE[0])
        assert [f"{step.step} {step.status}" for step in report.steps][-3:] == statuses
        assert "messages" not in report.app.sentence


def test_a_check_has_no_messages() -> None:
    with serving(Script()) as server:
        probe: Probe = probe_of(server)
        assert all(step.message is None for step in probe.steps_blocking())
    assert (probe.due, probe.sent) == (0, ())


def test_a_message_without_a_recipient_is_not_tried() -> None:
    report, server = sent(Script(), OutgoingMessage("<0@example.com>", b"a: b\r\n\r\n", ""), THREE[1])
    assert [item.response for item in report.messages] == [
        "not tried: no recipient to name",
        "250 2.0.0 Ok: queued as 4ZQK1T",
    ]
    assert said(server, "MAIL") == 1
