"""The real Dovecot, as the other tests use it: what is delivered is there, and nothing stays behind."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator

import pytest

from support.dovecot import Dovecot
from support.processes import living

MAIL = b"From: a@remote.example\r\nTo: reader@app.example\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nhello\r\n"
READER = "reader@app.example"
USERS = {READER: "correct-horse-9", "plain": "pw with blank"}


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(USERS) as server:
        yield server


def trusting(server: Dovecot) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.ca_pem)


@pytest.mark.parametrize(("user", "password"), USERS.items())
def test_a_delivered_mail_is_read_over_imaps(dovecot: Dovecot, user: str, password: str) -> None:
    dovecot.deliver(user, MAIL % (b"one", b"1"))
    with imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps_port, ssl_context=trusting(dovecot)) as imap:
        imap.login(user, password)
        imap.select(readonly=True)
        _, found = imap.search(None, "HEADER", "Message-ID", "<1@x>")
    assert found == [b"1"]
    (stored,) = dovecot.messages(user)
    assert b"Subject: one" in stored
    assert dovecot.flags(user) == [""]


def test_a_mail_can_be_put_into_junk_which_says_what_it_is_for(dovecot: Dovecot) -> None:
    dovecot.deliver(READER, MAIL % (b"two", b"2"), "Junk")
    assert len(dovecot.messages(READER, "Junk")) == 1
    with imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps_port, ssl_context=trusting(dovecot)) as imap:
        imap.login(READER, USERS[READER])
        listed = imap.list()[1]
    assert any(b"\\Junk" in line and b"Junk" in line.split()[-1] for line in listed if isinstance(line, bytes))


def test_a_wrong_password_is_refused(dovecot: Dovecot) -> None:
    with (
        imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps_port, ssl_context=trusting(dovecot)) as imap,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        imap.login(READER, "wrong")


def test_where_starttls_is_required_no_login_is_taken_in_clear_text() -> None:
    with Dovecot(USERS, starttls_required=True) as server, imaplib.IMAP4(server.host, server.imap_port) as imap:
        assert "LOGINDISABLED" in imap.capabilities
        with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
            imap.login(READER, USERS[READER])
        imap.starttls(trusting(server))
        imap.login(READER, USERS[READER])


def test_two_run_at_once_and_nothing_of_them_is_left() -> None:
    with Dovecot({"a": "1"}) as first, Dovecot({"a": "2"}, tls=False) as second:
        first.deliver("a", MAIL % (b"x", b"x"))
        assert (len(first.messages("a")), len(second.messages("a"))) == (1, 0)
        with imaplib.IMAP4(second.host, second.imap_port) as imap:
            assert "STARTTLS" not in imap.capabilities
            imap.login("a", "2")
        folders, groups = (first.folder, second.folder), (first.pid, second.pid)
        assert all(living(group) for group in groups)
    assert not any(folder.exists() for folder in folders)
    assert not any(living(group) for group in groups)
