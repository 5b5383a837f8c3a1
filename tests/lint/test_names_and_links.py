"""Old names of variables, and the address that links in mails begin with."""

from __future__ import annotations

import pytest

from smtpwizard.lint.check import findings
from smtpwizard.problems import Problem, Severity
from smtpwizard.settings import Settings
from support.apps import ABC, LEGACY
from support.traps import LEFT_OUT, judge, make, of, plain


def legacy(settings: Settings) -> dict[str | None, Problem]:
    return {item.variable: item for item in findings(settings) if item.id == "legacy-name"}


FOREIGN = {item.name: item.of for item in ABC.old_names if item.of}
"""Names of other apps."""


@pytest.mark.parametrize(("old", "right"), [(old, right) for old, right in LEGACY.items() if old not in FOREIGN])
def test_a_value_under_an_old_name_moves_to_the_right_one(old: str, right: str) -> None:
    value = "false" if right.endswith("TLS") else "value"
    settings = make(**{right: LEFT_OUT, old: value, "PORT": "587", "TLS": LEFT_OUT})
    found = legacy(settings)[old]
    assert found.severity is Severity.WARNING
    assert plain(found) == {right: value, old: None}
    assert found.label == f"Rename {old} to {right}"
    after = settings.with_changes(found.changes)
    assert after.get(right) is not None
    assert after.old_names == ()


@pytest.mark.parametrize(("old", "app"), FOREIGN.items())
def test_a_name_of_another_app_is_told_as_that_and_its_line_is_left_to_it(old: str, app: str) -> None:
    right = LEGACY[old]
    value = {"SMTP_TLS": "false", "SMTP_PORT": "587"}.get(right, "value")
    found = legacy(make(**{"PORT": "587", "TLS": LEFT_OUT, right: LEFT_OUT, old: value}))[old]
    assert found.message.startswith(f"{old} is {app}'s name; the app reads {right}")
    login = right in ("SMTP_USERNAME", "SMTP_PASSWORD")  # a person copies it, or nobody
    assert plain(found) == ({} if login else {right: value})


def test_a_name_of_another_app_beside_ours_is_none_of_our_business() -> None:
    assert legacy(make(MAIL_HOST="smtp.other.example", EMAIL_PORT="25")) == {}


@pytest.mark.parametrize(
    ("name", "text", "port", "right"),
    [
        ("SMTP_SECURE", "tls", "587", "false"),
        ("SMTP_SECURE", "ssl", "465", "true"),
        ("SMTP_SECURE", "STARTTLS", "587", "false"),
        ("SMTP_SECURE", "1", "465", "true"),
        ("SMTP_SECURE", "yes", "465", "true"),
        ("SMTP_SECURE", "none", "587", "false"),
        ("SMTP_SECURITY", "starttls", "587", "false"),
        ("SMTP_USE_TLS", "True", "587", "false"),
        ("MAIL_ENCRYPTION", "tls", "587", "false"),
    ],
)
def test_a_value_that_the_app_would_refuse_comes_with_the_one_that_it_takes(
    name: str, text: str, port: str, right: str
) -> None:
    settings = make(TLS=LEFT_OUT, PORT=port, **{name: text})
    found = legacy(settings)[name]
    assert plain(found)["SMTP_TLS"] == right
    assert found.label.startswith(f"Set SMTP_TLS={right}")
    assert "Rename" not in found.message + found.label
    assert not any(item.id.startswith("tls-not") for item in findings(settings.with_changes(found.changes)))


def test_the_port_of_another_app_decides_what_its_word_for_tls_means() -> None:
    found = legacy(make(PORT=LEFT_OUT, TLS=LEFT_OUT, MAIL_PORT="587", MAIL_ENCRYPTION="tls"))
    assert plain(found["MAIL_ENCRYPTION"]) == {"SMTP_TLS": "false"}


def test_a_port_that_is_none_is_offered_to_nobody() -> None:
    found = legacy(make(PORT=LEFT_OUT, MAIL_PORT="smtp"))["MAIL_PORT"]
    assert found.changes == {}
    assert "Its value is none that SMTP_PORT takes." in found.message


def test_an_old_name_beside_the_right_one_is_dropped() -> None:
    found = legacy(make(SMTP_USER="someone"))["SMTP_USER"]
    assert found.severity is Severity.INFO
    assert plain(found) == {"SMTP_USER": None}


