"""Step 2: what is asked, when it is judged, and what repairs it."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.widgets.inputs import SecretInput
from smtpwizard.wizard.session import WizardState
from support.apps import ABC
from support.tui import GMAIL, quiet_services, screen_text, settled, type_text, wizard


def chosen(provider: str, settings: Settings | None = None) -> WizardState:
    """Return the state after step 1."""
    found = quiet_services().presets.provider(provider)
    return WizardState(settings=settings or Settings(ABC).with_changes(dict(ABC.defaults(found))), provider=found)


async def test_a_paste_is_cleaned_and_says_so_and_one_of_the_wrong_shape_is_questioned_at_once() -> None:
    async with wizard(chosen("sendgrid"), start="settings") as (app, pilot):
        secret = app.query_one(SecretInput)
        secret.post_message(events.Paste("\n   SG.abc \r\n"))
        await settled(pilot)
        assert app.state.settings.password == Secret("SG.abc")
        assert "Blanks and line ends around it were removed." in screen_text(app)
        secret.value = ""
        secret.post_message(events.Paste("xsmtpsib-0123456789abcdef"))
        await settled(pilot)
        assert "!" in screen_text(app).split("What the app")[0]


async def test_the_account_is_shown_as_the_sender_until_one_is_typed() -> None:
    async with wizard(chosen("gmail"), start="settings") as (app, pilot):
        await type_text(pilot, "o@gmail.com")
        sender = app.query_one("#field-smtp_sender Input", Input)
        assert "also used as the sender" in screen_text(app)
        assert (sender.value, sender.placeholder) == ("", "o@gmail.com")
        sender.value = "a@gmail.com"
        await settled(pilot)
        assert app.state.settings.sender == "a@gmail.com"
        assert "also used as the sender" not in screen_text(app)


async def test_f6_and_a_click_make_the_repair_and_the_finding_is_gone() -> None:
    wrong = GMAIL._replace(port="465", security="false")
    async with wizard(chosen("gmail", wrong), start="settings") as (app, pilot):
        assert "F6 Set SMTP_TLS=true" in screen_text(app)
        await pilot.press("f6")
        await settled(pilot)
        assert app.state.settings.security == "true"
        assert "F6" not in screen_text(app)
        assert "✓ Repaired: Set SMTP_TLS=true." in screen_text(app)
        app.update(settings=wrong)
        await settled(pilot)
        lines = screen_text(app).splitlines()
        row = next(number for number, line in enumerate(lines) if "F6 Set SMTP_TLS=true" in line)
        await pilot.click(offset=(lines[row].index("Set SMTP_TLS=true") + 2, row))
        await settled(pilot)
        assert app.state.settings.security == "true"


async def test_a_field_is_not_marked_wrong_while_it_is_typed_but_once_it_was_left() -> None:
    async with wizard(chosen("gmail"), start="settings") as (app, pilot):
        await type_text(pilot, "ops@gmail.com")
        await pilot.press("tab")
        await type_text(pilot, "abcdefgh")
        assert "It has 8 characters" not in screen_text(app)
        await pilot.press("tab")
        await settled(pilot)
        assert "It has 8 characters." in screen_text(app)


async def test_what_is_lacking_and_what_is_malformed_are_told_apart() -> None:
    async with wizard(chosen("gmail", GMAIL._replace(password=None, url="xyz")), start="settings") as (app, _):
        assert "still needed: App password; to be corrected: Address people use" in screen_text(app)


async def test_a_login_that_cannot_be_right_is_told_before_it_is_tried() -> None:
    async with wizard(chosen("gmail"), start="settings") as (app, pilot):
        await type_text(pilot, "kim@gmial.com")
        await pilot.press("tab")
        await type_text(pilot, "abcdefgh")
        await pilot.press("enter")
        await settled(pilot)
        assert "It has 8 characters." in screen_text(app)
        assert "one slip" in screen_text(app)
        assert app.state.step == "settings"
        await pilot.press("f6")
        await settled(pilot)
        assert (app.state.settings.username, app.state.settings.sender) == ("kim@gmail.com", "kim@gmail.com")
        await pilot.press("enter")  # Google may have made them shorter
        await settled(pilot)
        assert app.state.step == "test"


async def test_f8_shows_the_secret_and_leaving_the_step_hides_it_again() -> None:
    async with wizard(chosen("gmail", GMAIL), start="settings") as (app, pilot):
        secret = app.query_one(SecretInput)
        secret.focus()
        await pilot.press("f8")
        await settled(pilot)
        assert "abcdefghijklmnop" in screen_text(app)
        assert "F8 hide" in screen_text(app)
        await pilot.press("escape")
        await settled(pilot)
        assert secret.password
        app.go("settings")
        await settled(pilot)
        assert "abcdefghijklmnop" not in screen_text(app)


async def test_advanced_is_folded_into_one_line_and_opens_by_enter() -> None:
    async with wizard(chosen("gmail", GMAIL), start="settings") as (app, pilot):
        assert "▸ Advanced  smtp.gmail.com : 465  TLS " in screen_text(app)
        app.query_one("AdvancedHeader").focus()
        await pilot.press("enter")
        await settled(pilot)
        text = screen_text(app)
        assert "▾ Advanced" in text
        assert "(•) TLS from the first byte (465)" in text
        assert "( ) STARTTLS if offered (587)" in text


async def test_the_port_takes_five_digits_and_is_checked() -> None:
    state = WizardState(settings=Settings(ABC, security="false"), provider=quiet_services().custom)
    async with wizard(state, start="settings") as (app, pilot):
        assert app.focused is app.query_one("#field-smtp_host Input"), "an unknown server is asked for openly"
        port = app.query_one("#field-smtp_port Input", Input)
        port.focus()
        await type_text(pilot, "-5x99999")
        assert port.value == "59999"
        port.value = "99999"
        await pilot.press("tab")
        await settled(pilot)
        assert "1" in screen_text(app)
        assert "65535" in screen_text(app)
        assert app.current is not None
        assert "SMTP_PORT" in dict(app.current.missing())


async def test_to_be_led_to_a_field_selects_all_of_it_wherever_the_cursor_was() -> None:
    settings = Settings(ABC).with_changes({"SMTP_USERNAME": "o@gmail.com", "SMTP_PASSWORD": Secret("abcdefghijklmnop")})
    async with wizard(chosen("gmail", settings), start="settings") as (app, pilot):
        await pilot.press("tab", "home", "right")
        app.focus_variable("SMTP_PASSWORD")
        await settled(pilot)
        assert app.query_one(SecretInput).selection == (0, 16)
        await pilot.press("x")
        await settled(pilot)
        assert app.state.settings.password == Secret("x")


async def test_a_value_that_is_filled_in_under_the_cursor_is_selected() -> None:
    async with wizard(chosen("gmail"), start="settings") as (app, pilot):
        await settled(pilot)
        app.session.update(settings=app.state.settings.with_changes({"SMTP_USERNAME": "o@gmail.com"}))
        await settled(pilot)
        await pilot.press("m")
        await settled(pilot)
        assert app.state.settings.username == "m"


async def test_choosing_tls_by_arrow_and_space_changes_the_state() -> None:
    async with wizard(chosen("gmail"), start="settings") as (app, pilot):
        app.focus_variable("SMTP_TLS")
        await settled(pilot)
        await pilot.press("down", "space")
        await settled(pilot)
        assert app.state.settings.security == "true"
        assert app.state.settings.opportunistic == "false"


async def test_a_token_that_is_user_and_password_at_once_shows_in_neither_preview_nor_outlook() -> None:
    async with wizard(chosen("postmark"), start="settings", size=(120, 36)) as (app, pilot):
        app.query_one(SecretInput).post_message(events.Paste("11112222-aaaa-bbbb-cccc-333344445555"))
        await settled(pilot)
        app.query_one("#field-smtp_sender Input", Input).value = "a@example.com"
        await settled(pilot)
        assert app.state.settings.username == "11112222-aaaa-bbbb-cccc-333344445555"
        assert "11112222" not in screen_text(app)


async def test_a_password_of_ten_thousand_characters_is_taken() -> None:
    async with wizard(chosen("gmx"), start="settings") as (app, pilot):
        app.query_one(SecretInput).post_message(events.Paste("p" * 10_000))
        await settled(pilot)
        assert app.state.settings.password == Secret("p" * 10_000)
