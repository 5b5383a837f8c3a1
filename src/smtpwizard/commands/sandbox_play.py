"""`sandbox --play FAILURE`: a server that shows one failure of the catalogue. Judges no reply."""

from __future__ import annotations

import contextlib
import difflib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from smtpwizard.commands.output import emit, say
from smtpwizard.commands.sandbox import DEFAULT_PORT, settings_block, until_stopped
from smtpwizard.diagnosis import Catalogue, Failure
from smtpwizard.diagnosis.catalogue import by_ref
from smtpwizard.errors import FileError, InputError, NetworkError
from smtpwizard.sandbox import PracticeServer
from smtpwizard.sandbox.rehearsal import Rehearsal, rehearse_first


def play(name: str, port: int | None) -> None:
    """Serve until Ctrl-C; with the name `list`, print what can be played.

    InputError for a failure that does not exist or that no server can play, NetworkError for a port that is taken.
    """
    if name == "list":
        emit("\n".join(f"{item.ref:<5} {item.id:<40} {item.title}" for item in playable()))
        return
    failure = _find(name)
    account = PracticeServer()  # never started: it only lends its account
    rehearsal = rehearsal_of(failure, account)
    if rehearsal is None:
        raise InputError(
            f"{failure.ref} ({failure.title}) shows before a server answers, or without one. "
            "`smtpwizard sandbox --play list` names those that can be played.",
            "Failure that no server can play",
        )
    _serve(failure, rehearsal, account, port)


def playable() -> list[Failure]:
    """Return the failures of the catalogue that a server can show."""
    account = PracticeServer()
    return [failure for failure in by_ref(_failures()) if rehearsal_of(failure, account) is not None]


def rehearsal_of(failure: Failure, account: PracticeServer) -> Rehearsal | None:
    """Return how the failure's first example that a server can play is played."""
    found = rehearse_first(failure.examples, username=account.username, password=account.password)
    return found[1] if found is not None else None


def _failures() -> tuple[Failure, ...]:
    return Catalogue.open(examples=True).failures


def _find(name: str) -> Failure:
    failures = _failures()
    for known in failures:
        if name.casefold() in (known.id.casefold(), known.ref.casefold()):
            return known
    near = difflib.get_close_matches(name, [failure.id for failure in failures], n=3, cutoff=0.4)
    hint = f" Near to it: {', '.join(near)}." if near else ""
    raise InputError(
        f"There is no failure {name!r}.{hint} `smtpwizard sandbox --play list` names those that can be played.",
        "Unknown failure",
    )


def _serve(failure: Failure, rehearsal: Rehearsal, account: PracticeServer, port: int | None) -> None:
    # Costly (0.14 s), and not needed for the list.
    from smtpwizard.sandbox.certificates import Flaw, make
    from smtpwizard.sandbox.scripted import ScriptedServer

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
            sender=account.username,
            username=account.username,
            password=account.password.reveal(),
            tls="true" if rehearsal.tls else "false",
        )
        ca_file = stack.enter_context(_ca_file(ca_pem)) if ca_pem else None
        emit(settings_block(settings, ca_file))
        say(f"Playing {failure.ref}, {failure.title}, on {server.host}:{server.port}. Ctrl-C stops it.")
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
