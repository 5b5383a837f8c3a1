"""Why host and container differ, and what to do, as sentences. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from smtpwizard.app.hosts import is_loopback, is_private_host
from smtpwizard.container.sides import Sides, host_addresses
from smtpwizard.diagnosis.event import error_words
from smtpwizard.outputs.after_words import Note
from smtpwizard.text import safe

_UNREACHED: Final = frozenset({"ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED", "ETIMEOUT"})
_UNRESOLVED: Final = frozenset({"ENOTFOUND", "EAI_AGAIN", "EDNS", "ENODATA", "ESERVFAIL"})


def notes(sides: Sides) -> Iterator[Note]:
    """Yield what differs, the weightiest first."""
    view = sides.view
    changed = [name for name in view.differences if name.startswith("SMTP_")]
    if changed:
        yield _stale(sides, changed)
    if view.login == "withheld":
        yield Note(
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
    if view.nodemailer and not view.nodemailer.startswith("8."):
        yield Note(
            "inside-nodemailer",
            f"The image has nodemailer {view.nodemailer}; check plays version 8.0.5. Where they differ, the "
            "container's result counts.",
        )
    if view.env_file == "unread":
        yield Note(
            "inside-env-file",
            "The app's working directory holds a .env that could not be read there as the app does: variables that "
            "stand in it alone are not counted here.",
        )


def _other_address(sides: Sides) -> Iterator[Note]:
    """Yield that a name has two answers. Large providers rotate theirs: two public ones count only after a failure."""
    here, there = host_addresses(sides.report), sides.view.addresses
    failed = sides.view.verify is not None and not sides.view.verify.ok
    if not here or not there or set(here) & set(there) or not sides.same_settings:
        return
    if failed or is_private_host(here[0]) != is_private_host(there[0]):
        yield Note(
            "inside-other-address",
            f"{safe(sides.settings.shown_host)} is {here[0]} on this host and {there[0]} in the container: a hosts "
            "file, extra_hosts:, or name servers that answer differently. The app uses the container's.",
        )


def _stale(sides: Sides, changed: list[str]) -> Note:
    words = sides.project.words("up", "-d", sides.service)
    command = safe(" ".join(shlex.quote(word) for word in words))
    listed = ", ".join(f"{name} ({sides.view.differences[name]})" for name in changed)
    return Note(
        "inside-other-settings",
        f"The container does not have the variables of {safe(sides.source)}: {listed}. {command} makes it anew with "
        "the present ones; restart does not. If they differ still, the compose file does not hand them on: see "
        "environment: and env_file: there.",
        command,
    )


def _worse_inside(sides: Sides, words: frozenset[str]) -> Iterator[Note]:
    """Yield why the container fails where the host did not, with the same settings."""
    host = sides.settings.shown_host
    where = safe(f"{host}:{sides.settings.port}")
    if is_loopback(sides.settings.host or "") and words & _UNREACHED:
        yield Note(
            "inside-localhost",
            f"{safe(host)} is the container itself when the container says it, and no mail server listens there. Set "
            "SMTP_HOST to the mail server's service name in compose, or to host.docker.internal for one on this host "
            '(on Linux with extra_hosts: "host.docker.internal:host-gateway").',
        )
    elif sides.host_reached and words & _UNRESOLVED:
        yield Note(
            "inside-dns",
            f"This host knows the address of {safe(host)}, the container does not: docker's DNS. Look at dns: in the "
            "compose file, at the name servers in the container's /etc/resolv.conf, and at the hosts file here, which "
            "containers do not read.",
        )
    elif sides.host_reached and words & _UNREACHED:
        yield Note(
            "inside-unreached",
            f"This host reaches {where}, the container does not. A firewall may drop what docker forwards, the "
            "network may be internal: true, or MTU and VPN differ. Try from there: docker compose exec "
            f"{sides.service} nc -vz {safe(host)} {safe(sides.settings.port or '')}.",
        )
    elif sides.host_reached and any("CERT" in word or "ISSUER" in word for word in words) | _about_certificate(sides):
        yield Note(
            "inside-certificate",
            f"The container trusts fewer certificates than this check does (NODE_EXTRA_CA_CERTS there: "
            f"{sides.view.extra_ca}). Mount the authority's PEM file into it and name it in NODE_EXTRA_CA_CERTS.",
        )


def _about_certificate(sides: Sides) -> bool:
    verify = sides.view.verify
    return sides.report.server_ok and verify is not None and "certificate" in verify.message.lower()


def _better_inside(sides: Sides) -> Note:
    if not sides.same_settings:
        return Note("inside-better", "The container gets through with its own values; those of the file do not here.")
    return Note(
        "inside-better",
        "The container gets through where this host does not: a name or network that only containers have, or a way "
        "out that is open to them alone. What counts for the app is the container.",
    )
