"""What a run has recorded, and the verdict on the app: what its client will do with its mail, and what is not proved.

The recorder removes the secrets from every text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import AppProfile
from smtpwizard.clients.model import ClientFailure, ClientModel, DialogueEnded
from smtpwizard.clients.registry import label, model_of
from smtpwizard.clients.transport import Origin
from smtpwizard.lint.check import masked_settings, secrets
from smtpwizard.presets.schema import Provider, SenderRule
from smtpwizard.records import NamedTuple
from smtpwizard.secret import redactor
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import (
    AppOutcome,
    ClientOutcome,
    OutgoingMessage,
    Reply,
    SentMessage,
    Status,
    Step,
    StepResult,
    TlsFacts,
    Transcript,
    Verdict,
    parse_reply,
)
from smtpwizard.text import safe


class RunState(NamedTuple):
    """How a run went."""

    failure: ClientFailure | None = None
    """How it failed, if it did."""
    failed_at: Step | None = None
    """The stage at which it did."""
    verified: bool = False
    """Whether it got as far as the client's verify() goes."""
    instead: str = ""
    """What the app does where its client is handed nothing: `refuses to start`, `sends nothing`."""
    finished: bool = False
    """Whether it ran to its end, good or bad: it was not cancelled."""
    logged_in: bool = False
    encrypted: bool = False
    exposed: bool = False
    """Whether password or mail crossed a public network in clear text."""
    unchecked: bool = False
    """Whether the client took the server's certificate without a look at it."""
    due: int = 0
    """Messages that were to be sent."""
    sent: int = 0
    """Messages that the server accepted."""


class StageOutcome(NamedTuple):
    """What a stage has to report. The texts are not yet redacted."""

    summary: str = ""
    """One line; empty: the reply says it."""
    status: Status = Status.PASSED
    reply: str | None = None
    note: str = ""
    """What is to be added to the reply."""
    tls: TlsFacts | None = None
    detail: tuple[str, ...] = ()


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
            repeats = self._redact(failure.reply or "") != (failure.reply or "")
            log = "" if repeats else self._clean(failure.log)  # a client's log may escape what would be recognised
            self.state = self.state._replace(failure=failure._replace(summary=summary, log=log), failed_at=step)
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


def app_outcome(state: RunState, app: AppProfile, name: str) -> AppOutcome:
    """Return the verdict on `app`, called `name` in sentences. Of several messages the first that was refused decides.

    Where its mail client is not modelled there is none, unless the app does not even start.
    """
    model = model_of(app)
    if not state.finished and state.failure is None:
        nothing = ClientOutcome(None)
        return AppOutcome(Verdict.FAILS if model else None, nothing, nothing, "The test was stopped before its end.")
    if model is None and not state.instead:
        return AppOutcome(None, ClientOutcome(None), ClientOutcome(None), _unknown(state, app, name))
    source = ", as its source says" if model is not None and not model.compared else ""
    if model is not None and model.compared_as:
        source = f", compared as {model.compared_as}"
    who = name if state.instead else f"{name} ({label(app)}{source})"
    if state.failure is not None:
        failed = state.failure.outcome
        verify = ClientOutcome(True) if state.verified else failed
        sentence = _bad(state, state.failure, who, model)
        if state.verified and state.due > 1:
            sentence += f" The server took {state.sent} of {state.due} messages."
        elif state.sent:
            sentence += " The server has taken the message all the same, so the app may send it twice."
        return AppOutcome(state.failure.verdict, verify, failed, sentence)
    verdict = Verdict.LEAKS if state.exposed else Verdict.WORKS
    send = ClientOutcome(True) if state.sent else ClientOutcome(None)
    return AppOutcome(verdict, ClientOutcome(True), send, _good(state, who))


def not_proved(
    state: RunState, *, where: str, recipient: str, provider: Provider | None, app: AppProfile
) -> tuple[str, ...]:
    """Return what a successful run leaves open; of a failed one, what is open about the mails that it sent.

    `where` is host and port.
    """
    if state.failure is not None and state.finished and state.sent:
        return ("that the mails accepted arrive: accepted is not delivered",)
    if state.failure is not None or not state.finished:
        return ()
    ends = [f"that the app's container reaches {where}"]
    if model_of(app) is None:
        ends.insert(0, "that the app's own mail client does the same: it is not modelled")
    if state.unchecked:
        ends.append("that this is the right server: the app does not check its certificate")
    if state.sent:
        arrival = "the mail arrives" if state.sent == 1 else "the mails arrive"
        return (f"that {arrival}: accepted is not delivered", *ends)
    verified = provider is not None and provider.sender.rule is SenderRule.VERIFIED
    name = provider.name if provider is not None else ""
    sender = f" ({name} says only after the message whether the sender is verified)" if verified else ""
    return (
        f"that the message itself is accepted: check sends none{sender}",
        f"that mail to others than {recipient} is accepted" if recipient else "that any recipient is accepted",
        "that mail arrives",
        *ends,
    )


