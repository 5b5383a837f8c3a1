"""What a person types, and which provider comes first."""

from __future__ import annotations

import time

import pytest

from smtpwizard.presets.catalogue import Presets, domain_of

PRESETS = Presets.open()


def ids(text: str) -> list[str]:
    return [provider.id for provider in PRESETS.search(text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gm", "gmail"),
        ("gmail", "gmail"),
        ("Gmail", "gmail"),
        ("  gmail ", "gmail"),
        ("gmx", "gmx"),
        ("gsuite", "google-workspace"),
        ("google workspace relay", "google-workspace-relay"),
        ("google relay", "google-workspace-relay"),
        ("ses", "amazon-ses"),
        ("aws", "amazon-ses"),
        ("office365", "microsoft365"),
        ("office 365", "microsoft365"),
        ("exchange", "microsoft365"),
        ("outlook", "outlook-com"),
        ("hotmail", "outlook-com"),
        ("hotmail.com", "outlook-com"),
        ("mg", "mailgun"),
        ("sendinblue", "brevo"),
        ("sg", "sendgrid"),
        ("twilio", "sendgrid"),
        ("web.de", "webde"),
        ("1&1", "ionos"),
        ("smtp.ionos.de", "ionos"),
        ("email-smtp.eu-west-1", "amazon-ses"),
        ("네이버", "naver"),
        ("127.0.0.1", "practice"),
        ("demo", "practice"),
        ("zho", "zoho"),
        ("ops@gmail.com", "gmail"),
        ("someone@ymail.com", "yahoo"),
        ("a@b@me.com", "icloud"),
        ("sendgird", "sendgrid"),
        ("postmrk", "postmark"),
    ],
)
def test_what_is_typed_finds(text: str, first: str) -> None:
    assert ids(text)[0] == first


def test_gm_finds_few_and_gmail_before_gmx() -> None:
    assert ids("gm") == ["gmail", "gmx", "google-workspace", "google-workspace-relay"]


def test_nothing_typed_is_the_whole_list_in_its_order() -> None:
    assert PRESETS.search("") == PRESETS.search("  ") == PRESETS.all()
    kinds = [provider.kind.value for provider in PRESETS.all()]
    assert list(dict.fromkeys(kinds)) == ["relay", "mailbox", "hosting", "test", "local", "practice"]
    mailboxes = [provider for provider in PRESETS.all() if provider.kind.value == "mailbox"]
    assert [provider.tier for provider in mailboxes] == sorted(provider.tier for provider in mailboxes)
    assert mailboxes[0].id == "gmail"


@pytest.mark.parametrize("text", ["acm", "qqqq", "@", "ops@acme.example", "\\", "[", "(", "a" * 5000, "zz top", "☂"])
def test_what_nobody_has_finds_nothing(text: str) -> None:
    assert ids(text) == []


def test_letters_in_order_come_after_everything_better() -> None:
    found = ids("mlgn")
    assert found == ["mailgun"]
    assert ids("mail").index("mailgun") < ids("mail").index("gmail")


def test_a_word_in_the_middle_of_a_name_is_found() -> None:
    assert "oracle-email-delivery" in ids("delivery")
    assert ids("cloud")[0] == "nhn-cloud-email" or "nhn-cloud-email" in ids("cloud")


def test_all_words_must_fit() -> None:
    assert ids("google hetzner") == []


def test_a_search_is_quick_enough_for_every_key() -> None:
    PRESETS.search("warm")
    start = time.thread_time()
    for text in ("g", "gm", "gma", "gmai", "gmail", "x", "smtp", "de", "mail", "google relay"):
        PRESETS.search(text)
    assert (time.thread_time() - start) / 10 < 0.5


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("ops@Acme.Example", "acme.example"),
        ("acme.example.", "acme.example"),
        ("<ops@acme.example>", "acme.example"),
        ("@acme.example", "acme.example"),
        ("acme", ""),
        ("ops@", ""),
        ("ops@acme", ""),
        (".", ""),
        ("..", ""),
        ("a..b", ""),
        ("https://acme.example/x", ""),
        ("acme.example:25", ""),
        ("two words.example", ""),
    ],
)
def test_the_domain_of_what_is_typed(text: str, domain: str) -> None:
    assert domain_of(text) == domain
