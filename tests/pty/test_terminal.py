"""The wizard on a real terminal: how it starts, how it ends, and what a crash shows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from support.terminal import ALTERNATE_SCREEN, CURSOR_SHOWN, WIZARD, Terminal

pytestmark = [pytest.mark.pty]

SECRET = "zq7-Correct-Horse"


def program(*arguments: str) -> list[str]:
    """Return the command line of smtpwizard with this Python."""
    return [sys.executable, "-m", "smtpwizard", *arguments]


def on_terminal(
    command: Sequence[str],
    folder: Path,
    *,
    size: tuple[int, int] = (80, 24),
    variables: Mapping[str, str] | None = None,
    pipe_stdout: bool = False,
    warm: str = "",
) -> Terminal:
    """Start a command in `folder` on a terminal of its own, with nothing of this user's environment."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    home = folder.parent / f"home-{folder.name}"
    home.mkdir(exist_ok=True)
    environment = {**kept, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(variables or {})}
    columns, rows = size
    return Terminal(
        command, cwd=folder, env=environment, columns=columns, rows=rows, pipe_stdout=pipe_stdout, warm=warm
    )


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A `.env` that holds settings with the secret."""
    path = tmp_path / ".env"
    path.write_text(
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER=a@example.com\nSMTP_USERNAME=a\nSMTP_PASSWORD={SECRET}\n"
    )
    return path


def script(folder: Path, body: str) -> list[str]:
    """Return a command that runs the wizard with `body` around it."""
    path = folder / "run.py"
    path.write_text(body)
    return [sys.executable, str(path)]


def test_quitting_at_once_leaves_the_terminal_as_it_was_and_says_that_nothing_was_written(tmp_path: Path) -> None:
    with on_terminal(program(), tmp_path) as terminal:
        terminal.wait_for("Sending services")
        terminal.press("\x11")
        assert terminal.wait() == 0
        assert ALTERNATE_SCREEN[1] in terminal.output
        assert CURSOR_SHOWN in terminal.output
        assert terminal.modes == terminal.modes_before
        assert "Nothing was written." in terminal.text
    assert list(tmp_path.iterdir()) == []


def test_unsaved_work_is_asked_about_once(tmp_path: Path) -> None:
    with on_terminal([], tmp_path, warm=WIZARD) as terminal:
        terminal.wait_for("Sending services")
        terminal.press("gm\r")
        terminal.wait_for("Mail address")
        terminal.press("ops@gmail.com\x11")
        terminal.wait_for("Leave without saving")
        terminal.press("\t\r")
        assert terminal.wait() == 0
        assert "Nothing was written." in terminal.text


def test_ctrl_c_says_how_to_quit_and_twice_quits(tmp_path: Path) -> None:
    with on_terminal([], tmp_path, warm=WIZARD) as terminal:
        terminal.wait_for("Sending services")
        terminal.press("\x03")
        terminal.wait_for("Ctrl+Q quits")
        terminal.press("\x03")
        assert terminal.wait() == 0


def test_a_crash_ends_with_a_status_and_shows_no_local_variable(env_file: Path) -> None:
    body = """
import sys
from smtpwizard.tui.steps.opening import OpeningStep

def explode(self):
    password = self.state.settings.password.reveal()
    raise RuntimeError("told without " + str(len(password)))

OpeningStep.action_primary = explode
from smtpwizard.cli.main import main
main([])
"""
    command = script(env_file.parent, body)
    with on_terminal(command, env_file.parent, size=(120, 40)) as terminal:
        terminal.wait_for("Found in .env")
        terminal.press("\r")
        assert terminal.wait() == 1
        assert b"RuntimeError" in terminal.output
        assert SECRET.encode() not in terminal.output
        assert ALTERNATE_SCREEN[1] in terminal.output
        assert terminal.modes == terminal.modes_before


def test_a_log_that_textual_would_write_is_not_written(env_file: Path) -> None:
    log = env_file.with_name("textual.log")
    with on_terminal(program(), env_file.parent, variables={"TEXTUAL_LOG": str(log)}) as terminal:
        terminal.wait_for("Found in .env")
        terminal.press("\x1b[B\r")
        terminal.wait_for("What the app will make of this")
        terminal.press("\x11")
        terminal.wait()
    assert not log.exists()


def test_no_byte_that_reaches_the_terminal_holds_the_secret_of_the_file(env_file: Path) -> None:
    with on_terminal([], env_file.parent, size=(120, 36), warm=WIZARD) as terminal:
        terminal.wait_for("Found in .env")
        terminal.press("\x1b[B")
        terminal.wait_for("Enter Change it")
        terminal.press("\r")
        terminal.wait_for("••••••••")
        terminal.press("\x11")
        terminal.wait()
        assert SECRET.encode() not in terminal.output


def test_quitting_does_not_wait_for_a_resolver_thread(tmp_path: Path) -> None:
    body = """
