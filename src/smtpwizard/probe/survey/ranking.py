"""Ranks the ports by how well the app would fare there, and judges those that will not do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from smtpwizard.addresses import is_private_host
from smtpwizard.apps.profile import Role
from smtpwizard.clients.model import NAME_MISMATCH
from smtpwizard.presets.catalogue import by_host
from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.survey.facts import ESCAPES, Evidence, PortFacts, Reach, proposal
from smtpwizard.problems import Changes, Problem, repair_label
from smtpwizard.secret import Secret
from smtpwizard.smtp import certificate as tls_facts
from smtpwizard.smtp.results import Step
from smtpwizard.text import listed

_STRICTNESS = {TlsMode.IMPLICIT: 0, TlsMode.STARTTLS: 1, TlsMode.NONE: 2}
_RELAY = 25
"""Between servers; clouds block it, and servers on it often take mail only for their own domains."""


def candidates(evidence: Evidence) -> tuple[PortFacts, ...]:
    """Return the ports with which the app would work, the best first; the settings as they stand are not among them.

    The provider's own ports lead, then stricter TLS, then the port that the settings have.
    """
    found = [item for item in evidence.ports if would_do(item, evidence) and not is_current(item, evidence)]
    return tuple(sorted(found, key=lambda item: _rank(item, evidence)))


def strictest(ports: Sequence[PortFacts]) -> PortFacts | None:
    """Return the best port with trusted TLS and a login, for who has no settings yet; None where there is none."""
    found = [item for item in ports if item.usable and item.login and item.tls is not TlsMode.NONE]
    return min(found, key=lambda item: (_strictness(item), item.port == _RELAY), default=None)


def would_do(item: PortFacts, evidence: Evidence) -> bool:
    """Say whether the app would come through the login on a port without leaking."""
    if not item.usable:
        return False
    if evidence.transport.logs_in and not item.login:
        return False
    return item.tls is not TlsMode.NONE or is_private_host(item.address or evidence.transport.host)


def is_current(item: PortFacts, evidence: Evidence) -> bool:
    """Say whether a port is the settings' own in the settings' own mode."""
    transport = evidence.transport
    other = {TlsMode.STARTTLS: transport.ignore_tls, TlsMode.NONE: transport.require_tls and not transport.ignore_tls}
    fits = transport.secure == (item.tls is TlsMode.IMPLICIT)
    return item.port == transport.port and fits and not (item.tls and other.get(item.tls))


def changes_for(item: PortFacts, evidence: Evidence) -> Changes:
    """Return what is to be changed in the settings so that the app comes to this port in its mode."""
    settings, app = evidence.settings, evidence.settings.app
    implicit = item.tls is TlsMode.IMPLICIT
    mode = app.mode_changes(app.mode_for(item.tls or TlsMode.NONE))
    wanted: dict[str, str | None] = {app.variable(Role.PORT): str(item.port), **mode}
    guide = app.guided(evidence.provider)
    if guide and guide.opportunistic and settings.opportunistic:
        wanted[app.variable(Role.OPPORTUNISTIC)] = "false" if implicit else guide.opportunistic
    default = app.spec(Role.SECURITY)
    if settings.security is None and default and default.default == mode.get(default.name):
        del wanted[default.name]
    return {name: value for name, value in wanted.items() if settings.get(name) != value}


def label_for(item: PortFacts, changes: Changes, evidence: Evidence) -> str:
    """Return the change as an imperative."""
    if evidence.settings.app.variable(Role.PORT) not in changes:
        return repair_label(changes)
    mode = {TlsMode.IMPLICIT: " with TLS", TlsMode.STARTTLS: " with STARTTLS"}.get(item.tls or TlsMode.NONE, "")
    return f"Switch to {item.port}{mode}"


def _rank(item: PortFacts, evidence: Evidence) -> tuple[bool, int, bool, bool, int]:
    listed = evidence.provider is not None and any(choice.port == item.port for choice in evidence.provider.ports)
    place = evidence.ports.index(item)
    return not listed, _strictness(item), item.port == _RELAY, item.port != evidence.transport.port, place


def _strictness(item: PortFacts) -> int:
    return _STRICTNESS[item.tls or TlsMode.NONE]


MODE: Final = {
    TlsMode.IMPLICIT: "TLS from the first byte",
    TlsMode.STARTTLS: "STARTTLS",
    TlsMode.NONE: "no TLS",
}
MANNER: Final = {
    TlsMode.IMPLICIT: "with TLS from the first byte",
    TlsMode.STARTTLS: "with STARTTLS",
    TlsMode.NONE: "without TLS",
}
_MEANING: Final = {
    "ETIMEDOUT": "no answer",
    "ECONNREFUSED": "refused",
    "EHOSTUNREACH": "no route",
    "ENETUNREACH": "no route",
    "EADDRNOTAVAIL": "no route",
    "ECONNRESET": "cut off",
    "EOF": "closed before a greeting",
    "EMSGSIZE": "sends without end",
    "ENOTFOUND": "no such host",
    "EAI_AGAIN": "no name server answers",
}


def port_lines(ports: Sequence[PortFacts], host: str) -> tuple[str, ...]:
    """Return a line for each port that took a connection, and one for all others of the same fate."""
    lines = [f"{item.port}: {answer(item, host)}" for item in ports if item.open]
    closed: dict[str, list[PortFacts]] = {}
    for item in ports:
        if not item.open:
            closed.setdefault(item.error or "ETIMEDOUT", []).append(item)
    return (*lines, *(f"{port_list(items)}: {meaning(error)}" for error, items in closed.items()))


def answer(item: PortFacts, host: str) -> str:
    """Return what an open port said: `TLS from the first byte, TLSv1.3, certificate x, 61 days left, AUTH PLAIN`."""
    if item.tls is None:
        return _stranger(item.error or "ETIMEDOUT")
    return ", ".join(_parts(item, host))


def _stranger(error: str) -> str:
    """Return what is said of a port that takes connections and is no mail server that greets."""
    if error == "ETIMEDOUT":
        return "connects, but nothing greets (ETIMEDOUT)"
    if error in _MEANING:
        return meaning(error)
    return f"no greeting ({error})" if error.isupper() and " " not in error else f"answers {error}"


def _parts(item: PortFacts, host: str) -> Iterator[str]:
    assert item.tls is not None
    yield MODE[item.tls]
    if item.tls_facts is not None:
        yield tls_facts.sentence(item.tls_facts, host)
    if item.error is not None:
        yield item.error if item.error not in _MEANING else meaning(item.error)
    if item.auth:
        yield f"AUTH {' '.join(item.auth)}"
    elif item.error is None:
        yield "no login offered"


def meaning(error: str) -> str:
    """Return `no answer (ETIMEDOUT)`; a word that needs none is returned as it is."""
    return f"{_MEANING[error]} ({error})" if error in _MEANING else error


def port_list(ports: Sequence[PortFacts]) -> str:
    """Return `25, 465 and 587`."""
    return listed(str(item.port) for item in ports)


def family_lines(families: Sequence[PortFacts], host: str) -> Iterator[str]:
    """Yield a line for IPv4 and one for IPv6."""
    for item in families:
        name = "IPv6" if ":" in item.address else "IPv4"
        said = answer(item, host) if item.open else meaning(item.error or "ETIMEDOUT")
        yield f"{name} ({item.address}) port {item.port}: {said}"


def web_line(web: Reach, port: int) -> str:
    """Return what the web port of the host said."""
    return {
        Reach.ANSWERS: f"{port} (web) of the same host: answers",
        Reach.REFUSES: f"{port} (web) of the same host: refused, so the host is reached",
        Reach.SILENT: f"{port} (web) of the same host: no answer",
    }[web]


_BLOCKED_FIRST: Final = (25, 465, 587)
_OTHER_PORT: Final = (
    "a provider with a port that is rarely blocked: 2525 at SendGrid, Mailgun, Postmark, SMTP2GO, Brevo and Mailtrap, "
    "2465 and 2587 at Amazon SES, Resend and NHN Cloud"
)
_SISTERS: Final = {"127.0.0.1": "::1", "::1": "127.0.0.1"}
"""The loopback of the other family."""


def all_closed(evidence: Evidence) -> Iterator[Problem]:
    """Say why, as far as can be seen, where no port took a connection."""
    if not evidence.ports or any(item.open for item in evidence.ports):
        return
    host, asked = evidence.transport.host, port_list(evidence.ports)
    silent = [item for item in evidence.ports if item.error == "ETIMEDOUT"]
    if is_private_host(host):
        cause = f"None of the ports {asked} of {host} takes a connection."
        remedy = (
            "Start the mail server, or put the name under which the app's container reaches it into "
            f"{evidence.settings.app.variable(Role.HOST)}."
        )
        yield proposal("no-server", "No mail server at this address", cause, remedy)
    elif evidence.web is Reach.SILENT:
        cause = f"Neither {asked} nor the web port of {host} answers: the host is down, or nothing gets out of here."
        remedy = (
            "See whether this machine reaches any other host, then compare "
            f"{evidence.settings.app.variable(Role.HOST)} with the provider's page."
        )
        yield proposal("host-silent", "No answer from the host at all", cause, remedy)
    elif evidence.web is not None and len(silent) == len(evidence.ports):
        yield _all_silent(evidence, asked)
    elif evidence.web is not None:
        cause = f"{host} is there, and none of the ports {asked} takes a connection: it receives no mail from clients, "
        cause += "or a firewall on the way rejects mail ports."
        remedy = (
            f"Compare {evidence.settings.app.variable(Role.HOST)} with the provider's page; if it is right, ask "
            "whoever runs the network."
        )
        yield proposal("ports-refused", "No mail port open", cause, remedy)


def _all_silent(evidence: Evidence, asked: str) -> Problem:
    host, where = evidence.transport.host, evidence.cloud or "this machine's network"
    seen = f"The mail ports {asked} of {host} are silent, while the host itself is reached:"
    who = evidence.cloud or "the cloud or the network's operator"
    if evidence.known is None:
        cause = (
            f"{seen} either {where} blocks outgoing mail, or the host's own firewall drops what comes to these ports."
        )
        remedy = f"Ask the host's operator for its submission port; if that is among these, ask {who} to open it."
        return proposal("mail-ports-silent", "Mail ports silent", cause, remedy)
    remedy = f"Ask {who} to open outgoing port 587 or 465, or send through {_OTHER_PORT}."
    return proposal(
        "mail-ports-blocked", "Mail ports blocked on the way", f"{seen} {where} blocks outgoing mail.", remedy
    )


def block_note(item: PortFacts, evidence: Evidence) -> str:
    """Return a sentence where `item` is a known provider's door beside blocked ports: the usual ones are all silent."""
    usual = [fact for fact in evidence.ports if fact.port in _BLOCKED_FIRST]
    silent = [fact for fact in usual if not fact.open and fact.error == "ETIMEDOUT"]
    own = evidence.own
    all_silent = own in silent and len(silent) == len(usual) > 1
    if evidence.known is None or item.port not in ESCAPES or not all_silent:
        return ""
    where = evidence.cloud or "The network"
    return f"{where} lets nothing out to {port_list(silent)}; {item.port} gets through."


