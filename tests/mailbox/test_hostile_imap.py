"""What stands where a mailbox should: broken, hostile, silent, slow. Told with cause and action; one login at most."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable

import pytest
import trustme

from smtpwizard.errors import MachineError, NetworkError
from smtpwizard.mailbox.model import Inbox, InboxRefused, Wanted
from smtpwizard.mailbox.watch import open_inbox, watch
from smtpwizard.secret import Secret
from support.catcher_mails import new_mail
from support.catcher_raw import RawServer, Talk
from support.leaks import assert_no_secret, echoes

WORD = "Zq7!markRk-9+Kx42&hidden"
USER = "ops@acme.example"
OFFER = b"IMAP4rev1 AUTH=PLAIN SASL-IR"


def mailbox(server: RawServer) -> Inbox:
    return open_inbox(f"imap://{USER}@{server.host}:{server.port}", Secret(WORD))


async def told(server: RawServer, *, timeout: float = 10.0, wanted: list[Wanted] | None = None) -> NetworkError:
    inbox = mailbox(server)
    with pytest.raises(NetworkError) as caught:
        await inbox.look([new_mail()[0]] if wanted is None else wanted, timeout=timeout)
    error = caught.value
    shown = f"{error.message} {error!r} {error.__cause__!r} {error.__context__!r} {inbox!r}"
    assert_no_secret(shown, {"password": WORD}, "it")
    assert "\x1b" not in error.message
    return error


def scripted(**answers: bytes) -> Callable[[Talk], None]:
    """Return a play that answers commands by their name; `{tag}` is the command's. OK where nothing is said."""

    def play(talk: Talk) -> None:
        talk.say(answers.get("greeting", b"* OK ready\r\n"))
        while line := talk.hear():
            tag, _, rest = line.strip().partition(b" ")
            words = rest.decode("utf-8", "replace").split()
            name = "_".join(words[: 2 if words[:1] == ["UID"] else 1]).lower()
            answer = answers.get(name)
            if answer is None and name == "capability":
                answer = b"* CAPABILITY " + OFFER + b"\r\n{tag} OK done\r\n"
            talk.say((answer or b"{tag} OK done\r\n").replace(b"{tag}", tag))

    return play


