"""What a user installs: the sdist, the wheel made from it, and nothing that does not belong in them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRESETS = [path for path in (ROOT / "presets").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    # --no-isolation: the backend is a development dependency, so the build downloads nothing.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_wheel_carries_every_preset_and_nothing_else_beside_the_code(dist: Path) -> None:
    names = zipfile.ZipFile(next(dist.glob("*.whl"))).namelist()
    presets = [name for name in names if name.startswith("smtpwizard/data/")]
    shipped = {path.relative_to(ROOT / "presets").as_posix() for path in PRESETS}
    assert {name.removeprefix("smtpwizard/data/") for name in presets} == shipped
    # hatchling's force-include ignores .gitignore: a stray presets/.env would ship.
    assert {Path(name).suffix for name in presets} <= {".toml", ".hbs", ".md"}
    assert not [name for name in names if "test" in name.lower() and not name.startswith("smtpwizard/")]


def test_the_sdist_carries_what_its_tests_need(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"} <= names
    assert any(name.startswith("tests/") for name in names)
    assert not [name for name in names if name.endswith(".env") or ".venv" in name]


def test_an_installed_wheel_finds_its_presets_outside_the_checkout(dist: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, system_site_packages=False, symlinks=True)
    site = next((home / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    # The dependencies come from this environment; the package itself must come from the wheel.
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "dependencies.pth").write_text(dependencies + "\n")
    program = (
        "import smtpwizard, smtpwizard.presets.catalogue as p\n"
        "print(smtpwizard.__file__); print(len(p.Presets.open().ids()))"
    )
    python = home / "bin" / "python"
    done = subprocess.run([python, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    where, count = done.stdout.split()
    assert Path(where).is_relative_to(home)
    assert int(count) == sum(path.parent.name == "providers" for path in PRESETS) + 1, "and `custom`"
