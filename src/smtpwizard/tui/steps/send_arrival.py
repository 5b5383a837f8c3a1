"""Whether a mail arrived: the code that proves it, and where to look when it did not. Must not import textual."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from smtpwizard.findings import Severity
from smtpwizard.preset_schema import Kind
from smtpwizard.settings import Settings
from smtpwizard.tui.state import SentMail

if TYPE_CHECKING:
    from smtpwizard.preset_schema import AppMail, ConsumingApp, Provider

DIGITS: Final = 6
"""Of an arrival code, as in the app's own verification mail."""

_ADDRESS: Final = re.compile(r"[^\s@<>\",;:\x00-\x1f\x7f]{1,64}@[^\s@<>\",;:\x00-\x1f\x7f]{1,255}")
"""A bare address with one @: what the app itself would put after RCPT TO. The server judges the rest."""


def digits(text: str) -> str:
    """Return the digits of `text`, at most six: people paste `418 205` and `418-205`."""
    return re.sub(r"[^0-9]", "", text)[:DIGITS]


def spaced(code: str) -> str:
    """Return a code in two groups, as one reads it aloud: `418 205`."""
    return f"{code[:3]} {code[3:]}" if len(code) == DIGITS else code


def default_recipient(settings: Settings, given: str = "") -> str:
    """Return the address to send to at first: the one given before, else the account, else the sender."""
    account = settings.username or ""
    return given or (account if "@" in account else "") or (settings.sender or "")


def recipient_problem(text: str) -> str | None:
    """Return why `text` cannot be a recipient, as a sentence, or None."""
    if not text:
        return "An address is needed: the mail goes there."
    if not _ADDRESS.fullmatch(text):
        return "That is not a bare mail address, as name@example.com."
    return None


def notes(to: str, settings: Settings, provider: Provider | None, *, link: bool) -> tuple[str, ...]:
    """Return what a mail to `to` would bring, before it is sent: what its address does, where its links lead.

    `link`: whether one of the mails carries a link.
    """
    from smtpwizard.app import findings, recipient_findings

    found = list(recipient_findings(to, link=link)) if recipient_problem(to) is None else []
    if link:
        found += [item for item in findings(settings, provider=provider) if item.id.startswith("links-")]
    return tuple(item.message for item in found if item.severity is not Severity.INFO)


def matching(code: str, sent: Iterable[SentMail]) -> SentMail | None:
    """Return the mail that carries `code`, the newest first, or None."""
    return next((mail for mail in reversed(tuple(sent)) if mail.code == code and mail.message.accepted), None)


def code_sentence(code: str, sent: Sequence[SentMail]) -> str:
    """Return what to say of a code that is in none of the mails."""
    carrying = sum(1 for mail in sent if mail.code and mail.message.accepted)
    newest = "the mail" if carrying == 1 else "one of the mails"
    return (
        f"{spaced(code)} is not the code of {newest} sent from here. Take the newest mail; older tests had other codes."
    )


def mail_words(mail: AppMail, app: ConsumingApp, settings: Settings) -> str:
    """Return what the mail carries, for its checkbox: the code, or a link and where it points."""
    if mail.carries == "code":
        return f"a code of {DIGITS} digits"
    base = settings.admin_web_url or next((item.default for item in app.variables if item.name == "ADMIN_WEB_URL"), "")
    path = mail.link_path.partition("?")[0]
    return f"a link to {base.rstrip('/')}{path}" if base else "a link"


def advice(provider: Provider | None, settings: Settings, recipient: str) -> tuple[str, ...]:
    """Return where to look when an accepted mail did not arrive, the likeliest first; facts from the preset only."""
    lines: list[str] = []
    if provider is not None and provider.kind is Kind.PRACTICE:
        return ("The practice server delivers nothing: what it takes stays in its inbox, and is shown in this step.",)
    if provider is not None and provider.web_ui:
        lines.append(f"{provider.name} catches mail and delivers none of it: look in its own page, {provider.web_ui}.")
    if recipient and recipient.lower() == (settings.username or "").lower() and provider and provider.id == "gmail":
        lines.append(
            "Gmail shows a mail to yourself under All Mail or Sent, often not in the inbox: try another address."
        )
    lines.append("Look in Spam, Promotions and quarantine, and wait five minutes: some servers delay a first mail.")
    if provider is not None and provider.activity_url:
        lines.append(f"{provider.name} shows what became of each message: {provider.activity_url}")
    if provider is not None and provider.sender.hint:
        lines.append(f"Sender: {provider.sender.hint}")
    return tuple(lines)


def dig_lines(domain: str, provider: Provider | None) -> list[str]:
    """Return what `domain` should publish and how to see it, where this machine cannot look itself."""
    lines = []
    if provider is not None and provider.spf_include:
        included = " or ".join(f"include:{name}" for name in provider.spf_include)
        lines.append(f"SPF: the TXT record of {domain} should have {included}. See it with: dig +short TXT {domain}")
    lines.append(
        f"DMARC: a policy of reject or quarantine drops unsigned mail. See it with: dig +short TXT _dmarc.{domain}"
    )
    return lines
