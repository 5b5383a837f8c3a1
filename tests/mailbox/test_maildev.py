"""The real MailDev 3: found by Message-ID and by code, below a path, with a login, and nothing marked as read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtpwizard.mail.messages import build
from smtpwizard.mailbox.model import InboxRefused, Place
from smtpwizard.mailbox.watch import discover, open_inbox, watch
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import OutgoingMessage
from support.apps import ABC
from support.catcher_mails import new_mail, rewritten
from support.maildev import MailDev

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def maildev() -> Iterator[MailDev]:
    with MailDev() as running:
        yield running


async def test_a_mail_that_came_in_is_found_by_its_message_id(maildev: MailDev) -> None:
    wanted, raw = new_mail()
    inbox = open_inbox(maildev.url)
    assert await inbox.look([wanted], timeout=10) == ()
    maildev.send(raw)
    (arrival,) = await inbox.look([wanted], timeout=10)
    assert (arrival.message_id, arrival.place, arrival.authentication) == (wanted.message_id, Place.INBOX, None)
    assert arrival.at is not None
    assert arrival.at.tzinfo is not None
    assert inbox.name == f"MailDev at {maildev.url}"


async def test_a_mail_whose_message_id_was_replaced_is_found_by_its_code(maildev: MailDev) -> None:
    wanted, raw = new_mail()
    maildev.send(rewritten(raw, wanted))
    (arrival,) = await open_inbox(maildev.url).look([wanted], timeout=10)
    assert arrival.message_id == wanted.message_id


async def test_looking_marks_nothing_as_read(maildev: MailDev) -> None:
    wanted, raw = new_mail()
    maildev.send(raw)
    await open_inbox(maildev.url).look([wanted, new_mail()[0]], timeout=10)
    assert not any(mail["read"] for mail in maildev.mails())


async def test_the_apps_own_mails_sent_by_our_probe_are_watched_in_until_all_are_there(maildev: MailDev) -> None:
    settings = Settings(
        ABC, host=maildev.host, port=str(maildev.smtp_port), sender="noreply@acme.example", security="false"
    )
    app = ABC
    built = [build(mail, app, settings, "to@acme.example") for mail in app.mails]
    assert len(built) == 3
    messages = [OutgoingMessage(mail.message_id, mail.data, mail.to) for mail in built]
    report = Probe(settings, Options(timeout=10), message=messages).run_blocking()
    assert [message.accepted for message in report.messages] == [True] * 3
    from smtpwizard.mailbox.model import Wanted

    wanted = [Wanted(mail.message_id, mail.code) for mail in built]
    found = [arrival async for arrival in watch(open_inbox(maildev.url), wanted, within=20, pause=0.05)]
    assert {arrival.message_id for arrival in found} == {mail.message_id for mail in built}
    by_code = [item._replace(message_id=f"<{number}@nowhere.example>") for number, item in enumerate(wanted)]
    assert len(await open_inbox(maildev.url).look(by_code, timeout=10)) == 3, "each of the app's mails shows its code"


async def test_it_is_discovered_at_the_host_by_its_port(maildev: MailDev) -> None:
    inbox = await discover(maildev.host, None, timeout=10, ports=(maildev.web_port,))
    assert inbox is not None
    assert inbox.name == f"MailDev at {maildev.url}"


async def test_a_page_below_a_path_with_a_login_wants_both() -> None:
    with MailDev(login=("ops", "correct-horse-9"), base="/mail") as maildev:
        wanted, raw = new_mail()
        maildev.send(raw)
        url = maildev.url.replace("http://", "http://ops@")
        (arrival,) = await open_inbox(url, Secret("correct-horse-9")).look([wanted], timeout=10)
        assert arrival.message_id == wanted.message_id
        with pytest.raises(InboxRefused, match="user and password"):
            await open_inbox(url, Secret("wrong-horse-8")).look([wanted], timeout=10)
        with pytest.raises(InboxRefused, match="user and password"):
            await open_inbox(maildev.url).look([wanted], timeout=10)
        with pytest.raises(InboxRefused, match="path"):
            await open_inbox(url.removesuffix("/mail"), Secret("correct-horse-9")).look([wanted], timeout=10)
