"""`smtpwizard scan` as scripts and people meet it: exit codes, streams, JSON, and hosts of every form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.cli.commands.scan import Target, target_of
from smtpwizard.errors import InputError
from smtpwizard.sandbox.scripted import Script, Stage, reply
from support import program
from support.looking import Bench, closed_port
from support.preset_files import named, put

USUAL = [587, 465, 2525, 2587, 2465, 25]
BENCH = Bench()


def scan(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return program.run(
        ["scan", *words],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "XDG_CONFIG_HOME": str(folder / "config"), **env},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def ports(done: subprocess.CompletedProcess[str]) -> dict[int, dict[str, Any]]:
    value = json.loads(done.stdout)
    assert value["schema"] == 1
    return {item["port"]: item for item in value["ports"]}


def test_a_port_that_answers_ends_with_0_and_the_contracts_json(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(BENCH.certificates.ca_pem)
    with BENCH.server(Script(starttls=True, clear_login=False)) as server:
        done = scan(tmp_path, f"127.0.0.1:{server.port}", "--json", "--ca-file", str(authority))
        asked = ports(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["host"] == "127.0.0.1"
    assert list(asked) == [server.port, *USUAL]
    found = asked[server.port]
    assert found.pop("ms") > 0
    assert found == {"port": server.port, "open": True, "tls": "starttls", "auth": ["PLAIN", "LOGIN"], "error": None}
    assert all(item["open"] or item["error"] for item in asked.values())


def test_the_table_is_data_and_the_advice_is_not(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(BENCH.certificates.ca_pem)
    with BENCH.server(Script(implicit=True)) as server:
        done = scan(tmp_path, f"127.0.0.1:{server.port}", "--ca-file", str(authority))
        heard = {line.split(" ")[0] for line in server.received}
    first, second = done.stdout.splitlines()[:2]
    assert (done.returncode, first) == (0, "127.0.0.1")
    assert second.startswith(f"✓ {server.port}     TLS from the first byte, TLSv1.3, certificate 127.0.0.1")
    assert "AUTH PLAIN LOGIN" in second
    assert done.stderr == (f"Best for the app: SMTP_PORT={server.port} and SMTP_TLS=true. No credentials were sent.\n")
    assert heard == {"EHLO", "QUIT"}


def test_a_certificate_that_the_app_refuses_is_marked(tmp_path: Path) -> None:
    with BENCH.server(Script(implicit=True)) as server:
        done = scan(tmp_path, f"127.0.0.1:{server.port}")
    assert done.returncode == 0
    assert f"! {server.port}     TLS from the first byte" in done.stdout
    assert "UNABLE_TO_VERIFY_LEAF_SIGNATURE" in done.stdout
    assert "No port has TLS with a certificate that the app trusts" in done.stderr


def test_no_answer_ends_with_1(tmp_path: Path) -> None:
    port = closed_port("127.0.0.77")
    done = scan(tmp_path, f"127.0.0.77:{port}", "--json")
    assert done.returncode == 1
    assert ports(done)[port] | {"ms": 0} == {
        "port": port, "open": False, "tls": None, "auth": [], "ms": 0, "error": "ECONNREFUSED",
    }  # fmt: skip


def test_a_port_that_answers_but_takes_no_client_ends_with_1(tmp_path: Path) -> None:
    # On 127.0.0.1 another server may have one of the usual ports meanwhile.
    with BENCH.server(Script().but(Stage.GREETING, reply("554 \x1b[31mgo away")), host="127.0.0.77") as server:
        done = scan(tmp_path, f"127.0.0.77:{server.port}")
    assert done.returncode == 1
    assert f"✗ {server.port}     answers 554 ␛[31mgo away" in done.stdout


def test_an_unknown_host_ends_with_1_and_says_so_for_each_port(tmp_path: Path) -> None:
    done = scan(tmp_path, "nowhere.invalid", "--json", "--timeout", "5")
    assert done.returncode == 1
    assert {item["error"] for item in ports(done).values()} <= {"ENOTFOUND", "EAI_AGAIN"}


@pytest.mark.parametrize("text", ["", "no host!", "smtp.example.com:70000", "smtp.example.com:x", "a..b", "-x-", "@"])
def test_what_is_no_host_ends_with_2_before_anything_is_asked(tmp_path: Path, text: str) -> None:
    done = scan(tmp_path, "--json", "--", text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("smtpwizard: ")


def test_a_missing_authority_ends_with_4(tmp_path: Path) -> None:
    done = scan(tmp_path, "127.0.0.1", "--ca-file", "missing.pem")
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("smtp.example.com", Target("smtp.example.com", None)),
        ("smtp.example.com:2525", Target("smtp.example.com", 2525)),
        ("smtps://user:pw@smtp.example.com:465/", Target("smtp.example.com", 465)),
        ('"smtp.example.com."', Target("smtp.example.com", None)),
        ("mailpit", Target("mailpit", None)),
        ("192.0.2.7", Target("192.0.2.7", None)),
        ("2001:db8::1", Target("2001:db8::1", None)),
        ("[2001:db8::1]:587", Target("2001:db8::1", 587)),
        ("bücher.example", Target("bücher.example", None)),
    ],
)
def test_a_host_is_taken_in_every_form_that_means_one(text: str, target: Target) -> None:
    assert target_of(text) == target


def test_a_host_that_is_refused_does_not_show_a_password() -> None:
    with pytest.raises(InputError) as caught:
        target_of("smtp://user:hunter2@:/")
    assert "hunter2" not in str(caught.value)


def test_the_presets_ports_of_a_known_host_are_asked_too(tmp_path: Path) -> None:
    with BENCH.server(Script()) as server:
        text = named(
            "loopback",
            ('"smtp.acme.example"', '"127.0.0.1"'),
            ("recommended_port = 465", f"recommended_port = {server.port}"),
            ("port = 465,", f"port = {server.port},"),
        )
        put(tmp_path / "presets" / "providers", "loopback", text)
        done = scan(tmp_path, "127.0.0.1", "--json", "--presets", str(tmp_path / "presets"))
        asked = ports(done)
    assert (done.returncode, asked[server.port]["tls"]) == (0, "none")


def test_scan_loads_no_interface(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from smtpwizard.cli.main import status; status(['scan', '127.0.0.77'])\n"
        "print(' '.join(m.split('.')[0] for m in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    slow = {"textual", "rich", "pybars", "dns", "aiosmtpd", "trustme", "cryptography"}
    assert not slow & set(done.stderr.split())
