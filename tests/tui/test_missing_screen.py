"""F6, it did not arrive: where to look, and the sender's domain asked of a real name server on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from textual.pilot import Pilot

from smtpwizard.dns.check import check_sender
from smtpwizard.dns.sender import DnsRecord, SenderCheck, SenderReport
from smtpwizard.errors import InputError
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Status
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.screens.mailbox import MissingScreen
from smtpwizard.tui.widgets.text import RecordCard
from smtpwizard.wizard.session import WizardState
from support.apps import ABC
from support.name_server import NameServer
from support.tui import HOSTILE, quiet_services, screen_text
from support.tui_steps import until

SPF = DnsRecord("acme.example", "TXT", "v=spf1 include:_spf.google.com include:sendgrid.net -all")
DMARC = DnsRecord("_dmarc.acme.example", "TXT", "v=DMARC1; p=none")
CHECKS = (
    SenderCheck("domain", Status.PASSED, "acme.example exists"),
    SenderCheck("spf", Status.FAILED, "SendGrid is not in it", ("v=spf1 -all",), "Publish this in its place.", SPF),
    SenderCheck("dkim", Status.SKIPPED, "no selector is known"),
    SenderCheck("dmarc", Status.WARNED, "there is no policy", (), "Publish one that only watches.", DMARC),
)


async def answer(address: str, **_: Any) -> SenderReport:
    """Report as prepared."""
    return SenderReport(address, "acme.example", CHECKS, "sendgrid")


@asynccontextmanager
async def missing(
    *,
    provider: str | None = "sendgrid",
    sender: str = "noreply@acme.example",
    size: tuple[int, int] = (80, 40),
    **services: Any,
) -> AsyncIterator[tuple[SmtpWizard, Pilot[WizardState]]]:
    """Run the wizard at the Send step and press F6."""
    made = quiet_services(**services)
    settings = Settings(ABC, host="smtp.sendgrid.net", port="587", sender=sender, username="apikey")
    state = WizardState(
        settings=settings,
        provider=made.presets.provider(provider) if provider else None,
        visited=("provider", "settings"),
        recipient="reader@acme.example",
    )
    app = SmtpWizard(made, state, start="send")
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.state.step == "send", "Send step")
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, MissingScreen), "screen")
        yield app, pilot


def words(app: SmtpWizard) -> str:
    """Return the screen as one line of words."""
    return " ".join(screen_text(app).replace("│", " ").split())


async def test_each_check_is_told_by_its_shape_with_remedy_and_record() -> None:
    async with missing(check_sender=answer) as (app, pilot):
        await until(pilot, lambda: app.screen.query(RecordCard), "report")
        text = words(app)
        assert "Look in Spam" in text
        assert "https://app.sendgrid.com" in text
        assert "✓ Domain acme.example exists" in text
        assert "✗ SPF SendGrid is not in it v=spf1 -all Publish this in its place." in text
        assert f"Name acme.example ▌ Type TXT ▌ Value {SPF.value}" in text.replace("▐", "▌")
        assert "– DKIM no selector is known" in text
        assert "! DMARC there is no policy" in text
        app.screen.query(RecordCard).first().text_select_all()
        await pilot.pause()
        assert SPF.value in (app.screen.get_selected_text() or "")


async def test_c_copies_the_record_and_v_its_value_of_the_one_in_focus() -> None:
    async with missing(check_sender=answer) as (app, pilot):
        await until(pilot, lambda: len(app.screen.query(RecordCard)) == 2, "report")
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard, "copy")
        assert app.clipboard == f"acme.example TXT {SPF.value}"
        await pilot.press("tab", "tab", "v")
        await until(pilot, lambda: app.clipboard == DMARC.value, "copy of the second")


async def test_without_a_network_it_says_so_and_o_opens_the_providers_activity_page() -> None:
    opened: list[str] = []

    def browser(url: str) -> bool:
        opened.append(url)
        return True

    async with missing(open_url=browser) as (app, pilot):
        await until(pilot, lambda: "No name server answered" in words(app), "word on the network")
        text = words(app)
        assert "Nothing is known of the domain" in text
        assert "dig +short TXT _dmarc.acme.example" in text
        assert "smtpwizard sender noreply@acme.example" in text
        assert not app.screen.query(RecordCard)
        await pilot.press("o")
        await until(pilot, lambda: opened, "browser")
        assert opened == [app.services.presets.provider("sendgrid").activity_url]


async def test_escape_ends_the_look_up_at_once() -> None:
    cut: list[bool] = []

    async def silent(address: str, **_: Any) -> SenderReport:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut.append(True)
            raise
        raise AssertionError

    async with missing(check_sender=silent) as (app, pilot):
        await until(pilot, lambda: "asking name servers about acme.example" in words(app), "word on the look-up")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MissingScreen), "step")
        await until(pilot, lambda: cut, "end of the look-up")
        assert app.state.step == "send"


async def test_r_asks_again() -> None:
    asked: list[str] = []

    async def count(address: str, **_: Any) -> SenderReport:
        asked.append(address)
        return await answer(address)

    async with missing(check_sender=count) as (app, pilot):
        await until(pilot, lambda: app.screen.query(RecordCard), "report")
        await pilot.press("r")
        await until(pilot, lambda: len(asked) == 2 and app.screen.query(RecordCard), "second report")


async def test_a_domain_of_the_provider_itself_is_not_asked_about() -> None:
    asked: list[str] = []

    async def count(address: str, **_: Any) -> SenderReport:
        asked.append(address)
        return await answer(address)

    async with missing(provider="gmail", sender="you@gmail.com", check_sender=count) as (app, pilot):
        await until(pilot, lambda: "gmail.com is a domain of Gmail itself" in words(app), "word on the domain")
        assert asked == []


async def test_in_practice_it_says_what_would_be_looked_up() -> None:
    async with missing(provider="practice", sender="practice@example.com", check_sender=answer) as (app, pilot):
        await until(pilot, lambda: "example.com is nobody's" in words(app), "word on the domain")
        assert "The practice server delivers nothing" in words(app)
        assert "Spam" not in words(app)
        await pilot.press("r")
        await pilot.pause()
        assert not app.screen.query(RecordCard)


async def test_a_sender_that_is_no_address_is_told_and_ends_nothing() -> None:
    async def refuse(address: str, **_: Any) -> SenderReport:
        raise InputError("That is neither an address nor a domain.", "Sender")

    async with missing(check_sender=refuse) as (app, pilot):
        await until(pilot, lambda: "neither an address nor a domain" in words(app), "word on the address")


async def test_hostile_records_are_text() -> None:
    async def hostile(address: str, **_: Any) -> SenderReport:
        checks = (
            SenderCheck("spf", Status.FAILED, text, (text,), text, DnsRecord(text, text, text)) for text in HOSTILE
        )
        return SenderReport(address, HOSTILE[0], tuple(checks))

    async with missing(check_sender=hostile, size=(80, 100)) as (app, pilot):
        await until(pilot, lambda: len(app.screen.query(RecordCard)) == len(HOSTILE), "report")
        shown = screen_text(app)
        for text in HOSTILE:
            assert shown.count(text.replace("\x1b", "␛").replace("\u202e", "\ufffd")) >= 5
        assert "\x1b" not in shown


async def test_a_real_name_server_is_asked_and_its_answers_are_judged() -> None:
    with NameServer() as server:
        server.soa("acme.example")
        server.mx("acme.example", (10, "mail.acme.example."))
        server.txt("acme.example", "v=spf1 include:_spf.google.com -all")
        real = partial(check_sender, nameservers=[server.host], port=server.port)
        async with missing(check_sender=real, size=(80, 70)) as (app, pilot):
            await until(pilot, lambda: app.screen.query(RecordCard), "report")
            text = words(app)
            assert "v=spf1 include:_spf.google.com -all" in text
            published = [card.record for card in app.screen.query(RecordCard)]
            assert "_dmarc.acme.example" in [record.name for record in published]
            assert "s1._domainkey.acme.example" in text


async def test_everything_is_reachable_on_the_smallest_screen() -> None:
    async with missing(size=(40, 10), check_sender=answer) as (app, pilot):
        await until(pilot, lambda: len(app.screen.query(RecordCard)) == 2, "report")
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "_dmarc.acme.example" in screen_text(app), "the last record")
        assert all(len(line) == 40 for line in screen_text(app).splitlines())
