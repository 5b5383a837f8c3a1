"""Which failures of the catalogue can be rehearsed in the wizard, and a server that shows one. Must not import textual.

Reading the catalogue with its examples and making a certificate take 0.1 s each: call these in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.errors import NetworkError
from smtpwizard.presets.schema import TlsMode
from smtpwizard.sandbox.scripted import CLOSE, RESET, SILENCE, Script, ScriptedServer, Stage, raw, reply
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.diagnosis.schema import Example, Failure


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


_LED_ELSEWHERE: Final = frozenset({Role.HOST, Role.PORT})
"""Roles of an example that a rehearsal replaces: they must lead to the server that plays it."""


@dataclass(frozen=True, slots=True)
class Playable:
    """A failure to choose, with the example of it that is played."""

    ref: str
    id: str
    title: str
    example: Example = field(repr=False)

    @property
    def while_sending(self) -> bool:
        """Whether it shows only after a message was sent: a check sends none."""
        return self.example.stage == "data"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A failure that is being played."""

    ref: str
    title: str
    provider: str
    """Id of the provider at which it happens, '' where anywhere."""
    settings: Settings
    ca_pem: str = field(repr=False)
    server: ScriptedServer = field(repr=False, compare=False)
    explained_with: Mapping[str, str] = field(default_factory=dict)
    """Host and port that the explanation needs, where it depends on them: an entry may be about port 465."""

    def explained_settings(self, settings: Settings) -> Settings:
        """Return `settings` with the host and port that the failure is explained with."""
        return settings.with_changes(self.explained_with)

    @property
    def address(self) -> tuple[str | None, str | None]:
        """Host and port of the server, by role."""
        return self.settings.host, self.settings.port


def playable(app: AppProfile | None = None) -> tuple[Playable, ...]:
    """Return the failures that a server can show to the wizard, by reference."""
    from smtpwizard.diagnosis.catalogue import Catalogue, by_ref

    found = ((failure, _example(failure)) for failure in by_ref(Catalogue.open(examples=True).rules))
    fill = (app or shipped()).fill
    return tuple(
        Playable(item.ref, item.id, fill(item.title), example) for item, example in found if example is not None
    )


def matching(failures: Iterable[Playable], text: str) -> tuple[Playable, ...]:
    """Return those that hold every word of `text` in reference, id or title; an exact reference or id leads."""
    wanted = text.casefold().split()
    exact = text.strip().casefold()
    found = [
        item for item in failures if all(word in f"{item.ref} {item.id} {item.title}".casefold() for word in wanted)
    ]
    return tuple(sorted(found, key=lambda item: exact not in (item.ref.casefold(), item.id)))


def start(chosen: Playable, app: AppProfile | None = None) -> Rehearsed:
    """Start a server that shows `chosen`. NetworkError where no port can be had."""
    from smtpwizard.sandbox.certificates import Flaw, make
    from smtpwizard.sandbox.server import PracticeServer

    account = PracticeServer()  # never started: only its account is used, with a new password each time
    set_by_example = chosen.example.settings
    username = set_by_example.get(Role.USERNAME, account.username)
    password = Secret(set_by_example.get(Role.PASSWORD, account.password.reveal()))
    found = rehearse_first([chosen.example], username=username, password=password)
    assert found is not None  # only what can be played is offered
    rehearsal = found[1]
    ca_pem, context = make(Flaw(rehearsal.flaw))
    try:
        server = ScriptedServer(rehearsal.script, tls=context).start()
    except OSError as error:
        raise NetworkError(f"No port of this machine can be had: {error.strerror}.", "Practice server") from error
    settings = Settings(
        app or shipped(),
        host=server.host,
        port=str(server.port),
        sender=set_by_example.get(Role.SENDER, account.username),
        username=username,
        password=password,
    ).in_mode(TlsMode.IMPLICIT if rehearsal.tls else TlsMode.STARTTLS)
    explained_with = {str(name): text for name, text in set_by_example.items() if name in _LED_ELSEWHERE}
    return Rehearsed(chosen.ref, chosen.title, chosen.example.provider, settings, ca_pem, server, explained_with)


def _example(failure: Failure) -> Example | None:
    """Return the example that is played: one without conditions, if there is such a one."""

    # `accepted` fails at no stage: the mail is accepted and does not arrive.
    shown: Sequence[Example] = [item for item in failure.examples if item.event != "accepted"]
    found = rehearse_first(
        sorted(shown, key=lambda item: bool(item.settings)), username="practice@example.com", password=Secret("-")
    )
    return found[0] if found is not None else None
