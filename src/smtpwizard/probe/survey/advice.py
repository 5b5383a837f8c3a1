"""Turns what was seen into proposals: first those that a change of settings repairs, then what a person must do. Pure.

Each rule looks at one kind of failure and stays silent where it is not sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from smtpwizard.addresses import is_private_host
from smtpwizard.apps.profile import Role, Security
from smtpwizard.clients.model import NAME_MISMATCH
from smtpwizard.presets.catalogue import by_host
from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.survey.facts import (
    ESCAPES,
    MANNER,
    MODE,
    Evidence,
    PortFacts,
    Reach,
    answer,
    candidates,
    changes_for,
    family_lines,
    is_current,
    label_for,
    meaning,
    port_list,
    proposal,
    would_do,
)
from smtpwizard.problems import Problem, repair_label
from smtpwizard.secret import Secret
from smtpwizard.smtp.results import Step
from smtpwizard.text import listed

MOST: Final = 5
"""Proposals that are made."""
_MOST_PORTS: Final = 3
_PASSING: Final = frozenset({Step.CONNECT, Step.TLS, Step.GREETING, Step.EHLO, Step.STARTTLS})
"""Stages at which a failure may have been of the moment."""


def proposals(evidence: Evidence) -> tuple[Problem, ...]:
    """Return what to do, the best first."""
    apart = tuple(families(evidence))
    found = [
        *other_names(evidence),
        *_ports(evidence),
        *system_store(evidence),
        *another_server(evidence),
        *apart,
        *all_closed(evidence),
        *(() if apart else _of_the_moment(evidence)),
    ]
    return tuple(sorted(found, key=lambda item: not item.changes)[:MOST])


def _ports(evidence: Evidence) -> Iterator[Problem]:
    """Propose the ports that would do."""
    for item in islice(candidates(evidence), _MOST_PORTS):
        changes = changes_for(item, evidence)
        if item.port == evidence.transport.port:
            yield _other_mode(item, evidence)
        elif changes:
            yield proposal(
                id=f"port-{item.port}",
                title=f"Port {item.port} {MANNER[item.tls or TlsMode.NONE]}",
                cause=f"{_trouble(evidence)} {_virtues(item, evidence)}{_blocked(item, evidence)}",
                remedy=f"Use port {item.port}: {_assignments(changes)}.{_strict(item, evidence)}",
                changes=changes,
                label=label_for(item, changes, evidence),
            )


def _other_mode(item: PortFacts, evidence: Evidence) -> Problem:
    changes, app = changes_for(item, evidence), evidence.settings.app
    on, off = app.assignment(Security.IMPLICIT), app.assignment(app.mode_for(TlsMode.STARTTLS))
    if item.tls is TlsMode.IMPLICIT:
        title = "TLS port spoken to in clear text"
        cause = (
            f"Port {item.port} answers a TLS hello: it speaks TLS from the first byte. With "
            f"{app.variable(Role.SECURITY)} off the app waits 30 s for a greeting that does not come."
        )
        remedy = f"Set {on}."
    elif not evidence.transport.secure and item.tls is TlsMode.STARTTLS:
        title = "STARTTLS left alone"
        cause = f"Port {item.port} offers STARTTLS, and the app goes on in clear text."
        remedy = f"{label_for(item, changes, evidence)}."
    elif not evidence.transport.secure:
        title = "TLS required of a port without it"
        cause = f"Port {item.port} offers no STARTTLS, and the app insists on it."
        remedy = f"{label_for(item, changes, evidence)}: the mails then cross this private network in clear text."
    else:
        title = "Clear-text port spoken to in TLS"
        offer = "offers STARTTLS" if item.tls is TlsMode.STARTTLS else "offers no TLS"
        cause = f"Port {item.port} greets in clear text and {offer}; with {on} the app opens with TLS."
        by_itself = ": the app upgrades by itself" if item.tls is TlsMode.STARTTLS else ""
        remedy = f"Set {off}{by_itself}."
    return proposal("tls-mode", title, cause, remedy, changes, label_for(item, changes, evidence))


def _of_the_moment(evidence: Evidence) -> Iterator[Problem]:
    """Say so where the settings' own port now answers as the app wants it."""
    own = evidence.own
    failed = evidence.failed
    if own is None or failed is None or failed.step not in _PASSING:
        return
    if is_current(own, evidence) and would_do(own, evidence):
        cause = f"The first try ended at {failed.step.value}; a second connection to port {own.port} went through."
        yield proposal("answers-now", "Answer at the second try", cause, "Test again before you change anything.")


def _trouble(evidence: Evidence) -> str:
    """Return what is wrong with the settings' own port, in a sentence."""
    port, failed, own = evidence.transport.port, evidence.failed, evidence.own
    if failed is None:
        return f"On port {port} the app goes on in clear text."
    if failed.step is Step.CONNECT and failed.error == "ERR_SOCKET_BAD_PORT":
        return f"There is no port {port}."
    if own is not None and own.usable and not is_current(own, evidence):
        return (
            f"Port {port} itself speaks {MODE[own.tls or TlsMode.NONE]}, other than "
            f"{evidence.settings.app.variable(Role.SECURITY)} says."
        )
    if own is not None and own.error is not None:
        return f"Port {port}: {meaning(own.error)}."
    if own is not None and evidence.transport.logs_in and own.tls is not None and not own.login:
        return f"Port {port} offers no login that the app can use."
    return f"Port {port} failed at {failed.step.value}."


def _virtues(item: PortFacts, evidence: Evidence) -> str:
    said = [f"answers {MANNER[item.tls or TlsMode.NONE]}"]
    said += ["has a trusted certificate"] if item.tls is not TlsMode.NONE else []
    said += ["offers a login"] if evidence.transport.logs_in else []
    return f"Port {item.port} of the same host {listed(said)}."


def _strict(item: PortFacts, evidence: Evidence) -> str:
    gained = item.tls is TlsMode.IMPLICIT and not evidence.transport.require_tls
    return " It cannot fall back to clear text." if gained else ""


def _blocked(item: PortFacts, evidence: Evidence) -> str:
    note = block_note(item, evidence)
    return f" {note}" if note else ""


def _assignments(changes: Mapping[str, str | Secret | None]) -> str:
    return " and ".join(f"{name} left out" if value is None else f"{name}={value}" for name, value in changes.items())


DMI: Final = Path("/sys/class/dmi/id")

_VENDORS: Final = {
    "DigitalOcean": "DigitalOcean",
    "Hetzner": "Hetzner",
    "Linode": "Linode",
    "Akamai": "Linode",
    "Vultr": "Vultr",
    "Scaleway": "Scaleway",
    "Amazon EC2": "AWS",
}
_PRODUCTS: Final = {"Google Compute Engine": "Google Cloud"}
_ASSET_TAGS: Final = {"7783-7084-3265-9085-8269-3286-77": "Azure", "OracleCloud.com": "Oracle Cloud"}


def cloud_provider(folder: Path = DMI) -> str:
    """Return the cloud's name, empty where the firmware names none that is known."""
    known = (("sys_vendor", _VENDORS), ("product_name", _PRODUCTS), ("chassis_asset_tag", _ASSET_TAGS))
    return next((names[word] for file, names in known if (word := _word(folder / file)) in names), "")


def _word(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(128).decode("ascii", "replace").strip()
    except OSError:
        return ""


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
