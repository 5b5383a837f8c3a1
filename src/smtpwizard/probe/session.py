"""The SMTP stages of one dialogue: what happened, in words. The client's rules are in `client`.

Each method is one stage; it returns what to tell, or raises Ended. Times, and what follows from it, are the engine's.
"""

from __future__ import annotations

import time
from typing import Final

from smtpwizard.app.hosts import is_private_host
from smtpwizard.probe.client import Client
from smtpwizard.probe.ending import Ended
from smtpwizard.probe.extensions import doubts
from smtpwizard.probe.keywords import announced
from smtpwizard.probe.link import Link, Told
from smtpwizard.probe.look.limits import SILENT_SECONDS
from smtpwizard.probe.results import Status

_CATCH_UP: Final = 0.1
"""Seconds in which a greeting is still taken that came while something else was asked."""
_UNASKED: Final = "no login offered: the app goes on without its user and password"


class Session:
    """What is said over a Link, in the order of these methods."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def client(self) -> Client:
        """The client's side, once connected."""
        return self._link.client

    @property
    def exposed(self) -> bool:
        """Whether what is said now crosses a public network in clear text."""
        return not self.client.secure and not is_private_host(self._link.address)

    async def greeting(self) -> Told:
        """Wait for the greeting; where all is silent, ask beside it whether the port waits for TLS."""
        late = self.client.deadline()
        early = late if self.client.secure else min(time.monotonic() + SILENT_SECONDS, late)
        try:
            reply = await self.client.greeting(early)
        except Ended as end:
            if early == late or end.ending.code != "ETIMEDOUT":
                raise
            if self.client.silent:
                await self._link.hello()
            reply = await self.client.greeting(max(late, time.monotonic() + _CATCH_UP))
        return Told(reply=reply)

    async def ehlo(self) -> Told:
        """Say EHLO, or HELO."""
        reply = await self.client.hello()
        refused, offered = self.client.refused_ehlo, self.client.capabilities
        if refused is not None:
            note = f"by HELO, since EHLO got {refused}: no STARTTLS, and the app tries a login unasked"
            return Told(
                status=Status.WARNED, reply=reply, note=note.replace("\n", " "), detail=tuple(refused.split("\n"))
            )
        return Told(_offer(reply, self.client), reply=reply, detail=offered.lines)

    async def starttls(self) -> Told:
        """Send STARTTLS and make the handshake."""
        self._link.prepare()
        reply = await self.client.ask_starttls()
        self._link.check_ciphers("ETLS", "STARTTLS")
        told = await self._link.handshake()
        if not self.client.injected:
            return told._replace(reply=reply)
        summary = f"{told.summary}; but clear text came with the reply to STARTTLS, and the app takes it for a reply"
        return told._replace(summary=summary, status=Status.WARNED, reply=reply)

    async def auth(self) -> Told:
        """Log in, where the client does."""
        if not self._link.transport.logs_in:
            return Told("no user name and password: the app does not log in", Status.SKIPPED)
        if not self.client.login_allowed:
            return Told(_UNASKED, Status.WARNED)
        reply = await self.client.login()
        return self._clear(reply, "the password went in clear text")

    async def mail(self, sender: str, recipient: str, message: bytes | None = None) -> Told:
        """Name the sender; what the server will probably not take of this mail is told beside its reply."""
        notes = doubts(self.client.capabilities, sender, recipient, message)
        try:
            reply = await self.client.mail(sender, recipient)
        except Ended as end:
            raise Ended(end.ending._replace(notes=tuple(notes))) from end
        told = self._clear(reply, "the mail goes in clear text")
        if not notes:
            return told
        note = "; ".join(note for note in (told.note, *notes) if note)
        return told._replace(status=Status.WARNED, note=note, detail=tuple(notes))

    async def rcpt(self, recipient: str) -> Told:
        """Name the recipient."""
        reply = await self.client.rcpt(recipient)
        return Told(reply=reply)

    async def data(self, message: bytes) -> Told:
        """Send the message."""
        await self.client.data()
        self._link.transcript.client(f"(the message, {len(message):,} octets)")
        reply = await self.client.message(message)
        return Told(reply=reply)

    async def reset(self) -> bool:
        """Drop a transaction that was refused; say whether the next can begin on this connection."""
        try:
            return (await self.client.reset())[:1] == "2"
        except Ended:
            return False

    async def farewell(self, *, reset: bool) -> None:
        """Say RSET, where a mail was begun, and QUIT; what comes of it decides nothing."""
        try:
            if reset:
                await self.client.say("RSET")
            await self.client.say("QUIT")
        except Ended:
            return

    def _clear(self, reply: str, warning: str) -> Told:
        if not self.exposed:
            return Told(reply=reply)
        return Told(status=Status.WARNED, reply=reply, note=warning)


def _offer(reply: str, client: Client) -> str:
    """Return the keywords that matter: `SIZE 35882577, AUTH LOGIN PLAIN XOAUTH2`."""
    offered = client.capabilities
    parts = ["STARTTLS"] if client.wants_starttls else []
    parts += [f"SIZE {offered.size}"] if offered.size else []
    mechanisms = announced(offered.lines) or offered.mechanisms
    parts += ["AUTH " + " ".join(mechanisms)] if mechanisms else (["AUTH"] if offered.login else ["no AUTH"])
    return ", ".join(parts) if offered.lines else reply
