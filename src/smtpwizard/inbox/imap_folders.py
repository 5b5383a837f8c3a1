"""Which folders of a mailbox are looked in, and what they are: the inbox, junk, or another. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from smtpwizard.inbox.imap_syntax import Value, from_utf7
from smtpwizard.inbox.model import Place

MOST: Final = 6
"""Folders that are looked in at most."""

_JUNK_NAMES: Final = frozenset(
    name.casefold()
    for name in (
        "Junk", "Junk E-mail", "Junk Email", "Junk Mail", "Spam", "Bulk", "Bulk Mail", "Quarantine",
        "垃圾邮件", "垃圾郵件", "垃圾箱", "迷惑メール", "스팸", "스팸함", "스팸메일함", "스팸편지함", "정크 메일",
        "Spamverdacht", "Junk-E-Mail", "Courrier indésirable", "Indésirables", "Correo no deseado",
        "Posta indesiderata", "Lixo Eletrônico", "Lixo eletrônico", "Ongewenste e-mail", "Спам",
    )
)  # fmt: skip
"""Where a server does not say which folder is junk (RFC 6154): what it is called, by itself or below the inbox."""


class Folder(NamedTuple):
    """A folder of a mailbox."""

    name: str
    place: Place


class Listed(NamedTuple):
    """A folder as a LIST response names it."""

    name: str
    attributes: frozenset[str]
    """In lower case, with their backslash."""
    separator: str


def listed(values: tuple[Value, ...]) -> Listed | None:
    """Return the folder of a LIST response, or None where it is none that can be opened."""
    if len(values) < 3:
        return None
    attributes, separator, name = values[:3]
    if not isinstance(attributes, list) or not isinstance(name, bytes):
        return None
    words = frozenset(word.decode("ascii", "replace").lower() for word in attributes if isinstance(word, bytes))
    if words & {r"\noselect", r"\nonexistent"}:
        return None
    between = separator.decode("ascii", "replace") if isinstance(separator, bytes) else ""
    return Listed(from_utf7(name), words, between)


def choose(folders: Iterable[Listed], named: str = "") -> tuple[Folder, ...]:
    """Return the folders to look in, the inbox last: what is found in a later one counts.

    In this order a mail that arrives meanwhile is not taken for one that is only in the archive of all mail (`\\All`),
    which holds what is in the inbox, too. `named` is a folder of the operator's.
    """
    folders = tuple(folders)
    junk = [item.name for item in folders if r"\junk" in item.attributes]
    if not junk:
        junk = [item.name for item in folders if _last(item).casefold() in _JUNK_NAMES]
    every = [item.name for item in folders if r"\all" in item.attributes]
    places: dict[str, Place] = dict.fromkeys(every[:1], Place.OTHER)
    if named and named.upper() != "INBOX":
        places[named] = Place.OTHER
    places |= dict.fromkeys(junk[: MOST - len(places) - 1], Place.JUNK)
    places["INBOX"] = Place.INBOX  # in any case the name of the inbox (RFC 3501 section 5.1)
    return tuple(Folder(name, place) for name, place in places.items())


def _last(item: Listed) -> str:
    return item.name.rpartition(item.separator)[2] if item.separator else item.name
