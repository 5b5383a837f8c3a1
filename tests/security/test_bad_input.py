"""What can be wrong with what the program is given, through the real program: told clearly, and nothing lost.

A terminal of 30 by 8 and no terminal: tests/pty. A file that changes meanwhile: tests/targets/test_apply and
tests/tui/test_save_step; here through `write`, which then merges anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.secret import Secret
from support import program

SETTINGS = "SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER=a@b.example\n"
WRITE = ("write", "--env-file", ".env", "--preset", "postmark", "--set", "SMTP_SENDER=a@b.example", "--password-stdin")
READERS = [("check",), ("check", "--json"), ("lint",), ("--plain",), WRITE]
PROGRAM = [sys.executable, "-m", "smtpwizard"]


def without_override() -> list[str]:
    """Return what makes root obey file modes; nothing for anybody else."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may read and write everything, and setpriv, which would take that away, is not installed")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]


def run(
    folder: Path, *arguments: str, stdin: str = "", obeying: bool = False, path: str = ""
) -> subprocess.CompletedProcess[str]:
    home = folder.parent / f"home of {folder.name}"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", **({"PATH": path} if path else {})}
    if obeying:
        command = [*without_override(), *PROGRAM, *arguments]
        done = subprocess.run(command, cwd=folder, env=env, input=stdin, capture_output=True, text=True, timeout=60)
    else:
        done = program.run(arguments, cwd=folder, env=env, input=stdin, text=True)
    assert "unexpected" not in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_an_unreadable_file_is_told_and_stays(here: Path, command: tuple[str, ...]) -> None:
    path = here / ".env"
    path.write_text(SETTINGS)
    path.chmod(0)
    done = run(here, *command, stdin="word", obeying=True)
    assert (done.returncode, bool(done.stdout)) == (4, "--json" in command)
    assert "permission denied" in done.stderr
    assert ".env" in done.stderr
    path.chmod(0o600)
    assert path.read_text() == SETTINGS


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_folder_as_target_is_told(here: Path, command: tuple[str, ...]) -> None:
    (here / ".env").mkdir()
    done = run(here, *command, stdin="word")
    assert (done.returncode, bool(done.stdout)) == (4, "--json" in command)
    assert "folder" in done.stderr
    assert list((here / ".env").iterdir()) == []


def test_octets_that_are_no_utf_8_are_read_and_stay(here: Path) -> None:
    octets = b"# caf\xe9\nNAME=J\xfcrgen\n" + SETTINGS.encode()
    path = here / ".env"
    path.write_bytes(octets)
    assert run(here, "check", "--timeout", "1").returncode == 1
    assert run(here, "lint", "--json").returncode in (0, 3)
    assert run(here, *WRITE, stdin="0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f").returncode == 0
    assert path.read_bytes().startswith(b"# caf\xe9\nNAME=J\xfcrgen\n")


def test_utf_16_is_refused_with_what_to_do_and_stays(here: Path) -> None:
    path = here / ".env"
    path.write_bytes(SETTINGS.encode("utf-16"))
    before = path.read_bytes()
    done = run(here, *WRITE, stdin="word")
    assert done.returncode == 4
    assert "Save it as UTF-8" in done.stderr
    assert path.read_bytes() == before


def test_a_read_only_folder_is_told_and_nothing_is_left_in_it(here: Path) -> None:
    here.chmod(0o555)
    done = run(here, *WRITE, stdin="word", obeying=True)
    here.chmod(0o755)
    assert done.returncode == 4
    assert "not writable" in done.stderr
    assert list(here.iterdir()) == []


def test_a_file_in_a_read_only_folder_names_the_flag_and_stays(here: Path) -> None:
    path = here / ".env"
    path.write_text(SETTINGS)
    here.chmod(0o555)
    done = run(here, *WRITE, stdin="word", obeying=True)
    in_place = run(here, *WRITE, "--in-place", stdin="word", obeying=True)
    here.chmod(0o755)
    assert done.returncode == 4
    assert "--in-place" in done.stderr or "in place" in done.stderr
    assert in_place.returncode == 0, in_place.stderr
    assert "SMTP_HOST=smtp.postmarkapp.com" in path.read_text()


