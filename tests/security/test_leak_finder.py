"""What looks for secrets finds them in every form: a sweep with a blind finder would pass for ever."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.probe import verdict as record
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import ScriptedServer
from support.leaks import echoes, found_in
from support.secret_sweep import USER, WORD, repeating

TESTS = Path(__file__).resolve().parents[1]

SECRET = "Zq7!mäRk-9+/wörd=Kx&42"
NAMED = {"password": SECRET}


def b64(data: bytes) -> bytes:
    return base64.b64encode(data)


CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "wrapped by a screen": lambda raw: raw[:9] + b"\r\n  \xe2\x94\x82 " + raw[9:],
    "with colours between": lambda raw: raw[:9] + b"\x1b[0;1m\x1b[12;4H" + raw[9:],
    "in an SVG": lambda raw: b"<text>" + raw[:9] + b"</text><text x='1'>" + raw[9:].replace(b"&", b"&amp;"),
    "AUTH PLAIN": lambda raw: b64(b"\0ops@acme.example\0" + raw),
    "AUTH PLAIN, other user": lambda raw: b64(b"\0ops1@acme.example\0" + raw),
    "AUTH PLAIN, third user": lambda raw: b64(b"\0ops12@acme.example\0" + raw),
    "inside another token": lambda raw: b64(b"{'pass': '" + raw + b"', 'port': 25}"),
    "URL": lambda raw: urllib.parse.quote(raw, safe="").encode(),
    "URL in small letters": lambda raw: urllib.parse.quote(raw, safe="").lower().encode(),
    "hexadecimal": lambda raw: raw.hex().encode(),
    "hexadecimal in capitals": lambda raw: raw.hex().upper().encode(),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_secret_is_found_in_every_carrier(carrier: str) -> None:
    data = b"before " + CARRIERS[carrier](SECRET.encode()) + b" behind"
    assert list(found_in(data, NAMED))


@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=40), st.binary(max_size=9), st.binary(max_size=9))
@settings(max_examples=100)
def test_base64_finds_any_secret_at_any_place_in_a_token(secret: str, before: bytes, behind: bytes) -> None:
    token = b64(before + secret.encode() + behind)
    assert any("base64" in hit for hit in found_in(b"AUTH PLAIN " + token, {"it": secret}))


def test_what_does_not_hold_it_is_clean() -> None:
    assert not list(found_in(b"535 5.7.8 Username and Password not accepted: Zq7!m", NAMED))


def test_every_echo_holds_it() -> None:
    assert all(list(found_in(line.encode(), NAMED)) for line in echoes(SECRET, "ops@acme.example"))


def test_every_report_made_in_a_test_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "redactor", lambda secrets, username: str)
    with ScriptedServer(repeating(refuse=True)) as server, pytest.raises(AssertionError, match="the report holds"):
        Probe(server.settings(username=USER, password=WORD), Options(timeout=2.0)).run_blocking()


@pytest.mark.parametrize(("printed", "status"), [("zq7-Correct-Horse", 1), ("Y29ycmVjdC1ob3JzZS05", 1), ("a horse", 0)])
def test_a_test_that_prints_a_marked_secret_fails_the_run(tmp_path: Path, printed: str, status: int) -> None:
    (tmp_path / "test_it.py").write_text(f"def test_it() -> None:\n    print('{printed}')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stdout
    assert ("SECRET LEAKED" in done.stdout) is bool(status)
