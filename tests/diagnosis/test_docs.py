"""docs/failures.md is what the catalogue says."""

from __future__ import annotations

from support.failures_page import PAGE, page


def test_the_page_of_failures_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "PYTHONPATH=tests python -m support.failures_page writes it anew"
