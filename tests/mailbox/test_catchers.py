"""Mailpit, smtp4dev, MailHog and MailDev 2 by their documented API, from stand-ins; and finding one at a host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.mailbox.catchers import CATCHERS, MOST, moment, newest
from smtpwizard.mailbox.watch import candidates, discover, open_inbox
from smtpwizard.presets.catalogue import Presets
from support.catcher_mails import new_mail, rewritten
from support.catcher_stand_in import StandIn

KINDS = {"mailpit": "Mailpit", "smtp4dev": "smtp4dev", "mailhog": "MailHog", "maildev2": "MailDev"}
PRESETS = Presets.open()


@pytest.mark.parametrize("base", ["", "/mail"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_mail_is_found_by_its_message_id(kind: str, base: str) -> None:
    with StandIn(kind, base=base) as server:
        first, raw = new_mail()
        second, other = new_mail()
        inbox = open_inbox(server.url)
        assert await inbox.look([first, second], timeout=10) == ()
        assert inbox.name == f"{KINDS[kind]} at {server.url}"
        kept = server.catch(raw)
        assert [arrival.message_id for arrival in await inbox.look([first, second], timeout=10)] == [first.message_id]
        server.catch(other)
        found = {arrival.message_id: arrival for arrival in await inbox.look([first, second], timeout=10)}
        assert set(found) == {first.message_id, second.message_id}
        assert found[first.message_id].at == kept.at
        assert not any(mail.read for mail in server.kept)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "maildev2"])
async def test_a_replaced_message_id_does_not_hide_a_mail(kind: str) -> None:
    with StandIn(kind) as server:
        wanted, raw = new_mail()
        server.catch(rewritten(raw, wanted))
        (arrival,) = await open_inbox(server.url).look([wanted], timeout=10)
        assert arrival.message_id == wanted.message_id
        assert not server.kept[0].read


@pytest.mark.parametrize("kind", ["mailpit", "smtp4dev"])
async def test_a_source_is_asked_for_once(kind: str) -> None:
    with StandIn(kind) as server:
        server.catch(new_mail()[1])
        inbox = open_inbox(server.url)
        for _ in range(3):
            assert await inbox.look([new_mail()[0]], timeout=10) == ()
        assert len([page for page in server.asked if "/raw" in page or "/download" in page]) == 1


async def test_of_a_full_catcher_only_the_newest_are_read() -> None:
    with StandIn("smtp4dev") as server:
        for _ in range(MOST + 20):
            server.catch(new_mail(html=False)[1])
        wanted, raw = new_mail()
        server.catch(raw)
        assert len(await open_inbox(server.url).look([wanted], timeout=20)) == 1
        assert len([page for page in server.asked if "/download" in page]) <= MOST


async def test_a_catcher_is_discovered_at_a_private_host() -> None:
    with StandIn("mailpit") as server:
        inbox = await discover(server.host, None, timeout=10, ports=(server.port,))
        assert inbox is not None
        assert inbox.name == f"Mailpit at {server.url}"


async def test_a_preset_of_a_catcher_is_asked_on_this_machine_too() -> None:
    provider = PRESETS.provider("maildev")
    pages = [address.url for address in candidates("maildev", provider)]
    assert pages[0] == "http://localhost:1080"
    assert "http://maildev:1080" in pages
    with StandIn("maildev2") as server:
        shifted = provider._replace(web_ui=server.url)
        inbox = await discover("maildev.invalid", shifted, timeout=10, ports=())
        assert inbox is not None
        assert inbox.name == f"MailDev at {server.url}"


@pytest.mark.parametrize("id", ["mailpit", "maildev", "mailhog", "smtp4dev"])
def test_the_page_of_a_preset_is_among_the_usual_ports(id: str) -> None:  # noqa: A002
    provider = PRESETS.provider(id)
    assert provider.web_ui in [address.url for address in candidates("localhost", None)]


@pytest.mark.parametrize("host", ["smtp.gmail.com", "mail.acme.example", "8.8.8.8", "[2606:4700::1111]"])
async def test_a_public_host_is_never_asked(host: str) -> None:
    assert candidates(host, None) == ()
    assert await discover(host, None) is None
    assert {address.host for address in candidates(host, PRESETS.provider("mailpit"))} == {"localhost"}


async def test_a_preset_that_is_no_catcher_adds_nothing() -> None:
    assert candidates("smtp.gmail.com", PRESETS.provider("gmail")) == ()
    assert candidates("", None) == ()


async def test_nothing_at_a_host_is_no_inbox_and_no_error() -> None:
    with StandIn("mailpit") as server:
        port = server.port
    assert await discover("127.0.0.1", None, timeout=5, ports=(port,)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["items", "results", "messages", "id", "ID", "time", "Created", "receivedDate", "headers", "message-id",
                 "MessageID", "Raw", "Data", "Version", "total", "rowCount"]
            ) | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)  # fmt: skip


@given(JSON)
def test_any_json_is_a_list_of_mails_or_none(value: object) -> None:
    for catcher in CATCHERS:
        assert isinstance(catcher.is_it(value), bool)
        for entry in newest(catcher, value):
            assert entry.id


@given(st.text(max_size=45) | st.datetimes().map(lambda at: at.isoformat() + "Z") | st.integers())
def test_a_moment_has_a_time_zone_or_is_none(value: object) -> None:
    at = moment(value)
    assert at is None or at.tzinfo is not None


def test_moments_are_read_as_the_catchers_write_them() -> None:
    for text in ("2026-11-25T18:03:25.382Z", "2026-11-25T18:03:25.382123456+01:00", "2026-11-25T18:03:25+00:00"):
        assert moment(text) is not None, text
    assert moment("2026-11-25T18:03:25") is None
