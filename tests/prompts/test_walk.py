"""The line front end walks all five steps on real parts: practice server, file, mail."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.errors import InputError
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import PortChoice, Provider, TlsMode
from smtpwizard.prompts.answers import ask_settings, choose_provider
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import walk
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.secret import Secret
from smtpwizard.targets.block import block
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.wizard.opening import begin_walk
from smtpwizard.wizard.session import Services, Session, Target, TargetKind
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


class Walker:
    """A walk whose answers come from rules, and all that it says."""

    def __init__(
        self, folder: Path, rules: Sequence[tuple[str, str | Callable[[str], str]]], *, secret: str = "", **world: Any
    ) -> None:
        self._said = io.StringIO()
        self.services = Services(backup_dir=folder / "backups", **world)
        self.console = Console(source=Script(self._said, rules), sink=self._said, secret=lambda prompt: secret)
        self.session = Session(self.services)

    def walk(self, target: Target | None, **asked: Any) -> None:
        """Walk to the end."""
        state, step = begin_walk(self.services, target, **asked)
        self.session = Session(self.services, state)
        walk(self.session, self.console, step)

    @property
    def text(self) -> str:
        """What was said so far."""
        return self._said.getvalue()


def env(folder: Path) -> Target:
    """Return the file to be written."""
    return Target(path=folder / ".env")


def test_the_walk_on_the_practice_server_ends_with_a_file_and_three_mails_that_arrived(tmp_path: Path) -> None:
    walker = Walker(tmp_path, [("Provider, mail", "practice")])
    walker.walk(env(tmp_path))
    written = read_env_file(tmp_path / ".env").variables
    assert written["SMTP_HOST"] == "127.0.0.1"
    assert written["SMTP_USERNAME"] == "practice@example.com"
    assert len(walker.session.state.confirmed) == 3
    text = walker.text
    assert "auth: ok" in text
    assert re.search(r"Email verification: ok, .*: accepted: 250", text)
    assert re.search(r"Password reset: ok: arrived in the practice server's inbox, code \d{3} \d{3}\n", text)
    assert "ok: user invitation arrived in the practice server's inbox" in text.rpartition("written and read back")[2]
    assert written["SMTP_PASSWORD"] not in text


def test_existing_settings_are_recognised_and_a_refused_password_is_not_sent_twice(tmp_path: Path) -> None:
    with PracticeServer() as server:
        settings = server.settings()
        (tmp_path / ".env").write_text(
            f"# mine\nSMTP_HOST=127.0.0.1\nSMTP_PORT={settings.port}\nSMTP_SENDER=a@example.com\n"
            "SMTP_USERNAME=practice@example.com\nSMTP_PASSWORD=hunter2-wrong\n"
        )
        rules = [
            ("What now", "1"),
            ("What now", lambda said: number_of(said, "Test again")),
            ("Send it again", "no"),
            ("Keep", "no"),
        ]
        walker = Walker(tmp_path, rules, ca_files=(server.ca_file,))
        with pytest.raises(InputError):
            walker.walk(env(tmp_path))
    text = walker.text
    assert "holds settings: 127.0.0.1" in text
    assert text.count("auth: failed") == 1
    assert "lock accounts" in text
    assert "Nothing was written." in text
    assert "hunter2" not in text
    assert (tmp_path / ".env").read_text().startswith("# mine\n")


def test_a_recipient_that_is_no_address_is_asked_again(tmp_path: Path) -> None:
    walker = Walker(tmp_path, [("Provider, mail", "practice"), ("Your own inbox", "me"), ("Your own inbox", "-")])
    walker.walk(env(tmp_path))
    assert "That is not a bare mail address" in walker.text
    assert "Nothing was sent." in walker.text
    assert "; that mail arrives; " in walker.text


def number_of(said: str, choice: str) -> str:
    found = re.findall(rf"  (\d+)  {choice}", said)
    assert found, said
    return str(found[-1])


def test_the_block_goes_to_standard_output_and_nowhere_else(tmp_path: Path) -> None:
    rules = [("Provider, mail", "practice"), ("Your own inbox", "-")]
    walker = Walker(tmp_path, rules)
    walker.walk(Target(TargetKind.PRINT, None))
    block = walker.session.state.block
    assert block is not None
    assert "SMTP_HOST=127.0.0.1\n" in block.reveal()
    assert "SMTP_HOST" not in walker.text
    assert not (tmp_path / ".env").exists()


def test_input_that_ends_writes_nothing(tmp_path: Path) -> None:
    walker = Walker(tmp_path, [])
    with pytest.raises(InputError, match="input ended"):
        walker.walk(env(tmp_path))
    assert "Nothing was written." in walker.text
    assert list(tmp_path.iterdir()) == []


def test_an_app_password_pasted_with_blanks_is_cleaned_and_it_says_so(tmp_path: Path) -> None:
    rules = [("Provider, mail", "gmail"), ("Which one", "1"), ("Mail address", "you@gmail.com")]
    walker = Walker(tmp_path, rules, secret="abcd efgh ijkl mnop")
    choose_provider(walker.session, walker.console)
    ask_settings(walker.session, walker.console)
    assert walker.session.state.settings.password == Secret("abcdefghijklmnop")
    assert "blanks were removed" in walker.text
    assert walker.session.state.settings.sender == "you@gmail.com"
    assert "abcd" not in walker.text


def test_a_closed_port_is_answered_with_the_one_that_is_open(tmp_path: Path) -> None:
    with PracticeServer() as server:
        good = server.settings()
        (tmp_path / ".env").write_text(
            block(good.with_changes({"SMTP_PORT": str(closed_port())}).to_variables(), "env")
        )
        rules: list[tuple[str, str | Callable[[str], str]]] = [
            ("What now", "1"),
            ("What now", "1"),
            ("Your own inbox", "-"),
        ]
        walker = Walker(tmp_path, rules, ca_files=(server.ca_file,))
        vars(walker.services)["presets"] = WithPort(int(good.port or 0))
        walker.walk(env(tmp_path))
    text = walker.text
    assert "Asking the server's other ports, without user and password" in text
    assert f"Seen at a second look:\n{good.port}: STARTTLS" in text
    assert f"Cause 1, seen just now: Port {good.port} with STARTTLS." in text
    assert f"Repair: SMTP_PORT={good.port}" in text
    assert f"  1  Switch to {good.port} with STARTTLS and test again" in text
    assert walker.session.state.settings.port == good.port
    assert read_env_file(tmp_path / ".env").variables["SMTP_PORT"] == good.port


class WithPort(Presets):
    """Presets in which the loopback is a provider that lists one port."""

    def __init__(self, port: int) -> None:
        super().__init__(())
        self._port = port

    def for_host(self, host: str) -> Provider:
        return provider_with(PortChoice(self._port, TlsMode.STARTTLS))
