"""The check of a sender: domain, MX, SPF, DKIM and DMARC looked up together, and judged for a provider.

Bounded by one deadline for all of it, one for each question, and MOST_QUESTIONS. A network that fails is a result, not
an exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from smtpwizard.dns.dkim import check_dkim, find_keys, find_keys_above
from smtpwizard.dns.dmarc import Policy, alignment_of, check_dmarc, find_policy, outside_reports
from smtpwizard.dns.domain import check_domain, check_mx, mx_hosts_of
from smtpwizard.dns.resolver import Dns, prepare
from smtpwizard.dns.sender import (
    Answer,
    Context,
    Sender,
    SenderCheck,
    SenderReport,
    State,
    context_of,
    name_servers,
    sender_of,
)
from smtpwizard.dns.spf import find_spf
from smtpwizard.dns.spf_check import check_spf
from smtpwizard.presets.schema import Provider
from smtpwizard.smtp.results import Status
from smtpwizard.text import safe

ALL: Final = ("domain", "mx", "spf", "dkim", "dmarc")
_BASICS: Final = ("MX", "A", "AAAA", "TXT")
_OFFLINE: Final = "No name server answered."
_WHAT_TO_DO: Final = "Check the network and the name server in /etc/resolv.conf, or name one with --nameserver."


async def check_sender(
    address: str,
    *,
    provider: Provider | None = None,
    timeout: float = 10.0,
    nameservers: Sequence[str] | None = None,
    port: int = 53,
) -> SenderReport:
    """Ask DNS about the domain of `address`, a mail address or a domain, and judge it for mail through `provider`.

    Takes `timeout` seconds at most. `nameservers` (IP addresses, each with `:port` if need be, else `port`) are asked
    in place of the machine's. InputError for what is neither address nor domain, or no name server.
    """
    sender = sender_of(address)
    servers = name_servers(nameservers, port)
    deadline = asyncio.get_running_loop().time() + timeout
    prepared = await prepare(sender.domain, servers, deadline)
    context = context_of(sender, provider, prepared.home if prepared else None)
    if prepared is None:
        return _unanswered(context)
    dns = Dns(prepared.resolver, deadline)
    try:
        return await _asked(dns, context)
    finally:
        dns.close()


def check_sender_blocking(
    address: str,
    *,
    provider: Provider | None = None,
    timeout: float = 10.0,
    nameservers: Sequence[str] | None = None,
    port: int = 53,
) -> SenderReport:
    """Do the same where no event loop runs: for a command."""
    return asyncio.run(check_sender(address, provider=provider, timeout=timeout, nameservers=nameservers, port=port))


async def _asked(dns: Dns, context: Context) -> SenderReport:
    answers = await asyncio.gather(*(dns.ask(context.domain, kind) for kind in _BASICS))
    if not any(answer.heard for answer in answers) and not (await dns.ask("", "NS")).heard:
        return _unanswered(context)
    domain = check_domain(context, tuple(answers))
    if domain.status is not Status.PASSED and not any(_exists(answer) for answer in answers):
        why = "The domain does not exist." if domain.status is Status.FAILED else "The domain could not be asked about."
        return _report(context, (domain, *(_skipped(id_, why) for id_ in ALL[1:])))
    mx, four, six, _ = answers
    hosts, spf, keys, policy = await asyncio.gather(
        mx_hosts_of(dns, mx), find_spf(dns, context), find_keys(dns, context), find_policy(dns, context.domain)
    )
    keys = await find_keys_above(dns, context, keys, policy.organisation or context.domain)
    alignment = alignment_of(context, dkim=keys.signed, spf=spf.aligned)
    return _report(
        context,
        (
            domain,
            check_mx(context, mx, hosts, (four, six)),
            check_spf(context, spf, signed=keys.signed),
            check_dkim(context, keys, spf_aligned=spf.aligned),
            check_dmarc(context, policy, alignment, permissions=await _permissions(dns, policy)),
        ),
    )


async def _permissions(dns: Dns, policy: Policy) -> tuple[tuple[str, Answer], ...]:
    outside = outside_reports(policy)
    answers = await asyncio.gather(*(dns.ask(name, "TXT") for _, name in outside))
    return tuple((domain, answer) for (domain, _), answer in zip(outside, answers, strict=True))


def _exists(answer: Answer) -> bool:
    return answer.state in (State.FOUND, State.EMPTY)


def _report(context: Context, checks: tuple[SenderCheck, ...], *, answered: bool = True) -> SenderReport:
    sender: Sender = context.sender
    name = context.provider.id if context.provider else None
    return SenderReport(safe(sender.address, limit=320), sender.domain, checks, name, answered)


def _unanswered(context: Context) -> SenderReport:
    first, *others = (_skipped(id_, _OFFLINE) for id_ in ALL)
    return _report(context, (first._replace(remedy=_WHAT_TO_DO), *others), answered=False)


def _skipped(id_: str, why: str) -> SenderCheck:
    return SenderCheck(id_, Status.SKIPPED, why)