def _bad(state: RunState, failure: ClientFailure, who: str, model: ClientModel | None) -> str:
    if model is not None and failure.verdict is Verdict.CRASHES:
        return f"{who} will crash: {model.crash}."
    if model is not None and failure.verdict is Verdict.HANGS:
        return f"{who} will wait for ever: {model.hang}."
    outcome = failure.outcome
    said = f" Its log will say: {outcome.log}" if outcome.log else ""
    if outcome.code is None:
        return f"{who} {state.instead or 'will fail'}: {failure.summary.rstrip('.')}.{said}"
    code = " ".join(str(part) for part in (outcome.code, outcome.response_code) if part)
    command = f" at {outcome.command}" if outcome.command not in (None, "CONN") else ""
    what = (_REFUSED if failure.refused else _BROKEN).get(state.failed_at or Step.LINT, "the connection breaks off")
    return f"{who} will fail: {what} ({code}{command}).{said}"


_REFUSED: Final = {
    Step.GREETING: "the server turns it away",
    Step.EHLO: "the server does not take its greeting",
    Step.STARTTLS: "the server refuses STARTTLS",
    Step.AUTH: "the login is refused",
    Step.MAIL: "the sender is refused",
    Step.RCPT: "the recipient is refused",
    Step.DATA: "the message is refused",
}
_BROKEN: Final = {
    Step.RESOLVE: "the server's name is not found",
    Step.CONNECT: "the server is not reached",
    Step.TLS: "TLS cannot be established",
    Step.STARTTLS: "TLS cannot be established",
    Step.GREETING: "the server does not greet",
    Step.AUTH: "the login does not succeed",
}
"""What fails at each stage, for people: by a reply of the server's, or otherwise."""


def _unknown(state: RunState, app: AppProfile, name: str) -> str:
    """Return that what the app does is not known, and how far a careful client came."""
    unknown = f"Whether {name} will send is not known: its mail client, {label(app)}, is not modelled."
    if state.failure is not None:
        return f"{unknown} A client by the standards fails here: {state.failure.summary}."
    return f"{unknown} {_good(state, 'A client by the standards')}"


def _good(state: RunState, who: str) -> str:
    does = "log in and send" if state.logged_in else "send without a login"
    if state.exposed:
        what = "password and mail cross" if state.logged_in else "the mail crosses"
        return f"{who} will {does}, but in clear text: {what} a public network unencrypted."
    how = "over TLS" if state.encrypted else "unencrypted, on this machine or a private network"
    taken = "The server takes sender and recipient."
    if state.sent:
        taken = "The server took the message." if state.sent == 1 else f"The server took all {state.sent} messages."
    return f"{who} will {does}, {how}. {taken}"


class Options(NamedTuple):
    """Everything about a probe that is not one of the app's settings."""

    timeout: float = 10.0
    """Seconds for each stage. The app's client waits longer: see its `timeouts`."""
    ca_files: tuple[Path, ...] = ()
    """PEM files with certificate authorities to trust beside Node's own list."""
    extra_ca_pem: str | None = None
    """The same as text: the practice server's throw-away CA."""
    recipient: str | None = None
    """Whom to name at RCPT; None: the sender."""
    ehlo_name: str | None = None
    """The name for EHLO; None: what the client says in a container whose host name has no dot."""
    trust_extra_env: bool = True
    """Whether to trust the authorities that the client's environment variable names, as the client does."""
    origin: Origin = Origin.ANSWERS
    """Where the settings come from, which decides what the app makes of them."""
    app_name: str = "The app"
    """The app's name, for sentences."""

    def authorities(self, client: ClientModel) -> tuple[str, ...]:
        """Return the PEM texts to trust beside `client`'s own list. FileError where a named file cannot be read."""
        extra = client.tls.extra_authorities() if self.trust_extra_env else None
        own: tuple[str, ...] = ()
        if self.ca_files:
            from smtpwizard.smtp.certificate import read_authorities

            own = read_authorities(self.ca_files)
        return own + tuple(text for text in (self.extra_ca_pem, extra) if text)
