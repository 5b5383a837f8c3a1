"""`sandbox --play FAILURE`: a server that shows one failure of the catalogue. Judges no reply."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.profile import AppProfile, Role, Security
from smtpwizard.cli.output import emit, say
from smtpwizard.cli.source import app_of
from smtpwizard.clients.registry import dialogue_of
from smtpwizard.diagnosis.catalogue import Catalogue, by_ref
from smtpwizard.diagnosis.schema import Failure
from smtpwizard.errors import ExitCode, FileError, InputError, NetworkError
from smtpwizard.presets.schema import TlsMode
from smtpwizard.sandbox.dialogue import ReceivedMessage
from smtpwizard.sandbox.rehearsal import Rehearsal, rehearse_first
from smtpwizard.sandbox.scripted import ScriptedServer
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.settings import Settings
from smtpwizard.targets.block import block
from smtpwizard.text import did_you_mean, safe

if TYPE_CHECKING:
    import argparse

DEFAULT_PORT: Final = 2525
"""Where no --port is given; a free one where it is taken."""


def run(args: argparse.Namespace) -> ExitCode:
    """Serve until Ctrl-C. InputError for a failure that cannot be played, NetworkError for a port that is taken."""
    if args.play is None:
        _accept(args.port, app_of(args))
    else:
        pass

        play(args.play, args.port, app_of(args))
    return ExitCode.OK


def _accept(port: int | None, app: AppProfile) -> None:
    with until_stopped() as stopped, contextlib.ExitStack() as stack:
        server = _started(port)
        stack.callback(server.stop)
        emit(settings_block(server.settings(app), server.ca_file))
        tls = app.assignment(Security.IMPLICIT)
        emit(f"# TLS from the first byte instead: {app.variable(Role.PORT)}={server.implicit_port} and {tls}")
        say(
            f"Practice server on {server.host}: port {server.starttls_port} (STARTTLS), port {server.implicit_port} "
            "(TLS). No mail leaves this machine. Ctrl-C stops it."
        )
        stopped.wait()
        received = len(server.messages)
    say(f"Stopped. {received} {'message' if received == 1 else 'messages'} received.")


def settings_block(settings: Settings, ca_file: Path | None) -> str:
    """Return the settings as lines of an env file, and the variable with which the app trusts the server's CA."""
    variables = settings.to_variables()
    if ca_file is not None:
        variables[dialogue_of(settings.app).tls.EXTRA_VARIABLE] = str(ca_file)
    return block(variables, "env").rstrip("\n")


@contextlib.contextmanager
def until_stopped() -> Iterator[threading.Event]:
    """Hand out an event that SIGINT and SIGTERM set; a second Ctrl-C is Python's own."""
    stopped = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _started(port: int | None) -> PracticeServer:
    try:
        return PracticeServer(port=port or DEFAULT_PORT, on_message=_tell).start()
    except NetworkError:
        if port is not None:
            raise
    return PracticeServer(on_message=_tell).start()


def _tell(message: ReceivedMessage) -> None:
    to = safe(", ".join(message.recipients), limit=200)
    code = f"  code {message.code}" if message.code else ""
    say(
        f"{message.at:%H:%M:%S}  {safe(message.sender, limit=120)} → {to}  {safe(message.subject, limit=120)}{code}  "
        f"{len(message.data)} octets  queued as {message.queue_id}"
    )


def play(name: str, port: int | None, app: AppProfile) -> None:
    """Serve until Ctrl-C; with the name `list`, print what can be played.

    InputError for a failure that does not exist or that no server can play, NetworkError for a port that is taken.
    """
    if name == "list":
        emit("\n".join(f"{item.ref:<5} {item.id:<40} {app.fill(item.title)}" for item in playable()))
        return
    failure = _find(name)
    account = PracticeServer()  # never started: it only lends its account
    rehearsal = rehearsal_of(failure, account)
    if rehearsal is None:
        raise InputError(
            f"{failure.ref} ({app.fill(failure.title)}) shows before a server answers, or without one. "
            "`smtpwizard sandbox --play list` names those that can be played.",
            "Failure that no server can play",
        )
    _serve(failure, rehearsal, account, port, app)


def playable() -> list[Failure]:
    """Return the failures of the catalogue that a server can show."""
    account = PracticeServer()
    return [failure for failure in by_ref(_failures()) if rehearsal_of(failure, account) is not None]


def rehearsal_of(failure: Failure, account: PracticeServer) -> Rehearsal | None:
    """Return how the failure's first example that a server can play is played."""
    found = rehearse_first(failure.examples, username=account.username, password=account.password)
    return found[1] if found is not None else None


def _failures() -> tuple[Failure, ...]:
    return Catalogue.open(examples=True).rules


def _find(name: str) -> Failure:
    failures = _failures()
    for known in failures:
        if name.casefold() in (known.id.casefold(), known.ref.casefold()):
            return known
    hint = did_you_mean(name, ["list", *(failure.id for failure in failures)])
    raise InputError(
        f"There is no failure {safe(name, limit=80)!r}.{hint} `smtpwizard sandbox --play list` names all that can be "
        "played.",
        "Unknown failure",
    )


def _serve(failure: Failure, rehearsal: Rehearsal, account: PracticeServer, port: int | None, app: AppProfile) -> None:
    # Costly (0.14 s), and not needed for the list.
    from smtpwizard.sandbox.certificates import Flaw, make

    ca_pem, context = make(Flaw(rehearsal.flaw))
    server = ScriptedServer(rehearsal.script, port=DEFAULT_PORT if port is None else port, tls=context)
    with until_stopped() as stopped, contextlib.ExitStack() as stack:
        try:
            stack.enter_context(server)
        except OSError as error:
            if port is not None:
                raise NetworkError(f"Port {port} cannot be had: {error.strerror}.", "Practice server") from error
            server = stack.enter_context(ScriptedServer(rehearsal.script, tls=context))
        settings = server.settings(
            app, sender=account.username, username=account.username, password=account.password.reveal()
        ).in_mode(TlsMode.IMPLICIT if rehearsal.tls else TlsMode.STARTTLS)
        ca_file = stack.enter_context(_ca_file(ca_pem)) if ca_pem else None
        emit(settings_block(settings, ca_file))
        say(f"Playing {failure.ref}, {app.fill(failure.title)}, on {server.host}:{server.port}. Ctrl-C stops it.")
        stopped.wait()
    say(f"Stopped. {server.connections} {'connection' if server.connections == 1 else 'connections'}.")


@contextlib.contextmanager
def _ca_file(pem: str) -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="smtpwizard-")  # mode 0700
    except OSError as error:
        raise FileError(f"No temporary folder can be made: {error.strerror}.", "Practice server") from error
    with folder as name:
        path = Path(name) / "practice-ca.pem"
        path.touch(mode=0o600)
        path.write_text(pem, "ascii")
        yield path
