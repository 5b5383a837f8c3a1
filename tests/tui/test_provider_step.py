"""Step 1: how a name, an address or a domain becomes a provider."""

from __future__ import annotations

import asyncio

from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Kind
from smtpwizard.tui.steps.provider import about, ports, prompt, to_know
from smtpwizard.tui.widgets.inputs import PlainText
from smtpwizard.wizard.provider import rows
from support.apps import ABC
from support.tui import HOSTILE, quiet_services, screen_text, settled, type_text, wizard


async def test_two_letters_and_enter_choose_gmail_and_fill_in_its_server() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m")
        assert app.focused is not None
        assert app.focused.id == "query"
        text = screen_text(app)
        presets = Presets.open()
        assert f"{len(presets.search('gm'))} of {len(presets.all()) - 1}" in text  # the practice server is not counted
        assert "587 STARTTLS as in the guide" in text.replace("\u00a0", " ")
        await pilot.press("enter")
        await settled(pilot)
        assert app.state.provider is not None
        assert app.state.provider.id == "gmail"
        settings = app.state.settings
        assert (settings.host, settings.port, settings.security) == ("smtp.gmail.com", "587", "false")
        assert settings.opportunistic == "true"


async def test_the_first_frame_says_what_will_happen_and_sendgrid_gmail_and_custom_are_three_arrows_away() -> None:
    async with wizard() as (app, pilot):
        assert "Mail for ABC User Feedback. Nothing is written before step 4. F2: another app." in " ".join(
            screen_text(app).split()
        )
        for name in ("SendGrid", "Gmail", "a custom server"):
            assert app.current is not None
            assert app.current.primary == f"Use {name}"
            await pilot.press("down")
            await settled(pilot)


async def test_a_server_that_is_typed_stands_in_the_form_of_the_custom_server() -> None:
    async with wizard() as (app, pilot):
        await type_text(pilot, "mail.acme.example")
        assert "Enter takes it as your own server." in str(app.query_one("#message", PlainText).content)
        await pilot.press("enter")
        await settled(pilot)
        assert app.state.settings.host == "mail.acme.example"
        assert app.focused in app.query_one("#field-smtp_sender").query("*")


async def test_gmail_needs_at_most_six_inputs_and_25_keys_beside_the_values() -> None:
    async with wizard() as (app, pilot):
        keys = ["g", "m", "enter"]
        await pilot.press(*keys)
        await settled(pilot)
        await type_text(pilot, "ops@gmail.com")
        keys.append("tab")
        await pilot.press("tab")
        await type_text(pilot, "abcdefghijklmnop")
        assert app.current is not None
        assert app.current.missing() == ()
        assert len(keys) + 1 <= 25  # and Enter, which starts the test
        assert app.state.settings.sender == "ops@gmail.com"


async def test_the_arrows_move_the_list_while_the_focus_stays_in_the_input() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m", "down")
        await settled(pilot)
        assert app.focused is not None
        assert app.focused.id == "query"
        assert app.current is not None
        assert app.current.primary == "Use GMX"


async def test_a_domain_finds_its_provider_by_mx_in_the_background() -> None:
    asked: list[str] = []
    answer = asyncio.Event()

    async def google(domain: str) -> tuple[str, ...]:
        asked.append(domain)
        await answer.wait()
        return ("aspmx.l.google.com",)

    async with wizard(services=quiet_services(mx_hosts=google)) as (app, pilot):
        await pilot.press(*"ops", "at", *"acme", "full_stop", *"example")
        await pilot.pause()
        assert "Looking up where acme.example" in screen_text(app)
        answer.set()
        await settled(pilot)
        words = " ".join(screen_text(app).replace("│", " ").split())
        assert "acme.example receives" in words
        assert app.current is not None
        assert app.current.primary == "Use Google Workspace"
        assert asked[-1] == "acme.example"


