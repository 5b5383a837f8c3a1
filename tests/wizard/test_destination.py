"""What a folder offers to save to: env files, and compose files down to their services."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.wizard.destination import discover_targets, source_of_app

IMAGES = ("line/abc-user-feedback-api",)


def test_a_service_with_a_sign_of_the_app_is_offered_and_a_database_beside_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n"
        "  db:\n    image: mysql\n    environment:\n      A: 1\n"
        "  api:\n    image: line/abc-user-feedback-api:1\n    environment:\n      - SMTP_HOST=x\n"
    )
    env, api = discover_targets(tmp_path, images=IMAGES, app_service="api")
    assert env.label == ".env"
    assert (api.compose, api.service) == (True, "api")
    assert api.label == "docker-compose.yml service api"
    assert api.detail.startswith("1 SMTP variable, exists")


def test_a_compose_file_that_cannot_be_read_is_still_listed(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: [\n")
    _, choice = discover_targets(tmp_path)
    assert (choice.compose, choice.service) == (True, None)


def test_a_large_project_does_not_fill_the_list(tmp_path: Path) -> None:
    services = "".join(f"  s{number}:\n    environment:\n      SMTP_HOST: x\n" for number in range(40))
    (tmp_path / "compose.yaml").write_text(f"services:\n{services}  api:\n    image: {IMAGES[0]}\n")
    found = [choice for choice in discover_targets(tmp_path, images=IMAGES) if choice.service]
    assert len(found) == 8
    assert found[0].service == "api"


def test_where_no_service_has_a_sign_of_the_app_all_are_offered(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    build: .\n  worker:\n    build: .\n")
    assert [choice.service for choice in discover_targets(tmp_path, images=IMAGES)] == [None, "web", "worker"]


def test_the_apps_service_is_offered_in_the_override_file_too(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(f"services:\n  back:\n    image: {IMAGES[0]}\n  db:\n    image: mysql\n")
    (tmp_path / "compose.override.yaml").write_text("services:\n  back:\n    restart: always\n  db:\n    ports: []\n")
    found = [choice.label for choice in discover_targets(tmp_path, images=IMAGES)]
    assert found == [".env", "compose.yaml service back", "compose.override.yaml service back"]


OFFICIAL = """services:
  mysql:
    image: mysql:8
    environment:
      MYSQL_ROOT_PASSWORD: userfeedback
  smtp4dev:
    image: rnwood/smtp4dev
  api:
    image: line/abc-user-feedback-api
"""


@pytest.mark.parametrize(
    ("more", "files", "expected"),
    [
        ("    environment:\n      SMTP_HOST: smtp4dev\n", {}, ("docker-compose.yml", "api", False)),
        (
            "    environment:\n      - SMTP_HOST=smtp4dev\n",
            {".env": "SMTP_HOST=x\n"},
            ("docker-compose.yml", "api", False),
        ),
        ("    environment:\n      SMTP_HOST: ${SMTP_HOST}\n", {}, None),
        ("    environment:\n      SMTP_HOST: ${MAILER:-x}\n", {}, ("docker-compose.yml", "api", False)),
        ("    environment:\n      SMTP_HOST:\n", {}, None),
        ("    env_file: .env\n", {".env": "SMTP_HOST=x\n"}, None),
        ("    env_file: app.env\n", {"app.env": "SMTP_HOST=x\n"}, ("app.env", None, False)),
        ("", {}, ("docker-compose.yml", "api", False)),
        ("", {".env": "SMTP_HOST=x\n"}, None),
        (
            "",
            {"docker-compose.override.yml": "services:\n  api:\n    environment:\n      SMTP_HOST: x\n"},
            ("docker-compose.yml", "api", True),
        ),
        ("  worker:\n    environment:\n      SMTP_HOST: x\n", {}, ("docker-compose.yml", "api", False)),
        ("    env_file: app.env\n", {}, ("app.env", None, False)),
        ("  broken: [\n", {}, None),
    ],
)
def test_where_the_app_reads_its_settings_is_what_compose_says(
    tmp_path: Path, more: str, files: dict[str, str], expected: tuple[str, str | None, bool] | None
) -> None:
    (tmp_path / "docker-compose.yml").write_text(OFFICIAL + more)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = source_of_app(tmp_path, images=IMAGES, app_service="api")
    assert (found and (found.path.name, found.service, found.override)) == expected


def test_a_hostile_service_name_is_made_safe(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text('services:\n  "a\\e[2J":\n    image: x\n')
    _, choice = discover_targets(tmp_path)
    assert "\x1b" not in choice.label


def test_a_service_that_refers_to_its_password_is_known(tmp_path: Path) -> None:
    text = "services:\n  api:\n    image: a\n    environment: {}\n"
    for value, refers in (("${SMTP_PASSWORD}", True), ("$PW", True), ("", True), ("it's", False), ("x${A}", False)):
        body = text.format(f"\n      SMTP_HOST: a\n      SMTP_PASSWORD: {value}")
        (tmp_path / "compose.yaml").write_text(body.replace("environment: \n", "environment:\n"))
        (found,) = [item for item in discover_targets(tmp_path) if item.service == "api"]
        assert found.refers is refers
