"""The Send step without a screen: what is sent, what is known of it, and where the mails are seen to arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.docker.logs import LogReport
from smtpwizard.mailbox.model import InboxRefused, Place
from smtpwizard.report.arrival import Proof
from smtpwizard.report.container import log_lines
from smtpwizard.report.lines import Mark, symbols
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard.send import SendStep, app_log, log_service
from smtpwizard.wizard.session import Session, Target, TargetKind, WizardState
from support.apps import ABC
from support.docker_stand_in import NO_DAEMON, NO_SERVICE, stamped, stand_in
from support.inboxes import FAILS, Drawer, Mailboxes, Nearby
from support.tui import quiet_services
from support.tui_steps import against, logins, practising
from support.wizard import summary

READER = "reader@acme.example"
MAILBOX = "the mailbox of reader@acme.example at imap.acme.example:993"
INBOX, JUNK = Place.INBOX, Place.JUNK
TROUBLE = "[Nest] 1  - 11/25/2026, 5:49:14 PM   ERROR [ExceptionsHandler] Error: Invalid login: 535 5.7.8 Error: no"

Sent = tuple[SendStep, Session, ScriptedServer]


@asynccontextmanager
async def sent(folder: Path, script: Script | None = None, **services: Any) -> AsyncIterator[Sent]:
    """Send all three mails to a scripted server."""
    with ScriptedServer(script or Script()) as server:
        session = Session(quiet_services(**{"arrival_seconds": 0.05, **services}), against(server, folder))
        step = session.step(SendStep)
        await send(step)
        yield step, session, server


async def send(step: SendStep, count: int = 3) -> list[str]:
    """Send the first `count` mails; return the titles in the order in which their lines changed."""
    return [line.name async for line in step.send(READER, step.mails[:count])]


async def watched(step: SendStep) -> list[str]:
    """Watch to the end; return what was told."""
    return list(symbols([line async for line in step.watch()]))


def marks(step: SendStep) -> list[Mark]:
    return [line.mark for line in step.lines.values()]


def told(step: SendStep) -> str:
    return "\n".join(symbols(step.arrival_lines()))


async def test_all_three_mails_go_with_one_login_and_each_has_a_code_of_its_own(tmp_path: Path) -> None:
    async with sent(tmp_path) as (step, session, server):
        assert marks(step) == [Mark.OK] * 3
        assert len({mail.code for mail in session.state.sent}) == 3
        assert (server.connections, logins(server)) == (1, 1)
        assert session.state.recipient == READER
        assert step.awaited == step.accepted
        assert step.problems() == ()


async def test_in_practice_the_inbox_proves_the_mails_and_a_code_can_be_typed_all_the_same(tmp_path: Path) -> None:
    services = quiet_services()
    with PracticeServer() as server:
        session = Session(services, practising(server, services, tmp_path))
        step = session.step(SendStep)
        await send(step)
        await watched(step)
        assert [item.by for item in session.state.arrived] == [Proof.PRACTICE] * 3
        assert step.awaited == ()
        code = session.state.sent[0].code or ""
        assert f"✓ Email verification: arrived, code {code[:3]} {code[3:]}" in told(step)
        assert step.enter_code(f"{code[:3]} {code[3:]}") is not None
        assert session.state.arrived[-1].by is Proof.CODE
        assert set(session.state.confirmed) == {"verification", "reset-password", "invitation"}


async def test_a_wrong_code_proves_nothing_and_half_a_code_is_not_compared(tmp_path: Path) -> None:
    async with sent(tmp_path) as (step, session, _):
        right = session.state.sent[0].code or ""
        assert step.enter_code("000000" if right != "000000" else "111111") is None
        assert "is not the code of one of the mails" in step.remark
        assert step.enter_code("123") is None
        assert step.remark == "The code has 6 digits."
        assert session.state.confirmed == ()
        assert step.enter_code(right) is not None
        assert (step.remark, session.state.confirmed) == ("", ("verification",))


async def test_where_the_first_mail_is_refused_for_good_the_others_are_not_tried(tmp_path: Path) -> None:
    async with sent(tmp_path, Script().but(Stage.RCPT, reply("550 5.1.1 no such user"))) as (step, session, server):
        assert [line.text for line in step.lines.values()] == [
            "rcpt: 550 5.1.1 no such user", *["not tried: it would be refused alike"] * 2,
        ]  # fmt: skip
        assert marks(step) == [Mark.FAILED, Mark.SKIPPED, Mark.SKIPPED]
        assert sum(line.startswith("RCPT") for line in server.received) == 1
        assert (step.accepted, server.messages, logins(server)) == ((), [], 1)
        assert step.failed is not None
        assert len({item.title for item in step.problems()}) == len(step.problems()) > 0
        assert not any(mail.message.accepted for mail in session.state.sent)


async def test_one_refused_mail_is_explained_and_the_others_stand_as_accepted(tmp_path: Path) -> None:
    script = Script().turn(Stage.DOT, None, reply("554 5.7.1 too much like spam"))
    async with sent(tmp_path, script) as (step, session, _):
        assert [mail.message.accepted for mail in session.state.sent] == [True, False, True]
        assert marks(step) == [Mark.OK, Mark.FAILED, Mark.OK]
        assert step.lines["reset-password"].text == "data: 554 5.7.1 too much like spam"
        assert step.problems()


async def test_a_message_refused_after_the_first_leaves_the_first_accepted(tmp_path: Path) -> None:
    async with sent(tmp_path) as (step, _, server):
        before = step.accepted
        server.script = Script().but(Stage.DOT, reply("550 5.7.1 The from address does not match"))
        await send(step, 1)
        assert marks(step) == [Mark.FAILED]
        assert step.accepted == before


async def test_an_outcome_about_other_settings_is_not_kept(tmp_path: Path) -> None:
    async with sent(tmp_path, Script().but(Stage.MAIL, reply("550 5.7.1 not yours"))) as (step, session, _):
        step.entered()
        assert step.problems()
        session.update(settings=session.state.settings.with_changes({"SMTP_SENDER": "other@acme.example"}))
        step.entered()
        assert (step.failed, step.problems(), step.lines) == (None, (), {})


async def test_nothing_goes_without_an_address_or_a_mail(tmp_path: Path) -> None:
    step = Session(quiet_services()).step(SendStep)
    assert "An address is needed" in step.refusal("", step.mails)
    assert "not a bare mail address" in step.refusal("you", step.mails)
    assert "Tick one of the mails" in step.refusal(READER, ())
    assert step.refusal(READER, step.mails) == ""


async def test_while_a_server_wants_a_pause_nothing_is_sent(tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply("454 4.7.0 Too many login attempts, please try again later"))
    async with sent(tmp_path, script) as (step, _, _):
        assert "asks for a pause of 1:00" in step.refusal(READER, step.mails)


# Where mails are seen


async def test_what_is_caught_is_proved_once_and_no_delivery(tmp_path: Path) -> None:
    nearby = Nearby(Drawer(INBOX, INBOX, INBOX))
    async with sent(tmp_path, find_catcher=nearby) as (step, session, _):
        lines = await watched(step)
        assert "✓ Email verification: caught by MailDev at http://localhost:1080" in lines[1]
        assert "MailDev at http://localhost:1080 catches mail and delivers none of it" in told(step)
        assert step.enter_code(session.state.sent[0].code or "") is not None
        assert {item.by for item in session.state.arrived} == {Proof.CATCHER}
        caught = "✓ email verification caught by MailDev at http://localhost:1080"
        assert caught in summary(session.state)


async def test_a_mail_that_is_not_in_the_catcher_is_still_asked_about(tmp_path: Path) -> None:
    async with sent(tmp_path, find_catcher=Nearby(Drawer(INBOX, None, INBOX))) as (step, session, _):
        lines = await watched(step)
        assert lines[-1] == "✗ Password reset: not seen in MailDev at http://localhost:1080 within 0 s"
        assert session.state.confirmed == ("verification", "invitation")
        assert [mail.name for mail in step.awaited] == ["reset-password"]
        assert "The mail may go elsewhere." in told(step)


async def test_a_public_server_is_never_asked_whether_it_catches() -> None:
    nearby = Nearby(Drawer(INBOX))
    settings = Settings(ABC, host="smtp.acme.example", port="587", sender="a@acme.example")
    step = Session(quiet_services(find_catcher=nearby), WizardState(settings=settings)).step(SendStep)
    assert await step.inbox_to_watch() == (None, Proof.MAILBOX)
    assert nearby.asked == []


async def test_mail_in_junk_is_a_warning_with_cause_and_action(tmp_path: Path) -> None:
    drawer = Drawer(JUNK, INBOX, JUNK, name=MAILBOX, judged=FAILS)
    async with sent(tmp_path, open_mailbox=Mailboxes(drawer)) as (step, session, _):
        await step.open_mailbox("imaps://reader@imap.acme.example", Secret("x"))
        text = told(step)
        assert "! Email verification: arrived in junk, the folder Junk" in text
        assert "✓ Password reset: arrived in the inbox" in text
        assert text.count("SPF softfail:") == 1
        assert any(line.startswith("! email verification arrived in junk") for line in summary(session.state))


async def test_a_mailbox_is_watched_until_the_mails_are_there_and_closed_when_it_is_left(tmp_path: Path) -> None:
    drawer = Drawer(INBOX, None, None, name=MAILBOX)
    async with sent(tmp_path, open_mailbox=Mailboxes(drawer)) as (step, session, _):
        await step.open_mailbox("imaps://reader@imap.acme.example", Secret("x"))
        await watched(step)
        assert f"Not seen in {MAILBOX}" in step.unseen
        assert session.state.confirmed == ("verification",)
        assert drawer.looks > 1
        assert not drawer.closed
        await step.forget_mailbox()
        assert drawer.closed


async def test_a_mailbox_that_refuses_is_closed_and_not_kept(tmp_path: Path) -> None:
    drawer = Drawer(name=MAILBOX, error=InboxRefused("No.", "Inbox"))
    async with sent(tmp_path, open_mailbox=Mailboxes(drawer)) as (step, _, _):
        with pytest.raises(InboxRefused):
            await step.open_mailbox("imaps://reader@imap.acme.example", Secret("x"))
        assert drawer.closed
        assert await step.inbox_to_watch() == (None, Proof.CATCHER)
        assert drawer.looks == 1


# What the app says


async def test_each_kind_of_trouble_in_the_apps_log_is_told_once_with_count_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = stand_in(tmp_path / "docker")
    monkeypatch.setenv("PATH", docker.path)
    log = tmp_path / "app.log"
    log.write_bytes(stamped("GET /api/health 200", TROUBLE, TROUBLE, "GET / 200"))
    docker.change(log=str(log))
    session = Session(quiet_services(), WizardState(target=Target(path=tmp_path / ".env")))
    text = "\n".join(symbols(log_lines(await app_log(session))))
    assert "! 4 lines read, from 2026-11-25" in text
    assert ": 1 kind of mail trouble." in text
    assert text.count("535 5.7.8 Error") == 1
    assert "2 times, last 2026-11-25" in text
    assert "GET /" not in text
    (call,) = docker.calls()
    assert (call["cwd"], call["words"][-1]) == (str(tmp_path), "api")
    log.write_bytes(stamped("GET /api/health 200"))
    assert "✓ 1 line read" in "\n".join(symbols(log_lines(await app_log(session))))


@pytest.mark.parametrize("error", [NO_DAEMON, "no configuration file provided: not found"])
async def test_what_keeps_docker_from_answering_is_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    docker = stand_in(tmp_path / "docker")
    docker.change(errors={"logs": error})
    monkeypatch.setenv("PATH", docker.path)
    session = Session(quiet_services(), WizardState(target=Target(path=tmp_path / ".env")))
    first, *_, last = (line for line in log_lines(await app_log(session)) if line.text)
    assert first.mark is Mark.FAILED
    assert last.text.startswith("docker compose")
    assert last.text.endswith("api")


async def test_the_targets_own_compose_file_and_service_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = stand_in(tmp_path / "docker")
    docker.change(errors={"logs": NO_SERVICE.format(service="feedback")})
    monkeypatch.setenv("PATH", docker.path)
    file = tmp_path / "compose.prod.yaml"
    file.write_text("services:\n  feedback:\n    image: line/abc-user-feedback-api\n")
    session = Session(quiet_services(), WizardState(target=Target(TargetKind.COMPOSE, file, service="feedback")))
    report: LogReport = await app_log(session)
    assert log_service(session) == "feedback"
    assert "has no service feedback" in report.problem
    assert docker.calls()[0]["words"][1:4] == ["compose", "-f", str(file)]
