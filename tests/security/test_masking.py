"""A login that came into SMTP_HOST with a URL, passwords that other lines hold too: masked wherever they are shown."""

from __future__ import annotations

import pytest

from smtpwizard.cli.parser import build_parser
from smtpwizard.secret import MASK, Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.diff import passwords_in
from support.apps import ABC


@pytest.mark.parametrize(
    ("host", "shown", "secrets"),
    [
        ("smtp.gmail.com", "smtp.gmail.com", []),
        ("smtp.gmail.com:587", "smtp.gmail.com:587", []),
        ("[::1]:25", "[::1]:25", []),
        ("you@gmail.com", "you@gmail.com", []),
        ("smtp://host:25/path", "smtp://host:25/path", []),
        ("smtp://ops:word@host:25", f"smtp://{MASK}@host:25", ["ops:word", "word"]),
        ("smtps://ops:w/o@rd@host/", f"smtps://{MASK}@host/", ["ops:w/o@rd", "w/o@rd"]),
        ("smtp://token@host", f"smtp://{MASK}@host", ["token"]),
        ("ops:word@host", f"{MASK}@host", ["ops:word", "word"]),
        ("", "", []),
    ],
)
def test_a_login_inside_the_host_is_a_secret(host: str, shown: str, secrets: list[str]) -> None:
    settings = Settings(ABC, host=host)
    assert settings.shown_host == shown
    assert settings.masked()["SMTP_HOST"] == shown
    assert [secret.reveal() for secret in settings.secrets()] == secrets


def test_settings_show_no_secret_in_their_repr_and_still_tell_them_apart() -> None:
    settings = Settings(ABC, host="ops:word@host", port="25", username="token-1", password=Secret("word-1"))
    assert repr(settings) == (f"Settings(host='{MASK}@host', port='25', username='{MASK}', password='{MASK}')")
    assert "ops@acme.example" in repr(Settings(ABC, username="ops@acme.example"))
    assert repr(Settings.from_variables(ABC, {"SMTP_PASS": "word-2"})) == "Settings(SMTP_PASS)"


def test_our_passwords_are_found_in_any_kind_of_file() -> None:
    text = (
        "SMTP_PASSWORD=plain-1 # not this\nexport SMTP_PASS='single 2'\n  - SMTP_PWD=\"double 3\"\n"
        "      SMTP_PASSWORD: yaml-4\nSMTP_PASSWORD=\nSMTP_PASSWORD=abc\nOTHER_PASS=theirs-5\n#SMTP_PASSWORD=old-6\n"
    )
    assert [secret.reveal() for secret in passwords_in(text)] == ["plain-1", "single 2", "double 3", "yaml-4", "old-6"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "--password", "hunter2"], "unrecognized arguments: --password …"),
        (["--smtp-pass=hunter2", "check"], "unrecognized arguments: --smtp-pass=…"),
        (["--api-key", "hunter2"], "invalid choice: '…'"),
        (["check", "--frobnicate", "hunter2"], "unrecognized arguments: --frobnicate …"),
        (["check", "-p", "hunter2"], "unrecognized arguments: -p …"),
        (["check", "-phunter2"], "unrecognized arguments: -p…"),
        (["check", "--user=ops:hunter2"], "unrecognized arguments: --user=…"),
        (["write", "--print", "env", "--password-stdin=hunter2"], "ignored explicit argument '…'"),
        (["check", "--timeout", "hunter2"], "argument --timeout: '…' is not a number"),
        (["check", "--jobs=hunter2"], "argument --jobs: '…' is not a number"),
        (["hunter2"], "invalid choice: '…'"),
    ],
)
def test_a_wrong_argument_is_told_without_its_value(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(arguments)
    said = capsys.readouterr().err
    assert told in said
    assert "hunter2" not in said
