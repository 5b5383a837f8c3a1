"""`check` after a first try that failed: what the server's other modes and ports say comes before the catalogue."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from support import program
from support.probing import PASSWORD, USERNAME, certificates, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").write_text(certificates().ca_pem)
    return tmp_path


def check(folder: Path, server: ScriptedServer, *arguments: str, tls: str) -> subprocess.CompletedProcess[str]:
    """Run `check` on a file that leads to `server`."""
    (folder / ".env").write_text(
        f"SMTP_HOST=localhost\nSMTP_PORT={server.port}\nSMTP_SENDER=app@example.com\n"
        f"SMTP_USERNAME={USERNAME}\nSMTP_PASSWORD={PASSWORD}\nSMTP_TLS={tls}\n"
    )
    command = ["check", "--timeout", "3", "--ca-file", "ca.pem", *arguments]
    done = program.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=folder)
    assert PASSWORD not in done.stdout + done.stderr
    return done


def test_the_other_mode_is_a_proposal_in_json(folder: Path) -> None:
    with serving(Script(implicit=True)) as server:
        done = check(folder, server, "--json", tls="false")
    told = json.loads(done.stdout)
    first = told["proposals"][0]
    assert (first["id"], first["changes"]) == ("tls-mode", {"SMTP_TLS": "true"})
    assert told["diagnoses"]
    assert done.returncode == 1


def test_for_people_it_leads_and_the_catalogue_does_not_say_it_again(folder: Path) -> None:
    with serving(Script(starttls=True)) as server:
        text = check(folder, server, tls="true").stdout
    assert "Seen at a second look:" in text
    assert f"  {server.port}: STARTTLS" in text
    assert "  → SMTP_TLS=false" in text
    assert text.index("Seen at a second look:") < text.index("\nClear-text port spoken to in TLS\n")
    assert text.count("→ SMTP_TLS=false") == 1


def test_nothing_is_asked_again_where_all_went_well_or_the_login_was_refused(folder: Path) -> None:
    starttls = Script(starttls=True)
    for script in (starttls, starttls.but(Stage.PASSWORD, reply("535 5.7.8 no"))):
        with serving(script) as server:
            told = json.loads(check(folder, server, "--json", tls="false").stdout)
            assert server.connections == 1
        assert told["proposals"] == []
