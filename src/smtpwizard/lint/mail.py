"""The sender and the links: what the app puts into its mails, and what receivers and readers make of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from smtpwizard.addresses import domain_of, is_address, is_freemail, is_loopback, is_placeholder, is_private_host
from smtpwizard.apps.profile import Role
from smtpwizard.lint.context import (
    NO_REPAIR,
    Context,
    host_parts,
    is_host_name,
    misspelt,
    one_line,
    shown,
    tidy,
    trim_ends,
)
from smtpwizard.presets.schema import Kind, Provider, SenderRule
from smtpwizard.problems import Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.text import safe


def check_sender(context: Context) -> Iterator[Problem]:
    """Yield what is wrong with the form; for a single address also its domain and the provider's rule."""
    text = context.settings.sender
    if not text:
        return
    if not is_address(context.sender):
        yield _no_address(context, text)
        return
    spec = context.app.spec(Role.SENDER)
    bare = context.app.from_name or (spec is not None and spec.format == "address")
    if text != context.sender and (bare or tidy(text) == context.sender):
        yield _sender_form(context, text)
    if not context.sender.partition("@")[0].isascii():
        message = "The part before the @ is not ASCII; only servers with SMTPUTF8 (RFC 6531) take that. Use another."
        yield context.finding("sender-not-ascii", Severity.WARNING, Role.SENDER, message)
    if not context.captured:
        yield from _domain(context, domain_of(context.sender))
        if context.provider is not None:
            yield from _accepted(context, context.provider)


def _no_address(context: Context, text: str) -> Problem:
    several = text.count("@") > 1
    fact = (
        f"{context.variable(Role.SENDER)} holds more than one address"
        if several
        else f"{context.variable(Role.SENDER)}, `{shown(text)}`, is no mail address"
    )
    severity = Severity.ERROR if context.public or not trim_ends(text) else Severity.WARNING
    name = "sender-several" if several else "sender-not-address"
    return context.finding(
        name, severity, Role.SENDER, f"{fact}; servers refuse it. Write one, such as noreply@your-domain."
    )


def _sender_form(context: Context, text: str) -> Problem:
    right = context.put(Role.SENDER, context.sender)
    if trim_ends(text) == context.sender:
        message = f"{context.variable(Role.SENDER)} has blanks around the address. Trim it."
        return context.finding("sender-blanks", Severity.WARNING, Role.SENDER, message, right)
    if tidy(text) == context.sender:
        message = f"{context.variable(Role.SENDER)} is in quotes, which become part of the address. Take them off."
        return context.finding("sender-quotes", Severity.WARNING, Role.SENDER, message, right)
    if not context.app.from_name:
        message = (
            f"{context.variable(Role.SENDER)} holds more than a bare address, and {context.app.name} takes that alone. "
            f"Write {shown(context.sender)}."
        )
        return context.finding("sender-display-name", Severity.WARNING, Role.SENDER, message, right)
    message = (
        f"{context.variable(Role.SENDER)} holds more than a bare address. The app puts "
        f'`"{context.app.from_name}" <` and `>` around it, which garbles '
        f"the From line. Write {shown(context.sender)} alone."
    )
    return context.finding("sender-display-name", Severity.WARNING, Role.SENDER, message, right)


def _domain(context: Context, domain: str) -> Iterator[Problem]:
    if is_placeholder(domain) and context.public:
        message = f"{shown(domain)} is a domain for examples; receivers refuse mail from it. Use one of your own."
        yield context.finding("sender-example", Severity.WARNING, Role.SENDER, message)
    elif "." not in domain and not domain.startswith("[") and context.public:
        message = f"{shown(domain)} is no domain on the internet; receivers refuse mail from it. Use one of your own."
        yield context.finding("sender-local", Severity.WARNING, Role.SENDER, message)
    elif context.public and context.sender != context.username:  # the user name's slip is told with it
        right, question = misspelt(context.sender)
        if right:
            repair = context.put(Role.SENDER, right)
            yield context.finding("sender-domain-misspelt", Severity.WARNING, Role.SENDER, question, repair)


