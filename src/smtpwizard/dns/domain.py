"""The sender's domain: whether it exists, and where replies and bounces go (MX: RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from typing import Final

from smtpwizard.background import in_daemon_thread
from smtpwizard.dns.resolver import Dns
from smtpwizard.dns.sender import (
    Answer,
    Context,
    Owner,
    SenderCheck,
    State,
    is_example,
    probably_meant,
    undeliverable,
    unknown_because,
)
from smtpwizard.presets.schema import Kind, SenderRule
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.results import Status
from smtpwizard.text import safe

_DOMAIN_ID = "domain"
_OWN_DOMAIN = "Send from an address of a domain of your own."


def check_domain(context: Context, answers: tuple[Answer, ...]) -> SenderCheck:
    """Return the check `domain` from all that was answered about the name itself."""
    domain = context.domain
    missing = next((answer for answer in answers if answer.state is State.NO_NAME), None)
    exists = any(answer.state in (State.FOUND, State.EMPTY) for answer in answers)
    hint = _hint(domain)
    why = undeliverable(domain)
    if why and (missing or is_example(domain) or not exists):
        summary = f"{domain} is no domain on the internet: {why}."
        return SenderCheck(_DOMAIN_ID, Status.FAILED, summary, ("Receivers refuse mail from it.",), _OWN_DOMAIN)
    if missing:
        return SenderCheck(
            _DOMAIN_ID, Status.FAILED, f"{domain} does not exist.", _missing(domain, missing, hint), _fix(hint)
        )
    if not exists:
        return _not_known(domain, answers)
    if why:
        detail = ("The name server that was asked knows it, but no receiver outside of your network does.",)
        return SenderCheck(_DOMAIN_ID, Status.WARNED, f"{domain} is a private name: {why}.", detail, _OWN_DOMAIN)
    if context.owner is Owner.OTHERS:
        return _others(context)
    if context.owner is Owner.PROVIDER:
        detail = (f"Its records are {context.by}'s own: there is nothing for you to publish.",)
        return SenderCheck(_DOMAIN_ID, Status.PASSED, f"{domain} is a domain of {context.by}'s mailboxes.", detail)
    if context.provider is not None and context.provider.kind is Kind.MAILBOX and context.provider.mail_domains:
        return _not_the_account(context)
    return SenderCheck(_DOMAIN_ID, Status.PASSED, f"{domain} exists.", (hint,) if hint else ())


def _hint(domain: str) -> str:
    meant = probably_meant(domain)
    return f"It is one slip away from {meant}." if meant else ""


def _missing(domain: str, answer: Answer, hint: str) -> tuple[str, ...]:
    zone = safe(answer.zone)
    fact = "" if zone else "The name server named no zone for that; one that is cut off from the internet does so, too."
    if zone and zone != domain and domain.endswith(f".{zone}"):
        fact = f"{zone} exists, but has no such name below it."
        if "." not in zone:
            fact = f"The registry of .{zone} does not know it: it is not registered, or has expired."
    return tuple(line for line in ("Receivers refuse mail from it (NXDOMAIN).", fact, hint) if line)


def _fix(hint: str) -> str:
    return "Correct the sender." if hint else "Check the spelling of the sender, and whether the domain is registered."


def _not_known(domain: str, answers: tuple[Answer, ...]) -> SenderCheck:
    heard = next((answer for answer in answers if answer.state is State.REFUSED), answers[0])
    detail: tuple[str, ...] = (unknown_because(heard),)
    if heard.state is State.REFUSED:
        detail += (
            "Often the domain's own name servers are down, or its DNSSEC is broken: receivers then put mail off.",
        )
    remedy = "Try again in some minutes. If it stays so, ask whoever looks after the domain's DNS."
    return SenderCheck(_DOMAIN_ID, Status.SKIPPED, f"Nothing can be said about {domain}.", detail, remedy)


def _others(context: Context) -> SenderCheck:
    summary = f"{context.domain} is a public mailbox domain of another provider."
    if context.provider is None:
        detail = (
            "Only its own provider can send from it: others can neither sign for it nor stand in its SPF record.",
        )
        remedy = "Use that provider's SMTP server, or send from an address of a domain of your own."
        return SenderCheck(_DOMAIN_ID, Status.WARNED, summary, detail, remedy)
    detail = (
        f"{context.by} can neither sign for it nor stand in its SPF record, so its mail never aligns "
        "(RFC 9989 section 4.4) and counts as forged.",
    )
    return SenderCheck(
        _DOMAIN_ID, Status.FAILED, summary, detail, f"{_OWN_DOMAIN} Set that domain up with {context.by}."
    )


def _not_the_account(context: Context) -> SenderCheck:
    """A personal mailbox and a sender of another domain: the provider refuses or replaces the sender."""
    provider = context.provider
    assert provider is not None
    summary = f"{context.domain} exists, but is not {provider.name}'s: an account there sends as itself."
    rule = f"{provider.name} accepts as the sender: {provider.sender.hint}"
    if provider.sender.rule is not SenderRule.ACCOUNT:
        return SenderCheck(_DOMAIN_ID, Status.PASSED, f"{context.domain} exists.")
    remedy = f"Send as the account's own address, or through a provider where {context.domain} is set up."
    return SenderCheck(_DOMAIN_ID, Status.WARNED, summary, (rule,), remedy)


_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
"""What a host name in DNS may look like; anything else in an answer is dropped, not shown."""

_MOST: Final = 20
"""Hosts that are returned at most. Large providers have five."""


async def mx_hosts(
    domain: str, *, timeout: float = 3.0, nameservers: Sequence[str] | None = None, port: int = 53
) -> tuple[str, ...]:
    """Return the MX hosts of `domain` in the order of preference, in lower case and without the final dot.

    Empty on any failure: no such domain, no MX, a null MX (RFC 7505), SERVFAIL, no name server, no network, or no
    answer within `timeout` seconds. `nameservers` are IP addresses to ask at `port` in place of the system's.
    """
    try:
        return await in_daemon_thread(
            lambda: look_up(domain, timeout=timeout, nameservers=nameservers, port=port),
            timeout=timeout,
            name="mx look-up",
        )
    except TimeoutError:
        return ()


def look_up(domain: str, *, timeout: float, nameservers: Sequence[str] | None, port: int) -> tuple[str, ...]:
    """Do the work of `mx_hosts()` in the calling thread, which it blocks for `timeout` seconds at most."""
    import dns.exception
    import dns.name
    import dns.resolver

    if not domain.strip(" ."):
        return ()
    try:
        resolver = dns.resolver.Resolver(configure=nameservers is None)
        if nameservers is not None:
            resolver.nameservers = list(nameservers)
            resolver.port = port
        name = dns.name.from_text(domain.strip())  # absolute: no search list of the machine is added
        found = resolver.resolve(name, "MX", lifetime=timeout, search=False)
        ranked = sorted((record.preference, str(record.exchange).rstrip(".").lower()) for record in found)
    except (dns.exception.DNSException, OSError, ValueError):
        return ()
    return tuple(dict.fromkeys(host for _, host in ranked if _HOST.fullmatch(host)))[:_MOST]


_MX_ID = "mx"
MOST_HOSTS: Final = 5
"""MX hosts whose addresses are looked up."""
_MAILBOX = "Give the domain MX records of a mail provider, or send from a domain that has them."


class Host(NamedTuple):
    """An MX host and its addresses."""

    name: str
    four: Answer
    six: Answer

    @property
    def fault(self) -> str:
        """What is wrong with it, as a sentence; empty where nothing is, or nothing can be said."""
        shown = safe(self.name, limit=100)
        addresses = self.four.addresses + self.six.addresses
        if self.name == "localhost" or (addresses and all(_is_own(address) for address in addresses)):
            return f"{shown} is the receiver's own machine: mail to it goes nowhere."
        if addresses and all(not ipaddress.ip_address(address).is_global for address in addresses):
            return f"{shown} has private addresses only: nobody outside reaches it."
        if self.four.void and self.six.void:
            missing = self.four.state is State.NO_NAME
            return f"{shown} {'does not exist' if missing else 'has no address'}."
        return ""

    @property
    def alias(self) -> str:
        """A remark where the host is an alias, which it must not be (RFC 2181 section 10.3)."""
        aliases = self.four.aliases or self.six.aliases
        name = safe(self.name, limit=100)
        return f"{name} is an alias of {safe(aliases[-1], limit=100)}; an MX must not be one." if aliases else ""


async def mx_hosts_of(dns: Dns, answer: Answer) -> tuple[Host, ...]:
    """Look up the addresses of the first MX hosts."""

    async def host(name: str) -> Host:
        four, six = await asyncio.gather(dns.ask(name, "A"), dns.ask(name, "AAAA"))
        return Host(name, four, six)

    names = dict.fromkeys(name for _, name in answer.hosts if name)
    return tuple(await asyncio.gather(*(host(name) for name in list(names)[:MOST_HOSTS])))


def check_mx(
    context: Context, answer: Answer, hosts: tuple[Host, ...], addresses: tuple[Answer, Answer]
) -> SenderCheck:
    """Return the check `mx`. `addresses` are the domain's own A and AAAA records."""
    domain = context.domain
    if not answer.known:
        return SenderCheck(_MX_ID, Status.SKIPPED, "The MX records are not known.", (unknown_because(answer),))
    names = [name for _, name in answer.hosts]
    if names and not any(names):
        return _null(domain)
    if not names:
        return _none(domain, addresses)
    shown = ", ".join(safe(name, limit=100) for name in names[:MOST_HOSTS] if name)
    more = len(names) - MOST_HOSTS
    summary = f"Replies go to {shown}{f' and {more} more' if more > 0 else ''}."
    faults = [host.fault for host in hosts if host.fault]
    aliases = tuple(host.alias for host in hosts if host.alias)
    if "" in names:
        faults.append("A null MX stands beside others; receivers may heed either (RFC 7505 section 3).")
    if hosts and more <= 0 and all(host.fault for host in hosts):
        return SenderCheck(_MX_ID, Status.FAILED, "No MX host can be reached.", (*faults, *aliases), _MAILBOX)
    if faults or aliases:
        remedy = "Correct these MX records, so that replies and bounces arrive."
        return SenderCheck(_MX_ID, Status.WARNED, summary, (*faults, *aliases), remedy)
    return SenderCheck(_MX_ID, Status.PASSED, summary)


