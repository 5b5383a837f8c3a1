"""`smtpwizard sender` as scripts and people meet it: exit codes, streams, JSON, the provider, records to copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from support import program
from support.name_server import NameServer
from support.preset_files import named, put
from support.sender_checks import company, dkim_record

FASTMAIL = "include:spf.messagingengine.com"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        running.txt("spf.messagingengine.com", "v=spf1 ip4:103.168.172.128/27 -all")
        running.txt("_spf.google.com", "v=spf1 ip4:35.190.247.0/24 ~all")
        yield running


def sender(folder: Path, server: NameServer | None, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    ask = ["--nameserver", server.address] if server else []
    return program.run(
        ["sender", *ask, *words],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "XDG_CONFIG_HOME": str(folder / "config"), **env},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    assert value["schema"] == 1
    return value


def test_a_sound_domain_ends_with_0_and_the_contracts_json(tmp_path: Path, server: NameServer) -> None:
    company(server, spf=f"v=spf1 mx {FASTMAIL} -all", dmarc="v=DMARC1; p=reject")
    for number in (1, 2, 3):
        server.txt(f"fm{number}._domainkey.acme.com", dkim_record())
    done = sender(tmp_path, server, "app@acme.com", "--preset", "fastmail", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    value = answer(done)
    checks = value.pop("checks")
    assert value == {
        "schema": 1, "address": "app@acme.com", "domain": "acme.com", "provider": "fastmail", "answered": True,
        "trusted": True,
    }  # fmt: skip
    assert [item["id"] for item in checks] == ["domain", "mx", "spf", "dkim", "dmarc"]
    assert {item["status"] for item in checks} == {"passed"}
    assert set(checks[0]) == {"id", "status", "summary", "detail", "remedy", "record", "also"}


def test_a_failed_check_ends_with_1_and_has_the_record_in_json(tmp_path: Path, server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all")
    done = sender(tmp_path, server, "acme.com", "--preset", "fastmail", "--json")
    assert done.returncode == 1
    found = {item["id"]: item for item in answer(done)["checks"]}
    assert found["spf"]["record"] == {"name": "acme.com", "type": "TXT", "value": f"v=spf1 mx {FASTMAIL} -all"}
    assert [item["name"] for item in found["dkim"]["also"]] == ["fm2._domainkey.acme.com", "fm3._domainkey.acme.com"]


def test_the_page_fits_80_columns_but_for_records_which_stand_unbroken(tmp_path: Path, server: NameServer) -> None:
    networks = " ".join(f"ip4:192.0.2.{number}" for number in range(12))
    company(server, spf=f"v=spf1 {networks} -all", dmarc="v=DMARC1; p=reject")
    done = sender(tmp_path, server, "app@acme.com", "--preset", "fastmail", COLUMNS="80")
    lines = done.stdout.splitlines()
    record = f"  v=spf1 {networks} {FASTMAIL} -all"
    assert lines[lines.index(record) - 1] == "  acme.com  TXT"
    assert all(len(line) <= 80 for line in lines if line != record)
    assert lines[0] == "app@acme.com, sent through Fastmail"
    assert "✓ Domain    acme.com exists." in lines
    assert "✗ SPF       The record does not let Fastmail send." in lines
    assert "  fm1._domainkey.acme.com  CNAME" in lines
    assert "  fm1.acme.com.dkim.fmhosted.com" in lines


def test_symbols_become_ascii_where_the_terminal_has_no_others(tmp_path: Path, server: NameServer) -> None:
    company(server)
    done = sender(tmp_path, server, "acme.com", PYTHONIOENCODING="ascii")
    assert "+ Domain    acme.com exists." in done.stdout
    assert "! SPF       acme.com has no SPF record." in done.stdout


@pytest.mark.parametrize("text", ["", "acme", "a@b@c.com", "App <app@acme.com>", "app@192.0.2.1"])
def test_what_is_no_sender_ends_with_2_before_anything_is_asked(tmp_path: Path, server: NameServer, text: str) -> None:
    done = sender(tmp_path, server, "--json", "--", text)
    assert (done.returncode, done.stdout, server.asked) == (2, "", [])
    assert done.stderr.startswith("smtpwizard: Sender: ")


def test_an_unknown_preset_and_a_bad_name_server_end_with_2(tmp_path: Path) -> None:
    assert sender(tmp_path, None, "acme.com", "--preset", "nobody").returncode == 2
    done = sender(tmp_path, None, "acme.com", "--nameserver", "dns.google")
    assert (done.returncode, "is no name server" in done.stderr) == (2, True)


def test_no_answer_ends_with_1_and_says_what_to_do(tmp_path: Path, server: NameServer) -> None:
    server.fail("acme.com", None)
    server.fail(".", None)
    done = sender(tmp_path, server, "acme.com", "--json", "--timeout", "1")
    value = answer(done)
    assert (done.returncode, value["answered"], value["trusted"]) == (1, False, False)
    assert {item["status"] for item in value["checks"]} == {"skipped"}
    assert "resolv.conf" in value["checks"][0]["remedy"]


def test_without_a_source_it_goes_on_without_a_provider_and_says_so(tmp_path: Path, server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all", dmarc="v=DMARC1; p=none")
    done = sender(tmp_path, server, "app@acme.com", "--json")
    assert (done.returncode, answer(done)["provider"]) == (0, None)
    assert done.stderr == (
        "There is no .env here: SPF and DKIM are judged without a provider. Name one with --preset ID.\n"
    )


def test_the_sources_host_names_the_provider(tmp_path: Path, server: NameServer) -> None:
    company(server)
    (tmp_path / ".env").write_text("SMTP_HOST=smtp.fastmail.com\n")
    done = sender(tmp_path, server, "app@acme.com", "--json")
    assert answer(done)["provider"] == "fastmail"
    assert done.stderr == "Judged for Fastmail, by the SMTP_HOST of .env. Another: --preset ID.\n"


@pytest.mark.parametrize(("address", "provider"), [("me@gmail.com", "gmail"), ("app@acme.com", "google-workspace")])
def test_gmails_host_is_workspaces_for_a_domain_that_is_not_gmails(
    tmp_path: Path, server: NameServer, address: str, provider: str
) -> None:
    company(server)
    company(server, "gmail.com")
    (tmp_path / "mail.env").write_text("SMTP_HOST=smtp.gmail.com\n")
    done = sender(tmp_path, server, address, "--env-file", "mail.env", "--json")
    assert answer(done)["provider"] == provider


def test_the_environment_and_a_compose_file_are_sources_too(tmp_path: Path, server: NameServer) -> None:
    company(server)
    done = sender(tmp_path, server, "acme.com", "--environ", "--json", SMTP_HOST="smtp.sendgrid.net")
    assert answer(done)["provider"] == "sendgrid"
    (tmp_path / "compose.yaml").write_text("services:\n  api:\n    environment:\n      SMTP_HOST: smtp.resend.com\n")
    done = sender(tmp_path, server, "acme.com", "--compose", "compose.yaml", "--json")
    assert answer(done)["provider"] == "resend"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("SMTP_HOST=mail.acme.com\n", "mail.acme.com, the SMTP_HOST of .env, belongs to no preset"),
        ("A=b\n", "has no SMTP_HOST"),
    ],
)
def test_a_host_of_no_preset_is_told(tmp_path: Path, server: NameServer, content: str, words: str) -> None:
    company(server)
    (tmp_path / ".env").write_text(content)
    done = sender(tmp_path, server, "acme.com", "--json")
    assert answer(done)["provider"] is None
    assert words in done.stderr


def test_a_source_that_was_named_and_is_not_there_ends_with_4(tmp_path: Path, server: NameServer) -> None:
    done = sender(tmp_path, server, "acme.com", "--env-file", "missing.env")
    assert (done.returncode, done.stdout, server.asked) == (4, "", [])
    assert sender(tmp_path, server, "acme.com", "--compose", "missing.yaml").returncode == 4


def test_a_preset_given_leaves_the_source_unread(tmp_path: Path, server: NameServer) -> None:
    company(server)
    done = sender(tmp_path, server, "acme.com", "--preset", "fastmail", "--env-file", "missing.env", "--json")
    assert answer(done)["provider"] == "fastmail"


def test_a_catcher_is_said_to_be_no_provider_to_judge_for(tmp_path: Path, server: NameServer) -> None:
    company(server)
    done = sender(tmp_path, server, "acme.com", "--preset", "mailpit")
    assert "Nothing in DNS names Mailpit: judged without a provider." in done.stdout


def test_an_operators_own_preset_brings_its_selectors_and_includes(tmp_path: Path, server: NameServer) -> None:
    own = named(
        "ours",
        ("mx_suffixes", 'spf_include = ["spf.ours.test"]\nspf_envelope = "sender"\nmx_suffixes'),
        (
            "[sender]",
            '[dkim]\nselectors = [{ selector = "k1", type = "CNAME", target = "{dashed}.dkim.ours.test" }]\n\n[sender]',
        ),
    )
    put(tmp_path / "mine" / "providers", "ours", own)
    company(server, spf="v=spf1 -all")
    done = sender(tmp_path, server, "acme.com", "--presets", "mine", "--preset", "ours", "--json")
    found = {item["id"]: item for item in answer(done)["checks"]}
    assert found["spf"]["record"]["value"] == "v=spf1 include:spf.ours.test -all"
    assert found["dkim"]["record"] == {
        "name": "k1._domainkey.acme.com", "type": "CNAME", "value": "acme-com.dkim.ours.test",
    }  # fmt: skip


def test_several_name_servers_are_asked_in_turn(tmp_path: Path, server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all", dmarc="v=DMARC1; p=none")
    with NameServer() as lame:
        company(lame, spf="v=spf1 mx -all", dmarc="v=DMARC1; p=none")
        lame.fail("acme.com", None)
        lame.fail("_dmarc.acme.com", dns.rcode.SERVFAIL)
        done = sender(tmp_path, lame, "acme.com", "--nameserver", server.address, "--timeout", "30", "--json")
    assert answer(done)["trusted"] is True


def test_the_command_loads_no_interface(tmp_path: Path, server: NameServer) -> None:
    company(server)
    program = (
        "import sys\n"
        "from smtpwizard.cli.main import status\n"
        f"status(['sender', 'acme.com', '--json', '--nameserver', {server.address!r}])\n"
        "sys.stderr.write(' '.join({m.split('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "dns" in loaded
    assert not loaded & {"textual", "rich", "pybars", "aiosmtpd", "trustme", "cryptography"}
