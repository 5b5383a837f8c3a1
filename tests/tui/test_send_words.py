"""Codes, recipients and advice of the Send step, without a terminal."""

from __future__ import annotations

import pytest

from smtpwizard.probe.results import SentMessage
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.state import SentMail
from smtpwizard.tui.steps import send_arrival as arrival


def mail(name: str, code: str | None, *, accepted: bool = True) -> SentMail:
    return SentMail(name, name.title(), "you@example.com", SentMessage("<id>", "Q1", "250 OK", accepted), code)


@pytest.mark.parametrize("text", ["418205", "418 205", " 418-205\n", "code: 418 205."])
def test_a_code_is_read_however_it_was_copied(text: str) -> None:
    assert arrival.digits(text) == "418205"


def test_the_newest_mail_with_the_code_is_the_one_that_arrived() -> None:
    sent = (mail("verification", "111111"), mail("invitation", "222222"))
    found = arrival.matching("222222", sent)
    assert found is not None
    assert found.name == "invitation"


def test_a_code_of_no_mail_proves_nothing() -> None:
    assert arrival.matching("333333", (mail("verification", "111111"),)) is None
    assert arrival.matching("111111", (mail("verification", "111111", accepted=False),)) is None


def test_a_wrong_code_is_told_with_what_to_do() -> None:
    sentence = arrival.code_sentence("333333", (mail("verification", "111111"),))
    assert "333 333 is not the code of the mail" in sentence
    assert "newest mail" in sentence


@pytest.mark.parametrize(
    ("settings", "given", "expected"),
    [
        (Settings(username="me@example.com", sender="app@example.com"), "", "me@example.com"),
        (Settings(username="apikey", sender="app@example.com"), "", "app@example.com"),
        (Settings(username="me@example.com"), "you@example.com", "you@example.com"),
        (Settings(), "", ""),
    ],
)
def test_the_recipient_is_the_account_until_another_was_given(settings: Settings, given: str, expected: str) -> None:
    assert arrival.default_recipient(settings, given) == expected


@pytest.mark.parametrize(
    "text", ["", "you", "a b@example.com", "You <you@example.com>", "a@b@c", "a@b\r\nRCPT TO:<x@y>"]
)
def test_what_is_no_bare_address_is_not_sent_to(text: str) -> None:
    assert arrival.recipient_problem(text)


@pytest.mark.parametrize("text", ["you@example.com", "o'neil+x@example.com", "jörg@exämple.com"])
def test_plain_and_international_addresses_are_taken(text: str) -> None:
    assert arrival.recipient_problem(text) is None


def test_advice_names_the_records_of_the_operators_own_domain_only() -> None:
    own = "\n".join(arrival.advice(None, Settings(sender="app@acme.example"), "you@example.com"))
    assert "_dmarc.acme.example" in own
    assert "Spam" in own


def test_advice_holds_no_secret() -> None:
    settings = Settings(sender="a@acme.example", username="u", password=Secret("pw-hunter2"))
    assert "hunter2" not in "\n".join(arrival.advice(None, settings, "you@example.com"))
