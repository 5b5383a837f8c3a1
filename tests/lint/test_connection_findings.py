"""Host, port, TLS and ciphers: junk, misreadings, and modes that do not fit."""

from __future__ import annotations

from typing import Any

import pytest

from smtpwizard.problems import Severity
from support.traps import LEFT_OUT, Origin, judge, make, of, plain, preset


@pytest.mark.parametrize(
    "text",
    ['"mail.acme.dev"', "'mail.acme.dev'", "“mail.acme.dev”", "smtp://mail.acme.dev", "https://mail.acme.dev/path",
     "mail.acme.dev:465", "mail.acme.dev,", "mail.acme.dev;", " mail.acme.dev", "mail.acme.dev\u00a0",
     "mail.acme.dev\r\n", "\ufeffmail.acme.dev", "mail.acme\u200b.dev", 
     "smtps://user:word@mail.acme.dev:465", "<mail.acme.dev>"],
)  # fmt: skip
def test_debris_around_the_host_is_an_error_with_the_clean_name(text: str) -> None:
    found = judge(make(HOST=text))["host-junk"]
    assert found.severity is Severity.ERROR
    assert plain(found) == {"SMTP_HOST": "mail.acme.dev"}
    assert "word" not in found.message + found.label


def test_a_trailing_dot_is_only_a_warning() -> None:
    found = judge(make(HOST="mail.acme.dev."))
    assert found["host-trailing-dot"].severity is Severity.WARNING
    assert plain(found["host-trailing-dot"]) == {"SMTP_HOST": "mail.acme.dev"}
    assert "host-junk" not in found


@pytest.mark.parametrize("text", ["mail acme dev", " ", "...", "mail..acme", "-", "a" * 64 + ".dev", "mail!acme"])
def test_what_is_no_host_name_is_an_error_without_a_repair(text: str) -> None:
    found = judge(make(HOST=text))["host-not-name"]
    assert found.severity is Severity.ERROR
    assert found.changes == {}


@pytest.mark.parametrize("text", ["mailer", "my_mailer", "192.0.2.1", "2001:db8::1", "host.docker.internal"])
def test_service_names_and_addresses_are_host_names(text: str) -> None:
    assert not [name for name in judge(make(HOST=text)) if name.startswith("host-")]


def test_an_international_name_gets_its_ascii_form() -> None:
    assert plain(judge(make(HOST="bücher.dev"))["host-not-ascii"]) == {"SMTP_HOST": "xn--bcher-kva.dev"}


def test_a_mail_address_as_host_is_told() -> None:
    settings, gmail = of("gmail", HOST="you@gmail.com")
    assert plain(judge(settings, gmail)["host-is-address"]) == {"SMTP_HOST": "smtp.gmail.com"}


