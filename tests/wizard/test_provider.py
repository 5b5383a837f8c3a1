"""Step 1 without a screen: how a name, an address or a domain becomes a provider."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from smtpwizard.presets.schema import Kind
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard import provider as module
from smtpwizard.wizard.provider import HEADINGS, ProviderStep, preferred_region, rows
from smtpwizard.wizard.session import Services, Session, WizardState
from support.apps import ABC
from support.tui import no_mx, quiet_services


def step(services: Services | None = None, state: WizardState | None = None) -> tuple[ProviderStep, Session]:
    """Return the step of a new walk, and the walk."""
    session = Session(services or quiet_services(), state)
    return session.step(ProviderStep), session


def test_an_address_finds_its_provider_by_its_domain_at_once_and_is_taken_over() -> None:
    model, session = step()
    found = model.search("ops@gmail.com")
    assert found.sentence == "gmail.com is Gmail."
    assert found.match is not None
    assert found.providers[0] is found.match.provider
    assert found.pending == ""
    model.choose(found.providers[0], text=found.text)
    assert session.state.settings.username == "ops@gmail.com"
    assert session.state.settings.sender == "ops@gmail.com"


async def test_a_domain_is_asked_for_its_mx_once_and_leads_to_the_provider() -> None:
    asked: list[str] = []

    async def google(domain: str) -> tuple[str, ...]:
        asked.append(domain)
        return ("aspmx.l.google.com",)

    model, _ = step(quiet_services(mx_hosts=google))
    assert model.search("ops@acme.example").pending == "acme.example"
    await model.look_up("acme.example")
    found = model.search("ops@acme.example")
    assert found.pending == ""
    assert found.sentence == "acme.example receives mail at Google Workspace (MX)."
    assert found.providers[0].id == "google-workspace"
    assert asked == ["acme.example"]


async def test_a_resolver_that_never_answers_counts_as_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(domain: str) -> tuple[str, ...]:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(module, "_MX_SECONDS", 0.01)
    model, _ = step(quiet_services(mx_hosts=silent))
    await model.look_up("acme.example")
    assert model.search("acme.example").sentence == "No provider is known behind acme.example."


async def test_an_unknown_address_is_taken_over_by_the_custom_server() -> None:
    model, session = step()
    await model.look_up("acme.example")
    found = model.search("ops@acme.example")
    assert found.sentence == "No provider is known behind acme.example."
    chosen = model.rows(found)[1].provider
    assert chosen is not None
    assert chosen.kind is Kind.CUSTOM
    model.choose(chosen, text=found.text)
    assert session.state.settings.sender == "ops@acme.example"


def test_what_matches_nothing_says_so_and_leaves_the_custom_server() -> None:
    model, session = step()
    found = model.search("qqzz")
    assert found.sentence == 'No provider matches "qqzz".'
    assert [row.provider for row in model.rows(found)] == [None, session.services.custom]


def test_a_blocked_provider_is_refused_with_its_reason() -> None:
    model, _ = step()
    (blocked, *_) = model.search("hotmail.com").providers
    assert model.refusal(blocked).startswith(f"{blocked.name} takes no password")
    assert "Choose another one." in model.refusal(blocked)
    assert model.refusal(model.search("gm").providers[0]) == ""


def test_another_provider_does_not_get_the_credential_of_the_one_before() -> None:
    services = quiet_services()
    before = Settings(
        ABC, host="smtp.gmail.com", port="587", username="a@gmail.com", password=Secret("abcdefghijklmnop")
    )
    model, session = step(services, WizardState(settings=before, provider=services.presets.provider("gmail")))
    model.choose(services.presets.provider("sendgrid"))
    assert session.state.settings.host == "smtp.sendgrid.net"
    assert session.state.settings.username == "apikey"
    assert session.state.settings.password is None


def test_a_region_is_taken_from_the_choice_from_the_typed_domain_or_from_the_preset() -> None:
    ses = quiet_services().presets.provider("amazon-ses")
    assert ses.regions[preferred_region(ses, "eu-west-1")].id == "eu-west-1"
    assert ses.regions[preferred_region(ses, None, "eu-west-1")].id == "eu-west-1"
    assert ses.regions[preferred_region(ses, None)].host == ses.host


def test_a_broken_preset_of_the_operator_is_told_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "mine.toml").write_text('id = "mine"\nname = [\n')
    (tmp_path / "mine.toml").write_text('id = "mine"\nname = [\n')
    model, _ = step(Services(preset_dirs=(tmp_path,), mx_hosts=no_mx))
    assert len(model.search("").providers) == len(step()[0].search("").providers)
    assert "1 of your presets" in model.broken
    assert step()[0].broken == ""


def test_the_whole_list_keeps_the_order_of_the_groups_and_a_search_begins_with_its_best_match() -> None:
    services = quiet_services()
    presets, custom = services.presets, services.custom
    everything = [provider for provider in presets.all() if provider.id != custom.id]
    headings = [row.text for row in rows(everything, custom, ranked=False) if row.provider is None]
    assert headings == [text for text in HEADINGS.values() if text in headings]
    found = rows([presets.provider("gmx"), presets.provider("sendgrid")], custom, ranked=True)
    assert [row.text for row in found] == [
        "Mailboxes", "GMX", "Relays", presets.provider("sendgrid").name, "Another server", custom.name,
    ]  # fmt: skip
