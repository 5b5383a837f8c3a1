"""`smtpwizard send`: the app's mails go out as the app would send them, and the reply to each is told."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from smtpwizard.sandbox.dialogue import parse
from smtpwizard.sandbox.scripted import CLOSE, Script, ScriptedServer, Stage, reply
from support import program
from support.probing import PASSWORD, USERNAME, certificates, serving

STARTTLS = Script(starttls=True)


def send(folder: Path, server: ScriptedServer, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    (folder / "ca.pem").write_text(certificates().ca_pem)
    environment = {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(server.port),
        "SMTP_SENDER": "app@example.com",
        "SMTP_USERNAME": USERNAME,
        "SMTP_PASSWORD": PASSWORD,
        "ADMIN_WEB_URL": "https://feedback.example.com",
        **changes,
    }
    done = program.run(
        ["send", "--environ", "--ca-file", "ca.pem", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=folder,
        env={**{key: value for key, value in os.environ.items() if not key.startswith("SMTP")}, **environment},
    )
    assert PASSWORD not in done.stdout + done.stderr
    return done


def test_a_mail_is_sent_and_its_queue_id_told(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--json")
        (message,) = server.messages
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert (told["app"]["verdict"], told["app"]["send"]["ok"]) == ("works", True)
    assert told["message"]["queued_as"] == "4ZQK1T"
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed["Message-ID"] == told["message"]["id"]
    assert parsed["From"] == "User feedback <app@example.com>"
    assert "RCPT TO:<you@example.org>" in server.received


def test_the_code_is_told_to_the_person_and_stands_in_the_mail(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org")
        (message,) = server.messages
    code = next(word.strip(".") for word in done.stderr.split() if word.strip(".").isdigit())
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert code in body.get_content()


def test_all_mails_go_over_one_connection(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--mail", "all", "--json")
        assert (server.connections, len(server.messages)) == (1, 3)
    assert len(json.loads(done.stdout)["messages"]) == 3


def test_a_message_that_is_refused_is_exit_status_1(tmp_path: Path) -> None:
    refusal = "550 The from address does not match a verified Sender Identity. Mail cannot be sent"
    with serving(STARTTLS.but(Stage.DOT, reply(refusal))) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["app"]["verify"]["ok"] is True
    assert told["app"]["send"] == {"ok": False, "code": "EMESSAGE", "response_code": 550, "command": "DATA"}
    assert told["diagnoses"][0]["ref"] == "S1"


def test_settings_that_the_app_refuses_send_nothing(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", SMTP_TLS="yes")
        assert server.connections == 0
    assert done.returncode == 3


@pytest.mark.parametrize("to", ["nobody", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a@b,c@d", ""])
def test_a_recipient_that_is_no_address_is_refused_before_anything_is_sent(tmp_path: Path, to: str) -> None:
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", to)
        assert server.connections == 0
    assert (done.returncode, done.stdout) == (2, "")


def test_each_mail_goes_to_each_recipient_as_a_message_of_its_own(tmp_path: Path) -> None:
    people = ("you@example.org", "other@example.org")
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", people[0], "--to", people[1], "--mail", "all", "--json")
        assert server.connections == 1
        assert sum(line.startswith("AUTH") for line in server.received) == 1
        rcpt = [line for line in server.received if line.startswith("RCPT")]
        mails = [email.message_from_bytes(data, policy=email.policy.default) for data in server.messages]
    told = json.loads(done.stdout)
    assert rcpt == [f"RCPT TO:<{person}>" for person in people for _ in range(3)]
    assert [mail["To"] for mail in mails] == [person for person in people for _ in range(3)]
    assert [(row["to"], row["mail"]) for row in told["messages"]] == [
        (person, name) for person in people for name in ("verification", "reset-password", "invitation")
    ]
    assert [row["id"] for row in told["messages"]] == [mail["Message-ID"] for mail in mails]
    assert len({row["id"] for row in told["messages"]}) == 6
    assert all(row["accepted"] and row["queued_as"] == "4ZQK1T" and row["ms"] >= 0 for row in told["messages"])
    assert told["message"] == told["messages"][-1]
    assert [step["message"] for step in told["steps"] if step["step"] == "data"] == list(range(6))
    codes = re.findall(r"to (\S+): the code in it is (\d{6})\.", done.stderr)
    assert [person for person, _ in codes] == [person for person in people for _ in range(3)]
    assert len({code for _, code in codes}) == 6
    for (_, code), mail in zip(codes, mails, strict=True):
        body = mail.get_body(("plain",))
        assert body is not None
        assert code in body.get_content()


def test_the_same_recipient_given_twice_gets_one_mail(tmp_path: Path) -> None:
    with serving(STARTTLS) as server:
        send(tmp_path, server, "--to", "you@example.org", "--to", "you@example.org")
        assert len(server.messages) == 1


def test_one_refused_recipient_is_told_beside_the_accepted_ones(tmp_path: Path) -> None:
    script = STARTTLS.turn(Stage.RCPT, None, reply("550 5.1.1 no such user"))
    with serving(script) as server:
        done = send(tmp_path, server, *(part for name in "abc" for part in ("--to", f"{name}@example.org")))
        assert (server.connections, len(server.messages)) == (1, 2)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    marks = [line for line in lines if "verification to" in line]
    assert [re.sub(r", \d+ ms$", "", line) for line in marks] == [
        "✓ verification to a@example.org: accepted: 250 2.0.0 Ok, queue id 4ZQK1T",
        "✗ verification to b@example.org: rcpt: 550 5.1.1 no such user",
        "✓ verification to c@example.org: accepted: 250 2.0.0 Ok, queue id 4ZQK1T",
    ]
    assert any(
        "fail: the recipient is refused (EENVELOPE 550 at RCPT TO). The server took 2 of 3 messages." in line
        for line in lines
    )
    assert "Not proved: that the mails accepted arrive: accepted is not delivered." in lines
    assert "b@example.org" not in done.stderr
    assert "a@example.org: the code in it is" in done.stderr


def test_what_was_not_tried_is_told_line_by_line_and_in_json(tmp_path: Path) -> None:
    script = STARTTLS.turn(Stage.MAIL, None, reply("421 4.7.0 come back later") + CLOSE)
    with serving(script) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--mail", "all")
    marks = [line[0] for line in done.stdout.splitlines() if " to you@example.org" in line]
    assert marks == ["✓", "✗", "–"]
    with serving(script) as server:
        told = json.loads(send(tmp_path, server, "--to", "you@example.org", "--mail", "all", "--json").stdout)
    assert [row["accepted"] for row in told["messages"]] == [True, False, False]
    assert told["messages"][2]["response"] == "not tried: the dialogue broke off before"
    assert told["message"]["id"] == told["messages"][1]["id"]
    assert told["app"]["send"]["response_code"] == 421


def test_a_warning_about_a_mail_is_told_once(tmp_path: Path) -> None:
    with serving(Script(starttls=True, keywords=())) as server:
        done = send(tmp_path, server, "--to", "lesër@bücher.example", "--mail", "all")
        assert "RCPT TO:<lesër@xn--bcher-kva.example>" in server.received
    warnings = [line for line in done.stdout.splitlines() if line.startswith("! mail")]
    assert len(warnings) == 2
    assert warnings[0].startswith("! mail: the server does not offer SMTPUTF8, and the recipient has letters")
    assert done.returncode == 0
    assert "verification to lesër@xn--bcher-kva.example: accepted: 250" in done.stdout


def test_the_apps_own_templates_are_sent_and_their_codes_told(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "verification.hbs").write_text("<p>{{code}}</p>")
    (folder / "resetPassword.hbs").write_text('<a href="{{link}}">Reset</a>')
    (folder / "invitation.hbs").write_text("<p>Welcome to {{baseUrl}}</p>")
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--mail", "all", "--templates", str(folder))
        received = [parse(data) for data in server.messages]
    codes = re.findall(r"the code in it is (\d{6})\.", done.stderr)
    assert [code for _, code in received] == [*codes, None]
    assert "User invitation: its template shows neither code nor link" in done.stderr


def test_an_address_that_breaks_the_apps_links_is_told_with_the_mails_that_have_one(tmp_path: Path) -> None:
    people = ("--to", "you@example.org", "--to", "you+test@example.org", "--json")
    with serving(STARTTLS) as server:
        links = json.loads(send(tmp_path, server, *people, "--mail", "invitation").stdout)
        none = json.loads(send(tmp_path, server, *people, "--mail", "verification").stdout)
    (found,) = [item for item in links["findings"] if item["id"] == "links-plus"]
    assert (found["severity"], found["variable"]) == ("warning", None)
    assert "you+test@example.org" in found["message"]
    assert not [item for item in none["findings"] if item["id"] == "links-plus"]
    assert links["app"]["verdict"] == "works"


def test_a_template_that_cannot_be_rendered_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "verification.hbs").write_text("<p>{{nobody}}</p>")
    with serving(STARTTLS) as server:
        done = send(tmp_path, server, "--to", "you@example.org", "--templates", str(tmp_path))
        assert server.connections == 0
    assert done.returncode != 0
    assert "nobody" in done.stderr
