"""Which app a folder is of: by image, by variables that one profile alone has, by choice; and what is said of it."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from smtpwizard.apps.loading import AppFiles
from smtpwizard.apps.profile import is_image, repository
from smtpwizard.cli.main import run
from smtpwizard.cli.source import recognised_target
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.presets.files import presets_root
from smtpwizard.targets.recognise import by_variables, matches, recognise, services_of

FILES = AppFiles((presets_root(),))
VAULT = FILES.profile("vaultwarden")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compose(folder: Path, text: str, name: str = "compose.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "image",
    [
        "vaultwarden/server",
        "vaultwarden/server:1.32.0-alpine",
        '"vaultwarden/server:latest"',
        "docker.io/vaultwarden/server",
        "ghcr.io/dani-garcia/vaultwarden:latest",
        "vaultwarden/server@sha256:0123456789abcdef",
        "vaultwarden/server:${VERSION:-latest}",
        "${IMAGE:-vaultwarden/server}:${TAG}",
        "registry.acme.dev:5000/mirror/vaultwarden/server:1",
    ],
)
def test_an_app_is_recognised_by_its_image(tmp_path: Path, image: str) -> None:
    compose(tmp_path, f"services:\n  db:\n    image: postgres:16\n  pw:\n    image: {image}\n")
    found = recognise(FILES, tmp_path)
    assert (found.app.id, found.why, found.others) == ("vaultwarden", "found in compose.yaml", ())
    assert [(item.app.id, item.service, item.by) for item in matches(FILES, tmp_path)] == [
        ("vaultwarden", "pw", "image")
    ]


@pytest.mark.parametrize("image", ["someone/ghost-theme", "someone/ghost", "ghosts", "my/server", "postgres"])
def test_another_image_is_no_app(tmp_path: Path, image: str) -> None:
    compose(tmp_path, f"services:\n  a:\n    image: {image}\n")
    assert recognise(FILES, tmp_path).app.id == "abc-user-feedback"
    assert matches(FILES, tmp_path) == []


def test_a_commented_image_and_a_file_that_is_no_yaml_tell_nothing(tmp_path: Path) -> None:
    compose(tmp_path, "services:\n  a:\n    # image: vaultwarden/server\n    image: nginx\n")
    assert recognise(FILES, tmp_path).app.id == "abc-user-feedback"
    compose(tmp_path, "\x00\xff: [", "docker-compose.yml")
    assert recognise(FILES, tmp_path).why == ""


def test_an_image_has_a_name_without_what_changes() -> None:
    assert repository("docker.io/library/ghost:6-alpine") == "ghost"
    assert repository("${X}/vaultwarden/server:1@sha256:00") == "/vaultwarden/server"
    assert is_image("quay.io/vaultwarden/server:testing", VAULT.images)
    assert not is_image("notvaultwarden/server", VAULT.images)


def test_variables_of_one_app_alone_tell_it(tmp_path: Path) -> None:
    assert recognise(FILES, tmp_path, variables={"mail__options__host": "x"}).app.id == "ghost"
    found = recognise(FILES, tmp_path, variables={"SMTP_SECURITY": "starttls", "SMTP_HOST": "x"})
    assert (found.app.id, found.why) == ("vaultwarden", "found by its variables")
    assert recognise(FILES, tmp_path, variables={"SMTP_HOST": "x", "SMTP_PORT": "1"}).app.id == "abc-user-feedback"
    assert recognise(FILES, tmp_path, variables={"SMTP_SENDER": "x", "SMTP_HOST": "1"}).app.id == "abc-user-feedback"


@pytest.mark.parametrize("name", ["DOMAIN", "PUBLIC_URL", "NEXT_PUBLIC_BASE_URL", "SITE_ROOT", "APP_BASE_URL"])
def test_an_address_under_a_name_that_others_use_as_well_tells_none(name: str) -> None:
    assert not any(alone for _, alone in by_variables(FILES, {name: "https://acme.dev", "OTHER": "1"}))


def test_but_it_does_beside_further_variables_of_the_app() -> None:
    django = {"EMAIL_HOST": "a", "EMAIL_PORT": "1", "EMAIL_USE_TLS": "True"}
    assert by_variables(FILES, {"SITE_ROOT": "https://acme.dev", **django})[0][0].id == "healthchecks"
    assert not any(alone for _, alone in by_variables(FILES, django))


@pytest.mark.parametrize(
    ("name", "app"), [("PAPERLESS_URL", "paperless-ngx"), ("MM_SERVICESETTINGS_SITEURL", "mattermost")]
)
def test_and_one_that_begins_as_the_apps_own_variables_do_tells_it(name: str, app: str) -> None:
    assert [(found.id, alone) for found, alone in by_variables(FILES, {name: "https://acme.dev"})] == [(app, True)]


def test_of_two_apps_in_a_folder_the_files_variables_decide_or_one_is_to_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compose(tmp_path, "services:\n  a:\n    image: vaultwarden/server\n  b:\n    image: ghost:6\n")
    assert recognise(FILES, tmp_path, variables={"mail__from": "a@b.dev"}).app.id == "ghost"
    both = recognise(FILES, tmp_path)
    assert {both.app.id, *(app.id for app in both.others)} == {"vaultwarden", "ghost"}
    (tmp_path / ".env").write_text("OTHER=1\n")
    with pytest.raises(InputError, match=r"More than one app is here: vaultwarden, ghost\. Name one with --app\."):
        run(["lint"])
    assert run(["lint", "--app", "ghost"]) == ExitCode.CONFIG
    assert run(["lint", "--compose", "compose.yaml", "--service", "b"]) == ExitCode.CONFIG
    assert "Ghost, found in compose.yaml." in capsys.readouterr().err


def test_the_wizard_knows_an_app_by_the_env_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("mail__options__host=mail.acme.dev\n")
    found = recognised_target(Namespace(app=None, presets=None, env_file=None, compose=None))
    assert (found.app.id, found.why) == ("ghost", "found by its variables")


BUILT = """services:
  db:
    image: postgres:16
    env_file: [.env]
  web:
    build:
      context: ..
      dockerfile: docker/Dockerfile
    env_file: [.env]
