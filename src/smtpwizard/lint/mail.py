"""SMTP_SENDER: the app puts it between `"User feedback" <` and `>`, so it has to be a bare address that is accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from smtpwizard.addresses import domain_of, is_address
from smtpwizard.hosts import is_freemail, is_loopback, is_placeholder, is_private_host
from smtpwizard.lint.context import (
    NO_REPAIR,
    Case,
    finding,
    host_parts,
    is_host_name,
    one_line,
    put,
    shown,
    tidy,
    trim_ends,
)
from smtpwizard.presets.schema import Kind, Provider, SenderRule
from smtpwizard.problems import Problem, Severity
from smtpwizard.text import safe

_SENDER_VARIABLE: Final = "SMTP_SENDER"


def check_sender(case: Case) -> Iterator[Problem]:
    """Yield the form first; the domain and the provider's rule only for a single address."""
    text = case.settings.sender
    if not text:
        return
    if not is_address(case.sender):
        yield _no_address(case, text)
        return
    if text != case.sender:
        yield _sender_form(case, text)
    if not case.sender.partition("@")[0].isascii():
        message = "The part before the @ is not ASCII; only servers with SMTPUTF8 (RFC 6531) take that. Use another."
        yield finding("sender-not-ascii", Severity.WARNING, _SENDER_VARIABLE, message)
    if not case.captured:
        yield from _domain(case, domain_of(case.sender))
        if case.provider is not None:
            yield from _accepted(case, case.provider)


def _no_address(case: Case, text: str) -> Problem:
    several = text.count("@") > 1
    fact = "SMTP_SENDER holds more than one address" if several else f"SMTP_SENDER, `{shown(text)}`, is no mail address"
    severity = Severity.ERROR if case.public or not trim_ends(text) else Severity.WARNING
    name = "sender-several" if several else "sender-not-address"
    return finding(
        name, severity, _SENDER_VARIABLE, f"{fact}; servers refuse it. Write one, such as noreply@your-domain."
    )


def _sender_form(case: Case, text: str) -> Problem:
    right = put(_SENDER_VARIABLE, case.sender)
    if trim_ends(text) == case.sender:
        message = "SMTP_SENDER has blanks around the address. Trim it."
        return finding("sender-blanks", Severity.WARNING, _SENDER_VARIABLE, message, right)
    if tidy(text) == case.sender:
        message = "SMTP_SENDER is in quotes, which become part of the address. Take them off."
        return finding("sender-quotes", Severity.WARNING, _SENDER_VARIABLE, message, right)
    message = (
        'SMTP_SENDER holds more than a bare address. The app puts `"User feedback" <` and `>` around it, which garbles '
        f"the From line. Write {shown(case.sender)} alone."
    )
    return finding("sender-display-name", Severity.WARNING, _SENDER_VARIABLE, message, right)


def _domain(case: Case, domain: str) -> Iterator[Problem]:
    if is_placeholder(domain) and case.public:
        message = f"{shown(domain)} is a domain for examples; receivers refuse mail from it. Use one of your own."
        yield finding("sender-example", Severity.WARNING, _SENDER_VARIABLE, message)
    elif "." not in domain and not domain.startswith("[") and case.public:
        message = f"{shown(domain)} is no domain on the internet; receivers refuse mail from it. Use one of your own."
        yield finding("sender-local", Severity.WARNING, _SENDER_VARIABLE, message)


def _accepted(case: Case, provider: Provider) -> Iterator[Problem]:
    rule, domain, user = provider.sender.rule, domain_of(case.sender), case.username
    if rule is SenderRule.ACCOUNT and is_address(user) and case.sender.lower() != user.lower():
        message = f"The sender is not the account that logs in. {safe(provider.sender.hint)}"
        yield finding("sender-not-account", Severity.WARNING, _SENDER_VARIABLE, message, put(_SENDER_VARIABLE, user))
    elif provider.kind is Kind.RELAY and is_freemail(domain):
        message = (
            f"{provider.name} cannot sign for {domain}, so receivers take such mail for forged. "
            "Use an address of a domain of your own that is set up there."
        )
        yield finding("sender-freemail", Severity.WARNING, _SENDER_VARIABLE, message)


_LINKS_VARIABLE: Final = "ADMIN_WEB_URL"
DEFAULT: Final = "http://localhost:3000"
"""What the app takes where the variable is not set."""
_URL: Final = r"(?i)(https?)://([^/?#\s@]+)([^?#\s]*)"


