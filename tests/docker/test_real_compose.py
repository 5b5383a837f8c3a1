"""The real docker compose, without a daemon and with a stand-in for one: its flags, its streams, its words."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpwizard.docker import compose as docker_words
from smtpwizard.docker.compose import Kind
from smtpwizard.sandbox.scripted import Script
from support import docker_stand_in as stand_in
from support import program
from support.compose_program import compose_binary
from support.docker_daemon import Daemon, daemon
from support.leaks import assert_no_secret
from support.node import node_modules
from support.probing import PASSWORD, USERNAME, serving
from support.reply_variants import error_dump

GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials abc12345 - gsmtp"
)
DUMP = error_dump(GMAIL, "auth").split("\n")


class Machine:
    """A project's folder on a machine with docker compose, as a plugin of the docker CLI or alone."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder / "p"
        self.folder.mkdir()
        (self.folder / "compose.yaml").write_text(
            "services:\n  api:\n    image: line/abc-user-feedback-api\n    env_file: .env\n"
        )
        (self.folder / ".env").write_text("SMTP_HOST=127.0.0.1\n")
        self.socket = folder / "d.sock"
        bin_, plugins = folder / "bin", folder / "config" / "cli-plugins"
        bin_.mkdir()
        plugins.mkdir(parents=True)
        real = shutil.which("docker")
        if program == "docker-compose":
            (bin_ / "docker-compose").symlink_to(compose_binary())
        elif real is None:
            pytest.skip("the docker CLI is not installed")
        else:
            (bin_ / "docker").symlink_to(real)
            if program == "docker":
                (plugins / "docker-compose").symlink_to(compose_binary())
        self.environment = {
            "PATH": str(bin_),
            "HOME": str(folder),
            "DOCKER_CONFIG": str(folder / "config"),
            "DOCKER_HOST": f"unix://{self.socket}",
            "TZ": "UTC",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = program.run(
            [*arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert_no_secret(done.stdout + done.stderr, {"password": PASSWORD}, "what it said")
        return done


@pytest.fixture(params=["docker", "docker-compose"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory() as folder:  # a socket's path has 107 octets at most
        yield Machine(Path(folder), request.param)


@pytest.fixture
def running(machine: Machine) -> Iterator[Daemon]:
    with daemon(machine.socket, project="p") as started:
        yield started


def test_the_log_is_read_from_both_of_the_containers_streams(machine: Machine, running: Daemon) -> None:
    running.log = [(1, "hello"), *((2, line) for line in DUMP), (1, "bye")]
    done = machine.run("logs", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["lines"]) == (1, len(DUMP) + 2)
    (trouble,) = told["troubles"]
    assert (trouble["diagnoses"][0]["ref"], trouble["times"], trouble["last"]) == ("A2", 1, "2026-11-25T17:49:01Z")


def test_the_log_is_followed(machine: Machine, running: Daemon) -> None:
    running.log = [(2, line) for line in DUMP]
    with subprocess.Popen(
        [sys.executable, "-m", "smtpwizard", "logs", "--follow", "--json"],
        cwd=machine.folder,
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert (told["event"], told["diagnoses"][0]["ref"]) == ("trouble", "A2")
    assert (json.loads(rest)["event"], process.returncode) == ("summary", 1)


def test_an_empty_log_and_no_container_are_told_apart(machine: Machine, running: Daemon) -> None:
    done = machine.run("logs")
    assert (done.returncode, "logged nothing in the last 10m" in done.stderr) == (0, True)
    running.exists = False
    done = machine.run("logs")
    assert (done.returncode, "has no container" in done.stderr) == (4, True)


def test_a_container_that_is_not_running_is_told(machine: Machine, running: Daemon) -> None:
    running.running = False
    done = machine.run("check", "--inside", "api", "--environ")
    assert (done.returncode, "The container of api is not running" in done.stderr) == (4, True)


def test_a_container_without_node_is_told(machine: Machine, running: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    running.variables = {"PATH": "/nowhere"}
    monkeypatch.setenv("PATH", "/nowhere")  # where the stand-in looks for programs
    done = machine.run("check", "--inside", "api", "--environ")
    assert (done.returncode, "has no node" in done.stderr) == (4, True), done.stderr


@pytest.mark.node
def test_the_script_runs_through_the_real_exec(machine: Machine, running: Daemon) -> None:
    with serving(Script(mechanisms=("PLAIN",))) as server:
        variables = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_SENDER": "app@example.com",
            "SMTP_USERNAME": USERNAME,
            "SMTP_PASSWORD": PASSWORD,
        }
        (machine.folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in variables.items()))
        running.variables = {**running.variables, **variables, "NODE_PATH": str(node_modules())}
        done = machine.run("check", "--inside", "api", "--json")
    assert done.returncode == 0, done.stderr
    inside = json.loads(done.stdout)["inside"]
    assert (inside["verdict"], inside["same_settings"], inside["nodemailer"]) == ("works", True, "8.0.5")
    assert running.words == ["node", "-"]


def _words(machine: Machine, *arguments: str) -> str:
    done = subprocess.run(
        [*arguments],
        cwd=machine.folder,
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    return done.stderr.strip()


def _kind(words: str) -> Kind:
    return Kind(docker_words.problem(words.splitlines(), service="api", command="", pipe="").id)


def test_the_real_errors_are_known_and_are_those_of_the_stand_in(machine: Machine) -> None:
    program = ["docker", "compose"] if "docker" in os.listdir(machine.environment["PATH"]) else ["docker-compose"]
    no_daemon = _words(machine, *program, "logs", "api")
    assert _kind(no_daemon) is Kind.NO_DAEMON
    assert no_daemon.replace(str(machine.socket), "/var/run/docker.sock") == stand_in.NO_DAEMON
    assert _words(machine, *program, "logs", "nope") == stand_in.NO_SERVICE.format(service="nope")
    assert _kind(_words(machine, *program, "logs", "nope")) is Kind.NO_SERVICE
    for command in (["exec", "-T", "api", "node", "-"], ["logs", "--no-color", "--since=10m", "api"]):
        assert _kind(_words(machine, *program, *command)) is Kind.NO_DAEMON
    (machine.folder / "compose.yaml").rename(machine.folder / "other.yaml")
    assert _words(machine, *program, "logs", "api") == stand_in.NO_PROJECT
    (machine.folder / "compose.yaml").write_text("services:\n  api:\n    image: ${X:?must be set}\n")
    assert _kind(_words(machine, *program, "logs", "api")) is Kind.VARIABLE


def test_the_command_says_what_is_the_matter_with_the_real_docker(machine: Machine) -> None:
    done = machine.run("logs")
    assert (done.returncode, "cannot reach its daemon" in done.stderr) == (4, True)
    assert machine.run("logs", "--service", "nope").returncode == 2
    done = machine.run("check", "--inside", "api", "--environ")
    assert (done.returncode, "cannot reach its daemon" in done.stderr) == (4, True)


def test_a_docker_without_its_plugin_is_known() -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder), "docker alone")
        for arguments in (["logs"], ["logs", "--follow"], ["check", "--inside", "api", "--environ"]):
            for file in ([], ["--compose", "compose.yaml"]):
                chosen = [item for item in arguments if not (file and item == "--environ")]
                done = machine.run(*chosen, *file)
                assert done.returncode == 4, done.stderr
                if "not its compose plugin" not in done.stderr:
                    pytest.skip("docker has its compose plugin installed for the whole machine")
