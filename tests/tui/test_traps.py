"""The traps of Textual 8.2.8, each closed: clipboard, markup, shapes, paste, workers, pictures."""

from __future__ import annotations

import base64

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.selection import SELECT_ALL
from textual.widgets import Input

from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.base import clickable, hanging, plain, styled
from smtpwizard.tui.widgets.inputs import BarInput, Fitted, PlainText, Scroll, SecretInput, ShapeCheckbox, ShapeRadio
from smtpwizard.wizard.session import WizardState
from support.apps import ABC
from support.tui import GMAIL, HOSTILE, PASSWORD, quiet_services, screen_text, settled, type_text, wizard

SECRET_STATE = WizardState(
    settings=Settings(ABC, 
        host="smtp.gmail.com", port="465", security="true", username="a@gmail.com", sender="a@gmail.com",
        password=Secret(PASSWORD),
    ),
    provider=quiet_services().presets.provider("gmail"),
)  # fmt: skip


# The clipboard


async def test_no_key_on_the_secret_field_reaches_the_clipboard_and_ctrl_c_says_how_to_quit() -> None:
    async with wizard(SECRET_STATE, start="settings") as (app, pilot):
        secret = app.query_one(SecretInput)
        secret.focus()
        await pilot.pause()
        assert secret.selection == (0, len(PASSWORD)), "focus selects all: what is pasted takes its place"
        await pilot.press("ctrl+c")
        await settled(pilot)
        assert "Ctrl+Q quits" in next(note.message for note in app._notifications)
        for key in ("super+c", "ctrl+x"):
            await pilot.press("home", "shift+end", key)
            await settled(pilot)
            assert app.clipboard == ""


async def test_text_selected_with_the_mouse_holds_no_secret() -> None:
    async with wizard(SECRET_STATE, start="settings", size=(120, 36)) as (app, pilot):
        app.screen.selections = dict.fromkeys(app.screen.query("*"), SELECT_ALL)
        await pilot.pause()
        assert PASSWORD not in (app.screen.get_selected_text() or "")


async def test_copy_clears_secrets_and_claims_no_more_than_that_it_was_sent() -> None:
    async with wizard(SECRET_STATE, start="settings") as (app, pilot):
        token = base64.b64encode(f"\0a@gmail.com\0{PASSWORD}".encode()).decode()
        app.copy(f"C: AUTH PLAIN {token}\npassword {PASSWORD}", what="Transcript")
        await settled(pilot)
        assert PASSWORD not in app.clipboard
        assert token not in app.clipboard
        words = [note.message for note in app._notifications][-1]
        assert "sent to the terminal's clipboard" in words
        assert "If pasting gives nothing" in words
        assert "copied" not in words.lower()


# Markup


