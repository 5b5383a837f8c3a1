"""The Send step against real servers: what is sent, what is said of it, and the code that proves arrival."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from smtpwizard.sandbox import PracticeServer
from smtpwizard.sandbox.script import SILENCE, Script, Stage, reply
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.confirm import ConfirmScreen
from smtpwizard.tui.screens.help import HelpScreen
from smtpwizard.tui.screens.mail_preview import SAMPLE_CODE, MailPreviewScreen
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.widgets.code_entry import CodeEntry
from support.tui import HOSTILE, PASSWORD, quiet_services, screen_text
from support.tui_steps import logins, practising, scripted, until

Walk = tuple[SmtpWizard, Pilot[WizardState], PracticeServer]


@asynccontextmanager
async def sending(folder: Path, *, opened: list[str] | None = None, **changes: str | None) -> AsyncIterator[Walk]:
    """Run the wizard right before Send, on the practice server. `opened` takes the pages that a browser would show."""

    def browser(url: str) -> bool:
        if opened is not None:
            opened.append(url)
        return True

    services = quiet_services(open_url=browser)
    with PracticeServer() as server:
        app = SmtpWizard(services, practising(server, services, folder, **changes), start="send")
        async with app.run_test(size=(80, 30), notifications=True) as pilot:
            await until(pilot, lambda: app.state.step == "send", "Send step")
            yield app, pilot, server


def words(app: SmtpWizard) -> str:
    """Return the screen as one line of words, so that a wrapped sentence can be found."""
    return " ".join(screen_text(app).replace("│", " ").split())


def taken(file: Path) -> tuple[int, str]:
    """Return permission bits and text of a file, and remove it."""
    found = file.stat().st_mode & 0o777, file.read_text()
    file.unlink()
    return found


async def accepted(app: SmtpWizard, pilot: Pilot[WizardState], count: int = 1) -> None:
    """Press Enter and wait until the mails are accepted and the code is asked for."""
    await pilot.press("enter")
    await until(pilot, lambda: len(app.state.sent) == count and isinstance(app.focused, CodeEntry), "accepted mail")


async def test_a_mail_is_accepted_with_its_queue_id_and_its_code_proves_arrival(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, server):
        assert "practice@example.com" in screen_text(app)
        assert "[X] Email verification" in screen_text(app)
        assert "[ ] Password reset" in screen_text(app)
        await accepted(app, pilot)
        mail = server.messages[0]
        assert mail.code is not None
        assert f"queue id {mail.queue_id}" in screen_text(app)
        assert f"practice inbox: Email verification · code {mail.code[:3]} {mail.code[3:]}" in screen_text(app)
        assert app.state.confirmed == ()
        await pilot.press(*mail.code)
        await until(pilot, lambda: app.state.confirmed == ("verification",), "proof of arrival")
        assert "✓ Email verification arrived" in screen_text(app)
        assert "Enter Finish" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question, since nothing is saved")


async def test_several_mails_go_with_one_login_and_each_has_its_own_code(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, server):
        await pilot.press("down", "down", "space", "down", "space")
        await accepted(app, pilot, 3)
        codes = [mail.code for mail in server.messages]
        assert len(set(codes)) == 3
        assert app.state.confirmed == ()
        for code in codes:
            assert code is not None
            await pilot.press(*code)
            await pilot.pause()
        await until(pilot, lambda: len(app.state.confirmed) == 3, "proof of all three")


async def test_a_wrong_code_is_told_kindly_and_proves_nothing(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, server):
        await accepted(app, pilot)
        right = server.messages[0].code
        wrong = "000000" if right != "000000" else "111111"
        await pilot.press(*wrong)
        await until(pilot, lambda: "is not the code of the mail" in words(app), "word on the code")
        assert app.state.confirmed == ()
        assert right is not None
        await pilot.press(*right)
        await until(pilot, lambda: app.state.confirmed == ("verification",), "proof of arrival")
        assert "is not the code" not in words(app)


async def test_half_a_code_is_not_compared(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, _):
        await accepted(app, pilot)
        await pilot.press("1", "2", "3", "enter")
        await until(pilot, lambda: "The code has 6 digits." in screen_text(app), "word on the code")
        assert app.state.confirmed == ()


async def test_no_mail_goes_without_an_address_and_none_without_a_tick(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, server):
        await pilot.press("end", "ctrl+u", "enter")
        await until(pilot, lambda: "An address is needed" in screen_text(app), "word on the address")
        await pilot.press(*"you", "enter")
        await until(pilot, lambda: "not a bare mail address" in screen_text(app), "word on the address")
        await pilot.press("at", *"acme", "full_stop", *"example", "down", "space", "enter")
        await until(pilot, lambda: "Tick one of the mails" in screen_text(app), "word on the ticks")
        assert server.messages == []


async def test_the_preview_has_a_sample_code_and_the_browser_gets_a_private_file(
    tmp_path: Path,
) -> None:
    opened: list[str] = []
    async with sending(tmp_path, opened=opened) as (app, pilot, server):
        await pilot.press("f7")
        await until(pilot, lambda: SAMPLE_CODE in screen_text(app), "preview")
        assert "Subject: User feedback Email Verification" in screen_text(app)
        await pilot.press("o")
        await until(pilot, lambda: opened, "browser")
        mode, text = taken(Path(opened[0].removeprefix("file://")))
        assert mode == 0o600
        assert "<html" in text
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MailPreviewScreen), "step")
        assert server.messages == []


async def test_f6_says_where_a_mail_may_be_before_any_dns(tmp_path: Path) -> None:
    async with sending(tmp_path, SMTP_SENDER="app@acme.example") as (app, pilot, _):
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen), "advice")
        assert "Spam" in screen_text(app)
        assert "_dmarc.acme.example" in words(app)


async def test_a_refused_recipient_is_explained_and_the_rest_is_not_tried(tmp_path: Path) -> None:
    script = Script().but(Stage.RCPT, reply("550 5.1.1 no such user"))
    async with scripted(script, tmp_path, start="send", size=(80, 40)) as (app, pilot, server):
        await pilot.press("down", "down", "space", "enter")
        await until(pilot, lambda: "✗ Email verification" in screen_text(app), "failed mail")
        assert "550 5.1.1 no such user" in words(app)
        assert "– Password reset" in screen_text(app)
        assert "not tried" in screen_text(app)
        assert app.state.sent == ()
        assert "Enter Fix in Settings" in screen_text(app) or "and test again" in screen_text(app)
        assert server.messages == []


async def test_a_message_refused_after_the_first_leaves_the_first_accepted(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path, start="send", size=(80, 40)) as (app, pilot, server):
        await pilot.press("enter")
        await until(pilot, lambda: len(app.state.sent) == 1, "accepted mail")
        server.script = Script().but(Stage.DOT, reply("550 5.7.1 The from address does not match"))
        app.query_one("#send-to").focus()
        await pilot.press("enter")
        await until(pilot, lambda: "✗ Email verification" in screen_text(app), "refused mail")
        assert len(app.state.sent) == 1


async def test_a_refused_login_is_asked_about_here_too(tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply("535 5.7.8 bad credentials"))
    async with scripted(script, tmp_path, start="send", size=(80, 40)) as (app, pilot, server):
        await pilot.press("enter")
        await until(pilot, lambda: app.state.refused, "refused login")
        app.query_one("#send-to").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question")
        await pilot.press("escape")
        assert logins(server) == 1
        assert PASSWORD not in screen_text(app)


async def test_escape_stops_sending_and_says_what_is_not_known(tmp_path: Path) -> None:
    async with scripted(Script().but(Stage.DOT, SILENCE), tmp_path, start="send") as (app, pilot, server):
        await pilot.press("enter")
        await until(pilot, lambda: any("DATA" in line for line in server.received), "message")
        await pilot.press("escape")
        await until(pilot, lambda: "cancelled; it may or may not be sent" in screen_text(app), "word on the cancel")
        assert app.state.step == "send"
        assert app.state.sent == ()


async def test_hostile_words_about_a_mail_are_text(tmp_path: Path) -> None:
    text = HOSTILE[0] + HOSTILE[3]
    script = Script().but(Stage.DOT, reply(f"250 2.0.0 {text}"))
    async with scripted(script, tmp_path, start="send") as (app, pilot, _):
        await pilot.press("enter")
        await until(pilot, lambda: app.state.sent, "accepted mail")
        assert HOSTILE[0] in screen_text(app)


async def test_an_outcome_about_other_settings_is_not_kept(tmp_path: Path) -> None:
    script = Script().but(Stage.MAIL, reply("550 5.7.1 not yours"))
    async with scripted(script, tmp_path, start="send", size=(80, 40)) as (app, pilot, _):
        await pilot.press("enter")
        await until(pilot, lambda: "✗ Email verification" in screen_text(app), "failed mail")
        app.go("settings")
        await until(pilot, lambda: app.state.step == "settings", "Settings step")
        app.apply_changes({"SMTP_SENDER": "other@acme.example"})
        app.go("send")
        await until(pilot, lambda: app.state.step == "send", "Send step")
        assert "550 5.7.1" not in screen_text(app)
