"""From a table of a catalogue file to a Failure: every mistake is a problem that names the key. Reads no files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from smtpwizard.diagnosis.build import LISTS, NUMBERS, PHRASES, TEXTS, build
from smtpwizard.diagnosis.conditions import CONDITIONS
from smtpwizard.diagnosis.repairs import REPAIRS
from smtpwizard.diagnosis.schema import EVENTS, STAGES, Example, Fact, Failure, Phrase
from smtpwizard.settings import FIELDS

Problems = list[tuple[str, str]]
"""(key, message) pairs."""

_REF: Final = re.compile(r"[A-Z]\d{1,3}")
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

_REQUIRED: Final = (
    "ref",
    "id",
    "stages",
    "by",
    "title",
    "cause",
    "remedy",
    "source",
    "checked",
    "evidence",
    "examples",
)
_OTHERS: Final = ("by", "changes", "examples")
_RANKS: Final = ("first", "last")
_EXAMPLE_TEXTS: Final = ("stage", "reply", "event", "error", "message", "paste", "provider", "recipient")
_EXAMPLE_KEYS: Final = frozenset({*_EXAMPLE_TEXTS, "alone", "port", "settings"})
_KINDS: Final = ("reply", "event", "paste")

_FACT_NEEDS: Final = {
    Fact.CODE: ("codes",), Fact.ENHANCED: ("enhanced",), Fact.TEXT: ("text", "provider_text"), Fact.ERROR: ("errors",),
    Fact.PROVIDER: ("providers",), Fact.PORT: ("ports",), Fact.WHEN: ("when",),
}  # fmt: skip


def parse_failure(table: Mapping[str, Any]) -> tuple[Failure | None, Problems]:
    """Return the entry, or None and what is wrong with it."""
    problems = _shape(table)
    if not problems:
        problems = _values(table)
    if problems:
        return None, problems
    examples = tuple(_example(item, number, problems) for number, item in enumerate(table["examples"], 1))
    return (None, problems) if problems else (build(table, examples), [])


def _shape(table: Mapping[str, Any]) -> Problems:
    """Check keys and types."""
    problems = [(key, "is required") for key in _REQUIRED if key not in table]
    known = {*TEXTS, *LISTS, *NUMBERS, *_OTHERS}
    problems += [(key, "is not a key of a failure") for key in table if key not in known]
    for key in TEXTS:
        problems += _unless(key, table, "a text", lambda value: isinstance(value, str))
    for key in LISTS:
        problems += _unless(key, table, "a list of texts", lambda value: _is_list(value, str))
    for key in NUMBERS:
        problems += _unless(key, table, "a list of numbers", lambda value: _is_list(value, int))
    problems += _unless("changes", table, "a table of texts", _is_table_of_texts)
    problems += _unless("examples", table, "a list of tables", lambda value: _is_list(value, dict))
    problems += _unless(
        "by",
        table,
        "a list of lists of texts",
        lambda value: _is_list(value, list) and all(_is_list(v, str) for v in value),
    )
    return problems


def _unless(key: str, table: Mapping[str, Any], wanted: str, test: Callable[[Any], bool]) -> Problems:
    return [(key, f"must be {wanted}")] if key in table and not test(table[key]) else []


def _is_list(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) and not isinstance(item, bool) for item in value)


def _is_table_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _values(table: Mapping[str, Any]) -> Problems:
    """Check values against what the matcher knows."""
    problems: Problems = []
    for key, pattern, wanted in (("ref", _REF, "a letter and a number"), ("id", _ID, "kebab-case"),
                                 ("checked", _DATE, "an ISO date")):  # fmt: skip
        if not pattern.fullmatch(table[key]):
            problems.append((key, f"must be {wanted}"))
    problems += [(key, "must not be empty") for key in _REQUIRED if not table[key]]
    problems += [("stages", f"{stage!r} is not a stage") for stage in table["stages"] if stage not in STAGES]
    problems += [("enhanced", f"{code!r} is not an enhanced code") for code in table.get("enhanced", ())
                 if not _ENHANCED.fullmatch(code)]  # fmt: skip
    problems += [("codes", f"{code} is not a reply code") for code in table.get("codes", ()) if not 200 <= code < 600]
    for key in PHRASES:
        wrong = [text for text in table.get(key, ()) if text != text.lower() or not Phrase.parse(text).parts]
        problems += [(key, f"{text!r} must be lower case words; * is a gap") for text in wrong]
    if table.get("rank", "first") not in _RANKS:
        problems.append(("rank", f"must be one of {', '.join(_RANKS)}"))
    if set(table["evidence"]) - set("SDILM"):
        problems.append(("evidence", "must be letters of S, D, I, L, M"))
    for key, known in (("when", CONDITIONS), ("repair", REPAIRS)):
        if key in table and table[key] not in known:
            problems.append((key, f"{table[key]!r} is not known; known are {', '.join(sorted(known))}"))
    for key in ("variables", "remove", "changes"):
        problems += [
            (key, f"{name!r} is not a variable of the app") for name in table.get(key, ()) if name not in FIELDS
        ]
    return problems + _combinations(table)


def _combinations(table: Mapping[str, Any]) -> Problems:
    problems: Problems = []
    for combination in table["by"]:
        for word in combination:
            if word not in list(Fact):
                problems.append(("by", f"{word!r} is not a fact; facts are {', '.join(Fact)}"))
            elif not any(table.get(key) for key in _FACT_NEEDS.get(Fact(word), ("id",))):
                problems.append(("by", f"{word!r} needs the key {_FACT_NEEDS[Fact(word)][0]!r}"))
    return problems


def _example(item: Mapping[str, Any], number: int, problems: Problems) -> Example:
    found: Problems = [(key, "is not a key of an example") for key in item if key not in _EXAMPLE_KEYS]
    for key in _EXAMPLE_TEXTS:
        found += _unless(key, item, "a text", lambda value: isinstance(value, str))
    found += _unless("settings", item, "a table of texts", _is_table_of_texts)
    found += _unless("port", item, "a number", lambda value: isinstance(value, int))
    found += _unless("alone", item, "true or false", lambda value: isinstance(value, bool))
    if item.get("stage") not in STAGES:
        found.append(("stage", f"must be one of {', '.join(STAGES)}"))
    if sum(kind in item for kind in _KINDS) != 1:
        found.append((_KINDS[0], f"exactly one of {', '.join(_KINDS)} must be given"))
    if item.get("event", "close") not in EVENTS:
        found.append(("event", f"must be one of {', '.join(sorted(EVENTS))}"))
    found += [("settings", f"{name!r} is not a variable of the app") for name in item.get("settings", ())
              if name not in FIELDS]  # fmt: skip
    if found:
        problems += [("examples", f"example {number}: {key} {message}") for key, message in found]
        return Example(stage="")
    return Example(**item)
