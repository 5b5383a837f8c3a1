"""The three mails under a strict reader: RFC 5322 and MIME (RFC 2045, 2046) to the letter, what was rendered intact."""

from __future__ import annotations

import base64
import quopri
import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from smtpwizard.mail.messages import BuiltMail, build
from smtpwizard.sandbox.dialogue import find_code, parse
from smtpwizard.settings import Settings
from support.apps import ABC

APP = ABC
MAILS = {mail.name: mail for mail in APP.mails}
STRICT = policy.default.clone(raise_on_defect=True)
DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000"
)
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MESSAGE_ID = re.compile(rf"<{ATOM}(\.{ATOM})*@{ATOM}(\.{ATOM})*>")
FIELDS = ["From", "To", "Subject", "Message-ID", "Date"]
"""In nodemailer's order; then what the body needs."""
ADDRESSES = {
    "plain": ("ops@acme.example", "reader@example.net"),
    "a domain beyond ASCII": ("ops@bücher.example", "reader@例え.テスト"),
    "long": ("x" * 64 + "@acme.example", "y" * 64 + "@" + "z" * 60 + ".example.net"),
}
LINK = '<a href="{{link}}" style="color:#123456">Open</a><p>Sent by {{baseUrl}} in 100000 copies</p>'
"""As the app's own link mails: the code stands in the link alone."""


def built(name: str, addresses: str = "plain", **more: object) -> BuiltMail:
    sender, to = ADDRESSES[addresses]
    settings = Settings(ABC, sender=sender, url="https://feedback.bücher.example")
    return build(MAILS[name], APP, settings, to, code="418205", **more)  # type: ignore[arg-type]


def read(data: bytes) -> EmailMessage:
    """Parse strictly, and touch every header of every part, since defects are found when a header is read."""
    message = BytesParser(policy=STRICT).parsebytes(data)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        for name, value in part.items():
            assert not value.defects, name
        assert not part.defects
    return message


