"""Message-ID and codes in a mail's bytes, whatever they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.mail.messages import build
from smtpwizard.mailbox.model import Mail, Wanted, answered, codes_in, plain_id, read_mail
from smtpwizard.settings import Settings
from support.apps import ABC
from support.catcher_mails import new_mail, rewritten


def test_the_code_of_each_of_the_apps_mails_is_found_in_its_bytes() -> None:
    app = ABC
    settings = Settings(ABC, host="localhost", port="25", sender="noreply@acme.example")
    for mail in app.mails:
        built = build(mail, app, settings, "to@acme.example", code="418205")
        read = read_mail(built.data)
        assert "418205" in read.codes
        assert read.message_id == plain_id(built.message_id)


def test_the_message_id_goes_before_the_code() -> None:
    one, two = Wanted("<one@x.example>", "111111"), Wanted("<two@x.example>", "222222")
    assert answered(Mail("two@x.example", frozenset({"111111"})), [one, two]) == two
    assert answered(Mail("", frozenset({"111111"})), [two, one]) == one
    assert answered(Mail("", frozenset()), [Wanted("<>", ""), one]) is None


def test_colours_ids_and_longer_numbers_are_no_codes() -> None:
    assert codes_in("#123456 id-a123456 1234567 x123456 123456x") == ()
    assert codes_in('<p style="color:#123456" width="123456">code <b>418205</b></p>') == ("418205",)
    assert codes_in("https://app.example/reset?code=418205&email=x") == ("418205", "418205")


def test_a_mail_full_of_numbers_does_not_look_like_every_mail() -> None:
    text = " ".join(f"{number:06}" for number in range(100_000, 101_000))
    assert len(codes_in(text)) == 8


def test_a_mail_that_is_cut_off_still_shows_what_it_has() -> None:
    wanted, raw = new_mail()
    cut = raw[: raw.index(wanted.code.encode()) + 200]
    assert wanted.code in read_mail(cut).codes
    assert plain_id(wanted.message_id) == read_mail(raw[:400]).message_id


def test_parts_without_end_and_charsets_that_are_none_are_borne() -> None:
    wanted, raw = new_mail(html=False)
    assert wanted.code in read_mail(raw.replace(b'charset="utf-8"', b'charset="no-such"')).codes
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (number, number) for number in range(3000)
    )
    assert isinstance(read_mail(deep), Mail)
    assert rewritten(raw, wanted) != raw


@given(st.binary(max_size=400))
def test_any_octets_are_a_mail_with_codes_or_without(data: bytes) -> None:
    for head in (b"", b"Message-ID: ", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"):
        read = read_mail(head + data)
        assert all(len(code) == 6 and code.isdigit() for code in read.codes)


@given(st.text(max_size=80))
def test_an_id_in_its_plain_form_stays_as_it_is(text: str) -> None:
    once = plain_id(f"<{text}>")
    assert not any(char.isspace() for char in once)
