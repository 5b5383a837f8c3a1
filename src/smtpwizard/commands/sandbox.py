"""`sandbox`: the practice server alone, until Ctrl-C; or a server that plays one failure of the catalogue.

stdout holds the settings as a block for an env file, so that they can be put to use; what arrives is told on stderr.
Ctrl-C and SIGTERM are its normal end: exit 0, the CA's file removed.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smtpwizard.commands.output import emit, say
from smtpwizard.errors import ExitCode, NetworkError
from smtpwizard.outputs import block
from smtpwizard.sandbox import PracticeServer, ReceivedMessage
from smtpwizard.settings import Settings
from smtpwizard.text import safe

DEFAULT_PORT: Final = 2525
"""Where no --port is given; a free one where it is taken."""


def run(args: argparse.Namespace) -> ExitCode:
    """Serve until Ctrl-C. InputError for a failure that cannot be played, NetworkError for a port that is taken."""
    if args.play is None:
        _accept(args.port)
    else:
        from smtpwizard.commands.sandbox_play import play  # the catalogue: not read for a server that accepts mail

        play(args.play, args.port)
    return ExitCode.OK


def _accept(port: int | None) -> None:
    with until_stopped() as stopped, contextlib.ExitStack() as stack:
        server = _started(port)
        stack.callback(server.stop)
        emit(settings_block(server.settings(), server.ca_file))
        emit(f"# TLS from the first byte instead: SMTP_PORT={server.implicit_port} and SMTP_TLS=true")
        say(
            f"Practice server on {server.host}: port {server.starttls_port} (STARTTLS), port {server.implicit_port} "
            "(TLS). No mail leaves this machine. Ctrl-C stops it."
        )
        stopped.wait()
        received = len(server.messages)
    say(f"Stopped. {received} {'message' if received == 1 else 'messages'} received.")


def settings_block(settings: Settings, ca_file: Path | None) -> str:
    """Return the settings as lines of an env file, and the variable with which Node trusts the server's CA."""
    variables = settings.to_variables()
    if ca_file is not None:
        variables["NODE_EXTRA_CA_CERTS"] = str(ca_file)
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
