"""Which of the sent mails have arrived, how that is known, and in which words it is told. Pure; no textual."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, NamedTuple

from smtpwizard.tui.state import Arrived, Proof, SentMail

if TYPE_CHECKING:
    from smtpwizard.inbox.model import Arrival, Wanted

_JUNK = "junk"
"""`Place.JUNK`, whose module is not needed before a mail was looked for."""


class Word(NamedTuple):
    """A sentence on a mail's arrival, and the symbol before it."""

    symbol: str
    text: str


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
    from smtpwizard.inbox.model import Wanted

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


def in_junk(item: Arrived) -> bool:
    """Say whether the mail lies where few look."""
    return item.arrival is not None and item.arrival.place.value == _JUNK


def words(item: Arrived) -> Word:
    """Return what is to be said of one mail's arrival, without its title: `✓ arrived: the code is right`."""
    if item.by is Proof.CODE or item.arrival is None:
        return Word("✓", "arrived: the code is right")
    if item.by is Proof.PRACTICE:
        return Word("✓", "arrived in the practice server's inbox")
    if item.by is Proof.CATCHER:
        return Word("✓", f"caught by {item.inbox}")
    symbol, where = place(item)
    return Word(symbol, f"{where} of {item.inbox.removeprefix('the mailbox of ')}")


def place(item: Arrived) -> Word:
    """Return where in its mailbox the mail lies."""
    arrival = item.arrival
    if arrival is None or arrival.place.value == "inbox":
        return Word("✓", "arrived in the inbox")
    if in_junk(item):
        return Word("!", f"arrived in junk, the folder {arrival.folder}" if arrival.folder else "arrived in junk")
    return Word("!", f"arrived, but in the folder {arrival.folder}")


def judged(item: Arrived) -> str:
    """Return what the receiving server said of the sender, to be put behind: `, SPF pass, DKIM pass`."""
    found = item.arrival.authentication if item.arrival is not None else None
    if found is None:
        return ""
    rows = (("SPF", found.spf), ("DKIM", found.dkim), ("DMARC", found.dmarc))
    return "".join(f", {name} {result}" for name, result in rows if result)
