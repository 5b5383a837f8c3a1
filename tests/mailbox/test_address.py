"""The URL of an inbox: what is taken, what is refused, and that no refusal repeats a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.errors import InputError
from smtpwizard.mailbox.model import Address, parse
from smtpwizard.mailbox.watch import open_inbox
from smtpwizard.secret import Secret

TAKEN = {
    "imaps://ops@imap.acme.example": Address("imaps", "imap.acme.example", 993, "ops"),
    "imap://ops@imap.acme.example:1143/": Address("imap", "imap.acme.example", 1143, "ops"),
    "imaps://ops@acme.example@imap.acme.example": Address("imaps", "imap.acme.example", 993, "ops@acme.example"),
    "imaps://ops%40acme.example@imap.acme.example": Address("imaps", "imap.acme.example", 993, "ops@acme.example"),
    "imaps://a%2Fb%3Ac@h.example/Folder%20%26%20Co/Sub": Address("imaps", "h.example", 993, "a/b:c", "Folder & Co/Sub"),
    "http://localhost:1080/mail/": Address("http", "localhost", 1080, "", "/mail"),
    "http://localhost:8025/#/view": Address("http", "localhost", 8025),
    " https://ops@Mail.Acme.example ": Address("https", "mail.acme.example", 443, "ops"),
    "http://[::1]:1080": Address("http", "::1", 1080),
}


@pytest.mark.parametrize("url", TAKEN)
def test_a_url_is_taken_apart(url: str) -> None:
    assert parse(url) == TAKEN[url]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:1080", "imaps://USER@HOST"),
        ("ftp://host/", "imaps://USER@HOST"),
        ("imaps://imap.acme.example", "names no user"),
        ("imaps://@imap.acme.example", "names no user"),
        ("imaps://ops@host:99999", "no usable host or port"),
        ("imaps://ops@", "no usable host"),
        ("imaps://ops@ho st", "blanks"),
        ("imaps://ops@host\n", ""),
        ("imaps://ops@host\x1b[31m", "control characters"),
        ("imaps://ops@ho<st>", "no usable host"),
        ("http://[::1", "no usable host or port"),
        ("imaps://ops%ff@host", "not UTF-8"),
        ("imaps://ops%0d%0aX@host", "control characters"),
        ("http://ops@203.0.113.5", "clear text"),
        ("http://ops@[2001:db8::5]:80", "clear text"),
        ("imaps://" + "x" * 3000 + "@host", "too long"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(url: str, says: str) -> None:
    if says:
        with pytest.raises(InputError, match=says):
            parse(url)
    else:
        assert parse(url).host == "host"


@pytest.mark.parametrize(
    "url",
    [
        "imaps://ops:Zq7mark-Kx42word@host",
        "http://ops:Zq7mark-Kx42word@localhost:1080",
        "imaps://ops:Zq7mark/Kx42word@host",
        "imaps://ops:77/Kx42word@host",
        "imaps://ops:Zq7mark#Kx42word@host",
        "imaps://ops:Zq7mark?Kx42word@host:993/INBOX",
        "ops:Zq7mark-Kx42word@host",
        "imaps://ops:Zq7mark Kx42word@host",
        "imaps://ops:Zq7mark]Kx42word@[host",
    ],
)
def test_a_password_in_a_url_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(url)
    told = f"{caught.value!r} {caught.value.message} {caught.value.__cause__!r}"
    assert not any(part in told for part in ("Zq7mark", "Kx42word", "77"))


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_an_input_error(text: str) -> None:
    for prefix in ("", "imaps://", "http://", "imaps://u@h/"):
        try:
            address = parse(prefix + text)
        except InputError:
            continue
        assert address.host
        assert 0 < address.port < 65536


def test_a_user_without_a_password_is_refused() -> None:
    with pytest.raises(InputError, match="password"):
        open_inbox("imaps://ops@imap.acme.example")
    with pytest.raises(InputError, match="password"):
        open_inbox("http://ops@localhost:1080", Secret(""))


def test_an_inbox_shows_where_it_is_and_nothing_secret() -> None:
    inbox = open_inbox("imaps://ops@imap.acme.example", Secret("Zq7mark-Kx42word"))
    assert inbox.name == "the mailbox of ops at imap.acme.example:993"
    assert "Zq7mark" not in repr(inbox) + str(vars(inbox))
    page = open_inbox("https://ops@mail.acme.example/m", Secret("Zq7mark-Kx42word"))
    assert page.name == "the catcher at https://mail.acme.example/m"
    assert "Zq7mark" not in repr(page) + str(vars(page))
