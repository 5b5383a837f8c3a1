"""What a file is to hold: which variables are written, which are taken out, and how much changes, as a sentence."""

from __future__ import annotations

from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.change import changes_for
from smtpwizard.targets.diff import MaskedDiff
from support.apps import ABC

SETTINGS = Settings(ABC, host="smtp.example.com", port="587", sender="a@example.com", password=Secret("pw-hunter2"))


def test_every_value_that_is_set_is_written_and_the_password_stays_a_secret() -> None:
    changes = changes_for(SETTINGS, None, {})
    assert list(changes) == ["SMTP_HOST", "SMTP_PORT", "SMTP_SENDER", "SMTP_PASSWORD"]
    assert changes["SMTP_PASSWORD"] == Secret("pw-hunter2")
    assert "hunter2" not in repr(changes)


def test_a_server_variable_that_only_the_file_has_is_taken_out() -> None:
    changes = changes_for(SETTINGS, None, {"SMTP_CIPHER_SPEC": "TLSv1.3", "SMTP_USERNAME": "old"})
    assert changes["SMTP_CIPHER_SPEC"] is None
    assert changes["SMTP_USERNAME"] is None


def test_the_public_address_of_the_app_stays_unless_it_was_removed_here() -> None:
    present = {"ADMIN_WEB_URL": "https://feedback.example.com"}
    assert "ADMIN_WEB_URL" not in changes_for(SETTINGS, None, present)
    original = SETTINGS.with_changes({"ADMIN_WEB_URL": "https://feedback.example.com"})
    assert changes_for(SETTINGS, original, present)["ADMIN_WEB_URL"] is None


def test_an_old_name_goes_only_once_it_was_repaired() -> None:
    original = Settings.from_variables(ABC, {"SMTP_USER": "me", "SMTP_PASS": "x"})
    present = {"SMTP_USER": "me", "SMTP_PASS": "x"}
    repaired = original.with_changes({"SMTP_USER": None, "SMTP_USERNAME": "me"})
    changes = changes_for(repaired, original, present)
    assert changes["SMTP_USER"] is None
    assert "SMTP_PASS" not in changes


def test_the_count_of_lines_is_a_sentence() -> None:
    assert MaskedDiff("", 6, 11).counted == "6 lines change, 11 stay"
    assert MaskedDiff("", 1, 0).counted == "1 line changes"
