"""In a folder with an app's compose file the app is recognised, and what is written reaches each service that needs it.

The files are small, in the shape of each project's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from smtpwizard.apps.loading import AppFiles, shipped
from smtpwizard.apps.profile import Role
from smtpwizard.cli.main import run
from smtpwizard.clients.transport import Origin, transport
from smtpwizard.errors import ExitCode
from smtpwizard.presets.files import presets_root
from smtpwizard.settings import Settings
from smtpwizard.targets.recognise import recognise
from support.compose_program import compose_config


class Case(NamedTuple):
    """An app's compose file: services with their images, in the file's order."""

    app: str
    services: tuple[tuple[str, str], ...]
    reading: tuple[str, ...]
    """The services that get the variables."""


CASES = (
    Case("vaultwarden", (("vaultwarden", "vaultwarden/server:latest"),), ("vaultwarden",)),
    Case("ghost", (("ghost", "ghost:${GHOST_VERSION:-6-alpine}"), ("db", "mysql:8")), ("ghost",)),
    Case("n8n", (("n8n", "docker.n8n.io/n8nio/n8n"),), ("n8n",)),
    Case("outline", (("outline", "docker.getoutline.com/outlinewiki/outline:latest"),), ("outline",)),
    Case("directus", (("database", "postgis/postgis:13-master"), ("directus", "directus/directus:11")), ("directus",)),
    Case("infisical", (("backend", "infisical/infisical:latest-postgres"), ("redis", "redis")), ("backend",)),
    Case(
        "formbricks",
        (("postgres", "pgvector/pgvector:pg17"), ("formbricks", "ghcr.io/formbricks/formbricks:latest")),
        ("formbricks",),
    ),
    Case("documenso", (("database", "postgres:15"), ("documenso", "documenso/documenso:latest")), ("documenso",)),
    Case("docmost", (("docmost", "docmost/docmost:latest"), ("db", "postgres:16-alpine")), ("docmost",)),
    Case(
        "linkwarden",
        (("postgres", "postgres:16-alpine"), ("linkwarden", "ghcr.io/linkwarden/linkwarden:latest")),
        ("linkwarden",),
    ),
    Case(
        "langfuse",
        (
            ("langfuse-worker", "docker.io/langfuse/langfuse-worker:3"),
            ("langfuse-web", "docker.io/langfuse/langfuse:3"),
            ("minio", "minio/minio"),
        ),
        ("langfuse-web", "langfuse-worker"),
    ),
    Case(
        "twenty",
        (
            ("server", "twentycrm/twenty:${TAG:-latest}"),
            ("worker", "twentycrm/twenty:${TAG:-latest}"),
            ("db", "postgres:16"),
        ),
        ("server", "worker"),
    ),
    Case(
        "typebot",
        (
            ("typebot-db", "postgres:16"),
            ("typebot-builder", "baptistearno/typebot-builder:latest"),
            ("typebot-viewer", "baptistearno/typebot-viewer:latest"),
        ),
        ("typebot-builder", "typebot-viewer"),
    ),
    Case("joplin-server", (("db", "postgres:17"), ("app", "joplin/server:latest")), ("app",)),
    Case("gitea", (("server", "docker.gitea.com/gitea:1.24"),), ("server",)),
    Case("grafana", (("grafana", "grafana/grafana-enterprise"),), ("grafana",)),
    Case("authelia", (("authelia", "docker.io/authelia/authelia:latest"),), ("authelia",)),
    Case(
        "mastodon",
        (
            ("db", "postgres:14-alpine"),
            ("web", "ghcr.io/mastodon/mastodon:v4.4"),
            ("streaming", "ghcr.io/mastodon/mastodon-streaming:v4.4"),
            ("sidekiq", "ghcr.io/mastodon/mastodon:v4.4"),
        ),
        ("web", "sidekiq"),
    ),
    Case("nextcloud", (("db", "mariadb:10.6"), ("app", "nextcloud")), ("app",)),
    Case("healthchecks", (("db", "postgres:16"), ("web", "healthchecks/healthchecks:latest")), ("web",)),
    Case(
        "bookstack",
        (("bookstack", "lscr.io/linuxserver/bookstack:latest"), ("mariadb", "lscr.io/linuxserver/mariadb")),
        ("bookstack",),
    ),
    Case("vikunja", (("vikunja", "vikunja/vikunja"),), ("vikunja",)),
)
FILES = AppFiles((presets_root(),))


def written(case: Case, folder: Path) -> Path:
    lines = ["services:"]
    for name, image in case.services:
        lines += [f"  {name}:", f"    image: {image}", "    restart: unless-stopped"]
        if name in case.reading:
            lines += ["    environment:", "      TZ: Etc/UTC"]
    path = folder / "docker-compose.yml"
    path.write_text("\n".join([*lines, ""]))
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.app)
def test_the_app_is_recognised_and_every_service_that_needs_them_gets_the_variables(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SMTP_PASSWORD", "abcdefghijklmnop")
    assert recognise(FILES, tmp_path).app.id == case.app
    app = shipped(case.app)
    wanted = ["--set", "username=me@gmail.com", "--set", "sender=me@gmail.com"]
    wanted += ["--set", "url=https://app.acme.dev"] if app.spec(Role.URL) else []
    code = run(["write", "--compose", path.name, "--preset", "gmail", *wanted, "--json"])
    assert code == ExitCode.OK, capsys.readouterr().out
    config = compose_config(tmp_path)
    assert config is not None
    for name, service in config["services"].items():
        environment = {key: text or "" for key, text in (service.get("environment") or {}).items()}
        if name not in case.reading:
            assert not environment.keys() & {*app.names}, name
            continue
        handed = transport(Settings.from_variables(app, environment), origin=Origin.COMPOSE)
        assert handed is not None, name
        assert (handed.host, handed.username) == ("smtp.gmail.com", "me@gmail.com"), name
        assert handed.password is not None
        assert handed.password.reveal() == "abcdefghijklmnop", name
        assert environment["TZ"] == "Etc/UTC"


SHAPES = {
    "langfuse": """services:
  langfuse-worker:
    image: docker.io/langfuse/langfuse-worker:3
    environment: &langfuse-worker-env
      SALT: "mysalt" # CHANGEME
      TELEMETRY_ENABLED: ${TELEMETRY_ENABLED:-true}
  langfuse-web:
    image: docker.io/langfuse/langfuse:3
    environment:
      <<: *langfuse-worker-env
      NEXTAUTH_SECRET: mysecret # CHANGEME
