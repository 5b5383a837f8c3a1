"""What is a sender, what is none, and which domains nobody can reply to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.dns.sender import NameServer, is_example, name_servers, probably_meant, sender_of, undeliverable
from smtpwizard.errors import InputError


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("noreply@acme.com", "acme.com"),
        (" NoReply@ACME.Com. ", "acme.com"),
        ("acme.com", "acme.com"),
        ("mail.acme.co.uk.", "mail.acme.co.uk"),
        ("root@mailhost", "mailhost"),
        ("app@bücher.de", "xn--bcher-kva.de"),
        ("app@faß.de", "xn--fa-hia.de"),
        ("app@BÜCHER。de", "xn--bcher-kva.de"),
        ("app@ｂｕ̈cher.de", "xn--bcher-kva.de"),
        ("post@例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("a+b=c@xn--bcher-kva.de", "xn--bcher-kva.de"),
    ],
)
def test_an_address_or_a_domain_gives_the_domain_in_ascii(typed: str, domain: str) -> None:
    assert sender_of(typed).domain == domain
    assert sender_of(typed).address == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "acme", "@", "@acme.com", "app@", "a@b@acme.com", "App <app@acme.com>", "a@acme.com,b@acme.com",
        "app@acme..com", "app@-acme.com", "app@acme_.com", "app@" + "x" * 64 + ".com", "x" * 65 + "@acme.com",
        "app@192.0.2.1", "192.0.2.1", "app@[192.0.2.1]", "app @acme.com", "app@ac\x1bme.com", "app@ac\u202eme.com",
        "app@" + ".".join(["x" * 60] * 5), "app@☂\u200d" * 3, "a@\ud800.com",
    ],
)  # fmt: skip
def test_what_is_neither_is_an_input_error_that_says_what_to_give(typed: str) -> None:
    with pytest.raises(InputError, match=r"noreply@your-company\.com") as caught:
        sender_of(typed)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 400


@given(st.text(max_size=200))
def test_any_text_is_a_sender_or_an_input_error(text: str) -> None:
    try:
        domain = sender_of(text).domain
    except InputError:
        return
    assert domain.isascii()
    assert 0 < len(domain) <= 253


@pytest.mark.parametrize(
    "domain",
    [
        "example", "acme.example", "acme.test", "a.invalid", "localhost", "app.localhost", "nas.local", "db.internal",
        "router.lan", "x.home.arpa", "mailhost", "acme.corp", "example.com", "mail.example.org",
    ],
)  # fmt: skip
def test_names_that_no_receiver_can_look_up_are_told(domain: str) -> None:
    assert undeliverable(domain)


@pytest.mark.parametrize("domain", ["acme.com", "test.com", "local.de", "internal.io", "myexample.com", "arpa.net"])
def test_common_names_are_not(domain: str) -> None:
    assert undeliverable(domain) == ""
    assert not is_example(domain)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmal.com", "gmail.com"), ("gmaill.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("gmail.con", "gmail.com"), ("outlok.com", "outlook.com"), ("yaho.com", "yahoo.com"),
        ("gmail.com", ""), ("acme.com", ""), ("mail.com", ""), ("a.io", ""), ("gmailxx.com", ""),
    ],
)  # fmt: skip
def test_a_slip_of_a_known_mail_domain_is_recognised(domain: str, meant: str) -> None:
    assert probably_meant(domain) == meant


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("9.9.9.9", "9.9.9.9", 53), ("127.0.0.1:5353", "127.0.0.1", 5353), ("::1", "::1", 53),
        ("[::1]", "::1", 53), ("[2620:fe::fe]:5353", "2620:fe::fe", 5353),
    ],
)  # fmt: skip
def test_a_name_server_is_an_address_with_a_port_if_need_be(text: str, address: str, port: int) -> None:
    assert name_servers([text]) == (NameServer(address, port),)


@pytest.mark.parametrize("text", ["", "dns.google", "1.2.3", "127.0.0.1:0", "127.0.0.1:70000", "[::1", "1.1.1.1:x"])
def test_what_is_no_name_server_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="is no name server"):
        name_servers([text])
    with pytest.raises(InputError, match="too many"):
        name_servers(["9.9.9.9"] * 9)
