"""The real docker compose as an oracle: unpacked from its Debian package, never installed, run without a daemon.

Kept in `.cache/compose` of the checkout, which git ignores. Where it cannot be had, a test is skipped with the reason;
with SMTPWIZARD_REQUIRE_COMPOSE=1 it fails instead. What compose prints on an error can hold values, so it is not shown.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".cache" / "compose"
_PLUGIN: Final = Path("root/usr/libexec/docker/cli-plugins/docker-compose")
_SECONDS: Final = 240.0
_BRIEF: Final = {"GOGC": "off", "GOMAXPROCS": "1"}
"""A third of the processor time of a run that ends at once goes into a garbage collection on all processors."""


def compose_binary() -> Path:
    """Return the program; skip (or fail) the calling test where it cannot be had."""
    found = _prepare()
    if isinstance(found, str):
        _give_up(found)
    return found


def compose_config(folder: Path, *files: str, env: dict[str, str] | None = None) -> dict[str, Any] | None:
    """Return what `docker compose config` makes of the compose files in `folder`; None where compose refuses them.

    `$` in values is doubled in what compose prints; it is undone here. `env` replaces the environment.
    """
    found = compose_answer(folder, *files, env=env)
    return None if isinstance(found, str) else found


def compose_answer(folder: Path, *files: str, env: dict[str, str] | None = None) -> dict[str, Any] | str:
    """Return the same, or where compose refuses the files, why: in its own words, which can hold values."""
    chosen = [word for name in files for word in ("-f", name)]
    done = subprocess.run(
        [str(compose_binary()), *chosen, "config", "--format", "json", "--no-path-resolution"],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), **_BRIEF, **(env or {})},
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        return done.stderr.decode("utf-8", "replace")
    data: dict[str, Any] = _undouble(json.loads(done.stdout))
    return data


def _undouble(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, list):
        return [_undouble(item) for item in value]
    if isinstance(value, dict):
        return {key: _undouble(item) for key, item in value.items()}
    return value


@functools.cache
def _prepare() -> Path | str:
    installed = Path("/usr/libexec/docker/cli-plugins/docker-compose")
    if installed.exists():
        return installed
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            return f"docker compose is not installed, and without {tool} it cannot be unpacked"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / _PLUGIN).exists():
            reason = _unpack()
            if reason:
                return reason
    return CACHE / _PLUGIN


def _unpack() -> str:
    """Download Debian's package from the mirror that this machine already uses. Return why it failed, else nothing."""
    mirror = _mirror()
    if mirror is None:
        return "no Debian mirror is configured here"
    for name in ("apt/lists/partial", "apt/state", "apt/cache/archives/partial"):
        (CACHE / name).mkdir(parents=True, exist_ok=True)
    (CACHE / "apt/state/status").touch()
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (CACHE / "apt/sources.list").write_text(f"deb [signed-by={keyring}] {mirror} sid main\n")
    options = {
        "Dir::Etc::sourcelist": CACHE / "apt/sources.list", "Dir::Etc::sourceparts": "-",
        "Dir::State": CACHE / "apt/state", "Dir::State::lists": CACHE / "apt/lists",
        "Dir::State::status": CACHE / "apt/state/status", "Dir::Cache": CACHE / "apt/cache",
        "APT::Sandbox::User": "root",
    }  # fmt: skip
    apt = ["apt-get", *(f"-o{key}={value}" for key, value in options.items()), "-qq"]
    for command in ([*apt, "update"], [*apt, "download", "docker-compose"]):
        if not _ran(command):
            return f"apt-get {command[-1]} failed"
    packages = sorted(CACHE.glob("docker-compose_*.deb"))
    if not packages or not _ran(["dpkg", "-x", str(packages[-1]), str(CACHE / "root")]):
        return "the docker-compose package could not be unpacked"
    return "" if (CACHE / _PLUGIN).exists() else "the docker-compose package holds no plugin"


def _mirror() -> str | None:
    for file in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))):
        text = file.read_text(errors="replace") if file.is_file() else ""
        for url in re.findall(r"https?://[^\s\]]+/debian/?(?=\s|$)", text):
            if "snapshot" not in url:
                return str(url).rstrip("/")
    return None


def _ran(command: list[str]) -> bool:
    try:
        return subprocess.run(command, cwd=CACHE, capture_output=True, timeout=_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("SMTPWIZARD_REQUIRE_COMPOSE") == "1":
        pytest.fail(f"SMTPWIZARD_REQUIRE_COMPOSE=1, but {reason}")
    pytest.skip(reason)
