"""mua (Elixir), with bamboo_mua over it: Plausible's client. Made after its source, not compared with a running one.

After ruslandoga/mua lib/mua.ex at 18a221d (0.2) and ruslandoga/bamboo_mua lib/bamboo_mua.ex at 2805c1c. It says EHLO
with the sender's domain, HELO after a 500 alone, and takes STARTTLS wherever it is offered. Of PLAIN and LOGIN it takes
the one that the server names first, and PLAIN where none is offered; LOGIN only with the two usual prompts. On a reply
in another form than code, blank or hyphen, and text the process ends.
"""

from __future__ import annotations

import os
import re
import socket
from typing import Final

from smtpwizard.clients import transport as options
from smtpwizard.clients.common.conversation import Malformed, Reading, Reply, decode
from smtpwizard.clients.common.dialogue import Event, Fault, StandardDialogue, Unoffered, Words, base64
from smtpwizard.clients.common.model import StandardClient, patience
from smtpwizard.clients.model import Capabilities, ClientModel
from smtpwizard.clients.transport import Transport
from smtpwizard.secret import MASK
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Step

_PROMPTS: Final = (b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6")


def _code(lines: list[bytes]) -> int:
    """Return what String.to_integer makes of the three octets. Malformed."""
    if not re.fullmatch(rb"[+-]?[0-9]+", lines[-1][:3]):
        raise Malformed("errors were found at the given arguments", lines[-1])
    return int(lines[-1][:3])


def _complete(lines: list[bytes]) -> bool:
    line, mark = lines[-1], lines[-1][3:4]
    if mark not in (b" ", b"-") or line[:3] != lines[0][:3]:
        raise Malformed("no case clause matching", line)
    return mark == b" "


class MuaDialogue(StandardDialogue):
    """Mua.easy_send."""

    reading = Reading(_code, _complete)

    async def hello(self) -> str:
        """Say EHLO, and HELO where that is answered with 500."""
        self._step = Step.EHLO
        reply = await self.ask(f"EHLO {self.name}", "EHLO")
        if reply.code == 250:
            self.refused_ehlo, self.capabilities = None, self.offer(reply)
            return reply.shown
        if reply.code != 500:
            self.refuse(reply, "EHLO")
        self.refused_ehlo, self.capabilities = reply.shown, Capabilities()
        reply = await self.ask(f"HELO {self.name}", "HELO")
        return self.accept(reply, reply.code == 250, "HELO")

    def offer(self, reply: Reply) -> Capabilities:
        """Return what mua reads: STARTTLS as a line of its own, of the first AUTH line the first word that it knows."""
        lines = tuple(map(decode, reply.texts[1:]))
        auth = next((line for line in lines if line.startswith("AUTH ")), "")
        known = [name for word in auth.split()[1:] if (name := word.upper()) in self.model.mechanisms]
        return Capabilities(
            starttls="STARTTLS" in lines,
            smtputf8="SMTPUTF8" in lines,
            eightbit="8BITMIME" in lines,
            login=bool(auth),
            mechanisms=tuple(known[:1]),
            lines=lines,
        )

    async def login(self) -> str:
        """Log in by the one mechanism, offered or not."""
        self._step = Step.AUTH
        user, password = self.credentials()
        name = next(iter(self.capabilities.mechanisms), "PLAIN")
        if name == "PLAIN":
            reply = await self.auth_plain(user, password)
        else:
            reply = await self.ask("AUTH LOGIN", "AUTH LOGIN")
            for prompt, token in zip(_PROMPTS, (user, password), strict=True):
                if reply.code != 334 or reply.texts != (prompt,):
                    self.refuse(reply, "AUTH LOGIN")
                reply = await self.ask(base64(token), "AUTH LOGIN", shown=MASK)
        self.accept(reply, reply.code == 235, f"AUTH {name}")
        self.logged_in = True
        return reply.shown

    def is_good(self, reply: Reply) -> bool:
        """Take 250 alone, of RCPT 251 too."""
        return reply.code == 250 or (self._step is Step.RCPT and reply.code == 251)

    def mail_command(self, sender: str, recipient: str) -> str:
        """Return the command, which has a blank that the standard has not."""
        return f"MAIL FROM: <{sender}>"

    async def rcpt(self, recipient: str) -> str:
        """Name the recipient, after the same blank."""
        self._step = Step.RCPT
        reply = await self.ask(f"RCPT TO: <{recipient}>", "RCPT")
        return self.accept(reply, self.is_good(reply), "RCPT")


class Mua(StandardClient):
    """Mua with Bamboo's adapter; its errors as `Exception.message/1` has them."""

    name = "mua"
    version = "0.2"
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    unoffered = Unoffered.SEND
    timeouts = patience(30.0)
    dialogue_class = MuaDialogue

    def transport(self, settings: Settings, *, origin: options.Origin) -> Transport | None:
        """Return what the app hands to the client; the name in EHLO is the sender's domain."""
        found = super().transport(settings, origin=origin)
        if found is None or found.name:
            return found
        return found._replace(name=self.sender_address(settings.sender or "").rpartition("@")[2])

    def words(self, event: Event) -> Words:
        """Return class and text of the exception, without what Erlang says of a handshake."""
        if event.reply is not None:
            return Words("Mua.SMTPError", "\n".join(map(decode, event.reply.lines)))
        match event.fault:
            case Fault.GARBLED:
                return Words("CaseClauseError", event.text)
            case Fault.LATE:
                return Words("Mua.TransportError", "timeout")
            case Fault.CLOSED:
                return Words("Mua.TransportError", "socket closed")
            case Fault.UNRESOLVED:
                return Words("Mua.TransportError", "non-existing domain")
            case Fault.UNREACHED | Fault.BROKEN:
                return Words("Mua.TransportError", _system(event.error))
        return Words("Mua.TransportError")


def _system(error: OSError | None) -> str:
    """Return a system's error as Erlang words it."""
    if error is None or isinstance(error, socket.gaierror) or error.errno is None:
        return ""
    return os.strerror(error.errno).lower()


MUA: Final[ClientModel] = Mua()