def test_a_host_for_reading_mail_is_replaced() -> None:
    assert plain(judge(make(HOST="imap.acme.dev"))["host-reads-mail"]) == {"SMTP_HOST": "smtp.acme.dev"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_localhost_is_the_container_itself(host: str) -> None:
    settings = make(HOST=host)
    assert judge(settings)["host-localhost"].severity is Severity.WARNING
    assert "host-localhost" not in judge(settings, in_container=False)
    assert "host-localhost" not in judge(settings, preset("practice"))


def test_a_local_server_by_localhost_gets_its_service_name() -> None:
    settings, mailpit = of("mailpit", HOST="localhost", USERNAME=LEFT_OUT, PASSWORD=LEFT_OUT)
    assert plain(judge(settings, mailpit)["host-localhost"]) == {"SMTP_HOST": "mailpit"}


def test_a_region_without_smtp_is_an_error() -> None:
    ses = preset("amazon-ses")
    region = ses.regions_without_smtp[0]
    settings = make(HOST=f"email-smtp.{region}.amazonaws.com")
    assert judge(settings, ses)["region-without-smtp"].severity is Severity.ERROR
    assert "host-not-of-provider" not in judge(make(HOST="email-smtp.eu-west-1.amazonaws.com"), ses)


def test_another_providers_host_is_noted() -> None:
    assert "host-not-of-provider" in judge(make(HOST="smtp.sendgrid.net"), preset("gmail"))


@pytest.mark.parametrize(
    ("text", "id", "severity", "right"),
    [
        ("99999", "port-out-of-range", Severity.ERROR, None),
        ("-587", "port-out-of-range", Severity.ERROR, "587"),
        ("0", "port-zero", Severity.WARNING, "465"),
        ("5.87e2", "port-misread", Severity.WARNING, "587"),
        ("587.5", "port-spelling", Severity.INFO, "587"),
        (" 587 ", "port-spelling", Severity.INFO, "587"),
        ("0587", "port-spelling", Severity.INFO, "587"),
        ("993", "port-other-protocol", Severity.ERROR, "465"),
        ("443", "port-other-protocol", Severity.ERROR, None),
    ],
)
def test_a_port_is_judged_as_the_app_reads_it(
    text: str,
    id: str,  # noqa: A002
    severity: Severity,
    right: str | None,
) -> None:
    found = judge(make(PORT=text))[id]
    assert found.severity is severity
    assert plain(found).get("SMTP_PORT") == right


def test_a_port_that_the_provider_does_not_have_goes_to_the_recommended_one() -> None:
    settings, microsoft = of("microsoft365", PORT="465", TLS="yes")
    found = judge(settings, microsoft)
    assert plain(found["port-not-of-provider"]) == {"SMTP_PORT": "587", "SMTP_TLS": "false"}
    assert plain(found["tls-not-boolean"]) == {"SMTP_TLS": "false"}


def test_the_tls_mode_of_a_port_that_the_provider_does_not_have_is_not_guessed() -> None:
    settings, gmail = of("gmail", PORT="2525", TLS="true")
    found = judge(settings, gmail)
    assert plain(found["port-not-of-provider"])["SMTP_PORT"] == "587"
    assert "tls-on-starttls-port" not in found


def test_port_25_is_noted_on_public_hosts_only() -> None:
    assert judge(make(PORT="25", TLS="false"))["port-25"].severity is Severity.INFO
    assert "port-25" not in judge(make(PORT="25", TLS="false", HOST="mailer"))


TLS_CASES: list[tuple[dict[str, Any], str, Severity, str]] = [
    ({"PORT": "465", "TLS": "false"}, "tls-off-on-tls-port", Severity.ERROR, "true"),
    ({"PORT": "465", "TLS": LEFT_OUT}, "tls-off-on-tls-port", Severity.ERROR, "true"),
    ({"PORT": "587", "TLS": "true"}, "tls-on-starttls-port", Severity.ERROR, "false"),
    ({"PORT": "25", "TLS": "true"}, "tls-on-starttls-port", Severity.ERROR, "false"),
    ({"PORT": "2525", "TLS": "true"}, "tls-on-starttls-port", Severity.WARNING, "false"),
    ({"PORT": "465", "TLS": "false", "HOST": "mailer"}, "tls-off-on-tls-port", Severity.WARNING, "true"),
]


@pytest.mark.parametrize(("changed", "id", "severity", "right"), TLS_CASES)
def test_a_tls_mode_that_does_not_fit_the_port_is_repaired(
    changed: dict[str, Any],
    id: str,  # noqa: A002
    severity: Severity,
    right: str,
) -> None:
    found = judge(make(**changed))[id]
    assert found.severity is severity
    assert plain(found) == {"SMTP_TLS": right}
    assert found.label == f"Set SMTP_TLS={right}"


@pytest.mark.parametrize("text", ["True", "TRUE", " true", "true\n"])
def test_true_in_other_letters_is_off_in_the_environment_and_on_in_the_file(text: str) -> None:
    settings = make(TLS=text)
    for origin in Origin:
        found = judge(settings, origin=origin)
        assert found["tls-misread"].severity is Severity.WARNING
        assert plain(found["tls-misread"]) == {"SMTP_TLS": "true"}
        assert ("tls-off-on-tls-port" in found) is (origin is not Origin.ENV_FILE)


def test_true_in_other_letters_on_a_starttls_port_becomes_false() -> None:
    assert plain(judge(make(TLS="True", PORT="587"), origin=Origin.ENV_FILE)["tls-misread"]) == {"SMTP_TLS": "false"}


def test_a_local_server_without_tls_is_not_opened_with_tls() -> None:
    settings, mailpit = of("mailpit", TLS="true", USERNAME=LEFT_OUT, PASSWORD=LEFT_OUT)
    assert plain(judge(settings, mailpit)["tls-on-clear-port"]) == {"SMTP_TLS": "false"}


def test_starttls_can_fall_back_and_the_stricter_port_is_offered() -> None:
    settings, gmail = of("gmail")
    found = judge(settings, gmail)["starttls-fallback"]
    assert found.severity is Severity.INFO
    assert plain(found) == {"SMTP_PORT": "465", "SMTP_TLS": "true", "SMTP_OPPORTUNISTIC_TLS": "false"}
    assert found.label == "Switch to 465 with TLS"


def test_the_fall_back_is_not_told_where_nothing_can_leak() -> None:
    assert "starttls-fallback" not in judge(make(PORT="587", TLS="false", HOST="10.0.0.1"))
    assert "starttls-fallback" not in judge(make(PORT="587", TLS="false", USERNAME=LEFT_OUT, PASSWORD=LEFT_OUT))


def test_opportunistic_tls_is_said_to_forbid_nothing_where_one_could_rely_on_it() -> None:
    settings, gmail = of("gmail")
    assert "opportunistic-tls-ignored" not in judge(settings, gmail), "the guide's line helps nobody to act"
    found = judge(settings.with_changes({"SMTP_OPPORTUNISTIC_TLS": "false"}), gmail)
    assert found["opportunistic-tls-ignored"].severity is Severity.INFO
    stricter = settings.with_changes(found["starttls-fallback"].changes)
    assert "opportunistic-tls-ignored" not in judge(stricter, gmail), "465 needs no such line"


@pytest.mark.parametrize("spec", ["TLSv1.3", "nonsense", "tlsv1.2", "MEDIUM", '"TLSv1.2"'])
def test_a_cipher_that_openssl_does_not_know_breaks_every_connection(spec: str) -> None:
    found = judge(make(CIPHER_SPEC=spec))["cipher-unknown"]
    assert found.severity is Severity.ERROR
    assert plain(found) == {"SMTP_CIPHER_SPEC": None}


def test_ciphers_are_judged_by_whether_tls_is_spoken_at_all() -> None:
    clear = make(CIPHER_SPEC="nonsense", PORT="25", TLS="false", HOST="mailer")
    assert judge(clear)["cipher-unknown"].severity is Severity.WARNING
    assert "cipher-unknown" not in judge(make(CIPHER_SPEC="HIGH:!aNULL"))
    assert judge(make(CIPHER_SPEC="TLS_AES_128_GCM_SHA256"))["cipher-tls13-only"].severity is Severity.INFO
