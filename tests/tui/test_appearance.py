"""Dark and light: contrast that can be read, the terminal's own background, a choice that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color
from textual.drivers import linux_driver
from textual.events import Key
from textual.theme import Theme

from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.appearance import (
    DARK,
    LIGHT,
    THEMES,
    Background,
    _Parser,
    asking_driver,
    expected_theme,
    keep_theme,
    kept_theme,
)
from support.tui import quiet_services, settled, wizard

GROUNDS = ("background", "surface", "panel", "boost")
"""What text stands on: the screen, dialogs and cards, buttons, fields."""
TEXTS = (
    "foreground", "text-muted", "text-disabled", "foreground-muted", "text-primary", "text-success", "text-warning",
    "text-error", "accent", "success", "warning", "error",
)  # fmt: skip
FILLED = ("accent", "success", "warning", "error")
"""Grounds of buttons and badges, whose words have the screen's own background as their colour."""


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio as WCAG 2.2 defines it, 1 to 21."""
    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_has_a_contrast_of_4_5_and_bars_and_marks_of_3(theme: Theme) -> None:
    named = {**theme.to_color_system().generate(), **theme.variables}
    colors = {name: Color.parse(value) for name, value in named.items() if value[0] == "#"}
    pairs = [(text, ground, 4.5) for text in TEXTS for ground in GROUNDS]
    pairs += [("background", ground, 4.5) for ground in FILLED]
    pairs += [("block-cursor-foreground", "block-cursor-background", 4.5), ("accent", "block-cursor-background", 3.0)]
    pairs += [("text-muted", "block-cursor-background", 4.5), ("foreground", "input-selection-background", 4.5)]
    pairs += [("bar", ground, 3.0) for ground in GROUNDS] + [("border", "background", 3.0), ("border", "surface", 3.0)]
    low = {(one, other): round(contrast(colors[one], colors[other]), 2)
           for one, other, least in pairs if contrast(colors[one], colors[other]) < least}  # fmt: skip
    assert not low
    # The field that has the focus is filled brighter by a tenth of the text's colour.
    focused = colors["panel"].blend(colors["foreground"], 0.1)
    assert contrast(colors["text-muted"], focused) >= 4.5, "a placeholder is text"
    assert contrast(colors["accent"], focused) >= 3


def typed(events: object) -> str:
    return "".join(event.character or "" for event in events if isinstance(event, Key))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "theme"),
    [
        ("\x1b]11;rgb:ffff/ffff/dddd\x1b\\", LIGHT),
        ("\x1b]11;rgb:1e1e/1e1e/1e1e\x07", DARK),
        ("\x1b]11;rgb:fa/fa/fa\x07", LIGHT),
        ("\x1b]11;rgba:0000/0000/0000/ffff\x07", DARK),
    ],
)
def test_the_terminals_answer_is_taken_from_among_the_keys_and_no_key_is_lost(answer: str, theme: Theme) -> None:
    for cut in range(2, len(answer)):  # it may come in two pieces
        parser = _Parser()
        events = [*parser.feed("ab" + answer[:cut]), *parser.feed(answer[cut:] + "cd")]
        assert [event.theme for event in events if isinstance(event, Background)] == [theme]
        assert typed(events) == "abcd"


def test_what_looks_like_the_beginning_of_an_answer_is_typed_when_none_comes() -> None:
    parser = _Parser()
    assert typed(parser.feed("x\x1b]1")) == "x"
    parser._until = 0.0
    assert typed(parser.feed("y")) + typed(parser.feed("")) == "]1y"
    driver = asking_driver()
    assert driver is not None
    assert issubclass(driver, linux_driver.LinuxDriver)
    assert vars(linux_driver)["XTermParser"] is _Parser  # the name that the driver of Textual 8.2.8 makes its parser by


@pytest.mark.parametrize(("value", "theme"), [("15;0", DARK), ("0;15", LIGHT), ("0;default;15", LIGHT), ("", DARK)])
def test_colorfgbg_decides_before_the_terminal_has_answered(
    monkeypatch: pytest.MonkeyPatch, value: str, theme: Theme
) -> None:
    monkeypatch.setenv("COLORFGBG", value)
    assert expected_theme() is theme


async def test_the_theme_follows_the_terminal_until_one_is_chosen_and_the_choice_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("COLORFGBG", raising=False)
    async with wizard() as (app, pilot):
        assert app.theme == DARK.name
        app.post_message(Background(LIGHT))
        await settled(pilot)
        assert app.theme == LIGHT.name
        assert kept_theme([LIGHT.name, DARK.name]) == ""
        app.theme = DARK.name  # as the palette does
        await settled(pilot)
        app.post_message(Background(LIGHT))
        await settled(pilot)
        assert app.theme == DARK.name
    assert kept_theme([LIGHT.name, DARK.name]) == DARK.name
    assert keep_theme("gone")
    assert SmtpWizard(quiet_services()).theme == DARK.name
