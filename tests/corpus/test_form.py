"""The corpus keeps its form: unique texts, public sources, known kinds, and nobody's address or secret."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from smtpwizard.presets.files import presets_root

HERE: Final = Path(__file__).parent
FILES: Final = sorted(HERE.glob("reports-*.toml"))
FIELDS: Final = {"id", "source", "client", "app", "provider", "stage", "leg", "text", "kinds", "right"}
PLACEHOLDERS: Final = {"someone", "sender", "recipient", "user", "postmaster", "root", "smtp", "a", "b", "s"}
ADDRESS: Final = re.compile(r"([\w.+=-]+)@((?:[a-z0-9-]+\.)+[a-z]{2,})", re.IGNORECASE)
SECRET: Final = re.compile(
    r"SG\.[\w-]{20,}|xkeysib-[0-9a-f]{20}|xsmtpsib-[0-9a-f]{20}|\bre_\w{16,}|AKIA[0-9A-Z]{16}|-----BEGIN"
    r"|AUTH (?:PLAIN|LOGIN) (?!AHVuZGVmaW5lZAB1bmRlZmluZWQ=)[A-Za-z0-9+/=]{16,}|AUTH XOAUTH2 \S{40,}"
    r"|passw(?:or)?d[\"']?\s*[:=]\s*[\"']?(?!\*|<|x{3}|null|PassordWithLetters|\[Function\]|\(system gen)[^\s\"'*]{6,}",
    re.IGNORECASE,
)


def reports(file: Path) -> list[dict[str, Any]]:
    return list(tomllib.loads(file.read_text("utf-8"))["report"])


@pytest.fixture(scope="module")
def kinds() -> set[str]:
    listed = tomllib.loads((HERE / "kinds.toml").read_text("utf-8"))["kind"]
    assert all(sentence.endswith(".") for kind in listed for sentence in (kind["means"], kind["next"]))
    names = [kind["id"] for kind in listed]
    assert len(names) == len(set(names))
    return set(names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_report_has_a_public_source_known_kinds_and_a_right_answer(file: Path, kinds: set[str]) -> None:
    providers = {preset.stem for preset in (presets_root() / "providers").glob("*.toml")}
    for report in reports(file):
        assert set(report) <= FIELDS, report["id"]
        assert report["source"].startswith("https://"), report["id"]
        assert report["kinds"], report["id"]
        assert set(report["kinds"]) <= kinds, report["id"]
        assert report["right"].endswith("."), report["id"]
        assert report.get("leg", "onward") == "onward", report["id"]
        assert report.get("provider", "gmail") in providers, report["id"]
        assert 0 < len(report["text"].strip()) <= 3000, report["id"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_report_carries_an_address_outside_the_example_domains_or_a_secret(file: Path) -> None:
    for report in reports(file):
        for local, domain in ADDRESS.findall(report["text"]):
            example = any(label.startswith("example") for label in domain.lower().split("."))
            assert example or local.lower() in PLACEHOLDERS, (report["id"], local, domain)
        assert not SECRET.search(report["text"]), (report["id"], SECRET.search(report["text"]))


def test_no_text_and_no_id_stands_twice_in_the_whole_corpus() -> None:
    every = [report for file in FILES for report in reports(file)]
    ids = [report["id"] for report in every]
    texts = [" ".join(report["text"].lower().split()) for report in every]
    assert len(ids) == len(set(ids))
    assert len(texts) == len(set(texts))
    assert len(every) >= 500


def test_no_blind_report_shares_its_thread_or_nearly_all_its_words_with_a_report_of_another_file() -> None:
    others = [report for file in FILES if file.stem != "reports-blind" for report in reports(file)]
    threads = {report["source"] for report in others}
    words = {report["id"]: set(report["text"].lower().split()) for report in others}
    blind = reports(HERE / "reports-blind.toml")
    assert len(blind) >= 80
    for report in blind:
        assert report["source"] not in threads, report["id"]
        mine = set(report["text"].lower().split())
        near = [name for name, theirs in words.items() if len(mine & theirs) >= 0.85 * len(mine | theirs)]
        assert not near, (report["id"], near)
