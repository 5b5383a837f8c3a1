"""Step 1: what the target holds already, and which provider it is to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.app import Origin, findings, masked_settings
from smtpwizard.plain.tell import finding_line, provider_lines
from smtpwizard.preset_schema import Kind, Provider, ProviderStatus
from smtpwizard.questions import begin
from smtpwizard.settings import Settings
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.plain.walk import Walk

_SHOWN: Final = 12
"""Matches listed at once: more than this is a page of speech for a screen reader."""


def opening(state: Walk) -> bool:
    """Tell what the target holds. True when those settings are to be tested as they are."""
    from smtpwizard.outputs import read_env_file

    if state.target is None or state.start_with:
        return False
    found = read_env_file(state.target)
    settings = Settings.from_variables(found.variables)
    if not settings.to_variables() and not settings.legacy:
        return False
    console = state.console
    state.settings = state.original = settings
    state.provider = state.presets.for_host(settings.host) if settings.host else None
    name = state.provider.name if state.provider else "a server without preset"
    server = safe(f"{settings.shown_host or 'no host'}:{settings.port or 'no port'}", limit=120)
    user = masked_settings(settings, state.provider).get("SMTP_USERNAME") or "nobody"
    console.say(f"{state.target} holds settings: {server}, {name}, as {safe(user, limit=120)}.")
    for finding in findings(settings, provider=state.provider, origin=Origin.ENV_FILE):
        console.say(finding_line(finding))
    chosen = console.choose("What now", ("Test them", "Change them", "Start over"))
    if chosen == 2:
        state.settings, state.provider = Settings(), None
    return chosen == 0


def provider(state: Walk) -> None:
    """Ask for the provider until one is chosen, and set what its preset knows."""
    console = state.console
    before, previous = state.settings, state.provider
    address = ""
    if state.start_with:
        chosen = state.presets.provider(state.start_with)
        state.start_with = None
        console.say(f"{chosen.name}, as asked for on the command line.")
    elif previous is not None and console.confirm(f"Keep {previous.name}?", default=True):
        chosen = previous
    else:
        chosen, address = _ask(state)
    for line in provider_lines(chosen):
        console.say(line)
    region = _region(state, chosen)
    state.settings = begin(chosen, region=region, before=before, previous=previous, address=address)
    state.provider = chosen
    if chosen.kind is Kind.PRACTICE:
        _practise(state)


def _ask(state: Walk) -> tuple[Provider, str]:
    console = state.console
    while True:
        text = console.ask("Provider, mail address or domain (? lists all, custom for another server)")
        if text == "?":
            for item in state.presets.all():
                blocked = ", blocked" if item.status is ProviderStatus.BLOCKED else ""
                console.say(f"  {item.id}: {item.name}{blocked}")
            continue
        if text.lower() == "custom":
            return _custom(), ""
        match = state.presets.match_address(text)
        if match is not None:
            console.say(f"{safe(match.evidence, limit=200)} belongs to {match.provider.name}.")
            return match.provider, text if "@" in text else ""
        found = state.presets.search(text)[:_SHOWN]
        if not found:
            console.say(f"No provider matches {safe(text, limit=80)!r}. Type custom for a server of your own.")
            continue
        if len(found) == 1:
            return found[0], ""
        number = console.choose("Which one", (*(item.name for item in found), "none of these"))
        if number < len(found):
            return found[number], ""


def _custom() -> Provider:
    from smtpwizard.presets import CUSTOM

    return CUSTOM


def _region(state: Walk, chosen: Provider) -> str | None:
    if not chosen.regions:
        return None
    number = state.console.choose(
        f"{chosen.region_kind.capitalize() or 'Region'} of {chosen.name}", [item.label for item in chosen.regions]
    )
    return chosen.regions[number].id


def _practise(state: Walk) -> None:
    from smtpwizard.sandbox import PracticeServer

    if state.practice is None:
        state.practice = state.closing.enter_context(PracticeServer())
    state.settings = state.practice.settings()
    state.console.say(f"The practice server runs on {state.settings.host}, port {state.settings.port}.")
