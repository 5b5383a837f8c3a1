"""The messages themselves, read back by a strict MIME reader."""

from __future__ import annotations

import re
import smtplib
import ssl
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from smtpwizard.apps.profile import AppProfile
from smtpwizard.errors import ConfigError, InputError
from smtpwizard.mail.messages import BuiltMail, build, new_code
from smtpwizard.sandbox.dialogue import find_code
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.settings import Settings
from support.apps import ABC

STRICT = policy.default.clone(raise_on_defect=True)
APP: AppProfile = ABC
MAILS = {mail.name: mail for mail in APP.mails}
SETTINGS = Settings(ABC, sender="ops@acme.example", url="https://feedback.acme.example")


def built(name: str = "verification", *, to: str = "reader@example.net", settings: Settings = SETTINGS) -> BuiltMail:
    return build(MAILS[name], APP, settings, to, code="418205")


def read(mail: BuiltMail) -> EmailMessage:
    message = BytesParser(policy=STRICT).parsebytes(mail.data)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("name", MAILS)
def test_it_is_text_and_html_side_by_side_without_a_defect(name: str) -> None:
    mail = built(name)
    message = read(mail)
    text, html = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert all(part["MIME-Version"] is None for part in (text, html))
    assert not [defect for part in message.walk() for defect in part.defects]
    assert text.get_content().replace("\r\n", "\n") == mail.text
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == mail.html.rstrip("\n")


@pytest.mark.parametrize("name", MAILS)
def test_headers_are_those_of_the_app(name: str) -> None:
    mail = built(name)
    message = read(mail)
    assert message["From"].addresses == (Address("User feedback", addr_spec="ops@acme.example"),)
    assert message["To"].addresses == (Address(addr_spec="reader@example.net"),)
    assert message["Subject"] == MAILS[name].subject
    assert message["Message-ID"] == mail.message_id
    assert re.fullmatch(r"<[0-9a-f]{32}@acme\.example>", mail.message_id)
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None
    assert sorted(message.keys()) == ["Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]


@pytest.mark.parametrize("name", MAILS)
def test_lines_are_short_seven_bit_and_end_in_crlf(name: str) -> None:
    settings = Settings(ABC, sender="ops@acme.example", url="https://feedback.bücher.example/" + "x" * 1200)
    data = built(name, settings=settings).data
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert data.endswith(b"\r\n")


@pytest.mark.parametrize("name", MAILS)
def test_the_code_is_read_in_both_parts(name: str) -> None:
    mail = built(name)
    assert find_code(mail.text) == "418205"
    assert "418205" in mail.html
    assert mail.code == "418205"


@pytest.mark.parametrize("name", ["reset-password", "invitation"])
def test_a_link_mail_says_which_code_is_the_test_code(name: str) -> None:
    assert "Its test code is 418205" in built(name).text


def test_links_are_put_together_as_the_app_does_with_nothing_encoded() -> None:
    settings = Settings(ABC, sender="ops@acme.example", url="https://acme.example/")
    mail = built("reset-password", to="a+b@example.net", settings=settings)
    assert mail.link == "https://acme.example//link/reset-password?code=418205&email=a+b@example.net"
    assert mail.link in mail.text.replace("\n", " ")
    assert 'href="https://acme.example//link/reset-password?code=418205&amp;email=a+b@example.net"' in mail.html
    invitation = built("invitation").link
    assert invitation == "https://feedback.acme.example/link/user-invitation?code=418205&email=reader@example.net"
    assert built("verification").link is None


def test_without_a_web_address_links_lead_where_the_apps_default_leads() -> None:
    link = built("invitation", settings=Settings(ABC, sender="ops@acme.example")).link
    assert link is not None
    assert link.startswith("http://localhost:3000/link/user-invitation?")


def test_letters_beyond_ascii_before_the_at_stand_in_header_and_envelope_as_they_are() -> None:
    mail = built(to="leserîn@Bücher.example", settings=Settings(ABC, sender="büro@acme.example"))
    assert mail.to == "leserîn@xn--bcher-kva.example"
    head = mail.data.partition(b"\r\n\r\n")[0].decode()
    assert head.splitlines()[:2] == [
        "From: User feedback <büro@acme.example>",
        "To: leserîn@xn--bcher-kva.example",
    ]
    assert mail.data.partition(b"\r\n\r\n")[2].isascii()


def test_a_link_has_the_address_as_it_was_typed() -> None:
    link = built("invitation", to="leserîn@Bücher.example").link
    assert link == "https://feedback.acme.example/link/user-invitation?code=418205&email=leserîn@Bücher.example"


def test_a_domain_beyond_ascii_is_sent_in_punycode() -> None:
    mail = built(to="leser@bücher.example", settings=Settings(ABC, sender="ops@straße.example"))
    assert mail.to == "leser@xn--bcher-kva.example"
    assert read(mail)["From"].addresses[0].domain == "xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("to", "word"),
    [
        ("", "no @"),
        ("reader", "no @"),
        ("Reader <reader@example.net>", "blank"),
        ("<reader@example.net>", "bare address"),
        ("a@example.net,b@example.net", "more than one"),
        ("rëader@@example.net", "before the @"),
        ("ë" * 33 + "@example.net", "before the @"),
        ("a..b@example.net", "before the @"),
        ("reader@", "after the @"),
        ("reader@-x.example", "after the @"),
        ("x" * 65 + "@example.net", "before the @"),
        ("a@" + "x." * 130 + "example", "254"),
        ("reader@example.net\r\nBcc: other@example.net", "control"),
        ("reader@example.net\nBcc:other@example.net", "control"),
        ("rea\x00der@example.net", "control"),
        ("rea\u202eder@example.net", "control"),
    ],
)
def test_a_recipient_that_is_none_is_refused_with_the_reason(to: str, word: str) -> None:
    with pytest.raises(InputError) as caught:
        built(to=to)
    assert word in caught.value.message
    assert "\n" not in caught.value.message
    assert "\x00" not in caught.value.message


