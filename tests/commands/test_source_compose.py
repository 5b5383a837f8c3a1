"""A compose service as the source of settings: the right service, the container's values, and what is open."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import program

SOUND = {
    "SMTP_HOST": "smtp.gmail.com", "SMTP_PORT": "587", "SMTP_USERNAME": "you@gmail.com",
    "SMTP_SENDER": "you@gmail.com", "SMTP_PASSWORD": "abcdefghijklmnop", "SMTP_TLS": "false",
    "ADMIN_WEB_URL": "https://feedback.acme.dev",
}  # fmt: skip
IMAGE = "line/abc-user-feedback-api:latest"


def run(folder: Path, *flags: str, verb: str = "lint", **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SMTP_", "ADMIN_WEB_URL"))}
    return program.run(
        [verb, "--compose", "compose.yaml", *flags],
        cwd=folder, env={**clean, "XDG_CONFIG_HOME": str(folder / "config"), **env},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def compose(folder: Path, environment: dict[str, str | None], extra: str = "") -> None:
    lines = "".join(
        f"      {name}:{'' if text is None else f' {json.dumps(text)}'}\n" for name, text in environment.items()
    )
    (folder / "compose.yaml").write_text(
        f"services:\n  db:\n    image: mysql\n  api:\n    image: {IMAGE}\n    environment:\n{lines}{extra}"
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in json.loads(done.stdout)["findings"]}


def test_the_apps_service_is_taken_and_named(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND})
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "in service api of compose.yaml. The app starts with these settings." in done.stderr
    assert "abcdefgh" not in done.stdout + done.stderr


def test_values_are_the_containers(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND, "SMTP_HOST": "${MAIL_HOST}", "SMTP_PORT": "${PORT:-465}", "SMTP_SENDER": None})
    (tmp_path / ".env").write_text("MAIL_HOST=smtp.mail.example\nSMTP_SENDER=app@mail.example\n")
    settings = json.loads(run(tmp_path, "--json").stdout)["settings"]
    assert (settings["SMTP_HOST"], settings["SMTP_PORT"]) == ("smtp.mail.example", "465")
    assert settings["SMTP_SENDER"] == "app@mail.example"
    shell = json.loads(run(tmp_path, "--json", MAIL_HOST="smtp.shell.example").stdout)["settings"]
    assert shell["SMTP_HOST"] == "smtp.shell.example"


def test_the_override_file_counts(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND})
    (tmp_path / "compose.override.yaml").write_text("services:\n  api:\n    environment: [SMTP_TLS=yes]\n")
    done = run(tmp_path)
    assert done.returncode == 3
    assert "SMTP_TLS is `yes`" in done.stdout
    assert "compose.yaml with compose.override.yaml" in done.stderr


def test_variables_of_env_files_merges_and_bases_are_read(tmp_path: Path) -> None:
    text = (
        "x-mail: &mail\n  SMTP_HOST: smtp.gmail.com\n  SMTP_PORT: 587\n"
        "services:\n"
        "  base:\n    image: busybox\n    environment:\n      SMTP_SENDER: you@gmail.com\n"
        f"  api:\n    image: {IMAGE}\n    extends: base\n    env_file: mail.env\n"
        "    environment:\n      <<: *mail\n      SMTP_PORT: 465\n"
    )
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / "mail.env").write_text("SMTP_USERNAME=you@gmail.com\nSMTP_PASSWORD='it is # one'\nSMTP_PORT=25\n")
    settings = json.loads(run(tmp_path, "--json").stdout)["settings"]
    assert settings == {
        "SMTP_HOST": "smtp.gmail.com", "SMTP_PORT": "465", "SMTP_SENDER": "you@gmail.com",
        "SMTP_USERNAME": "you@gmail.com", "SMTP_PASSWORD": "********",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "id_", "severity"),
    [
        ("${SMTP_PASSWORD}", "compose-blank", "warning"),
        ("${SMTP_PASSWORD:?set it}", "compose-required", "error"),
        (None, "compose-passed-through", "warning"),
        ("${A:-${B}}", "compose-uncertain", "warning"),
    ],
)
def test_what_nothing_here_sets_is_told(tmp_path: Path, text: str | None, id_: str, severity: str) -> None:
    compose(tmp_path, {**SOUND, "SMTP_PASSWORD": text})
    done = run(tmp_path, "--json")
    found = told(done)
    assert (found[id_]["variable"], found[id_]["severity"]) == ("SMTP_PASSWORD", severity)
    if text != "${A:-${B}}":
        assert id_ not in told(run(tmp_path, "--json", SMTP_PASSWORD="abcdefghijklmnop"))


def test_what_compose_refuses_to_start_with_is_an_error_of_its_own(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND, "ADMIN_WEB_URL": "${WEB:?set it}"})
    done = run(tmp_path)
    assert done.returncode == 3
    assert done.stderr.endswith("docker compose refuses to start.\n")


def test_an_unset_reference_is_empty_as_in_the_container(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND, "SMTP_TLS": "${MAIL_TLS}"})
    done = run(tmp_path)
    assert done.returncode == 3
    assert "SMTP_TLS is empty" in done.stdout


def test_a_missing_env_file_keeps_compose_from_starting(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND}, "    env_file: [gone.env]\n")
    assert told(run(tmp_path, "--json"))["compose-env-file-missing"]["severity"] == "error"
    compose(tmp_path, {**SOUND}, "    env_file:\n      - path: gone.env\n        required: false\n")
    assert "compose-env-file-missing" not in told(run(tmp_path, "--json"))


def test_an_unknown_service_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND})
    done = run(tmp_path, "--service", "apy")
    assert done.returncode == 2
    assert "Did you mean api?" in done.stderr


def test_several_services_that_could_be_the_app_are_listed(tmp_path: Path) -> None:
    service = "    image: busybox\n    environment: [SMTP_HOST=x]\n"
    (tmp_path / "compose.yaml").write_text(f"services:\n  db:\n    image: m\n  one:\n{service}  two:\n{service}")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "--service NAME" in done.stderr
    assert "one, two" in done.stderr
    assert run(tmp_path, "--service", "two").returncode == 3


def test_the_apps_image_decides_between_services_with_mail_settings(tmp_path: Path) -> None:
    compose(tmp_path, {**SOUND}, "  relay:\n    image: postfix\n    environment: [SMTP_HOST=x]\n")
    assert "service api of" in run(tmp_path).stderr


@pytest.mark.parametrize("text", ["services: [\n", ""])
def test_what_is_no_compose_file_ends_with_4(tmp_path: Path, text: str) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    assert run(tmp_path).returncode == 4
    (tmp_path / "compose.yaml").unlink()
    assert run(tmp_path).returncode == 4


@pytest.mark.parametrize("verb", ["check", "send"])
def test_check_and_send_take_the_same_source(tmp_path: Path, verb: str) -> None:
    compose(tmp_path, {**SOUND, "SMTP_TLS": "yes"})
    done = run(tmp_path, "--json", "--to", "a@b.example", verb=verb)
    assert done.returncode == 3
    data = json.loads(done.stdout)
    assert data["settings"]["SMTP_HOST"] == "smtp.gmail.com"
    assert "tls-not-boolean" in [item["id"] for item in data["findings"]]
