"""What the probe costs to import: neither an event loop nor TLS nor any front end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.smtp.results import Verdict
from support.probing import probed

BANNED = (
    "asyncio",
    "ssl",
    "logging",
    "email",
    "textual",
    "rich",
    "pybars",
    "dns",
    "cryptography",
    "importlib.resources",
)


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + "\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_probe_loads_nothing_costly() -> None:
    assert not loaded("import smtpwizard.probe.engine") & set(BANNED)


def test_a_check_command_needs_no_event_loop() -> None:
    assert not loaded("import smtpwizard.cli.commands.check") & set(BANNED)


def test_a_probe_without_tls_runs_without_the_ssl_module() -> None:
    assert probed(Script()).app.verdict is Verdict.WORKS
    assert "ssl" not in loaded(
        "from smtpwizard.probe.engine import Probe; from smtpwizard.probe.verdict import Options\n"
        "from smtpwizard.apps.loading import shipped; from smtpwizard.settings import Settings\n"
        "options = Options(timeout=1, trust_extra_env=False)\n"
        "Probe(Settings(shipped(), host='127.0.0.1', port='1', sender='a@example.com'), options).run_blocking()"
    )


@pytest.mark.parametrize(
    ("flags", "without"), [(["--json"], {"smtpwizard.report", "unicodedata"}), ([], {"json"})], ids=["json", "words"]
)
def test_a_check_that_goes_well_loads_what_it_needs_and_no_more(
    tmp_path: Path, flags: list[str], without: set[str]
) -> None:
    """The fewer modules, the sooner it begins: each takes a tenth of a millisecond before its first line is run."""
    with ScriptedServer(Script()) as server:
        (tmp_path / ".env").write_text(f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@example.com\n")
        run = f"status({['check', *flags]!r})"
        found = loaded(
            f"import os; os.chdir({str(tmp_path)!r}); from smtpwizard.cli.main import status\nassert {run} == 0"
        )
    assert not found & {*BANNED, "threading", "argparse", "gettext", "locale", "zlib", *without}
    assert len([name for name in found if name.startswith("smtpwizard")]) <= 60
