"""The results of a probe: steps, replies, TLS facts, the report. Data only; its texts are already safe and redacted.

Like all records that `check` needs, these are NamedTuples: a frozen dataclass with slots takes 0.5 ms to define, four
times as long, and the module dataclasses 6 ms to import. A whole `check` is compared with a Node process of 80 ms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from smtpwizard.records import NamedTuple
from smtpwizard.text import safe

SHOWN_LINES: Final = 64
"""Lines of a reply that are kept for display."""
SHOWN_CHARACTERS: Final = 1000
"""Characters of such a line."""

_DIGITS: Final = "0123456789"
_PARTS: Final = re.compile(r"([0-9]+)([ -]|$)(?:([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])[ ]?)?")


class Step(StrEnum):
    """The stages of the dialogue, as named in the contract."""

    LINT = "lint"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    """Implicit TLS, from the first byte."""
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    """The command and the handshake after it."""
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


class Status(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What will become of the app's mail with these settings."""

    WORKS = "works"
    FAILS = "fails"
    LEAKS = "leaks"
    """It would work, but password or mail crosses a public network in clear."""
    CRASHES = "crashes"
    HANGS = "hangs"


class Reply(NamedTuple):
    """A server's reply (RFC 5321 section 4.2): code, enhanced status code (RFC 3463), safe text without the codes."""

    code: int | None
    enhanced: str | None
    text: str
    lines: tuple[str, ...] = ()
    """The reply line by line, safe and bounded, codes included."""

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.enhanced, self.text) if part)


def response_code(reply: str) -> int | None:
    """Return the number with which a reply begins; 0 counts as none."""
    digits = reply[: len(reply) - len(reply.lstrip(_DIGITS))]
    return (int(digits) or None) if 0 < len(digits) < 16 else None


def parse_reply(reply: str, redact: Callable[[str], str]) -> Reply:
    """Return a reply for people: codes, text without them, lines; redacted, safe and bounded."""
    lines = [
        redact(line) for line in reply.split("\n", SHOWN_LINES)[:SHOWN_LINES]
    ]  # cut afterwards: half a secret is still one
    parts = [_PARTS.match(line) for line in lines]
    texts = [line[part.end() :] if part else line for line, part in zip(lines, parts, strict=True)]
    enhanced = [part[3] for part in parts if part and part[3]]
    return Reply(
        code=response_code(reply),
        enhanced=enhanced[-1] if enhanced else None,
        text=safe(" ".join(text.strip() for text in texts if text.strip()), limit=SHOWN_CHARACTERS),
        lines=tuple(safe(line, limit=SHOWN_CHARACTERS) for line in lines),
    )


class TlsFacts(NamedTuple):
    """What a TLS session and its certificate say."""

    protocol: str
    """`TLSv1.3`; empty where no session came about."""
    cipher: str
    names: tuple[str, ...] = ()
    """Subject alternative names of the certificate, or its common name."""
    issuer: str = ""
    not_before: str = ""
    """ISO 8601, UTC."""
    not_after: str = ""
    days_left: int | None = None
    """Whole days until not_after; negative when expired."""
    verified: bool = False
    """Whether the app's client trusts it for this host."""


class StepResult(NamedTuple):
    """One stage, ended."""

    step: Step
    status: Status
    summary: str
    """One line for a person: safe, redacted."""
    ms: float | None = None
    """Milliseconds; None for a stage that was not reached."""
    reply: Reply | None = None
    tls: TlsFacts | None = None
    error: str | None = None
    """The system's or TLS library's own word: `ECONNREFUSED`, `CERT_HAS_EXPIRED`; None where a reply tells it."""
    detail: tuple[str, ...] = ()
    """Further facts, a line each: all addresses, EHLO keywords."""
    message: int | None = None
    """The place of the message that it belongs to, from 0, in the order in which the probe was given them; None for
    what comes before them."""


class ClientOutcome(NamedTuple):
    """What becomes of a connection with its login (verify()), or of a mail (sendMail()): the client's error code, the
    reply code and the command it names."""

    ok: bool | None
    """None where only the reply to the message itself could tell."""
    code: str | None = None
    response_code: int | None = None
    command: str | None = None
    log: str | None = None
    """The error's text as the app's log has it; None where code and reply say it."""


