"""`check --inside` says no secret, wherever in the settings it stands and whatever the server repeats."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docker_stand_in import StandIn, stand_in
from support.leaks import assert_no_secret
from support.node import node_modules
from support.secret_sweep import CASES, MARKED, Bench, bench

pytestmark = pytest.mark.node


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, refuse=True) as made:
        yield made


def _docker(made: Bench, case: str, tmp_path: Path, **others: str) -> StandIn:
    (made.folder / "compose.yaml").write_text("services:\n  api:\n    image: own\n    env_file: .env\n")
    made.write(case)
    modules = {"NODE_PATH": str(node_modules()), "PATH": os.environ["PATH"]}
    docker = stand_in(tmp_path / "docker", variables={**modules, **made.settings(case), **others})
    docker.change(version="v20.20.2")  # each start of node takes as long as all else
    return docker


def _check(made: Bench, docker: StandIn, *arguments: str) -> bytes:
    done = made.run("check", "--inside", "api", *arguments, "--timeout", "2", PATH=docker.path)
    assert done.returncode in (0, 1, 3), done.stderr
    return bytes(done.stdout)


@pytest.mark.parametrize("case", CASES)
def test_neither_side_says_a_secret(refusing: Bench, case: str, tmp_path: Path) -> None:
    # The container's login, alone: what it was refused, the host's run does not know.
    docker = _docker(refusing, case, tmp_path, SMTP_SENDER="other@acme.example")
    docker.change(keeps=True)
    assert json.loads(_check(refusing, docker, "--json"))["inside"]["verdict"]
    assert "SMTPWIZARD-INSIDE" in docker.said()
    assert_no_secret(docker.said(), MARKED, "the script")
    docker.change(node=docker.said())  # the report as text is made of the same: node need not run again
    assert b"api" in _check(refusing, docker)
    assert_no_secret(json.dumps(docker.calls(), ensure_ascii=False), MARKED, "what docker was given")


@pytest.mark.parametrize("refuse", [False, True], ids=["taken", "refused"])
def test_neither_side_says_a_secret_that_both_have(refuse: bool, tmp_path: Path) -> None:
    with bench(tmp_path, refuse=refuse) as made:
        for case in ("password", "swapped", "key as user name"):
            docker = _docker(made, case, tmp_path / case)
            assert json.loads(_check(made, docker, "--json"))["inside"]["verdict"]
            assert_no_secret(json.dumps(docker.calls(), ensure_ascii=False), MARKED, "what docker was given")


@pytest.mark.parametrize("case", ["password", "swapped", "key as user name"])
def test_the_script_alone_says_none_to_a_terminal(refusing: Bench, case: str, tmp_path: Path) -> None:
    refusing.write(case)
    text = refusing.run("check", "--inside-script").stdout
    done = subprocess.run(
        ["node", "-"],
        input=text,
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "NODE_PATH": str(node_modules()), **refusing.settings(case)},
    )
    assert_no_secret(done.stdout + done.stderr, MARKED, "the script")
    assert b"SMTPWIZARD-INSIDE" in done.stdout
