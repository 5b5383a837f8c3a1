"""With `--json` a command prints one object for every ending but a wrong call, whatever it is given."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from smtpwizard.cli.main import status
from smtpwizard.errors import ExitCode
from smtpwizard.sandbox.scripted import Script, ScriptedServer

SOUND: Final = b"SMTP_HOST=127.0.0.1\nSMTP_PORT=%d\nSMTP_SENDER=a@b.example\nSMTP_USERNAME=a\nSMTP_PASSWORD=b\n"
WRITE: Final = "write --preset postmark --set sender=a@b.example --json"
COMMANDS: Final = (
    "check --json",
    "check --json --compose compose.yaml",
    "check --json --inside api",
    "send --json --to b@b.example",
    "send --json --to b@b.example --inbox imap://a@127.0.0.1:{port} --wait 1",
    "send --json --to b@b.example --templates none",
    "lint --json",
    "lint --json --compose compose.yaml --service api",
    "sender --json a@b.example --env-file .env --nameserver 127.0.0.1:{port}",
    f"{WRITE} --env-file .env",
    f"{WRITE} --env-file .env --dry-run",
    f"{WRITE} --compose compose.yaml --service api",
    f"{WRITE} --compose compose.yaml --service api --override",
    "restore --json",
    "restore --json latest --yes",
    "logs --json app.log",
    "logs --json --compose compose.yaml --service api",
)
WITHOUT_FILES: Final = (
    "scan 127.0.0.1 --json",
    "explain --json nonsense",
    f"{WRITE} --print env",
    f"{WRITE} --print compose-map",
    "presets list --json",
    "presets show gmail --json",
    "presets match a@gmail.com --json",
    "presets match a@b.invalid --json",
    "presets check --json",
    "presets check none --json",
    "lint --json --environ",
    "sender --json a@b.example --nameserver 127.0.0.1:{port}",
)


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def _instead(name: str, make: Callable[[Path], Any]) -> Callable[[Path], None]:
    def turn(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return turn


def _folders(folder: Path) -> None:
    for name in (".env", "compose.yaml", "app.log"):
        _instead(name, Path.mkdir)(folder)


def _none(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


INPUTS: Final[dict[str, Callable[[Path], None]]] = {
    "as it should be": lambda folder: None,
    "no files": _none,
    "folders": _folders,
    "a FIFO": _instead(".env", os.mkfifo),
    "a link that leads nowhere": _instead(".env", lambda path: path.symlink_to("nowhere")),
    "an empty file": _write(".env", b""),
    "octets": _write(".env", bytes(range(256)) * 9),
    "UTF-16": _write(".env", "SMTP_HOST=a\n".encode("utf-16")),
    "a large file": _write(".env", b"A=1\n" * 300_000),
    "no YAML": _write("compose.yaml", b"services: [\x00\n"),
    "a compose file that refers to itself": _write("compose.yaml", b"services: {api: {extends: {service: api}}}\n"),
    "no services": _write("compose.yaml", b"[]\n"),
}


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        number: int = unused.getsockname()[1]
        return number


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("INBOX_PASSWORD", "word")
    monkeypatch.setenv("PATH", "")  # no docker, no git
    folder = tmp_path / "work"
    fill(folder, port)
    monkeypatch.chdir(folder)
    return folder


def fill(folder: Path, port: int) -> None:
    folder.mkdir()
    (folder / ".env").write_bytes(SOUND % port)
    (folder / "compose.yaml").write_bytes(b"services:\n  api:\n    image: x\n    environment:\n      A: b\n")
    (folder / "app.log").write_bytes(b"Invalid login: 535 5.7.8 no\n")


@pytest.mark.parametrize("name", INPUTS)
def test_every_command_prints_one_object_unless_it_was_called_wrongly(
    name: str, here: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (*COMMANDS, *(WITHOUT_FILES if name == "as it should be" else ())):
        shutil.rmtree(here)
        fill(here, port)
        INPUTS[name](here)
        monkeypatch.chdir(here)
        code = status([*command.format(port=port).split(), "--timeout", "0.5"])
        printed = capsys.readouterr()
        about = f"{command}: exit status {code}, {printed.err}"
        assert "unexpected" not in printed.err, about
        if code == ExitCode.USAGE:
            assert printed.out == "", about
            continue
        made = json.loads(printed.out)  # one, and nothing beside it
        assert made["schema"] == 1, about
        if "error" in made:
            assert made["error"]["exit_code"] == code, about
            assert made["error"]["message"] in printed.err, about


def test_a_refused_inbox_is_told_as_an_object(here: Path, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = f"imap://a@127.0.0.1:{port}"
    with ScriptedServer(Script()) as server:
        (here / ".env").write_bytes(SOUND % server.port)
        assert status(["send", "--json", "--to", "b@b.example", "--inbox", inbox]) == ExitCode.FAILED
    assert json.loads(capsys.readouterr().out)["error"]["title"] == "Inbox"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(KeyboardInterrupt(), 130), (RuntimeError("of ours"), 1), (MemoryError(), 4), (OSError(24, "files"), 4)],
    ids=lambda value: type(value).__name__,
)
def test_so_is_what_nobody_foresaw(
    trouble: BaseException, code: int, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: object) -> None:
        raise trouble

    monkeypatch.setattr("smtpwizard.cli.commands.lint.load", fail)
    assert status(["lint", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == code
