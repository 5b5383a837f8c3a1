"""`smtpwizard lint` as scripts and people meet it: exit codes, streams, JSON, and files of every kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import program

SOUND = """\
SMTP_HOST=smtp.gmail.com
SMTP_PORT=587
SMTP_USERNAME=you@gmail.com
SMTP_PASSWORD=abcdefghijklmnop
SMTP_SENDER=you@gmail.com
SMTP_TLS=false
SMTP_OPPORTUNISTIC_TLS=true
ADMIN_WEB_URL=https://feedback.acme.dev
"""
BROKEN = SOUND.replace("SMTP_TLS=false", "SMTP_TLS=yes").replace("abcdefghijklmnop", '"abcd efgh ijkl mnop"')


def lint(folder: Path, *flags: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SMTP_", "ADMIN_WEB_URL"))}
    return program.run(
        ["lint", *flags],
        cwd=folder,
        env={**clean, "PYTHONIOENCODING": "utf-8", "XDG_CONFIG_HOME": str(folder / "config"), **(env or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in json.loads(done.stdout)["findings"]}


def test_sound_settings_end_with_0_and_notes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SOUND)
    done = lint(tmp_path)
    assert done.returncode == 0
    assert done.stderr == "1 note in .env. The app starts with these settings.\n"
    assert [line[0] for line in done.stdout.splitlines() if not line.startswith(" ")] == ["•"]
    assert "  → Switch to 465 with TLS\n" in done.stdout


def test_a_refused_start_ends_with_3_and_names_the_repair(tmp_path: Path) -> None:
    (tmp_path / "broken.env").write_text(BROKEN)
    done = lint(tmp_path, "--env-file", "broken.env")
    assert done.returncode == 3
    first, repair = done.stdout.splitlines()[:2]
    assert first == "✗ SMTP_TLS is `yes`, and the app refuses to start. It takes `true` or `false`."
    assert repair == "  → Set SMTP_TLS=false"
    assert done.stderr.endswith("The app refuses to start.\n")


def test_json_is_one_object_of_the_contract(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(BROKEN)
    done = lint(tmp_path, "--json")
    assert done.returncode == 3
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert set(told) == {"schema", "settings", "findings"}
    assert told["schema"] == 1
    assert told["settings"]["SMTP_PASSWORD"] == "********"
    assert findings(done)["tls-not-boolean"] == {
        "id": "tls-not-boolean",
        "severity": "error",
        "variable": "SMTP_TLS",
        "role": "security",
        "message": "SMTP_TLS is `yes`, and the app refuses to start. It takes `true` or `false`.",
        "changes": {"SMTP_TLS": "false"},
    }
    assert findings(done)["password-spaces"]["changes"] == {"SMTP_PASSWORD": "********"}


def test_no_secret_reaches_either_stream(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        'SMTP_HOST="smtp://user:S3cretA@smtp.sendgrid.net"\nSMTP_PORT=587\nSMTP_SENDER=x\n'
        "SMTP_USERNAME=SG.S3cretBabcdefghijklmnop.x\nSMTP_PASSWORD=apikey\nSMTP_PASS=S3cretC\n"
    )
    for flags in ([], ["--json"]):
        done = lint(tmp_path, *flags)
        assert "S3cret" not in done.stdout + done.stderr


def test_the_environment_is_read_as_the_container_would_be(tmp_path: Path) -> None:
    variables = dict(line.split("=", 1) for line in SOUND.splitlines()) | {"SMTP_PORT": "465", "SMTP_TLS": "True"}
    done = lint(tmp_path, "--environ", "--json", env=variables)
    assert done.returncode == 3
    assert {"tls-misread", "tls-off-on-tls-port"} <= set(findings(done))
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    done = lint(tmp_path, "--json")
    assert done.returncode == 0
    assert "tls-off-on-tls-port" not in findings(done)


def test_the_provider_is_known_by_a_host_that_still_has_debris(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SOUND.replace("smtp.gmail.com", "smtp://smtp.gmail.com").replace("you@", "", 1))
    assert {"host-junk", "username-not-address"} <= set(findings(lint(tmp_path, "--json")))


def test_an_own_preset_is_used(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SOUND.replace("smtp.gmail.com", "mail.own.example"))
    shipped = Path(__file__).parents[2] / "presets" / "providers" / "gmail.toml"
    text = shipped.read_text().replace('id = "gmail"', 'id = "own"').replace("smtp.gmail.com", "mail.own.example")
    folder = tmp_path / "presets"
    (folder / "providers").mkdir(parents=True)
    (folder / "providers" / "own.toml").write_text(text)
    done = lint(tmp_path, "--json", "--presets", str(folder))
    assert findings(done)["starttls-fallback"]["changes"]["SMTP_PORT"] == "465"


def test_values_that_readers_take_differently_are_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SOUND.replace("abcdefghijklmnop", "abc#def"))
    found = findings(lint(tmp_path, "--json"))
    assert found["readers-differ"]["variable"] == "SMTP_PASSWORD"
    assert "password-shape" in found  # npm dotenv reads `abc`


def test_an_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"")
    done = lint(tmp_path)
    assert done.returncode == 3
    assert done.stderr == "No mail settings in .env: the app does not start without them.\n"


@pytest.mark.parametrize("name", ["missing.env", "folder"])
def test_a_file_that_cannot_be_read_ends_with_4(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    done = lint(tmp_path, "--env-file", name, "--json")
    assert done.returncode == 4
    assert name in json.loads(done.stdout)["error"]["message"]
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_bytes_that_are_not_utf_8_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"# caf\xe9\n" + SOUND.encode() + b"SMTP_CIPHER_SPEC=\xff\xfe\n")
    done = lint(tmp_path, "--json")
    assert done.returncode == 3
    assert "cipher-unknown" in findings(done)


def test_a_terminal_without_unicode_gets_plain_letters(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(BROKEN)
    done = lint(tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.startswith("x SMTP_TLS is `yes`")
    assert json.loads(lint(tmp_path, "--json", env={"PYTHONIOENCODING": "ascii"}).stdout)["schema"] == 1


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SOUND)
    script = (
        "import sys; from smtpwizard.cli.main import run; run(['lint', '--json']);print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    heavy = {"asyncio", "ssl", "socket", "email", "textual", "rich", "pybars", "dns", "aiosmtpd", "trustme"}
    assert not heavy & set(done.stderr.split())


@pytest.mark.parametrize("value", ["pa$word", '"pa$word"', "pa$$word", "${OTHER}", '"a\\$b\'c"'])
def test_a_dollar_that_compose_and_npm_read_differently_is_told(tmp_path: Path, value: str) -> None:
    (tmp_path / ".env").write_text(SOUND.replace("abcdefghijklmnop", value))
    assert findings(lint(tmp_path, "--json"))["readers-differ"]["variable"] == "SMTP_PASSWORD"


def test_a_dollar_in_single_quotes_is_no_alarm(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SOUND.replace("abcdefghijklmnop", "'abcdefgh$jklmnop'"))
    assert "readers-differ" not in findings(lint(tmp_path, "--json"))


def _service(folder: Path, env: str) -> subprocess.CompletedProcess[str]:
    (folder / "app.env").write_text(env)
    (folder / "compose.yaml").write_text("services:\n  web:\n    image: x\n    env_file: app.env\n")
    return lint(folder, "--compose", "compose.yaml", "--json")


def test_a_service_gets_what_compose_makes_of_a_dollar_in_its_env_file(tmp_path: Path) -> None:
    done = _service(tmp_path, SOUND.replace("abcdefghijklmnop", "pa$word"))
    assert findings(done)["compose-dollar"]["variable"] == "SMTP_PASSWORD"
    assert "SMTP_PASSWORD" in json.loads(done.stdout)["settings"]
    assert not {"compose-uncertain", "password-missing"} & set(findings(done))
    for value in ('"a\\$b\'c"', "pa$$word", "x${SMTP_HOST}"):
        found = findings(_service(tmp_path, SOUND.replace("abcdefghijklmnop", value)))
        assert not {"compose-uncertain", "compose-dollar", "password-missing"} & set(found), value


def test_an_env_file_that_compose_refuses_is_an_error_with_its_line(tmp_path: Path) -> None:
    done = _service(tmp_path, SOUND + "just words\n")
    assert done.returncode == 3
    assert "app.env, line 9: not an assignment" in findings(done)["compose-env-file-refused"]["message"]


def test_an_old_name_that_is_filled_from_nothing_is_not_said_to_need_a_value(tmp_path: Path) -> None:
    text = (
        "services:\n  web:\n    image: x\n    environment:\n      SMTP_HOST: h.example\n      SMTP_USER: ${SMTP_USER}\n"
    )
    (tmp_path / "compose.yaml").write_text(text)
    found = json.loads(lint(tmp_path, "--compose", "compose.yaml", "--json").stdout)["findings"]
    assert [item["id"] for item in found if item["variable"] == "SMTP_USER"] == ["legacy-name"]


@pytest.mark.parametrize("line", ["DIR='C:\\data\\'", "GREETING='don't'", 'A="x" "y"', "just words"])
def test_a_line_for_which_compose_refuses_the_file_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n{SOUND}")
    told = findings(lint(tmp_path, "--json"))["env-line"]["message"]
    assert told.startswith("Line 1: ")
    assert "docker compose refuses the whole file" in told


def test_a_line_at_which_a_shell_stops_is_a_note(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"KEY=<YOUR-KEY>\n{SOUND}")
    assert findings(lint(tmp_path, "--json"))["env-line"]["severity"] == "info"


def test_lines_that_end_in_cr_alone_are_told_as_that_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(f"{SOUND}A='\n".replace("\n", "\r").encode())
    found = findings(lint(tmp_path, "--json"))
    assert "in CR alone" in found["env-mac-line-ends"]["message"]
    assert not {"env-line", "readers-differ"} & set(found)


@pytest.mark.parametrize("kind", ["env", "compose"])
def test_a_variable_that_stands_twice_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / ".env").write_text(f"{SOUND}OTHER=1\nOTHER=2\nSMTP_HOST=second.example\n")
    items = "".join(f"      - {line}\n" for line in (tmp_path / ".env").read_text().splitlines() if "=" in line)
    (tmp_path / "compose.yaml").write_text(f"services:\n  web:\n    image: x\n    environment:\n{items}")
    done = lint(tmp_path, "--json", *(["--compose", "compose.yaml"] if kind == "compose" else []))
    assert [item["variable"] for item in json.loads(done.stdout)["findings"] if item["id"] == "duplicate-variable"] == [
        "SMTP_HOST"
    ]
    assert json.loads(done.stdout)["settings"]["SMTP_HOST"] == "second.example"


def test_of_another_program_it_is_not_said_that_the_app_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres:16\n  own:\n    build: .\n"
        "  web:\n    image: registry.example/line/abc-user-feedback-api:1\n"
    )
    other = lint(tmp_path, "--compose", "compose.yaml", "--service", "db")
    assert other.stderr == "No mail settings in service db of compose.yaml, which runs postgres:16.\n"
    assert "postgres:16, which is not known as ABC User Feedback" in other.stdout
    for service in ("own", "web"):
        done = lint(tmp_path, "--compose", "compose.yaml", "--service", service)
        assert "the app does not start without them" in done.stderr
        assert "not known as" not in done.stdout


@pytest.mark.parametrize("command", ["lint", "check"])
def test_utf16_is_told_as_that(tmp_path: Path, command: str) -> None:
    (tmp_path / ".env").write_bytes(SOUND.encode("utf-16"))
    done = program.run([command], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=30, check=False)
    assert done.returncode == 4
    assert "UTF-16" in done.stderr


@pytest.mark.parametrize("flags", [("--env-file", "a", "--env-file", "b"), ("--compose", "a", "--compose", "b")])
def test_a_file_given_twice_is_refused(tmp_path: Path, flags: tuple[str, ...]) -> None:
    for verb in (["lint"], ["write", "--preset", "gmail"], []):
        done = program.run(
            [*verb, *flags], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=30, check=False
        )
        assert done.returncode == 2
        assert "given twice" in done.stderr
