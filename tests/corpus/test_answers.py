"""What `explain` answers to public reports: right by their kind, not misleading, the same however they are dressed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from smtpwizard.diagnosis.catalogue import default
from smtpwizard.diagnosis.event import plain
from smtpwizard.diagnosis.explain import matches
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.mail_errors import find
from support.corpus import FILES, figures, reports, verdict

KNOWN: Final = reports("known")


@pytest.mark.parametrize("report", KNOWN, ids=[report["id"] for report in KNOWN])
def test_no_answer_to_a_known_report_misleads(report: dict[str, Any]) -> None:
    word, first = verdict(report)
    assert word != "misleading", first


LEAST: Final = {
    "known": 0.97,
    "seen": 0.95,
    "unseen": 0.9,
    "fresh": 0.9,
    "blind": 0.9,
    "last": 0.9,
    "worked": 0.9,
    "sealed": 0.9,
    "late": 0.9,
    "drawn": 0.9,
    "github": 0.95,
    "clients": 0.95,
    "envelope": 0.95,
    "apart": 0.9,
    "final": 0.9,
    "readers": 0.95,
    "broad": 0.95,
    "owners": 0.95,
    "closing": 0.7,
    "threads": 0.9,
    "everyday": 0.85,
    "replies": 0.85,
    "mixed": 0.9,
    "excerpts": 0.8,
    "projects": 0.85,
    "spread": 0.85,
    "operators": 0.85,
    "parting": 0.75,
}
"""File of the corpus → the share that must be answered rightly."""


@pytest.mark.parametrize("name", FILES)
def test_most_reports_are_answered_rightly(name: str) -> None:
    counts = figures(name)
    assert counts["right"] / counts.total() >= LEAST[name], counts


DRESSES: Final[Mapping[str, Callable[[str], str]]] = {
    "a line before": lambda text: f"Sending the mail failed\n{text}",
    "a line after": lambda text: f"{text}\nplease help, it worked yesterday",
    "an address behind": lambda text: f"{text}\nSee https://example.com/docs/email for more.",
    "compose": lambda text: "\n".join(f"api-1  | {line}" for line in text.split("\n")),
    "colours": lambda text: "\n".join(f"\x1b[31m{line}\x1b[0m" for line in text.split("\n")),
    "Windows lines": lambda text: text.replace("\n", "\r\n") + "\r\n",
    "a time before": lambda text: f"2026-11-22T07:20:01.123Z ERROR mailer {text}",
    "in a fence": lambda text: f"```\n{text}\n```",
    "quoted in a mail": lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
    "blanks before": lambda text: "\n".join(f"    {line}" for line in text.split("\n")),
    "JSON": lambda text: json.dumps({"level": "error", "msg": text, "service": "app"}),
    "JSON of an error": lambda text: json.dumps({"level": 50, "err": {"type": "Error", "message": text, "stack": ""}}),
}
SHORT: Final = [report for report in KNOWN if report["text"].strip().count("\n") <= 3]
"""Texts that somebody would dress so; a transcript of a dialogue is none."""


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES.keys())
def test_what_stands_around_a_known_error_does_not_hide_it(dress: Callable[[str], str]) -> None:
    other = []
    for report in SHORT:
        text = report["text"].strip()
        found = explain_text(dress(text), provider=report.get("provider"))
        if not found or found[0].kind not in report["kinds"]:
            other.append((report["id"], text[:80], found[0].id if found else None))
    assert not other, other


def test_the_index_finds_just_the_phrases_that_stand_in_a_text() -> None:
    catalogue = default()
    for report in KNOWN:
        text = plain(report["text"])
        for index in (catalogue.rule_words, catalogue.general_words, catalogue.clients, catalogue.proofs):
            asked = {(key, item) for key, phrases in index.lists for item in phrases if item.found_in(text)}
            assert {(key, item) for key, phrases in index.found_in(text).items() for item in phrases} == asked


def test_no_two_entries_of_equal_rank_contradict_each_other_on_any_report() -> None:
    catalogue = default()
    torn = set()
    for name in ("known", "seen", "unseen"):
        for report in reports(name):
            for item in find(report["text"]):
                best = matches(item.event, catalogue)
                if len(best) > 1 and best[0].order == best[1].order and best[0].failure.kind != best[1].failure.kind:
                    torn.add((best[0].failure.ref, best[1].failure.ref))
    assert not torn
