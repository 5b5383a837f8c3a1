"""Settings hold what was given word for word, and hand it back; the password as a Secret from the first moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.secret import MASK, Secret
from smtpwizard.settings import Settings
from support.apps import ABC, FIELDS, LEGACY

names = st.sampled_from([*FIELDS, *LEGACY, "PATH", "SMTP_OTHER"])
variables = st.dictionaries(names, st.text(max_size=12))


def opened(settings: Settings) -> dict[str, str]:
    return {name: v.reveal() if isinstance(v, Secret) else v for name, v in settings.to_variables().items()}


@given(variables)
def test_variables_come_back_as_they_went_in(given_variables: dict[str, str]) -> None:
    settings = Settings.from_variables(ABC, given_variables)
    assert opened(settings) == {name: value for name, value in given_variables.items() if name in FIELDS}
    assert [name for name, _ in settings.old_names] == [name for name in LEGACY if name in given_variables]


def test_an_empty_variable_is_not_a_missing_one() -> None:
    assert Settings.from_variables(ABC, {"SMTP_TLS": ""}).to_variables() == {"SMTP_TLS": ""}
    assert Settings(ABC).to_variables() == {}


def test_the_order_is_the_one_of_the_files() -> None:
    shuffled = dict.fromkeys(reversed(FIELDS), "x")
    assert list(Settings.from_variables(ABC, shuffled).to_variables()) == list(FIELDS)


@given(variables, st.dictionaries(st.sampled_from(list(FIELDS)), st.none() | st.text(max_size=12)))
def test_changes_set_and_leave_out(before: dict[str, str], changes: dict[str, str | None]) -> None:
    after = Settings.from_variables(ABC, before).with_changes(changes)
    wanted: dict[str, str | None] = {name: value for name, value in before.items() if name in FIELDS} | changes
    assert opened(after) == {name: value for name, value in wanted.items() if value is not None}


def test_a_secret_goes_into_any_variable() -> None:
    settings = Settings(ABC).with_changes({"SMTP_USERNAME": Secret("user"), "SMTP_PASSWORD": Secret("word")})
    assert settings.username == "user"
    assert settings.password == Secret("word")


def test_an_old_name_can_only_be_taken_away() -> None:
    settings = Settings.from_variables(ABC, {"SMTP_PASS": "word", "SMTP_USER": "user"})
    assert settings.with_changes({"SMTP_PASS": None}).old_names == (("SMTP_USER", Secret("user")),)
    with pytest.raises(KeyError):
        settings.with_changes({"SMTP_PASS": "other"})
    with pytest.raises(KeyError):
        settings.with_changes({"NO_SUCH": None})


def test_the_password_shows_nowhere() -> None:
    settings = Settings.from_variables(ABC, {"SMTP_PASSWORD": "S3cret-word", "SMTP_PASS": "0ther-word"})
    assert settings.masked()["SMTP_PASSWORD"] == MASK
    assert "S3cret" not in repr(settings)
    assert "0ther" not in repr(settings)
    assert set(settings.secrets()) == {Secret("S3cret-word"), Secret("0ther-word")}


def test_every_old_name_leads_to_a_variable_of_the_app() -> None:
    assert set(LEGACY.values()) <= set(FIELDS)
    assert not set(LEGACY) & set(FIELDS)
    assert set(FIELDS) >= ABC.secrets


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("587", 587),
        (" 587 ", 587),
        ("0", None),
        ("65536", None),
        ("99999999999", None),
        ("-1", None),
        ("٥", None),
        ("", None),
    ],
)
def test_a_port_number_is_told_only_where_it_is_one(text: str, port: int | None) -> None:
    assert Settings(ABC, port=text).port_number == port