@pytest.mark.parametrize(
    "sender", [None, "", "User <a@b.example>", "a@b.example\nX: y", '"a"@b.example', "ä@b@c.example"]
)
def test_a_sender_that_no_header_can_carry_is_a_matter_of_the_settings(sender: str | None) -> None:
    with pytest.raises(ConfigError, match="SMTP_SENDER"):
        built(settings=Settings(ABC, sender=sender))


@pytest.mark.parametrize("url", ["https://a.example/ x", "https://a.example\r\n", "https://a\x1b.example"])
def test_a_web_address_with_a_blank_is_a_matter_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match="ADMIN_WEB_URL"):
        built("invitation", settings=Settings(ABC, sender="a@b.example", url=url))


def test_a_line_break_in_a_presets_subject_or_name_injects_no_header() -> None:
    mail = MAILS["verification"]._replace(subject="Hello\r\nBcc: other@example.net")
    with pytest.raises(ConfigError, match="line break"):
        build(mail, APP, SETTINGS, "reader@example.net")


def test_codes_are_six_digits_and_differ() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)


def test_each_mail_has_its_own_message_id_and_code() -> None:
    one, other = (build(MAILS["verification"], APP, SETTINGS, "reader@example.net") for _ in range(2))
    assert one.message_id != other.message_id
    assert one.code != other.code


def test_other_templates_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "verification.hbs").write_text("<style>p{color:red}</style><p>{{code}} at {{baseUrl}}</p>")
    mail = build(MAILS["verification"], APP, SETTINGS, "reader@example.net", code="123456", directory=tmp_path)
    assert mail.text == "123456 at https://feedback.acme.example\n"
    assert '<p style="color: red;">123456' in mail.html


def test_the_practice_server_takes_all_three_and_reads_their_codes() -> None:
    with PracticeServer() as server:
        trust = ssl.create_default_context(cadata=server.ca_pem)
        mails = [build(mail, APP, server.settings(), "reader@example.net") for mail in APP.mails]
        with smtplib.SMTP_SSL("127.0.0.1", server.implicit_port, timeout=30, context=trust) as client:
            client.login(server.username, server.password.reveal())
            for mail in mails:
                client.sendmail(server.username, [mail.to], mail.data)
        assert [message.code for message in server.messages] == [mail.code for mail in mails]
        assert [message.subject for message in server.messages] == [mail.subject for mail in mails]
        assert [message.data for message in server.messages] == [mail.data for mail in mails]
