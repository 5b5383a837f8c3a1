"""The npm packages that the app and its neighbours run on, installed once for the conformance tests.

Versions and checksums are pinned in node/package.json and node/package-lock.json. They are installed with `npm ci` into
`.cache/node` of the checkout, which git ignores. Where node is missing, a test is skipped with the reason; with
SMTPWIZARD_REQUIRE_NODE=1 it fails instead, so that a CI without node cannot pass unnoticed.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".cache" / "node"
_PINS: Final = Path(__file__).with_name("node")
_INSTALL_SECONDS: Final = 180.0


def node_modules() -> Path:
    """Return the folder with the installed packages; skip (or fail) the calling test where that cannot be.

    Safe to call from several workers: the installation is under a file lock and made again when the pins change.
    """
    found = _prepare()
    if isinstance(found, str):
        _give_up(found)
    return found


def node(script: str, *, stdin: str = "", timeout: float = 30.0, env: dict[str, str] | None = None) -> str:
    """Run a CommonJS `script` with the packages in reach and return its stdout; AssertionError with stderr on failure.

    `env` replaces the environment but for PATH; `timeout` is in seconds.
    """
    modules = node_modules()
    inherited = dict(os.environ) if env is None else {"PATH": os.environ.get("PATH", ""), **env}
    done = subprocess.run(
        ["node", "-e", script],
        input=stdin.encode("utf-8", "surrogateescape"),
        capture_output=True,
        timeout=timeout,
        check=False,
        cwd=modules.parent,
        env={**inherited, "NODE_PATH": str(modules)},
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "surrogateescape")


def node_json(script: str, argument: Any, *, timeout: float = 30.0) -> Any:
    """Run `script` with `argument` as the variable `input`; what it passes to `output()` comes back. Both as JSON."""
    prelude = (
        "const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "const output = (value) => process.stdout.write(JSON.stringify(value));"
    )
    return json.loads(node(prelude + script, stdin=json.dumps(argument), timeout=timeout))


@functools.cache
def _prepare() -> Path | str:
    """Install where needed. Return the folder, or the reason why there is none."""
    if shutil.which("node") is None:
        return "node is not installed"
    if shutil.which("npm") is None:
        return "npm is not installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp = CACHE / "installed"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "node_modules").is_dir() or not stamp.exists() or stamp.read_text() != _wanted():
            reason = _install()
            if reason:
                return reason
            stamp.write_text(_wanted())
    return CACHE / "node_modules"


def _wanted() -> str:
    """Return the fingerprint of the pins: a change of either file makes a new installation."""
    return hashlib.sha256(b"".join((_PINS / name).read_bytes() for name in _pin_files())).hexdigest()


def _pin_files() -> tuple[str, ...]:
    return ("package.json", "package-lock.json")


def _install() -> str:
    """Run `npm ci` in the cache folder. Return the reason where it fails, else nothing."""
    for name in _pin_files():
        shutil.copyfile(_PINS / name, CACHE / name)
    # The registry may have an authority that whoever runs the tests has named; the tests themselves go without.
    env = {**os.environ, "NODE_EXTRA_CA_CERTS": os.environ.get("NPM_EXTRA_CA_CERTS", "")}
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=CACHE, capture_output=True, timeout=_INSTALL_SECONDS, check=False, env=env)
    except subprocess.TimeoutExpired:
        return f"npm ci did not end within {_INSTALL_SECONDS:.0f} s"
    if done.returncode:
        return "npm ci failed: " + done.stderr.decode("utf-8", "replace").strip()[-300:]
    return ""


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("SMTPWIZARD_REQUIRE_NODE") == "1":
        pytest.fail(f"SMTPWIZARD_REQUIRE_NODE=1, but {reason}")
    pytest.skip(reason)
