"""What a machine can change: from the entry, the settings, the provider and the server's certificate."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.explain import explain
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.presets.catalogue import Presets
from smtpwizard.problems import Problem
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Reply, Status, Step, StepResult, TlsFacts
from support.apps import ABC

PRESETS = Presets.open()


def failed(step: Step, *, reply: str = "", error: str = "", tls: TlsFacts | None = None) -> StepResult:
    lines = tuple(reply.split("\n")) if reply else ()
    given = Reply(int(reply[:3]), None, reply[4:], lines) if reply else None
    return StepResult(step, Status.FAILED, reply or error, reply=given, error=error or None, tls=tls)


def settings(**variables: str) -> Settings:
    return Settings.from_variables(ABC, variables)


def named(found: tuple[Problem, ...], ref: str) -> Problem:
    return next(diagnosis for diagnosis in found if diagnosis.ref == ref)


@pytest.mark.parametrize(
    ("host", "changes"),
    [
        ("smtp://smtp.example.com", {"SMTP_HOST": "smtp.example.com"}),
        ("https://smtp.example.com/", {"SMTP_HOST": "smtp.example.com"}),
        ("smtp.example.com:465", {"SMTP_PORT": "465", "SMTP_HOST": "smtp.example.com"}),
        ("smtp.example.com:587", {"SMTP_HOST": "smtp.example.com"}),
        ("'smtp.example.com'", {"SMTP_HOST": "smtp.example.com"}),
        ("smtp.example.com,", {"SMTP_HOST": "smtp.example.com"}),
        ("smtp.example.com;", {"SMTP_HOST": "smtp.example.com"}),
        (" smtp.example.com ", {"SMTP_HOST": "smtp.example.com"}),
        ("user@smtp.example.com", {"SMTP_HOST": "smtp.example.com"}),
        ("smtp.example.com", {}),
        ("two words", {}),
        ("", {}),
    ],
)
def test_junk_around_the_host_is_taken_off(host: str, changes: dict[str, str]) -> None:
    found = explain(failed(Step.RESOLVE, error="ENOTFOUND"), settings=settings(SMTP_HOST=host, SMTP_PORT="587"))
    assert named(found, "N1").changes == changes


def test_tls_is_set_to_the_mode_of_the_port() -> None:
    wrong = failed(Step.TLS, error="WRONG_VERSION_NUMBER")
    assert explain(wrong, settings=settings(SMTP_TLS="true"))[0].changes == {"SMTP_TLS": "false"}
    silent = failed(Step.GREETING, error="ETIMEDOUT")
    found = explain(silent, settings=settings(SMTP_PORT="465", SMTP_TLS="false"))
    assert (found[0].ref, found[0].changes) == ("T2", {"SMTP_TLS": "true"})


def test_a_change_that_the_settings_have_already_is_not_proposed() -> None:
    reply = failed(Step.AUTH, reply="535 Authentication failed: Bad username / password")
    assert explain(reply, settings=settings(SMTP_USERNAME="apikey"))[0].changes == {}
    assert explain(reply, settings=settings(SMTP_USERNAME="me"))[0].changes == {"SMTP_USERNAME": "apikey"}
    assert explain(reply)[0].changes == {"SMTP_USERNAME": "apikey"}


def test_a_variable_is_left_out_where_that_is_the_repair() -> None:
    given = settings(SMTP_CIPHER_SPEC="TLSv1.3")
    found = explain(failed(Step.STARTTLS, error="ERR_SSL_NO_CIPHER_MATCH"), settings=given)
    assert found[0].changes == {"SMTP_CIPHER_SPEC": None}


def test_implicit_tls_is_the_providers_own_port_and_mode() -> None:
    reply = failed(Step.MAIL, reply="530 5.7.0 Must issue a STARTTLS command first")
    given = settings(SMTP_PORT="587", SMTP_TLS="false")
    assert explain(reply, settings=given)[0].changes == {"SMTP_PORT": "465", "SMTP_TLS": "true"}
    gmail = PRESETS.provider("gmail")
    assert explain(reply, settings=given, provider=gmail)[0].changes == {"SMTP_PORT": "465", "SMTP_TLS": "true"}
    microsoft = PRESETS.provider("microsoft365")
    assert explain(reply, settings=given, provider=microsoft)[0].changes == {}


def test_a_blocked_port_leads_to_one_that_the_provider_keeps_open() -> None:
    sendgrid = PRESETS.provider("sendgrid")
    found = explain(failed(Step.CONNECT, error="ETIMEDOUT"), provider=sendgrid, settings=settings(SMTP_PORT="587"))
    assert (found[0].ref, found[0].changes) == ("N5", {"SMTP_PORT": "2525", "SMTP_TLS": "false"})


def test_a_block_of_a_known_cloud_names_the_cloud_and_its_open_port() -> None:
    step = StepResult(
        Step.CONNECT, Status.FAILED, "Connection timeout", error="ETIMEDOUT", detail=("place: DigitalOcean",)
    )
    sendgrid = PRESETS.provider("sendgrid")
    found = explain(step, provider=sendgrid, settings=settings(SMTP_PORT="587"))
    assert (found[0].ref, found[0].changes) == ("P1", {"SMTP_PORT": "2525", "SMTP_TLS": "false"})
    assert explain(step, provider=sendgrid, settings=settings(SMTP_PORT="2525"))[0].ref == "N5"


def test_a_port_that_the_provider_does_not_have_is_told_before_a_block() -> None:
    microsoft = PRESETS.provider("microsoft365")
    found = explain(failed(Step.CONNECT, error="ETIMEDOUT"), provider=microsoft, settings=settings(SMTP_PORT="465"))
    assert (found[0].ref, found[0].changes) == ("N6", {"SMTP_PORT": "587", "SMTP_TLS": "false"})


@pytest.mark.parametrize(
    ("names", "changes"),
    [
        (("mail.example.com",), {"SMTP_HOST": "mail.example.com"}),
        (("mail.example.com", "example.com"), {}),
        (("*.example.com",), {}),
        (("127.0.0.1",), {"SMTP_HOST": "127.0.0.1"}),
        ((), {}),
    ],
)
def test_the_only_name_of_a_certificate_is_proposed_as_host(names: tuple[str, ...], changes: dict[str, str]) -> None:
    step = failed(Step.TLS, error="ERR_TLS_CERT_ALTNAME_INVALID", tls=TlsFacts("", "", names=names))
    assert explain(step, settings=settings(SMTP_HOST="mail"))[0].changes == changes


def test_the_only_name_in_a_pasted_message_is_proposed_as_host() -> None:
    text = (
        "Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b.example.org"
    )
    assert explain_text(text)[0].changes == {"SMTP_HOST": "b.example.org"}


def test_the_sender_becomes_the_login_where_that_is_an_address() -> None:
    reply = failed(Step.DATA, reply="553 Relaying disallowed as noreply@example.com")
    user = settings(SMTP_SENDER="noreply@example.com", SMTP_USERNAME="me@example.com")
    assert explain(reply, settings=user)[0].changes == {"SMTP_SENDER": "me@example.com"}
    assert explain(reply, settings=settings(SMTP_USERNAME="me"))[0].changes == {}


def test_the_address_is_taken_out_of_a_display_name() -> None:
    reply = failed(Step.MAIL, reply="501 5.1.7 Bad sender address syntax")
    found = explain(reply, settings=settings(SMTP_SENDER="ACME <noreply@example.com>"))
    assert found[0].changes == {"SMTP_SENDER": "noreply@example.com"}


def test_swapped_user_and_password_are_exchanged_without_showing_either() -> None:
    given = settings(SMTP_USERNAME="s3cret-key", SMTP_PASSWORD="me@example.com")
    found = explain(failed(Step.AUTH, reply="535 5.7.8 no"), settings=given)
    assert (found[0].ref, found[0].changes["SMTP_USERNAME"]) == ("A44", "me@example.com")
    assert found[0].changes["SMTP_PASSWORD"] == Secret("s3cret-key")
    assert "s3cret-key" not in repr(found) + str(found[0].as_diagnosis())


def test_display_spaces_are_taken_out_of_an_app_password() -> None:
    given = settings(SMTP_USERNAME="me@example.com", SMTP_PASSWORD="abcd efgh ijkl mnop")
    found = explain(failed(Step.AUTH, reply="535 5.7.8 no"), settings=given)
    assert named(found, "C7").changes == {"SMTP_PASSWORD": Secret("abcdefghijklmnop")}


def test_quotes_that_were_kept_are_taken_off_every_value() -> None:
    given = settings(SMTP_HOST='"smtp.example.com"', SMTP_PASSWORD="'abcdefgh'", SMTP_USERNAME="me")
    found = explain(failed(Step.RESOLVE, error="ENOTFOUND"), settings=given)
    assert named(found, "C4").changes == {"SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": Secret("abcdefgh")}


def test_invisible_characters_are_taken_out() -> None:
    given = settings(SMTP_HOST="smtp.example.com\u00a0", SMTP_USERNAME="me\u200b")
    found = explain(failed(Step.RESOLVE, error="ENOTFOUND"), settings=given)
    assert (found[0].ref, found[0].changes) == ("C6", {"SMTP_HOST": "smtp.example.com", "SMTP_USERNAME": "me"})


@pytest.mark.parametrize(
    ("word", "port", "wanted"),
    [("True", "465", "true"), ("yes", "465", "true"), ("1", "587", "false"), ("OFF", "", "false")],
)
def test_another_word_for_tls_becomes_the_one_that_the_app_reads(word: str, port: str, wanted: str) -> None:
    found = explain(failed(Step.LINT, error=""), settings=settings(SMTP_TLS=word, SMTP_PORT=port))
    assert named(found, "C8").changes == {"SMTP_TLS": wanted}


def test_a_comment_in_a_value_is_cut_off_but_never_out_of_the_password() -> None:
    given = settings(SMTP_HOST="smtp.example.com # required", SMTP_PASSWORD="a # b")
    found = explain(failed(Step.LINT), settings=given)
    assert named(found, "C5").changes == {"SMTP_HOST": "smtp.example.com"}
