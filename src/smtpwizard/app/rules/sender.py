"""SMTP_SENDER: the app puts it between `"User feedback" <` and `>`, so it has to be a bare address that is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.domains import is_freemail, is_placeholder
from smtpwizard.app.repair import finding, put, shown
from smtpwizard.app.values import domain_of, is_address, tidy, trim_ends
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import Kind, Provider, SenderRule
from smtpwizard.text import safe

_VARIABLE: Final = "SMTP_SENDER"


def check(case: Case) -> Iterator[Finding]:
    """Yield the form first; the domain and the provider's rule only for a single address."""
    text = case.settings.sender
    if not text:
        return
    if not is_address(case.sender):
        yield _no_address(case, text)
        return
    if text != case.sender:
        yield _form(case, text)
    if not case.sender.partition("@")[0].isascii():
        message = "The part before the @ is not ASCII; only servers with SMTPUTF8 (RFC 6531) take that. Use another."
        yield finding("sender-not-ascii", Severity.WARNING, _VARIABLE, message)
    if not case.captured:
        yield from _domain(case, domain_of(case.sender))
        if case.provider is not None:
            yield from _accepted(case, case.provider)


def _no_address(case: Case, text: str) -> Finding:
    several = text.count("@") > 1
    fact = "SMTP_SENDER holds more than one address" if several else f"SMTP_SENDER, `{shown(text)}`, is no mail address"
    severity = Severity.ERROR if case.public or not trim_ends(text) else Severity.WARNING
    name = "sender-several" if several else "sender-not-address"
    return finding(name, severity, _VARIABLE, f"{fact}; servers refuse it. Write one, such as noreply@your-domain.")


def _form(case: Case, text: str) -> Finding:
    right = put(_VARIABLE, case.sender)
    if trim_ends(text) == case.sender:
        message = "SMTP_SENDER has blanks around the address. Trim it."
        return finding("sender-blanks", Severity.WARNING, _VARIABLE, message, right)
    if tidy(text) == case.sender:
        message = "SMTP_SENDER is in quotes, which become part of the address. Take them off."
        return finding("sender-quotes", Severity.WARNING, _VARIABLE, message, right)
    message = (
        'SMTP_SENDER holds more than a bare address. The app puts `"User feedback" <` and `>` around it, which garbles '
        f"the From line. Write {shown(case.sender)} alone."
    )
    return finding("sender-display-name", Severity.WARNING, _VARIABLE, message, right)


def _domain(case: Case, domain: str) -> Iterator[Finding]:
    if is_placeholder(domain) and case.public:
        message = f"{shown(domain)} is a domain for examples; receivers refuse mail from it. Use one of your own."
        yield finding("sender-example", Severity.WARNING, _VARIABLE, message)
    elif "." not in domain and not domain.startswith("[") and case.public:
        message = f"{shown(domain)} is no domain on the internet; receivers refuse mail from it. Use one of your own."
        yield finding("sender-local", Severity.WARNING, _VARIABLE, message)


def _accepted(case: Case, provider: Provider) -> Iterator[Finding]:
    rule, domain, user = provider.sender.rule, domain_of(case.sender), case.username
    if rule is SenderRule.ACCOUNT and is_address(user) and case.sender.lower() != user.lower():
        message = f"The sender is not the account that logs in. {safe(provider.sender.hint)}"
        yield finding("sender-not-account", Severity.WARNING, _VARIABLE, message, put(_VARIABLE, user))
    elif provider.kind is Kind.RELAY and is_freemail(domain):
        message = (
            f"{provider.name} cannot sign for {domain}, so receivers take such mail for forged. "
            "Use an address of a domain of your own that is set up there."
        )
        yield finding("sender-freemail", Severity.WARNING, _VARIABLE, message)
