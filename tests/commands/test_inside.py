"""`smtpwizard check --inside` as a process, with a stand-in for docker that runs the very script under node."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from support import docker_stand_in as docker
from support import program
from support.docker_stand_in import StandIn, stand_in
from support.leaks import assert_no_secret
from support.node import node_modules
from support.probing import PASSWORD, USERNAME, certificates, serving

pytestmark = pytest.mark.node

PLAIN = Script(mechanisms=("PLAIN",))
REFUSED = PLAIN.but(Stage.PASSWORD, reply("535 5.7.8 Error: authentication failed"))
ONE_LINER = "smtpwizard check --inside-script | ssh HOST docker compose exec -T api node -"


class Bench:
    """A folder with a .env and a compose file, and a container that is a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        (self.folder / "compose.yaml").write_text(
            "services:\n  db:\n    image: mysql\n  api:\n    image: line/abc-user-feedback-api\n    env_file: .env\n"
        )
        self.docker: StandIn = stand_in(folder / "docker")

    def variables(self, server: ScriptedServer, **changes: str) -> dict[str, str]:
        return {
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(server.port),
            "SMTP_SENDER": "app@example.com",
            "SMTP_USERNAME": USERNAME,
            "SMTP_PASSWORD": PASSWORD,
            **changes,
        }

    def set(self, file: dict[str, str], container: dict[str, str] | None = None, **more: str) -> None:
        """Write the .env, and give the container its variables: by default the same."""
        (self.folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in file.items()))
        inside = file if container is None else container
        modules = {"NODE_PATH": str(node_modules()), "PATH": os.environ["PATH"]}
        self.docker.change(variables={**modules, **inside, **more})

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = program.run(
            ["check", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.folder,
            env=self.environment | environment,
        )
        assert_no_secret(done.stdout + done.stderr, {"password": PASSWORD}, "what it said")
        assert "Traceback" not in done.stderr
        assert "unexpected" not in done.stderr
        return done

    @property
    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("SMTP", "NODE"))}
        return {**plain, "HOME": str(self.folder), "PATH": self.docker.path}

    def inside(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        done = self.run("--inside", "api", "--json", "--timeout", "2", *arguments)
        assert len(done.stdout.splitlines()) == 1, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for call in made.docker.calls():
        assert_no_secret(json.dumps(call), {"password": PASSWORD}, "docker's arguments or its stdin")


def ids(value: dict[str, Any]) -> list[str]:
    return [note["id"] for note in value["inside"]["notes"]]


def test_both_go_through_and_that_is_exit_status_0(bench: Bench) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        status, told = bench.inside()
        logins = [line for line in server.received if line.startswith("AUTH")]
    assert status == 0
    inside = told["inside"]
    assert (told["app"]["verdict"], inside["verdict"]) == ("works", "works")
    assert (inside["same_settings"], inside["same_verdict"], inside["login"]) == (True, True, "tried")
    assert (inside["nodemailer"], inside["notes"], inside["differences"]) == ("8.0.5", [], {})
    assert len(logins) == 2
    assert inside["sentence"] == "ABC User Feedback logs in from within its container."
    assert told["not_proved"]
    assert not any("container" in item for item in told["not_proved"])


def test_a_login_that_was_not_offered_is_not_called_one(bench: Bench) -> None:
    with serving(Script(mechanisms=())) as server:
        bench.set(bench.variables(server))
        status, told = bench.inside()
    assert status == 0
    assert "if the server asks for one" in told["inside"]["sentence"]


def test_the_words_of_the_command_are_those_of_docker_compose(bench: Bench) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        bench.inside()
        bench.inside("--compose", "compose.yaml")
    first, second, third, fourth = bench.docker.calls()
    assert first["words"] == ["docker", "compose", "exec", "-T", "api", "node", "--version"]
    assert second["words"] == ["docker", "compose", "exec", "-T", "api", "node", "-"]
    assert third["words"][:4] == ["docker", "compose", "-f", "compose.yaml"]
    assert fourth["words"][4:] == ["exec", "-T", "api", "node", "-"]
    assert "createTransport" in second["stdin"]


def test_a_login_that_the_host_saw_refused_is_not_sent_again(bench: Bench) -> None:
    with serving(REFUSED) as server:
        bench.set(bench.variables(server))
        status, told = bench.inside()
        logins = [line for line in server.received if line.startswith("AUTH")]
    assert (status, len(logins)) == (1, 1)
    assert (told["inside"]["login"], told["inside"]["verdict"]) == ("withheld", "fails")
    assert ids(told) == ["inside-login-withheld"]
    assert told["inside"]["same_verdict"] is None


def test_another_login_in_the_container_is_tried_and_named_as_another(bench: Bench) -> None:
    with serving(REFUSED) as server:
        bench.set(bench.variables(server), bench.variables(server, SMTP_USERNAME="old@example.com"))
        status, told = bench.inside()
    assert status == 1
    assert told["inside"]["differences"] == {"SMTP_USERNAME": "other value"}
    assert (told["inside"]["login"], told["inside"]["verify"]["code"]) == ("tried", "EAUTH")
    assert told["inside"]["diagnoses"]


def test_old_values_in_the_container_are_named_with_the_command_that_renews_them(bench: Bench) -> None:
    with serving(PLAIN) as server:
        old = bench.variables(server, SMTP_PASSWORD="another-secret-1", SMTP_PORT="1")
        del old["SMTP_SENDER"]
        bench.set(bench.variables(server), {**old, "SMTP_SENDER": "app@example.com", "SMTP_TLS": "false"})
        status, told = bench.inside()
    assert status == 1
    assert told["inside"]["differences"] == {
        "SMTP_PORT": "other value",
        "SMTP_PASSWORD": "other value",
        "SMTP_TLS": "only in the container",
    }
    (note,) = told["inside"]["notes"]
    assert note["command"] == "docker compose up -d api"
    assert "another-secret-1" not in json.dumps(told)


def test_localhost_that_is_another_one_in_the_container_is_explained(bench: Bench) -> None:
    with serving(PLAIN) as server:
        given = bench.variables(server)
        bench.set(given)
        # Two networks on one machine: there, nothing listens behind the same name and port.
        shim = bench.docker.folder / "elsewhere.js"
        shim.write_text(
            "const net=require('net');const was=net.connect;const away=(o,...r)=>was({...o,port:1},...r);"
            "net.connect=away;net.createConnection=away;"
        )
        bench.docker.change(variables={**bench.docker.plan["variables"], "NODE_OPTIONS": f"--require {shim}"})
        status, told = bench.inside()
    assert (status, told["app"]["verdict"]) == (1, "works")
    assert ids(told) == ["inside-localhost"]
    assert told["inside"]["verify"]["code"] == "ESOCKET"
    assert told["inside"]["diagnoses"]


def test_a_certificate_that_only_the_host_trusts_is_explained(bench: Bench, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(certificates().ca_pem)
    with serving(Script(starttls=True)) as server:
        bench.set(bench.variables(server))
        status, told = bench.inside("--ca-file", str(authority))
        assert (status, told["app"]["verdict"]) == (1, "works")
        assert ids(told) == ["inside-certificate"]
        bench.set(bench.variables(server), NODE_EXTRA_CA_CERTS=str(authority))
        status, told = bench.inside("--ca-file", str(authority))
        assert (status, ids(told)) == (0, [])


def test_a_server_that_only_the_container_reaches_is_exit_status_0(bench: Bench) -> None:
    with serving(PLAIN) as server:
        there = bench.variables(server)
        bench.set({**there, "SMTP_HOST": "mailpit.invalid"}, there)
        status, told = bench.inside()
    assert (status, told["app"]["verdict"], told["inside"]["verdict"]) == (0, "fails", "works")
    assert "inside-better" in ids(told)


def test_what_comes_after_the_login_is_the_hosts_to_tell(bench: Bench) -> None:
    with serving(PLAIN.but(Stage.MAIL, reply("550 5.7.1 Sender address rejected"))) as server:
        bench.set(bench.variables(server))
        status, told = bench.inside()
    assert (status, told["inside"]["verify"]["ok"], told["inside"]["verdict"]) == (1, True, "fails")


def test_a_crash_in_the_container_is_a_crash(bench: Bench) -> None:
    with serving(Script(mechanisms=("XOAUTH2",))) as server:
        bench.set(bench.variables(server))
        status, told = bench.inside()
    assert (status, told["app"]["verdict"], told["inside"]["verdict"]) == (1, "crashes", "crashes")


def test_missing_variables_in_the_container_are_exit_status_3(bench: Bench) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server), {})
        status, told = bench.inside()
    assert (status, told["inside"]["verdict"]) == (3, "refuses")
    assert set(told["inside"]["differences"].values()) == {"not in the container"}


