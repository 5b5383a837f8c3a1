"""What is read out of a received message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.sandbox.dialogue import find_code, parse


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 418205.", "418205"),
        ("418205", "418205"),
        ("https://x.example/link/reset-password?code=418205&email=a@b.c", "418205"),
        ("order 123456, then https://x.example/?email=a@b.c&code=654321", "654321"),
        ("color: #123456", None),
        ("1234567", None),
        ("id-a123456", None),
        ("", None),
    ],
)
def test_the_code_of_a_link_comes_first_then_six_digits_alone(text: str, code: str | None) -> None:
    assert find_code(text) == code


def test_the_code_is_found_in_an_encoded_html_part_too() -> None:
    data = (
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/html; charset=utf-8\r\n"
        b'Content-Transfer-Encoding: quoted-printable\r\n\r\n<b style=3D"color:#123456">41=\r\n8205</b>\r\n'
    )
    assert parse(data) == ("Grüße", "418205")


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n123456",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Type: text/plain; charset*=x''%ff\r\nSubject: =?x?q?=ff?=\r\n\r\nx",
        b"Content-Type: \xff\xfe\r\nSubject: \xff\r\n\r\n\xff",
    ],
)
def test_a_broken_message_is_read_as_far_as_it_goes(data: bytes) -> None:
    subject, _code = parse(data)
    assert isinstance(subject, str)
