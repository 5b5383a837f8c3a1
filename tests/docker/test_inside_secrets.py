"""`check --inside` says no secret, wherever in the settings it stands and whatever the server repeats."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docker_stand_in import stand_in
from support.leaks import assert_no_secret
from support.node import node_modules
from support.secret_sweep import CASES, MARKED, Bench, bench

pytestmark = pytest.mark.node


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, refuse=True) as made:
        yield made


def _inside(made: Bench, case: str, tmp_path: Path) -> None:
    (made.folder / "compose.yaml").write_text("services:\n  api:\n    image: own\n    env_file: .env\n")
    made.write(case)
    modules = {"NODE_PATH": str(node_modules()), "PATH": os.environ["PATH"]}
    docker = stand_in(tmp_path / "docker", variables={**modules, **made.settings(case)})
    done = made.run("check", "--inside", "api", "--json", "--timeout", "2", PATH=docker.path)
    assert done.returncode in (0, 1, 3), done.stderr
    assert json.loads(done.stdout)["inside"]["verdict"]
    # The container's login, alone: what it was refused, the host's run does not know.
    docker.change(variables={**docker.plan["variables"], "SMTP_SENDER": "other@acme.example"})
    done = made.run("check", "--inside", "api", "--timeout", "2", PATH=docker.path)
    assert done.returncode in (0, 1, 3), done.stderr
    assert_no_secret(json.dumps(docker.calls(), ensure_ascii=False), MARKED, "what docker was given")


@pytest.mark.parametrize("case", CASES)
def test_neither_side_says_a_secret(refusing: Bench, case: str, tmp_path: Path) -> None:
    _inside(refusing, case, tmp_path)


def test_neither_side_says_a_secret_that_the_server_takes(tmp_path: Path) -> None:
    with bench(tmp_path, refuse=False) as made:
        for case in ("password", "swapped", "key as user name"):
            _inside(made, case, tmp_path / case)


@pytest.mark.parametrize("case", CASES)
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
