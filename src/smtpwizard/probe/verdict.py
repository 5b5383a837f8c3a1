"""From what happened to what will become of the app's mail: verdict, nodemailer's outcome, what is left unproved.
Pure.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from smtpwizard.clients.nodemailer.errors import Ending
from smtpwizard.clients.transport import Origin
from smtpwizard.presets.schema import Provider, SenderRule
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Verdict


class Course(NamedTuple):
    """How a run went."""

    ending: Ending | None = None
    """How it ended, where it did not go through."""
    verified: bool = False
    """Whether it came as far as verify() looks."""
    finished: bool = False
    """Whether it came to its end, good or bad: not cancelled."""
    logged_in: bool = False
    encrypted: bool = False
    exposed: bool = False
    """Whether password or mail crossed a public network in clear text."""
    due: int = 0
    """Messages that were to be sent."""
    sent: int = 0
    """Messages that the server accepted."""


def judge(course: Course, app: str) -> AppOutcome:
    """Return the verdict on the app. Of several messages the first that was refused decides."""
    if course.ending is not None:
        failed = course.ending.outcome
        verify = ClientOutcome(True) if course.verified else failed
        sentence = _bad(course.ending, app)
        if course.verified and course.due > 1:
            sentence += f" The server took {course.sent} of {course.due} messages."
        return AppOutcome(course.ending.fate, verify, failed, sentence)
    if not course.finished:
        return AppOutcome(
            Verdict.FAILS, ClientOutcome(None), ClientOutcome(None), "The test was stopped before its end."
        )
    verdict = Verdict.LEAKS if course.exposed else Verdict.WORKS
    send = ClientOutcome(True) if course.sent else ClientOutcome(None)
    return AppOutcome(verdict, ClientOutcome(True), send, _good(course, app))


def not_proved(course: Course, *, where: str, recipient: str, provider: Provider | None) -> tuple[str, ...]:
    """Return what a run that went through leaves open; of one that did not, what is open about the mails it sent.

    `where` is host and port.
    """
    if course.ending is not None and course.finished and course.sent:
        return ("that the mails accepted arrive: accepted is not delivered",)
    if course.ending is not None or not course.finished:
        return ()
    container = f"that the app's container reaches {where}"
    if course.sent:
        arrival = "the mail arrives" if course.sent == 1 else "the mails arrive"
        return (f"that {arrival}: accepted is not delivered", container)
    verified = provider is not None and provider.sender.rule is SenderRule.VERIFIED
    name = provider.name if provider is not None else ""
    sender = f" ({name} says only after the message whether the sender is verified)" if verified else ""
    return (
        f"that the message itself is accepted: check sends none{sender}",
        f"that mail to others than {recipient} is accepted" if recipient else "that any recipient is accepted",
        "that mail arrives",
        container,
    )


def _bad(ending: Ending, app: str) -> str:
    if ending.fate is Verdict.CRASHES:
        return f"{app} will crash: its mail client stops with a TypeError where only XOAUTH2 is offered."
    if ending.fate is Verdict.HANGS:
        return f"{app} will wait for ever: its mail client neither sends nor reports an error."
    outcome = ending.outcome
    if outcome.code is None:
        return f"{app} refuses to start: {ending.summary}."
    code = " ".join(str(part) for part in (outcome.code, outcome.response_code) if part)
    return f"{app} will fail: {code}" + (f" at {outcome.command}." if outcome.command not in (None, "CONN") else ".")


def _good(course: Course, app: str) -> str:
    does = "log in and send" if course.logged_in else "send without a login"
    if course.exposed:
        what = "password and mail cross" if course.logged_in else "the mail crosses"
        return f"{app} will {does}, but in clear text: {what} a public network unencrypted."
    how = "over TLS" if course.encrypted else "unencrypted, on this machine or a private network"
    taken = "The server takes sender and recipient."
    if course.sent:
        taken = "The server took the message." if course.sent == 1 else f"The server took all {course.sent} messages."
    return f"{app} will {does}, {how}. {taken}"


class Options(NamedTuple):
    """Everything about a probe that is not one of the app's settings."""

    timeout: float = 10.0
    """Seconds for each stage. The app's client waits longer: 2 min to connect, 30 s for the greeting, 10 min else."""
    ca_files: tuple[Path, ...] = ()
    """PEM files with certificate authorities to trust beside Node's own list."""
    extra_ca_pem: str | None = None
    """The same as text: the practice server's throw-away CA."""
    recipient: str | None = None
    """Whom to name at RCPT; None: the sender."""
    ehlo_name: str | None = None
    """The name for EHLO; None: `[127.0.0.1]`, which is what the client says in every container without a dotted name.
    """
    trust_extra_env: bool = True
    """Whether to trust what NODE_EXTRA_CA_CERTS names, as Node does."""
    origin: Origin = Origin.ANSWERS
    """Where the settings come from, which decides what the app makes of them."""
    app_name: str = "The app"
    """The app's name, for sentences."""
