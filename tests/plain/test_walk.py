"""The line front end walks all five steps on real parts: practice server, file, mail."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from smtpwizard.errors import ExitCode, InputError
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import PortChoice, Provider, TlsMode
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import Walk, walk
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.targets.block import block
from smtpwizard.targets.env.file import read_env_file
from support.looking import closed_port, provider_with


class Script(io.StringIO):
    """Answers each prompt by the first rule whose words stand in what was said since the last answer."""

    def __init__(self, said: io.StringIO, rules: Sequence[tuple[str, str | Callable[[str], str]]]) -> None:
        super().__init__()
        self.said, self.rules, self.read_from = said, list(rules), 0

    def readline(self, size: int | None = -1, /) -> str:
        everything = self.said.getvalue()
        prompt = everything[self.read_from :].splitlines()[-1]
        self.read_from = len(everything)
        for number, (words, reply) in enumerate(self.rules):
            if words in prompt:
                del self.rules[number]
                return (reply(everything) if callable(reply) else reply) + "\n"
        return "\n" if "[" in prompt or "optional" in prompt or "skips" in prompt else ""


def walker(
    tmp_path: Path, rules: Sequence[tuple[str, str | Callable[[str], str]]], *, secret: str = "", target: bool = True
) -> tuple[Walk, io.StringIO, io.StringIO]:
    said, data = io.StringIO(), io.StringIO()
    presets = Presets.open()
    state = Walk(
        console=Console(source=Script(said, rules), sink=said, secret=lambda prompt: secret),
        presets=presets,
        app=presets.app(),
        target=tmp_path / ".env" if target else None,
        data=data,
        backup_dir=tmp_path / "backups",
    )
    return state, said, data


def test_the_walk_on_the_practice_server_ends_with_a_file_and_three_mails_that_arrived(tmp_path: Path) -> None:
    state, said, _ = walker(tmp_path, [("Provider, mail", "practice")])
    assert walk(state) is ExitCode.OK
    written = read_env_file(tmp_path / ".env").variables
    assert written["SMTP_HOST"] == "127.0.0.1"
    assert written["SMTP_USERNAME"] == "practice@example.com"
    assert len(state.arrivals) == 3
    assert all(state.arrivals.values())
    text = said.getvalue()
    assert "auth: ok" in text
    assert "Email verification: accepted by the server" in text
    assert re.search(r"Password reset: arrived in the practice server's inbox\. Its code is \d{6}\.", text)
    assert "User invitation: arrived in the practice server's inbox." in text.rpartition("Written:")[2]
    assert written["SMTP_PASSWORD"] not in text


def test_existing_settings_are_recognised_and_a_refused_password_is_not_sent_twice(tmp_path: Path) -> None:
    with PracticeServer() as server:
        settings = server.settings()
        (tmp_path / ".env").write_text(
            f"# mine\nSMTP_HOST=127.0.0.1\nSMTP_PORT={settings.port}\nSMTP_SENDER=a@example.com\n"
            "SMTP_USERNAME=practice@example.com\nSMTP_PASSWORD=hunter2-wrong\n"
        )
        rules = [("What now", "1"), ("What now", lambda said: number_of(said, "Test again")), ("Send it again", "no")]
        state, said, _ = walker(tmp_path, rules)
        state.ca_files = (server.ca_file,)
        with pytest.raises(InputError):
            walk(state)
    text = said.getvalue()
    assert "holds settings: 127.0.0.1" in text
    assert text.count("auth: failed") == 1
    assert "lock accounts" in text
    assert "Nothing was written." in text
    assert "hunter2" not in text
    assert (tmp_path / ".env").read_text().startswith("# mine\n")


def test_a_recipient_that_is_no_address_is_asked_again(tmp_path: Path) -> None:
    state, said, _ = walker(tmp_path, [("Provider, mail", "practice"), ("Recipient", "me"), ("Recipient", "-")])
    assert walk(state) is ExitCode.OK
    assert "A recipient is a mail address" in said.getvalue()
    assert "Nothing was sent." in said.getvalue()
    assert "Not proved: that mail arrives." in said.getvalue()


def number_of(said: str, choice: str) -> str:
    found = re.findall(rf"  (\d+)  {choice}", said)
    assert found, said
    return str(found[-1])


def test_the_block_goes_to_standard_output_and_nowhere_else(tmp_path: Path) -> None:
    rules = [("Provider, mail", "practice"), ("Recipient", "-")]
    state, said, data = walker(tmp_path, rules, target=False)
    assert walk(state) is ExitCode.OK
    assert "SMTP_HOST=127.0.0.1\n" in data.getvalue()
    assert "SMTP_HOST" not in said.getvalue()
    assert not (tmp_path / ".env").exists()


def test_input_that_ends_writes_nothing(tmp_path: Path) -> None:
    state, said, _ = walker(tmp_path, [])
    with pytest.raises(InputError, match="input ended"):
        walk(state)
    assert "Nothing was written." in said.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_an_app_password_pasted_with_blanks_is_cleaned_and_it_says_so(tmp_path: Path) -> None:
    rules = [("Provider, mail", "gmail"), ("Which one", "1"), ("Mail address", "you@gmail.com")]
    state, said, _ = walker(tmp_path, rules, secret="abcd efgh ijkl mnop")
    from smtpwizard.prompts import steps as answers
    from smtpwizard.prompts import steps as pick

    pick.provider(state)
    answers.ask(state)
    assert state.settings.password is not None
    assert state.settings.password.reveal() == "abcdefghijklmnop"
    assert "blanks were removed" in said.getvalue()
    assert state.settings.sender == "you@gmail.com"
    assert "abcd" not in said.getvalue()


def test_a_closed_port_is_answered_with_the_one_that_is_open(tmp_path: Path) -> None:
    with PracticeServer() as server:
        good = server.settings()
        (tmp_path / ".env").write_text(
            block(good.with_changes({"SMTP_PORT": str(closed_port())}).to_variables(), "env")
        )
        rules: list[tuple[str, str | Callable[[str], str]]] = [("What now", "1"), ("What now", "1"), ("Recipient", "-")]
        state, said, _ = walker(tmp_path, rules)
        state.ca_files = (server.ca_file,)
        state.presets = WithPort(int(good.port or 0))
        assert walk(state) is ExitCode.OK
    text = said.getvalue()
    assert "Asking the server's other ports, without user and password" in text
    assert f"Seen: {good.port}: STARTTLS" in text
    assert f"Cause 1, seen just now: Port {good.port} with STARTTLS." in text
    assert "  1  Apply the repair and test again" in text
    assert state.settings.port == good.port
    assert read_env_file(tmp_path / ".env").variables["SMTP_PORT"] == good.port


class WithPort(Presets):
    """Presets in which the loopback is a provider that lists one port."""

    def __init__(self, port: int) -> None:
        super().__init__(())
        self._port = port

    def for_host(self, host: str) -> Provider:
        return provider_with(PortChoice(self._port, TlsMode.STARTTLS))