def test_the_page_for_people_is_80_columns_wide(bench: Bench) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server), bench.variables(server, SMTP_PORT="1", SMTP_USERNAME="other"))
        done = bench.run("--inside", "api", "--timeout", "2", COLUMNS="80")
    assert (done.returncode, done.stderr) == (1, "")
    page = done.stdout[done.stdout.index("this host") :]
    assert all(len(line) <= 80 for line in page.splitlines())
    assert "container of api" in page
    assert "✗ ESOCKET" in page
    assert "! other: PORT, USERNAME" in page
    assert "docker compose up -d api" in page


def test_without_a_env_file_the_compose_file_is_the_source(bench: Bench) -> None:
    with serving(PLAIN) as server:
        given = bench.variables(server)
        bench.set(given)
        (bench.folder / ".env").rename(bench.folder / "mail.env")
        text = (bench.folder / "compose.yaml").read_text().replace("env_file: .env", "env_file: mail.env")
        (bench.folder / "compose.yaml").write_text(text)
        status, told = bench.inside()
    assert (status, told["inside"]["same_settings"]) == (0, True)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (docker.NO_DAEMON, 4, "cannot reach its daemon"),
        (docker.NO_PERMISSION, 4, "Run it with sudo"),
        (docker.NO_PROJECT, 4, "no compose file here"),
        (docker.NO_SERVICE.format(service="api"), 2, "It has: db, api."),
        (docker.NOT_RUNNING.format(service="api"), 4, "docker compose up -d api"),
        (docker.NO_NODE, 4, "has no node"),
        ("something else entirely", 4, "something else entirely"),
    ],
)
def test_what_docker_refuses_is_told_before_a_login(bench: Bench, words: str, status: int, told: str) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        bench.docker.change(errors={"": words})
        done = bench.run("--inside", "api", "--json")
        assert server.connections == 0
    assert (done.returncode, bool(done.stdout)) == (status, status != 2)  # 2: it was called wrongly
    assert told in done.stderr
    assert ONE_LINER in done.stderr or words != docker.NO_DAEMON


