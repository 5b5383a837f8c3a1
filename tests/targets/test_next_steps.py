"""After writing: the next command and what stands in the way, said only where the real compose has it so."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from smtpwizard.targets.next_steps import next_steps
from support.compose_program import compose_config

NAMES = ("SMTP_HOST", "SMTP_PASSWORD")
NEW = "SMTP_HOST=new.example\nSMTP_PASSWORD=new\n"
IMAGE = "line/abc-user-feedback-api"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def service(*lines: str, name: str = "api", image: str = IMAGE) -> str:
    return f"  {name}:\n    image: {image}\n" + "".join(f"    {line}\n" for line in lines)


def project(folder: Path, *services: str, name: str = "docker-compose.yml") -> None:
    (folder / name).write_text("services:\n" + "".join(services))


def told(path: str, *, environ: tuple[str, ...] = (), of: str | None = None) -> dict[str, str]:
    notes = next_steps(Path(path), NAMES, service=of, images=(IMAGE,), app_service="api", environ=environ)
    return {note.id: note.command or note.message for note in notes}


def seen_by_compose(folder: Path, name: str = "api", **env: str) -> dict[str, str | None]:
    found = compose_config(folder, env=env)
    assert found is not None
    variables: dict[str, str | None] = found["services"][name].get("environment") or {}
    return variables


def test_without_compose_the_app_is_started_anew(here: Path) -> None:
    assert list(told(".env")) == ["start-anew"]
    beaten = told(".env", environ=("SMTP_HOST", "PATH"))
    assert "SMTP_HOST" in beaten["shell-wins"]
    assert "SMTP_PASSWORD" not in beaten["shell-wins"]


def test_an_env_file_that_the_service_reads_needs_the_container_anew(here: Path) -> None:
    project(here, service("env_file: .env"), service(name="db", image="mysql"))
    (here / ".env").write_text(NEW)
    assert told(".env", environ=NAMES) == {"recreate": "docker compose up -d api"}
    assert seen_by_compose(here, SMTP_HOST="shell")["SMTP_HOST"] == "new.example"


def test_every_service_that_reads_the_file_is_in_the_command(here: Path) -> None:
    project(here, service("env_file: [.env]"), service("env_file: .env", name="worker", image="busybox"))
    assert told(".env") == {"recreate": "docker compose up -d api worker"}


def test_environment_beats_what_was_written_to_the_env_file(here: Path) -> None:
    project(here, service("env_file: .env", "environment:", "  SMTP_HOST: mailhog"))
    (here / ".env").write_text(NEW)
    notes = told(".env")
    assert "SMTP_HOST" in notes["environment-wins"]
    assert "SMTP_PASSWORD" not in notes["environment-wins"]
    assert seen_by_compose(here) == {"SMTP_HOST": "mailhog", "SMTP_PASSWORD": "new"}


def test_a_later_env_file_beats_what_was_written(here: Path) -> None:
    project(here, service("env_file: [./.env, local.env]"))
    (here / ".env").write_text(NEW)
    (here / "local.env").write_text("SMTP_PASSWORD=local\nOTHER=1\n")
    assert "local.env" in told(".env")["later-file-wins"]
    assert "later-file-wins" not in told("local.env")
    assert seen_by_compose(here)["SMTP_PASSWORD"] == "local"


def test_the_override_file_beats_the_compose_file(here: Path) -> None:
    project(here, service("environment:", "  SMTP_HOST: new.example"))
    (here / "compose.override.yaml").write_text("services:\n  api:\n    environment: [SMTP_HOST=over]\n")
    notes = told("docker-compose.yml", of="api")
    assert notes["recreate"] == "docker compose up -d api"
    assert "compose.override.yaml sets SMTP_HOST" in notes["override-wins"]
    assert seen_by_compose(here)["SMTP_HOST"] == "over"
    assert told("compose.override.yaml", of="api") == {"recreate": "docker compose up -d api"}


@pytest.mark.parametrize("tag", ["environment: !reset null", "environment: !override {A: b}"])
def test_an_override_that_takes_the_variables_out_again_is_told(here: Path, tag: str) -> None:
    project(here, service("environment:", "  SMTP_HOST: old"))
    (here / "docker-compose.override.yml").write_text(f"services:\n  api:\n    {tag}\n")
    assert "SMTP_HOST" not in seen_by_compose(here)
    assert " of api out again" in told("docker-compose.yml", of="api")["override-wins"]


def test_the_shell_beats_the_env_file_where_compose_fills_it_in(here: Path) -> None:
    lines = ("environment:", '  SMTP_HOST: "${SMTP_HOST:-x}"', "  SMTP_PASSWORD:")
    project(here, service(*lines))
    (here / ".env").write_text(NEW)
    assert told(".env") == {"recreate": "docker compose up -d api"}
    beaten = told(".env", environ=("SMTP_PASSWORD",))
    assert beaten["shell-wins"].startswith("SMTP_PASSWORD: set in this shell")
    assert seen_by_compose(here) == {"SMTP_HOST": "new.example", "SMTP_PASSWORD": "new"}
    assert seen_by_compose(here, SMTP_PASSWORD="shell")["SMTP_PASSWORD"] == "shell"


def test_an_env_file_that_reaches_no_container_is_told(here: Path) -> None:
    project(here, service("environment:", "  SMTP_HOST: ${SMTP_HOST}"))
    (here / ".env").write_text(NEW)
    notes = told(".env")
    assert notes["recreate"] == "docker compose up -d api"
    assert "SMTP_PASSWORD" in notes["not-seen"]
    assert "SMTP_HOST" not in notes["not-seen"]
    assert seen_by_compose(here) == {"SMTP_HOST": "new.example"}


def test_without_any_reference_there_is_no_command_that_would_help(here: Path) -> None:
    project(here, service())
    assert list(told(".env")) == ["not-seen"]


def test_compose_files_that_are_not_the_apps_business_are_left_out(here: Path) -> None:
    project(here, service("environment:", "  MYSQL_ROOT_PASSWORD: ${DB}", name="db", image="mysql"))
    assert list(told(".env")) == ["start-anew"]


def test_a_compose_file_that_compose_does_not_find_by_itself_is_named(here: Path) -> None:
    project(here, service(), name="docker-compose.prod.yml")
    command = told("docker-compose.prod.yml", of="api")["recreate"]
    assert command == "docker compose -f docker-compose.prod.yml up -d api"
    project(here, service(), name="compose.yaml")
    assert " -f docker-compose.yml " in told("docker-compose.yml", of="api")["recreate"]
    assert " -f " not in told("compose.yaml", of="api")["recreate"]


def test_an_override_of_such_a_file_is_named_with_it(here: Path) -> None:
    project(here, service(), name="prod.yaml")
    (here / "prod.override.yaml").write_text("services: {api: {}}\n")
    assert told("prod.override.yaml", of="api")["recreate"] == (
        "docker compose -f prod.yaml -f prod.override.yaml up -d api"
    )


def test_in_another_folder_the_command_names_the_files(here: Path) -> None:
    folder = here / "my app"
    folder.mkdir()
    project(folder, service("env_file: .env"))
    (folder / "compose.override.yml").write_text("services: {api: {}}\n")
    command = told("my app/.env")["recreate"]
    assert command == ("docker compose -f 'my app/docker-compose.yml' -f 'my app/compose.override.yml' up -d api")


def test_a_service_that_extends_one_of_another_file_is_not_judged(here: Path) -> None:
    project(here, service("extends: {file: base.yaml, service: base}"))
    assert "not-seen" not in told(".env")


def test_a_compose_file_that_cannot_be_read_gives_no_advice(here: Path) -> None:
    (here / "compose.yaml").write_text("services: [\n")
    assert told(".env") == {}


def test_restart_is_never_the_advice(here: Path) -> None:
    project(here, service("env_file: .env"))
    (note,) = next_steps(Path(".env"), NAMES, environ=())
    assert "restart is not enough" in note.message
    assert "restart" not in note.command


@pytest.mark.parametrize(
    ("services", "seconds"),
    [
        ("".join(f"  s{n}:\n    extends: s{n + 1}\n" for n in range(3000)) + "  s3000:\n    env_file: .env\n", 5.0),
        ("".join(f"  s{n}:\n    extends: s{(n + 1) % 3000}\n" for n in range(3000)) + "    env_file: .env\n", 10.0),
        ("".join(f"  s{n}:\n    image: x\n    env_file: .env\n" for n in range(6000)), 10.0),
    ],
    ids=["a chain of 3000", "a ring of 3000", "6000 services"],
)
def test_a_compose_file_is_looked_through_in_linear_time(tmp_path: Path, services: str, seconds: float) -> None:
    (tmp_path / ".env").write_text("SMTP_HOST=x\n")
    (tmp_path / "compose.yaml").write_text(f"services:\n{services}")
    start = time.process_time()
    notes = next_steps(tmp_path / ".env", ["SMTP_HOST"], environ=())
    assert time.process_time() - start < seconds
    assert [note.id for note in notes] == ["recreate"]
