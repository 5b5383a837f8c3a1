"""The rows of a diff on the screen."""

from __future__ import annotations

from smtpwizard.secret import MASK
from smtpwizard.tui.widgets.save import diff_rows


def test_a_diff_shows_shapes_and_leaves_out_its_file_headers() -> None:
    first = f"@@ -1,2 +1,2 @@\n # mail\n-A=1\n+A={MASK}\n"
    second = "@@ -9 +9 @@\n-Z=1\n\\ No newline at end of file\n+Z=2\n"
    diff = f"--- .env\n+++ .env\n{first}{second}"
    rows = diff_rows(diff)
    assert [shape for shape, _ in rows] == [" ", "-", "+", "⋯", "-", " ", "+"]
    assert rows[0] == (" ", "# mail")


def test_a_changed_line_that_looks_like_a_header_is_still_shown() -> None:
    diff = "--- .env\n+++ .env\n@@ -1 +1 @@\n--- old rule\n+++ new rule\n"
    assert diff_rows(diff) == (("-", "-- old rule"), ("+", "++ new rule"))
