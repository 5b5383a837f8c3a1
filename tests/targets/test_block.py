"""Blocks to copy: what is pasted is read as exactly the values."""

from __future__ import annotations

import pytest

from smtpwizard.errors import InputError
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.block import block
from smtpwizard.targets.compose.tree import list_item, mapping_value
from support import env_readers
from support.values import NASTY

VARIABLES = {"SMTP_HOST": "smtp.example.com", "SMTP_PORT": "587", "SMTP_PASSWORD": Secret("p$x#y"), "SMTP_TLS": "false"}


def test_an_env_block_is_read_back_by_python_dotenv() -> None:
    assert env_readers.python_dotenv([block(VARIABLES, "env")]) == [
        {"SMTP_HOST": "smtp.example.com", "SMTP_PORT": "587", "SMTP_PASSWORD": "p$x#y", "SMTP_TLS": "false"}
    ]


def test_a_compose_list_quotes_the_whole_item_and_doubles_the_dollar() -> None:
    assert block(VARIABLES, "compose-list").splitlines() == [
        "environment:",
        "  - SMTP_HOST=smtp.example.com",
        "  - SMTP_PORT=587",
        '  - "SMTP_PASSWORD=p$$x#y"',
        "  - SMTP_TLS=false",
    ]


def test_a_compose_mapping_quotes_numbers_and_booleans() -> None:
    assert block(VARIABLES, "compose-map").splitlines() == [
        "environment:",
        "  SMTP_HOST: smtp.example.com",
        '  SMTP_PORT: "587"',
        '  SMTP_PASSWORD: "p$$x#y"',
        '  SMTP_TLS: "false"',
    ]


@pytest.mark.parametrize("style", ["env", "compose-list", "compose-map"])
def test_a_masked_block_shows_the_mask_and_nothing_of_the_secret(style: str) -> None:
    text = block(VARIABLES, style, masked=True)  # type: ignore[arg-type]
    assert MASK in text
    assert "p$" not in text


def test_a_line_break_in_a_value_is_refused_in_every_style() -> None:
    with pytest.raises(InputError):
        block({"SMTP_PASSWORD": Secret("a\nb")}, "compose-map")


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(InputError, match="compose-map"):
        block(VARIABLES, "toml")  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["true", "No", "null", "0587", "1e3", "", "- a", "a: b", "#x", "@x", "y"])
def test_whatever_yaml_could_read_as_something_else_is_quoted(word: str) -> None:
    assert mapping_value(word) == f'"{word}"'


def test_nothing_nasty_stays_on_more_than_one_line() -> None:
    for value in NASTY:
        assert "\n" not in mapping_value(value) + list_item(f"K={value}")
