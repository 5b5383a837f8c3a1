"""`recent`, as the wizard calls it: a report in any case, and an end at once when it is cancelled."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from smtpwizard.docker.compose import Kind, app_service, names, project_file
from smtpwizard.docker.logs import LogReport, Trouble, recent
from smtpwizard.errors import FileError, InputError
from support import docker_stand_in as docker
from support.docker_stand_in import StandIn, stamped, stand_in
from support.processes import wait_until
from support.reply_variants import error_dump

DUMP = error_dump("535 5.7.8 Username and Password not accepted - gsmtp", "auth").split("\n")
IMAGES = ("line/abc-user-feedback-api",)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = stand_in(tmp_path / "docker", log=stamped(*DUMP))
    monkeypatch.setenv("PATH", made.path)
    return made


async def test_a_report_holds_troubles_and_the_command_to_copy(here: StandIn, tmp_path: Path) -> None:
    report = await recent("api", compose_file=tmp_path / "my compose.yaml", cwd=tmp_path, since="1h")
    assert isinstance(report, LogReport)
    (trouble,) = report.troubles
    assert isinstance(trouble, Trouble)
    assert (report.lines, report.problem, trouble.times, bool(trouble.last)) == (len(DUMP), "", 1, True)
    assert report.command == (
        f"docker compose -f '{tmp_path}/my compose.yaml' logs --no-color --no-log-prefix --timestamps --since=1h api"
    )
    assert here.calls()[0]["cwd"] == str(tmp_path)


async def test_a_problem_is_a_report_too(here: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here.change(errors={"logs": docker.NO_DAEMON})
    report = await recent("api", cwd=tmp_path)
    assert (report.lines, report.troubles, report.kind) == (0, (), Kind.NO_DAEMON)
    assert "cannot reach its daemon" in report.problem
    assert report.command.startswith("docker compose logs ")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await recent("api", cwd=tmp_path)).kind is Kind.NO_PROGRAM


async def test_a_docker_that_does_not_answer_is_a_problem(here: StandIn, tmp_path: Path) -> None:
    (here.folder / "log").write_bytes(b"")
    here.change(hangs=True)
    report = await recent("api", cwd=tmp_path, timeout=0.5)
    assert report.kind is Kind.NO_ANSWER
    assert "did not answer within" in report.problem


async def test_a_log_that_goes_on_for_too_long_is_told_as_far_as_it_came(here: StandIn, tmp_path: Path) -> None:
    here.change(hangs=True)
    report = await recent("api", cwd=tmp_path, timeout=3.0)
    assert (len(report.troubles), report.problem) == (1, "")
    assert "goes on" in report.note


async def test_cancelling_kills_docker_and_its_children_at_once(here: StandIn, tmp_path: Path) -> None:
    here.change(hangs=True)
    child = here.folder / "child"
    os.mkfifo(child)
    task = asyncio.create_task(recent("api", cwd=tmp_path, timeout=60))
    pid = int(await asyncio.to_thread(child.read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await task
    # It was killed with its group; that the kernel has taken it away is seen a moment later.
    await asyncio.to_thread(wait_until, lambda: not _runs(pid), "the end of docker's child")


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("service", ["-f", "a b", ""])
async def test_a_name_that_no_service_can_have_is_refused(here: StandIn, tmp_path: Path, service: str) -> None:
    with pytest.raises(InputError):
        await recent(service, cwd=tmp_path)
    assert here.calls() == []


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("services: {db: {image: mysql}, back: {image: 'line/abc-user-feedback-api:1'}}", "back"),
        ("services: {db: {image: mysql}, api: {image: own}}", "api"),
        ("services: {only: {image: own}}", "only"),
        ("services: {db: {image: mysql}, mailer: {image: own, environment: [SMTP_HOST=x]}}", "mailer"),
        ("services: [", "api"),
        ("", "api"),
    ],
)
def test_the_apps_service_is_found_in_the_compose_file(text: str, service: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    below = tmp_path / "sub" / "folder"
    below.mkdir(parents=True)
    assert app_service(None, None, below, images=IMAGES, default="api") == service
    assert project_file(below) == tmp_path / "compose.yaml"


def test_where_several_could_be_the_app_the_operator_is_asked(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {one: {image: own}, two: {image: own}}")
    with pytest.raises(InputError, match="--service"):
        app_service(None, None, tmp_path, images=IMAGES, default="api")
    assert app_service("two", None, tmp_path, images=IMAGES, default="api") == "two"
    assert names(None, tmp_path) == ("one", "two")
    with pytest.raises(FileError):
        app_service(None, tmp_path / "none.yaml", tmp_path, images=IMAGES, default="api")
