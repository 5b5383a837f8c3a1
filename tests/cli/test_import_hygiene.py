"""What a command may load before it does its work. Import sets fail the same on every machine; milliseconds do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLOW = ("textual", "rich", "pybars", "pymeta")
NETWORK = ("asyncio", "ssl", "dns", "aiosmtpd", "trustme", "cryptography", "email")


def imported_by(arguments: list[str], cwd: Path) -> set[str]:
    """Run the command line in a fresh interpreter and return the top-level packages that it loaded."""
    program = (
        "import os, sys\n"
        "def leave(code):\n"
        "    sys.stderr.write('\\nMODULES ' + ' '.join({m.split('.')[0] for m in sys.modules}))\n"
        "    sys.stderr.flush()\n"
        "    end(code)\n"
        "end, os._exit = os._exit, leave\n"
        "from smtpwizard.cli.main import main\n"
        f"main({arguments!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert "MODULES " in done.stderr, done.stderr
    return set(done.stderr.rsplit("MODULES ", 1)[1].split())


def test_version_loads_neither_argparse_nor_anything_slow(tmp_path: Path) -> None:
    loaded = imported_by(["--version"], tmp_path)
    assert not loaded & {*SLOW, *NETWORK, "argparse", "tomllib", "dotenv"}


def test_help_loads_nothing_slow(tmp_path: Path) -> None:
    assert not imported_by(["--help"], tmp_path) & {*SLOW, *NETWORK}


def test_lint_needs_no_network_module_and_no_interface(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_HOST=smtp.gmail.com\nSMTP_PORT=587\nSMTP_SENDER=a@gmail.com\n")
    assert not imported_by(["lint"], tmp_path) & {*SLOW, "asyncio", "ssl", "dns", "aiosmtpd", "trustme"}


def test_explain_needs_no_network_module_and_no_interface(tmp_path: Path) -> None:
    assert not imported_by(["explain", "535 5.7.8 bad"], tmp_path) & {*SLOW, "asyncio", "ssl", "dns", "aiosmtpd"}


def test_write_needs_no_network_module_and_no_interface(tmp_path: Path) -> None:
    command = ["write", "--env-file", ".env", "--preset", "custom", "--set", "SMTP_HOST=mail.example.com"]
    loaded = imported_by([*command, "--set", "SMTP_PORT=587", "--set", "SMTP_SENDER=a@example.com"], tmp_path)
    assert not loaded & {*SLOW, "asyncio", "ssl", "dns", "aiosmtpd", "trustme", "dotenv"}


def test_presets_list_loads_no_interface(tmp_path: Path) -> None:
    assert not imported_by(["presets", "list"], tmp_path) & {*SLOW, "asyncio", "ssl", "dns", "aiosmtpd"}


def test_check_loads_no_interface_and_no_server(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=1\nSMTP_SENDER=a@example.com\n")
    assert not imported_by(["check"], tmp_path) & {*SLOW, "dns", "aiosmtpd", "trustme", "cryptography", "email"}


@pytest.mark.parametrize(
    "module",
    [
        "settings", "problems", "presets.catalogue", "lint.check", "diagnosis.explain", "targets.env.plan",
        "targets.compose.plan", "wizard.session", "wizard.questions", "probe.engine", "report.probe",
    ],
)  # fmt: skip
def test_core_rooms_load_no_interface(module: str, tmp_path: Path) -> None:
    program = f"import sys, smtpwizard.{module}; print(' '.join(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & set(SLOW)


def test_the_records_that_check_loads_need_neither_dataclasses_nor_inspect(tmp_path: Path) -> None:
    """A dataclass would import inspect, ast and tokenize: 5 ms. `smtpwizard.records` makes them."""
    program = (
        "import sys, smtpwizard.cli.commands.check, smtpwizard.cli.probing, smtpwizard.probe.engine\n"
        "import smtpwizard.clients.nodemailer.dialogue\n"
        "print(*({'dataclasses', 'inspect'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
