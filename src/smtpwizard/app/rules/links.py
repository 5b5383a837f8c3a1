"""ADMIN_WEB_URL: what every link and picture in the app's mails begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.hosts import is_loopback, is_private_host
from smtpwizard.app.repair import NO_REPAIR, finding, put, shown
from smtpwizard.app.values import host_parts, is_host_name, one_line, tidy
from smtpwizard.findings import Finding, Severity

_VARIABLE: Final = "ADMIN_WEB_URL"
DEFAULT: Final = "http://localhost:3000"
"""What the app takes where the variable is not set."""
_URL: Final = r"(?i)(https?)://([^/?#\s@]+)([^?#\s]*)"


def check(case: Case) -> Iterator[Finding]:
    """Yield the form first; where people would land only for an address that is one."""
    text = case.settings.admin_web_url
    if text == "" or _VARIABLE in case.legacy:
        return  # `start` and `legacy` tell these
    right = _right(text or DEFAULT)
    if text is not None and right != text:
        yield _form(text, right)
    yield from _target(case, right, given=text is not None)


def _right(text: str) -> str:
    """Return the address that is meant, or nothing where none can be made out."""
    bare = one_line(tidy(text)).strip(" ,;")
    if "://" not in bare:
        host = host_parts(bare).name
        if not is_host_name(host) or ("." not in host and host.lower() != "localhost"):
            return ""
        bare = ("http://" if is_private_host(host) else "https://") + bare.lstrip("/")
    found = re.match(_URL, bare)
    return f"{found[1].lower()}://{found[2]}{found[3].rstrip('/')}" if found and host_parts(found[2]).name else ""


def _form(text: str, right: str) -> Finding:
    repair = put(_VARIABLE, right) if right else NO_REPAIR
    if not right:
        message = "ADMIN_WEB_URL is not a web address, so the links in mails do not open. Write https:// and the name."
        return finding("links-not-url", Severity.WARNING, _VARIABLE, message)
    if text.rstrip("/") == right:
        message = "ADMIN_WEB_URL ends in a slash, so links in mails have two (`//link/…`). Take it off."
        return finding("links-slash", Severity.WARNING, _VARIABLE, message, repair)
    if "://" not in text:
        message = "ADMIN_WEB_URL lacks https:// or http://, so links in mails do not open. Put it before the name."
        return finding("links-no-scheme", Severity.WARNING, _VARIABLE, message, repair)
    message = f"ADMIN_WEB_URL holds more than the address, and the links are put behind it. Write {shown(right)} alone."
    return finding("links-junk", Severity.WARNING, _VARIABLE, message, repair)


def _target(case: Case, url: str, *, given: bool) -> Iterator[Finding]:
    found = re.fullmatch(_URL, url)
    if not found:
        return
    host = host_parts(found[2]).name
    quiet = case.captured
    if is_loopback(host):
        fact = f"Links in mails point to {shown(url)}" + ("" if given else ", since ADMIN_WEB_URL is not set")
        message = f"{fact}: they open on no other machine. Set ADMIN_WEB_URL to the address that people use."
        yield finding("links-localhost", Severity.INFO if quiet else Severity.WARNING, _VARIABLE, message)
    elif is_private_host(host):
        message = f"Links in mails point to {shown(host)}, which opens only inside your network."
        yield finding("links-private", Severity.INFO, _VARIABLE, message)
    elif found[1] == "http":
        message = "Links in mails use http, so password-reset codes travel in clear. Use https where the site has it."
        yield finding("links-http", Severity.INFO, _VARIABLE, message)
