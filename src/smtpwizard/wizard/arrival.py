"""What is known of sent mails, the codes that prove their arrival, and where to look when one does not arrive. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import is_address
from smtpwizard.apps.profile import AppMail, AppProfile, Role
from smtpwizard.presets.schema import Kind, Provider
from smtpwizard.problems import Severity
from smtpwizard.report.arrival import Arrived, Proof, spaced
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.mailbox.model import Arrival, Wanted
    from smtpwizard.wizard.session import SentMail


def newest(sent: Iterable[SentMail]) -> tuple[SentMail, ...]:
    """Return the accepted mails, of each kind the one sent last."""
    return tuple({mail.name: mail for mail in sent if mail.message.accepted}.values())


def best(sent: Iterable[SentMail], known: Container[str]) -> tuple[SentMail, ...]:
    """Return of each kind the mail to tell of: one whose id is `known` to have arrived, else the one tried last."""
    chosen: dict[str, SentMail] = {}
    for mail in sent:
        if mail.name not in chosen or chosen[mail.name].message.id not in known:
            chosen[mail.name] = mail
    return tuple(chosen.values())


def awaited(sent: Iterable[SentMail], arrived: Iterable[Arrived]) -> tuple[SentMail, ...]:
    """Return the newest accepted mails with a code of which nothing is known yet."""
    known = {item.message_id for item in arrived}
    return tuple(mail for mail in newest(sent) if mail.code and mail.message.id not in known)


def wanted(mails: Iterable[SentMail]) -> tuple[Wanted, ...]:
    """Return what an inbox is to be asked for."""
    from smtpwizard.mailbox.model import Wanted

    return tuple(Wanted(mail.message.id, mail.code or "") for mail in mails)


def with_code(arrived: tuple[Arrived, ...], mail: SentMail) -> tuple[Arrived, ...]:
    """Return `arrived` with the proof by a typed code, unless where the mail lies is known already.

    Only of the practice server's inbox the code tells more: it was typed as it would be from a real mail.
    """
    others = tuple(item for item in arrived if item.message_id != mail.message.id or item.by is not Proof.PRACTICE)
    if any(item.message_id == mail.message.id for item in others):
        return others
    return (*others, Arrived(mail.message.id, mail.name, Proof.CODE))


def with_seen(
    arrived: tuple[Arrived, ...], arrival: Arrival, sent: Iterable[SentMail], by: Proof, inbox: str
) -> tuple[Arrived, ...]:
    """Return `arrived` with a mail that was seen in an inbox; as it was where that is no news."""
    mail = next((item for item in sent if item.message.id == arrival.message_id), None)
    if mail is None or any(item.message_id == arrival.message_id for item in arrived):
        return arrived
    return (*arrived, Arrived(mail.message.id, mail.name, by, inbox, arrival))


DIGITS: Final = 6
"""Of an arrival code, as in the app's own verification mail."""


def digits(text: str) -> str:
    """Return the digits of `text`, at most six: people paste `418 205` and `418-205`."""
    return re.sub(r"[^0-9]", "", text)[:DIGITS]


def default_recipient(settings: Settings, provider: Provider | None, given: str = "") -> str:
    """Return the address to send to at first: the one given before, and else none, since only the operator knows it.

    The account is the sender too, or a box that nobody reads. What a server only catches may go to any address.
    """
    if given or not _is_caught(provider):
        return given
    account = settings.username or ""
    return (account if "@" in account else "") or (settings.sender or "")


def _is_caught(provider: Provider | None) -> bool:
    """Say whether the server only catches mail: none of it reaches anybody."""
    return provider is not None and provider.kind in (Kind.PRACTICE, Kind.LOCAL, Kind.TEST)


_TO_ONESELF: Final = "This is the sender. Take an inbox of another provider: a mail to oneself proves little."


def recipient_problem(text: str) -> str | None:
    """Return why `text` cannot be a recipient, as a sentence, or None."""
    if not text:
        return "An address is needed: the mail goes there."
    if not is_address(text):
        return "That is not a bare mail address, as name@example.com."
    return None


def notes(to: str, settings: Settings, provider: Provider | None, *, link: bool) -> tuple[str, ...]:
    """Return what a mail to `to` would bring, before it is sent: what its address does, where its links lead.

    `link`: whether one of the mails carries a link.
    """
    from smtpwizard.lint.check import findings
    from smtpwizard.lint.mail import recipient_findings

    found = list(recipient_findings(to, link=link)) if recipient_problem(to) is None else []
    to_oneself = to and to.lower() == (settings.sender or "").lower()
    own = [_TO_ONESELF] if to_oneself and not _is_caught(provider) else []
    if link:
        found += [item for item in findings(settings, provider=provider) if item.id.startswith("links-")]
    return (*own, *(item.message for item in found if item.severity is not Severity.INFO))


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


def mail_words(mail: AppMail, app: AppProfile, settings: Settings) -> str:
    """Return what the mail carries, for its checkbox: the code, or a link and where it points."""
    if mail.carries == "code":
        return f"a code of {DIGITS} digits"
    base = settings.url or app.default(Role.URL)
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
