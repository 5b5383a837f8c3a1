"""For every behaviour of a server, the verdict is the one of the app's own client, run for real."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from conformance.behaviours import ALL
from conformance.comparison import ALL as ALL_LIBRARIES
from conformance.comparison import Comparison, Row
from conformance.table import document, is_as_documented, lines
from smtpwizard.smtp.results import Verdict
from support.node import ROOT, node_modules

pytestmark = [pytest.mark.node]

DOCUMENT = ROOT / "docs" / "app-conformance.md"


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    with Comparison(tmp_path_factory.mktemp("conformance")) as made:
        yield made


@pytest.fixture(scope="module")
def rows(comparison: Comparison) -> list[Row]:
    told = set(DOCUMENT.read_text(encoding="utf-8").splitlines()) if DOCUMENT.exists() else set()
    return comparison.rows(ALL, lambda row: not list(row.differences()) and told.issuperset(lines(row)))


def test_every_verdict_is_the_apps_own(rows: list[Row], capsys: pytest.CaptureFixture[str]) -> None:
    differences = [list(row.differences()) for row in rows]
    agreed = sum(not found for found in differences)
    with capsys.disabled():
        print(f"\nagreement {agreed}/{len(rows)}")
    assert not [line for found in differences for line in found]


def test_a_green_check_is_never_followed_by_a_send_that_fails_before_the_message(rows: list[Row]) -> None:
    works = [row for row in rows if row.checked.app.verdict is Verdict.WORKS]
    assert works
    early = [row for row in works if not row.send.ok and row.send.command not in ("DATA", "CONN")]
    assert not [str(row) for row in early]


def test_crash_and_hang_are_among_what_is_played(rows: list[Row]) -> None:
    assert {"crashes", "hangs"} <= {row.send.fate for row in rows}


def test_at_least_eighty_behaviours_are_played() -> None:
    assert len({item.name for item in ALL}) == len(ALL) >= 80


def test_the_document_is_up_to_date(rows: list[Row]) -> None:
    versions = {"version": _version("nodemailer"), "newest": _version("nodemailer-latest")}
    if ALL_LIBRARIES:
        DOCUMENT.write_text(document(rows, **versions), encoding="utf-8")
    assert is_as_documented(DOCUMENT.read_text("utf-8"), rows, **versions), "make conformance writes it anew"


def _version(package: str) -> str:
    return str(json.loads((node_modules() / package / "package.json").read_text())["version"])