import threading
from smtpwizard.background import in_daemon_thread
from smtpwizard.wizard.session import Services

async def slow(domain):
    return await in_daemon_thread(lambda: threading.Event().wait(30) or (), timeout=60)

from smtpwizard.tui.app import SmtpWizard
SmtpWizard(Services(mx_hosts=slow, mx_delay=0.0)).run()
"""
    with on_terminal(script(tmp_path, body), tmp_path) as terminal:
        terminal.wait_for("Sending services")
        terminal.press("ops@acme.example")
        terminal.wait_for("Looking up")
        start = time.monotonic()
        terminal.press("\x11")
        assert terminal.wait() == 0
        assert time.monotonic() - start < 5.0


def test_stdout_may_be_a_file_and_stays_empty(tmp_path: Path) -> None:
    with on_terminal(program(), tmp_path, pipe_stdout=True) as terminal:
        terminal.wait_for("Sending services")
        terminal.press("\x11")
        assert terminal.wait() == 0
        assert terminal.piped() == b""


def test_a_hang_up_ends_it_and_restores_the_terminal(tmp_path: Path) -> None:
    with on_terminal([], tmp_path, warm=WIZARD) as terminal:
        terminal.wait_for("Sending services")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        assert ALTERNATE_SCREEN[1] in terminal.output


def test_no_color_leaves_the_shapes(tmp_path: Path) -> None:
    with on_terminal([], tmp_path, variables={"NO_COLOR": "1"}, warm=WIZARD) as terminal:
        terminal.wait_for("Sending services")
        terminal.press("gm")
        terminal.wait_for("▌Gmail")
        terminal.press("\x11")
        assert terminal.wait() == 0


def test_a_terminal_of_30_by_8_is_told_the_size_and_can_be_left(tmp_path: Path) -> None:
    with on_terminal([], tmp_path, size=(30, 8), warm=WIZARD) as terminal:
        terminal.wait_for("40 by 10")
        terminal.press("\x11")
        assert terminal.wait() == 0


def test_without_a_terminal_it_refuses_and_names_the_command_to_use(tmp_path: Path) -> None:
    result = subprocess.run(program(), stdin=subprocess.DEVNULL, capture_output=True, cwd=tmp_path, timeout=30)
    assert result.returncode == 2
    assert result.stdout == b""
    told = result.stderr.decode()
    assert "is not a terminal" in told
    assert "smtpwizard check" in told
    assert "smtpwizard write" in told
    assert "--plain" in told


def test_a_piped_stdin_is_refused_although_the_screen_could_be_drawn(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", f"echo gm | {sys.executable} -m smtpwizard"]
    with on_terminal(command, tmp_path) as terminal:
        assert terminal.wait() == 2
        assert "stdin is not a terminal" in " ".join(terminal.text.split())


def test_a_redirected_stderr_is_refused_since_the_screen_is_drawn_there(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with on_terminal(["/bin/sh", "-c", f"{sys.executable} -m smtpwizard 2>{told}"], tmp_path) as terminal:
        assert terminal.wait() == 2
    assert "stderr is not a terminal" in told.read_text()


def test_a_dumb_terminal_is_sent_to_the_line_front_end(tmp_path: Path) -> None:
    with on_terminal(program(), tmp_path, variables={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 2
        assert "--plain" in terminal.text


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--preset", "nosuch"], 2, "nosuch"),
        (["--app", "nosuch"], 2, "nosuch"),
        (["--env-file", "."], 4, "folder"),
        (["--presets", "nowhere"], 2, "nowhere"),
    ],
)
def test_what_cannot_be_used_is_told_before_the_screen_is_drawn(
    tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    with on_terminal(program(*arguments), tmp_path) as terminal:
        assert terminal.wait() == status
        assert words in terminal.text
        assert ALTERNATE_SCREEN[0] not in terminal.output


def test_the_first_frame_needs_neither_pybars_nor_the_practice_server(tmp_path: Path) -> None:
    body = """
import sys
from smtpwizard.tui.steps.provider import ProviderStep
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services

app = SmtpWizard(Services())
loaded = []

def look():
    loaded.extend(name for name in FORBIDDEN if name in sys.modules)
    app.exit()

FORBIDDEN = ("pybars", "pymeta", "aiosmtpd", "trustme", "cryptography", "dns", "dotenv", 
             "smtpwizard.clients.nodemailer.dialogue",
             "smtpwizard.tui.steps.check", "smtpwizard.tui.steps.save", "smtpwizard.tui.steps.send", "markdown_it")
app.call_after_refresh(look)
app.run(headless=True)
print(",".join(loaded))
"""
    result = subprocess.run(script(tmp_path, body), capture_output=True, cwd=tmp_path, timeout=30, text=True)
    assert result.stdout.strip() == "", result.stderr
