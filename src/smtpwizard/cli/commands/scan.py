"""`smtpwizard scan HOST`: which ports answer, and with which TLS mode. The table is the command's data.

Asks without credentials. Exit status: 0 where a mail server answers on any port, 1 where none does, 2 for no host.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import to_ascii
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import app_of
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.lint.context import host_parts, is_host_name
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider, TlsMode
from smtpwizard.probe.survey.facts import PortFacts, answer, expected_modes, meaning, ports_to_ask, strictest
from smtpwizard.probe.verdict import Options
from smtpwizard.report.lines import Line, LineRole, Mark, milliseconds
from smtpwizard.secret import MASK, Secret, hide
from smtpwizard.settings import logins_in
from smtpwizard.smtp.net import literal
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse


_WRONG_PORT: Final = re.compile(r":[^/\]:]*\Z")
"""What stands behind a last colon, other than in `scheme://` and `[::1]`."""
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be asked."""

    host: str
    port: int | None
    """A port that stood behind the host; asked first."""


def run(args: argparse.Namespace) -> ExitCode:
    """Ask the ports of `args.host` and print what they said."""
    hide(Secret(part) for part in logins_in(args.host, Role.HOST) if part)
    target = target_of(args.host)
    provider = Presets.open(args.presets).for_host(target.host)
    facts = asyncio.run(_asked(target, provider, args))
    if args.json:
        emit_json({"schema": 1, "host": target.host, "ports": [item.to_json() for item in facts]})
    else:
        name = f" ({provider.name})" if provider else ""
        emit(Line(safe(f"{target.host}{name}"), role=LineRole.TITLE), *(line(item, target.host) for item in facts))
        say(advice(facts, app_of(args)))
    return ExitCode.OK if any(item.tls is not None for item in facts) else ExitCode.FAILED


def target_of(text: str) -> Target:
    """Return host and port of what was typed: a name, an address, `host:port`, a URL. InputError for anything else."""
    parts = host_parts(text)
    address = literal(parts.name) is not None
    bare_ipv6 = ":" in parts.name and "]" not in text  # its last colon has no port behind it
    if parts.port is None and not bare_ipv6 and _WRONG_PORT.search(text):
        raise InputError(f"{_shown(text)!r} has no port from 1 to 65535 behind the colon.", "Port")
    if not (address or is_host_name(to_ascii(parts.name))):
        raise InputError(
            f"{_shown(text)!r} is no host. Give a name or an IP address, such as smtp.example.com.", "Host"
        )
    return Target(parts.name, parts.port)


def line(item: PortFacts, host: str) -> Line:
    """Return `✓   587  STARTTLS, TLSv1.3, certificate smtp.gmail.com, 61 days left, AUTH LOGIN PLAIN  31 ms`."""
    mark = Mark.FAILED if item.tls is None else Mark.OK if item.usable else Mark.WARNING
    said = answer(item, host) if item.open else meaning(item.error or "ETIMEDOUT")
    return Line(safe(said), mark, LineRole.STAGE, f"{item.port:>5}", milliseconds(item.ms))


def advice(facts: tuple[PortFacts, ...], app: AppProfile) -> str:
    """Return what to set for the best port, or what can be said where none would do."""
    best = strictest(facts)
    if best is not None:
        mode = app.assignment(app.mode_for(best.tls or TlsMode.STARTTLS))
        return f"Best for the app: {app.variable(Role.PORT)}={best.port} and {mode}. No credentials were sent."
    if any(item.tls is not None for item in facts):
        return "No port has TLS with a certificate that the app trusts; --ca-file PEM trusts another authority."
    return "No mail server answers on these ports. A port of your own is asked with HOST:PORT."


async def _asked(target: Target, provider: Provider | None, args: argparse.Namespace) -> tuple[PortFacts, ...]:
    from smtpwizard.probe.survey.survey import scan_ports

    return await scan_ports(
        target.host,
        ports_to_ask(provider, target.port),
        timeout=args.timeout,
        options=Options(ca_files=tuple(args.ca_file)),
        expected=expected_modes(provider),
        app=app_of(args),
    )


def _shown(text: str) -> str:
    """Return what was typed for a message, without the login of a URL."""
    return safe(re.sub(r"//[^/@\s]*@", f"//{MASK}@", text), limit=_SHOWN)
