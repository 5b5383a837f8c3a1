"""Text that people paste, and what they type behind a command, says no secret back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from support.leaks import assert_no_secret
from support.secret_sweep import MARKED, SECRETS, USER, WORD, Bench, bench

TOKEN = base64.b64encode(f"\0{USER}\0{WORD}".encode()).decode()
KEY = SECRETS["other key"]
AROUND = "api-1  | Error: Invalid login: 535-5.7.8 Username and Password not accepted."

PASTED = {
    "a line of an env file": f"SMTP_PASSWORD={WORD}",
    "a line of an env file, quoted": f"export SMTP_PASS='{WORD}'",
    "compose output": f'      SMTP_PASSWORD: "{WORD}"',
    "nodemailer's options": f"{{ auth: {{ user: '{USER}', pass: '{WORD}' }} }}",
    "a JSON log": f'{{"level":"error","msg":"535 5.7.8 no","options":{{"auth":{{"user":"a","pass":"{WORD}"}}}}}}',
    "a JSON log inside another": f'{{"log":"535 5.7.8 no {{\\"password\\":\\"{KEY}\\"}}"}}',
    "nodemailer's debug output": f"C: AUTH PLAIN {TOKEN}\nS: 535 5.7.8 no",
    "AUTH in two lines": f"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: {base64.b64encode(USER.encode()).decode()}\n"
    f"S: 334 UGFzc3dvcmQ6\nC: {base64.b64encode(WORD.encode()).decode()}\nS: 535 5.7.8 Error: authentication failed",
    "a server that repeats the command": f"502 5.5.1 unknown command: AUTH PLAIN {TOKEN} ignored",
    "swaks": f" ~> AUTH PLAIN {TOKEN}\n<~* 535 5.7.8 rejected",
    "a URL": f"connect ECONNREFUSED smtps://{quote(USER)}:{quote(WORD, safe='')}@10.0.0.1:465",
    "a header": f"535 5.7.8 no\nAuthorization: Bearer {KEY}",
    "a provider's key": "535 5.7.8 no SG.Zq7markKx42wordAbCdEf.Gh12Ij34Kl56Mn78Op90 here",
}
SHAPED = {**MARKED, "key of a provider": "SG.Zq7markKx42wordAbCdEf.Gh12Ij34Kl56Mn78Op90"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


@pytest.mark.parametrize("pasted", PASTED)
def test_explain_says_no_secret_back(here: Bench, pasted: str) -> None:
    alone, among = PASTED[pasted], f"{AROUND}\n{PASTED[pasted]}\n{AROUND}"
    for text, *arguments in ((alone, "explain"), (among, "explain"), (among, "explain", "--json")):
        done = here.run(*arguments, stdin=text)
        assert_no_secret(done.stdout + done.stderr, SHAPED, f"explain of {pasted}")


def test_a_secret_as_an_argument_is_refused_and_not_repeated(here: Bench) -> None:
    arguments = ["write", "--env-file", ".env", "--preset", "postmark", "--dry-run"]
    for wrong in (["--set", f"SMTP_PASSWORD={WORD}"], ["--set", f"SMTP_PASS={WORD}"], ["--set", f"PASSWORT={WORD}"]):
        assert here.run(*arguments, *wrong).returncode == 2
    assert here.run(*arguments, "--password-stdin", stdin=WORD * 4000).returncode == 2
    assert here.run(*arguments, f"--password={WORD}").returncode == 2
    assert here.run(*arguments, "--password", WORD).returncode == 2
    assert here.run("check", "--password", KEY, "--json").returncode == 2
    assert here.run(f"--smtp-pass={KEY}").returncode == 2
    assert here.run("write", "--pass", KEY, "--preset", "postmark").returncode == 2
    assert not (here.folder / ".env").exists()


def test_values_for_a_template_that_cannot_be_used_are_not_repeated(here: Bench) -> None:
    for context in (f'{{"code": "{KEY}"', f'["{KEY}"]', KEY, f'{{"code": {KEY}}}'):
        assert here.run("preview", "--mail", "verification", "--context", context).returncode == 2


def test_commands_that_need_no_secret_say_none_of_the_file_beside_them(here: Bench) -> None:
    here.write("password")
    for arguments in (
        ["presets", "list"],
        ["presets", "match", USER],
        ["presets", "show", "postmark", "--json"],
        ["restore", "--json"],
        ["preview", "--mail", "verification"],
        ["scan", f"127.0.0.1:{here.server.port}", "--timeout", "1"],
        ["scan", f"127.0.0.1:{here.server.port}", "--timeout", "1", "--json"],
        ["completion", "bash"],
        ["sandbox", "--play", "no-such-failure"],
    ):
        here.run(*arguments)


def test_a_backup_is_listed_and_brought_back_without_its_secrets_being_shown(here: Bench) -> None:
    target = here.write("password")
    before = target.read_bytes()
    assert (
        here.run("write", "--env-file", ".env", "--preset", "postmark", "--password-stdin", stdin=KEY).returncode == 0
    )
    assert target.read_bytes() != before
    for extra in (["--json"], ["latest", "--dry-run"], ["latest", "--dry-run", "--json"], ["latest"]):
        assert here.run("restore", *extra).returncode == 0
    assert target.read_bytes() == before


def test_only_a_block_that_was_asked_for_holds_the_password_and_the_words_around_it_do_not(here: Bench) -> None:
    arguments = ["write", "--print", "env", "--preset", "postmark", "--set", f"SMTP_SENDER={USER}", "--password-stdin"]
    with pytest.raises(AssertionError, match="stdout of write --print env"):
        here.run(*arguments, stdin=KEY)
    done = here.run("write", "--print", "env", "--preset", "nosuch", "--password-stdin", stdin=KEY)
    assert done.returncode == 2


def test_a_crash_of_a_command_tells_its_place_and_no_value(here: Bench) -> None:
    here.write("password")
    body = (
        "import sys\n"
        "from smtpwizard.probe.engine import Probe\n"
        "def broken(self):\n"
        "    password = self._settings.password.reveal()\n"
        "    raise ValueError('wrong: ' + password)\n"
        "Probe.report = broken\n"
        "from smtpwizard.cli.main import main\n"
        "main(['check'])\n"
    )
    (here.folder / "smtpwizard_crash.py").write_text(body)
    done = here.run_script("smtpwizard_crash.py")
    assert done.returncode == 1
    assert b"unexpected ValueError at smtpwizard_crash.py:5" in done.stderr
