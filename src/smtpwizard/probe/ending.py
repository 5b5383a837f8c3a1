"""How a dialogue ends when it does not go through: what the app's client reports, and what is told to people.

This room's own records are NamedTuples: to define a frozen dataclass with slots takes 0.45 ms, nine times as long, and
a whole `check` has to stand beside a Node process of 80 ms.
"""

from __future__ import annotations

from typing import NamedTuple

from smtpwizard.probe.replies import response_code
from smtpwizard.probe.results import ClientOutcome, TlsFacts, Verdict


class Ending(NamedTuple):
    """The end of the client's dialogue, with its error as nodemailer makes it."""

    summary: str
    """One sentence for a person, not yet redacted or made safe; empty: the reply says it."""
    code: str | None = None
    """nodemailer's `code`."""
    command: str | None = None
    """nodemailer's `command`."""
    reply: str | None = None
    """The server's words that nodemailer puts into the error."""
    error: str | None = None
    """The system's or TLS library's own word."""
    fate: Verdict = Verdict.FAILS
    tls: TlsFacts | None = None
    notes: tuple[str, ...] = ()
    """What is to be added to the reply, for people."""

    @property
    def outcome(self) -> ClientOutcome:
        """What verify() or sendMail() reports. A crash and a hang report nothing."""
        if self.fate is not Verdict.FAILS:
            return ClientOutcome(False)
        return ClientOutcome(False, self.code, response_code(self.reply or ""), self.command)


class Ended(Exception):
    """The client's dialogue is over, and not well."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.code or ending.fate.value)
        self.ending = ending


def refused(reply: str, code: str, command: str) -> Ended:
    """Return the end that a reply brings about; one without a code is told by nodemailer's word."""
    word = None if response_code(reply) else code
    return Ended(Ending("", code, command, reply or None, word))
