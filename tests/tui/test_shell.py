"""The shell: steps and focus, state, key bar, layouts, help, palette."""

from __future__ import annotations

import pytest

from smtpwizard.settings import Settings
from smtpwizard.tui.base import Hint
from smtpwizard.tui.widgets.shell import fitting
from smtpwizard.wizard.session import WizardState
from support.apps import ABC
from support.tui import GMAIL, quiet_services, screen_text, settled, wizard

GMAIL_CHOSEN = WizardState(
    settings=Settings(ABC, host="smtp.gmail.com", port="587", security="false"),
    provider=quiet_services().presets.provider("gmail"),
    visited=("provider",),
)


async def test_a_new_step_gets_the_focus_and_not_a_sibling_in_the_hidden_pane() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.focused is not None
        assert app.current in app.focused.ancestors
        await pilot.press("x")
        assert app.state.settings.username == "x"


async def test_back_never_validates_and_coming_again_finds_what_was_typed() -> None:
    async with wizard(GMAIL_CHOSEN, start="settings") as (app, pilot):
        await pilot.press(*"you", "escape")
        await settled(pilot)
        assert app.state.step == "provider"
        await pilot.press("enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.state.settings.username == "you"


async def test_next_stops_at_the_first_field_that_is_missing() -> None:
    async with wizard(GMAIL_CHOSEN, start="settings") as (app, pilot):
        await pilot.press("tab", "enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert "Mail address is missing." in screen_text(app)
        assert app.current is not None
        assert app.focused is app.current.first_focus()


async def test_focus_variable_opens_the_field_of_a_folded_variable() -> None:
    state = WizardState(settings=GMAIL, provider=quiet_services().presets.provider("gmail"))
    async with wizard(state) as (app, pilot):
        app.focus_variable("SMTP_PORT")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.focused is not None
        assert app.focused in app.query_one("#field-smtp_port").query("*")


async def test_a_step_can_be_reached_by_number_only_once_it_was_shown() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("alt+2")
        await settled(pilot)
        assert app.state.step == "provider"
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        await pilot.press("alt+1")
        await settled(pilot)
        assert app.state.step == "provider"
        await pilot.press("alt+2")
        await settled(pilot)
        assert app.state.step == "settings"


async def test_the_step_before_and_after_are_those_that_were_shown() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("f3")
        await settled(pilot)
        assert app.state.step == "provider"
        await pilot.press("f2")  # before the first step stands the question which app it is
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert app.state.step == "provider"
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        for key, step in (("f2", "provider"), ("f3", "settings"), ("f3", "settings")):
            await pilot.press(key)
            await settled(pilot)
            assert app.state.step == step


async def test_a_click_on_the_key_bar_does_what_the_key_does() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m")
        bar = screen_text(app).splitlines()[-1]
        await pilot.click(offset=(bar.index("Use Gmail"), 23))
        await settled(pilot)
        assert app.state.step == "settings"
        bar = screen_text(app).splitlines()[-1]
        await pilot.click(offset=(bar.index("Back"), 23))
        await settled(pilot)
        assert app.state.step == "provider"


async def test_a_click_on_a_number_in_the_header_goes_to_that_step() -> None:
    async with wizard(GMAIL_CHOSEN, start="settings") as (app, pilot):
        await pilot.click(offset=(screen_text(app).splitlines()[0].index("✓"), 0))
        await settled(pilot)
        assert app.state.step == "provider"


async def test_at_every_width_nothing_is_wider_than_the_terminal_and_help_and_quit_stand_in_the_key_bar() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("a", "m", "a")
        for width in (120, 109, 80, 60, 40):
            await pilot.resize_terminal(width, 24)
            await settled(pilot)
            assert all(strip.cell_length == width for strip in app.screen._compositor.render_strips())
            assert not any(widget.show_horizontal_scrollbar for widget in app.query("*"))
            bar = screen_text(app).splitlines()[-1]
            assert "F1 Help" in bar
            assert "Ctrl+Q Quit" in bar


async def test_a_terminal_below_40_by_10_is_told_so() -> None:
    async with wizard(size=(30, 8)) as (app, pilot):
        for size in ((30, 8), (39, 24), (80, 9)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert "needs a terminal" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "Sending services" in screen_text(app)


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40])
def test_the_key_bar_shows_at_most_six_keys_and_never_more_than_fit(width: int) -> None:
    own = tuple(Hint(f"f{number}", f"A long label {number}") for number in range(3, 9))
    shown = fitting((Hint("enter", "Do something quite long"), *own), width)
    assert len(shown) <= 6
    assert sum(len(hint.shown) + 1 + len(hint.label) + 3 for hint in shown) - 3 <= width
    assert {"f1", "ctrl+q"} <= {hint.key for hint in shown}


async def test_the_masked_preview_opens_from_140_columns_and_the_recap_stands_in_the_lower_edge() -> None:
    state = WizardState(settings=GMAIL, provider=quiet_services().presets.provider("gmail"))
    async with wizard(state, start="settings", size=(140, 36)) as (app, pilot):
        text = screen_text(app)
        assert app.query_one("#preview").outer_size.width == 34
        assert "SMTP_HOST=smtp.gmail.com" in text
        assert "SMTP_PASSWORD=********" in text
        assert "abcdefghijklmnop" not in text
        await pilot.resize_terminal(139, 36)
        await settled(pilot)
        assert "SMTP_HOST=" not in screen_text(app)
        app.go("save")
        await settled(pilot)
        assert "╰─ Gmail · ops@gmail.com ─" in screen_text(app)


async def test_the_steps_stand_in_the_header_by_name_where_80_columns_are_there_and_by_number_where_not() -> None:
    async with wizard(GMAIL_CHOSEN, start="settings") as (app, pilot):
        assert screen_text(app).splitlines()[0].split("→ .env")[1].split() == (
            ["✓", "Provider", "2", "Settings", "3", "Test", "4", "Save", "5", "Send"]
        )
        await pilot.resize_terminal(50, 20)
        await settled(pilot)
        assert screen_text(app).splitlines()[0].split("→ .env")[1].split() == ["✓", "2", "Settings", "3", "4", "5"]


async def test_f1_explains_the_focused_field_and_names_the_keys() -> None:
    async with wizard(GMAIL_CHOSEN, start="settings") as (app, pilot):
        await pilot.press("tab", "f1")
        await settled(pilot)
        text = screen_text(app)
        assert "App password" in text
        assert "It can be made only while 2-Step" in text
        assert "Step before, after" in text
        await pilot.press("escape")
        await settled(pilot)
        assert app.state.step == "settings"


async def test_the_palette_lists_what_makes_sense_now_as_area_and_verb() -> None:
    async with wizard() as (app, pilot):
        before = {command.title for command in app.get_system_commands(app.screen)}
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        after = {command.title for command in app.get_system_commands(app.screen)}
        assert "go: Provider" not in before
        assert "go: Provider" in after
        assert "provider: Open page" in before
        assert "provider: Open page" not in after
        assert all(": " in title and title.split(": ")[1][0].isupper() for title in before | after)
