"""From `send` to the mailbox: what Postfix has accepted is found in Dovecot over IMAP, and what was said of the sender.

The verdicts in `Authentication-Results` are written by the receiving Postfix as it is told (see support.postfix);
that they travel, are read and are told is what is tested here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.company import APP, JUNKED, READER
from support.dovecot import Dovecot
from support.postfix import Postfix
from support.wizard import WIZARD, told, wizard

PASSED = {"server": "mx.app.example", "spf": "pass", "dkim": "pass", "dmarc": "pass"}
SUSPECT = {"server": "mx.app.example", "spf": "softfail", "dkim": "none", "dmarc": "fail"}


@pytest.fixture
def settings(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> dict[str, str]:
    """Return the app's settings as environment variables."""
    return {
        "SMTP_HOST": postfix.host,
        "SMTP_PORT": str(postfix.starttls_port),
        "SMTP_SENDER": APP,
        "SMTP_USERNAME": APP,
        "SMTP_PASSWORD": dovecot.users[APP],
        "SMTP_TLS": "false",
        "ADMIN_WEB_URL": "https://feedback.app.example",
    }


def inbox_of(server: Dovecot, user: str) -> tuple[str, str]:
    return "--inbox", f"imaps://{quote(user, safe='')}@{server.host}:{server.imaps_port}"


def sent(
    folder: Path, server: Dovecot, settings: dict[str, str], user: str, *arguments: str, password: str = ""
) -> Any:
    """Send to `user`, look into their mailbox, and return the finished process."""
    password = password or server.users[user]
    done = wizard(
        folder,
        *("send", "--environ", "--to", user, *inbox_of(server, user), "--inbox-password-stdin"),
        *("--ca-file", str(server.ca_file), *arguments),
        stdin=password,
        **settings,
    )
    assert not any(word in done.stdout + done.stderr for word in (password, settings["SMTP_PASSWORD"]))
    return done


def test_three_mails_are_found_in_the_inbox_with_what_the_server_says_of_their_sender(
    tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]
) -> None:
    done = sent(tmp_path, dovecot, settings, READER, "--mail", "all", "--wait", "30", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = told(done)
    assert [row["id"] for row in report["arrival"]] == [message["id"] for message in report["messages"]]
    for row in report["arrival"]:
        assert (row["status"], row["folder"]) == ("inbox", "INBOX")
        assert 0 <= row["seconds"] <= 30
        assert READER in row["where"]
        assert PASSED.items() <= row["authentication"].items()


def test_looking_leaves_the_mails_unread(tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]) -> None:
    assert sent(tmp_path, dovecot, settings, READER, "--wait", "30").returncode == 0
    assert set(dovecot.flags(READER)) == {""}


def test_a_mail_in_junk_is_told_as_one_that_arrived_there(
    tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]
) -> None:
    report = told(sent(tmp_path, dovecot, settings, JUNKED, "--wait", "30", "--json"))
    (row,) = report["arrival"]
    assert (row["status"], row["folder"]) == ("junk", "Junk")
    assert SUSPECT.items() <= row["authentication"].items()
    assert report["app"]["verdict"] == "works"
    assert not dovecot.messages(JUNKED)


def test_a_person_reads_where_the_mail_is(tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]) -> None:
    done = sent(tmp_path, dovecot, settings, JUNKED, "--wait", "30")
    assert "junk" in done.stdout + done.stderr
    assert "DMARC" in done.stdout + done.stderr


def test_a_refused_mailbox_is_told_before_anything_is_sent(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, settings: dict[str, str]
) -> None:
    before = postfix.log
    done = sent(tmp_path, dovecot, settings, READER, "--json", password="e2e: not the password")
    assert done.returncode != 0
    assert "password" in done.stderr
    assert postfix.log == before


def test_a_mail_for_somebody_else_is_missing_from_this_mailbox(
    tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]
) -> None:
    done = wizard(
        tmp_path,
        *("send", "--environ", "--to", READER, *inbox_of(dovecot, JUNKED), "--inbox-password-stdin", "--wait", "1"),
        *("--ca-file", str(dovecot.ca_file), "--json"),
        stdin=dovecot.users[JUNKED],
        **settings,
    )
    (row,) = told(done)["arrival"]
    assert (row["status"], row["folder"], row["authentication"]) == ("missing", None, None)
    assert done.returncode == 1  # the mail server took it, but the proof that was asked for did not come
    assert told(done)["app"]["verdict"] == "works"


def test_an_arrival_in_the_inbox_is_no_longer_said_to_be_unproved(
    tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]
) -> None:
    report = told(sent(tmp_path, dovecot, settings, READER, "--wait", "30", "--json"))
    assert report["not_proved"]
    assert not any("arrives" in sentence for sentence in report["not_proved"])


def test_an_interrupted_look_still_reports_what_was_sent(
    tmp_path: Path, dovecot: Dovecot, settings: dict[str, str]
) -> None:
    arguments = ("send", "--environ", "--to", READER, *inbox_of(dovecot, JUNKED), "--wait", "600", "--json")
    running = subprocess.Popen(
        [str(WIZARD), *arguments, "--ca-file", str(dovecot.ca_file)],
        cwd=tmp_path,
        env={
            **{"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
            **{**settings, "INBOX_PASSWORD": dovecot.users[JUNKED]},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    seen = next((line for line in running.stderr if line.startswith("Looking for the mail in")), "")
    assert JUNKED in seen
    running.send_signal(signal.SIGINT)
    out, rest = running.communicate(timeout=30)
    assert running.returncode == 130, rest
    report = json.loads(out)
    assert report["message"]["accepted"]
    assert "arrival" not in report
