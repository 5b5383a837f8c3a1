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


@pytest.fixture(params=[False, True], ids=["accepts", "refuses"])
def echoing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, refuse=request.param) as made:
        yield made


@pytest.mark.parametrize("case", CASES)
def test_neither_side_says_a_secret(echoing: Bench, case: str, tmp_path: Path) -> None:
    (echoing.folder / "compose.yaml").write_text("services:\n  api:\n    image: own\n    env_file: .env\n")
    echoing.write(case)
    modules = {"NODE_PATH": str(node_modules()), "PATH": os.environ["PATH"]}
    docker = stand_in(tmp_path / "docker", variables={**modules, **echoing.settings(case)})
    done = echoing.run("check", "--inside", "api", "--json", "--timeout", "2", PATH=docker.path)
    assert done.returncode in (0, 1, 3), done.stderr
    assert json.loads(done.stdout)["inside"]["verdict"]
    # The container's login, alone: what it was refused, the host's run does not know.
    docker.change(variables={**docker.plan["variables"], "SMTP_SENDER": "other@acme.example"})
    done = echoing.run("check", "--inside", "api", "--timeout", "2", PATH=docker.path)
    assert done.returncode in (0, 1, 3), done.stderr
    assert_no_secret(json.dumps(docker.calls(), ensure_ascii=False), MARKED, "what docker was given")


@pytest.mark.parametrize("case", CASES)
def test_the_script_alone_says_none_to_a_terminal(echoing: Bench, case: str, tmp_path: Path) -> None:
    echoing.write(case)
    text = echoing.run("check", "--inside-script").stdout
    done = subprocess.run(
        ["node", "-"],
        input=text,
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "NODE_PATH": str(node_modules()), **echoing.settings(case)},
    )
    assert_no_secret(done.stdout + done.stderr, MARKED, "the script")
    assert b"SMTPWIZARD-INSIDE" in done.stdout
