"""The Send step and real servers: MailDev 3 catches the mails, Dovecot keeps them; both are read by themselves."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from smtpwizard.mailbox.model import Inbox
from smtpwizard.mailbox.watch import discover
from smtpwizard.presets.schema import Provider
from smtpwizard.report.arrival import Proof
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.mailbox import MailboxScreen
from smtpwizard.wizard.session import Services, Target, WizardState
from support.apps import ABC
from support.dovecot import Dovecot
from support.maildev import MailDev
from support.tui import quiet_services, screen_text
from support.tui_steps import against, tick_all, until
from support.wizard import summary

READER = "reader@acme.example"
PASSWORD = "plain-horse-7"


async def at_port(port: int, host: str, *, provider: Provider | None, timeout: float) -> Inbox | None:
    """Look for a catcher at one port: those of the machine that runs the tests are somebody else's."""
    return await discover(host, provider, timeout=timeout, ports=(port,))


@pytest.mark.node
async def test_maildev_is_found_beside_its_smtp_port_and_has_all_three_mails(tmp_path: Path) -> None:
    with MailDev() as maildev:
        services = quiet_services(find_catcher=partial(at_port, maildev.web_port), arrival_pause=0.1)
        settings = Settings(
            ABC, host=maildev.host, port=str(maildev.smtp_port), sender="noreply@acme.example", security="false"
        )
        state = WizardState(settings=settings, visited=("provider", "settings"), recipient=READER)
        app = SmtpWizard(services, state.changed(target=Target(path=tmp_path / ".env")), start="send")
        async with app.run_test(size=(80, 30), notifications=True) as pilot:
            await until(pilot, lambda: app.state.step == "send", "Send step")
            await tick_all(app, pilot)
            await pilot.press("enter")
            await until(pilot, lambda: len(app.state.arrived) == 3, "proof of all three", seconds=30)
            assert {item.by for item in app.state.arrived} == {Proof.CATCHER}
            assert f"MailDev at {maildev.url} catches mail" in " ".join(screen_text(app).split())
        assert len(maildev.mails()) == 3


async def test_a_real_mailbox_over_tls_is_opened_once_and_shows_inbox_and_junk(tmp_path: Path) -> None:
    with Dovecot({READER: PASSWORD}) as dovecot, ScriptedServer(Script()) as server:
        services = quiet_services(open_mailbox=Services.open_mailbox, arrival_pause=0.1)
        services.ca_files = (dovecot.ca_file,)
        state = against(server, tmp_path).changed(recipient=READER)
        app = SmtpWizard(services, state, start="send")
        async with app.run_test(size=(80, 40), notifications=True) as pilot:
            await until(pilot, lambda: app.state.step == "send", "Send step")
            await tick_all(app, pilot)
            await pilot.press("enter")
            await until(pilot, lambda: len(app.state.sent) == 3, "accepted mails")
            for message, folder in zip(server.messages, ("INBOX", "INBOX", "Junk"), strict=True):
                dovecot.deliver(READER, message, folder)
            await pilot.pause()
            await until(pilot, lambda: not app.current.model.busy, "end of sending")  # type: ignore[union-attr]
            await pilot.press("f8")
            await until(pilot, lambda: isinstance(app.screen, MailboxScreen), "form")
            form = app.screen
            form.query_one("#mailbox-server").value = f"{dovecot.host}:{dovecot.imaps_port}"  # type: ignore[attr-defined]
            form.query_one("#mailbox-password").focus()
            await pilot.press(*"wrong1234", "enter")
            await until(pilot, lambda: "✗" in screen_text(app), "word on the refusal", seconds=30)
            assert form is app.screen
            form.query_one("#mailbox-password").value = PASSWORD  # type: ignore[attr-defined]
            await pilot.press("enter")
            await until(pilot, lambda: len(app.state.arrived) == 3, "proof of all three", seconds=30)
            text = " ".join(screen_text(app).split())
            assert "✓ Email verification arrived in the inbox" in text
            assert "! User invitation arrived in junk, the folder Junk" in text
            lines = summary(app.state)
            where = f"{READER} at {dovecot.host}:{dovecot.imaps_port}"
            assert any(line.startswith(f"✓ email verification arrived in the inbox of {where}") for line in lines)
            app.go("settings")  # with the step the connection is left, too
            await until(pilot, lambda: app.state.step == "settings", "Settings step")
        assert "S" not in "".join(dovecot.flags(READER))  # nothing was marked as seen
        assert dovecot.log.count("imap-login: Info: Login:") == 1
