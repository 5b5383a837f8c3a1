"""The last gate: whatever a command prints is safe to show, and holds no secret that is known, however it is broken."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from smtpwizard.cli import output
from smtpwizard.prompts.console import Console
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from smtpwizard.secret import MASK, Secret, cleared, hide
from support import program
from support.hostile import unsafe

ROOT = Path(__file__).parents[2] / "src" / "smtpwizard"
SPICY = "\x1b[31mred\x07\r\u202ebidi\u200bzero\x9bc1\u2028line"
WORD = "Zq7 mark-Kx42 word"


def test_commands_print_through_the_gate_alone() -> None:
    direct = [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr == "write" and "sys.std" in ast.unparse(node))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "print")
    ]
    assert direct == []


@pytest.mark.parametrize(
    "text",
    [
        WORD,
        "Zq7mark-Kx42word",
        "ZQ7 MARK-KX42 WORD",
        "Zq7 \n   mark-Kx42\n\tword",
        "Z\u200bq7\u00ad mark\u2060-Kx42 word",
        "Z␀q␛7 mark-Kx42 w�ord",
        "Zq7%20mark-Kx42%20word",
        "WnE3IG1hcmst\nS3g0MiB3b3Jk",
        "5a 71 37 20 6d 61 72 6b 2d 4b 78 34 32 20 77 6f 72 64",
    ],
)
def test_a_secret_is_hidden_in_whatever_way_it_is_broken(text: str) -> None:
    hide([Secret(WORD)])
    assert cleared(f"the server said <{text}> and no") == f"the server said <{MASK}> and no"


def test_a_password_that_is_a_word_leaves_the_words_around_it_readable() -> None:
    hide([Secret("password"), Secret("test"), Secret("abc"), Secret("")])
    assert cleared("Set SMTP_PASSWORD: the latest test said abc") == f"Set SMTP_PASSWORD: the latest {MASK} said abc"


def test_of_hundreds_of_secrets_each_is_hidden_in_short_texts_and_in_long_ones() -> None:
    words = [f"{number}-Horse{number * 7919}" for number in range(500)]
    hide(map(Secret, words))
    noise = "nothing but words of our own. " * 2000
    for word in words[::25]:
        assert cleared(f"said {word.upper()}.") == f"said {MASK}."
        assert cleared(f"{noise}{word}") == f"{noise}{MASK}"
    assert cleared(noise) == noise


def test_what_is_not_known_is_not_touched() -> None:
    assert cleared("Zq7 mark-Kx42 word") == "Zq7 mark-Kx42 word"
    assert cleared("") == ""


def test_words_of_the_contract_stay_in_json_though_they_are_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    hide([Secret("failed")])
    output.emit_json({"schema": 1, "steps": [{"step": "auth", "status": "failed", "summary": "it failed"}]})
    assert json.loads(capsys.readouterr().out)["steps"] == [
        {"step": "auth", "status": "failed", "summary": f"it {MASK}"}
    ]


def test_no_member_lets_through_what_is_no_word_of_the_contract() -> None:
    hide([Secret("acme.example/word")])
    for name in (*sorted(output._NAMES), *sorted(output._PATHS), "other"):
        assert output._shown_value("<1@acme.example/word>", name) == f"<1@{MASK}>"


def test_foreign_text_is_made_safe_on_every_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit(SPICY)
    output.say(SPICY)
    output.emit_json({"schema": 1, "target": SPICY, "diff": f"one\n{SPICY}"})
    output.emit_json({"schema": 1, "backups": [{"original": SPICY}]}, indent=2)
    said = capsys.readouterr()
    assert not unsafe(said.out)
    assert not unsafe(said.err)
    *_, first = (line for line in said.out.splitlines() if line.startswith("{") and line.endswith("}"))
    assert json.loads(first)["target"] == SPICY  # a path is exact, by escapes: a script has to find the file
    assert not unsafe(json.loads(first)["diff"])
    assert json.loads(said.out[said.out.rindex('{\n  "schema') :])["backups"][0]["original"] == SPICY
    sink = io.StringIO()
    console = Console(io.StringIO("answer\n"), sink)
    console.say(SPICY)
    console.ask(SPICY)
    assert not unsafe(sink.getvalue())


COMMANDS = {
    "check": ("check", "--env-file", "{}"),
    "check --json": ("check", "--json", "--env-file", "{}"),
    "lint": ("lint", "--env-file", "{}"),
    "lint compose": ("lint", "--compose", "{}"),
    "write": ("write", "--env-file", "{}/x", "--preset", "custom", "--set", "SMTP_HOST=a.example", "--set",
              "SMTP_PORT=587", "--set", "SMTP_SENDER=a@a.example"),
    "restore": ("restore", "{}"),
    "logs": ("logs", "{}"),
    "preview": ("preview", "--mail", "verification", "--templates", "{}"),
    "authority": ("check", "--env-file", "sound.env", "--ca-file", "{}"),
    "presets": ("presets", "list", "--presets", "{}"),
    "presets check": ("presets", "check", "{}"),
    "presets match": ("presets", "match", "{}"),
    "scan": ("scan", "{}"),
    "sandbox": ("sandbox", "--play", "{}"),
    "argparse": ("check", "{}"),
    "flag": ("check", "--{}"),
    "verb": ("{}",),
    "choice": ("send", "--to", "a@b.example", "--mail", "{}"),
    "recipient": ("check", "--env-file", "sound.env", "--to", "{}"),
    "unknown variable": ("write", "--print", "env", "--preset", "gmail", "--set", "{}=1"),
    "region": ("write", "--print", "env", "--preset", "ses", "--region", "{}"),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("spice", ["\x1b[31m.env", "\u202e\u200b.env", "\x9b31m\r.env"], ids=["escape", "bidi", "c1"])
def test_a_name_that_was_given_reaches_the_terminal_as_text(name: str, spice: str, tmp_path: Path) -> None:
    (tmp_path / "sound.env").write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER=a@b.example\n")
    done = program.run([word.format(spice) for word in COMMANDS[name]], cwd=tmp_path, text=True, encoding="utf-8")
    assert not unsafe(done.stdout, allowed="\n\t")
    assert not unsafe(done.stderr)


def test_a_file_of_such_a_name_is_linted_written_and_brought_back(tmp_path: Path) -> None:
    name = "\x1b[31m\u202e.env"
    (tmp_path / name).write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER='a\u202e\u200b\u2028b@b.example'\n")
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    written = ["--preset", "custom", "--set", "SMTP_HOST=a.example", "--set", "SMTP_PORT=587"]
    for command in (
        ["lint", "--env-file", name],
        ["lint", "--env-file", name, "--json"],
        ["check", "--env-file", name],
        ["check", "--env-file", name, "--json"],
        ["write", "--env-file", name, *written],
        ["write", "--env-file", name, *written, "--set", "SMTP_TLS=true", "--json"],
        ["restore"],
        ["restore", "--json"],
        ["restore", "latest", "--dry-run"],
        ["restore", "latest"],
    ):
        done = program.run(command, cwd=tmp_path, env=environment, text=True, encoding="utf-8")
        assert not unsafe(done.stdout, allowed="\n\t"), command
        assert not unsafe(done.stderr), command
        if "--json" in command and command[0] == "write":
            assert json.loads(done.stdout)["target"] == name


def test_a_line_end_in_a_name_makes_no_line(tmp_path: Path) -> None:
    """What is said of a file is as many lines as for any other, and its commands can be pasted."""
    counts: dict[str, list[int]] = {}
    for name in ("plain", "nl\nx"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / ".env").write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER=a@b.example\n")
        (folder / "broken.env").write_text("no assignment\nA='\n")
        (folder / "compose.yaml").write_text("services:\n  web:\n    image: x\n")
        environment = {**os.environ, "HOME": str(tmp_path / f"home of {name}")}
        written = ["--preset", "custom", "--set", "SMTP_HOST=a.example", "--set", "SMTP_PORT=587"]
        written += ["--set", "sender=a@b.example", "--set", "username=a", "--password-stdin"]
        counts[name] = []
        for command in (
            ["lint", "--env-file", f"{name}/.env"],
            ["lint", "--env-file", f"{name}/broken.env"],
            ["lint", "--compose", f"{name}/compose.yaml"],
            ["lint", "--env-file", f"{name}/none"],
            ["lint", "--env-file", name],
            ["check", "--env-file", f"{name}/.env", "--ca-file", f"{name}/none"],
            ["check", "--env-file", f"{name}/.env", "--env-file", f"{name}/none"],
            ["write", "--env-file", f"{name}/.env", *written],
            ["write", "--env-file", f"{name}/none/x", *written],
            ["write", "--compose", f"{name}/compose.yaml", *written],
            ["write", "--compose", name, *written],
            ["write", "--compose", f"{name}/compose.yaml", "--override", "--secret", "reference", *written],
            ["restore", "--all"],
            ["restore", "latest", "--all", "--yes"],
            ["preview", "--mail", "verification", "--out", f"{name}/x/y"],
            ["preview", "--mail", "verification", "--out", f"{name}/y"],
            ["logs", f"{name}/none"],
            ["presets", "check", name],
            ["presets", "list", "--presets", f"{name}/none"],
        ):
            done = program.run(command, cwd=tmp_path, env=environment, input="word", text=True, encoding="utf-8")
            assert "unexpected" not in done.stderr, command
            assert "\nx/" not in f"\n{done.stdout}\n{done.stderr}", command
            counts[name].append(done.stdout.count("\n") + done.stderr.count("\n"))
            if command[:3] == ["write", "--compose", f"{name}/compose.yaml"] and name != "plain":
                (up,) = re.findall(r"docker compose .* up -d web", done.stderr)
                pasted = subprocess.run(
                    ["bash", "-c", f"printf '%s\\0' {up}"], capture_output=True, text=True, check=True
                )
                assert pasted.stdout.split("\0")[3] == f"{name}/compose.yaml"
    assert counts["plain"] == counts["nl\nx"]


@pytest.mark.parametrize("json_flag", [(), ("--json",)], ids=["text", "json"])
def test_a_password_that_a_reply_breaks_at_a_line_end_is_hidden(json_flag: tuple[str, ...], tmp_path: Path) -> None:
    script = Script().but(Stage.PASSWORD, reply('535-5.7.8 you said "abcd efgh', '535 ijkl mnop" no'))
    with ScriptedServer(script) as server:
        (tmp_path / ".env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@b.example\nSMTP_TLS=false\n"
            "SMTP_USERNAME=a@b.example\nSMTP_PASSWORD='abcd efgh ijkl mnop'\n"
        )
        done = program.run(["check", "--timeout", "3", *json_flag], cwd=tmp_path, text=True, encoding="utf-8")
    assert done.returncode == 1
    assert "you said" in done.stdout
    bare = "".join(char for char in done.stdout if unicodedata.category(char)[0] == "L")
    assert "abcdefghijklmnop" not in bare


def test_a_log_is_cleared_of_the_password_in_the_env_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SMTP_HOST=mail.example.com\nSMTP_PORT=587\nSMTP_PASSWORD='{WORD}'\n")
    line = f"Error: Invalid login: 535 5.7.8 no login with {WORD} here"
    (tmp_path / "app.log").write_text(line + "\n")
    for command, given in ((["logs", "app.log"], None), (["explain", line], None), (["explain"], line)):
        done = program.run(command, cwd=tmp_path, input=given, text=True, encoding="utf-8")
        assert "535" in done.stdout, command
        assert WORD not in done.stdout + done.stderr


def test_and_of_the_password_in_the_compose_file(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  api:\n    image: x\n    environment:\n      SMTP_HOST: mail.example.com\n"
        f"      SMTP_PASSWORD: '{WORD}'\n"
    )
    done = program.run(["explain", f"535 5.7.8 no login with {WORD}"], cwd=tmp_path, text=True, encoding="utf-8")
    assert "535" in done.stdout
    assert WORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "host", ["ops:Zq7mark-Kx42@127.0.0.1", "smtp://ops:Zq7mark-Kx42@127.0.0.1:x", "ops:Zq7mark-Kx42@a b"]
)
def test_a_login_before_the_host_to_scan_is_not_repeated(host: str, tmp_path: Path) -> None:
    for flag in ((), ("--json",)):
        done = program.run(["scan", host, "--timeout", "2", *flag], cwd=tmp_path, text=True, encoding="utf-8")
        assert "Zq7mark" not in done.stdout + done.stderr


def test_the_password_of_a_mailbox_is_not_repeated_from_a_redirect(tmp_path: Path) -> None:
    word = "MkInbox6Gnu+/="
    with ScriptedServer(Script()) as server, redirecting(f"http://x/?pw={quote(word, safe='')}&also={word}") as port:
        (tmp_path / ".env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@b.example\nSMTP_TLS=false\n"
        )
        done = program.run(
            ["send", "--to", "a@b.example", "--inbox", f"http://ops@127.0.0.1:{port}", "--inbox-password-stdin",
             "--wait", "3", "--timeout", "3"],
            cwd=tmp_path, input=word, text=True, encoding="utf-8",
        )  # fmt: skip
    assert "redirects to" in done.stdout + done.stderr
    assert word not in done.stdout + done.stderr
    assert quote(word, safe="") not in done.stdout + done.stderr


@contextmanager
def redirecting(location: str) -> Iterator[int]:
    """Start a catcher that sends every request elsewhere, and yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
