"""Every shipped preset: loads, agrees with itself, and has where its facts come from."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from smtpwizard.apps.loading import check_folder
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root, provider_files
from smtpwizard.presets.schema import (
    CUSTOM,
    DkimSelector,
    DkimSpec,
    ErrorReply,
    Kind,
    Mistake,
    PasswordSpec,
    PasswordType,
    PortChoice,
    Provider,
    ProviderStatus,
    Region,
    SenderRule,
    SenderSpec,
    SpfEnvelope,
    TlsMode,
    UsernameRule,
    UsernameSpec,
)
from smtpwizard.presets.toml import load_provider
from support.apps import ABC

PROVIDERS = [load_provider(path) for path in provider_files(presets_root())]


def test_there_is_a_provider_of_each_kind_and_one_practice_server() -> None:
    kinds = Counter(provider.kind for provider in PROVIDERS)
    assert set(kinds) == set(Kind) - {Kind.CUSTOM}
    assert kinds[Kind.PRACTICE] == 1


def test_the_shipped_presets_have_no_problem_of_their_own() -> None:
    problems = [problem for problem in check_folder(presets_root()) if "there is no mails/" not in problem.message]
    assert problems == []


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)
def test_a_preset_agrees_with_itself(provider: Provider) -> None:
    the_facts_have_a_source_and_a_day(provider)
    the_recommended_port_is_offered_and_decides_the_tls_variable(provider)
    a_port_has_the_tls_mode_of_its_number(provider)
    the_default_host_is_one_of_the_regions(provider)
    sentences_are_sentences(provider)
    what_cannot_log_in_says_why(provider)
    dkim_selectors_can_be_asked_for_and_their_records_published(provider)


def the_facts_have_a_source_and_a_day(provider: Provider) -> None:
    assert provider.sources
    assert date.fromisoformat(provider.checked) >= date(2026, 1, 1)
    assert provider.verified or provider.unverified, "what is not verified is named"


def the_recommended_port_is_offered_and_decides_the_tls_variable(provider: Provider) -> None:
    choice = provider.port_choice()
    assert choice in provider.ports
    values = ABC.defaults(provider)
    assert values["SMTP_PORT"] == str(provider.recommended_port)
    assert values["SMTP_TLS"] == ("true" if choice.tls is TlsMode.IMPLICIT else "false")


def a_port_has_the_tls_mode_of_its_number(provider: Provider) -> None:
    for choice in provider.ports:
        if choice.port in (465, 2465, 8465, 443):
            assert choice.tls is TlsMode.IMPLICIT
        if choice.port in (587, 2587):
            assert choice.tls is TlsMode.STARTTLS
        if choice.tls is TlsMode.NONE:
            assert provider.kind is Kind.LOCAL or choice.port != provider.recommended_port


def the_default_host_is_one_of_the_regions(provider: Provider) -> None:
    hosts = {region.host for region in provider.regions}
    assert not hosts or provider.host in hosts
    for region in provider.regions:
        assert ABC.defaults(provider, region=region.id)["SMTP_HOST"] == region.host
        if provider.host_template:
            assert provider.host_template.format(region=region.id) == region.host
    assert not {region.id for region in provider.regions} & set(provider.regions_without_smtp)


def sentences_are_sentences(provider: Provider) -> None:
    replies = [error.meaning for error in provider.errors]
    mistakes = [mistake.message for mistake in provider.password.mistakes]
    hints = [provider.username.hint, provider.password.hint, provider.sender.hint]
    for text in [*hints, *provider.caveats, *replies, *mistakes]:
        assert text.endswith("."), text
        assert "!" not in text
        assert "  " not in text
        first = text.split()[0]
        assert not first[0].islower() or "." in first, f"begins in lower case, and not with a host name: {text}"
    assert "(unverified)" not in " ".join([*hints, *provider.caveats, *provider.limits, *replies])


def what_cannot_log_in_says_why(provider: Provider) -> None:
    if provider.password.type is PasswordType.OAUTH2_ONLY or not provider.password_auth:
        assert provider.status is ProviderStatus.BLOCKED
    assert (provider.username.rule is UsernameRule.NONE) == (provider.password.type is PasswordType.NONE)
    assert provider.status is ProviderStatus.OK or (provider.status_note and provider.caveats)


def dkim_selectors_can_be_asked_for_and_their_records_published(provider: Provider) -> None:
    spec = provider.dkim
    assert not spec.where or spec.where.endswith(".")
    for entry in spec.selectors:
        target = entry.target_for("mail.acme.example")
        assert "{" not in target
        assert not entry.target or entry.type == "CNAME"
    if not all(entry.verified for entry in spec.selectors):
        assert any("DKIM" in item for item in provider.unverified), "what is not verified is named"
    if provider.spf_envelope is not SpfEnvelope.SENDER:
        assert provider.kind is Kind.RELAY
        assert provider.spf_include, "else nothing has to be said about it"


def test_the_target_of_a_key_is_made_for_the_domain() -> None:
    presets = Presets.open()
    fastmail, brevo, sendgrid = (presets.provider(name).dkim.selectors[0] for name in ("fastmail", "brevo", "sendgrid"))
    assert fastmail.target_for("mail.acme.example") == "fm1.mail.acme.example.dkim.fmhosted.com"
    assert brevo.target_for("mail.acme.example") == "b1.mail-acme-example.dkim.brevo.com"
    assert sendgrid.target_for("mail.acme.example") == "", "it holds the number of the account"


def test_a_mail_domain_leads_to_one_provider() -> None:
    owners = Counter(domain for provider in PROVIDERS for domain in provider.mail_domains)
    assert [domain for domain, count in owners.items() if count > 1] == []


def test_ids_names_and_aliases_do_not_hide_each_other() -> None:
    names = Counter(provider.name.casefold() for provider in PROVIDERS)
    assert max(names.values()) == 1
    ids = {provider.id for provider in PROVIDERS}
    for provider in PROVIDERS:
        assert not {alias.casefold() for alias in provider.aliases} & (ids - {provider.id})


def test_the_guides_presets_have_the_guides_values() -> None:
    guide = {provider.id: provider for provider in PROVIDERS if ABC.guided(provider)}
    assert set(guide) == {"gmail", "sendgrid"}
    for provider in guide.values():
        values = ABC.defaults(provider)
        assert (values["SMTP_PORT"], values["SMTP_TLS"], values["SMTP_OPPORTUNISTIC_TLS"]) == ("587", "false", "true")
        stricter = provider.stricter_port()
        assert stricter is not None
        assert stricter.port == 465
        assert ABC.defaults(provider, port=465)["SMTP_OPPORTUNISTIC_TLS"] == "false"
    assert ABC.defaults(guide["sendgrid"])["SMTP_USERNAME"] == "apikey"


def test_the_practice_server_is_on_the_loopback() -> None:
    practice = Presets.open().provider("practice")
    assert practice.host == "127.0.0.1"
    assert {(choice.port, choice.tls) for choice in practice.ports} == {
        (2525, TlsMode.STARTTLS),
        (2465, TlsMode.IMPLICIT),
    }


def test_the_custom_server_is_no_file_and_not_in_the_list() -> None:
    presets = Presets.open()
    assert presets.provider("custom") is CUSTOM
    assert CUSTOM not in presets.all()
    assert "custom" in presets.ids()


def test_no_source_is_a_remark_instead_of_a_place() -> None:
    for provider in PROVIDERS:
        for source in provider.sources:
            assert re.match(r"https?://|[\w.-]+(/[\w.-]+)?:", source), source


def test_the_contributors_page_names_every_key() -> None:
    page = (presets_root().parent / "docs" / "presets.md").read_text("utf-8")
    parts = (Provider, PortChoice, Region, UsernameSpec, PasswordSpec, Mistake, SenderSpec, ErrorReply)
    for part in (*parts, DkimSpec, DkimSelector):
        for field in part._fields:
            assert re.search(rf"[`.\[{{ ]{field}[`\], }}]", page), f"{part.__name__}.{field}"
    for kind in (Kind, ProviderStatus, TlsMode, UsernameRule, PasswordType, SenderRule, SpfEnvelope):
        for member in kind:
            assert f"`{member.value}`" in page or member in (Kind.PRACTICE, Kind.CUSTOM), member
