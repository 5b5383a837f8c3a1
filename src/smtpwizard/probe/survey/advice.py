"""Turns what was seen into proposals: first those that a change of settings repairs, then what a person must do. Pure.

Each rule looks at one kind of failure and stays silent where it is not sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import Role, Security
from smtpwizard.presets.schema import TlsMode
from smtpwizard.probe.survey import ranking as certificate_rules
from smtpwizard.probe.survey import ranking as network_rules
from smtpwizard.probe.survey.facts import Evidence, PortFacts, proposal
from smtpwizard.probe.survey.ranking import (
    MANNER,
    MODE,
    candidates,
    changes_for,
    is_current,
    label_for,
    meaning,
    would_do,
)
from smtpwizard.problems import Problem
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
    apart = tuple(network_rules.families(evidence))
    found = [
        *certificate_rules.other_names(evidence),
        *_ports(evidence),
        *certificate_rules.system_store(evidence),
        *certificate_rules.another_server(evidence),
        *apart,
        *network_rules.all_closed(evidence),
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
    note = network_rules.block_note(item, evidence)
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