def test_a_link_stays_a_link_and_a_dangling_one_is_told(here: Path) -> None:
    real = here / "real.env"
    real.write_text(SETTINGS)
    (here / ".env").symlink_to(real.name)
    assert run(here, *WRITE, stdin="word").returncode == 0
    assert (here / ".env").is_symlink()
    assert "SMTP_HOST=smtp.postmarkapp.com" in real.read_text()
    real.unlink()
    done = run(here, *WRITE, stdin="word")
    assert done.returncode == 4
    assert "link" in done.stderr
    assert not real.exists()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of four pages; skip where this user may not."""
    disk = folder / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_leaves_the_old_file_alone(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        path = disk / ".env"
        path.write_text(SETTINGS)
        done = run(disk, *WRITE, stdin="x" * 30_000)
        assert done.returncode == 4
        assert "disk is full" in done.stderr
        assert path.read_text() == SETTINGS
        assert [item.name for item in disk.iterdir()] == [".env"]


def test_a_file_that_changes_while_the_change_is_planned_keeps_the_other_change_too(here: Path) -> None:
    path = here / ".env"
    path.write_text(SETTINGS)
    (here / ".git").mkdir()
    programs = here.parent / "programs"
    programs.mkdir()
    git = programs / "git"  # asked about the file between reading it and writing it
    git.write_text("#!/bin/sh\n[ -e ../once ] || { touch ../once; echo OTHER=theirs >> .env; }\nexit 128\n")
    git.chmod(0o755)
    done = run(here, *WRITE, stdin="word", path=f"{programs}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (here.parent / "once").exists()
    assert "OTHER=theirs\n" in path.read_text()
    assert "SMTP_PASSWORD=word\n" in path.read_text()


def test_a_broken_preset_is_told_by_file_and_line_and_spoils_nothing_else(here: Path) -> None:
    own = here / "presets"
    own.mkdir()
    (own / "acme.toml").write_text('id = "acme"\nname = "Acme\n')
    checked = run(here, "presets", "check", "presets")
    assert checked.returncode != 0
    assert "acme.toml:2" in checked.stdout + checked.stderr
    used = run(
        here, "write", "--env-file", ".env", "--preset", "acme", "--presets", "presets", "--password-stdin", stdin="w"
    )
    assert used.returncode == 4
    assert "acme.toml" in used.stderr
    listed = run(here, "presets", "list", "--presets", "presets")
    assert listed.returncode == 0
    assert "Gmail" in listed.stdout
    (here / ".env").write_text(SETTINGS)
    assert run(here, "check", "--presets", "presets", "--timeout", "1").returncode == 1


def test_an_unknown_preset_names_near_ones_and_writes_nothing(here: Path) -> None:
    done = run(here, "write", "--env-file", ".env", "--preset", "gmial", "--password-stdin", stdin="word")
    assert (done.returncode, done.stdout) == (2, "")
    assert "gmail" in done.stderr
    assert list(here.iterdir()) == []


def test_port_99999_is_told_by_every_command_and_not_written(here: Path) -> None:
    (here / ".env").write_text(SETTINGS.replace("=9\n", "=99999\n"))
    checked = json.loads(run(here, "check", "--json").stdout)
    assert checked["app"]["verdict"] == "fails"
    assert "SMTP_PORT" in {finding["variable"] for finding in checked["findings"]}
    assert run(here, "lint").returncode == 3
    done = run(here, *WRITE, "--set", "SMTP_PORT=99999", stdin="word")
    assert done.returncode == 3
    assert "Nothing was written" in done.stderr
    assert "99999" in (here / ".env").read_text()
    assert run(here, "scan", "127.0.0.1:99999").returncode == 2


def test_a_password_of_10_kb_is_written_read_and_sent_whole(here: Path) -> None:
    word = "pW9/" * 2560
    with ScriptedServer(Script(username="a@b.example", password=Secret(word))) as server:
        values = [f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@b.example\n", "SMTP_TLS=false\n"]
        (here / ".env").write_text("".join(values) + f"SMTP_USERNAME=a@b.example\nSMTP_PASSWORD={word}\n")
        done = run(here, "check", "--json")
    assert json.loads(done.stdout)["app"]["verdict"] == "works"
    assert word not in done.stdout
    written = run(here, *WRITE, stdin=word)
    assert written.returncode == 0, written.stderr
    assert f"SMTP_PASSWORD={word}\n" in (here / ".env").read_text()