@pytest.mark.parametrize(
    "greeting", [b"220 ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"* BYE \x1b[31mbusy\r\n", b"* NO\r\n", b"\xff\r\n"]
)
async def test_a_greeting_of_something_else_is_told(greeting: bytes) -> None:
    with RawServer(scripted(greeting=greeting)) as server:
        assert "takes no connection" in (await told(server)).message
        assert b"AUTHENTICATE" not in server.heard


@pytest.mark.parametrize(
    "answers",
    [
        {"capability": b"* CAPABILITY (((\r\n{tag} OK done\r\n"},
        {"list": b'* LIST () "/" {99999999999}\r\n'},
        {"list": b'* LIST () "/" {2000000}\r\n'},
        {"list": b"* LIST " + b"(" * 5000 + b"\r\n{tag} OK done\r\n"},
        {"list": b"220 ESMTP\r\n"},
        {"examine": b"* OK [UIDVALIDITY \xff]\r\n{tag} OK done\r\n"},
        {"uid_search": b'* SEARCH "\r\n{tag} OK done\r\n'},
        {"uid_search": b"* SEARCH 7\r\n{tag} OK done\r\n", "uid_fetch": b"* 1 FETCH )\r\n{tag} OK done\r\n"},
        {"uid_search": b"* SEARCH 7\r\n{tag} OK done\r\n", "uid_fetch": b"* 1 FETCH (UID x)\r\n{tag} OK done\r\n"},
        {"examine": b"x" * 2_000_000},
    ],
)
async def test_what_is_no_imap_is_told(answers: dict[str, bytes]) -> None:
    with RawServer(scripted(**answers)) as server:
        assert "no IMAP" in (await told(server)).message


async def test_data_without_end_is_cut_off() -> None:
    def play(talk: Talk) -> None:
        scripted_until_list(talk)
        while True:
            talk.say(b'* LIST () "/" x\r\n' * 5000)

    def scripted_until_list(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        while line := talk.hear():
            tag, _, rest = line.partition(b" ")
            if rest.startswith(b"LIST"):
                return
            talk.say(b"* CAPABILITY " + OFFER + b"\r\n" + tag + b" OK done\r\n")

    with RawServer(play) as server:
        assert "too much of it" in (await told(server, timeout=60)).message


@pytest.mark.parametrize("command", ["capability", "authenticate", "list", "examine", "uid_search"])
async def test_a_connection_that_ends_is_told_and_a_login_not_repeated(command: str) -> None:
    with RawServer(scripted(**{command: b"* BYE gone\r\n"})) as server:
        error = await told(server)
        assert isinstance(error, InboxRefused) is (command == "authenticate")
        assert server.heard.count(b"AUTHENTICATE") <= 1


@pytest.mark.parametrize("silent_at", ["greeting", "authenticate", "examine"])
async def test_silence_ends_at_the_deadline_and_the_connection_with_it(silent_at: str) -> None:
    gone = threading.Event()

    def play(talk: Talk) -> None:
        try:
            scripted(**{silent_at: b"* OK [ALERT] wait\r\n" if silent_at != "greeting" else b"* "})(talk)
        finally:
            gone.set()

    with RawServer(play) as server:
        inbox = mailbox(server)
        with pytest.raises(NetworkError, match=r"within 0\.3 s|broke off|not answer"):
            await inbox.look([new_mail()[0]], timeout=0.3)
        assert await asyncio.to_thread(gone.wait, 20), "the client has hung up"
        if silent_at == "authenticate":
            with pytest.raises(InboxRefused, match="not tried again"):
                await inbox.look([new_mail()[0]], timeout=10)
            assert server.heard.count(b"AUTHENTICATE") == 1


async def test_a_cancel_returns_at_once_and_hangs_up() -> None:
    asked, gone = threading.Event(), threading.Event()

    def play(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        talk.hear()
        asked.set()
        talk.wait()
        gone.set()

    with RawServer(play) as server:
        task = asyncio.create_task(mailbox(server).look([new_mail()[0]], timeout=60))
        assert await asyncio.to_thread(asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        assert await asyncio.to_thread(gone.wait, 20), "the client has hung up"


async def test_a_cancel_under_tls_hangs_up_too() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    asked, gone = threading.Event(), threading.Event()

    def play(talk: Talk) -> None:
        with context.wrap_socket(talk.connection, server_side=True) as secured:
            secured.sendall(b"* OK\r\n")
            secured.recv(100)
            asked.set()
            try:
                secured.recv(100)
            finally:
                gone.set()

    with RawServer(play) as server:
        url = f"imaps://ops@{server.host}:{server.port}"
        inbox = open_inbox(url, Secret(WORD), authorities=[authority.cert_pem.bytes().decode()])
        task = asyncio.create_task(inbox.look([], timeout=60))
        assert await asyncio.to_thread(asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        assert await asyncio.to_thread(gone.wait, 20), "the client has hung up"


async def test_a_server_that_repeats_the_login_does_not_get_it_shown() -> None:
    for said in echoes(WORD, USER):
        for name in ("authenticate", "examine"):
            line = b"{tag} NO [ALERT] " + said.encode() + b"\r\n"
            with RawServer(scripted(**{name: line})) as server:
                await told(server)


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (b"IMAP4rev1 AUTH=PLAIN LOGINDISABLED", b"AUTHENTICATE PLAIN\r\n"),
        (b"IMAP4rev1", b'LOGIN "ops@acme.example" "Zq7!markRk-9+Kx42&hidden"'),
    ],
)
async def test_one_way_in_is_taken_and_no_second_one_when_it_is_refused(offer: bytes, expected: bytes) -> None:
    def play(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        while line := talk.hear():
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"CAPABILITY"):
                talk.say(b"* CAPABILITY " + offer + b"\r\n" + tag + b" OK done\r\n")
                continue
            if rest == b"AUTHENTICATE PLAIN":
                talk.say(b"+ \r\n")
                assert b64decode(talk.hear()) == f"\0{USER}\0{WORD}".encode()
            talk.say(tag + b" NO [AUTHENTICATIONFAILED] no\r\n")

    with RawServer(play) as server:
        assert "refuses the login" in (await told(server)).message
        assert expected in server.heard
        assert server.heard.count(b"LOGIN ") + server.heard.count(b"AUTHENTICATE") == 1


async def test_other_letters_go_to_login_as_literals() -> None:
    heard: list[bytes] = []

    def play(talk: Talk) -> None:
        talk.say(b"* OK\r\n")
        while line := talk.hear():
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"LOGIN"):
                talk.say(b"+ go on\r\n")
                heard.append(talk.hear())
            talk.say(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")

    with RawServer(play) as server:
        inbox = open_inbox(f"imap://ops@{server.host}:{server.port}", Secret("wörd-2"))
        assert await inbox.look([], timeout=10) == ()
        await inbox.close()
        assert heard == ["wörd-2\r\n".encode()]
        assert b'LOGIN "ops" {7}' in server.heard


async def test_no_way_in_with_a_password_is_told_and_none_sent() -> None:
    offer = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED\r\n{tag} OK done\r\n"
    with RawServer(scripted(capability=offer)) as server:
        assert "OAuth" in (await told(server)).message
        assert b"LOGIN" not in server.heard


async def test_what_was_sent_before_tls_is_not_read_as_if_it_came_under_it() -> None:
    offer = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n"
    with RawServer(scripted(capability=offer, starttls=b"{tag} OK go\r\n* CAPABILITY AUTH=PLAIN\r\n")) as server:
        assert "no IMAP" in (await told(server)).message


@pytest.mark.parametrize("greeting", [b"* OK\r\n", b"* PREAUTH\r\n"])
async def test_on_a_public_network_no_password_goes_without_tls(
    greeting: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(scripted(greeting=greeting)) as server:
        monkeypatch.setattr("smtpwizard.addresses._PRIVATE_NETWORKS", ("10.0.0.0/8",))
        error = await told(server)
        assert "no TLS" in error.message
        assert "It was not sent" in error.message
        assert b"AUTHENTICATE" not in server.heard


async def test_logins_do_not_go_on_without_end() -> None:
    with RawServer(scripted(examine=b"* BYE\r\n")) as server:
        inbox = mailbox(server)
        with pytest.raises(InboxRefused, match="5 times after the login"):
            [arrival async for arrival in watch(inbox, [new_mail()[0]], within=60, pause=0.001)]
        assert server.heard.count(b"AUTHENTICATE") == 5


@pytest.mark.parametrize("host", ["mail.lan", "intranet", "x.internal", "mail.acme.example"])
@pytest.mark.parametrize("private", [True, False])
async def test_a_network_is_private_by_the_address_that_is_connected_to_not_by_the_name(
    host: str, private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **more: real("127.0.0.1", port, **more))
    if not private:
        monkeypatch.setattr("smtpwizard.addresses._PRIVATE_NETWORKS", ("10.0.0.0/8",))
    with RawServer(scripted()) as server:
        inbox = open_inbox(f"imap://{USER}@{host}:{server.port}", Secret(WORD))
        if private:
            assert await inbox.look([new_mail()[0]], timeout=10) == ()
        else:
            with pytest.raises(InboxRefused, match="It was not sent"):
                await inbox.look([new_mail()[0]], timeout=10)
        await inbox.close()
        assert (b"AUTHENTICATE" in server.heard) is private


@pytest.mark.parametrize(
    "chain",
    [
        b'* LIST () "/" ' + b"{1}\r\nx " * 15_000,
        b'* LIST () "/" ' + b"{0}\r\n" * 15_000,
        b"* OK\r\n" * 19_000,
        b"* SEARCH" + b" 7" * 400_000 + b"\r\n",
    ],
)
async def test_buffered_parts_without_end_are_read_no_longer_than_the_deadline(chain: bytes) -> None:
    start = time.monotonic()
    with RawServer(scripted(list=chain + b"\r\n{tag} OK done\r\n", uid_search=chain)) as server:
        await told(server, timeout=1.0)
        assert time.monotonic() - start < 30


async def test_a_name_in_the_common_name_alone_is_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("10.0.0.1", common_name="localhost").configure_cert(context)
    with RawServer(scripted(), tls=context) as server:
        inbox = open_inbox(
            f"imaps://{USER}@localhost:{server.port}", Secret(WORD), authorities=[authority.cert_pem.bytes().decode()]
        )
        with pytest.raises(InboxRefused, match="its certificate is not accepted"):
            await inbox.look([new_mail()[0]], timeout=10)
        assert b"AUTHENTICATE" not in server.heard


async def test_a_missing_list_of_authorities_is_told_as_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certifi.where", lambda: "/nowhere/cacert.pem")
    with RawServer(scripted()) as server:
        inbox = open_inbox(f"imaps://{USER}@localhost:{server.port}", Secret(WORD))
        with pytest.raises(MachineError, match=r"/nowhere/cacert.pem.*No such file"):
            await inbox.look([new_mail()[0]], timeout=10)
