"""From a parsed TOML table to a ConsumingApp or the list of gateways, every key checked. Must not read files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtpwizard import preset_fields as fields
from smtpwizard.preset_parts import own_id
from smtpwizard.preset_schema import AppMail, AppVariable, ConsumingApp
from smtpwizard.preset_table import Issue, Table


def build_app(data: Mapping[str, Any], stem: str) -> tuple[ConsumingApp, list[Issue]]:
    """Return the consuming app of the file `<stem>.toml`, and what is wrong with it."""
    issues: list[Issue] = []
    top = Table(data, (), issues)
    app = ConsumingApp(
        id=own_id(top, stem),
        name=top.text("name"),
        service=top.text("service"),
        images=top.texts("images"),
        from_name=top.text("from_name"),
        docs_url=top.text("docs_url", check=fields.url),
        variables=tuple(_variable(item) for item in top.tables("variables", required=True)),
        mails=tuple(_mail(item) for item in top.tables("mails", required=True)),
        sources=top.texts("sources", check=fields.source, required=True),
        checked=top.text("checked", check=fields.iso_date),
        templates_path=top.text("templates_path", "", check=fields.folder),
        partials=top.flag("partials"),
    )
    top.close()
    return app, issues


def build_gateways(data: Mapping[str, Any]) -> tuple[tuple[str, ...], list[Issue]]:
    """Return the MX suffixes of gateways.toml, and what is wrong with the file."""
    issues: list[Issue] = []
    top = Table(data, (), issues)
    suffixes = top.texts("suffixes", check=fields.domain, required=True)
    top.text("checked", check=fields.iso_date)
    top.texts("sources", check=fields.source, required=True)
    top.texts("unverified")
    top.close()
    return suffixes, issues


def _variable(item: Table) -> AppVariable:
    entry = AppVariable(
        name=item.text("name", check=fields.variable),
        required=item.flag("required", None),
        help=item.text("help"),
        secret=item.flag("secret"),
        default=item.text("default", ""),
        example=item.text("example", ""),
    )
    item.close()
    return entry


def _mail(item: Table) -> AppMail:
    mail = AppMail(
        name=item.text("name", check=fields.identifier),
        title=item.text("title"),
        subject=item.text("subject"),
        template=item.text("template", check=fields.template),
        carries=item.text("carries", check=fields.carried),
        link_path=item.text("link_path", "", check=fields.link_path),
    )
    if bool(mail.link_path) != (mail.carries == "link"):
        item.complain("link_path", "is for a mail that carries a link, and wanted there")
    item.close()
    return mail
