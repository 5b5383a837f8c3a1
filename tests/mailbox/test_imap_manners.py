"""How a mailbox is treated: nothing in it is changed, a login under way is not begun anew, and it is left at a word."""

from __future__ import annotations

import asyncio
import re
import threading

import pytest

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.model import InboxRefused
from smtpwizard.mailbox.watch import open_inbox
from smtpwizard.secret import Secret
from support.catcher_mails import new_mail
from support.catcher_raw import RawServer, Talk

WORD = "Zq7!markRk-9+Kx42&hidden"
OFFER = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR ID SPECIAL-USE LIST-EXTENDED\r\n"


def mail_server(talk: Talk) -> None:
    """Play a mailbox with one mail in each folder: of today, with another Message-ID and another code."""
    _, raw = new_mail()
    talk.say(b"* OK ready\r\n")
    while line := talk.hear():
        tag, _, rest = line.strip().partition(b" ")
        if rest.startswith(b"CAPABILITY"):
            talk.say(OFFER)
        elif rest.startswith(b"LIST"):
            talk.say(b'* LIST (\\Junk) "/" Spam\r\n* LIST (\\All) "/" All\r\n* LIST () "/" INBOX\r\n')
        elif rest.startswith(b"UID SEARCH SINCE") and b"HEADER" not in rest:
            talk.say(b"* SEARCH 7\r\n")
        elif rest.startswith(b"UID FETCH"):
            section = b"BODY[HEADER]<0>" if b"HEADER" in rest else b"BODY[]<0>"
            talk.say(b"* 1 FETCH (UID 7 " + section + b" {%d}\r\n" % len(raw) + raw + b")\r\n")
        talk.say(tag + b" OK done\r\n")


async def test_nothing_is_asked_for_that_would_change_a_mail() -> None:
    with RawServer(mail_server) as server:
        inbox = open_inbox(f"imap://ops@{server.host}:{server.port}", Secret(WORD))
        for _ in range(2):
            assert await inbox.look([new_mail()[0]], timeout=20) == ()
        await inbox.close()
        heard = server.heard.decode()
    commands = {" ".join(line.split()[1:3]) for line in heard.splitlines()}
    known = {"UID FETCH", "UID SEARCH", "EXAMINE", "LIST", "CAPABILITY", "AUTHENTICATE PLAIN", "ID"}
    assert {command if command in known else command.split()[0] for command in commands} <= known
    assert "UID FETCH" in commands
    assert re.findall(r"BODY(?!\.PEEK)", heard) == []
    assert 'LIST "" "*" RETURN (SPECIAL-USE)' in heard
    assert heard.count("UID FETCH 7 ") == 2, "a mail of the inbox and of junk is read for its code, once"


async def test_a_login_that_was_broken_off_is_not_begun_anew() -> None:
    asked = threading.Event()

    def play(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        while line := talk.hear():
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"AUTHENTICATE"):
                asked.set()
                talk.wait()
                return
            talk.say(OFFER + tag + b" OK done\r\n")

    with RawServer(play) as server:
        inbox = open_inbox(f"imap://ops@{server.host}:{server.port}", Secret(WORD))
        task = asyncio.create_task(inbox.look([], timeout=60))
        assert await asyncio.to_thread(asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(InboxRefused, match="tried once and is not tried again"):
            await inbox.look([], timeout=20)
        assert len(server.talks) == 1


async def test_closing_ends_a_look_that_is_under_way() -> None:
    asked = threading.Event()

    def play(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        talk.hear()
        asked.set()
        talk.wait()

    with RawServer(play) as server:
        inbox = open_inbox(f"imap://ops@{server.host}:{server.port}", Secret(WORD))
        task = asyncio.create_task(inbox.look([], timeout=600))
        assert await asyncio.to_thread(asked.wait, 20)
        await inbox.close()
        with pytest.raises(NetworkError):
            await asyncio.wait_for(task, 20)


async def test_a_password_is_cleared_before_a_servers_words_are_cut_to_length() -> None:
    def play(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        while line := talk.hear():
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"CAPABILITY"):
                talk.say(OFFER + tag + b" OK done\r\n")
            else:
                talk.say(tag + b" NO " + b"x" * 188 + b" " + WORD.encode() + b" y\r\n")

    with RawServer(play) as server:
        inbox = open_inbox(f"imap://ops@{server.host}:{server.port}", Secret(WORD))
        with pytest.raises(InboxRefused) as caught:
            await inbox.look([], timeout=20)
        assert WORD[:6] not in caught.value.message


@pytest.mark.parametrize("date", [b'"01-Jan-2026 00:00:00 +9999"', b'"31-Feb-2026 00:00:00 +0000"', b"NIL", b"(1 2)"])
async def test_a_mail_whose_time_of_arrival_is_none_is_found_all_the_same(date: bytes) -> None:
    wanted, raw = new_mail()

    def play(talk: Talk) -> None:
        talk.say(b"* OK ready\r\n")
        while line := talk.hear():
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"CAPABILITY"):
                talk.say(OFFER)
            elif rest.startswith(b"UID SEARCH"):
                talk.say(b"* SEARCH 7\r\n")
            elif rest.startswith(b"UID FETCH"):
                octets = b"{%d}\r\n" % len(raw) + raw
                talk.say(b"* 1 FETCH (UID 7 INTERNALDATE " + date + b" BODY[HEADER] " + octets + b")\r\n")
            talk.say(tag + b" OK done\r\n")

    with RawServer(play) as server:
        inbox = open_inbox(f"imap://ops@{server.host}:{server.port}", Secret(WORD))
        if date.startswith(b"("):
            with pytest.raises(NetworkError, match="no IMAP"):
                await inbox.look([wanted], timeout=20)
        else:
            (arrival,) = await inbox.look([wanted], timeout=20)
            assert arrival.at is None
        await inbox.close()
