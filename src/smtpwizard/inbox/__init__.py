"""Mailboxes in which a sent mail is looked for: catchers' pages over HTTP, a mailbox over IMAP, the practice server.

Reads only: marks nothing, moves nothing, deletes nothing. Importing this package costs nothing. The names below are
the room's interface; each is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.inbox.discovery import discover as discover
    from smtpwizard.inbox.model import Arrival as Arrival
    from smtpwizard.inbox.model import Authentication as Authentication
    from smtpwizard.inbox.model import Inbox as Inbox
    from smtpwizard.inbox.model import InboxRefused as InboxRefused
    from smtpwizard.inbox.model import Place as Place
    from smtpwizard.inbox.model import Wanted as Wanted
    from smtpwizard.inbox.opening import open_inbox as open_inbox
    from smtpwizard.inbox.practice import PracticeInbox as PracticeInbox
    from smtpwizard.inbox.watching import watch as watch

_HOMES: Final = {
    "Arrival": "model",
    "Authentication": "model",
    "Inbox": "model",
    "InboxRefused": "model",
    "Place": "model",
    "PracticeInbox": "practice",
    "Wanted": "model",
    "discover": "discovery",
    "open_inbox": "opening",
    "watch": "watching",
}

__getattr__ = lazy(__name__, _HOMES)
