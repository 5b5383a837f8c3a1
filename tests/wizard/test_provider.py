"""Step 1 without a screen: how a name, an address or a domain becomes a provider."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from smtpwizard.presets.schema import Kind
from smtpwizard.report.presets import GROUPS
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard import provider as module
from smtpwizard.wizard.provider import ProviderStep, Row, preferred_region, rows, server_in
from smtpwizard.wizard.session import Services, Session, Target, TargetKind, WizardState
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


def test_the_list_begins_with_the_apps_guide_the_folder_and_the_practice_server_and_has_everything_below(
    tmp_path: Path,
) -> None:
    (tmp_path / "compose.yml").write_text(
        "services:\n  api: {image: line/abc-user-feedback-api:v1}\n  trap: {image: 'docker.io/rnwood/smtp4dev:v3'}\n"
    )
    state = WizardState(target=Target(TargetKind.ENV_FILE, tmp_path / ".env"))
    model, session = step(state=state)
    found = model.search("")
    shown = model.rows(found)
    assert [(row.text, row.note) for row in shown[:8]] == [
        ("In the guide of ABC User Feedback", ""),
        ("SendGrid", "recommended"), ("Gmail", "for tests"), ("Custom server", "company or other"),
        ("Found here", ""), ("smtp4dev", "service trap"),
        ("Without an account", ""), ("Practice server", "to try the walk"),
    ]  # fmt: skip
    below = [row.provider.id for row in shown[8:] if row.provider is not None]
    assert below == [item.id for item in found.providers] + ["custom"]
    here = shown[5]
    assert here.provider is not None
    model.choose(here.provider, host=here.host)
    assert (session.state.settings.host, session.state.settings.port) == ("trap", "25")


def test_an_app_whose_guide_names_nobody_begins_with_a_server_of_ones_own() -> None:
    model, session = step(quiet_services(app_id="ghost"))
    (heading, custom, *_) = model.rows(model.search(""))
    assert (heading, custom) == (Row(None, "A server of your own"), Row(session.services.custom, "Custom server"))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("mail.acme.example", "mail.acme.example", None),
        ("Mail.Acme.Example:25", "mail.acme.example", "25"),
        ("smtp://10.0.0.5", "10.0.0.5", None),
        ("localhost", "localhost", None),
        ("relay:2525", "relay", "2525"),
        ("smtps://mail.acme.example:465/", "mail.acme.example", "465"),
    ],
)
async def test_a_server_that_is_typed_is_carried_into_the_custom_servers_host(
    text: str, host: str, port: str | None
) -> None:
    model, session = step()
    pending = model.search(text).pending
    if pending:
        await model.look_up(pending)
    found = model.search(text)
    chosen = next(row.provider for row in model.rows(found) if row.provider is not None)
    if not found.providers:
        assert chosen.kind is Kind.CUSTOM
    model.choose(session.services.custom, text=found.text)
    assert (session.state.settings.host, session.state.settings.port) == (host, port or "587")


@pytest.mark.parametrize("text", ["sendgrid", "gm", "", "two words", "a@b.example", "http://x.example", "x:y"])
def test_what_is_no_server_is_not_taken_for_one(text: str) -> None:
    assert server_in(text) == ("", "")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("custom", "custom"), ("our server", "custom"), ("company", "custom"), ("relay", "custom"),
        ("회사 서버", "custom"),
        ("구글", "gmail"), ("지메일", "gmail"), ("谷歌", "gmail"), ("네이버", "naver"), ("ヤフー", "yahoo"),
        ("ライン", "naver-works"), ("라인", "naver-works"), ("QQ邮箱", "qq"), ("网易邮箱", "netease-163"),
        ("google relay", "google-workspace-relay"), ("s", "sendgrid"),
    ],
)  # fmt: skip
def test_what_people_type_finds_what_they_mean(text: str, first: str) -> None:
    assert step()[0].search(text).providers[0].id == first


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
    assert headings == [text for text in GROUPS.values() if text in headings]
    found = rows([presets.provider("gmx"), presets.provider("sendgrid")], custom, ranked=True)
    assert [row.text for row in found] == [
        "Mailboxes", "GMX", "Sending services", presets.provider("sendgrid").name, "Any other server", custom.name,
    ]  # fmt: skip
