"""Mails that are found by themselves: in a catcher, in a mailbox that the operator opens; and those that are not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smtpwizard.mailbox.model import InboxRefused, Place
from smtpwizard.report.arrival import Proof
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.mailbox import MailboxScreen
from smtpwizard.tui.steps.send import CodeEntry
from smtpwizard.wizard.session import WizardState
from support.inboxes import PASSES, Drawer, Mailboxes, Nearby
from support.leaks import assert_no_secret
from support.tui import quiet_services, screen_text
from support.tui_steps import against, tick_all, until
from support.wizard import summary

MAILBOX_PASSWORD = "zq8-Mailbox-Horse"  # a marked secret: no output may hold it
MAILBOX = "the mailbox of reader@acme.example at imap.acme.example:993"
INBOX, JUNK = Place.INBOX, Place.JUNK

Walk = tuple[SmtpWizard, Pilot[WizardState]]


@asynccontextmanager
async def sent(folder: Path, *, provider: str = "", **services: Any) -> AsyncIterator[Walk]:
    """Run the wizard on a scripted server, all three mails sent and accepted."""
    made = quiet_services(**{"arrival_seconds": 0.05, **services})
    with ScriptedServer(Script()) as server:
        state = against(server, folder).changed(recipient="reader@acme.example")
        if provider:
            state = state.changed(provider=made.presets.provider(provider))
        app = SmtpWizard(made, state, start="send")
        async with app.run_test(size=(80, 34), notifications=True) as pilot:
            await until(pilot, lambda: app.state.step == "send", "Send step")
            await tick_all(app, pilot)
            await pilot.press("enter")
            await until(pilot, lambda: len(app.state.sent) == 3 and not app.current.model.busy, "accepted mails")  # type: ignore[union-attr]
            yield app, pilot


def words(app: SmtpWizard) -> str:
    """Return the screen as one line of words, so that a wrapped sentence can be found."""
    return " ".join(screen_text(app).replace("│", " ").split())


async def open_mailbox(app: SmtpWizard, pilot: Pilot[WizardState], password: str = MAILBOX_PASSWORD) -> None:
    """Fill the form of the mailbox in and send it off."""
    await pilot.press("f8")
    await until(pilot, lambda: isinstance(app.screen, MailboxScreen), "form")
    app.screen.query_one("#mailbox-password").focus()
    await pilot.press(*(letter if letter != "-" else "minus" for letter in password), "enter")


# A catcher beside the server


async def test_a_catcher_on_this_machine_is_found_and_proves_all_three_mails(tmp_path: Path) -> None:
    nearby = Nearby(Drawer(INBOX, INBOX, INBOX))
    async with sent(tmp_path, find_catcher=nearby) as (app, pilot):
        await until(pilot, lambda: len(app.state.arrived) == 3, "proof of all three")
        assert nearby.asked == ["127.0.0.1"]
        assert {item.by for item in app.state.arrived} == {Proof.CATCHER}
        code = app.state.sent[0].code or ""
        assert f"✓ Email verification caught, code {code[:3]} {code[3:]}" in words(app)
        assert "MailDev at http://localhost:1080 catches mail and delivers none of it" in words(app)
        assert not app.query_one("#arrival-row").display
        assert not isinstance(app.focused, CodeEntry)
        lines = summary(app.state)
        assert "✓ email verification caught by MailDev at http://localhost:1080" in lines


async def test_leaving_the_step_ends_the_watching(tmp_path: Path) -> None:
    drawer = Drawer(None, silent=True)
    async with sent(tmp_path, find_catcher=Nearby(drawer), arrival_seconds=600.0) as (app, pilot):
        await until(pilot, lambda: "looking into MailDev" in words(app), "word on the watching")
        app.go("settings")
        await until(pilot, lambda: app.state.step == "settings", "Settings step")
        assert not [worker for worker in app.workers if worker.group == "arrival" and worker.is_running]


# A mailbox


async def test_a_mailbox_shows_the_inbox_and_what_its_server_says_of_the_sender(tmp_path: Path) -> None:
    drawer = Drawer(INBOX, INBOX, INBOX, name=MAILBOX, judged=PASSES)
    mailboxes = Mailboxes(drawer)
    async with sent(tmp_path, open_mailbox=mailboxes) as (app, pilot):
        await open_mailbox(app, pilot)
        await until(pilot, lambda: len(app.state.arrived) == 3, "proof of all three")
        assert "✓ Password reset arrived in the inbox" in words(app)
        assert f"Seen in {MAILBOX}." in words(app)
        assert "SPF pass, DKIM pass by acme.example, DMARC pass" in words(app)
        assert mailboxes.opened[0][0] == "imaps://reader%40acme.example@imap.acme.example"
        lines = summary(app.state)
        where = "the inbox of reader@acme.example at imap.acme.example:993"
        assert f"✓ user invitation arrived in {where}, SPF pass, DKIM pass, DMARC pass" in lines
        app.go("save")
        await until(pilot, lambda: app.state.step == "save", "Save step")
        assert drawer.closed


async def test_a_refused_login_is_told_and_not_sent_again_without_a_word(tmp_path: Path) -> None:
    refusal = InboxRefused("imap.acme.example:993 refuses the login. Check user and password.", "Inbox")
    refusing = Drawer(name=MAILBOX, error=refusal)
    mailboxes = Mailboxes(refusing, Drawer(INBOX, INBOX, INBOX, name=MAILBOX))
    async with sent(tmp_path, open_mailbox=mailboxes) as (app, pilot):
        await open_mailbox(app, pilot)
        await until(pilot, lambda: "refuses the login" in words(app), "word on the refusal")
        assert isinstance(app.screen, MailboxScreen)
        await pilot.press("enter")
        await until(pilot, lambda: "servers lock accounts" in words(app), "question")
        assert refusing.looks == 1
        assert len(mailboxes.opened) == 1
        await pilot.press("1", "enter")
        await until(pilot, lambda: len(app.state.arrived) == 3, "proof of all three")


async def test_the_mailboxes_password_is_in_nothing_that_comes_out(tmp_path: Path) -> None:
    drawer = Drawer(INBOX, name=MAILBOX)
    mailboxes = Mailboxes(Drawer(error=InboxRefused("No.", "Inbox")), drawer)
    async with sent(tmp_path, open_mailbox=mailboxes) as (app, pilot):
        await open_mailbox(app, pilot)
        await until(pilot, lambda: "✗ No." in words(app), "word on the refusal")
        secrets = {"the mailbox's password": MAILBOX_PASSWORD}
        assert_no_secret(screen_text(app), secrets, "the screen")
        assert_no_secret(app.export_screenshot(), secrets, "a picture")
        form = app.screen
        await pilot.press("2", "enter")
        await until(pilot, lambda: app.state.arrived, "proof")
        assert form._tried[1].reveal() == MAILBOX_PASSWORD + "2"  # type: ignore[attr-defined]
        things = (
            app.state,
            app.current,
            list(app.workers),
            form,
            vars(form),
            drawer,
            summary(app.state),
        )
        assert_no_secret(repr(things), secrets, "a repr")
        assert app.clipboard == ""


async def test_a_password_that_is_shown_is_hidden_in_a_saved_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures: list[str] = []
    monkeypatch.setattr(SmtpWizard, "deliver_text", lambda self, file, **rest: pictures.append(file.read()))
    async with sent(tmp_path) as (app, pilot):
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, MailboxScreen), "form")
        app.screen.query_one("#mailbox-password").focus()
        await pilot.press(*"visible7", "f8")
        await until(pilot, lambda: "visible7" in screen_text(app), "shown password")
        app.action_picture()
        await until(pilot, lambda: pictures, "picture")
        assert "visible7" not in pictures[0]


async def test_what_cannot_be_a_mailbox_is_told_and_nothing_is_opened(tmp_path: Path) -> None:
    mailboxes = Mailboxes()
    async with sent(tmp_path, open_mailbox=mailboxes) as (app, pilot):
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, MailboxScreen), "form")
        await pilot.press("enter")
        await until(pilot, lambda: "A password is needed" in words(app), "word on the password")
        await pilot.press("home", *"http", "enter")
        app.screen.query_one("#mailbox-server").value = "https://x y"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "The server is a name" in words(app), "word on the server")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MailboxScreen), "step")
        assert mailboxes.opened == []


async def test_closing_the_form_ends_a_login_under_way(tmp_path: Path) -> None:
    silent = Drawer(silent=True)
    services = {"open_mailbox": Mailboxes(silent)}
    async with sent(tmp_path, **services) as (app, pilot):
        await open_mailbox(app, pilot)
        await until(pilot, lambda: silent.looks == 1, "login")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MailboxScreen), "step")
        assert not [worker for worker in app.workers if worker.group == "mailbox" and worker.is_running]
        assert app.state.arrived == ()


async def test_before_a_mail_was_sent_there_is_nothing_to_look_for(tmp_path: Path) -> None:
    services = quiet_services()
    with ScriptedServer(Script()) as server:
        app = SmtpWizard(services, replace(against(server, tmp_path)), start="send")
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, lambda: app.state.step == "send", "Send step")
            await pilot.press("f8")
            await until(pilot, lambda: "Send a mail first" in screen_text(app), "word on the order")
            assert "send: Read a mailbox" not in [command.title for command in app.get_system_commands(app.screen)]
