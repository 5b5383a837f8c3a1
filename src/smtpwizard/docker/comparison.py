"""The check on the host and the one in the container, compared: why they differ, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from smtpwizard.addresses import is_loopback, is_private_host
from smtpwizard.apps.profile import Role
from smtpwizard.diagnosis.event import error_words, from_text
from smtpwizard.diagnosis.explain import explain_event
from smtpwizard.diagnosis.replies import Properties
from smtpwizard.diagnosis.stages import stages_of
from smtpwizard.docker.compose import Compose
from smtpwizard.docker.inside import InsideView
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem
from smtpwizard.records import NamedTuple
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Step, Verdict
from smtpwizard.targets.next_steps import note
from smtpwizard.text import safe


class HostAndContainer(NamedTuple):
    """What is compared."""

    report: Report
    """The host's."""
    view: InsideView
    settings: Settings
    """The file's, which the host has tried."""
    source: str
    """Where they were found, in words."""
    service: str
    project: Compose
    app_name: str
    provider: Provider | None = None

    @property
    def same_settings(self) -> bool:
        """Whether the container has the file's mail settings."""
        return not any(map(self.settings.app.is_mail_setting, self.view.differences))

    @property
    def host_reached(self) -> bool:
        """Whether the host came as far as a greeting."""
        greeting = self.report.step(Step.GREETING)
        return greeting is not None and greeting.status.value in ("passed", "warned")


def host_addresses(report: Report) -> tuple[str, ...]:
    """Return the addresses that the host has found, in the order in which they are tried."""
    step = report.step(Step.RESOLVE)
    return step.detail if step is not None and step.status.value in ("passed", "warned") else ()


_UNREACHED: Final = frozenset({"ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED", "ETIMEOUT"})
_UNRESOLVED: Final = frozenset({"ENOTFOUND", "EAI_AGAIN", "EDNS", "ENODATA", "ESERVFAIL"})


def notes(sides: HostAndContainer) -> Iterator[Problem]:
    """Yield what differs, the weightiest first."""
    view = sides.view
    changed = [name for name in view.differences if sides.settings.app.is_mail_setting(name)]
    if changed:
        yield _stale(sides, changed)
    if view.login == "withheld":
        yield note(
            "inside-login-withheld",
            "The server has just refused this login, or asked for a pause, so it was not sent a second time from the "
            "container: connection, TLS and greeting were tried. Correct the login first, or wait.",
        )
    verify = view.verify
    if verify is not None and not verify.ok and not verify.fate and sides.same_settings:
        yield from _worse_inside(sides, error_words(f"{verify.message} {verify.code or ''}"))
    elif verify is not None and verify.ok and not sides.report.app.verify.ok and view.login != "withheld":
        yield _better_inside(sides)
    yield from _other_address(sides)
    client = sides.settings.app.client
    if view.nodemailer and view.nodemailer.partition(".")[0] != client.version.partition(".")[0]:
        yield note(
            "inside-nodemailer",
            f"The image has {client.model} {view.nodemailer}; check plays version {client.version}. Where they differ, "
            "the container's result counts.",
        )
    if view.env_file == "unread":
        yield note(
            "inside-env-file",
            "The app's working directory holds a .env that could not be read there as the app does: variables that "
            "stand in it alone are not counted here.",
        )


def _other_address(sides: HostAndContainer) -> Iterator[Problem]:
    """Yield that a name has two answers. Large providers rotate theirs: two public ones count only after a failure."""
    here, there = host_addresses(sides.report), sides.view.addresses
    failed = sides.view.verify is not None and not sides.view.verify.ok
    if not here or not there or set(here) & set(there) or not sides.same_settings:
        return
    if failed or is_private_host(here[0]) != is_private_host(there[0]):
        yield note(
            "inside-other-address",
            f"{safe(sides.settings.shown_host)} is {here[0]} on this host and {there[0]} in the container: a hosts "
            "file, extra_hosts:, or name servers that answer differently. The app uses the container's.",
        )


def _stale(sides: HostAndContainer, changed: list[str]) -> Problem:
    command = sides.project.shown("up", "-d", sides.service)
    listed = ", ".join(f"{name} ({sides.view.differences[name]})" for name in changed)
    return note(
        "inside-other-settings",
        f"The container does not have the variables of {safe(sides.source)}: {listed}. {command} makes it anew with "
        "the present ones; restart does not. If they differ still, the compose file does not hand them on: see "
        "environment: and env_file: there.",
        command,
    )


def _worse_inside(sides: HostAndContainer, words: frozenset[str]) -> Iterator[Problem]:
    """Yield why the container fails where the host did not, with the same settings."""
    host = sides.settings.shown_host
    where = safe(f"{host}:{sides.settings.shown(sides.settings.port or '')}")
    if is_loopback(sides.settings.host or "") and words & _UNREACHED:
        yield note(
            "inside-localhost",
            f"{safe(host)} is the container itself when the container says it, and no mail server listens there. Set "
            f"{sides.settings.app.variable(Role.HOST)} to the mail server's service name in compose, or to "
            "host.docker.internal for one on this host "
            '(on Linux with extra_hosts: "host.docker.internal:host-gateway").',
        )
    elif sides.host_reached and words & _UNRESOLVED:
        yield note(
            "inside-dns",
            f"This host knows the address of {safe(host)}, the container does not: docker's DNS. Look at dns: in the "
            "compose file, at the name servers in the container's /etc/resolv.conf, and at the hosts file here, which "
            "containers do not read.",
        )
    elif sides.host_reached and words & _UNREACHED:
        yield note(
            "inside-unreached",
            f"This host reaches {where}, the container does not. A firewall may drop what docker forwards, the "
            "network may be internal: true, or MTU and VPN differ. Try from there: docker compose exec "
            f"{sides.service} nc -vz {safe(host)} {safe(sides.settings.port or '')}.",
        )
    elif sides.host_reached and any("CERT" in word or "ISSUER" in word for word in words) | _about_certificate(sides):
        yield note(
            "inside-certificate",
            f"The container trusts fewer certificates than this check does (NODE_EXTRA_CA_CERTS there: "
            f"{sides.view.extra_ca}). Mount the authority's PEM file into it and name it in NODE_EXTRA_CA_CERTS.",
        )


