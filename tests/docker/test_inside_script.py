"""The very script that runs in the container, under node with nodemailer from npm: the same outcome as the app's."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.docker.inside import is_read_inside, script
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, Script, ScriptedServer, Stage, reply
from support.apps import ABC
from support.leaks import assert_no_secret, echoes
from support.node import node_modules
from support.nodemailer import LIMITS, Nodemailer
from support.probing import PASSWORD, USERNAME, certificates, serving

pytestmark = pytest.mark.node

PLAIN = Script(mechanisms=("PLAIN",))
STARTTLS = Script(starttls=True)
IMPLICIT = Script(implicit=True)
WAIT = 60_000
"""Milliseconds for each wait of the client: here only against hanging."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(certificates().ca_pem)
    return path


@pytest.fixture(scope="module")
def nodemailer(authority: Path) -> Iterator[Nodemailer]:
    with Nodemailer(authority) as started:
        yield started


def run(
    variables: Mapping[str, str], *, cwd: Path | None = None, modules: bool = True, **options: Any
) -> tuple[int, dict[str, Any], str]:
    """Run the script as `node -` in a container does: exit status, its report, all that it said."""
    reach = {"NODE_PATH": str(node_modules())} if modules else {}
    done = subprocess.run(
        ["node", "-"],
        input=script(ABC, **{"milliseconds": WAIT, "processes": False, **options}).encode(),
        capture_output=True,
        timeout=180,
        check=False,
        cwd=cwd or "/",
        env={"PATH": os.environ["PATH"], **reach, **variables},
    )
    said = done.stdout.decode()
    lines = [line for line in said.splitlines() if line.startswith("SMTPWIZARD-INSIDE {")]
    assert len(lines) == 1, done.stderr.decode()
    return done.returncode, json.loads(lines[0].removeprefix("SMTPWIZARD-INSIDE ").removesuffix(" END")), said


def settings(port: int, **changes: str) -> dict[str, str]:
    return {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(port),
        "SMTP_SENDER": "app@example.com",
        "SMTP_USERNAME": USERNAME,
        "SMTP_PASSWORD": PASSWORD,
        **changes,
    }


def all_read(server: ScriptedServer) -> None:
    """Wait until the server has read what the client had said when it ended."""
    for connection in tuple(server._live):
        connection.thread.join(60)


CASES: dict[str, tuple[Script, str, dict[str, str]]] = {
    "in clear": (PLAIN, "trusted", {}),
    "no login offered": (Script(mechanisms=()), "trusted", {}),
    "no credentials": (PLAIN, "trusted", {"SMTP_PASSWORD": ""}),
    "STARTTLS": (STARTTLS, "trusted", {}),
    "implicit TLS": (IMPLICIT, "trusted", {"SMTP_TLS": "true"}),
    "TRUE is not true": (PLAIN, "trusted", {"SMTP_TLS": "TRUE"}),
    "CRAM-MD5": (Script(mechanisms=("CRAM-MD5",)), "trusted", {}),
    "535": (PLAIN.but(Stage.PASSWORD, reply("535 5.7.8 Error: authentication failed")), "trusted", {}),
    "454 at the login": (PLAIN.but(Stage.PASSWORD, reply("454 4.7.0 Too many login attempts")), "trusted", {}),
    "expired": (STARTTLS, "expired", {}),
    "other name": (IMPLICIT, "wrong-name", {"SMTP_TLS": "true"}),
    "unknown authority": (STARTTLS, "untrusted", {}),
    "TLS to a plain port": (PLAIN, "trusted", {"SMTP_TLS": "true"}),
    "plain to a TLS port": (IMPLICIT, "trusted", {}),
    "no such cipher": (STARTTLS, "trusted", {"SMTP_CIPHER_SPEC": "TLSv1.3"}),
    "no such cipher at once": (IMPLICIT, "trusted", {"SMTP_TLS": "true", "SMTP_CIPHER_SPEC": "nonsense"}),
    "554 for a greeting": (PLAIN.but(Stage.GREETING, reply("554 5.7.1 no service for you")), "trusted", {}),
    "closed at the greeting": (PLAIN.but(Stage.GREETING, CLOSE), "trusted", {}),
    "closed after EHLO": (PLAIN.but(Stage.EHLO, CLOSE), "trusted", {}),
    "silent": (PLAIN.but(Stage.GREETING, SILENCE), "trusted", {}),
    "refused": (PLAIN, "trusted", {"SMTP_PORT": "1"}),
    "no such host": (PLAIN, "trusted", {"SMTP_HOST": "no-such-host.invalid"}),
    "port of no sense": (PLAIN, "trusted", {"SMTP_PORT": "70000"}),
}