def test_without_docker_the_one_liner_is_told(bench: Bench, tmp_path: Path) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        (tmp_path / "none").mkdir()
        done = bench.run("--inside", "api", PATH=str(tmp_path / "none"))
        assert server.connections == 0
    assert (done.returncode, done.stdout) == (4, "")
    assert ONE_LINER in done.stderr


def test_docker_compose_with_a_dash_takes_the_plugins_place(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    dashed = stand_in(tmp_path / "dashed", programs=("docker-compose",))
    bench.docker.change(errors={"": docker.NO_PLUGIN})
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        dashed.change(variables=bench.docker.plan["variables"])
        done = bench.run("--inside", "api", "--json", PATH=f"{bench.docker.folder / 'bin'}:{dashed.path}")
    assert done.returncode == 0, done.stderr
    assert dashed.calls()[-1]["words"] == ["docker-compose", "exec", "-T", "api", "node", "-"]


@pytest.mark.parametrize("name", ["-it", "a b", "", "api;id", "x" * 300])
def test_a_name_that_no_service_can_have_is_exit_status_2(bench: Bench, name: str) -> None:
    done = bench.run(f"--inside={name}")
    assert (done.returncode, done.stdout) == (2, "")
    assert bench.docker.calls() == []


@pytest.mark.parametrize(
    "said",
    [
        "",
        "no result",
        "SMTPWIZARD-INSIDE {broken END\n",
        "SMTPWIZARD-INSIDE [] END\n",
        'SMTPWIZARD-INSIDE {"schema":1,"failed":"TypeError"} END\n',
        "\x00\xff" * 1000,
    ],
)
def test_a_script_without_a_result_is_told(bench: Bench, said: str) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        bench.docker.change(node=said)
        done = bench.run("--inside", "api", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["exit_code"]) == (4, 4)
    assert "gave no result" in done.stderr


def test_a_hostile_result_stays_data(bench: Bench) -> None:
    report: dict[str, Any] = {
        "hostname": "\x1b[2J\u202e" * 999,
        "settings": {"SMTP_HOST": {"shown": ["x"], "mac": {}}, "OTHER": 7, "SMTP_PORT": 5},
        "dns": {"addresses": [{}, "1.2.3.4\x1b"], "error": 7},
        "refuses": "all",
        "verify": {"ok": "yes", "code": {"a": 1}, "response_code": 10**400, "message": "\x1b]0;x\x07"},
        "elapsed_ms": -1,
        "login": PASSWORD,
    }
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        bench.docker.change(node=f"SMTPWIZARD-INSIDE {json.dumps(report)} END\n")
        for arguments in (["--json"], []):
            done = bench.run("--inside", "api", *arguments)
            assert done.returncode == 1
            assert not any(ord(char) < 32 for char in done.stdout if char != "\n")
            assert "\u202e" not in done.stdout


def test_ctrl_c_ends_at_once_with_130(bench: Bench) -> None:
    with serving(PLAIN) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        bench.set(bench.variables(server), bench.variables(server, SMTP_PORT=str(silent.getsockname()[1])))
        with subprocess.Popen(
            [sys.executable, "-m", "smtpwizard", "check", "--inside", "api", "--timeout", "60"],
            cwd=bench.folder,
            env=bench.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            connection, _ = silent.accept()  # the script is at its work in the container
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
            connection.close()
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_the_script_alone_is_complete_and_speaks_to_people(bench: Bench) -> None:
    with serving(PLAIN) as server:
        bench.set(bench.variables(server))
        text = bench.run("--inside-script")
        assert (text.returncode, text.stderr) == (0, "")
        done = subprocess.run(
            ["node", "-"],
            input=text.stdout,
            capture_output=True,
            text=True,
            timeout=30,
            cwd="/",
            env=bench.docker.plan["variables"],
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ nodemailer logs in" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1].split(" ", 1)[1].removesuffix(" END"))["verify"]["ok"]
    assert_no_secret(done.stdout, {"password": PASSWORD}, "what the script said")


def test_two_env_files_are_refused(bench: Bench) -> None:
    assert bench.run("--inside", "api", "--env-file", "a", "--env-file", "b").returncode == 2