def _about_certificate(sides: HostAndContainer) -> bool:
    verify = sides.view.verify
    return sides.report.server_ok and verify is not None and "certificate" in verify.message.lower()


def _better_inside(sides: HostAndContainer) -> Problem:
    if not sides.same_settings:
        return note("inside-better", "The container gets through with its own values; those of the file do not here.")
    return note(
        "inside-better",
        "The container gets through where this host does not: a name or network that only containers have, or a way "
        "out that is open to them alone. What counts for the app is the container.",
    )


class Comparison(NamedTuple):
    """Both results together."""

    verdict: str
    """`works fails leaks crashes hangs` as in the contract, `refuses` where the app would not start, or `unknown`."""
    sentence: str
    same_settings: bool
    """The mail settings are the file's."""
    same_verdict: bool | None
    """nodemailer's verify() comes to the same on both; None where one of them did not log in, or did not run."""
    notes: tuple[Problem, ...]
    """What differs and what to do, the weightiest first."""
    diagnoses: tuple[Problem, ...]
    """The catalogue's causes of the container's failure, best first."""


def compare(sides: HostAndContainer) -> Comparison:
    """Put both results together."""
    verdict, sentence = _verdict(sides)
    view, app = sides.view, sides.report.app.verify
    same = None
    if view.verify is not None and view.login != "withheld" and app.ok is not None:
        mine = (app.ok, app.code, app.response_code, app.command)
        same = mine == (view.verify.ok, view.verify.code, view.verify.response_code, view.verify.command)
    return Comparison(verdict, sentence, sides.same_settings, same, tuple(notes(sides)), _diagnoses(sides))


def _verdict(sides: HostAndContainer) -> tuple[str, str]:
    view, report, app = sides.view, sides.report, sides.app_name
    verify = view.verify
    if view.refuses:
        return "refuses", f"{app} refuses to start in its container: {', '.join(view.refuses)} missing or empty."
    if verify is None:
        return "unknown", f"The container's view is not known: {view.error or 'nothing was tried'}."
    if verify.fate == "crashes":
        return "crashes", f"{app} will crash in its container: {verify.message or 'its mail client stops'}."
    if verify.fate:
        return "hangs", f"{app} will wait in its container: its mail client did not come to an end."
    if not verify.ok:
        return "fails", f"{app} will fail in its container: {verify}."
    if view.login == "withheld":
        return str(report.app.verdict), f"{app}'s container reaches the server; the login was refused on the host."
    further = report.app.verdict is not Verdict.WORKS and report.app.verify.ok
    if further and sides.same_settings:  # verify() ends after the login; the host went on
        return str(report.app.verdict), f"The container gets through the login, but {report.app.sentence}"
    return "works", f"{app} {_does(sides)}."


def _does(sides: HostAndContainer) -> str:
    """Say how far the container got: verify() succeeds, too, where the server offers no login."""
    if sides.view.login != "tried":
        return "connects from within its container, without a login"
    offered = sides.report.step(Step.AUTH)
    if sides.same_settings and offered is not None and offered.status.value == "passed":
        return "logs in from within its container"
    return "connects from within its container; its login is taken, if the server asks for one"


def _diagnoses(sides: HostAndContainer) -> tuple[Problem, ...]:
    verify = sides.view.verify
    if verify is None or verify.ok or verify.fate == "hangs":
        return ()
    text = f"{verify.message} {verify.code or ''}".strip()
    if verify.fate == "crashes":
        text = f"TypeError: {verify.message}"
    known = Properties(code=verify.code or "", command=verify.command or "", response_code=verify.response_code)
    event = from_text(
        text,
        reply=verify.response,
        code=verify.response_code,
        stages=["auth"] if verify.fate else stages_of(text, known, ""),
        provider=sides.provider,
        settings=sides.settings if sides.same_settings else None,
        app=sides.settings.app,
    )
    return explain_event(event)


def to_json(sides: HostAndContainer, result: Comparison) -> dict[str, Any]:
    """Return the object `inside` of `check --inside --json`."""
    view = sides.view
    verify = view.verify
    return {
        "service": sides.service,
        "verdict": result.verdict,
        "sentence": result.sentence,
        "verify": None
        if verify is None
        else {
            "ok": verify.ok,
            "code": verify.code,
            "response_code": verify.response_code,
            "command": verify.command,
            "message": verify.message,
        },
        "login": view.login,
        "same_settings": result.same_settings,
        "same_verdict": result.same_verdict,
        "differences": dict(view.differences),
        "settings": dict(view.settings),
        "hostname": view.hostname,
        "ehlo": view.ehlo,
        "node": view.node,
        "nodemailer": view.nodemailer,
        "extra_ca": view.extra_ca,
        "dns": {"addresses": list(view.addresses), "error": view.dns_error or None},
        "error": view.error or None,
        "notes": [note.as_note() for note in result.notes],
        "diagnoses": [item.as_diagnosis() for item in result.diagnoses],
        "elapsed_ms": view.elapsed_ms,
    }
