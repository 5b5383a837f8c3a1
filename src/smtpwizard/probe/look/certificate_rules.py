"""Certificates that the app refuses: another name, this machine's own store, another server's certificate. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.preset_match import by_host
from smtpwizard.probe.look.facts import Evidence, PortFacts, Proposal
from smtpwizard.probe.look.words import enumerate_words, listed
from smtpwizard.probe.nodewords import ALTNAME
from smtpwizard.probe.results import Step
from smtpwizard.probe.roots import EXTRA_VARIABLE

_DISCLAIMER: Final = "we do not authorize the use of this system to transport unsolicited"
"""What Exim says in the greeting on hosts with cPanel; none of the known providers does."""
_ELSEWHERE: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Where most containers keep their store, and where the file goes in the container."""
_SHOWN: Final = 3
"""Names of a certificate in a sentence."""


def other_names(evidence: Evidence) -> Iterator[Proposal]:
    """Propose a name of the certificate that leads to the same server; of a known provider only its own names."""
    certificate = evidence.certificate
    if certificate is None:
        return
    known = evidence.known
    for name in certificate.names:
        if known is not None and by_host([known], name, own=lambda _: False) is None:
            continue
        yield Proposal(
            f"host-{name}",
            "Certificate for another name",
            f"The certificate is not for {evidence.transport.host}; it is for {name}, which leads to the same server "
            "and is trusted there.",
            f"Set SMTP_HOST={name}.",
            {"SMTP_HOST": name},
            f"Set SMTP_HOST={name}",
        )


def system_store(evidence: Evidence) -> Iterator[Proposal]:
    """Tell how Node comes to trust what this machine trusts, with the lines for the compose file."""
    certificate = evidence.certificate
    if certificate is None or not certificate.system_trusts:
        return
    bundle = certificate.bundle or "/path/to/the-authority.pem"
    yield Proposal(
        "system-store-trusts",
        "Authority known to this machine, not to Node",
        "This machine's own store trusts the certificate; Node does not use that store but Mozilla's list, and so the "
        "app refuses it.",
        f"Give the app the authority: mount the file and name it in {EXTRA_VARIABLE}. Test here with --ca-file.",
        facts=compose_lines(evidence.service, bundle),
    )


def compose_lines(service: str, bundle: str) -> tuple[str, ...]:
    """Return the lines of a compose file that hand a bundle of authorities to the app."""
    return (
        "services:",
        f"  {service}:",
        "    environment:",
        f"      {EXTRA_VARIABLE}: {_ELSEWHERE}",
        "    volumes:",
        f"      - {bundle}:{_ELSEWHERE}:ro",
    )


def another_server(evidence: Evidence) -> Iterator[Proposal]:
    """Tell where a server that cannot be the provider's answers in its place."""
    if evidence.known is None:
        return
    foreign = [item for item in evidence.ports if is_foreign(item, evidence.transport.host)]
    if not foreign:
        return
    provider = evidence.known.name
    yield Proposal(
        "another-server",
        f"Another server in {provider}'s place",
        f"What answers on {listed(foreign)} is not {provider}: {_sign(foreign[0])}. Web hosts with cPanel, and some "
        "internet providers, redirect outgoing mail ports to a server of their own.",
        f"{_password(foreign, evidence)}Ask your host to lift its SMTP restrictions for this machine. A port that "
        f"shows {provider}'s own certificate is safe to use.",
        facts=tuple(f"{item.port}: {item.banner}" for item in foreign if item.banner),
    )


def is_foreign(item: PortFacts, host: str) -> bool:
    """Say whether a port of a known provider's host shows that somebody else answers.

    The disclaimer in the greeting, unless a trusted certificate outweighs it; or a certificate for another name none of
    whose names shares the host's last two labels.
    """
    if item.tls_facts is not None and item.tls_facts.verified:
        return False
    if _DISCLAIMER in " ".join(item.banner.lower().split()).replace(" / ", " "):
        return True
    if item.error != ALTNAME or item.tls_facts is None or not item.tls_facts.names:
        return False
    return not any(_ending(name) == _ending(host) for name in item.tls_facts.names)


def _password(foreign: list[PortFacts], evidence: Evidence) -> str:
    """Return a warning where the first try logged in to the foreign server."""
    failed = evidence.failed
    logged_in = failed is None or failed.step in (Step.MAIL, Step.RCPT, Step.DATA)
    own = evidence.own
    if own is None or own not in foreign or not (logged_in and evidence.transport.logs_in and own.login):
        return ""
    return "That server was given the password in the first try: change it. "


def _sign(item: PortFacts) -> str:
    names = item.tls_facts.names if item.tls_facts else ()
    if item.error == ALTNAME and names:
        return f"its certificate is for {enumerate_words(names[:_SHOWN])}"
    return "its greeting is that of a web host"


def _ending(name: str) -> str:
    return ".".join(name.lower().rstrip(".").split(".")[-2:])
