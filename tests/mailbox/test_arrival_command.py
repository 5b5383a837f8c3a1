"""From the flags of `send` to what was seen: the inbox before the mail, the password never shown, honest words."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpwizard.cli.commands.send import InboxPlan, find_mails, prepare
from smtpwizard.cli.parser import build_parser
from smtpwizard.errors import FileError, InputError, NetworkError
from smtpwizard.mailbox.model import Arrival, Authentication, InboxRefused, Place
from smtpwizard.report.arrival import InboxReport, MailReport
from smtpwizard.report.lines import symbols
from support.catcher_mails import new_mail
from support.catcher_raw import RawServer, answering, http
from support.catcher_stand_in import StandIn
from support.dovecot import Dovecot
from support.leaks import assert_no_secret

WORD = "Zq7!markRk-9+wörd=Kx42"


def flags(*given: str) -> argparse.Namespace:
    return build_parser("send").parse_args(["send", "--to", "to@acme.example", *given])


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot({"reader@acme.example": WORD}) as running:
        yield running


def url(server: Dovecot) -> str:
    return f"imaps://reader%40acme.example@{server.host}:{server.imaps_port}"


class Pipe(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


def test_a_mailbox_is_opened_before_and_the_mail_is_found_afterwards(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe(WORD.encode() + b"\r\n"))
    planned = prepare(flags("--inbox", url(dovecot), "--inbox-password-stdin", "--ca-file", str(dovecot.ca_file)))
    assert planned is not None
    assert planned.explicit
    assert planned.within == 60
    wanted, raw = new_mail()
    junk, spam = new_mail()
    dovecot.deliver("reader@acme.example", raw)
    dovecot.deliver("reader@acme.example", spam, folder="Junk")
    said: list[str] = []
    seen = find_mails(planned, [wanted, junk], "smtp.acme.example", None, say=said.append)
    assert seen is not None
    assert seen.all_arrived
    name = f"the mailbox of reader@acme.example at {dovecot.host}:{dovecot.imaps_port}"
    assert said == [f"Looking for the mail in {name}, for 60 s at most."]
    first, second = seen.to_json()
    assert (first["id"], first["status"], first["folder"]) == (wanted.message_id, "inbox", "INBOX")
    assert first["where"] == name
    assert isinstance(first["seconds"], float)
    assert first["authentication"] is None
    assert (second["status"], second["folder"]) == ("junk", "Junk")
    lines = list(symbols(seen.lines({wanted.message_id: "Verification code"})))
    whose = name.removeprefix("the mailbox of ")
    assert lines[0].startswith(f"✓ Verification code: arrived in the inbox of {whose}, after ")
    assert lines[1].startswith(f"! The mail: arrived in junk, the folder Junk of {whose}, after ")
    assert any("It lies in junk" in line for line in lines)
    shown = " ".join([*said, *lines, json.dumps(seen.to_json()), repr(seen), repr(planned), repr(vars(planned.inbox))])
    assert_no_secret(shown, {"password": WORD}, "what is shown")


def test_a_refused_password_is_told_before_anything_is_sent_and_not_shown(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = WORD + "-not"
    monkeypatch.setenv("INBOX_PASSWORD", wrong)
    with pytest.raises(InboxRefused, match="refuses the login") as caught:
        prepare(flags("--inbox", url(dovecot), "--ca-file", str(dovecot.ca_file)))
    out = capfd.readouterr()
    shown = f"{caught.value!r} {caught.value.message} {caught.value.__context__!r} {out.out} {out.err}"
    assert_no_secret(shown, {"password": wrong}, "what is shown")


def test_without_a_password_it_says_how_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INBOX_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", Pipe(b""))
    with pytest.raises(InputError, match="INBOX_PASSWORD, or pipe it in with --inbox-password-stdin"):
        prepare(flags("--inbox", "imaps://ops@imap.acme.example"))
    with pytest.raises(InputError, match="stdin is empty"):
        prepare(flags("--inbox", "imaps://ops@imap.acme.example", "--inbox-password-stdin"))
    for data, says in ((b"\xff\xfe", "not UTF-8"), (b"x" * 70_000, "no password")):
        monkeypatch.setattr(sys, "stdin", Pipe(data))
        with pytest.raises(InputError, match=says):
            prepare(flags("--inbox", "imaps://ops@imap.acme.example", "--inbox-password-stdin"))
    with pytest.raises(InputError, match="wants --inbox"):
        prepare(flags("--inbox-password-stdin"))


def test_a_wrong_url_or_authority_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="imaps://USER@HOST"):
        prepare(flags("--inbox", "imap.acme.example"))
    with pytest.raises(FileError):
        prepare(flags("--inbox", "http://localhost:1", "--ca-file", str(tmp_path / "none.pem")))
    with (
        RawServer(answering(http(b"<html>", kind="text/html"))) as server,
        pytest.raises(NetworkError, match="catcher"),
    ):
        prepare(flags("--inbox", f"http://{server.host}:{server.port}"))


def test_none_is_no_look_and_nothing_given_is_a_look_around() -> None:
    assert prepare(flags("--inbox", "none")) is None
    planned = prepare(flags("--wait", "7"))
    assert planned == InboxPlan(None, 7.0)
    said: list[str] = []
    assert find_mails(planned, [new_mail()[0]], "smtp.gmail.com", None, say=said.append) is None
    assert find_mails(planned, [], "localhost", None, say=said.append) is None
    assert said == []


def test_a_catcher_that_nobody_named_is_asked_shortly_and_not_taken_for_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with StandIn("mailpit") as server:
        monkeypatch.setattr(
            "smtpwizard.mailbox.watch.discover.__kwdefaults__", {"timeout": 10, "ports": (server.port,)}
        )
        wanted, raw = new_mail()
        server.catch(raw)
        said: list[str] = []
        planned = InboxPlan(None, 0.2)
        seen = find_mails(planned, [wanted, new_mail()[0]], "127.0.0.1", None, say=said.append)
        assert seen is not None
        assert not seen.explicit
        assert [row["status"] for row in seen.to_json()] == ["inbox", "missing"]
        lines = list(symbols(seen.lines({})))
        assert lines[0].startswith(f"✓ The mail: caught by Mailpit at {server.url}, after ")
        assert lines[1].startswith(f"✗ The mail: not seen in Mailpit at {server.url} within ")
        assert "catches mail and delivers none of it" in lines[2]
        assert "The mail may go elsewhere" in lines[3]


def test_an_inbox_that_cannot_be_read_any_more_loses_no_report() -> None:
    with StandIn("mailpit") as server:
        planned = prepare(flags("--inbox", server.url, "--wait", "0.1"))
        assert planned is not None
    seen = find_mails(planned, [new_mail()[0]], "localhost", None, say=lambda line: None)
    assert seen is not None
    (row,) = seen.to_json()
    assert (row["status"], row["folder"], row["seconds"], row["authentication"]) == ("unknown", None, None, None)
    lines = list(symbols(seen.lines({})))
    assert "could not be read" in lines[0]
    assert "nothing listens there" in lines[1]


def test_what_the_receiver_says_is_in_json_and_said_once() -> None:
    judged = Authentication("mx.google.com", "fail", "pass", "pass", "acme.example", 1)
    rows = tuple(
        MailReport(
            f"<{number}@acme.example>", Arrival(f"<{number}@acme.example>", Place.INBOX, "INBOX", None, judged), 1.25
        )
        for number in range(2)
    )
    seen = InboxReport("the mailbox of x at y:993", True, 2.0, rows)
    assert seen.to_json()[0]["authentication"] == {
        "server": "mx.google.com", "spf": "fail", "dkim": "pass", "dmarc": "pass", "signer": "acme.example",
        "signatures": 1,
    }  # fmt: skip
    lines = list(symbols(seen.lines({})))
    assert sum("mx.google.com says: SPF fail, DKIM pass by acme.example, DMARC pass." in line for line in lines) == 1
