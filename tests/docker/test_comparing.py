"""Why host and container differ: each cause is told as itself, from real probes and made-up containers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smtpwizard.docker.comparison import Comparison, HostAndContainer, compare, to_json
from smtpwizard.docker.compose import Compose
from smtpwizard.docker.inside import InsideView, Verify
from smtpwizard.sandbox.scripted import Script, Stage, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report
from support.apps import ABC
from support.probing import probed

GOOD = Verify(True, None, None, None, "", "", "")


@pytest.fixture(scope="module")
def fine() -> Report:
    return probed(Script(mechanisms=("PLAIN",)))


def failing(message: str, code: str | None = "ESOCKET", command: str | None = "CONN", **more: Any) -> Verify:
    return GOOD._replace(ok=False, code=code, command=command, message=message, **more)


def view(verify: Verify | None, **more: Any) -> InsideView:
    made = InsideView(
        hostname="3f2a9c",
        ehlo="[127.0.0.1]",
        node="24.1.0",
        nodemailer="8.0.5",
        extra_ca="not set",
        env_file="none",
        settings={},
        differences={},
        refuses=(),
        login="tried",
        addresses=("127.0.0.1",),
        dns_error="",
        error="",
        verify=verify,
        elapsed_ms=1.0,
    )
    return made._replace(**more)


def compared(report: Report, seen: InsideView, host: str = "smtp.example.com") -> Comparison:
    settings = Settings(ABC, host=host, port="587", sender="a@example.com")
    sides = HostAndContainer(report, seen, settings, ".env", "api", Compose(None, Path()), "ABC User Feedback")
    result = compare(sides)
    assert to_json(sides, result)["verdict"] == result.verdict
    return result


@pytest.mark.parametrize(
    ("verify", "host", "note"),
    [
        (failing("connect ECONNREFUSED 127.0.0.1:587"), "127.0.0.1", "inside-localhost"),
        (failing("connect ECONNREFUSED ::1:587"), "localhost", "inside-localhost"),
        (failing("connect ECONNREFUSED 192.0.2.1:587"), "smtp.example.com", "inside-unreached"),
        (failing("Connection timeout", "ETIMEDOUT"), "smtp.example.com", "inside-unreached"),
        (failing("connect ENETUNREACH 192.0.2.1:587"), "smtp.example.com", "inside-unreached"),
        (failing("getaddrinfo ENOTFOUND smtp.example.com", "EDNS"), "smtp.example.com", "inside-dns"),
        (failing("getaddrinfo EAI_AGAIN smtp.example.com", "EDNS"), "smtp.example.com", "inside-dns"),
        (failing("unable to get local issuer certificate"), "smtp.example.com", "inside-certificate"),
        (failing("self-signed certificate in certificate chain"), "smtp.example.com", "inside-certificate"),
    ],
)
def test_what_only_the_container_meets_is_told_with_its_cause(
    fine: Report, verify: Verify, host: str, note: str
) -> None:
    result = compared(fine, view(verify), host)
    assert [item.id for item in result.notes] == [note]
    assert (result.verdict, result.same_verdict) == ("fails", False)
    assert result.diagnoses


def test_a_failure_that_the_host_has_too_needs_no_reason() -> None:
    report = probed(Script(mechanisms=("PLAIN",)).but(Stage.GREETING, reply("554 5.7.1 no service")))
    seen = view(failing("Invalid greeting. response=554", "EPROTOCOL", response_code=554, response="554 no service"))
    result = compared(report, seen)
    assert (result.same_verdict, result.notes, result.verdict) == (True, (), "fails")


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (view(GOOD), "works"),
        (view(GOOD._replace(ok=False, fate="crashes", message="reading 'getToken'")), "crashes"),
        (view(GOOD._replace(ok=False, fate="hangs")), "hangs"),
        (view(None, refuses=("SMTP_HOST",)), "refuses"),
        (view(None, error="no nodemailer below /app"), "unknown"),
        (view(failing("Invalid login", "EAUTH", "AUTH PLAIN", response_code=535, response="535 no")), "fails"),
    ],
)
def test_the_verdict_is_that_of_the_container(fine: Report, seen: InsideView, verdict: str) -> None:
    result = compared(fine, seen)
    assert result.verdict == verdict
    assert result.sentence.endswith(".")


def test_another_version_of_nodemailer_and_an_unread_env_file_are_mentioned(fine: Report) -> None:
    result = compared(fine, view(GOOD, nodemailer="7.0.10", env_file="unread"))
    assert [item.id for item in result.notes] == ["inside-nodemailer", "inside-env-file"]


def test_the_command_that_renews_the_container_names_the_compose_file(fine: Report) -> None:
    seen = view(GOOD, differences={"SMTP_PASSWORD": "other value"})
    sides = HostAndContainer(
        fine, seen, Settings(ABC, host="h"), ".env", "api", Compose(Path("my file.yaml"), Path()), "The app"
    )
    (note,) = compare(sides).notes
    assert note.command == "docker compose -f 'my file.yaml' up -d api"


@pytest.mark.parametrize(
    ("addresses", "ids"),
    [
        (("127.0.0.1",), []),
        (("::1", "127.0.0.1"), []),
        (("10.0.0.7",), []),
        (("8.8.8.8",), ["inside-other-address"]),
        ((), []),
    ],
)
def test_a_name_that_is_private_on_one_side_alone_is_told(
    fine: Report, addresses: tuple[str, ...], ids: list[str]
) -> None:
    assert [item.id for item in compared(fine, view(GOOD, addresses=addresses)).notes] == ids
