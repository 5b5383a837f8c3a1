"""What tests of the second look share: first tries that fail, ports that are closed, silent, or follow a script."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from smtpwizard.presets.schema import (
    Kind,
    PasswordSpec,
    PasswordType,
    PortChoice,
    Provider,
    ProviderStatus,
    SenderRule,
    SenderSpec,
    UsernameRule,
    UsernameSpec,
)
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.survey.facts import PortFacts, SurveyResult
from smtpwizard.probe.survey.survey import run_survey, scan_ports
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report
from support.apps import ABC
from support.tls_kinds import Certificates

LOGIN = {"username": "you@example.com", "password": "correct-horse-9"}


@dataclass
class Bench:
    """Servers with certificates of one throw-away authority, which the options trust."""

    certificates: Certificates = field(default_factory=Certificates)

    @property
    def options(self) -> Options:
        """Return options of an impatient client that trusts the authority."""
        return Options(timeout=0.6, extra_ca_pem=self.certificates.ca_pem)

    def server(self, script: Script, kind: str = "trusted", host: str = "127.0.0.1") -> ScriptedServer:
        """Return a server, not yet started, with a certificate of a kind."""
        return ScriptedServer(script, host=host, tls=self.certificates.context(kind))

    def first_try(self, settings: Settings) -> Report:
        """Return the report of a faithful first try."""
        return Probe(settings, self.options).run_blocking()

    def look(self, settings: Settings, ports: tuple[int, ...] = (), **more: Any) -> SurveyResult:
        """Return what a second look says after a first try; of other ports only `ports` are asked."""
        report = more.pop("report", None) or self.first_try(settings)
        more.setdefault("web_port", closed_port())
        return asyncio.run(run_survey(report, settings, self.options, ports=ports, **more))

    def scan(self, *ports: int, host: str = "127.0.0.1", **more: Any) -> tuple[PortFacts, ...]:
        """Return what the ports of a host say."""
        return asyncio.run(scan_ports(host, ports, options=self.options, **more))

    def ask(self, script: Script, kind: str = "trusted", host: str = "127.0.0.1", **more: Any) -> PortFacts:
        """Return what one server says."""
        with self.server(script, kind) as server:
            (facts,) = self.scan(server.port, host=host, **more)
        return facts


def settings_for(port: int, host: str = "127.0.0.1", **fields: Any) -> Settings:
    """Return settings without a login for a port; fields of Settings replace them."""
    return Settings(ABC, **{"host": host, "port": str(port), "sender": "app@example.com", **fields})


def closed_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nothing listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def black_hole(host: str = "127.0.0.1") -> Iterator[int]:
    """Yield a port that answers no SYN, as behind a firewall that drops: its queue of one is full (Linux)."""
    with socket.socket() as listener, socket.socket() as queued:
        listener.bind((host, 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        yield listener.getsockname()[1]


def provider_with(*ports: PortChoice, kind: Kind = Kind.RELAY, **fields: Any) -> Provider:
    """Return a preset that lists `ports`."""
    values: dict[str, Any] = {
        "id": "acme",
        "name": "Acme Relay",
        "kind": kind,
        "tier": 1,
        "status": ProviderStatus.OK,
        "host": "127.0.0.1",
        "ports": ports,
        "recommended_port": ports[0].port,
        "username": UsernameSpec(UsernameRule.FREE, ""),
        "password": PasswordSpec(PasswordType.SMTP_CREDENTIAL, ""),
        "sender": SenderSpec(SenderRule.ANY, ""),
        "docs_url": "https://example.com",
        "checked": "2026-11-22",
        "sources": ("example",),
        "verified": True,
    }
    return Provider(**{**values, **fields})
