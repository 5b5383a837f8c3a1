"""From a table of a catalogue file to a Failure, taken to be right. `parse` checks it and tells what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from smtpwizard.diagnosis.schema import Example, Fact, Failure, Phrase

TEXTS: Final = ("ref", "id", "title", "cause", "remedy", "source", "checked", "evidence", "when", "repair", "rank")
PHRASES: Final = ("text", "provider_text")
LISTS: Final = (*PHRASES, "stages", "enhanced", "errors", "providers", "variables", "remove")
NUMBERS: Final = ("codes", "ports", "open_ports")
_FACTS: Final = {str(fact): fact for fact in Fact}


def build(table: Mapping[str, Any], examples: tuple[Example, ...] = (), unread: str = "") -> Failure:
    """Return the entry. TypeError, KeyError or AttributeError where it is not one.

    `unread` is its text, where `table` holds only what the matcher needs.
    """
    fields: dict[str, Any] = {key: table.get(key, "") for key in TEXTS}
    fields |= {key: tuple(table[key]) for key in (*LISTS, *NUMBERS) if key in table}
    fields |= {key: tuple(map(Phrase.parse, table[key])) for key in PHRASES if key in table}
    by = tuple(frozenset(_FACTS[word] for word in combination) for combination in table["by"])
    return Failure(**fields, by=by, changes=dict(table.get("changes", {})), examples=examples, unread=unread)
