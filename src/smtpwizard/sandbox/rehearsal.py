"""A failure to be rehearsed → the script of a server that shows it. Pure; knows the catalogue only by its words.

What happens before any server answers (an unknown host, a closed port, a firewall) no server can play.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from smtpwizard.sandbox.script import CLOSE, RESET, SILENCE, Script, Stage, raw, reply
from smtpwizard.secret import Secret

_STAGES: Final[Mapping[str, Stage]] = {
    "greeting": Stage.GREETING,
    "ehlo": Stage.EHLO,
    "starttls": Stage.STARTTLS,
    "auth": Stage.PASSWORD,
    "mail": Stage.MAIL,
    "rcpt": Stage.RCPT,
    "data": Stage.DOT,
}
"""Where a reply of a catalogue's stage is given: `auth` once the credentials are complete, `data` after the message."""

_READY: Final = reply("220 2.0.0 Ready to start TLS")
_CERTIFICATES: Final = frozenset(
    ("self-signed", "unknown-ca", "wrong-name", "expired", "not-yet-valid", "old-protocol")
)


class Shown(Protocol):
    """The parts of a catalogue's example that say how a failure shows; the catalogue's room is not imported."""

    @property
    def stage(self) -> str: ...
    @property
    def reply(self) -> str: ...
    @property
    def event(self) -> str: ...


Example = TypeVar("Example", bound=Shown)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What to play, and how a client must be set to meet it."""

    script: Script
    flaw: str = ""
    """What is wrong with the certificate: a word of `certificates.Flaw`."""
    tls: bool = False
    """Whether the client is set to implicit TLS; it may be wrong for this server, and then that is the failure."""


def rehearse(stage: str, *, reply_text: str = "", event: str = "", username: str, password: Secret) -> Rehearsal | None:
    """Return what shows a failure at `stage`: a server's reply (LF between lines) or an event. None: no server can.

    The server takes `username` and `password`, offers STARTTLS and wants the login before MAIL.
    """
    usual = Script(starttls=True, clear_login=False, username=username, password=password, login_required=True)
    if reply_text:
        return _replying(usual, stage, reply_text.split("\n"))
    if event in _CERTIFICATES:
        implicit = stage == "tls"
        return Rehearsal(Script(implicit=True) if implicit else usual, event, tls=implicit)
    plain = Script()
    played = {
        ("greeting", "close"): Rehearsal(plain.but(Stage.GREETING, CLOSE)),
        ("greeting", "reset"): Rehearsal(plain.but(Stage.GREETING, RESET)),
        ("greeting", "silence"): Rehearsal(plain.but(Stage.GREETING, SILENCE)),
        ("greeting", "http"): Rehearsal(plain.but(Stage.GREETING, raw("HTTP/1.1 400 Bad Request\r\n\r\n"), CLOSE)),
        ("greeting", "tls-on-plain"): Rehearsal(Script(implicit=True)),
        ("tls", "plain-on-tls"): Rehearsal(plain, tls=True),
        ("starttls", "close"): Rehearsal(usual.but(Stage.STARTTLS, _READY, CLOSE)),
        ("starttls", "garbage-tls"): Rehearsal(usual.but(Stage.STARTTLS, _READY, raw("not a TLS record\r\n"), CLOSE)),
        ("starttls", "no-starttls"): Rehearsal(plain),
        ("auth", "no-auth"): Rehearsal(Script(mechanisms=(), login_required=True)),
        ("auth", "only-xoauth2"): Rehearsal(Script(mechanisms=("XOAUTH2",), login_required=True)),
        ("after", "accepted"): Rehearsal(usual),
    }
    return played.get((stage, event))


def rehearse_first(examples: Iterable[Example], *, username: str, password: Secret) -> tuple[Example, Rehearsal] | None:
    """Return the first of `examples` that a server can show, and how; None where there is none."""
    for example in examples:
        found = rehearse(
            example.stage, reply_text=example.reply, event=example.event, username=username, password=password
        )
        if found is not None:
            return example, found
    return None


def _replying(usual: Script, stage: str, lines: list[str]) -> Rehearsal | None:
    at = _STAGES.get(stage)
    if at is None:
        return None
    refused_greeting = at is Stage.GREETING and not lines[-1].startswith("2")
    closes = refused_greeting or lines[-1].startswith("421")  # RFC 5321 section 3.8: after 421 the server closes
    return Rehearsal(usual.but(at, reply(*lines), CLOSE if closes else ()))