def families(evidence: Evidence) -> Iterator[Problem]:
    """Tell where the app would work over one of IPv4 and IPv6 as it is set up, and the other does not answer."""
    if len(evidence.families) < 2 or evidence.failed is None:
        return
    good = [item for item in evidence.families if item.usable]
    bad = [item for item in evidence.families if not item.usable and item.tls is None]
    if len(good) != 1 or len(bad) != len(evidence.families) - 1:
        return
    alive, dead = good[0], bad[0]
    if not (is_current(alive, evidence) and would_do(alive, evidence)) or alive.address == evidence.transport.host:
        return
    host, port = evidence.transport.host, evidence.transport.port
    changes = _loopback_change(alive, evidence)
    names = ("IPv6", "IPv4") if ":" in dead.address else ("IPv4", "IPv6")
    said = answer(dead, host) if dead.open else meaning(dead.error or "ETIMEDOUT")
    cause = f"{host}:{port} over {names[0]} ({dead.address}): {said}; over {names[1]} ({alive.address}) it answers."
    if changes:
        label = repair_label(changes)
        remedy = f"{label}."
    else:
        remedy, label = _family_remedy(names[0]), ""
    yield proposal(
        f"{names[0].lower()}-dead",
        f"No answer over {names[0]}",
        cause,
        remedy,
        changes,
        label,
        tuple(family_lines(evidence.families, host)),
    )


