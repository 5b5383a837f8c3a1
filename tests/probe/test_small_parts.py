"""Addresses, queue ids, transcript lines, resolved hosts, words for errors."""

from __future__ import annotations

import socket

import pytest

from smtpwizard.clients.nodemailer import errors
from smtpwizard.clients.nodemailer.dialogue import stuffed
from smtpwizard.clients.nodemailer.ehlo import from_header, normalise
from smtpwizard.probe.recorder import queue_id
from smtpwizard.smtp import net as resolve
from smtpwizard.smtp.results import TlsFacts
from smtpwizard.smtp.stream import MAX_LINES, Transcript


@pytest.mark.parametrize(
    ("text", "queued"),
    [
        ("Ok: queued as 4ZQK1T", "4ZQK1T"),
        ("OK  1732254 af79cd13be357-7b3.49 - gsmtp", "1732254"),
        ("Ok 0100018c6a5b-3f2e-000000", "0100018c6a5b-3f2e-000000"),
        ("OK id=1rVYxA-0003kl-2b", "1rVYxA-0003kl-2b"),
        ("<x@y> [InternalId=4711, Hostname=a.example] Queued mail for delivery", "4711"),
        ("Message Queued (1A2B3C)", "1A2B3C"),
        ("48K2x8fC012345 Message accepted for delivery", "48K2x8fC012345"),
        ("Ok", None),
        ("Great success", None),
        ("OK, thanks for the message", None),
    ],
)
def test_the_queue_id_is_read_where_there_is_one(text: str, queued: str | None) -> None:
    assert queue_id(text) == queued


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("app@example.com", "app@example.com"),
        (" app@EXAMPLE.com ", "app@example.com"),
        ("App <app@example.com>", "app@example.com"),
        ("apikey", "apikey"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("my app@example.com", '"my app"@example.com'),
        ("", ""),
        ("<>", ""),
    ],
)
def test_the_envelope_sender_is_what_the_client_makes_of_it(sender: str, address: str) -> None:
    assert from_header(sender) == address


@pytest.mark.parametrize("text", ["a@b\r\nRCPT TO:<x@y>", "a@b\nQUIT", "a@b>\r\nDATA", "a\x00@b"])
def test_no_address_carries_a_line_break_or_bracket_onto_the_wire(text: str) -> None:
    for made in (from_header(text), normalise(text)):
        assert not set(made) & set("\r\n\0<>")


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".a\n..b\r\n", b"..a\r\n...b\r\n.\r\n"),
        (b"a\r", b"a\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
    ],
)
def test_dots_are_doubled_and_lines_end_in_crlf(data: bytes, wire: bytes) -> None:
    assert stuffed(data) == wire


def test_a_transcript_is_bounded_and_says_so() -> None:
    transcript = Transcript(str)
    transcript.server("\n".join(["250-x" * 1000] * 100_000))
    for _ in range(10):
        transcript.client("NOOP")
    lines = transcript.lines()
    assert len(lines) == MAX_LINES + 1
    assert max(len(line.line) for line in lines) <= 1000
    assert "not kept" in lines[-1].line


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
def test_an_address_is_not_looked_up(host: str) -> None:
    assert resolve.literal(host) == host


@pytest.mark.parametrize("host", ["localhost", "127.1", "[::1]", "", "1.2.3.4.5", "a\0b"])
def test_anything_else_is(host: str) -> None:
    assert resolve.literal(host) is None


def test_ipv4_comes_before_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 0, 0, 0)),
        (socket.AF_INET, 1, 6, "", ("192.0.2.1", 0)),
        (socket.AF_INET, 1, 6, "", ("192.0.2.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    monkeypatch.setattr(resolve, "_has_ipv6", lambda: True)
    assert resolve.look_up("mail.example.com") == ("192.0.2.1", "2001:db8::1")
    monkeypatch.setattr(resolve, "_has_ipv6", lambda: False)
    assert resolve.look_up("mail.example.com") == ("192.0.2.1",)


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "a\0b", ""])
def test_a_host_that_cannot_exist_is_not_found(host: str) -> None:
    with pytest.raises(socket.gaierror) as caught:
        resolve.look_up(host)
    assert errors.word(caught.value) == "ENOTFOUND"


@pytest.mark.parametrize(
    ("code", "chain", "expired", "word"),
    [
        (20, 1, False, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        (20, 2, False, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
        (20, None, False, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        (18, 1, False, "DEPTH_ZERO_SELF_SIGNED_CERT"),
        (18, 1, True, "CERT_HAS_EXPIRED"),
        (19, 3, False, "SELF_SIGNED_CERT_IN_CHAIN"),
        (10, 1, True, "CERT_HAS_EXPIRED"),
        (99, 1, False, "X509_V_ERR_99"),
    ],
)
def test_a_certificate_error_has_nodes_word(code: int, chain: int | None, expired: bool, word: str) -> None:
    facts = TlsFacts("", "", days_left=-1 if expired else 1)
    assert errors.untrusted(code, chain=chain, facts=facts).error == word
