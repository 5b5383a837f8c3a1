"""The Send step against real servers: what is sent, what is said of it, and the code that proves arrival."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from smtpwizard.report.arrival import Proof
from smtpwizard.sandbox.scripted import SILENCE, Script, Stage, reply
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.dialogs import SAMPLE_CODE, ConfirmScreen, MailPreviewScreen
from smtpwizard.tui.steps.send import CodeEntry, MailForm
from smtpwizard.tui.widgets.check import Card
from smtpwizard.wizard.session import WizardState
from support.tui import HOSTILE, PASSWORD, quiet_services, screen_text
from support.tui_steps import logins, practising, scripted, tick_all, until

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


async def accepted(app: SmtpWizard, pilot: Pilot[WizardState], count: int = 3) -> None:
    """Press Enter and wait until `count` mails are accepted and the code is asked for."""
    await pilot.press("enter")
    await until(
        pilot, lambda: taken_by_the_server(app) == count and isinstance(app.focused, CodeEntry), "accepted mail"
    )


def taken_by_the_server(app: SmtpWizard) -> int:
    """Return how many mails were accepted so far."""
    return sum(1 for mail in app.state.sent if mail.message.accepted)


async def only_the_first(pilot: Pilot[WizardState]) -> None:
    """Take the ticks from the second and the third mail, and go back to the address."""
    await pilot.press("down", "down", "space", "down", "space", "up", "up", "up")


async def test_all_three_mails_go_with_one_login_and_the_practice_inbox_proves_them(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, server):
        assert "practice@example.com" in screen_text(app)
        assert screen_text(app).count("[X]") == 3
        await accepted(app, pilot)
        codes = [mail.code or "" for mail in server.messages]
        assert len(set(codes)) == 3
        await until(pilot, lambda: len(app.state.arrived) == 3, "proof of all three")
        assert {item.by for item in app.state.arrived} == {Proof.PRACTICE}
        text = screen_text(app)
        for mail, code in zip(server.messages, codes, strict=True):
            assert f"queue id {mail.queue_id}" in text
            assert f"code {code[:3]} {code[3:]}" in text
        assert "✓ Email verification  arrived, code " in text
        assert "Enter Finish" in text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "question, since nothing is saved")


async def test_a_code_typed_back_proves_arrival_where_no_inbox_can_be_read(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path, start="send", size=(80, 30)) as (app, pilot, _):
        await tick_all(app, pilot)
        await accepted(app, pilot)
        assert app.state.confirmed == ()
        assert "Enter Check code" in screen_text(app)
        await pilot.press(*("000000" if app.state.sent[0].code != "000000" else "111111"))
        await until(pilot, lambda: "is not the code of one of the mails" in words(app), "word on the code")
        assert app.state.confirmed == ()
        for number, mail in enumerate(app.state.sent, 1):
            await pilot.press(*(mail.code or ""))
            await until(pilot, lambda: len(app.state.confirmed) == number, "proof of arrival")  # noqa: B023
        assert {item.by for item in app.state.arrived} == {Proof.CODE}
        assert "is not the code" not in words(app)
        assert "✓ Email verification arrived: the code is right" in words(app)
        assert "Enter Finish" in screen_text(app)


async def test_one_mail_is_ticked_and_digits_begin_the_code_wherever_the_focus_is(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path, start="send", size=(80, 30)) as (app, pilot, server):
        assert screen_text(app).count("[X]") == 1
        await accepted(app, pilot, 1)
        app.query_one("#send-verification").focus()
        code = app.state.sent[0].code or ""
        await pilot.press(*code)
        await until(pilot, lambda: app.state.confirmed == ("verification",), "proof of arrival")
        assert app.query_one(MailForm).recipient == "you@acme.example"
        assert len(server.messages) == 1


async def test_who_comes_back_while_a_code_is_awaited_types_the_code_and_not_an_address(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path, start="send", size=(80, 30)) as (app, pilot, _):
        await accepted(app, pilot, 1)
        app.go("settings")
        await until(pilot, lambda: app.state.step == "settings", "Settings step")
        app.go("send")
        await until(pilot, lambda: app.state.step == "send" and isinstance(app.focused, CodeEntry), "field of the code")
        assert app.query_one(MailForm).recipient == "you@acme.example"


async def test_no_mail_goes_without_an_address_and_none_without_a_tick(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, server):
        await pilot.press("end", "ctrl+u", "enter")
        await until(pilot, lambda: "An address is needed" in screen_text(app), "word on the address")
        await pilot.press(*"you", "enter")
        await until(pilot, lambda: "not a bare mail address" in screen_text(app), "word on the address")
        await pilot.press("at", *"acme", "full_stop", *"example", *("down", "space") * 3, "enter")
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


async def test_the_preview_warns_of_the_recipients_address_only_in_mails_with_a_link(tmp_path: Path) -> None:
    async with sending(tmp_path) as (app, pilot, _):
        app.query_one(MailForm).field.value = "you+me@acme.example"
        await pilot.press("f7")
        await until(pilot, lambda: "Subject: User feedback Email Verification" in screen_text(app), "first mail")
        assert "+ stands for a blank" not in words(app)
        await pilot.press("right")
        await until(pilot, lambda: "Subject: User feedback Reset Password" in screen_text(app), "second mail")
        assert "+ stands for a blank" in words(app)


async def test_one_refused_mail_is_explained_and_the_others_stand_as_accepted(tmp_path: Path) -> None:
    script = Script().turn(Stage.DOT, None, reply("554 5.7.1 too much like spam"))
    async with scripted(script, tmp_path, start="send", size=(80, 40)) as (app, pilot, server):
        await tick_all(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Card), "explanation")
        assert [mail.message.accepted for mail in app.state.sent] == [True, False, True]
        text = words(app)
        assert "✓ Email verification accepted: 250" in text
        assert "✗ Password reset data: 554 5.7.1 too much like spam" in text
        assert "✓ User invitation accepted" in text
        assert "Type the six digits" in text
        assert logins(server) == 1


async def test_a_refused_login_is_asked_about_here_too(tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply("535 5.7.8 bad credentials"))
    async with scripted(script, tmp_path, start="send", size=(80, 40)) as (app, pilot, server):
        await tick_all(app, pilot)
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
        await tick_all(app, pilot)
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
        await tick_all(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.state.sent, "accepted mail")
        assert HOSTILE[0] in screen_text(app)


async def test_on_the_smallest_screen_the_outcome_takes_the_room_of_the_ticks(tmp_path: Path) -> None:
    async with scripted(Script(), tmp_path, start="send", size=(40, 10)) as (app, pilot, _):
        await tick_all(app, pilot)
        assert screen_text(app).count("[X]") == 3
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, CodeEntry), "code asked for")
        assert "[X]" not in screen_text(app)
        app.query_one("#send-to").focus()
        await until(pilot, lambda: screen_text(app).count("[X]") == 3, "ticks")
        assert all(len(line) == 40 for line in screen_text(app).splitlines())
