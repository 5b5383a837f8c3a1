"""Does the sender's domain exist, and may this provider use it? Judges answers; asks nobody."""

from __future__ import annotations

from smtpwizard.preset_schema import Kind, SenderRule
from smtpwizard.sender.answers import Answer, State, unknown_because
from smtpwizard.sender.case import Case, Owner
from smtpwizard.sender.names import is_example, probably_meant, undeliverable
from smtpwizard.sender.results import SenderCheck, Standing
from smtpwizard.text import safe

_ID = "domain"
_OWN_DOMAIN = "Send from an address of a domain of your own."


def check_domain(case: Case, answers: tuple[Answer, ...]) -> SenderCheck:
    """Return the check `domain` from all that was answered about the name itself."""
    domain = case.domain
    missing = next((answer for answer in answers if answer.state is State.NO_NAME), None)
    exists = any(answer.state in (State.FOUND, State.EMPTY) for answer in answers)
    hint = _hint(domain)
    why = undeliverable(domain)
    if why and (missing or is_example(domain) or not exists):
        summary = f"{domain} is no domain on the internet: {why}."
        return SenderCheck(_ID, Standing.FAILED, summary, ("Receivers refuse mail from it.",), _OWN_DOMAIN)
    if missing:
        return SenderCheck(
            _ID, Standing.FAILED, f"{domain} does not exist.", _missing(domain, missing, hint), _fix(hint)
        )
    if not exists:
        return _not_known(domain, answers)
    if why:
        detail = ("The name server that was asked knows it, but no receiver outside of your network does.",)
        return SenderCheck(_ID, Standing.WARNED, f"{domain} is a private name: {why}.", detail, _OWN_DOMAIN)
    if case.owner is Owner.OTHERS:
        return _others(case)
    if case.owner is Owner.PROVIDER:
        detail = (f"Its records are {case.by}'s own: there is nothing for you to publish.",)
        return SenderCheck(_ID, Standing.PASSED, f"{domain} is a domain of {case.by}'s mailboxes.", detail)
    if case.provider is not None and case.provider.kind is Kind.MAILBOX and case.provider.mail_domains:
        return _not_the_account(case)
    return SenderCheck(_ID, Standing.PASSED, f"{domain} exists.", (hint,) if hint else ())


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
    return (
        "Correct SMTP_SENDER." if hint else "Check the spelling in SMTP_SENDER, and whether the domain is registered."
    )


def _not_known(domain: str, answers: tuple[Answer, ...]) -> SenderCheck:
    heard = next((answer for answer in answers if answer.state is State.REFUSED), answers[0])
    detail: tuple[str, ...] = (unknown_because(heard),)
    if heard.state is State.REFUSED:
        detail += (
            "Often the domain's own name servers are down, or its DNSSEC is broken: receivers then put mail off.",
        )
    remedy = "Try again in some minutes. If it stays so, ask whoever looks after the domain's DNS."
    return SenderCheck(_ID, Standing.SKIPPED, f"Nothing can be said about {domain}.", detail, remedy)


def _others(case: Case) -> SenderCheck:
    summary = f"{case.domain} is a public mailbox domain of another provider."
    if case.provider is None:
        detail = (
            "Only its own provider can send from it: others can neither sign for it nor stand in its SPF record.",
        )
        remedy = "Use that provider's SMTP server, or send from an address of a domain of your own."
        return SenderCheck(_ID, Standing.WARNED, summary, detail, remedy)
    detail = (
        f"{case.by} can neither sign for it nor stand in its SPF record, so its mail never aligns "
        "(RFC 9989 section 4.4) and counts as forged.",
    )
    return SenderCheck(_ID, Standing.FAILED, summary, detail, f"{_OWN_DOMAIN} Set that domain up with {case.by}.")


def _not_the_account(case: Case) -> SenderCheck:
    """A personal mailbox and a sender of another domain: the provider refuses or replaces the sender."""
    provider = case.provider
    assert provider is not None
    summary = f"{case.domain} exists, but is not {provider.name}'s: an account there sends as itself."
    rule = f"{provider.name} accepts as the sender: {provider.sender.hint}"
    if provider.sender.rule is not SenderRule.ACCOUNT:
        return SenderCheck(_ID, Standing.PASSED, f"{case.domain} exists.")
    remedy = f"Send as the account's own address, or through a provider where {case.domain} is set up."
    return SenderCheck(_ID, Standing.WARNED, summary, (rule,), remedy)
