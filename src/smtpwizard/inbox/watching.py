"""Looking again and again, until all mails are there or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from smtpwizard.errors import NetworkError
from smtpwizard.inbox.model import Arrival, Inbox, InboxRefused, Wanted

LOOK_SECONDS: Final = 15.0
"""What one look may take: a server that is silent for so long is asked anew."""
_LONGEST_PAUSE: Final = 8.0
"""Seconds between two looks where the last ones failed."""


async def watch(
    inbox: Inbox, wanted: Sequence[Wanted], *, within: float, pause: float = 1.0
) -> AsyncGenerator[Arrival, None]:
    """Yield each of `wanted` as it is found, until all are or `within` seconds are over; one look at least.

    `pause` seconds lie between two looks, more after failures. InboxRefused at once; NetworkError at the end where no
    look has succeeded: then it is not known what is in there. A cancel ends it at once. The inbox stays open.
    """
    deadline = time.monotonic() + within
    missing = {mail.message_id: mail for mail in wanted}
    trouble: NetworkError | None = None
    seen = False
    wait = pause
    while missing:
        seconds = min(max(deadline - time.monotonic(), 0.5), LOOK_SECONDS)
        try:
            found = await inbox.look(tuple(missing.values()), timeout=seconds)
        except InboxRefused:
            raise
        except NetworkError as error:
            trouble, wait = error, min(wait * 2, _LONGEST_PAUSE)
        else:
            seen, wait = True, pause
            for arrival in found:
                if missing.pop(arrival.message_id, None) is not None:
                    yield arrival
        remaining = deadline - time.monotonic()
        if not missing or remaining <= 0:
            break
        await asyncio.sleep(min(wait, remaining))
    if trouble is not None and not seen:
        raise trouble