def split(data: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Return header fields, unfolded, and body, by our own reading of RFC 5322 sections 2.1 and 2.2."""
    head, gap, body = data.partition(b"\r\n\r\n")
    assert gap
    fields: list[tuple[str, str]] = []
    for line in head.decode("utf-8").split("\r\n"):
        assert line.strip(" \t"), "no line of blanks alone (section 3.2.2)"
        if line[0] in " \t":
            name, value = fields[-1]
            fields[-1] = (name, value + line)
        else:
            name, colon, value = line.partition(":")
            assert colon
            assert re.fullmatch(r"[\x21-\x39\x3b-\x7e]+", name)
            fields.append((name, value))
    return [(name, value.strip(" ")) for name, value in fields], body


def decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        assert re.fullmatch(rb"(?:[\t\r\n !-<>-~]|=[0-9A-F]{2}|=\r\n)*", body), "RFC 2045 section 6.7"
        assert not re.search(rb"[ \t]\r\n", body)
        assert max(map(len, body.split(b"\r\n"))) <= 76
        return quopri.decodestring(body)
    assert encoding == "base64"
    return base64.b64decode(body, validate=False)


@pytest.mark.parametrize("addresses", ADDRESSES)
@pytest.mark.parametrize("name", MAILS)
def test_a_strict_reader_finds_no_defect(name: str, addresses: str) -> None:
    read(built(name, addresses).data)


@pytest.mark.parametrize("addresses", ADDRESSES)
@pytest.mark.parametrize("name", MAILS)
def test_lines_are_of_seven_bits_and_end_in_crlf_and_only_a_single_word_is_longer_than_78(
    name: str, addresses: str
) -> None:
    data = built(name, addresses).data
    assert data.isascii()
    assert b"\0" not in data
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data)
    assert data.endswith(b"\r\n")
    for line in data.split(b"\r\n"):
        assert len(line) <= 998
        assert len(line) <= 78 or b" " not in line.strip(), line  # an address cannot be folded


@pytest.mark.parametrize("name", MAILS)
def test_each_required_field_is_there_once_and_nothing_that_the_app_does_not_send(name: str) -> None:
    fields, _ = split(built(name).data)
    names = [field for field, _ in fields]
    assert names[:5] == FIELDS
    assert sorted(names[5:]) == ["Content-Type", "MIME-Version"]
    value = dict(fields)
    assert value["MIME-Version"] == "1.0"
    assert value["From"] == "User feedback <ops@acme.example>"
    assert value["To"] == "reader@example.net"
    assert value["Subject"] == MAILS[name].subject


@pytest.mark.parametrize("addresses", ADDRESSES)
def test_date_and_message_id_have_their_form(addresses: str) -> None:
    mail = built("verification", addresses)
    value = dict(split(mail.data)[0])
    assert DATE.fullmatch(value["Date"])
    assert abs(parsedate_to_datetime(value["Date"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert value["Message-ID"] == mail.message_id
    assert MESSAGE_ID.fullmatch(mail.message_id)
    assert mail.message_id[:-1].endswith(read(mail.data)["From"].addresses[0].domain)


@pytest.mark.parametrize("addresses", ADDRESSES)
@pytest.mark.parametrize("name", MAILS)
def test_text_comes_first_then_html_and_both_are_what_was_rendered(name: str, addresses: str) -> None:
    mail = built(name, addresses)
    fields, body = split(mail.data)
    kind = re.fullmatch(r'multipart/alternative; boundary="([^"]{1,70})"', dict(fields)["Content-Type"])
    assert kind
    boundary = kind[1].encode()
    assert re.fullmatch(rb"[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]", boundary), "RFC 2046 section 5.1.1"
    preamble, *parts = re.split(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(?=\r\n|--)", body)
    assert preamble == b""
    assert parts.pop() == b"--\r\n"
    assert len(parts) == 2
    found = []
    for part in parts:
        assert boundary not in part
        inner, content = split(part.removeprefix(b"\r\n"))
        assert sorted(name for name, _ in inner) == ["Content-Transfer-Encoding", "Content-Type"]
        values = dict(inner)
        found.append((values["Content-Type"], decoded(content, values["Content-Transfer-Encoding"]).decode("utf-8")))
    (text_type, text), (html_type, html) = found
    assert (text_type, html_type) == ('text/plain; charset="utf-8"', 'text/html; charset="utf-8"')
    assert text.replace("\r\n", "\n").rstrip("\n") == mail.text.rstrip("\n")
    assert html.replace("\r\n", "\n").rstrip("\n") == mail.html.rstrip("\n")


def test_letters_beyond_ascii_before_the_at_are_the_only_eight_bit_octets() -> None:
    settings = Settings(ABC, sender="büro@acme.example")
    data = build(MAILS["verification"], APP, settings, "lesër@bücher.example", code="418205").data
    fields, body = split(data)
    assert dict(fields)["From"] == "User feedback <büro@acme.example>"
    assert dict(fields)["To"] == "lesër@xn--bcher-kva.example"
    assert [name for name, value in fields if not value.isascii()] == ["From", "To"]
    assert body.isascii()
    message = BytesParser(policy=policy.SMTPUTF8).parsebytes(data)
    assert str(message["To"]) == "lesër@xn--bcher-kva.example"
    assert parse(data) == ("User feedback Email Verification", "418205")


@pytest.mark.parametrize("name", ["reset-password", "invitation"])
def test_the_code_of_the_apps_own_link_mail_is_found_in_its_link(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.hbs").write_text(LINK)
    mail = built(name, directory=tmp_path)
    assert "code&#x3D;418205" in mail.html or "code=418205" in mail.html
    assert find_code(mail.text) == "418205"
    assert parse(mail.data) == (MAILS[name].subject, "418205")


@pytest.mark.parametrize("escaped", ["=", "&#x3D;", "&#61;"])
def test_the_code_is_found_in_a_mail_of_html_alone_as_the_app_itself_sends_it(escaped: str) -> None:
    html = f'<b>100000</b><a href="https://a.example/link/reset-password?code{escaped}418205&amp;email{escaped}a@b.c">x'
    head = (
        b"Subject: Hello\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    )
    data = head + b"\r\n" + quopri.encodestring(html.encode())
    assert parse(data) == ("Hello", "418205")
