"""Codes, recipients and advice of the Send step, without a terminal."""

from __future__ import annotations

import pytest

from smtpwizard.dns.sender import SenderReport
from smtpwizard.mailbox.model import Arrival, Place, parse
from smtpwizard.report.arrival import Arrived, Proof, arrived_line, auth_suffix, closing_lines
from smtpwizard.report.lines import Mark, symbols
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import SentMessage
from smtpwizard.wizard import arrival
from smtpwizard.wizard import arrival as arrivals
from smtpwizard.wizard import send as mailboxes
from smtpwizard.wizard.session import SentMail
from support.apps import ABC
from support.tui import PRESETS, quiet_services


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
    ("provider", "settings", "given", "expected"),
    [
        ("gmail", Settings(ABC, username="me@example.com", sender="app@example.com"), "", ""),
        ("sendgrid", Settings(ABC, username="apikey", sender="app@example.com"), "you@acme.dev", "you@acme.dev"),
        ("practice", Settings(ABC, username="me@example.com", sender="app@example.com"), "", "me@example.com"),
        ("mailpit", Settings(ABC, sender="app@example.com"), "", "app@example.com"),
        (None, Settings(ABC, sender="app@example.com"), "", ""),
    ],
)
def test_the_recipient_is_asked_for_where_mail_is_delivered(
    provider: str | None, settings: Settings, given: str, expected: str
) -> None:
    found = PRESETS.provider(provider) if provider else None
    assert arrival.default_recipient(settings, found, given) == expected


def test_a_mail_to_the_sender_itself_is_questioned() -> None:
    settings = Settings(ABC, sender="app@example.com")
    assert "This is the sender." in arrival.notes("App@example.com", settings, PRESETS.provider("gmail"), link=False)[0]
    assert arrival.notes("you@example.com", settings, PRESETS.provider("gmail"), link=False) == ()
    assert arrival.notes("app@example.com", settings, PRESETS.provider("practice"), link=False) == ()


@pytest.mark.parametrize(
    "text", ["", "you", "a b@example.com", "You <you@example.com>", "a@b@c", "a@b\r\nRCPT TO:<x@y>"]
)
def test_what_is_no_bare_address_is_not_sent_to(text: str) -> None:
    assert arrival.recipient_problem(text)


@pytest.mark.parametrize("text", ["you@example.com", "o'neil+x@example.com", "jörg@exämple.com"])
def test_plain_and_international_addresses_are_taken(text: str) -> None:
    assert arrival.recipient_problem(text) is None


def test_where_name_servers_cannot_be_asked_the_questions_are_named() -> None:
    provider = quiet_services().presets.provider("google-workspace-relay")
    offline = SenderReport("a@acme.example", "acme.example", (), answered=False)
    text = "\n".join(symbols(closing_lines(offline, provider)))
    assert "dig +short TXT _dmarc.acme.example" in text
    assert "include:_spf.google.com" in text


def test_advice_begins_with_where_a_mail_to_oneself_hides() -> None:
    provider = quiet_services().presets.provider("gmail")
    settings = Settings(ABC, sender="me@gmail.com", username="me@gmail.com")
    assert "All Mail" in arrival.advice(provider, settings, "ME@gmail.com")[0]


def test_notes_are_about_links_and_only_where_a_mail_has_one() -> None:
    settings = Settings(ABC, host="smtp.acme.example", port="587", sender="a@acme.example", url="http://localhost:3000")
    told = arrival.notes("you+me@example.com", settings, None, link=True)
    assert "+ stands for a blank" in told[0]
    assert "localhost:3000" in told[1]
    assert arrival.notes("you+me@example.com", settings, None, link=False) == ()
    public = settings._replace(url="https://feedback.acme.example")
    assert arrival.notes("you@example.com", public, None, link=True) == ()
    assert arrival.notes("you+me", public, None, link=True) == ()


def sent(*names: str) -> tuple[SentMail, ...]:
    """Return accepted mails, each with an id and a code of its own."""
    return tuple(
        SentMail(name, name.title(), "you@example.com", SentMessage(f"<{place}>", "Q", "250 OK"), f"00000{place}")
        for place, name in enumerate(names)
    )


def test_of_a_kind_that_was_sent_twice_the_newest_is_awaited() -> None:
    mails = sent("verification", "invitation", "verification")
    assert [mail.message.id for mail in arrivals.awaited(mails, ())] == ["<2>", "<1>"]
    known = arrivals.with_code((), mails[2])
    assert [mail.message.id for mail in arrivals.awaited(mails, known)] == ["<1>"]


def test_the_summary_tells_of_a_kind_the_mail_that_arrived_or_the_last_one_tried() -> None:
    mails = sent("verification", "verification")
    assert arrivals.best(mails, {"<0>"}) == (mails[0],)
    assert arrivals.best(mails, set()) == (mails[1],)


def test_a_mail_that_was_seen_in_a_catcher_is_not_said_to_have_arrived_by_its_code() -> None:
    mails = sent("verification")
    seen = arrivals.with_seen((), Arrival("<0>", Place.INBOX, "", None), mails, Proof.CATCHER, "MailDev")
    assert arrivals.with_code(seen, mails[0]) == seen
    assert arrivals.with_seen(seen, Arrival("<9>", Place.INBOX, "", None), mails, Proof.CATCHER, "MailDev") == seen


@pytest.mark.parametrize(
    ("place", "folder", "words"),
    [
        (Place.INBOX, "INBOX", (Mark.OK, "arrived in the inbox of you@acme.example")),
        (Place.JUNK, "Spam", (Mark.WARNING, "arrived in junk, the folder Spam of you@acme.example")),
        (Place.OTHER, "Sent", (Mark.WARNING, "arrived, but in the folder Sent of you@acme.example")),
    ],
)
def test_where_a_mail_lies_is_told(place: Place, folder: str, words: tuple[Mark, str]) -> None:
    item = Arrived(
        "<0>", "verification", Proof.MAILBOX, "the mailbox of you@acme.example", Arrival("<0>", place, folder, None)
    )
    line = arrived_line(item)
    assert (line.mark, line.text) == words
    assert auth_suffix(item) == ""


@pytest.mark.parametrize(
    ("recipient", "server"), [("you@acme.example", "imap.acme.example"), ("you", ""), ("you@localhost", "")]
)
def test_the_mailboxes_server_is_guessed_from_the_domain(recipient: str, server: str) -> None:
    assert mailboxes.guessed_server(recipient) == server


def test_a_mailboxes_url_encodes_what_would_end_the_user() -> None:
    url = mailboxes.url_of(mailboxes.Mode.STARTTLS, "imap.acme.example:1143", "you/me@acme.example")
    assert url == "imap://you%2Fme%40acme.example@imap.acme.example:1143"
    assert parse(url).user == "you/me@acme.example"
    assert mailboxes.address_problem("[::1]:143", "you") == ""
    assert mailboxes.address_problem("imap.acme.example", "")


def test_advice_holds_no_secret() -> None:
    settings = Settings(ABC, sender="a@acme.example", username="u", password=Secret("pw-hunter2"))
    assert "hunter2" not in "\n".join(arrival.advice(None, settings, "you@example.com"))
