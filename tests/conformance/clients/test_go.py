"""Go's net/smtp in the ways of four apps: for every behaviour of a server, the verdict is the real client's."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.clients.behaviours import LIMIT, Case, cases
from conformance.clients.suite import Comparison, Row, Usage, check_document, sample, without
from smtpwizard.apps.profile import Security
from smtpwizard.sandbox.scripted import Script
from support.node import ROOT

SOURCE = Path(__file__).with_name("driver.go")
CACHE = ROOT / ".cache" / "go"
LOGIN = ("app@example.com", "correct horse")
REQUIRED = (Security.IMPLICIT, Security.STARTTLS, Security.NONE)
IF_OFFERED = (Security.IMPLICIT, Security.OPPORTUNISTIC, Security.NONE)
NORMAL = without(
    r"tls: failed to verify certificate: |: current time .*| on [0-9.:\[\]]+:53|(?<=dial tcp) [^ ]+:\d+|"
    r"(?<=\"localhost):\d+(?=\")|(?<=(?:read|rite) tcp) [^ ]+(?:->[^ ]+)?(?=:)"
)


@functools.cache
def driver() -> str:
    """Return the compiled driver; skip (or fail) the calling test where there is no Go."""
    if shutil.which("go") is None:
        if os.environ.get("SMTPWIZARD_REQUIRE_GO") == "1":
            pytest.fail("SMTPWIZARD_REQUIRE_GO=1, but go is not installed")
        pytest.skip("go is not installed")
    version = subprocess.run(["go", "version"], capture_output=True, check=True).stdout
    made = CACHE / f"driver-{hashlib.sha256(SOURCE.read_bytes() + version).hexdigest()[:16]}"
    if not made.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOCACHE": str(CACHE / "build"), "GOPROXY": "off", "GOFLAGS": ""}
        new = made.with_suffix(f".{os.getpid()}")
        subprocess.run(["go", "build", "-o", str(new), str(SOURCE)], check=True, env=environment, cwd=CACHE)
        new.replace(made)
    return str(made)


def usage(way: str, title: str, **options: str) -> Usage:
    return Usage(
        "go-net-smtp", f"Go net/smtp: {title}", (), way, options={**options}, normal=NORMAL, either=("reset before it",)
    )


USAGES = {
    "alertmanager": (usage("alertmanager", "as Prometheus Alertmanager calls it", use="alertmanager"), REQUIRED),
    "mattermost": (usage("mattermost", "as Mattermost calls it", use="mattermost"), IF_OFFERED),
    "plain": (usage("listmonk-plain", "as listmonk calls it, PLAIN", use="listmonk", auth_mechanism="plain"), REQUIRED),
    "login": (usage("listmonk-login", "as listmonk calls it, LOGIN", use="listmonk", auth_mechanism="login"), REQUIRED),
    "cram": (usage("listmonk-cram", "as listmonk calls it, CRAM-MD5", use="listmonk", auth_mechanism="cram"), REQUIRED),
}


_LOGIN_ALONE = ("AUTH", "login", "all is well")
_MOST_OF_IT = (*_LOGIN_ALONE, "EHLO", "STARTTLS", "MAIL", "connect")
_CHOSEN: dict[str, str | tuple[str, ...]] = {
    "mattermost": (*_MOST_OF_IT, "greeting: ", "DOT", "implicit TLS: "),
    "plain": _MOST_OF_IT,
    "login": _LOGIN_ALONE,
    "cram": _LOGIN_ALONE,
}


def met(way: str, modes: tuple[Security, ...]) -> Iterator[Case]:
    """Yield the cases: Alertmanager meets them all, the others those in which they may go their own way."""
    limit = None if way == "alertmanager" else LIMIT  # where the app has one of its own, of 5 or 10 s
    for case in cases(modes, limited=False):
        whole = bool(case.user) == bool(case.password) and case.behaviour != "senders"
        chosen = case.behaviour.startswith(_CHOSEN.get(way, ""))
        if whole and chosen:
            yield replace(case, timeout=limit)
    elsewhere = Case("login in clear text to another host than localhost", Script(), Security.NONE, *LOGIN)
    yield replace(elsewhere, host="127.0.0.2", timeout=limit)


@pytest.fixture(scope="module", params=USAGES)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Usage, list[Row]]]:
    found, modes = USAGES[request.param]
    with Comparison(found, tmp_path_factory.mktemp(request.param), command=(driver(),)) as comparison:
        yield found, comparison.rows(sample(met(request.param, modes)))


def test_every_verdict_is_the_clients_own(played: tuple[Usage, list[Row]], capsys: pytest.CaptureFixture[str]) -> None:
    found, rows = played
    differences = [list(row.differences(found)) for row in rows]
    with capsys.disabled():
        print(f"\n{found.title}: agreement {sum(not item for item in differences)}/{len(rows)}")
    assert not any(differences), "\n".join(line for item in differences for line in item)


def test_the_document_is_up_to_date(played: tuple[Usage, list[Row]]) -> None:
    check_document(*played)