"""


@pytest.mark.parametrize(
    ("folder", "env", "by"),
    [
        ("checkout/docker", "PING_ENDPOINT=https://hc.acme.dev/ping/\nEMAIL_HOST=mail.acme.dev\n", "variables"),
        ("healthchecks/docker", "EMAIL_HOST=mail.acme.dev\n", "name"),
    ],
)
def test_an_app_whose_image_is_built_is_told_by_its_signs_or_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, env: str, by: str
) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    file = compose(place, BUILT)
    (place / ".env").write_text(env)
    assert [(item.app.id, item.service, item.by) for item in matches(FILES, place)] == [("healthchecks", "web", by)]
    assert run(["lint", "--compose", str(file)]) == ExitCode.OK
    assert "Healthchecks, found in compose.yaml." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("service", "app"),
    [
        ("  snipeit:\n    build: .\n", "snipe-it"),
        ("  app:\n    image: mealie:dev\n    build: {context: ../}\n", "mealie"),
        ("  app:\n    build: https://github.com/outline/outline.git#main\n", "outline"),
        ("  laravel.test:\n    build: ./vendor/laravel/sail/runtimes/8.4\n    image: sail-8.4/app\n", "laravel"),
        ("  wiki:\n    build: ./wiki\n", "abc-user-feedback"),
        ("  ghost-theme:\n    build: .\n", "abc-user-feedback"),
        ("  ghost:\n    image: someone/ghost\n", "abc-user-feedback"),
    ],
)
def test_what_is_built_is_of_an_app_when_it_is_called_so(tmp_path: Path, service: str, app: str) -> None:
    compose(tmp_path, f"services:\n{service}")
    assert recognise(FILES, tmp_path).app.id == app


LARAVEL = ["MAIL_HOST", "MAIL_PORT", "MAIL_USERNAME", "MAIL_PASSWORD", "MAIL_ENCRYPTION"]
DJANGO = ["EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS"]


@pytest.mark.parametrize(
    ("names", "app"),
    [
        ([*LARAVEL, "MAIL_MAILER", "MAIL_FROM_ADDRESS", "MAIL_FROM_NAME", "APP_URL"], "laravel"),
        ([*LARAVEL, "MAIL_DRIVER", "APP_URL"], "laravel"),
        ([*LARAVEL, "MAIL_FROM", "APP_VIEWS_BOOKS"], "bookstack"),
        ([*LARAVEL, "MAIL_FROM_ADDR", "MAIL_REPLYTO_ADDR"], "snipe-it"),
        ([*LARAVEL, "MAIL_MAILER", "MAIL_FROM", "FIREFLY_III_LAYOUT"], "firefly-iii"),
        (DJANGO, "django"),
        ([*DJANGO, "DEFAULT_FROM_EMAIL", "DOMAIN"], "django"),
        ([*DJANGO, "DEFAULT_FROM_EMAIL", "PING_ENDPOINT"], "healthchecks"),
        (["PAPERLESS_EMAIL_HOST", "PAPERLESS_URL"], "paperless-ngx"),
        (["MAILER_DSN"], "symfony"),
    ],
)
def test_a_frameworks_variables_are_its_familys_unless_an_apps_own_are_there(names: list[str], app: str) -> None:
    assert recognise(FILES, Path("/nowhere"), variables=dict.fromkeys(names, "x")).app.id == app


@pytest.mark.parametrize(
    "names",
    [
        ["EMAIL_HOST", "EMAIL_PORT", "EMAIL_USER", "EMAIL_PASS", "EMAIL_FROM"],  # a usual choice, and Postiz's
        ["EMAIL_SERVER_HOST", "EMAIL_SERVER_PORT", "EMAIL_FROM", "NEXTAUTH_URL"],  # NextAuth's manual, and Cal.com's
        ["SMTP_SERVER", "SMTP_PORT", "SMTP_USER", "SMTP_PASS"],  # Mastodon has SMTP_LOGIN
        ["SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASS", "SMTP_STARTTLS", "SMTP_DOMAIN"],
        ["MAIL_HOST", "MAIL_FROM", "EMAIL_ENCRYPTION"],  # LibreChat has EMAIL_HOST
    ],
)
def test_an_apps_own_name_beside_another_server_login_or_sender_tells_nothing(names: list[str]) -> None:
    assert recognise(FILES, Path("/nowhere"), variables=dict.fromkeys(names, "x")).why == ""


def test_services_that_need_the_variables_are_told_by_the_profile_and_the_image() -> None:
    pair = VAULT._replace(services=("worker", "server"), images=("acme/app",))
    listed = [("db", "postgres"), ("server", "acme/app:1"), ("worker", "acme/app:1"), ("migrate", "acme/app:1")]
    assert services_of(pair, listed) == ("worker", "server")
    assert services_of(pair, [("one", "acme/app"), ("two", "x")]) == ("one",)
    assert services_of(pair, [("server", ""), ("db", "postgres")]) == ("server",)


def test_the_command_lists_shows_and_matches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose(tmp_path, "services:\n  pw:\n    image: vaultwarden/server\n")
    assert run(["apps", "match", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {
        "schema": 1,
        "folder": ".",
        "matches": [{"app": "vaultwarden", "file": "compose.yaml", "service": "pw", "by": "image"}],
    }
    assert run(["apps", "list", "--json"]) == ExitCode.OK
    listed = {item["id"]: item for item in json.loads(capsys.readouterr().out)["apps"]}
    assert set(listed) == set(FILES.ids())
    assert listed["keycloak"]["config"] == "admin-page"
    assert run(["apps", "show", "vaultwarden", "--json"]) == ExitCode.OK
    shown = json.loads(capsys.readouterr().out)["app"]
    assert shown["roles"]["security"]["choices"] == ["starttls", "force_tls", "off"]
    assert shown["modes"]["opportunistic"] is None
    assert shown["modes"]["starttls"] == {"SMTP_SECURITY": "starttls"}
    for id_ in FILES.ids():
        assert run(["apps", "show", id_]) == ExitCode.OK
    assert run(["apps", "check", str(presets_root())]) == ExitCode.OK
    assert run(["apps", "match", str(tmp_path.parent)]) == ExitCode.FAILED
    with pytest.raises(InputError):
        run(["apps", "show", "nope"])


def test_an_app_is_recognised_among_many_other_variables_as_among_none() -> None:
    files = AppFiles((presets_root(),))
    others = {f"VARIABLE_{number}": "" for number in range(200)}
    for app in files.all():
        own = dict.fromkeys(app.names, "")
        assert by_variables(files, others | own) == by_variables(files, own)
