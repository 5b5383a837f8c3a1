"""From a parsed TOML table to a Provider, every key checked. Must not read files: `preset_files` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtpwizard import preset_fields as fields
from smtpwizard import preset_parts as parts
from smtpwizard.preset_parts import own_id
from smtpwizard.preset_schema import Kind, Provider, ProviderStatus
from smtpwizard.preset_table import Issue, Table


def build_provider(data: Mapping[str, Any], stem: str) -> tuple[Provider, list[Issue]]:
    """Return the provider of the file `<stem>.toml`, and what is wrong with it.

    With issues the provider is not to be used.
    """
    issues: list[Issue] = []
    top = Table(data, (), issues)
    provider = Provider(
        id=own_id(top, stem),
        name=top.text("name"),
        kind=top.choice("kind", Kind),
        tier=top.number("tier", 1, 3),
        status=top.choice("status", ProviderStatus),
        status_note=top.text("status_note", ""),
        aliases=top.texts("aliases"),
        guide=top.flag("guide"),
        host=top.text("host", check=fields.host),
        host_template=top.text("host_template", "", check=fields.host_template),
        alt_hosts=top.texts("alt_hosts", check=fields.host),
        old_hosts=top.texts("old_hosts", check=fields.host),
        recommended_port=top.number("recommended_port", 1, 65535),
        opportunistic_tls=top.text("opportunistic_tls", "", check=fields.true_or_false),
        ports=tuple(parts.port(item) for item in top.tables("ports", required=True)),
        region_kind=top.text("region_kind", "", check=fields.region_kind),
        regions=tuple(parts.region(item) for item in top.tables("regions")),
        regions_without_smtp=top.texts("regions_without_smtp", check=fields.identifier),
        password_auth=top.flag("password_auth", True),
        oauth2_offered=top.flag("oauth2_offered"),
        docs_url=top.text("docs_url", "" if data.get("kind") == Kind.PRACTICE else None, check=fields.url),
        activity_url=top.text("activity_url", "", check=fields.url),
        web_ui=top.text("web_ui", "", check=fields.url),
        docker_image=top.text("docker_image", ""),
        nodemailer_service=top.text("nodemailer_service", ""),
        limits=top.texts("limits"),
        caveats=top.texts("caveats"),
        mail_domains=top.texts("mail_domains", check=fields.domain),
        mx_suffixes=top.texts("mx_suffixes", check=fields.domain),
        inbound_mx_suffixes=top.texts("inbound_mx_suffixes", check=fields.domain),
        mx_note=top.text("mx_note", ""),
        spf_include=top.texts("spf_include", check=fields.spf_domain),
        spf_note=top.text("spf_note", ""),
        spf_envelope=parts.spf_envelope(top),
        dkim=parts.dkim(top),
        username=parts.username(top.table("username")),
        password=parts.password(top.table("password")),
        sender=parts.sender(top.table("sender")),
        errors=tuple(parts.error(item) for item in top.tables("errors")),
        checked=top.text("checked", check=fields.iso_date),
        verified=top.flag("verified", None),
        unverified=top.texts("unverified"),
        sources=top.texts("sources", check=fields.source, required=True),
    )
    top.close()
    _agreement(top, provider)
    return provider, issues


def _agreement(top: Table, provider: Provider) -> None:
    """What keys say must fit together."""
    ports = [choice.port for choice in provider.ports]
    if ports and provider.recommended_port not in ports:
        top.complain("recommended_port", f"{provider.recommended_port} is not among the ports")
    for index, port in enumerate(ports):
        if port in ports[:index]:
            top.complain(("ports", index, "port"), f"{port} is listed twice")
    names = [region.id for region in provider.regions]
    for index, name in enumerate(names):
        if name in names[:index]:
            top.complain(("regions", index, "id"), f"{name} is listed twice")
    if bool(provider.regions) != bool(provider.region_kind):
        top.complain("region_kind", "goes together with regions: give both or neither")
    if bool(provider.status_note) != (provider.status is not ProviderStatus.OK):
        top.complain("status_note", 'is for a status other than "ok", and wanted there')