def check_links(case: Case) -> Iterator[Problem]:
    """Yield the form first; where people would land only for an address that is one."""
    text = case.settings.admin_web_url
    if text == "" or _LINKS_VARIABLE in case.legacy:
        return  # `start` and `legacy` tell these
    right = _right(text or DEFAULT)
    if text is not None and right != text:
        yield _link_form(text, right)
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


def _link_form(text: str, right: str) -> Problem:
    repair = put(_LINKS_VARIABLE, right) if right else NO_REPAIR
    if not right:
        message = "ADMIN_WEB_URL is not a web address, so the links in mails do not open. Write https:// and the name."
        return finding("links-not-url", Severity.WARNING, _LINKS_VARIABLE, message)
    if text.rstrip("/") == right:
        message = "ADMIN_WEB_URL ends in a slash, so links in mails have two (`//link/…`). Take it off."
        return finding("links-slash", Severity.WARNING, _LINKS_VARIABLE, message, repair)
    if "://" not in text:
        message = "ADMIN_WEB_URL lacks https:// or http://, so links in mails do not open. Put it before the name."
        return finding("links-no-scheme", Severity.WARNING, _LINKS_VARIABLE, message, repair)
    message = f"ADMIN_WEB_URL holds more than the address, and the links are put behind it. Write {shown(right)} alone."
    return finding("links-junk", Severity.WARNING, _LINKS_VARIABLE, message, repair)


def _target(case: Case, url: str, *, given: bool) -> Iterator[Problem]:
    found = re.fullmatch(_URL, url)
    if not found:
        return
    host = host_parts(found[2]).name
    quiet = case.captured
    if is_loopback(host):
        fact = f"Links in mails point to {shown(url)}" + ("" if given else ", since ADMIN_WEB_URL is not set")
        message = f"{fact}: they open on no other machine. Set ADMIN_WEB_URL to the address that people use."
        yield finding("links-localhost", Severity.INFO if quiet else Severity.WARNING, _LINKS_VARIABLE, message)
    elif is_private_host(host):
        message = f"Links in mails point to {shown(host)}, which opens only inside your network."
        yield finding("links-private", Severity.INFO, _LINKS_VARIABLE, message)
    elif found[1] == "http":
        message = "Links in mails use http, so password-reset codes travel in clear. Use https where the site has it."
        yield finding("links-http", Severity.INFO, _LINKS_VARIABLE, message)


class _Sign(NamedTuple):
    character: str
    pattern: str
    """Where it breaks the link."""
    name: str
    """Of the finding."""
    meaning: str
    """What it does in a link."""


_SIGNS: Final = (
    _Sign("+", r"\+", "links-plus", "stands for a blank"),
    _Sign("&", "&", "links-ampersand", "ends the value"),
    _Sign("#", "#", "links-hash", "ends the query"),
    _Sign("%", "%[0-9A-Fa-f]{2}", "links-percent", "begins an encoded character"),
)


def read_back(recipient: str) -> str:
    """Return the address that the app's page reads from a link with `recipient` in it unencoded."""
    return unquote(recipient.split("#")[0].split("&")[0].replace("+", " "), errors="replace")


def recipient_findings(recipient: str, *, link: bool = True) -> tuple[Problem, ...]:
    """Return what to know of a recipient before a mail with a link goes there; nothing for a mail without (`link`).

    `recipient` is the address as given, its domain not yet in Punycode: that is what the app puts into the link.
    """
    if not link:
        return ()
    found = [_broken(recipient, sign) for sign in _SIGNS if re.search(sign.pattern, recipient)]
    if not recipient.isascii():
        found.append(_beyond_ascii(recipient))
    return tuple(found)


def _broken(recipient: str, sign: _Sign) -> Problem:
    message = (
        f"The link in the mail to {shown(recipient)} is read as for “{shown(read_back(recipient))}”, so it does not "
        f"work: the app does not encode the address, and {sign.character} {sign.meaning}. Test with an address without "
        f"{sign.character}. Users who have one can neither reset a password nor accept an invitation."
    )
    return finding(sign.name, Severity.WARNING, None, message)


def _beyond_ascii(recipient: str) -> Problem:
    message = (
        f"The link in the mail to {shown(recipient)} has letters beyond ASCII, since the app does not encode the "
        "address. Browsers read them rightly; some mail programs end the link there. Try it in the one that users have."
    )
    return finding("links-not-ascii", Severity.INFO, None, message)
