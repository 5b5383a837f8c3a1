"""The verdict on the app: what its client will do with its mail, and what a run leaves unproved. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from smtpwizard.clients.model import ClientFailure, ClientModel
from smtpwizard.clients.nodemailer.model import NODEMAILER
from smtpwizard.clients.transport import Origin
from smtpwizard.presets.schema import Provider, SenderRule
from smtpwizard.smtp.certificate import read_authorities
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Verdict


class RunState(NamedTuple):
    """How a run went."""

    failure: ClientFailure | None = None
    """How it failed, if it did."""
    verified: bool = False
    """Whether it got as far as the client's verify() goes."""
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


def app_outcome(state: RunState, options: Options) -> AppOutcome:
    """Return the verdict on the app. Of several messages the first that was refused decides."""
    if state.failure is not None:
        failed = state.failure.outcome
        verify = ClientOutcome(True) if state.verified else failed
        sentence = _bad(state.failure, options)
        if state.verified and state.due > 1:
            sentence += f" The server took {state.sent} of {state.due} messages."
        return AppOutcome(state.failure.verdict, verify, failed, sentence)
    if not state.finished:
        return AppOutcome(
            Verdict.FAILS, ClientOutcome(None), ClientOutcome(None), "The test was stopped before its end."
        )
    verdict = Verdict.LEAKS if state.exposed else Verdict.WORKS
    send = ClientOutcome(True) if state.sent else ClientOutcome(None)
    return AppOutcome(verdict, ClientOutcome(True), send, _good(state, options.app_name))


def not_proved(state: RunState, *, where: str, recipient: str, provider: Provider | None) -> tuple[str, ...]:
    """Return what a successful run leaves open; of a failed one, what is open about the mails that it sent.

    `where` is host and port.
    """
    if state.failure is not None and state.finished and state.sent:
        return ("that the mails accepted arrive: accepted is not delivered",)
    if state.failure is not None or not state.finished:
        return ()
    ends = [f"that the app's container reaches {where}"]
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


def _bad(failure: ClientFailure, options: Options) -> str:
    app = options.app_name
    if failure.verdict is Verdict.CRASHES:
        return f"{app} will crash: {options.client.crash}."
    if failure.verdict is Verdict.HANGS:
        return f"{app} will wait for ever: {options.client.hang}."
    outcome = failure.outcome
    if outcome.code is None:  # the settings' own failures have no word of a system either
        return f"{app} {'will fail' if failure.error else 'refuses to start'}: {failure.summary}."
    code = " ".join(str(part) for part in (outcome.code, outcome.response_code) if part)
    return f"{app} will fail: {code}" + (f" at {outcome.command}." if outcome.command not in (None, "CONN") else ".")


def _good(state: RunState, app: str) -> str:
    does = "log in and send" if state.logged_in else "send without a login"
    if state.exposed:
        what = "password and mail cross" if state.logged_in else "the mail crosses"
        return f"{app} will {does}, but in clear text: {what} a public network unencrypted."
    how = "over TLS" if state.encrypted else "unencrypted, on this machine or a private network"
    taken = "The server takes sender and recipient."
    if state.sent:
        taken = "The server took the message." if state.sent == 1 else f"The server took all {state.sent} messages."
    return f"{app} will {does}, {how}. {taken}"


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
    client: ClientModel = NODEMAILER
    """The app's mail client."""
    origin: Origin = Origin.ANSWERS
    """Where the settings come from, which decides what the app makes of them."""
    app_name: str = "The app"
    """The app's name, for sentences."""

    def authorities(self) -> tuple[str, ...]:
        """Return the PEM texts to trust beside the client's own list. FileError where a named file cannot be read."""
        extra = self.client.tls.extra_authorities() if self.trust_extra_env else None
        return read_authorities(self.ca_files) + tuple(text for text in (self.extra_ca_pem, extra) if text)
