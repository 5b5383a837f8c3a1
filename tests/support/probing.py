"""A scripted server and a probe of it, in one line: for tests of the probe and of the commands over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.smtp.results import OutgoingMessage, Report
from support.tls_kinds import certificates

USERNAME = "app@example.com"
PASSWORD = "correct-horse-9"
MESSAGE = OutgoingMessage("<1@example.com>", b"Subject: A test\r\n\r\n.one line\r\n", "to@example.com")


def options(**more: object) -> Options:
    """Return options that trust this run's authority and give up early."""
    given = {"timeout": 2.0, "extra_ca_pem": certificates().ca_pem, "trust_extra_env": False, **more}
    return Options(**given)  # type: ignore[arg-type]


@contextmanager
def serving(script: Script, certificate: str = "trusted") -> Iterator[ScriptedServer]:
    """Run a server with a certificate of a kind."""
    with ScriptedServer(script, tls=certificates().context(certificate)) as server:
        yield server


def probe_of(server: ScriptedServer, *messages: OutgoingMessage, **fields: str) -> Probe:
    """Return a probe of a server with a login; `fields` are fields of Settings and, behind `_`, of Options."""
    chosen = {name[1:]: value for name, value in fields.items() if name.startswith("_")}
    settings = {"host": "localhost", "username": USERNAME, "password": PASSWORD}
    settings |= {name: value for name, value in fields.items() if not name.startswith("_")}
    return Probe(server.settings(**settings), options(**chosen), message=messages)


def probed(script: Script, *messages: OutgoingMessage, certificate: str = "trusted", **fields: str) -> Report:
    """Serve `script`, probe it to the end and return the report."""
    with serving(script, certificate) as server:
        return probe_of(server, *messages, **fields).run_blocking()