class AppOutcome(NamedTuple):
    """The verdict on the app."""

    verdict: Verdict | None
    """None where its mail client is not modelled: then only the server's half is known."""
    verify: ClientOutcome
    send: ClientOutcome
    sentence: str = ""
    """The verdict in words: `ABC User Feedback will log in, but in clear text.`"""


class TranscriptLine(NamedTuple):
    """One line of the dialogue, redacted."""

    sender: str
    """`client` or `server`."""
    line: str


class OutgoingMessage(NamedTuple):
    """A message to be sent."""

    id: str
    """Its Message-ID."""
    data: bytes
    """The whole message as MIME, header included, with CRLF line ends. May hold a code or a link: not for display."""
    recipient: str
    """The envelope recipient, one bare address."""
    mail: str = ""
    """Which of the app's mails it is, by name: `reset-password`."""

    def __repr__(self) -> str:
        return f"OutgoingMessage(id={self.id!r}, recipient={self.recipient!r}, {len(self.data)} octets)"


class SentMessage(NamedTuple):
    """The fate of a message: accepted, refused, or not tried because the dialogue broke off before it."""

    id: str
    """Its Message-ID."""
    queued_as: str | None
    """The queue id in the reply, where one can be read."""
    response: str
    """The reply that decided; where there is none, what happened instead."""
    accepted: bool = True
    ms: float | None = None
    """Milliseconds of the stage that decided; None where it was not tried."""
    recipient: str = ""
    """As in RCPT TO."""
    mail: str = ""
    """As in OutgoingMessage."""
    stage: Step | None = None
    """The stage that decided; None where it was not tried."""

    @property
    def tried(self) -> bool:
        """Whether the server was asked at all."""
        return self.accepted or self.stage is not None


class Report(NamedTuple):
    """All of one run."""

    steps: tuple[StepResult, ...]
    server_ok: bool
    """Every stage that was tried went through."""
    app: AppOutcome
    transcript: tuple[TranscriptLine, ...]
    not_proved: tuple[str, ...]
    elapsed_ms: float
    provider: str | None = None
    messages: tuple[SentMessage, ...] = ()
    """What became of each message, in their order; empty where the dialogue ended before the first of them."""
    settings: Mapping[str, str] = MappingProxyType({})
    """The settings used, masked."""

    @property
    def message(self) -> SentMessage | None:
        """The last message that was sent or refused."""
        return next((item for item in reversed(self.messages) if item.tried), None)

    @property
    def failed(self) -> StepResult | None:
        """The stage at which it failed, if it did."""
        return next((step for step in self.steps if step.status is Status.FAILED), None)

    @property
    def works(self) -> bool:
        """Whether the app will send; where its client is not modelled, whether the server lets a careful one."""
        return self.server_ok if self.app.verdict is None else self.app.verdict is Verdict.WORKS

    def step(self, wanted: Step) -> StepResult | None:
        """Return the last result of a stage, or None."""
        return next((step for step in reversed(self.steps) if step.step is wanted), None)

    def transcript_text(self) -> str:
        """Return the transcript as text, `C:` and `S:` before the lines."""
        return "\n".join(f"{'C' if item.sender == 'client' else 'S'}: {item.line}" for item in self.transcript)


MAX_LINES: Final = 500
"""Lines that are kept; a whole send has about 40."""
MAX_CHARACTERS: Final = 1000


class Transcript:
    """The lines of a dialogue, redacted as they come in."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._lines: list[TranscriptLine] = []
        self._left_out = 0

    def client(self, line: str) -> None:
        """Note a line of ours; the caller masks credentials before."""
        self._add("client", line)

    def server(self, reply: str) -> None:
        """Note a reply, which may have several lines."""
        room = MAX_LINES - len(self._lines)
        lines = reply.split("\n", max(room, 0) + 1)
        for line in lines[: room + 1]:
            self._add("server", line)

    def lines(self) -> tuple[TranscriptLine, ...]:
        """Return everything so far."""
        if not self._left_out:
            return tuple(self._lines)
        return (*self._lines, TranscriptLine("client", f"({self._left_out} more lines, not kept)"))

    def _add(self, sender: str, line: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._left_out += 1
            return
        self._lines.append(TranscriptLine(sender, safe(self._redact(line), limit=MAX_CHARACTERS)))
