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


def test_what_a_variable_becomes_stands_right_below_what_it_was() -> None:
    diff = (
        "--- .env\n+++ .env\n@@ -1,5 +1,6 @@\n # mail\n-SMTP_HOST=localhost # ours\n-SMTP_PORT=25\n-SMTP_USER=x\n"
        "+SMTP_HOST=smtp.gmail.com # ours\n+SMTP_USERNAME=x\n+SMTP_PORT=587\n+SMTP_TLS=false\n OTHER=1\n"
    )
    assert diff_rows(diff) == (
        (" ", "# mail"),
        ("-", "SMTP_HOST=localhost # ours"),
        ("+", "SMTP_HOST=smtp.gmail.com # ours"),
        ("-", "SMTP_PORT=25"),
        ("+", "SMTP_PORT=587"),
        ("-", "SMTP_USER=x"),
        ("+", "SMTP_USERNAME=x"),
        ("+", "SMTP_TLS=false"),
        (" ", "OTHER=1"),
    )


def test_in_a_compose_file_both_styles_are_paired() -> None:
    for old, new in (("      - SMTP_HOST=a", "      - SMTP_HOST=b"), ('      SMTP_HOST: "a"', "      SMTP_HOST: b")):
        diff = f"--- c\n+++ c\n@@ -1 +1 @@\n-{old}\n-      - X=1\n+{new}\n"
        assert [row[1] for row in diff_rows(diff)] == [old, new, "      - X=1"]
