"""`smtpwizard write` for any app: TLS modes, blocks for docker run and Kubernetes, apps that are set up on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.cli.main import run
from smtpwizard.errors import ConfigError, ExitCode, InputError
from smtpwizard.targets.env.file import read_env_file
from support.compose_program import compose_config


@pytest.fixture(autouse=True)
def _a_password_and_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SMTP_PASSWORD", "abcdefghijklmnop")


GHOST = (
    "--app",
    "ghost",
    "--set",
    "username=a@gmail.com",
    "--set",
    "sender=a@gmail.com",
    "--set",
    "url=https://b.acme.dev",
)


@pytest.mark.parametrize(
    ("app", "wanted", "nearest"),
    [("abc-user-feedback", "starttls", "opportunistic"), ("vaultwarden", "opportunistic", "starttls")],
)
def test_a_mode_that_the_app_cannot_express_is_refused_with_the_nearest(app: str, wanted: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=rf"The nearest is --security {nearest}\.") as caught:
        run(["write", "--print", "env", "--app", app, "--preset", "gmail", "--security", wanted])
    assert caught.value.exit_code == ExitCode.CONFIG


def test_a_mode_is_written_with_a_port_that_speaks_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["write", "--print", "env", "--preset", "gmail", *GHOST, "--security", "implicit"]) == ExitCode.OK
    text = capsys.readouterr().out
    assert "mail__options__port=465\n" in text
    assert "mail__options__secure=true\n" in text
    assert run(["write", "--print", "env", "--preset", "gmail", *GHOST, "--security", "none"]) == ExitCode.OK
    assert "mail__options__ignoreTLS=true\n" in capsys.readouterr().out


def test_a_mode_that_the_port_decides_is_told() -> None:
    given = ["--set", "username=a@gmail.com", "--set", "sender=a@gmail.com", "--set", "port=465"]
    with pytest.raises(ConfigError, match="takes implicit, whatever else is set"):
        run(["write", "--print", "env", "--app", "bookstack", "--preset", "gmail", "--security", "starttls", *given])


def test_what_belongs_to_another_mode_is_taken_out(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    target.write_text("mail__options__ignoreTLS=true\nOTHER=1\n")
    assert run(["write", "--env-file", str(target), "--preset", "gmail", *GHOST]) == ExitCode.OK
    assert "ignoreTLS" not in target.read_text()
    assert "mail__options__requireTLS=true" in target.read_text()


def test_docker_run_keeps_the_password_out_of_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["write", "--print", "docker-run", "--preset", "gmail", *GHOST]) == ExitCode.OK
    text = capsys.readouterr().out
    assert "abcdefghijklmnop" not in text
    assert "  -e mail__options__auth__pass \\\n" in text
    assert text.endswith("\n  ghost\n")


def test_kubernetes_gets_a_secret_that_yaml_reads_word_for_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import yaml

    password = "a$b: 'c\" #d\\"
    monkeypatch.setenv("SMTP_PASSWORD", password)
    more = ["--set", "host=mail.acme.dev", "--set", "port=587"]
    assert run(["write", "--print", "kubernetes", "--preset", "custom", *GHOST, *more]) == ExitCode.OK
    made = yaml.safe_load(capsys.readouterr().out)
    assert (made["kind"], made["metadata"]["name"]) == ("Secret", "ghost-smtp")
    assert made["stringData"]["mail__options__auth__pass"] == password
    assert made["stringData"]["mail__options__port"] == "587"


def test_an_app_that_is_set_up_on_a_page_gets_the_values_to_enter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--app", "keycloak", "--preset", "gmail", "--set", "username=a@gmail.com", "--set", "sender=a@gmail.com"]
    assert run(["write", "--print", "fragment", *given]) == ExitCode.OK
    said = capsys.readouterr()
    assert "For the admin console, Realm settings, Email:" in said.err
    assert "Host: smtp.gmail.com\nPort: 587\n" in said.out
    assert "Enable StartTLS: true\n" in said.out
    with pytest.raises(InputError, match="Keycloak reads no variables"):
        run(["write", "--env-file", str(tmp_path / ".env"), *given])


def test_a_name_goes_into_the_sender_where_it_has_no_variable_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--set", "username=a@gmail.com", "--set", "sender=a@gmail.com", "--set", "sender_name=Acme, Inc"]
    assert run(["write", "--print", "env", "--app", "healthchecks", "--preset", "gmail", *given]) == ExitCode.OK
    assert "DEFAULT_FROM_EMAIL='\"Acme, Inc\" <a@gmail.com>'\n" in capsys.readouterr().out


VAULT = """services:
  vaultwarden:
    image: vaultwarden/server:latest
    environment:
      DOMAIN: https://v.acme.dev
    volumes:
      - ./vw-data:/data  # the data
  db:
    image: postgres
"""


@pytest.mark.parametrize(
    "text",
    [
        VAULT,
        VAULT + "secrets:\n  other:\n    file: ./other\n",
        VAULT.replace("    volumes:", "    secrets:\n      - other\n    volumes:")
        + "secrets:\n  other:\n    file: ./o\n",
        VAULT.replace("\n", "\r\n"),
        VAULT.rstrip("\n"),
    ],
)
def test_a_password_goes_into_a_secret_file_that_compose_hands_to_the_app(text: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes(text.encode())
    (tmp_path / "other").touch()
    command = ["write", "--compose", "compose.yaml", "--preset", "gmail", "--secret", "file"]
    assert run([*command, "--set", "username=a@gmail.com", "--set", "sender=a@gmail.com"]) == ExitCode.OK
    secret = tmp_path / "vaultwarden_smtp_password.secret"
    assert secret.read_text() == "abcdefghijklmnop"
    assert secret.stat().st_mode & 0o777 == 0o600
    after = path.read_bytes().decode()
    assert "abcdefghijklmnop" not in after
    assert [line for line in text.splitlines() if line not in after.splitlines()] == []
    config = compose_config(tmp_path)
    assert config is not None
    service = config["services"]["vaultwarden"]
    assert service["environment"]["SMTP_PASSWORD_FILE"] == "/run/secrets/vaultwarden_smtp_password"
    assert "SMTP_PASSWORD" not in service["environment"]
    assert "vaultwarden_smtp_password" in [item["source"] for item in service["secrets"]]
    assert config["secrets"]["vaultwarden_smtp_password"]["file"].endswith("vaultwarden_smtp_password.secret")
    assert "secrets" not in config["services"]["db"]
    assert run([*command, "--set", "username=a@gmail.com", "--set", "sender=a@gmail.com"]) == ExitCode.OK
    assert path.read_bytes().decode() == after


def test_an_app_that_reads_no_file_gets_no_secret_file(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    image: ghost\n    environment:\n      A: b\n")
    with pytest.raises(InputError, match="reads no password from a file"):
        run(["write", "--compose", "compose.yaml", "--preset", "gmail", "--secret", "file", *GHOST])


def test_a_switch_that_keeps_the_app_from_its_mail_settings_is_put_right_with_a_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "abcdefghijklmnop")
    path = tmp_path / ".env"
    path.write_text("NEXT_PRIVATE_SMTP_TRANSPORT=resend\nOTHER=1\n")
    wanted = ["--set", "username=me@gmail.com", "--set", "sender=me@gmail.com", "--set", "url=https://sign.acme.dev"]
    command = ["write", "--app", "documenso", "--env-file", str(path), "--preset", "gmail", *wanted]
    assert run(command) == ExitCode.OK
    assert read_env_file(path).variables["NEXT_PRIVATE_SMTP_TRANSPORT"] == "smtp-auth"
