"""In a zip archive the presets are no files: that is said at the start, and nothing pretends that there are none."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from smtpwizard import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "smtpwizard.pyz"
    with zipfile.PyZipFile(path, "w") as file:
        file.writestr("__main__.py", "from smtpwizard.cli.main import main\nmain()\n")
        file.writepy(str(ROOT / "src" / "smtpwizard"))  # the modules, compiled: no run has to do it again
        for source in (ROOT / "src" / "smtpwizard").rglob("*"):
            if source.is_file() and source.suffix not in (".py", ".pyc"):
                file.write(source, source.relative_to(ROOT / "src"))
        for source in (ROOT / "presets").rglob("*.*"):
            file.write(source, Path("smtpwizard", "data") / source.relative_to(ROOT / "presets"))
    return path


def run(archive: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (archive.parent / ".env").write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=9\nSMTP_SENDER=a@b.example\n")
    command = [sys.executable, str(archive), *arguments]
    return subprocess.run(command, cwd=archive.parent, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [
        ("presets", "list"), ("lint",), ("check",), ("explain", "535 5.7.8 no"), ("preview", "--mail", "verification"),
        ("write", "--print", "env", "--preset", "gmail"), ("--plain", "--demo"),
    ],
)  # fmt: skip
def test_a_command_that_needs_the_presets_says_that_they_are_not_there(
    archive: Path, arguments: tuple[str, ...]
) -> None:
    done = run(archive, *arguments)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    told = " ".join(done.stderr.split())  # it is wrapped, and the path in it is of any length
    assert "Installation: " in told
    assert "runs from an archive" in told
    assert "bug" not in told


def test_the_version_is_told_all_the_same(archive: Path) -> None:
    assert run(archive, "--version").stdout == f"smtpwizard {__version__}\n"
