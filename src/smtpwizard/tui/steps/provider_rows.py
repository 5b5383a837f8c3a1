"""The rows of the provider list: which providers, under which headings, in which words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from smtpwizard.preset_schema import Kind, Provider, ProviderStatus
from smtpwizard.tui.content import styled

HEADINGS: Final = {
    Kind.RELAY: "Relays",
    Kind.MAILBOX: "Mailboxes",
    Kind.HOSTING: "Company and hosting",
    Kind.TEST: "Test inboxes",
    Kind.LOCAL: "Local servers",
    Kind.PRACTICE: "Practice",
    Kind.CUSTOM: "Another server",
}
"""The groups, in the order in which the whole list shows them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A provider, or a heading where `provider` is None."""

    provider: Provider | None
    text: str


def rows(found: Sequence[Provider], custom: Provider, *, ranked: bool) -> tuple[Row, ...]:
    """Group `found` under headings, `custom` last.

    The whole list keeps the order of HEADINGS; a ranked one begins with the group of its best match, so that the first
    row is always the best.
    """
    groups: dict[Kind, list[Provider]] = {} if ranked else {kind: [] for kind in HEADINGS}
    for provider in (*found, custom):
        groups.setdefault(provider.kind, []).append(provider)
    result: list[Row] = []
    for kind, members in groups.items():
        if members:
            result.append(Row(None, HEADINGS[kind]))
            result.extend(Row(member, member.name) for member in members)
    return tuple(result)


def prompt(row: Row) -> Content:
    """Return a row as shown: a heading muted, a blocked provider with the reason in words."""
    if row.provider is None:
        return styled(row.text, "$text-muted")
    name = styled(row.text, "", limit=60)
    if row.provider.status is ProviderStatus.BLOCKED:
        note = f"blocked: {row.provider.status_note}" if row.provider.status_note else "blocked"
        return Content.assemble(styled(row.text, "$text-muted", limit=60), "  ", styled(note, "$text-muted"))
    return Content.assemble(name, "  ", ("!", "$warning")) if row.provider.status is ProviderStatus.WARN else name
