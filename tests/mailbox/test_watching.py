"""Watching an inbox: until all is there, no longer than allowed, through passing trouble, and never past a refusal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing

import pytest

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.model import Arrival, Inbox, InboxRefused, Place, Wanted
from smtpwizard.mailbox.watch import PracticeInbox, watch
from smtpwizard.sandbox.server import PracticeServer
from support.catcher_mails import new_mail, rewritten

Look = Callable[[Sequence[Wanted]], tuple[Arrival, ...]]


class Scripted:
    """An inbox whose looks come from a list; the last one goes on."""

    name = "a scripted inbox"

    def __init__(self, *looks: Look | Exception) -> None:
        self._looks = list(looks)
        self.asked: list[tuple[Wanted, ...]] = []

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        assert timeout > 0
        self.asked.append(tuple(wanted))
        look = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if isinstance(look, Exception):
            raise look
        return look(wanted)

    async def close(self) -> None:
        return


def nothing(wanted: Sequence[Wanted]) -> tuple[Arrival, ...]:
    return ()


def everything(wanted: Sequence[Wanted]) -> tuple[Arrival, ...]:
    return tuple(Arrival(mail.message_id, Place.INBOX, "", None) for mail in wanted)


def first(wanted: Sequence[Wanted]) -> tuple[Arrival, ...]:
    return everything(wanted)[:1]


async def seen(inbox: Inbox, wanted: Sequence[Wanted], *, within: float = 60.0) -> list[str]:
    return [arrival.message_id async for arrival in watch(inbox, wanted, within=within, pause=0.001)]


WANTED = tuple(new_mail()[0] for _ in range(3))
IDS = [mail.message_id for mail in WANTED]
TROUBLE = NetworkError("it is busy. Try again.", "Inbox")


async def test_each_mail_comes_as_it_is_found_and_is_not_asked_for_again() -> None:
    inbox = Scripted(nothing, first, nothing, everything)
    assert await seen(inbox, WANTED) == IDS
    assert [len(wanted) for wanted in inbox.asked] == [3, 3, 2, 2]


async def test_a_mail_that_nobody_wants_or_that_comes_twice_is_passed_over() -> None:
    stray = Arrival("<stray@example.com>", Place.INBOX, "", None)
    inbox = Scripted(lambda wanted: (stray, *first(wanted), *first(wanted)), everything)
    assert await seen(inbox, WANTED) == IDS


async def test_passing_trouble_is_waited_out() -> None:
    assert await seen(Scripted(TROUBLE, TROUBLE, first, TROUBLE, everything), WANTED) == IDS


async def test_a_refusal_is_told_at_once() -> None:
    inbox = Scripted(InboxRefused("wrong password. Check it.", "Inbox"), everything)
    with pytest.raises(InboxRefused, match="wrong password"):
        await seen(inbox, WANTED)
    assert len(inbox.asked) == 1


async def test_the_time_ends_it_and_what_is_missing_is_missing() -> None:
    assert await seen(Scripted(first, nothing), WANTED, within=0.05) == IDS[:1]


async def test_an_inbox_that_was_never_read_is_not_an_empty_one() -> None:
    with pytest.raises(NetworkError, match="busy"):
        await seen(Scripted(TROUBLE), WANTED, within=0.05)


async def test_trouble_at_the_end_does_not_undo_a_look_that_went_well() -> None:
    assert await seen(Scripted(nothing, TROUBLE), WANTED, within=0.05) == []


async def test_there_is_one_look_however_short_the_time() -> None:
    inbox = Scripted(everything)
    assert await seen(inbox, WANTED, within=0.0001) == IDS
    assert len(inbox.asked) == 1


async def test_nothing_wanted_is_nothing_asked() -> None:
    inbox = Scripted(everything)
    assert await seen(inbox, ()) == []
    assert inbox.asked == []


async def test_a_cancel_in_the_pause_returns_at_once() -> None:
    looked = asyncio.Event()

    def look(wanted: Sequence[Wanted]) -> tuple[Arrival, ...]:
        looked.set()
        return ()

    async def wait() -> None:
        async with aclosing(watch(Scripted(look), WANTED, within=600, pause=300)) as arrivals:
            async for _ in arrivals:
                raise AssertionError("nothing is there")

    task = asyncio.create_task(wait())
    await asyncio.wait_for(looked.wait(), 10)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 10


def test_the_practice_servers_mails_are_found_by_message_id_and_by_code() -> None:
    import smtplib

    by_id, raw = new_mail()
    by_code, other = new_mail()
    missing, _ = new_mail()
    with PracticeServer() as server:
        inbox = PracticeInbox(lambda: server.messages)
        assert asyncio.run(inbox.look([by_id], timeout=1)) == ()
        with smtplib.SMTP(server.host, server.starttls_port, timeout=20) as client:
            client.starttls()
            client.login(server.username, server.password.reveal())
            for message in (raw, rewritten(other, by_code)):
                client.sendmail(server.username, ["to@acme.example"], message)
        found = {item.message_id: item for item in asyncio.run(inbox.look([by_id, by_code, missing], timeout=1))}
        assert set(found) == {by_id.message_id, by_code.message_id}
        assert found[by_id.message_id].at == server.messages[0].at
        asyncio.run(inbox.close())
