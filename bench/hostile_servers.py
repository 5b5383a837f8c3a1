"""Servers of four protocols that are sound but for one reply or one end: what `hostile.py` runs the program against."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from smtpwizard.mailbox.catchers import CATCHERS
from support.catcher_raw import Talk, http
from support.hostile import MEGABYTE, SPICE
from support.name_server import NameServer
from support.sender_checks import company

Play = Callable[[Talk], None]
MOST: Final = 10**9
"""Octets of a connection that is not cut."""
ODD: Final = SPICE.encode().decode("latin-1")
"""The same octets, for a zone."""


class Twisted(Talk):
    """A connection whose server is sound but for what `twist` makes of the reply number `at`."""

    def __init__(self, talk: Talk, at: int, twist: Callable[[Talk, bytes], None]) -> None:
        super().__init__(talk.connection)
        self.at, self.twist = at, twist

    def say(self, data: bytes) -> None:
        """Send octets, or what has become of them."""
        self.at -= 1
        if self.at == -1:
            self.twist(self, data)
        else:
            super().say(data)

    def send(self, data: bytes) -> None:
        """Send octets as they are."""
        super().say(data)


class Cut(Talk):
    """A connection that ends after `left` octets."""

    def __init__(self, talk: Talk, left: int) -> None:
        super().__init__(talk.connection)
        self.left = left

    def say(self, data: bytes) -> None:
        """Send what is left of what may be sent."""
        super().say(data[: self.left])
        self.left -= len(data)
        if self.left <= 0:
            raise ConnectionAbortedError


def smtp(talk: Talk) -> None:
    """A sound server for one recipient."""
    talk.say(b"220 mx.example ESMTP\r\n")
    answers = {
        b"EHLO": b"250-mx.example\r\n250 AUTH PLAIN\r\n",
        b"AUTH": b"235 2.7.0 yes\r\n",
        b"DATA": b"354 go on\r\n",
    }
    while line := talk.hear():
        talk.say(answers.get(line[:4].upper(), b"250 2.0.0 Ok: queued as 4ZQK1T\r\n"))
        if line[:4].upper() == b"DATA":
            talk.hear(b"\r\n.\r\n")
            talk.say(b"250 2.0.0 Ok: queued as 4ZQK1T\r\n")


def imap(talk: Talk) -> None:
    """A sound mailbox without mail."""
    talk.say(b"* OK ready\r\n")
    while line := talk.hear():
        tag, _, rest = line.strip().partition(b" ")
        more = {b"CAPA": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n", b"LIST": b'* LIST () "/" INBOX\r\n'}
        talk.say(more.get(rest[:4].upper(), b"") + tag + b" OK done\r\n")


def catcher(talk: Talk) -> None:
    """A sound Mailpit without mail."""
    asked = talk.hear(b"\r\n\r\n").split(b" ")[1].decode()
    if asked != CATCHERS[0].mark:
        talk.say(b"")  # so that the list is reply 1, though on a connection of its own
    marks = [kind.mark for kind in CATCHERS[1:]]
    sound = {"Version": "1", "version": "1", "smtpPort": 1, "messages": [], "total": 0, "unread": 0, "items": []}
    talk.say(http(b"", status="404 Not Found") if asked in marks else http(json.dumps(sound).encode()))


def names(zone: NameServer) -> Play:
    """Return a sound name server's side of one connection."""

    def play(talk: Talk) -> None:
        packed = zone._reply(talk.connection.recv(4096)[2:], tcp=True) or b""
        talk.say(len(packed).to_bytes(2, "big"))
        talk.say(packed)

    return play


class Names(NameServer):
    """Says over UDP that there is more over TCP, where `play` is played."""

    def __init__(self, play: Callable[[NameServer], Play]) -> None:
        super().__init__()
        self.truncates_everything, self._play = True, play(self)
        company(self, "acme.com", f"v=spf1 mx {ODD} -all", f"v=DMARC1; p=none; {ODD}")

    def _serve_tcp(self) -> None:
        while not self._stopping:
            connection, _ = self._tcp.accept()
            connection.settimeout(30)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._play(Talk(connection))


def drip(talk: Talk, data: bytes) -> None:
    for octet in data * 100:
        talk.send(bytes([octet]))
        time.sleep(0.05)


def repeated(octets: bytes, times: int) -> Callable[[Talk, bytes], None]:
    def twist(talk: Talk, data: bytes) -> None:
        talk.send(data.rstrip(b"\r\n"))
        for _ in range(times):
            talk.send(octets)
        talk.send(b"\r\n")

    return twist


def spiced(talk: Talk, data: bytes) -> None:
    head, _, _ = data.partition(b" ")
    talk.send(head + b" " + SPICE.encode() + b"\r\n" + data.rstrip(b"\r\n") + SPICE.encode() + b"\r\n")


TWISTS: Final[dict[str, Callable[[Talk, bytes], None]]] = {
    "slow drip": drip,
    "endless line": repeated(b"A" * 65_536, 10**9),
    "100 MB": repeated(b"250-* a line of 50 octets, again and again and on\r\n" * 2_000, 1_000),
    "NUL": repeated(b"\0" * 65_536, 2 * MEGABYTE // 65_536),
    "escapes": spiced,
}
