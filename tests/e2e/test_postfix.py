"""The real Postfix, as the other tests use it: it takes mail from its users only, and nothing of it stays behind."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from support.company import APP, JUNKED, READER
from support.dovecot import Dovecot
from support.postfix import Postfix
from support.processes import give_up, living, require_root_and

MAIL = b"From: app@app.example\r\nTo: you\r\nSubject: %s\r\nMessage-ID: <%s@app.example>\r\n\r\nhello\r\n"


def submit(dovecot: Dovecot, postfix: Postfix, to: str, subject: bytes) -> str:
    """Send as the app's user and return the queue id."""
    with smtplib.SMTP(postfix.host, postfix.starttls_port) as smtp:
        smtp.starttls(context=ssl.create_default_context(cadata=dovecot.ca_pem))
        smtp.login(APP, dovecot.users[APP])
        smtp.mail(APP)
        smtp.rcpt(to)
        code, reply = smtp.data(MAIL % (subject, subject))
    assert code == 250
    return reply.decode().rpartition(" ")[2]


def test_nothing_is_taken_before_tls_nor_without_a_login(dovecot: Dovecot, postfix: Postfix) -> None:
    with smtplib.SMTP(postfix.host, postfix.starttls_port) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("auth")
        assert smtp.mail(READER)[0] == 530
        smtp.starttls(context=ssl.create_default_context(cadata=dovecot.ca_pem))
        smtp.ehlo()
        assert smtp.mail("stranger@elsewhere.example")[0] == 250
        assert smtp.rcpt(READER)[0] == 554


def test_the_verdict_on_the_sender_stands_above_what_the_sender_wrote(dovecot: Dovecot, postfix: Postfix) -> None:
    postfix.wait_delivered(submit(dovecot, postfix, READER, b"verdict"))
    (raw,) = (raw for raw in dovecot.messages(READER) if b"Subject: verdict" in raw)
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    ours = head.index(b"Authentication-Results: mx.app.example; spf=pass")
    assert ours < head.index(b"(Postfix) with ESMTPSA") < head.index(b"From: app@")


def test_a_mail_to_a_junked_address_is_filed_in_junk(dovecot: Dovecot, postfix: Postfix) -> None:
    postfix.wait_delivered(submit(dovecot, postfix, JUNKED, b"junked"))
    assert not dovecot.messages(JUNKED)
    assert any(b"Subject: junked" in raw for raw in dovecot.messages(JUNKED, "Junk"))


def test_nothing_of_it_is_left_at_its_end(dovecot: Dovecot) -> None:
    with Postfix(dovecot) as server:
        assert server.queued() == []
        folder, group = server.folder, server.pid
        assert len(living(group)) > 1
    assert not folder.exists()
    assert not living(group)


def test_a_server_that_is_missing_is_a_skip_and_where_it_is_required_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTPWIZARD_REQUIRE_MAILSERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        require_root_and("no-such-server")
    monkeypatch.setenv("SMTPWIZARD_REQUIRE_MAILSERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="but it is not here"):
        give_up("it is not here")