def _null(domain: str) -> SenderCheck:
    detail = (
        "It can get neither replies nor bounces.",
        "Receivers may refuse mail from such a domain: 550 5.7.27 (RFC 7505 section 4.2).",
    )
    summary = f"{domain} says that it takes no mail (null MX, RFC 7505)."
    return SenderCheck(_MX_ID, Status.FAILED, summary, detail, _MAILBOX)


def _none(domain: str, addresses: tuple[Answer, Answer]) -> SenderCheck:
    if any(item.state is State.FOUND for item in addresses):
        summary = "There is no MX record; replies go to the domain's own address."
        detail = ("That is allowed (RFC 5321 section 5.1), but often no mail server runs there.",)
        return SenderCheck(
            _MX_ID, Status.WARNED, summary, detail, "Publish an MX record, or make sure that mail arrives."
        )
    unknown = next((item for item in addresses if not item.known), None)
    if unknown is not None:
        summary = "There is no MX record; whether the domain has an address is not known."
        return SenderCheck(_MX_ID, Status.SKIPPED, summary, (unknown_because(unknown),))
    lost = (
        "It can get neither replies nor bounces.",
        "Many servers refuse a sender whose domain has neither (Postfix: reject_unknown_sender_domain).",
    )
    return SenderCheck(_MX_ID, Status.FAILED, f"{domain} has neither an MX record nor an address.", lost, _MAILBOX)


def _is_own(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return parsed.is_loopback or parsed.is_unspecified
