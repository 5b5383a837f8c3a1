"""The shell: steps and focus, state, key bar, layouts, help, palette."""

from __future__ import annotations

import pytest

from smtpwizard.tui.base import Hint
from smtpwizard.tui.widgets.shell import fitting
from smtpwizard.wizard.state import WizardState
from support.tui import GMAIL, quiet_services, screen_text, settled, wizard


async def test_the_first_step_has_the_focus_in_its_input() -> None:
    async with wizard() as (app, _):
        assert app.state.step == "provider"
        assert app.focused is not None
        assert app.focused.id == "query"


async def test_a_new_step_gets_the_focus_and_not_a_sibling_in_the_hidden_pane() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.focused is not None
        assert app.current in app.focused.ancestors
        await pilot.press("x")
        assert app.state.settings.username == "x"


async def test_back_never_validates() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        await pilot.press("tab", "tab", *"not-an-address", "escape")
        await settled(pilot)
        assert app.state.step == "provider"


async def test_back_and_forth_keeps_what_was_typed() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        await pilot.press("y", "o", "u", "escape")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.state.settings.username == "you"


async def test_next_stops_at_the_first_field_that_is_missing() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        await pilot.press("tab", "enter")
        await settled(pilot)
        assert app.state.step == "settings"
        assert "Mail address is missing." in screen_text(app)
        assert app.current is not None
        assert app.focused is app.current.first_focus()


async def test_an_equal_state_calls_no_watcher() -> None:
    async with wizard() as (app, pilot):
        seen: list[WizardState] = []
        app.watch(app, "state", lambda new: seen.append(new), init=False)
        app.update(settings=app.state.settings)
        await pilot.pause()
        assert seen == []
        app.update(recipient="you@example.com")
        await pilot.pause()
        assert len(seen) == 1


async def test_focus_variable_opens_the_field_of_a_folded_variable() -> None:
    state = WizardState(settings=GMAIL, provider=quiet_services().presets.provider("gmail"))
    async with wizard(state) as (app, pilot):
        app.focus_variable("SMTP_PORT")
        await settled(pilot)
        assert app.state.step == "settings"
        assert app.focused is not None
        assert app.focused in app.query_one("#field-smtp_port").query("*")
        assert app.query_one("#field-smtp_port").has_class("-marked")


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


async def test_a_click_on_a_number_in_the_header_goes_to_that_step() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        column = screen_text(app).splitlines()[0].index("✓")
        await pilot.click(offset=(column, 0))
        await settled(pilot)
        assert app.state.step == "provider"


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


async def test_help_and_quit_stand_in_the_key_bar_at_80_and_at_40_columns() -> None:
    for width in (80, 40):
        async with wizard(size=(width, 24)) as (app, _):
            bar = screen_text(app).splitlines()[-1]
            assert "F1 Help" in bar
            assert "Ctrl+Q Quit" in bar


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40])
def test_the_key_bar_shows_at_most_six_keys_and_never_more_than_fit(width: int) -> None:
    own = tuple(Hint(f"f{number}", f"A long label {number}") for number in range(3, 9))
    shown = fitting((Hint("enter", "Do something quite long"), *own), width)
    assert len(shown) <= 6
    assert sum(len(hint.shown) + 1 + len(hint.label) + 3 for hint in shown) - 3 <= width
    assert {"f1", "ctrl+q"} <= {hint.key for hint in shown}


async def test_rail_and_masked_preview_open_from_110_columns() -> None:
    state = WizardState(settings=GMAIL, provider=quiet_services().presets.provider("gmail"))
    async with wizard(state, start="settings", size=(120, 36)) as (app, pilot):
        text = screen_text(app)
        assert app.query_one("#rail").size.width == 18
        assert app.query_one("#preview").outer_size.width == 34
        assert "SMTP_HOST=smtp.gmail.com" in text
        assert "SMTP_PASSWORD=••••••••" in text
        assert "abcdefghijklmnop" not in text
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert not app.query_one("#rail").display
        assert "SMTP_HOST=" not in screen_text(app)


@pytest.mark.parametrize("size", [(30, 8), (39, 24), (80, 9)])
async def test_a_terminal_below_40_by_10_is_told_so(size: tuple[int, int]) -> None:
    async with wizard(size=size) as (app, pilot):
        assert "needs a terminal" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "Relays" in screen_text(app)


@pytest.mark.parametrize("width", [40, 60, 80, 109, 120])
async def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    async with wizard(size=(width, 24)) as (app, pilot):
        await pilot.press("a", "m", "a")
        await settled(pilot)
        assert all(strip.cell_length == width for strip in app.screen._compositor.render_strips())
        assert not any(widget.show_horizontal_scrollbar for widget in app.query("*"))


async def test_f1_explains_the_focused_field_and_names_the_keys() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "enter")
        await settled(pilot)
        await pilot.press("tab", "f1")
        await settled(pilot)
        text = screen_text(app)
        assert "App password" in text
        assert "2-Step Verification" in text
        assert "Ctrl+Q" in text
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
