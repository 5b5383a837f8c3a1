"""What nodemailer writes on the wire, and its words for a refused certificate."""

from __future__ import annotations

import pytest

from smtpwizard.clients.nodemailer import errors
from smtpwizard.clients.nodemailer.dialogue import from_header, normalise, stuffed
from smtpwizard.smtp.results import TlsFacts


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
        (99, 1, False, "UNSPECIFIED"),
    ],
)
def test_a_certificate_error_has_nodes_word(code: int, chain: int | None, expired: bool, word: str) -> None:
    facts = TlsFacts("", "", days_left=-1 if expired else 1)
    assert errors.untrusted(code, chain=chain, facts=facts).error == word
