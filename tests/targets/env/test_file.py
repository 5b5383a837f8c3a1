"""Reading a `.env`: the app's view, who disagrees, and every path that is no readable file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from smtpwizard.errors import FileError
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.files import LIMIT


def _file(folder: Path, data: bytes) -> Path:
    path = folder / ".env"
    path.write_bytes(data)
    return path


def test_values_are_what_the_apps_reader_sees(tmp_path: Path) -> None:
    found = read_env_file(_file(tmp_path, b"\xef\xbb\xbfSMTP_HOST='a.b' # x\r\nSMTP_PASSWORD=ab#cd\r\n"))
    assert found.variables == {"SMTP_HOST": "a.b", "SMTP_PASSWORD": "ab"}


def test_a_value_that_python_reads_otherwise_is_named(tmp_path: Path) -> None:
    found = read_env_file(_file(tmp_path, b"SMTP_HOST=a.b\nSMTP_PASSWORD=ab#cd\n"))
    assert list(found.disagreements) == ["SMTP_PASSWORD"]


def test_bytes_that_are_not_utf8_are_read_as_node_reads_them(tmp_path: Path) -> None:
    found = read_env_file(_file(tmp_path, b"NAME=caf\xe9\nSMTP_HOST=a.b\n"))
    assert found.variables == {"NAME": "caf\ufffd", "SMTP_HOST": "a.b"}
    assert found.raw == b"NAME=caf\xe9\nSMTP_HOST=a.b\n"


def test_a_line_that_python_cannot_read_is_told_by_number_and_never_by_text(tmp_path: Path) -> None:
    found = read_env_file(_file(tmp_path, b"A=1\n\nSMTP_PASSWORD='hunter2\n"))
    assert [problem.line for problem in found.problems] == [3]
    assert "hunter2" not in repr(found)


def test_a_missing_file_is_no_error(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env").exists is False


def test_a_folder_is_refused_with_the_name_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"folder.*\.env"):
        read_env_file(tmp_path)


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    os.mkfifo(path)
    with pytest.raises(FileError, match="FIFO"):
        read_env_file(path)


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="not a folder"):
        read_env_file(_file(tmp_path, b"A=1\n") / "x")


def test_a_file_too_large_is_refused_with_the_limit(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="1024 KiB"):
        read_env_file(_file(tmp_path, b"#" * (LIMIT + 1)))


def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, b"A=1\n")
    path.chmod(0)
    if os.geteuid() != 0:
        with pytest.raises(FileError, match="permission"):
            read_env_file(path)
        return
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:2]:
        parent.chmod(0o755)
    script = (
        "import os, sys, dotenv; from pathlib import Path; from smtpwizard.targets.env.file import read_env_file\n"
        "from smtpwizard.errors import FileError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: read_env_file(Path(sys.argv[1]))\n"
        "except FileError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "permission denied" in done.stdout


def test_importing_the_room_loads_neither_dotenv_nor_asyncio_nor_ssl() -> None:
    script = (
        "import sys, smtpwizard.targets.env.plan, smtpwizard.targets.apply, smtpwizard.targets.block\n"
        "print(sorted({'dotenv', 'asyncio', 'ssl', 'textual', 'ruamel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
