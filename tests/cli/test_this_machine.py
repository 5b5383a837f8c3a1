"""What this machine lacks is told as that, with the status of a file that cannot be read: the app is not blamed."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from smtpwizard.errors import ExitCode
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from support.tls_kinds import Certificates


def env_file(folder: Path, *, tls: bool = True) -> Path:
    path = folder / ".env"
    path.write_text(
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER=app@acme.example\nSMTP_TLS={str(tls).lower()}\n"
        "SMTP_USERNAME=ops@acme.example\nSMTP_PASSWORD=zq7-Correct-Horse\n"
    )
    return path


def without_roots(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program with an installation of certifi that has lost its file."""
    (folder / "lib" / "certifi").mkdir(parents=True)
    (folder / "lib" / "certifi" / "__init__.py").write_text('def where():\n    return "/nowhere/cacert.pem"\n')
    return subprocess.run(
        [sys.executable, "-m", "smtpwizard", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "lib")},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [("check",), ("check", "--json"), ("scan", "127.0.0.1:PORT")])
def test_a_missing_list_of_authorities_is_not_the_apps_failure(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = env_file(tmp_path)
    with ScriptedServer(Script(implicit=True), tls=Certificates().context("trusted")) as server:
        file.write_text(file.read_text().replace("SMTP_PORT=9", f"SMTP_PORT={server.port}"))
        done = without_roots(tmp_path, *(word.replace("PORT", str(server.port)) for word in arguments))
    assert done.returncode == ExitCode.FILE, done.stderr
    assert "This machine: /nowhere/cacert.pem" in done.stderr
    assert "certifi" in done.stderr
    assert "bug" not in done.stderr
    assert "trust" not in done.stdout


FEW_DESCRIPTORS = """
import os, resource, sys
import asyncio, ssl
import smtpwizard.cli.commands.check, smtpwizard.cli.commands.scan, smtpwizard.cli.parser, smtpwizard.cli.probing
import smtpwizard.clients.nodemailer.dialogue, smtpwizard.probe.survey.survey, smtpwizard.smtp.net_asyncio
from smtpwizard.cli.main import main
left = int(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1 + left, hard))
main(sys.argv[2:])
"""


@pytest.mark.parametrize("left", range(6))
@pytest.mark.parametrize("arguments", [("check", "--environ"), ("check", "--environ", "--json"), ("scan", "127.0.0.1")])
def test_too_few_descriptors_are_not_the_apps_failure(tmp_path: Path, arguments: tuple[str, ...], left: int) -> None:
    lines = env_file(tmp_path, tls=False).read_text().splitlines()
    done = subprocess.run(
        [sys.executable, "-c", FEW_DESCRIPTORS, str(left), *arguments],
        cwd=tmp_path,
        env=os.environ | dict(line.split("=", 1) for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = done.stdout + done.stderr
    assert "bug" not in told
    assert "EMFILE" not in told
    if "refused" not in told and "closed" not in told:  # else it had enough of them
        assert done.returncode == ExitCode.FILE, told
        assert "ulimit -n" in told


def test_many_files_at_once_with_few_descriptors_are_told_one_by_one(tmp_path: Path) -> None:
    names = []
    for number in range(120):
        path = env_file(tmp_path, tls=False)
        path.rename(tmp_path / f"e{number}.env")
        names += ["--env-file", f"e{number}.env"]
    done = subprocess.run(
        [sys.executable, "-m", "smtpwizard", "check", *names, "--jobs", "120", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)),
    )
    assert "EMFILE" not in done.stdout
    assert "bug" not in done.stderr
    assert json.loads(done.stdout.splitlines()[0])
    assert Path(certifi.where()).is_file()
