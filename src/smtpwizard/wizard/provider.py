"""What step 1 says: its help, and where a typed text leads. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from smtpwizard.addresses import domain_of, is_address
from smtpwizard.presets.matching import Match

HELP: Final = (
    "Type part of a name (`gm`), a mail address or a domain. An address finds its provider by its domain, and else "
    "by asking DNS where the domain receives its mail (MX).\n\nUp and Down move in the list while you type; Tab goes "
    "to the regions where a provider has several; Shift+Down turns the page beside the list. Nothing is sent in this "
    "step but that DNS question.\n\nThe practice server needs no account and no network: the whole walk can be tried "
    "on it."
)

_DOMAIN: Final = re.compile(r"(?:[^\s@.]+\.)+[^\s@.]{2,}")


def domain_in(text: str) -> str:
    """Return the domain of a complete mail address or domain, in lower case; '' for anything else."""
    domain = domain_of(text) if is_address(text) else text.lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


def said(text: str, match: Match | None, domain: str, *, pending: bool, nothing: bool) -> str:
    """Return the sentence below the input; '' where the list says it all.

    `pending`: the MX answer for `domain` is not there yet. `nothing`: no provider matches `text`.
    """
    if match is not None and match.how == "mx":
        return f"{domain} receives mail at {match.provider.name} (MX). Enter uses it."
    if match is not None:
        return f"{domain} is {match.provider.name}."
    if domain and pending:
        return f"Looking up where {domain} receives its mail…"
    if domain and nothing:
        return f"No provider is known behind {domain}. Enter: custom server."
    return f'No provider matches "{text}". Enter: custom server.' if text and nothing else ""


def broken_presets(count: int) -> str:
    """Return the sentence on presets of the operator's own that are left out of the list; '' for none."""
    if not count:
        return ""
    return f"Not listed, since they cannot be read: {count} of your presets. `smtpwizard presets check` says why."
