"""What stands where a catcher should: broken, hostile, silent, slow, huge. Told with cause and action, in time."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
import tracemalloc

import pytest

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.catchers import CATCHERS, JSON_LIMIT
from smtpwizard.mailbox.model import InboxRefused
from smtpwizard.mailbox.watch import open_inbox
from smtpwizard.secret import Secret
from support.catcher_mails import new_mail
from support.catcher_raw import RawServer, Talk, answering, http
from support.leaks import assert_no_secret

WORD = "Zq7!markRk-9+wörd=Kx42"
HTML = b"<!doctype html><title>\x1b[31mapp</title>"


async def told(server: RawServer, *, timeout: float = 10.0) -> NetworkError:
    url = f"http://ops@{server.host}:{server.port}"
    with pytest.raises(NetworkError) as caught:
        await open_inbox(url, Secret(WORD)).look([new_mail()[0]], timeout=timeout)
    assert_no_secret(f"{caught.value.message} {caught.value!r} {caught.value.__cause__!r}", {"password": WORD}, "it")
    assert "\x1b" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("answer", "says", "for_good"),
    [
        (http(HTML, kind="text/html"), "no catcher that can be read", True),
        (http(b"{}", status="404 Not Found"), "no catcher that can be read", True),
        (http(b"", status="401 Unauthorized"), "user and password", True),
        (http(b"", status="403 Forbidden"), "user and password", True),
        (http(b"", status="302 Found", more="Location: https://elsewhere.example/\r\n"), "redirects to https", True),
        (http(b"", status="301 Moved", more="Location: http://a:Zq7@e.example/\r\n"), r"redirects\. Give", True),
        (http(b"oops", status="502 Bad Gateway"), "error of its own", False),
        (http(b"", status="429 Too Many Requests"), "patience", False),
        (http(b"[" * 100_000), "no catcher that can be read", True),
        (http(b"9" * 100_000), "no catcher that can be read", True),
        (http(b"\xff\xfe\x00"), "no catcher that can be read", True),
        (b"220 mail.acme.example ESMTP\r\n", "not with HTTP", True),
        (b"\x15\x03\x01\x00\x02\x02\x16", "not with HTTP", True),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", "not with HTTP", True),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, "not with HTTP", True),
        (b"", "connection broke", False),
    ],
)
async def test_an_answer_of_something_else_is_told(answer: bytes, says: str, for_good: bool) -> None:
    with RawServer(answering(answer)) as server:
        error = await told(server)
        assert isinstance(error, InboxRefused) is for_good
        assert re.search(says, error.message), error.message


async def test_a_redirect_is_not_followed() -> None:
    with RawServer(answering(http(b"{}"))) as other:
        where = f"Location: http://127.0.0.1:{other.port}/\r\n"
        with RawServer(answering(http(b"", status="307 Temporary Redirect", more=where))) as server:
            await told(server)
        assert not other.talks


@pytest.mark.parametrize("kind", range(len(CATCHERS)))
async def test_a_list_without_end_is_cut_off(kind: int) -> None:
    mark = {"version": "1", "smtpPort": 1, "results": [], "rowCount": 0, "total": 0, "unread": 0, "items": [],
            "messages": []}  # fmt: skip

    def play(talk: Talk) -> None:
        asked = talk.hear(b"\r\n\r\n").split(b" ")[1].decode()
        if asked == CATCHERS[kind].mark:
            talk.say(http(json.dumps(mark).encode()))
        elif any(asked == catcher.mark for catcher in CATCHERS):
            talk.say(http(b"", status="404 Not Found"))
        else:
            talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
            while True:
                talk.say(b'{"id":"' + b"x" * 65_536 + b'"},')

    with RawServer(play) as server:
        error = await told(server, timeout=60)
        assert f"more than {JSON_LIMIT // 1_000_000} MB" in error.message
        assert "Delete old mails" in error.message


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"]
)
async def test_a_server_that_drips_is_left_at_the_deadline_and_the_connection_with_it(start: bytes) -> None:
    gone = threading.Event()

    def play(talk: Talk) -> None:
        talk.hear(b"\r\n\r\n")
        try:
            talk.say(start)
            while not gone.wait(0.02):
                talk.say(b"x")
        finally:
            gone.set()

    with RawServer(play) as server:
        error = await told(server, timeout=0.5)
        assert "no answer within 0.5 s" in error.message
        assert await asyncio.to_thread(gone.wait, 20), "the client has hung up"


async def test_a_cancel_returns_at_once_and_hangs_up() -> None:
    heard, gone = threading.Event(), threading.Event()

    def play(talk: Talk) -> None:
        talk.hear(b"\r\n\r\n")
        heard.set()
        talk.wait()
        gone.set()

    with RawServer(play) as server:
        inbox = open_inbox(f"http://{server.host}:{server.port}")
        task = asyncio.create_task(inbox.look([new_mail()[0]], timeout=60))
        assert await asyncio.to_thread(heard.wait, 20)
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - start < 10
        assert await asyncio.to_thread(gone.wait, 20), "the client has hung up"


async def test_what_is_not_there_is_told_with_what_to_do() -> None:
    with RawServer(lambda talk: None) as server:
        port = server.port
    with pytest.raises(NetworkError, match=f"127.0.0.1:{port}: nothing listens there"):
        await open_inbox(f"http://127.0.0.1:{port}").look([], timeout=10)
    with pytest.raises(NetworkError, match="the name is not known here"):
        await open_inbox("http://maildev.invalid:1080").look([], timeout=10)


async def test_tls_with_a_server_that_has_none_is_told() -> None:
    with (
        RawServer(lambda talk: talk.say(http(b"{}"))) as server,
        pytest.raises(InboxRefused, match="TLS cannot be established"),
    ):
        await open_inbox(f"https://{server.host}:{server.port}").look([], timeout=10)


@pytest.mark.parametrize("host", ["mail.lan", "intranet", "mail.acme.example"])
@pytest.mark.parametrize("private", [True, False])
async def test_a_password_goes_in_clear_text_to_a_private_address_alone(
    host: str, private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **more: real("127.0.0.1", port, **more))
    if not private:
        monkeypatch.setattr("smtpwizard.addresses._PRIVATE_NETWORKS", ("10.0.0.0/8",))
    with RawServer(answering(http(b"{}"))) as server:
        inbox = open_inbox(f"http://ops@{host}:{server.port}", Secret(WORD))
        with pytest.raises(InboxRefused, match="no catcher" if private else "clear text"):
            await inbox.look([new_mail()[0]], timeout=10)
        assert (b"Authorization" in server.heard) is private


async def test_json_of_a_million_values_is_not_built() -> None:
    bomb = http(b"[" + b"{}," * 1_600_000 + b"{}]")
    tracemalloc.start()
    try:
        with RawServer(answering(bomb)) as server:
            await told(server)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
