"""Where `send` looks for the mails that it sent: from the flags to an inbox, and what was seen there. Prints nothing.

`prepare` comes before anything is sent, so that a wrong URL or a refused password is told in time; `look` comes after.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.commands.arrival_sight import Row, Sight
from smtpwizard.commands.stdin_password import read_password
from smtpwizard.errors import InputError, NetworkError
from smtpwizard.inbox.model import Inbox, Wanted
from smtpwizard.preset_schema import Provider
from smtpwizard.reach import AT_ONCE
from smtpwizard.secret import Secret
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.inbox.address import Address

VARIABLE: Final = "INBOX_PASSWORD"
"""The environment variable that holds the mailbox's password."""


class Lookout(NamedTuple):
    """What to look in, decided before anything is sent."""

    inbox: Inbox | None
    """None: look for a catcher at the mail server's host."""
    within: float
    """Seconds to wait for the mails."""

    @property
    def explicit(self) -> bool:
        """Whether the operator named the inbox."""
        return self.inbox is not None


def prepare(args: argparse.Namespace) -> Lookout | None:
    """Return where to look, or None with `--inbox none`. A named inbox is opened: a refusal comes before the mail.

    InputError for a URL or a password that is missing, FileError for --ca-file, NetworkError where the inbox cannot be
    read.
    """
    if args.inbox is None:
        if args.inbox_password_stdin:
            raise InputError("--inbox-password-stdin wants --inbox with the mailbox.", "Inbox")
        return Lookout(None, args.wait)
    if args.inbox.strip().lower() == "none":
        return None
    import asyncio

    from smtpwizard.inbox.address import parse
    from smtpwizard.inbox.opening import open_inbox
    from smtpwizard.probe.trust import read_authorities

    address = parse(args.inbox)
    authorities = read_authorities(tuple(args.ca_file))
    inbox = open_inbox(address, _password(args, address), authorities=authorities)
    asyncio.run(_opened(inbox, args.timeout))
    return Lookout(inbox, args.wait)


async def _opened(inbox: Inbox, timeout: float) -> None:
    try:
        await inbox.look((), timeout=timeout)
    except NetworkError:
        await inbox.close()
        raise


def look(
    planned: Lookout, wanted: Sequence[Wanted], host: str, provider: Provider | None, *, say: Callable[[str], None]
) -> Sight | None:
    """Look for the mails until all are there or the time is over. None where nothing is wanted or no inbox is known.

    `host` is the mail server's, for a catcher that is to be found there. Raises nothing for the network's sake: the
    mail is sent, and its report must not be lost.
    """
    if not wanted:
        return None
    import asyncio

    return asyncio.run(_look(planned, tuple(wanted), host, provider, say))


async def _look(
    planned: Lookout, wanted: tuple[Wanted, ...], host: str, provider: Provider | None, say: Callable[[str], None]
) -> Sight | None:
    from contextlib import aclosing

    from smtpwizard.inbox.discovery import discover
    from smtpwizard.inbox.watching import watch

    start = time.monotonic()
    inbox = planned.inbox or await discover(host, provider)
    if inbox is None:
        return None
    within = planned.within if planned.explicit else min(planned.within, AT_ONCE)
    say(f"Looking for the mail in {inbox.name}, for {within:g} s at most.")
    found: dict[str, Row] = {}
    trouble = ""
    try:
        async with aclosing(watch(inbox, wanted, within=within)) as arrivals:
            async for arrival in arrivals:
                found[arrival.message_id] = Row(arrival.message_id, arrival, time.monotonic() - start)
    except NetworkError as error:
        trouble = error.message
    finally:
        await inbox.close()
    rows = tuple(found.get(mail.message_id, Row(mail.message_id, None, None)) for mail in wanted)
    return Sight(inbox.name, planned.explicit, time.monotonic() - start, rows, trouble)


def _password(args: argparse.Namespace, address: Address) -> Secret | None:
    """Return the inbox's password from stdin, the environment or a prompt; None where the URL names no user."""
    if args.inbox_password_stdin:
        return read_password()
    if not address.user:
        return None
    given = os.environ.get(VARIABLE, "")
    if given:
        return Secret(given)
    if args.json or not sys.stdin.isatty():
        raise InputError(
            f"The mailbox wants a password. Set the variable {VARIABLE}, or pipe it in with --inbox-password-stdin.",
            "No password",
        )
    from getpass import getpass

    shown = safe(address.user, limit=120)
    return Secret(getpass(f"Password of the mailbox of {shown} at {address.place}: ", stream=sys.stderr))