async def test_a_blocked_provider_is_struck_by_words_and_not_taken() -> None:
    async with wizard() as (app, pilot):
        await type_text(pilot, "hotmail.com")
        text = screen_text(app)
        assert "blocked: takes no pas" in text
        assert "Enter" not in text.splitlines()[-1]
        await pilot.press("enter")
        await settled(pilot)
        assert app.state.step == "provider"
        assert "Choose another" in screen_text(app)


async def test_shift_down_turns_the_page_of_the_panel_while_the_focus_stays_in_the_input() -> None:
    async with wizard() as (app, pilot):
        await type_text(pilot, "amazon")
        assert "checked 2026" not in screen_text(app)
        await pilot.press("shift+down", "shift+down", "shift+down")
        await settled(pilot)
        assert "checked 2026" in screen_text(app)
        assert app.focused is app.query_one("#query")


async def test_tab_reaches_the_regions_and_enter_takes_the_chosen_one() -> None:
    async with wizard() as (app, pilot):
        await type_text(pilot, "amazon")
        await pilot.press("tab", "down", "enter")
        await settled(pilot)
        assert app.state.region == "us-east-2"
        assert app.state.settings.host == "email-smtp.us-east-2.amazonaws.com"


async def test_a_click_shows_a_provider_and_a_second_click_takes_it() -> None:
    async with wizard() as (app, pilot):
        await pilot.press("g", "m")
        await settled(pilot)
        lines = screen_text(app).splitlines()
        row = next(number for number, line in enumerate(lines) if "  GMX" in line)
        await pilot.click(offset=(6, row))
        await settled(pilot)
        assert "mail.gmx.net" in screen_text(app)
        assert app.state.step == "provider"
        await pilot.click(offset=(6, row))
        await settled(pilot)
        assert app.state.step == "settings"


async def test_ctrl_o_asks_the_browser_and_shows_the_address_where_there_is_none() -> None:
    opened: list[str] = []

    def open_url(url: str) -> bool:
        opened.append(url)
        return len(opened) > 1

    async with wizard(services=quiet_services(open_url=open_url)) as (app, pilot):
        await pilot.press("g", "m", "ctrl+o")
        await settled(pilot)
        assert opened == ["https://myaccount.google.com/apppasswords"]
        assert "No browser could be asked to open it." in screen_text(app)
        assert "https://myaccount.google.com/apppasswords" in screen_text(app)


async def test_the_practice_server_fills_in_everything_and_stops_on_leaving() -> None:
    async with wizard() as (app, pilot):
        await type_text(pilot, "practice")
        await pilot.press("enter")
        await settled(pilot)
        await settled(pilot)
        server = app.state.practice
        assert server is not None
        assert server.running
        assert app.state.step == "settings"
        assert app.state.settings.port == str(server.starttls_port)
        assert app.current is not None
        assert app.current.missing() == ()
        app.update(saved=app.state.settings)
        await pilot.press("ctrl+q")
    assert not server.running


def test_every_preset_can_be_shown_and_names_what_to_have_ready() -> None:
    services = quiet_services()
    for provider in services.presets.all():
        page = f"{about(provider, 36, app=ABC).plain}\n{to_know(provider, 36).plain}"
        assert max(len(line) for line in page.split("\n")) <= 36, provider.id
        assert provider.status.value == "blocked" or "Have ready" in page, provider.id
        assert provider.kind in (Kind.CUSTOM, Kind.PRACTICE) or f"checked {provider.checked}" in page
        assert ports(provider, ABC).startswith(f"{provider.recommended_port}")


def test_markup_in_a_preset_of_the_operator_is_shown_as_text() -> None:
    gmail = quiet_services().presets.provider("gmail")
    for text in HOSTILE[:6]:
        provider = gmail._replace(name=text, caveats=(text,), host=text)
        (row, *_) = [row for row in rows([provider], gmail, ranked=True) if row.provider is provider]
        assert text in prompt(row).plain
        assert text in about(provider, 60, app=ABC).plain
        assert text in to_know(provider, 60).plain