def _accepted(context: Context, provider: Provider) -> Iterator[Problem]:
    rule, domain, user = provider.sender.rule, domain_of(context.sender), context.username
    if rule is SenderRule.ACCOUNT and is_address(user) and context.sender.lower() != user.lower():
        message = f"The sender is not the account that logs in. {safe(provider.sender.hint)}"
        yield context.finding(
            "sender-not-account", Severity.WARNING, Role.SENDER, message, context.put(Role.SENDER, user)
        )
    elif provider.kind is Kind.RELAY and is_freemail(domain):
        message = (
            f"{provider.name} cannot sign for {domain}, so receivers take such mail for forged. "
            "Use an address of a domain of your own that is set up there."
        )
        yield context.finding("sender-freemail", Severity.WARNING, Role.SENDER, message)


_URL: Final = r"(?i)(https?)://([^/?#\s@]+)([^?#\s]*)"


def check_links(context: Context) -> Iterator[Problem]:
    """Yield what is wrong with the form of the address, then where its links lead."""
    text = context.settings.url
    if text == "" or Role.URL in context.misnamed:
        return  # `startup` tells these
    spec = context.app.spec(Role.URL)
    if spec is None or not (text or spec.default):
        return  # `startup` tells it where the app needs one
    right = _right(text or spec.default)
    if text is not None and right != text:
        yield _link_form(context, text, right)
    yield from _target(context, right, given=text is not None)


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


def _link_form(context: Context, text: str, right: str) -> Problem:
    repair = context.put(Role.URL, right) if right else NO_REPAIR
    if not right:
        message = (
            f"{context.variable(Role.URL)} is not a web address, so the links in mails do not open. Write https:// "
            "and the name."
        )
        return context.finding("links-not-url", Severity.WARNING, Role.URL, message)
    if text.rstrip("/") == right:
        message = f"{context.variable(Role.URL)} ends in a slash, so links in mails have two (`//link/…`). Take it off."
        return context.finding("links-slash", Severity.WARNING, Role.URL, message, repair)
    if "://" not in text:
        message = (
            f"{context.variable(Role.URL)} lacks https:// or http://, so links in mails do not open. Put it before "
            "the name."
        )
        return context.finding("links-no-scheme", Severity.WARNING, Role.URL, message, repair)
    message = (
        f"{context.variable(Role.URL)} holds more than the address, and the links are put behind it. Write "
        f"{shown(right)} alone."
    )
    return context.finding("links-junk", Severity.WARNING, Role.URL, message, repair)


def _target(context: Context, url: str, *, given: bool) -> Iterator[Problem]:
    found = re.fullmatch(_URL, url)
    if not found:
        return
    host = host_parts(found[2]).name
    quiet = context.captured
    if is_loopback(host):
        fact = f"Links in mails point to {shown(url)}" + (
            "" if given else f", since {context.variable(Role.URL)} is not set"
        )
        message = (
            f"{fact}: they open on no other machine. Set {context.variable(Role.URL)} to the address that people use."
        )
        yield context.finding("links-localhost", Severity.INFO if quiet else Severity.WARNING, Role.URL, message)
    elif is_private_host(host):
        message = f"Links in mails point to {shown(host)}, which opens only inside your network."
        yield context.finding("links-private", Severity.INFO, Role.URL, message)
    elif found[1] == "http":
        message = "Links in mails use http, so password-reset codes travel in clear. Use https where the site has it."
        yield context.finding("links-http", Severity.INFO, Role.URL, message)


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
    return Problem.of(sign.name, Severity.WARNING, None, message)


def _beyond_ascii(recipient: str) -> Problem:
    message = (
        f"The link in the mail to {shown(recipient)} has letters beyond ASCII, since the app does not encode the "
        "address. Browsers read them rightly; some mail programs end the link there. Try it in the one that users have."
    )
    return Problem.of("links-not-ascii", Severity.INFO, None, message)
