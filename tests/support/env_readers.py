"""The real programs that read `.env` files, each given many texts at once: the oracle of the tests of targets.

Every function takes texts and returns, for each, the variables that the program reads, or None where it refuses the
text. A program that is not on this machine skips the calling test with the reason.
"""

from __future__ import annotations

import base64
import ctypes
import io
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from support.compose_program import compose_answer, compose_config
from support.node import node_json

Variables = dict[str, str]

KEYS: Final = ("A", "K", "Z")
"""The variables that are asked of a shell, which cannot list what a file has set."""


def npm_dotenv(texts: Sequence[str], package: str = "dotenv") -> list[Variables]:
    """Npm dotenv in the version that `package` pins: `dotenv16`, `dotenv` (17, the app's), `dotenv-latest`."""
    script = f"const d = require('{package}'); output(input.map((t) => d.parse(Buffer.from(t, 'base64'))));"
    return list(node_json(script, [_base64(text) for text in texts]))


def node_env_file(texts: Sequence[str]) -> list[Variables]:
    """`node --env-file`, through the function that it uses."""
    script = "const u = require('util'); output(input.map((t) => u.parseEnv(Buffer.from(t, 'base64').toString())));"
    return list(node_json(script, [_base64(text) for text in texts]))


def dotenv_expand(texts: Sequence[str], package: str = "dotenv-expand") -> list[Variables]:
    """Dotenv-expand on top of dotenv 17, with an empty process environment."""
    script = (
        f"const d = require('dotenv'), e = require('{package}');"
        "output(input.map((t) => e.expand({parsed: d.parse(Buffer.from(t, 'base64')), processEnv: {}}).parsed));"
    )
    return list(node_json(script, [_base64(text) for text in texts]))


def python_dotenv(texts: Sequence[str], *, interpolate: bool = True) -> list[Variables]:
    """The python-dotenv that is installed here."""
    from dotenv import dotenv_values

    return [
        {key: value or "" for key, value in dotenv_values(stream=_stream(text), interpolate=interpolate).items()}
        for text in texts
    ]


def shell(texts: Sequence[str], program: str, keys: Sequence[str] = KEYS) -> list[Variables]:
    """`set -a; . file` in bash or dash. PATH is empty, so that a text which runs a command can do no harm."""
    binary = shutil.which(program)
    if binary is None:
        pytest.skip(f"{program} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            Path(folder, f"{number}.env").write_bytes(text.encode("utf-8", "surrogateescape"))
        show = "; ".join(f'printf "%s\\0" "${key}"' for key in keys)
        # A text that the shell cannot read ends it: what was set by then is shown all the same.
        script = (
            f"i=0; while [ $i -lt {len(texts)} ]; do ( trap '{show}' EXIT; set -a; . ./$i.env ) 2>&-; i=$((i+1)); done"
        )
        Path(folder, "show.sh").write_text(script)
        done = subprocess.run([binary, "show.sh"], cwd=folder, env={"PATH": ""}, capture_output=True, check=False)
    values = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    assert len(values) == len(texts) * len(keys) + 1, "a text broke the shell that read it"
    return [dict(zip(keys, values[at : at + len(keys)], strict=True)) for at in range(0, len(values) - 1, len(keys))]


def systemd(texts: Sequence[str]) -> list[Variables | None]:
    """`load_env_file()` of the installed libsystemd-shared, which EnvironmentFile= goes through."""
    found = sorted(Path("/").glob("usr/lib/*/systemd/libsystemd-shared-*.so")) or sorted(
        Path("/usr/lib/systemd").glob("libsystemd-shared-*.so")
    )
    if not found:
        pytest.skip("libsystemd-shared is not installed")
    library, libc = ctypes.CDLL(str(found[-1])), ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    results: list[Variables | None] = []
    with tempfile.TemporaryDirectory() as folder:
        for text in texts:
            path = Path(folder, "f.env")
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
            results.append(_load_env_file(library, libc, str(path).encode()))
    return results


def _load_env_file(library: Any, libc: Any, path: bytes) -> Variables | None:
    listing = ctypes.POINTER(ctypes.c_char_p)()
    file = ctypes.c_void_p(libc.fopen(path, b"r"))
    try:
        if library.load_env_file(file, path, ctypes.byref(listing)) < 0:
            return None
    finally:
        libc.fclose(file)
    variables: Variables = {}
    index = 0
    while listing and listing[index]:
        key, _, value = (listing[index] or b"").decode("utf-8", "surrogateescape").partition("=")
        variables[key] = value
        index += 1
    return variables


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")


def _stream(text: str) -> io.StringIO:
    return io.StringIO(text, newline="")


def compose_env_file(texts: Sequence[str]) -> list[Variables | None]:
    """Docker compose, `env_file:`. Of those that it refuses it names one at a time; the others are asked for again."""
    found: dict[str, Variables | None] = {}
    left = list(dict.fromkeys(texts))
    while left:
        read = _compose_services(left)
        if isinstance(read, int):
            found[left.pop(read)] = None
        else:
            found |= zip(left, read, strict=True)
            left = []
    return [found[text] for text in texts]


def compose_substituted(values: Sequence[str]) -> list[str] | None:
    """Docker compose, `.env` beside the compose file and `${VAR}` in it. Takes texts after `K=`; None if refused."""
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(f"K{number}={text}\n" for number, text in enumerate(values))
        Path(folder, ".env").write_bytes(lines.encode("utf-8", "surrogateescape"))
        environment = {f"V{number}": f"${{K{number}}}" for number in range(len(values))}
        services = {"a": {"image": "busybox", "environment": environment}}
        Path(folder, "compose.yaml").write_text(json.dumps({"services": services}))
        found = compose_config(Path(folder), "compose.yaml")
    if found is None:
        return None
    seen: Variables = found["services"]["a"]["environment"]
    return [seen[f"V{number}"] for number in range(len(values))]


def _compose_services(texts: Sequence[str]) -> list[Variables] | int:
    """Return the variables of each, or the number of one that compose refuses."""
    with tempfile.TemporaryDirectory() as folder:
        services = {}
        for number, text in enumerate(texts):
            Path(folder, f"{number}.env").write_bytes(text.encode("utf-8", "surrogateescape"))
            services[f"s{number}"] = {"image": "busybox", "env_file": f"{number}.env"}
        Path(folder, "compose.yaml").write_text(json.dumps({"services": services}))
        found = compose_answer(Path(folder), "compose.yaml")
        if isinstance(found, str):
            named = re.search(r"(?m)^failed to read (\d+)\.env: ", found)
            assert named, "compose does not say which file it refuses"
            return int(named[1])
    return [found["services"][f"s{number}"].get("environment", {}) for number in range(len(texts))]
