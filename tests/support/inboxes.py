"""Inboxes that hold what a test puts into them: for the words of the front ends. The real ones are tested elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.model import Arrival, Authentication, Inbox, Place, Wanted
from smtpwizard.presets.schema import Provider
from smtpwizard.secret import Secret

AT: Final = datetime(2026, 11, 22, 7, 17, tzinfo=UTC)
PASSES: Final = Authentication("mx.acme.example", "pass", "pass", "pass", "acme.example", 1)
FAILS: Final = Authentication("mx.acme.example", "softfail", "none", "fail")


class Drawer:
    """An inbox. `places` are those of the mails that are wanted, in their order; None: not there."""

    def __init__(
        self,
        *places: Place | None,
        name: str = "MailDev at http://localhost:1080",
        judged: Authentication | None = None,
        error: NetworkError | None = None,
        silent: bool = False,
    ) -> None:
        self._places, self._name, self._judged, self._error = places, name, judged, error
        self._silent = silent
        self._order: list[str] = []
        self.looks = 0
        self.closed = False

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return what there is, fail, or be silent."""
        self.looks += 1
        if self._silent:
            await asyncio.sleep(timeout)
            raise NetworkError("It did not answer.", "Inbox")
        if self._error is not None:
            raise self._error
        self._order += [mail.message_id for mail in wanted if mail.message_id not in self._order]
        found = zip(self._order, self._places, strict=False)
        ids = {mail.message_id for mail in wanted}
        return tuple(
            Arrival(mail, place, "Junk" if place is Place.JUNK else "", AT, self._judged)
            for mail, place in found
            if place is not None and mail in ids
        )

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class Mailboxes:
    """What `open_mailbox` of the services is in a test: gives one drawer after the other, and keeps what was asked."""

    def __init__(self, *drawers: Drawer) -> None:
        self._drawers = list(drawers)
        self.opened: list[tuple[str, Secret | None]] = []

    def __call__(self, url: str, password: Secret | None, **_: Any) -> Inbox:
        self.opened.append((url, password))
        return self._drawers.pop(0)


class Nearby:
    """What `find_catcher` is in a test: finds one drawer wherever it is asked."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self.asked: list[str] = []

    async def __call__(self, host: str, *, provider: Provider | None, timeout: float) -> Inbox:
        self.asked.append(host)
        return self._drawer
