"""Which failures of the catalogue can be rehearsed in the wizard, and a server that shows one. Must not import textual.

Reading the catalogue with its examples and making a certificate take 0.1 s each: call these in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import NetworkError
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.diagnosis import Example, Failure
    from smtpwizard.sandbox.scripted import ScriptedServer

_LED_ELSEWHERE: Final = frozenset({"SMTP_HOST", "SMTP_PORT"})
"""Variables of an example that a rehearsal cannot have: they must lead to the server that plays it."""


@dataclass(frozen=True, slots=True)
class Playable:
    """A failure to choose, with the example of it that is played."""

    ref: str
    id: str
    title: str
    example: Example = field(repr=False)

    @property
    def while_sending(self) -> bool:
        """Whether it shows only once a message was handed over: a test sends none."""
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
    told: Mapping[str, str] = field(default_factory=dict)
    """Host and port with which the failure is told, where it depends on them: an entry may be about port 465."""

    def as_told(self, settings: Settings) -> Settings:
        """Return `settings` as the failure is explained with."""
        return settings.with_changes(self.told)

    @property
    def address(self) -> tuple[str | None, str | None]:
        """SMTP_HOST and SMTP_PORT of the server."""
        return self.settings.host, self.settings.port


def playable() -> tuple[Playable, ...]:
    """Return the failures that a server can show to the wizard, by reference."""
    from smtpwizard.diagnosis import Catalogue
    from smtpwizard.diagnosis.catalogue import by_ref

    found = ((failure, _example(failure)) for failure in by_ref(Catalogue.open(examples=True).failures))
    return tuple(Playable(item.ref, item.id, item.title, example) for item, example in found if example is not None)


def matching(failures: Iterable[Playable], text: str) -> tuple[Playable, ...]:
    """Return those that hold every word of `text` in reference, id or title; an exact reference or id leads."""
    wanted = text.casefold().split()
    exact = text.strip().casefold()
    found = [
        item for item in failures if all(word in f"{item.ref} {item.id} {item.title}".casefold() for word in wanted)
    ]
    return tuple(sorted(found, key=lambda item: exact not in (item.ref.casefold(), item.id)))


def start(chosen: Playable) -> Rehearsed:
    """Start a server that shows `chosen`. NetworkError where no port can be had."""
    from smtpwizard.sandbox import PracticeServer
    from smtpwizard.sandbox.certificates import Flaw, make
    from smtpwizard.sandbox.rehearsal import rehearse_first
    from smtpwizard.sandbox.scripted import ScriptedServer

    account = PracticeServer()  # never started: it only lends its account, with a new password each time
    set_by_example = chosen.example.settings
    username = set_by_example.get("SMTP_USERNAME", account.username)
    password = Secret(set_by_example.get("SMTP_PASSWORD", account.password.reveal()))
    found = rehearse_first([chosen.example], username=username, password=password)
    assert found is not None  # only what can be played is offered
    rehearsal = found[1]
    ca_pem, context = make(Flaw(rehearsal.flaw))
    try:
        server = ScriptedServer(rehearsal.script, tls=context).start()
    except OSError as error:
        raise NetworkError(f"No port of this machine can be had: {error.strerror}.", "Practice server") from error
    settings = Settings(
        host=server.host,
        port=str(server.port),
        sender=set_by_example.get("SMTP_SENDER", account.username),
        username=username,
        password=password,
        tls="true" if rehearsal.tls else "false",
    )
    told = {name: text for name, text in set_by_example.items() if name in _LED_ELSEWHERE}
    return Rehearsed(chosen.ref, chosen.title, chosen.example.provider, settings, ca_pem, server, told)


def _example(failure: Failure) -> Example | None:
    """Return the example that is played: one without conditions, if there is such a one."""
    from smtpwizard.sandbox.rehearsal import rehearse_first

    # `accepted` shows at no stage: the mail is taken, and does not arrive.
    shown: Sequence[Example] = [item for item in failure.examples if item.event != "accepted"]
    found = rehearse_first(
        sorted(shown, key=lambda item: bool(item.settings)), username="practice@example.com", password=Secret("-")
    )
    return found[0] if found is not None else None
