"""Step 5 of the line front end: refused mails, codes, a catcher, a mailbox, the sender's domain and the app's log."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.diagnosis.explain import explain
from smtpwizard.dns.sender import DnsRecord, SenderCheck, SenderReport
from smtpwizard.docker.logs import LogReport, Trouble
from smtpwizard.mail import messages
from smtpwizard.mailbox.model import InboxRefused, Place
from smtpwizard.presets.schema import Provider
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import send
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from smtpwizard.secret import Secret
from smtpwizard.smtp.results import Reply, Status, Step, StepResult
from smtpwizard.wizard.session import Services, Session, Target, WizardState
from support.inboxes import FAILS, Drawer, Mailboxes, Nearby

Rules = Sequence[tuple[str, str | Callable[[str], str]]]
Sent = tuple[Session, io.StringIO, ScriptedServer]
PASSWORD = "zq8-Mailbox-Horse"  # a marked secret: no output may hold it
SPF = DnsRecord("acme.example", "TXT", "v=spf1 include:sendgrid.net -all")


async def no_catcher(host: str, *, provider: Provider | None, timeout: float) -> None:
    return


async def domain(address: str, **_: Any) -> SenderReport:
    checks = (
        SenderCheck("mx", Status.PASSED, "mail.acme.example takes its mail"),
        SenderCheck("spf", Status.FAILED, "SendGrid is not in it", ("v=spf1 -all",), "Publish this.", SPF),
    )
    return SenderReport(address, "acme.example", checks)


async def offline(address: str, **_: Any) -> SenderReport:
    return SenderReport(address, "acme.example", (), answered=False)


class Answers(io.StringIO):
    """Answers each prompt by the first rule whose words stand in it; else sends all mails, and presses Enter."""

    def __init__(self, said: io.StringIO, rules: Rules) -> None:
        super().__init__()
        self.said, self.rules = said, list(rules)

    def readline(self, size: int | None = -1, /) -> str:
        everything = self.said.getvalue()
        prompt = everything.splitlines()[-1]
        for number, (words, answer) in enumerate(self.rules):
            if words in prompt:
                del self.rules[number]
                return (answer(everything) if callable(answer) else answer) + "\n"
        assert not everything.endswith("An answer is needed here. Ctrl+C leaves; nothing is written.\n" + prompt)
        if "Which mail" in prompt:
            return "4\n"
        return "ops@acme.example\n" if "Your own inbox" in prompt else "\n"


@contextmanager
def sending(
    folder: Path, script: Script, rules: Rules = (), **world: Any
) -> Iterator[tuple[Session, io.StringIO, ScriptedServer]]:
    """Send all three mails to a scripted server, and answer as the rules say."""
    said = io.StringIO()
    with ScriptedServer(script) as server:
        settings = server.settings(sender="noreply@acme.example", username="ops@acme.example")._replace(
            password=Secret("zq7-Correct-Horse"), url="https://feedback.acme.example"
        )
        quick = {"find_catcher": no_catcher, "arrival_seconds": 0.05, "arrival_pause": 0.0}
        services = Services(**{**quick, **world})
        session = Session(services, WizardState(settings=settings, target=Target(path=folder / ".env")))
        send(session, Console(source=Answers(said, rules), sink=said, secret=lambda prompt: PASSWORD))
        yield session, said, server


def choice(words: str) -> Callable[[str], str]:
    """Return an answer: the number of the choice with these words."""

    def number(said: str) -> str:
        found = re.findall(rf"  (\d+)  {words}", said)
        assert found, said
        return str(found[-1])

    return number


def test_one_refused_mail_is_told_and_explained_and_the_others_are_accepted(tmp_path: Path) -> None:
    script = Script().turn(Stage.DOT, None, reply("554 5.7.1 too much like spam"))
    with sending(tmp_path, script) as (session, said, _):
        text = said.getvalue()
        assert re.search(r"Email verification: ok, .*: accepted: 250", text)
        assert re.search(r"Password reset: failed, \d+ ms: data: 554 5\.7\.1 too much like spam", text)
        assert re.search(r"User invitation: ok, .*: accepted: 250", text)
        assert "Cause 1:" in text
        assert [mail.title for mail in session.state.sent if mail.message.accepted] == [
            "Email verification",
            "User invitation",
        ]
        assert not session.state.confirmed


def test_a_wrong_code_is_told_and_the_right_one_proves_arrival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(("418205", "730164", "255917"))
    monkeypatch.setattr(messages, "new_code", lambda: next(codes))
    rules: Rules = [("six digits", "000000"), ("six digits", "418 205"), ("six digits", "")]
    with sending(tmp_path, Script(), rules) as (session, said, _):
        assert "000 000 is not the code of one of the mails sent from here." in said.getvalue()
        assert "Email verification: ok: arrived: the code is right" in said.getvalue()
        assert session.state.confirmed == ("verification",)


def test_a_catcher_nearby_proves_the_mails_and_is_said_to_deliver_nothing(tmp_path: Path) -> None:
    nearby = Nearby(Drawer(Place.INBOX, Place.INBOX, None))
    with sending(tmp_path, Script(), find_catcher=nearby) as (session, said, _):
        text = said.getvalue()
        assert "Email verification: ok: caught by MailDev at http://localhost:1080" in text
        assert "MailDev at http://localhost:1080 catches mail and delivers none of it" in text
        assert "User invitation: failed: not seen in MailDev" in text
        assert nearby.asked == ["127.0.0.1"]
        assert "The six digits" in text
        assert session.state.confirmed


def test_a_mailbox_is_watched_and_junk_is_told_with_cause_and_action(tmp_path: Path) -> None:
    name = "the mailbox of ops@acme.example at imap.acme.example:993"
    drawer = Drawer(Place.JUNK, Place.JUNK, Place.JUNK, name=name, judged=FAILS)
    mailboxes = Mailboxes(drawer)
    rules: Rules = [("What now", choice("Look into a mailbox"))]
    with sending(tmp_path, Script(), rules, open_mailbox=mailboxes) as (session, said, _):
        text = said.getvalue()
        assert (
            "Email verification: warning: arrived in junk, the folder Junk of ops@acme.example at imap.acme.example:993"
            in text
        )
        assert "SPF softfail" in text
        assert text.count("SPF softfail:") == 1
        assert PASSWORD not in text
        assert mailboxes.opened == [("imaps://ops%40acme.example@imap.acme.example", Secret(PASSWORD))]
        assert drawer.closed
        assert len(session.state.confirmed) == 3


def test_a_refused_mailbox_is_told_once_and_asked_no_more(tmp_path: Path) -> None:
    drawer = Drawer(error=InboxRefused("imap.acme.example:993 refuses the login.", "Inbox"))
    rules: Rules = [("What now", choice("Look into a mailbox"))]
    with sending(tmp_path, Script(), rules, open_mailbox=Mailboxes(drawer)) as (session, said, _):
        assert said.getvalue().count("refuses the login") == 1
        assert drawer.looks == 1
        assert not session.state.confirmed


def test_the_senders_domain_is_offered_when_the_code_is_skipped(tmp_path: Path) -> None:
    rules: Rules = [("What now", choice("Look up the sender's domain"))]
    with sending(tmp_path, Script(), rules, check_sender=domain) as (_, said, _):
        text = said.getvalue()
        assert "MX: ok: mail.acme.example takes its mail" in text
        assert "SPF: failed: SendGrid is not in it" in text
        assert f"Record name: {SPF.name}\nRecord type: TXT\nRecord value: {SPF.value}" in text


def test_without_a_network_the_look_up_says_so(tmp_path: Path) -> None:
    rules: Rules = [("What now", choice("Look up the sender's domain"))]
    with sending(tmp_path, Script(), rules, check_sender=offline) as (_, said, _):
        assert "No name server answered" in said.getvalue()
        assert "smtpwizard sender noreply@acme.example" in said.getvalue()


def test_what_the_app_says_is_told_on_request(tmp_path: Path) -> None:
    text = "535 5.7.8 bad credentials"
    failed = StepResult(Step.AUTH, Status.FAILED, text, 1.0, Reply(535, "5.7.8", "bad credentials", (text,)))
    asked: list[Path] = []

    async def log(service: str, *, cwd: Path, **_: Any) -> LogReport:
        asked.append(cwd)
        return LogReport(12, (Trouble("Invalid login: 535", 3, 1, 9, None, explain(failed)),), command="docker …")

    rules: Rules = [("What now", choice("Read what the app's log says"))]
    with sending(tmp_path, Script(), rules, recent_log=log) as (_, said, _):
        assert "failed: Invalid login: 535\n3 times, last in line 9, first in line 1\nCause: " in said.getvalue()
        assert asked == [tmp_path]


def test_without_docker_the_command_is_told(tmp_path: Path) -> None:
    async def log(service: str, **_: Any) -> LogReport:
        return LogReport(0, (), "docker is not installed here.", "docker compose logs api")

    rules: Rules = [("What now", choice("Read what the app's log says"))]
    with sending(tmp_path, Script(), rules, recent_log=log) as (_, said, _):
        text = said.getvalue()
        assert "docker is not installed here.\nThe command, to run where the app's containers are:\n" in text
        assert "\ndocker compose logs api\n" in text


def test_a_plus_in_the_recipient_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with sending(tmp_path, Script(), [("Your own inbox", "ops+test@acme.example")]) as (_, said, _):
        before = said.getvalue().partition("accepted: 250")[0]
        assert "the app does not encode the address" in before
