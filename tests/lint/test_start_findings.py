"""What keeps the app from starting is an error, with the repair where a machine can make it."""

from __future__ import annotations

import pytest

from smtpwizard.clients.transport import refusals
from smtpwizard.problems import Severity
from smtpwizard.settings import Settings
from support.apps import ABC
from support.traps import LEFT_OUT, judge, make, of, plain, preset


def test_sound_settings_give_no_findings() -> None:
    assert judge(make()) == {}


@pytest.mark.parametrize("name", ["SMTP_HOST", "SMTP_PORT", "SMTP_SENDER"])
@pytest.mark.parametrize(("value", "ending"), [(LEFT_OUT, "missing"), ("", "empty")])
def test_a_required_variable_that_is_missing_or_empty_is_an_error(name: str, value: object, ending: str) -> None:
    settings = make(**{name: value})
    found = judge(settings)[f"{name.removeprefix('SMTP_').lower()}-{ending}"]
    assert found.severity is Severity.ERROR
    assert found.variable == name
    assert [settings.app.variable(item.role) for item in refusals(settings)] == [name]


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("SMTP_CIPHER_SPEC", "cipher-empty"),
        ("SMTP_OPPORTUNISTIC_TLS", "opportunistic-tls-empty"),
        ("ADMIN_WEB_URL", "admin-web-url-empty"),
    ],
)
def test_an_empty_optional_variable_is_left_out_instead(name: str, id: str) -> None:  # noqa: A002
    found = judge(make(**{name: ""}))[id]
    assert found.severity is Severity.ERROR
    assert plain(found) == {name: None}
    assert found.label == f"Leave out {name}"


def test_an_empty_tls_is_left_out_on_a_starttls_port_and_set_on_a_tls_port() -> None:
    assert plain(judge(make(TLS="", PORT="587"))["tls-empty"]) == {"SMTP_TLS": None}
    assert plain(judge(make(TLS="", PORT="465"))["tls-empty"]) == {"SMTP_TLS": "true"}


def test_empty_user_name_and_password_are_allowed() -> None:
    assert refusals(make(USERNAME="", PASSWORD="")) == ()


@pytest.mark.parametrize(
    ("text", "port", "right"),
    [
        ("yes", "465", "true"),
        ("1", "465", "true"),
        ("on", "465", "true"),
        ("yes", "587", "false"),  # the port speaks STARTTLS: `true` would break it
        ("yes", "10465", "true"),  # nothing known about the port: what was meant
        ("no", "10025", "false"),
        ("starttls", "10025", "false"),
        ('"true"', "465", "true"),
        ("perhaps", "10025", None),
    ],
)
def test_a_tls_that_is_no_boolean_becomes_what_fits_the_port(text: str, port: str, right: str | None) -> None:
    found = judge(make(TLS=text, PORT=port))["tls-not-boolean"]
    assert found.severity is Severity.ERROR
    assert plain(found) == {"SMTP_TLS": right}


def test_an_opportunistic_tls_that_is_no_boolean_becomes_what_was_meant() -> None:
    assert plain(judge(make(OPPORTUNISTIC_TLS="on"))["opportunistic-tls-not-boolean"]) == {
        "SMTP_OPPORTUNISTIC_TLS": "true"
    }
    assert plain(judge(make(OPPORTUNISTIC_TLS="maybe"))["opportunistic-tls-not-boolean"]) == {
        "SMTP_OPPORTUNISTIC_TLS": None
    }


@pytest.mark.parametrize("text", ["587abc", "'587'", "0x24B", "587;", "５８７", "smtp.acme.dev:587"])
def test_a_port_with_debris_is_repaired_to_its_number(text: str) -> None:
    found = judge(make(PORT=text, TLS="false"))["port-not-number"]
    assert found.severity is Severity.ERROR
    assert plain(found) == {"SMTP_PORT": "587"}


def test_a_port_that_names_no_number_is_not_guessed_for_a_private_host() -> None:
    assert plain(judge(make(PORT="smtp", HOST="mailer"))["port-not-number"]) == {}


def test_missing_values_come_from_the_provider_where_it_decides_them() -> None:
    settings, gmail = of("gmail", HOST=LEFT_OUT, PORT=LEFT_OUT, SENDER=LEFT_OUT, USERNAME="you@gmail.com")
    found = judge(settings, gmail)
    assert plain(found["host-missing"]) == {"SMTP_HOST": "smtp.gmail.com"}
    assert plain(found["port-missing"]) == {"SMTP_PORT": "587"}
    assert plain(found["sender-missing"]) == {"SMTP_SENDER": "you@gmail.com"}


def test_a_provider_with_regions_leaves_the_host_to_the_operator() -> None:
    assert plain(judge(Settings(ABC), preset("amazon-ses"))["host-missing"]) == {}


def test_the_port_in_the_host_is_taken_for_a_missing_port() -> None:
    found = judge(make(HOST="mail.acme.dev:2525", PORT=LEFT_OUT, TLS="false"))
    assert plain(found["port-missing"]) == {"SMTP_PORT": "2525"}
    assert plain(found["host-junk"]) == {"SMTP_HOST": "mail.acme.dev", "SMTP_PORT": "2525"}


def test_errors_come_first() -> None:
    found = list(judge(make(SENDER="Acme <app@acme.dev>", TLS="", CIPHER_SPEC="TLSv1.3")).values())
    order = [list(Severity).index(item.severity) for item in found]
    assert order == sorted(order)
    assert found[0].severity is Severity.ERROR
