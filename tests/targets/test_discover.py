"""What a folder offers to save to: env files, and compose files down to their services."""

from __future__ import annotations

from pathlib import Path

from smtpwizard.targets.discover import discover_targets

IMAGES = ("line/abc-user-feedback-api",)


def test_services_are_offered_one_by_one_with_the_apps_first(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n"
        "  db:\n    image: mysql\n    environment:\n      A: 1\n"
        "  api:\n    image: line/abc-user-feedback-api:1\n    environment:\n      - SMTP_HOST=x\n"
    )
    env, api, db = discover_targets(tmp_path, images=IMAGES, app_service="api")
    assert env.label == ".env"
    assert (api.compose, api.service) == (True, "api")
    assert api.label == "docker-compose.yml service api"
    assert api.detail.startswith("1 SMTP variable, exists")
    assert db.service == "db"


def test_a_compose_file_that_cannot_be_read_is_still_listed(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: [\n")
    _, choice = discover_targets(tmp_path)
    assert (choice.compose, choice.service) == (True, None)


def test_a_large_project_does_not_fill_the_list(tmp_path: Path) -> None:
    services = "".join(f"  s{number}:\n    image: busybox\n" for number in range(40))
    (tmp_path / "compose.yaml").write_text(f"services:\n{services}  api:\n    image: {IMAGES[0]}\n")
    found = [choice for choice in discover_targets(tmp_path, images=IMAGES) if choice.service]
    assert len(found) == 8
    assert found[0].service == "api"


def test_a_hostile_service_name_is_made_safe(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text('services:\n  "a\\e[2J":\n    image: x\n')
    _, choice = discover_targets(tmp_path)
    assert "\x1b" not in choice.label
