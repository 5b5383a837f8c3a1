"""Foreign text is data: nothing in it moves the cursor, hides, turns round or runs on."""

from __future__ import annotations

import subprocess
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtpwizard.text import LIMIT, command_line, safe

anything = st.text(st.characters(), max_size=80)
"""Every code point, surrogates and unassigned ones included."""


@given(anything)
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    shown = safe(text)
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(anything)
def test_making_safe_twice_changes_nothing_more(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(anything, st.integers(1, 40), st.booleans())
def test_the_limit_holds(text: str, limit: int, newlines: bool) -> None:
    assert len(safe(text, limit=limit, newlines=newlines)) <= limit


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=80))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title␇"),
        ("\x7f\x00", "␡␀"),
        ("a\tb", "a b"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\ufffdwidth\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("\ud800", "\ufffd"),
        ("[red]x[/] [@click=app.quit]", "[red]x[/] [@click=app.quit]"),
        ("two\r\nlines\n", "two / lines"),
        ("alone\r", "alone␍"),
    ],
)
def test_each_danger_has_its_stand_in(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_line_ends_stay_on_request() -> None:
    assert safe("two\r\nlines", newlines=True) == "two\nlines"


def test_endless_text_is_cut_with_a_mark() -> None:
    shown = safe("x" * 1_000_000)
    assert len(shown) == LIMIT
    assert shown.endswith("…")
    assert len(safe("a\n" * 1_000_000)) <= LIMIT


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=4))
@example(["it's", "a\nb", "\\x0a\n", "\u202e'\\", "\udcff", "", "\t$HOME", "€\x9b"])
@settings(max_examples=20, deadline=None)
def test_a_command_is_one_safe_line_that_a_shell_takes_apart_again(words: list[str]) -> None:
    line = command_line(words)
    assert safe(line, limit=len(line) + 1) == line
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    octets = [word.encode("utf-8", "surrogateescape") for word in words]
    assert done.stdout.split(b"\0")[:-1] == (octets or [b""])
