"""Step 5, afterwards: which of the accepted mails arrived. Reads inboxes by itself, else asks for the code."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.errors import SmtpWizardError
from smtpwizard.plain import follow
from smtpwizard.preset_schema import Kind
from smtpwizard.reach import AT_ONCE, NEARBY, may_catch, practice_inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpwizard.inbox.model import Arrival, Inbox
    from smtpwizard.plain.walk import Walk


class Accepted(NamedTuple):
    """A mail that the server took."""

    title: str
    message_id: str
    code: str


def settle(state: Walk, accepted: Sequence[Accepted]) -> None:
    """Find out what arrived, as far as can be; then offer what helps where something did not."""
    for mail in accepted:
        state.arrivals[mail.title] = ""
    console = state.console
    if _by_itself(state, accepted):
        return
    missing = _missing(state, accepted)
    if missing:
        console.say("Accepted is not arrived.")
        _ask_codes(state, accepted)
    while True:
        missing = _missing(state, accepted)
        choices = [name for name, wanted in _OFFERS if missing or not wanted] + ["Finish"]
        chosen = choices[console.choose("What now", choices, default=len(choices))]
        if chosen == _CODE:
            _ask_codes(state, accepted)
        elif chosen == _MAILBOX:
            _mailbox(state, missing)
        elif chosen == _SENDER:
            follow.tell_sender(state)
        elif chosen == _LOG:
            follow.tell_log(state)
        else:
            return


_CODE: Final = "Type the code from a mail"
_MAILBOX: Final = "Look into a mailbox, over IMAP"
_SENDER: Final = "Look up the sender's domain in DNS"
_LOG: Final = "Read what the app's log says"
_OFFERS: Final = ((_CODE, True), (_MAILBOX, True), (_SENDER, True), (_LOG, False))
"""What is offered, and whether only while a mail is missing."""


def _missing(state: Walk, accepted: Sequence[Accepted]) -> list[Accepted]:
    return [mail for mail in accepted if not state.arrivals[mail.title]]


def _ask_codes(state: Walk, accepted: Sequence[Accepted]) -> None:
    """Ask for codes until all are in, or one is left empty."""
    console = state.console
    while _missing(state, accepted):
        typed = console.ask("The six digits from the mail (Enter skips)", optional=True)
        digits = "".join(char for char in typed if char.isascii() and char.isdigit())
        if not typed:
            return
        found = next((mail for mail in accepted if mail.code == digits), None)
        if found is None:
            console.say("That is not the code of a mail sent just now.")
            continue
        state.arrivals[found.title] = "arrived, the code in it was confirmed"
        console.say(f"{found.title}: arrived, the code is right.")


def _by_itself(state: Walk, accepted: Sequence[Accepted]) -> bool:
    """Look into what can be read without asking. True for the practice server: there is nothing to be offered then."""
    provider, host = state.provider, state.settings.host or ""
    if provider is not None and provider.kind is Kind.PRACTICE and state.practice is not None:
        asyncio.run(_watch(state, practice_inbox(state.practice), accepted, within=AT_ONCE))
        return not _missing(state, accepted)
    if may_catch(provider, host):
        asyncio.run(_catcher(state, accepted, host))
    return False


async def _catcher(state: Walk, accepted: Sequence[Accepted], host: str) -> None:
    inbox = await state.reach.find_catcher(host, provider=state.provider, timeout=NEARBY)
    if inbox is not None:
        await _watch(state, inbox, accepted, within=min(AT_ONCE, state.reach.wait), catches=True)
        state.console.say(f"{inbox.name} catches mail and delivers none of it.")


def _mailbox(state: Walk, missing: Sequence[Accepted]) -> None:
    """Ask for a mailbox and watch it. One login for each answer: a refused one is told, and not tried again."""
    console = state.console
    console.say("It only reads. The password goes to this server alone and is kept nowhere.")
    user = console.ask("User", default=state.recipient)
    domain = state.recipient.rpartition("@")[2]
    server = console.ask("IMAP server (name, or name:port for another than 993)", default=f"imap.{domain}")
    password = console.ask_secret("Password of the mailbox", optional=True)
    if not password:
        return
    from urllib.parse import quote

    try:
        url = f"imaps://{quote(user, safe='')}@{server}"
        inbox = state.reach.open_mailbox(url, password, ca_files=state.ca_files)
        asyncio.run(_watch(state, inbox, missing, within=state.reach.wait))
    except SmtpWizardError as error:
        console.say(error.message)


async def _watch(state: Walk, inbox: Inbox, mails: Sequence[Accepted], *, within: float, catches: bool = False) -> None:
    """Say of each mail when it is seen in `inbox`, and of the others that they were not, after `within` seconds."""
    from smtpwizard.inbox.model import Wanted
    from smtpwizard.inbox.watching import watch

    console = state.console
    console.say(f"Looking into {inbox.name}, for {within:.0f} seconds at most.")
    by_id = {mail.message_id: mail for mail in mails}
    wanted = tuple(Wanted(mail.message_id, mail.code) for mail in mails)
    seen: dict[str, None] = {}
    try:
        async with aclosing(watch(inbox, wanted, within=within, pause=state.reach.pause)) as stream:
            async for arrival in stream:
                mail = by_id[arrival.message_id]
                words = f"caught by {inbox.name}" if catches else _where(arrival, inbox.name)
                state.arrivals[mail.title] = words
                console.say(f"{mail.title}: {words}.{_code(mail, arrival)}")
                if arrival.folder:
                    seen |= dict.fromkeys(_judged(arrival))
    except SmtpWizardError as error:
        if not catches:
            raise
        console.say(error.message)
    finally:
        await inbox.close()
    for sentence in seen:
        console.say(sentence)
    for mail in mails:
        if not state.arrivals[mail.title]:
            console.say(f"{mail.title}: not seen in {inbox.name}.")


def _code(mail: Accepted, arrival: Arrival) -> str:
    """Return the code where the mail lies in something that the operator does not open: practice server, catcher."""
    return "" if arrival.folder else f" Its code is {mail.code}."


def _where(arrival: Arrival, name: str) -> str:
    place, name = arrival.place.value, name.removeprefix("the mailbox of ")
    if place == "inbox":
        return f"arrived in {name}" if not arrival.folder else f"arrived in the inbox of {name}"
    return f"arrived in {'junk' if place == 'junk' else 'another folder'}, {arrival.folder}, of {name}"


def _judged(arrival: Arrival) -> tuple[str, ...]:
    from smtpwizard.inbox.words import words

    return words(arrival.authentication, arrival.place)
