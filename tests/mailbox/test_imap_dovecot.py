"""A real Dovecot over IMAPS and STARTTLS: inbox, junk, other folders, replaced Message-IDs, and a refused login."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.model import Inbox, InboxRefused, Place
from smtpwizard.mailbox.watch import open_inbox, watch
from smtpwizard.secret import Secret
from support.catcher_mails import new_mail, rewritten
from support.dovecot import MAILBOXES, Dovecot
from support.processes import wait_until

PASSWORD = 'pä:ss "wörd\\9'
USERS = {"reader@acme.example": PASSWORD, "second": "plain-horse-7"}
FOLDERS = {**MAILBOXES, "Ünïcode & Co": "", "Archive": "\\All"}


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot(USERS, mailboxes=FOLDERS) as running:
        yield running


def logins(server: Dovecot) -> int:
    return server.log.count("imap-login: Info: Login:")


def imaps(server: Dovecot, *, user: str = "reader@acme.example", password: str = PASSWORD, path: str = "") -> Inbox:
    url = f"imaps://{user}@{server.host}:{server.imaps_port}{path}"
    return open_inbox(url, Secret(password), authorities=[server.ca_pem])


async def test_a_mail_in_the_inbox_is_found_over_tls(server: Dovecot) -> None:
    wanted, raw = new_mail()
    inbox = imaps(server)
    assert await inbox.look([wanted], timeout=20) == ()
    server.deliver("reader@acme.example", raw)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert (arrival.message_id, arrival.place, arrival.folder) == (wanted.message_id, Place.INBOX, "INBOX")
    assert arrival.at is not None
    assert arrival.at.tzinfo is not None
    await inbox.close()


async def test_a_mail_in_junk_is_found_there(server: Dovecot) -> None:
    wanted, raw = new_mail()
    server.deliver("reader@acme.example", raw, folder="Junk")
    inbox = imaps(server)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert (arrival.place, arrival.folder) == (Place.JUNK, "Junk")
    await inbox.close()


async def test_a_mail_that_is_only_in_the_archive_is_elsewhere(server: Dovecot) -> None:
    wanted, raw = new_mail()
    server.deliver("reader@acme.example", raw, folder="Archive")
    inbox = imaps(server)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert (arrival.place, arrival.folder) == (Place.OTHER, "Archive")
    await inbox.close()


async def test_a_mail_in_the_archive_and_in_the_inbox_is_in_the_inbox(server: Dovecot) -> None:
    wanted, raw = new_mail()
    server.deliver("reader@acme.example", raw, folder="Archive")
    server.deliver("reader@acme.example", raw)
    inbox = imaps(server)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert arrival.place is Place.INBOX
    await inbox.close()


@pytest.mark.parametrize("path", ["/%C3%9Cn%C3%AFcode%20%26%20Co", "/Ünïcode%20&%20Co"])
async def test_a_named_folder_with_other_letters_is_looked_in(server: Dovecot, path: str) -> None:
    wanted, raw = new_mail()
    server.deliver("reader@acme.example", raw, folder="Ünïcode & Co")
    inbox = imaps(server, path=path)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert (arrival.place, arrival.folder) == (Place.OTHER, "Ünïcode & Co")
    await inbox.close()


async def test_a_named_folder_that_is_not_there_is_told(server: Dovecot) -> None:
    with pytest.raises(InboxRefused, match="The folder Nowhere cannot be opened"):
        await imaps(server, path="/Nowhere").look([new_mail()[0]], timeout=20)


@pytest.mark.parametrize("folder", ["INBOX", "Junk"])
async def test_a_mail_whose_message_id_was_replaced_is_found_by_its_code(server: Dovecot, folder: str) -> None:
    wanted, raw = new_mail()
    server.deliver("reader@acme.example", rewritten(raw, wanted), folder=folder)
    inbox = imaps(server)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert (arrival.message_id, arrival.folder) == (wanted.message_id, folder)
    await inbox.close()


async def test_looking_leaves_every_mail_unread(server: Dovecot) -> None:
    wanted, raw = new_mail()
    server.deliver("second", raw)
    server.deliver("second", new_mail()[1])
    inbox = imaps(server, user="second", password="plain-horse-7")
    assert await inbox.look([wanted, new_mail()[0]], timeout=20)
    await inbox.close()
    assert server.flags("second") == ["", ""]


async def test_starttls_is_required_by_the_server_and_done() -> None:
    with Dovecot(USERS, starttls_required=True) as server:
        wanted, raw = new_mail()
        server.deliver("reader@acme.example", raw)
        url = f"imap://reader%40acme.example@{server.host}:{server.imap_port}"
        inbox = open_inbox(url, Secret(PASSWORD), authorities=[server.ca_pem])
        (arrival,) = await inbox.look([wanted], timeout=20)
        assert arrival.message_id == wanted.message_id
        assert "TLS" in server.log
        await inbox.close()
        with pytest.raises(InboxRefused, match="certificate is not accepted"):
            await open_inbox(url, Secret(PASSWORD)).look([wanted], timeout=20)


async def test_on_the_loopback_a_server_without_tls_is_good_enough() -> None:
    with Dovecot(USERS, tls=False) as server:
        wanted, raw = new_mail()
        server.deliver("second", raw)
        inbox = open_inbox(f"imap://second@{server.host}:{server.imap_port}", Secret("plain-horse-7"))
        (arrival,) = await inbox.look([wanted], timeout=20)
        assert arrival.message_id == wanted.message_id
        await inbox.close()


async def test_an_unknown_authority_is_refused_and_nobody_is_logged_in() -> None:
    with Dovecot(USERS) as server:
        url = f"imaps://second@{server.host}:{server.imaps_port}"
        with pytest.raises(InboxRefused, match="--ca-file"):
            await open_inbox(url, Secret("plain-horse-7")).look([new_mail()[0]], timeout=20)
        wait_until(lambda: "TLS" in server.log, "the handshake that failed is logged")
        assert "second" not in server.log


async def test_a_refused_login_is_told_and_never_tried_again() -> None:
    with Dovecot(USERS) as server:
        inbox = imaps(server, password="wrong-horse-8")
        wanted = [new_mail()[0]]
        with pytest.raises(InboxRefused, match=r"refuses the login of reader@acme\.example: Authentication failed"):
            await inbox.look(wanted, timeout=20)
        with pytest.raises(InboxRefused, match="not tried again"):
            [arrival async for arrival in watch(inbox, wanted, within=20, pause=0.01)]
        wait_until(lambda: "auth failed" in server.log, "the refusal is logged")
        assert server.log.count("user=<reader@acme.example>") == 1, "one login, and no other"
        assert "auth failed, 1 attempts" in server.log


async def test_one_login_serves_all_looks(server: Dovecot) -> None:
    before = logins(server)
    wanted, raw = new_mail()
    inbox = imaps(server, user="second", password="plain-horse-7")
    for _ in range(3):
        assert await inbox.look([wanted], timeout=20) == ()
    server.deliver("second", raw)
    assert await inbox.look([wanted], timeout=20)
    await inbox.close()
    wait_until(lambda: logins(server) > before, "the login is logged")
    assert logins(server) == before + 1


def test_a_session_lives_on_from_one_event_loop_to_the_next(server: Dovecot) -> None:
    wanted, raw = new_mail()
    inbox = imaps(server)
    before = logins(server)
    assert asyncio.run(inbox.look((), timeout=20)) == ()
    server.deliver("reader@acme.example", raw)
    assert len(asyncio.run(inbox.look([wanted], timeout=20))) == 1
    asyncio.run(inbox.close())
    wait_until(lambda: logins(server) > before, "the login is logged")
    assert logins(server) == before + 1


async def test_the_receiver_is_believed_and_a_forged_word_in_the_mail_is_not(server: Dovecot) -> None:
    wanted, raw = new_mail()
    server.deliver("reader@acme.example", b"Authentication-Results: mx.google.com; spf=pass; dmarc=pass\r\n" + raw)
    inbox = imaps(server)
    (arrival,) = await inbox.look([wanted], timeout=20)
    assert arrival.authentication is None
    stamped, raw = new_mail()
    said = b"Authentication-Results: mx.app.example; spf=fail smtp.mailfrom=acme.example; dmarc=fail\r\n"
    server.deliver("reader@acme.example", said + b"Authentication-Results: evil.example; dkim=pass\r\n" + raw)
    (arrival,) = await inbox.look([stamped], timeout=20)
    assert arrival.authentication is not None
    assert arrival.authentication[:4] == ("mx.app.example", "fail", "", "fail")
    await inbox.close()


async def test_a_connection_that_breaks_is_made_anew(server: Dovecot) -> None:
    wanted, raw = new_mail()
    inbox = imaps(server)
    assert await inbox.look([wanted], timeout=20) == ()
    await inbox.close()
    server.deliver("reader@acme.example", raw)
    assert len(await inbox.look([wanted], timeout=20)) == 1
    await inbox.close()


async def test_a_server_that_has_gone_is_told_so() -> None:
    with Dovecot(USERS) as server:
        inbox = imaps(server)
        assert await inbox.look((), timeout=20) == ()
    for _ in range(2):
        with pytest.raises(NetworkError, match=f"127.0.0.1:{server.imaps_port}: "):
            await inbox.look((), timeout=20)
    await inbox.close()
