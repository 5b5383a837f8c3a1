"""SIZE, SMTPUTF8 and 8BITMIME: what is sent is what the app's client sends, and what will be refused is told before."""

from __future__ import annotations

import pytest

from smtpwizard.clients.model import octets
from smtpwizard.sandbox.scripted import Script, Stage, reply
from smtpwizard.smtp.results import OutgoingMessage, Report, Status, Step, StepResult, Verdict
from support.probing import probe_of, probed, serving

DATA = b"Subject: A test\r\n\r\none line\r\n"
PLAIN = OutgoingMessage("<1@example.com>", DATA, "to@example.net")
BEYOND = OutgoingMessage("<2@example.com>", "To: lesër@example.net\r\n\r\na\r\n".encode(), "lesër@example.net")
ALL = ("SMTPUTF8", "8BITMIME", "SIZE 1000000")


def mail_step(report: Report) -> StepResult:
    step = report.step(Step.MAIL)
    assert step is not None
    return step


def lines(script: Script, message: OutgoingMessage, **fields: str) -> list[str]:
    with serving(script) as server:
        list(probe_of(server, message, **fields).steps_blocking())
        return [line for line in server.received if line.startswith(("MAIL", "RCPT"))]


def test_a_message_larger_than_the_server_takes_is_a_warning_with_both_numbers_and_is_sent() -> None:
    script = Script(keywords=("SIZE 10",)).but(Stage.DOT, reply("552 5.3.4 Message too big"))
    report = probed(script, PLAIN._replace(data=DATA + b"x" * 9000 + b"\r\n"))
    step = mail_step(report)
    assert step.status is Status.WARNED
    assert step.detail == ("the server takes 10 octets, this mail has 9,031: it will refuse it",)
    assert step.summary == f"250 2.1.0 Ok ({step.detail[0]})"
    assert (report.app.send.code, report.app.send.response_code) == ("EMESSAGE", 552)


@pytest.mark.parametrize("keyword", ["SIZE", "SIZE 0", f"SIZE {len(DATA)}", "SIZE 1000000", "8BITMIME"])
def test_a_size_without_a_limit_or_with_room_is_no_warning(keyword: str) -> None:
    report = probed(Script(keywords=(keyword,)), PLAIN)
    assert mail_step(report).status is Status.PASSED
    assert report.app.verdict is Verdict.WORKS


def test_neither_size_nor_8bitmime_is_ever_said() -> None:
    assert lines(Script(keywords=ALL), PLAIN) == ["MAIL FROM:<app@example.com>", "RCPT TO:<to@example.net>"]
    assert lines(Script(keywords=ALL), BEYOND) == [
        "MAIL FROM:<app@example.com> SMTPUTF8",
        "RCPT TO:<lesër@example.net>",
    ]


def test_with_smtputf8_an_address_beyond_ascii_is_no_warning() -> None:
    assert mail_step(probed(Script(keywords=ALL), BEYOND, sender="büro@example.com")).status is Status.PASSED


def test_without_smtputf8_it_is_sent_all_the_same_and_warned_of() -> None:
    script = Script(keywords=("8BITMIME",))
    assert lines(script, BEYOND) == ["MAIL FROM:<app@example.com>", "RCPT TO:<lesër@example.net>"]
    step = mail_step(probed(script, BEYOND))
    assert step.status is Status.WARNED
    assert step.detail == (
        "the server does not offer SMTPUTF8, and the recipient has letters beyond ASCII before the @: the app sends "
        "them all the same, and most servers refuse that; use an address without them",
    )


def test_eight_bit_octets_in_the_header_are_warned_of_where_nothing_is_offered_for_them() -> None:
    detail = mail_step(probed(Script(keywords=()), BEYOND, sender="büro@example.com")).detail
    assert "the sender and the recipient have letters beyond ASCII" in detail[0]
    assert "8-bit octets, and the server offers neither SMTPUTF8 nor 8BITMIME" in detail[1]


def test_eight_bit_octets_in_the_body_are_not_spoken_of() -> None:
    message = PLAIN._replace(data="Subject: a\r\n\r\nü\r\n".encode())
    assert mail_step(probed(Script(keywords=()), message)).status is Status.PASSED


def test_the_warning_stands_beside_a_refusal_of_the_sender_too() -> None:
    report = probed(Script().but(Stage.MAIL, reply("501 5.1.7 Bad sender")), PLAIN, sender="büro@example.com")
    step = mail_step(report)
    assert step.status is Status.FAILED
    assert step.summary.startswith("501 5.1.7 Bad sender (the server does not offer SMTPUTF8, and the sender has")
    assert step.detail[0].startswith("the server does not offer SMTPUTF8")
    assert report.messages[0].response == "501 5.1.7 Bad sender"


def test_a_check_warns_too_and_a_domain_beyond_ascii_needs_nothing() -> None:
    assert mail_step(probed(Script(), _recipient="lesër@example.net")).status is Status.WARNED
    assert mail_step(probed(Script(), _recipient="leser@bücher.example")).status is Status.PASSED


@pytest.mark.parametrize(
    ("data", "size"), [(b"a\r\n", 3), (b"a\n", 3), (b"a", 3), (b".a\r\n", 4), (b"a\nb\r\nc", 9), (b"", 2)]
)
def test_octets_are_counted_as_size_counts_them(data: bytes, size: int) -> None:
    assert octets(data) == size
