"""Driving the wizard in tests: services that touch nothing, and what stands on the screen as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from smtpwizard.dns.sender import SenderReport
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services, WizardState
from support.apps import ABC

HOSTILE = ("[/]", "[/foo]", "[b]x[/b]", "[@click=app.quit]go[/]", "[220]", "a [ b", "\x1b[31mred", "\u202eback")
"""Texts that Textual's markup would crash on, swallow or make clickable, and characters that would move the cursor."""

PASSWORD = "zq7-Correct-Horse"  # a marked secret: no output may hold it

GMAIL = Settings(
    ABC,
    host="smtp.gmail.com",
    port="465",
    security="true",
    username="ops@gmail.com",
    password=Secret("abcdefghijklmnop"),
    sender="ops@gmail.com",
)


PRESETS = Presets.open()
"""Read once for all tests: a catalogue does not change."""


async def no_mx(domain: str) -> tuple[str, ...]:
    """Answer like a machine without a network."""
    return ()


async def no_catcher(host: str, *, provider: Provider | None, timeout: float) -> None:
    """Find no catcher beside any mail server."""
    return


async def no_dns(address: str, *, provider: Provider | None, timeout: float) -> SenderReport:
    """Answer like a machine without a network."""
    return SenderReport(address, address.rpartition("@")[2], (), answered=False)


def quiet_services(
    *,
    mx_hosts: Callable[[str], Coroutine[Any, Any, tuple[str, ...]]] = no_mx,
    open_url: Callable[[str], bool] = lambda url: False,
    **others: Any,
) -> Services:
    """Return services without network, browser and delays; `others` are further fields of Services."""
    quiet = {"find_catcher": no_catcher, "check_sender": no_dns, "arrival_pause": 0.0}
    services = Services(mx_hosts=mx_hosts, open_url=open_url, mx_delay=0.0, **{**quiet, **others})
    if not services.preset_dirs:
        vars(services)["presets"] = PRESETS
    return services


@asynccontextmanager
async def wizard(
    state: WizardState | None = None,
    *,
    start: str = "provider",
    size: tuple[int, int] = (80, 24),
    services: Services | None = None,
) -> AsyncIterator[tuple[SmtpWizard, Pilot[WizardState]]]:
    """Run the wizard headless and yield it with its pilot, the first step shown and filled."""
    app = SmtpWizard(services or quiet_services(), state, start=start)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield app, pilot


async def settled(pilot: Pilot[WizardState]) -> None:
    """Wait until messages, callbacks after the refresh and workers of the step are through."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def type_text(pilot: Pilot[WizardState], text: str) -> None:
    """Type `text` letter by letter."""
    await pilot.press(*(KEYS.get(char, char) for char in text))
    await settled(pilot)


KEYS = {" ": "space", "-": "minus", ".": "full_stop", "@": "at", "_": "underscore"}


def screen_text(app: SmtpWizard) -> str:
    """Return what stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
