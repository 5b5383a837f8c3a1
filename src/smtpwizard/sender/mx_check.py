"""Where do replies and bounces to the sender go? MX records and what they lead to (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Final, NamedTuple

from smtpwizard.sender.answers import Answer, State, unknown_because
from smtpwizard.sender.case import Case
from smtpwizard.sender.lookup import Dns
from smtpwizard.sender.results import SenderCheck, Standing
from smtpwizard.text import safe

_ID = "mx"
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


def check_mx(case: Case, answer: Answer, hosts: tuple[Host, ...], addresses: tuple[Answer, Answer]) -> SenderCheck:
    """Return the check `mx`. `addresses` are the domain's own A and AAAA records."""
    domain = case.domain
    if not answer.known:
        return SenderCheck(_ID, Standing.SKIPPED, "The MX records are not known.", (unknown_because(answer),))
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
        return SenderCheck(_ID, Standing.FAILED, "No MX host can be reached.", (*faults, *aliases), _MAILBOX)
    if faults or aliases:
        remedy = "Correct these MX records, so that replies and bounces arrive."
        return SenderCheck(_ID, Standing.WARNED, summary, (*faults, *aliases), remedy)
    return SenderCheck(_ID, Standing.PASSED, summary)


def _null(domain: str) -> SenderCheck:
    detail = (
        "It can get neither replies nor bounces.",
        "Receivers may refuse mail from such a domain: 550 5.7.27 (RFC 7505 section 4.2).",
    )
    summary = f"{domain} says that it takes no mail (null MX, RFC 7505)."
    return SenderCheck(_ID, Standing.FAILED, summary, detail, _MAILBOX)


def _none(domain: str, addresses: tuple[Answer, Answer]) -> SenderCheck:
    if any(item.state is State.FOUND for item in addresses):
        summary = "There is no MX record; replies go to the domain's own address."
        detail = ("That is allowed (RFC 5321 section 5.1), but often no mail server runs there.",)
        return SenderCheck(
            _ID, Standing.WARNED, summary, detail, "Publish an MX record, or make sure that mail arrives."
        )
    unknown = next((item for item in addresses if not item.known), None)
    if unknown is not None:
        summary = "There is no MX record; whether the domain has an address is not known."
        return SenderCheck(_ID, Standing.SKIPPED, summary, (unknown_because(unknown),))
    lost = (
        "It can get neither replies nor bounces.",
        "Many servers refuse a sender whose domain has neither (Postfix: reject_unknown_sender_domain).",
    )
    return SenderCheck(_ID, Standing.FAILED, f"{domain} has neither an MX record nor an address.", lost, _MAILBOX)


def _is_own(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return parsed.is_loopback or parsed.is_unspecified
