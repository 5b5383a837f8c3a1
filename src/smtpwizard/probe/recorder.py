"""Records a run as it happens: its steps, transcript, messages and state. Removes the secrets from every text.

Knows nothing of the order of stages; `engine` decides that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

from smtpwizard.clients.model import ClientFailure, DialogueEnded
from smtpwizard.lint.check import masked_settings, secrets
from smtpwizard.presets.schema import Provider
from smtpwizard.probe.connection import StageOutcome
from smtpwizard.probe.verdict import RunState
from smtpwizard.secret import redactor
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import OutgoingMessage, Reply, SentMessage, Status, Step, StepResult, parse_reply
from smtpwizard.smtp.stream import Transcript
from smtpwizard.text import safe

_NAMED: Final = (
    r"queued as <?([^\s<>,;()]+)",  # Postfix, Brevo, SendGrid
    r"\bid=<?([^\s<>,;()\]]+)",  # Exim
    r"\bInternalId=([^\s,\]]+)",  # Exchange
    r"queued \(([^\s)]+)\)",  # Haraka
    r"\A([A-Za-z0-9]{8,}) message accepted",  # Sendmail, OpenSMTPD
)
_BARE: Final = r"\A(?:ok|accepted|queued)[:,.]?\s+<?([A-Za-z0-9][A-Za-z0-9._/@=-]{5,})"
"""Gmail: `OK  1732254 …`; Amazon SES: `Ok 0100018c…`."""


def queue_id(text: str) -> str | None:
    """Return the id out of the text of a 250 reply, codes taken off; None where there is none."""
    for pattern in _NAMED:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return found[1].rstrip(".")
    found = re.search(_BARE, text, re.IGNORECASE)
    return found[1].rstrip(".") if found and any(char.isdigit() for char in found[1]) else None


SUMMARY: Final = 500
"""Characters of a summary that are kept."""


class StageFailed(Exception):
    """A stage ended the dialogue; its result is the last one recorded."""

    def __init__(self, failure: ClientFailure) -> None:
        super().__init__(failure.code or failure.verdict.value)
        self.failure = failure


class Recorder:
    """The record of one run."""

    def __init__(self, settings: Settings, provider: Provider | None) -> None:
        self.masked = masked_settings(settings, provider)
        """The settings for display."""
        self.steps: list[StepResult] = []
        self.sent: list[SentMessage] = []
        self.state = RunState()
        self.place: int | None = None
        """The place of the message under way; every step recorded meanwhile gets it."""
        self._redact = redactor(secrets(settings, provider), username=settings.username or "")
        self.transcript = Transcript(self._redact)

    async def stage(self, step: Step, run: Callable[[], Awaitable[StageOutcome]]) -> StepResult:
        """Run one stage; StageFailed where it ends the dialogue."""
        began = time.monotonic()
        try:
            outcome = await run()
        except DialogueEnded as end:
            self.fail(step, end.failure, _ms(began))
        reply = parse_reply(outcome.reply, self._redact) if outcome.reply is not None else None
        return self.add(
            StepResult(
                step,
                outcome.status,
                self._clean(outcome.summary) or _worded(reply, self._clean(outcome.note)),
                None if outcome.status is Status.SKIPPED else _ms(began),
                reply,
                outcome.tls,
                detail=tuple(self._clean(line) for line in outcome.detail),
            )
        )

    def fail(self, step: Step, failure: ClientFailure, ms: float) -> None:
        """Record a failed stage and raise StageFailed."""
        reply = parse_reply(failure.reply, self._redact) if failure.reply else None
        summary = self._clean(failure.summary) or _worded(reply, self._clean("; ".join(failure.notes)))
        if self.state.failure is None:  # the first decides: the app's client would not get any further
            self.state = self.state._replace(failure=failure._replace(summary=summary))
        notes = tuple(self._clean(note) for note in failure.notes)
        self.add(StepResult(step, Status.FAILED, summary, ms, reply, failure.tls, failure.error, notes))
        raise StageFailed(failure)

    def message_done(self, message: OutgoingMessage, recipient: str, *, accepted: bool) -> None:
        """Record what the last step made of a message."""
        last = self.steps[-1]
        response = str(last.reply) if last.reply else last.summary
        queued = queue_id(last.reply.text) if accepted and last.reply else None
        to = self._clean(recipient)
        self.sent.append(SentMessage(message.id, queued, response, accepted, last.ms, to, message.mail, last.step))
        self.state = self.state._replace(sent=self.state.sent + accepted)

    def message_skipped(self, message: OutgoingMessage, recipient: str, why: str) -> StepResult:
        """Record that a message was not tried."""
        self.sent.append(
            SentMessage(message.id, None, why, accepted=False, recipient=self._clean(recipient), mail=message.mail)
        )
        return self.add(StepResult(Step.MAIL, Status.SKIPPED, why))

    def add(self, result: StepResult) -> StepResult:
        """Record a result, under the message that is under way."""
        result = result._replace(message=self.place)
        self.steps.append(result)
        return result

    def _clean(self, text: str) -> str:
        return safe(self._redact(text), limit=SUMMARY)


def _worded(reply: Reply | None, note: str = "") -> str:
    """Return a reply as one line, each code once; `note` in brackets."""
    text = (str(reply) if reply else "") or "an empty line"
    return safe(text, limit=SUMMARY) + (f" ({note})" if note else "")


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