@pytest.mark.parametrize("case", CASES)
def test_it_comes_to_what_the_apps_client_comes_to(case: str, authority: Path, nodemailer: Nodemailer) -> None:
    behaviour, certificate, changes = CASES[case]
    with serving(behaviour, certificate) as server:
        given = settings(server.port, **changes)
        wanted = nodemailer.run("verify", given)
        status, told, _ = run({**given, "NODE_EXTRA_CA_CERTS": str(authority)}, milliseconds=LIMITS["socketTimeout"])
    found = told["verify"]
    assert (found["ok"], found["code"], found["response_code"], found["command"]) == (
        wanted.ok,
        wanted.code,
        wanted.response_code,
        wanted.command,
    )
    assert status == (0 if wanted.ok else 1)
    assert told["nodemailer"] == "8.0.5"


def test_a_login_by_xoauth2_alone_crashes_the_client_and_is_reported_as_that() -> None:
    with serving(Script(mechanisms=("XOAUTH2",))) as server:
        status, told, _ = run(settings(server.port))
    assert (status, told["verify"]["fate"]) == (1, "crashes")
    assert "getToken" in told["verify"]["message"]


def test_it_logs_in_once_and_sends_nothing() -> None:
    with serving(PLAIN) as server:
        run(settings(server.port))
        all_read(server)
        said = [line.split(" ")[0] for line in server.received]
    assert said == ["EHLO", "AUTH", "QUIT"]


@pytest.mark.parametrize("options", [{"login": False}, {"key": "k" * 64, "refused": None}])
def test_it_stops_before_a_login_that_was_refused(options: dict[str, Any]) -> None:
    from smtpwizard.docker.inside import login_mac
    from smtpwizard.settings import Settings

    with serving(PLAIN) as server:
        given = settings(server.port)
        if "refused" in options:
            options = {**options, "refused": login_mac("k" * 64, Settings.from_variables(ABC, given))}
        _, told, _ = run(given, **options)
        all_read(server)
        said = [line.split(" ")[0] for line in server.received]
    assert said == ["EHLO", "QUIT"]
    assert (told["login"], told["verify"]["ok"]) == ("withheld", True)


def test_another_login_than_the_refused_one_is_tried() -> None:
    with serving(PLAIN) as server:
        _, told, _ = run(settings(server.port), key="k" * 64, refused="0" * 64)
        assert any(line.startswith("AUTH") for line in server.received)
    assert told["login"] == "tried"