""",
    "chatwoot": """services:
  base: &base
    image: chatwoot/chatwoot:latest
    env_file: .env
  rails:
    <<: *base
    environment:
      - NODE_ENV=production
  sidekiq:
    <<: *base
    environment:
      - NODE_ENV=production
""",
    "authentik": """services:
  postgresql:
    image: docker.io/library/postgres:16-alpine
  server:
    image: ${AUTHENTIK_IMAGE:-ghcr.io/goauthentik/server}:${AUTHENTIK_TAG:-2025.2.4}
    command: server
    environment:
      AUTHENTIK_REDIS__HOST: redis
    env_file:
      - .env
  worker:
    image: ${AUTHENTIK_IMAGE:-ghcr.io/goauthentik/server}:${AUTHENTIK_TAG:-2025.2.4}
    command: worker
    environment:
      AUTHENTIK_REDIS__HOST: redis
    env_file:
      - .env
""",
    "mastodon": """services:
  web:
    image: ghcr.io/mastodon/mastodon:v4.3.17
    env_file: .env
  streaming:
    image: ghcr.io/mastodon/mastodon-streaming:v4.3.17
    env_file: .env
  sidekiq:
    image: ghcr.io/mastodon/mastodon:v4.3.17
    env_file: .env
""",
    "ghost": """services:
  ghost:
    image: ghost:${GHOST_VERSION:-6-alpine}
    env_file:
      - .env
    environment:
      NODE_ENV: production
      url: https://${DOMAIN:?DOMAIN environment variable is required}
  tinybird-sync:
    image: ghost:${GHOST_VERSION:-6-alpine}
    command: sh -c "cp"
    profiles: [analytics]
""",
    "plausible": """services:
  plausible:
    image: ghcr.io/plausible/community-edition:v2.1.3
    environment:
      - BASE_URL=${BASE_URL}
      - MAILER_ADAPTER
      - MAILER_EMAIL
      - MAILER_NAME
      - SMTP_HOST_ADDR
      - SMTP_HOST_PORT
      - SMTP_USER_NAME
      - SMTP_USER_PWD
      - SMTP_HOST_SSL_ENABLED
""",
    "formbricks": """x-environment: &environment
  environment:
    WEBAPP_URL:
    DATABASE_URL: "postgresql://postgres:postgres@postgres:5432/formbricks?schema=public"
    # SMTP_HOST:
services:
  formbricks:
    image: ghcr.io/formbricks/formbricks:latest
    <<: *environment
""",
}
READING = {
    "langfuse": {"langfuse-web", "langfuse-worker"},
    "chatwoot": {"rails", "sidekiq"},
    "authentik": {"server", "worker"},
    "mastodon": {"web", "sidekiq"},
    "ghost": {"ghost"},
    "plausible": {"plausible"},
    "formbricks": {"formbricks"},
}


@pytest.mark.parametrize("id_", SHAPES)
def test_shapes_of_the_projects_own_files_are_written_and_nothing_else_in_them_changes(
    id_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yaml").write_text(SHAPES[id_])
    (tmp_path / ".env").write_text("DOMAIN=blog.acme.dev\nBASE_URL=https://stats.acme.dev\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SMTP_PASSWORD", "abcdefghijklmnop")
    before = compose_config(tmp_path)
    assert before is not None
    app = shipped(id_)
    wanted = ["--set", "username=me@gmail.com", "--set", "sender=me@gmail.com"]
    wanted += ["--set", "url=https://blog.acme.dev"] if app.spec(Role.URL) else []
    command = ["write", "--compose", "compose.yaml", "--preset", "gmail", *wanted]
    code = run(command)
    assert code == ExitCode.OK, capsys.readouterr().err
    config = compose_config(tmp_path)
    assert config is not None
    for name, service in config["services"].items():
        found = service.get("environment") or {}
        environment = {key: text for key, text in found.items() if text is not None}  # None: not handed on
        old = before["services"][name].get("environment") or {}
        assert {key for key in old if key not in app.names} <= found.keys(), name
        handed = transport(Settings.from_variables(app, environment), origin=Origin.COMPOSE)
        if name in READING[id_]:
            assert handed is not None, name
            assert (handed.host, handed.username) == ("smtp.gmail.com", "me@gmail.com"), name
        elif name != "base":
            assert environment.get(app.names[0], "") == old.get(app.names[0], ""), name