class _Sinks(App[None]):
    """Every way in which this front end shows foreign text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        text = self._text
        yield PlainText(text)
        yield PlainText(plain(text))
        yield PlainText(styled(text, "$error"))
        yield PlainText(hanging("!", text, 40))
        yield PlainText(clickable(plain(text), "app.bell"))
        yield ShapeRadio(text)
        yield ShapeCheckbox(text)
        box = PlainText("")
        box.border_title = plain(text)
        yield box


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_shown_as_text_by_every_sink(text: str) -> None:
    app = _Sinks(text)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        shown = "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())
        assert shown.count(text.replace("\x1b", "␛").replace("\u202e", "\ufffd")) >= 7
        assert "\x1b" not in shown
        assert "\u202e" not in shown


async def test_a_toast_shows_hostile_text_as_text() -> None:
    async with wizard() as (app, pilot):
        for text in HOSTILE:
            app.notify(text, title=text, markup=True)
            await settled(pilot)
            shown = screen_text(app)
            assert text.replace("\x1b", "␛").replace("\u202e", "\ufffd") in shown
            assert "\x1b" not in shown
            app.clear_notifications()


@pytest.mark.parametrize("text", ["".join(HOSTILE), "".join(reversed(HOSTILE))])
async def test_hostile_settings_from_a_file_are_shown_by_every_pane(text: str) -> None:
    settings = Settings(ABC, host=text, port=text, sender=text, username=text, security=text, url=text)
    state = WizardState(settings=settings, original=settings, provider=quiet_services().custom)
    async with wizard(state, start="opening", size=(120, 36)) as (app, pilot):
        shown = [screen_text(app)]
        await pilot.press("ctrl+p")
        await settled(pilot)
        shown.append(screen_text(app))
        await pilot.press("escape")
        app.focus_variable("SMTP_USERNAME")
        await settled(pilot)
        shown.append(screen_text(app))
        await pilot.press("f1")
        await settled(pilot)
        shown.append(screen_text(app))
        assert app.return_code in (None, 0)
        assert not any("\x1b" in frame or "\u202e" in frame for frame in shown)


async def test_a_palette_entry_with_brackets_is_shown_and_does_not_end_the_app() -> None:
    wrong = Settings(ABC, host="smtp.gmail.com", port="465", security="false", sender="[/] <a@b.example>", username="x")
    state = WizardState(settings=wrong, provider=quiet_services().presets.provider("gmail"))
    async with wizard(state, start="settings") as (app, pilot):
        app.query_one("#field-smtp_sender Input").focus()
        await settled(pilot)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert not any("[" in title for title in titles)
        await pilot.press("ctrl+p", "s", "e")
        await settled(pilot)
        assert app.return_code in (None, 0)


# Shapes


def test_on_and_off_differ_by_shape() -> None:
    assert ShapeRadio("a", True)._button.plain == "(•)"
    assert ShapeRadio("a", False)._button.plain == "( )"
    assert ShapeCheckbox("a", True)._button.plain == "[X]"
    assert ShapeCheckbox("a", False)._button.plain == "[ ]"


async def test_the_highlighted_row_differs_by_shape() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m")
        await settled(pilot)
        assert "▌Gmail" in screen_text(app)
        assert " GMX" in screen_text(app)
        await pilot.press("down")
        await settled(pilot)
        assert "▌GMX" in screen_text(app)
        assert "▌Gmail" not in screen_text(app)


# Paste


@pytest.mark.parametrize(
    ("pasted", "taken", "said"),
    [
        ("\nsecret", "secret", True),
        ("  secret\t\r\n", "secret", True),
        ("secret", "secret", False),
        ("first\nsecond", "first", True),
        ("a\x1b[31mb\x00c", "a[31mbc", True),
        (" \n ", "", False),
    ],
)
async def test_a_paste_takes_the_first_line_that_is_not_blank(pasted: str, taken: str, said: bool) -> None:
    class Form(App[None]):
        heard: list[str]

        def compose(self) -> ComposeResult:
            self.heard = []
            yield BarInput()

        def on_bar_input_pasted(self, event: BarInput.Pasted) -> None:
            self.heard.append(event.left_out)

    app = Form()
    async with app.run_test() as pilot:
        app.query_one(BarInput).post_message(events.Paste(pasted))
        await pilot.pause()
        assert app.query_one(BarInput).value == taken
        assert bool(app.heard[0]) is said or not taken


# Pictures


async def test_a_screenshot_from_the_palette_holds_no_secret_even_while_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures: list[str] = []
    monkeypatch.setattr(SmtpWizard, "deliver_text", lambda self, file, **rest: pictures.append(file.read()))
    async with wizard(SECRET_STATE, start="settings", size=(140, 36)) as (app, pilot):
        app.query_one(SecretInput).focus()
        await pilot.press("f8")
        await settled(pilot)
        assert PASSWORD in screen_text(app)
        await pilot.press("ctrl+p", *"picture", "enter")
        await settled(pilot)
        await settled(pilot)
    assert "SMTP_PASSWORD" in pictures[0]
    assert PASSWORD not in pictures[0]


async def test_the_palette_has_only_our_own_entries() -> None:
    async with wizard() as (app, _):
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert not titles & {"Maximize", "Keys", "Screenshot", "Theme", "Quit"}


# Keys


async def test_a_letter_is_typed_and_never_a_command_and_a_click_on_nothing_keeps_the_focus() -> None:
    async with wizard() as (app, pilot):
        assert "ctrl+z" not in app.active_bindings
        await pilot.click(offset=Offset(40, 0))
        await type_text(pilot, "q?/")
        assert app.query_one("#query", Input).value == "q?/"


async def test_a_worker_that_fails_does_not_end_the_app() -> None:
    async def broken(domain: str) -> tuple[str, ...]:
        raise RuntimeError("resolver broke")

    async with wizard(services=quiet_services(mx_hosts=broken)) as (app, pilot):
        await pilot.press(*"acme", "full_stop", *"example")
        await pilot.pause()
        assert app.is_running
        await pilot.press("enter")
        await pilot.pause()
        assert app.state.step == "settings"


async def test_a_text_that_changes_twice_before_its_layout_has_the_height_of_the_last_one() -> None:
    async with wizard() as (app, pilot):
        panel = app.query_one("#panel")
        about = panel.query_one("#about", PlainText)
        about.update("1\n2\n3\n4\n5\n6\n7\n8\n9")
        panel._clear_arrangement_cache()  # as any other part of the panel does
        app.screen._refresh_layout()  # as a resize does
        about.update("1\n2")
        await settled(pilot)
        assert about.size.height == 2


def test_the_state_shows_no_secret_in_its_repr() -> None:
    state = WizardState(settings=GMAIL, tested=GMAIL, refused=(GMAIL,), block=Secret("SMTP_PASSWORD=abcdefghijklmnop"))
    assert "abcdefghijklmnop" not in repr(state)


# Scroll bars


class Foot(App[None]):
    """Four lines that are as wide as the screen, and a foot of three rows below them, on a screen of six."""

    def compose(self) -> ComposeResult:
        with Fitted():
            with Scroll():
                yield PlainText("\n".join(["x" * 40] * 4))
            yield PlainText("1\n2\n3")


async def test_a_text_that_fits_has_no_scroll_bar_although_it_once_needed_one() -> None:
    app = Foot()
    async with app.run_test(size=(40, 6)) as pilot:
        fitted = app.query_one(Fitted)
        fitted.fit()
        await settled(pilot)
        assert fitted.scroll.show_vertical_scrollbar
        fitted.children[1].display = False
        fitted.fit()
        await settled(pilot)
        assert not fitted.scroll.show_vertical_scrollbar