def test_of_two_old_names_the_first_with_a_value_wins() -> None:
    found = legacy(make(PASSWORD=LEFT_OUT, SMTP_PASS="", SMTP_PWD="second"))
    assert plain(found["SMTP_PASS"]) == {"SMTP_PASS": None}
    assert plain(found["SMTP_PWD"]) == {"SMTP_PASSWORD": "second", "SMTP_PWD": None}


def test_of_two_old_names_with_values_the_second_is_dropped() -> None:
    found = legacy(make(PASSWORD=LEFT_OUT, SMTP_PASS="first", SMTP_PWD="second"))
    assert plain(found["SMTP_PASS"]) == {"SMTP_PASSWORD": "first", "SMTP_PASS": None}
    assert plain(found["SMTP_PWD"]) == {"SMTP_PWD": None}


def test_a_missing_variable_is_repaired_from_its_old_name() -> None:
    found = judge(make(SENDER=LEFT_OUT, SMTP_FROM="app@acme.dev"))
    assert plain(found["sender-missing"]) == {"SMTP_SENDER": "app@acme.dev"}


def test_what_lies_under_an_old_name_is_not_told_as_missing_too() -> None:
    assert "username-missing" not in judge(make(USERNAME=LEFT_OUT, SMTP_USER="app@acme.dev"))
    assert "links-localhost" not in judge(make(ADMIN_WEB_URL=LEFT_OUT, SMTP_BASE_URL="https://feedback.acme.dev"))


def test_an_old_switch_for_tls_is_fitted_to_the_port() -> None:
    assert plain(legacy(make(TLS=LEFT_OUT, SMTP_SECURE="true", PORT="587"))["SMTP_SECURE"])["SMTP_TLS"] == "false"
    assert plain(legacy(make(TLS=LEFT_OUT, SMTP_SSL="1", PORT="465"))["SMTP_SSL"])["SMTP_TLS"] == "true"


def test_a_password_under_an_old_name_shows_nowhere() -> None:
    found = legacy(make(PASSWORD=LEFT_OUT, SMTP_PASS="S3cret-word"))["SMTP_PASS"]
    assert "S3cret" not in repr(found) + str(found.as_finding())


@pytest.mark.parametrize(
    ("text", "id", "right"),
    [
        ("https://feedback.acme.dev/", "links-slash", "https://feedback.acme.dev"),
        ("feedback.acme.dev", "links-no-scheme", "https://feedback.acme.dev"),
        ("10.0.0.5:3000", "links-no-scheme", "http://10.0.0.5:3000"),
        (" https://feedback.acme.dev", "links-junk", "https://feedback.acme.dev"),
        ('"https://feedback.acme.dev"', "links-junk", "https://feedback.acme.dev"),
        ("https://feedback.acme.dev/?a=1", "links-junk", "https://feedback.acme.dev"),
        ("ftp://feedback.acme.dev", "links-not-url", None),
        ("feedback", "links-not-url", None),
    ],
)
def test_the_address_of_links_is_put_right(text: str, id: str, right: str | None) -> None:  # noqa: A002
    found = judge(make(ADMIN_WEB_URL=text))[id]
    assert found.severity is Severity.WARNING
    assert plain(found) == ({} if right is None else {"ADMIN_WEB_URL": right})


def test_a_path_is_kept() -> None:
    assert judge(make(ADMIN_WEB_URL="https://acme.dev/feedback")) == {}


def test_links_to_localhost_open_nowhere_else() -> None:
    for text in (LEFT_OUT, "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"):
        assert judge(make(ADMIN_WEB_URL=text))["links-localhost"].severity is Severity.WARNING
    settings, mailpit = of("mailpit", ADMIN_WEB_URL=LEFT_OUT, USERNAME=LEFT_OUT, PASSWORD=LEFT_OUT)
    assert judge(settings, mailpit)["links-localhost"].severity is Severity.INFO


def test_links_in_clear_and_into_a_private_network_are_noted() -> None:
    assert judge(make(ADMIN_WEB_URL="http://feedback.acme.dev"))["links-http"].severity is Severity.INFO
    assert judge(make(ADMIN_WEB_URL="http://10.0.0.5"))["links-private"].severity is Severity.INFO
