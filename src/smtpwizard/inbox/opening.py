"""From a URL to an inbox. Asks nobody: what the URL says wrong is told before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from smtpwizard.errors import InputError
from smtpwizard.inbox.address import Address, parse
from smtpwizard.inbox.model import Inbox
from smtpwizard.secret import Secret


def open_inbox(url: str | Address, password: Secret | None = None, *, authorities: Sequence[str] = ()) -> Inbox:
    """Return the inbox of a URL: `imaps://USER@HOST[:PORT][/FOLDER]`, imap (with STARTTLS), or a catcher's http(s).

    `authorities` are PEM texts to trust besides Mozilla's roots. InputError where the URL cannot be used, or where a
    user is named and no password is given.
    """
    address = parse(url) if isinstance(url, str) else url
    if address.user and not password:
        raise InputError("The inbox wants a password, and none is given.", "Inbox")
    if address.is_web:
        from smtpwizard.inbox.catcher_inbox import CatcherInbox
        from smtpwizard.inbox.http_get import Page

        return CatcherInbox(Page(address, password or Secret(""), tuple(authorities)))
    from smtpwizard.inbox.imap_inbox import ImapInbox

    return ImapInbox(address, password or Secret(""), authorities)
