"""A login that came into SMTP_HOST with a URL, passwords that other lines hold too: masked wherever they are shown."""

from __future__ import annotations

import pytest

from smtpwizard.cli.parser import build_parser
from smtpwizard.errors import InputError
from smtpwizard.secret import MASK, Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.diff import masked_diff, passwords_in
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
        (["check", "--password", "hunter2"], "There is no flag --password."),
        (["--smtp-pass=hunter2", "check"], "There is no flag --smtp-pass=…."),
        (["--api-key", "hunter2"], "There is no flag --api-key."),
        (["check", "--frobnicate", "hunter2"], "There is no flag --frobnicate."),
        (["check", "-p", "hunter2"], "There is no flag -p."),
        (["check", "-phunter2"], "There is no flag -p…."),
        (["check", "--user=ops:hunter2"], "There is no flag --user=…."),
        (["write", "--print", "env", "--password-stdin=hunter2"], "--password-stdin takes no value."),
        (["check", "--timeout", "hunter2"], "--timeout takes a number of seconds"),
        (["check", "--jobs=hunter2"], "--jobs takes a number from 1"),
        (["explain", "--stage", "hunter2"], "--stage takes lint, resolve"),
        (["check", "hunter2"], "There is a word too many."),
        (["hunter2"], "There is no such command."),
    ],
)
def test_a_wrong_argument_is_told_without_its_value(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as caught:
        build_parser().parse_args(arguments)
    assert told in caught.value.message
    assert "hunter2" not in caught.value.text + "".join(capsys.readouterr())


FOREIGN = [
    "JWT=MkForeign8Gnu",
    "STRIPE=sk_live_MkForeign8Gnu",
    "GH=ghp_MkForeign8Gnu",
    "export SESSION='MkForeign8Gnu' # MkForeign8Gnu",
    "COOKIE: MkForeign8Gnu",
    "WEBHOOK=https://hooks.slack.com/services/MkForeign8Gnu",
    "SENTRY=https://MkForeign8Gnu@o1.ingest.example/1",
    "DATABASE_URL=postgres://u:a/bMkForeign8Gnu@db",
    "AWS=AKIAMkForeign8Gnu",
    "HEADER=Basic MkForeign8Gnu",
    "CRON=mysql -pMkForeign8Gnu",
    "HEALTH=curl -u a:MkForeign8Gnu http://h",
    "MAILGUN_API_KEY=MkForeign8Gnu",
    "a.b-c=MkForeign8Gnu",
    "MkForeign8Gnu",
    "    command: --requirepass MkForeign8Gnu",
    "    command: [redis-server, --requirepass, MkForeign8Gnu]",
    "      - MkForeign8Gnu",
    "      - JWT=MkForeign8Gnu",
    '      - "JWT=MkForeign8Gnu"',
    "      test: mysqladmin -pMkForeign8Gnu ping",
    "  environment: {JWT: MkForeign8Gnu}",
    "# MkForeign8Gnu",
    "# JWT=MkForeign8Gnu",
    "# the old password is MkForeign8Gnu",
    "# mysql -pMkForeign8Gnu",
    "JWT:  # MkForeign8Gnu",
]


@pytest.mark.parametrize("line", FOREIGN)
def test_a_diff_shows_no_value_of_a_line_that_is_not_ours(line: str) -> None:
    text = masked_diff(f"{line}\nSMTP_PORT=25\n", f"{line}\nSMTP_PORT=587\n", ".env").text
    assert "MkForeign8Gnu" not in text
    assert "bMkForeign" not in text
    assert MASK in text
    assert "-SMTP_PORT=25\n+SMTP_PORT=587\n" in text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("JWT=word", f"JWT={MASK}"),
        ("export JWT='word'", f"export JWT={MASK}"),
        ("    image: nginx:1.2", f"    image: {MASK}"),
        ("services:", "services:"),
        ("  <<: *common", f"  <<: {MASK}"),
        ("      - SMTP_TLS=true", "      - SMTP_TLS=true"),
        ("MAIL_HOST: mail.example.com", "MAIL_HOST: mail.example.com"),
        ("APP_URL=https://app.example", "APP_URL=https://app.example"),
        ("SMTP_HOST=smtp://ops:word@host", f"SMTP_HOST=smtp://{MASK}@host"),
        ("SMTP_SERVER=ops:word@host", f"SMTP_SERVER={MASK}@host"),
        ("SMTP_PASS=word", f"SMTP_PASS={MASK}"),
        ("SMTP_PASSWORD=${SMTP_PASSWORD:?set it in .env}", "SMTP_PASSWORD=${SMTP_PASSWORD:?set it in .env}"),
        ("# Mail settings, see the guide", "# Mail settings, see the guide"),
        ("# Outgoing mail (SMTP)", "# Outgoing mail (SMTP)"),
        ("# --- mail ---", "# --- mail ---"),
        ("# SMTP_PORT=465", "# SMTP_PORT=465"),
        ("# SMTP_PASSWORD=word", f"# SMTP_PASSWORD={MASK}"),
        ("# old password correcthorse", f"# old password {MASK}"),
        ("", ""),
    ],
)
def test_a_diff_still_shows_which_line_it_is(line: str, shown: str) -> None:
    text = masked_diff(f"{line}\nA_=1\n", f"{line}\nA_=2\n", ".env", ours=["APP_URL"]).text
    assert f" {shown}\n-A_={MASK}\n+A_={MASK}\n" in text