@pytest.mark.parametrize("name", ["SMTP_HOST", "SMTP_PORT", "SMTP_SENDER"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_variables_are_named_and_nothing_is_tried(name: str, value: str | None) -> None:
    with serving(PLAIN) as server:
        given = settings(server.port)
        given.pop(name)
        status, told, said = run(given | ({} if value is None else {name: value}))
        assert server.connections == 0
    assert (status, told["refuses"], told["verify"]) == (3, [name], None)
    assert f"refuses to start: {name} missing" in said


def test_an_image_without_nodemailer_is_told(tmp_path: Path) -> None:
    with serving(PLAIN) as server:
        status, told, said = run(settings(server.port), cwd=tmp_path, modules=False)
        assert server.connections == 0
    assert (status, told["verify"], told["nodemailer"]) == (1, None, "")
    assert "no nodemailer below" in told["error"]
    assert "! not tried: no nodemailer below" in said


def _package(folder: Path, name: str, version: str, main: str) -> Path:
    package = folder / name
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": name, "version": version, "main": "index.js"}))
    (package / "index.js").write_text(main)
    return package


MARK = (
    "module.exports={createTransport:()=>({verify:()=>Promise.reject(Object.assign(new Error('%s'),{code:'EMARK'})),"
    "close(){}})}"
)


@pytest.mark.parametrize("layout", ["flat", "above", "workspace", "pnpm", "store only", "mailer's own"])
def test_the_nodemailer_of_the_app_is_found_in_every_layout(layout: str, tmp_path: Path) -> None:
    root = tmp_path / "app"
    cwd = root
    modules = root / "node_modules"
    if layout == "flat":
        _package(modules, "nodemailer", "8.0.5", MARK % "right")
    elif layout == "above":
        _package(modules, "nodemailer", "8.0.5", MARK % "right")
        cwd = root / "apps" / "api" / "dist"
    elif layout == "workspace":
        _package(root / "apps" / "api" / "node_modules", "nodemailer", "8.0.5", MARK % "right")
    elif layout == "pnpm":  # reachable from the mailer's real place alone
        store = modules / ".pnpm" / "@nestjs-modules+mailer@2.0.2" / "node_modules"
        mailer = _package(store, "@nestjs-modules/mailer", "2.0.2", "")
        _package(store, "nodemailer", "8.0.5", MARK % "right")
        link = root / "apps" / "api" / "node_modules" / "@nestjs-modules" / "mailer"
        link.parent.mkdir(parents=True)
        link.symlink_to(mailer, target_is_directory=True)
    elif layout == "store only":
        for version, word in (("6.9.16", "older"), ("8.0.5", "right"), ("7.0.10", "older")):
            _package(modules / ".pnpm" / f"nodemailer@{version}" / "node_modules", "nodemailer", version, MARK % word)
    else:  # a newer one at the top is not what the mailer takes
        _package(modules, "nodemailer", "9.9.9", MARK % "wrong")
        mailer = _package(modules, "@nestjs-modules/mailer", "2.0.2", "")
        _package(mailer / "node_modules", "nodemailer", "8.0.5", MARK % "right")
    cwd.mkdir(parents=True, exist_ok=True)
    _, told, _ = run(settings(25), cwd=cwd, modules=False)
    assert (told["verify"]["message"], told["nodemailer"]) == ("right", "8.0.5")


def test_a_env_file_in_the_working_directory_counts_where_the_environment_says_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_HOST=localhost\nSMTP_PORT=1\nSMTP_SENDER=file@example.com\nSMTP_TLS=TRUE\n")
    _, told, _ = run({"SMTP_SENDER": "environment@example.com"}, cwd=tmp_path)
    shown = {name: item["shown"] for name, item in told["settings"].items()}
    assert shown == {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": "1",
        "SMTP_SENDER": "environment@example.com",
        "SMTP_TLS": "true",
    }
    assert told["env_file"] == "read"


def test_it_tells_what_the_container_is() -> None:
    _, told, said = run(settings(1))
    assert told["dns"]["addresses"]
    assert told["extra_ca"] == "not set"
    assert told["hostname"]
    assert told["ehlo"]
    assert f"node {told['node']}, nodemailer 8.0.5" in said
    assert "SMTP_PASSWORD=********" in said
    _, told, _ = run(settings(1, NODE_EXTRA_CA_CERTS="/nowhere.pem", SMTP_HOST="no-such-host.invalid"))
    assert told["extra_ca"] == "cannot be read"
    assert told["dns"]["error"]


SECRET = "Zq7!mäRk-9+/wörd=Kx&42"
MARKED = {"password": SECRET, "in a host": "Zq7mark-Kx42word"}


ECHOES = echoes(SECRET, "ops@acme.example")
PAIRS = [ECHOES[at : at + 2] for at in range(0, len(ECHOES), 2)]  # more would be cut, and the last ones not be said
SWAPPED = {"SMTP_USERNAME": SECRET, "SMTP_PASSWORD": "ops@acme.example"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(({}, said) for said in PAIRS),
        *((SWAPPED, said) for said in PAIRS),
        ({"SMTP_USERNAME": SECRET}, ECHOES),
        ({"SMTP_HOST": "smtp://ops:Zq7mark-Kx42word@127.0.0.1"}, ECHOES),
        ({"SMTP_HOST": "ops:Zq7mark-Kx42word@127.0.0.1"}, ECHOES),
        ({"SMTP_SENDER": f"ops@acme.example {SECRET}"}, ECHOES),
    ],
    ids=str,
)
def test_no_form_of_a_secret_leaves_the_container(said: tuple[str, ...], changes: dict[str, str]) -> None:
    behaviour = PLAIN.but(Stage.PASSWORD, reply(*said[:-1], f"535 5.7.8 {said[-1]}"))
    with serving(behaviour) as server:
        given = settings(server.port, SMTP_USERNAME="ops@acme.example", SMTP_PASSWORD=SECRET)
        _, told, everything = run({**given, **changes}, key="k" * 64)
        if not changes:
            assert told["verify"]["response_code"] == 535
    assert_no_secret(everything, MARKED, "what the script says")
    assert_no_secret(json.dumps(told, ensure_ascii=False), MARKED, "its report")


@pytest.mark.parametrize(
    "value", ["\x1b[2Jx", "a\nSMTPWIZARD-INSIDE {} END", "\u202ex", "x" * 100_000, "'\"\\$(id)`", "\ud7ff\U0001f600"]
)
def test_hostile_values_stay_data(value: str) -> None:
    status, told, said = run(settings(1, SMTP_SENDER=value, SMTP_CIPHER_SPEC=value, SMTP_PASSWORD=value))
    assert status == 1
    assert len(told["settings"]["SMTP_SENDER"]["shown"]) <= 300
    assert not any(ord(char) < 32 for char in said if char != "\n")
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("app", "read"), [("abc-user-feedback", True), ("ghost", True), ("linkwarden", False), ("n8n", False)]
)
def test_the_script_is_run_for_apps_alone_whose_variables_it_reads_as_they_do(app: str, read: bool) -> None:
    assert is_read_inside(shipped(app)) is read