def _family_remedy(dead: str) -> str:
    if dead == "IPv6":
        return (
            "Give the app's container a way out over IPv6, take the IPv6 address out of the name's DNS if it is yours, "
            "or use a host name of the server that has only IPv4."
        )
    return "Have the server answer over IPv4, too: containers often have no IPv6."


def _loopback_change(alive: PortFacts, evidence: Evidence) -> Mapping[str, str | Secret | None]:
    """Return the change to the other loopback address; which address a name stands for is not ours to change."""
    host = evidence.settings.host
    return (
        {evidence.settings.app.variable(Role.HOST): alive.address} if host in _SISTERS and host != alive.address else {}
    )


def sister(address: str) -> str | None:
    """Return the loopback address of the other family, None for any other address."""
    return _SISTERS.get(address)


_DISCLAIMER: Final = "we do not authorize the use of this system to transport unsolicited"
"""What Exim says in the greeting on hosts with cPanel; none of the known providers does."""
_OTHER_NAME: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Where most containers keep their store, and where the file goes in the container."""
_SHOWN: Final = 3
"""Names of a certificate in a sentence."""


def other_names(evidence: Evidence) -> Iterator[Problem]:
    """Propose a name of the certificate that leads to the same server; of a known provider only its own names."""
    certificate = evidence.certificate
    if certificate is None:
        return
    known, variable = evidence.known, evidence.settings.app.variable(Role.HOST)
    for name in certificate.names:
        if known is not None and by_host([known], name, own=lambda _: False) is None:
            continue
        yield proposal(
            "another-name",
            "Certificate for another name",
            f"The certificate is not for {evidence.transport.host}; it is for {name}, which leads to the same server "
            "and is trusted there.",
            f"Set {variable}={name}.",
            {variable: name},
        )


def system_store(evidence: Evidence) -> Iterator[Problem]:
    """Tell how the app comes to trust what this machine trusts, with the lines for the compose file."""
    certificate = evidence.certificate
    if certificate is None or not certificate.system_trusts:
        return
    variable = evidence.client.tls.EXTRA_VARIABLE
    bundle = certificate.bundle or "/path/to/the-authority.pem"
    app = evidence.settings.app
    who, why = "Node", "Node does not use that store but Mozilla's list"
    if app.client.model != "nodemailer":
        who, why = "the app's container", "the app's container has one of its own, which is Mozilla's list"
    how = app.private_ca or f"Give the app the authority: mount the file and name it in {variable}."
    yield proposal(
        "system-store-trusts",
        f"Authority known to this machine, not to {who}",
        f"This machine's own store trusts the certificate; {why}, and so the app refuses it.",
        f"{how} Test here with --ca-file.",
        facts=compose_lines(evidence.service, bundle, variable),
    )


def compose_lines(service: str, bundle: str, variable: str) -> tuple[str, ...]:
    """Return the lines of a compose file that hand a bundle of authorities to the app."""
    return (
        "services:",
        f"  {service}:",
        "    environment:",
        f"      {variable}: {_OTHER_NAME}",
        "    volumes:",
        f"      - {bundle}:{_OTHER_NAME}:ro",
    )


def another_server(evidence: Evidence) -> Iterator[Problem]:
    """Tell where a server that cannot be the provider's answers in its place."""
    if evidence.known is None:
        return
    foreign = [item for item in evidence.ports if is_foreign(item, evidence.transport.host, NAME_MISMATCH)]
    if not foreign:
        return
    provider, sign = evidence.known.name, _sign(foreign[0], evidence)
    yield proposal(
        "another-server",
        f"Another server in {provider}'s place",
        f"What answers on {port_list(foreign)} is not {provider}: {sign}. Web hosts with cPanel, and "
        "some internet providers, redirect outgoing mail ports to a server of their own.",
        f"{_password(foreign, evidence)}Ask your host to lift its SMTP restrictions for this machine. A port that "
        f"shows {provider}'s own certificate is safe to use.",
        facts=tuple(f"{item.port}: {item.banner}" for item in foreign if item.banner),
    )


def is_foreign(item: PortFacts, host: str, name_mismatch: str) -> bool:
    """Say whether a port of a known provider's host shows that somebody else answers.

    `name_mismatch` is the client's word for a certificate that is for another name.

    The disclaimer in the greeting, unless a trusted certificate outweighs it; or a certificate for another name none of
    whose names shares the host's last two labels.
    """
    if item.tls_facts is not None and item.tls_facts.verified:
        return False
    if _DISCLAIMER in " ".join(item.banner.lower().split()).replace(" / ", " "):
        return True
    if item.error != name_mismatch or item.tls_facts is None or not item.tls_facts.names:
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


def _sign(item: PortFacts, evidence: Evidence) -> str:
    names = item.tls_facts.names if item.tls_facts else ()
    if item.error == NAME_MISMATCH and names:
        return f"its certificate is for {listed(names[:_SHOWN])}"
    return "its greeting is that of a web host"


def _ending(name: str) -> str:
    return ".".join(name.lower().rstrip(".").split(".")[-2:])
