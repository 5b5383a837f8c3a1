"""One check on the screen, line by line and as a command: the same facts are told, and the same repairs offered."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from smtpwizard.cli.main import run
from smtpwizard.probe.verdict import Options
from smtpwizard.problems import Problem
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import check
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from smtpwizard.settings import Settings
from smtpwizard.targets.block import block
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.steps.check import CheckStep
from smtpwizard.wizard.check import Check
from smtpwizard.wizard.session import Services, Session, Target, WizardState
from support.looking import Bench
from support.tui import PASSWORD, quiet_services, screen_text
from support.tui_steps import USER, VISITED, finished, until

BENCH = Bench()
STARTTLS = Script(starttls=True)
SECONDS = 3.0
"""For each stage: a wrong TLS mode is known after one second of silence."""


class Case(NamedTuple):
    """A server, the settings that lead to it, and what every renderer must say of the two."""

    script: Script
    changes: dict[str, str]
    server: str
    """The verdict on the server."""
    fails: str
    """The app's error."""
    stage: str
    """The failed stage and what was said there."""
    first: str
    """The title of the likeliest cause."""


CASES = {
    "a refused login": Case(
        STARTTLS.but(Stage.PASSWORD, reply("535 5.7.8 Error: authentication failed")),
        {},
        "answers, refuses at auth",
        "will fail",
        "535 5.7.8 Error: authentication failed",
        "User name or password refused (535 5.7.8)",
    ),
    "a wrong TLS mode": Case(
        STARTTLS,
        {"SMTP_TLS": "true"},
        "stops at tls",
        "will fail",
        "TLS handshake failed: wrong version number",
        "Clear-text port spoken to in TLS",
    ),
    "a refused sender after STARTTLS": Case(
        STARTTLS.but(Stage.MAIL, reply("553 5.7.1 Sender address rejected: not owned by user")),
        {},
        "answers, refuses at mail",
        "will fail",
        "553 5.7.1 Sender address rejected",
        "Sender that the login does not own (553 5.7.1)",
    ),
}

Renderer = Callable[[Settings, Path], Awaitable[str]]
"""Checks settings and returns all that was shown, every cause among it."""


def services(folder: Path) -> Services:
    authority = folder / "ca.pem"
    authority.write_text(BENCH.certificates.ca_pem)
    return quiet_services(ca_files=(authority,), timeout=SECONDS)


def state(settings: Settings, folder: Path) -> WizardState:
    target = Target(path=folder / ".env")
    return WizardState(settings=settings, original=settings, visited=VISITED, target=target)


async def on_screen(settings: Settings, folder: Path) -> str:
    app = SmtpWizard(services(folder), state(settings, folder), start="test")
    async with app.run_test(size=(139, 60), notifications=True) as pilot:
        await finished(pilot, app)
        await until(pilot, lambda: app.query_one(CheckStep).board.card.current, "cause")
        shown = [screen_text(app)]
        for _ in app.query_one(CheckStep).model.problems()[1:]:
            await pilot.press("right")
            await pilot.pause()
            shown.append(screen_text(app))
    return "\n".join(shown)


async def line_by_line(settings: Settings, folder: Path) -> str:
    said = io.StringIO()
    console = Console(source=io.StringIO("0\n" * 3), sink=said)  # an answer that is none, then the end of the input
    session = Session(services(folder), state(settings, folder))
    with pytest.raises(Exception, match="input ended"):
        await asyncio.to_thread(check, session, console)
    return said.getvalue()


async def as_command(settings: Settings, folder: Path) -> str:
    made = services(folder)
    (folder / ".env").write_text(block(settings.to_variables(), "env"))
    out, err = io.StringIO(), io.StringIO()
    flags = ["--env-file", str(folder / ".env"), "--ca-file", str(made.ca_files[0]), "--timeout", str(SECONDS)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        code = await asyncio.to_thread(run, ["check", *flags])
    assert code == 1
    assert err.getvalue() == ""
    return out.getvalue()


RENDERERS = {"screen": on_screen, "prompts": line_by_line, "command": as_command}


def to(server: ScriptedServer, changes: dict[str, str]) -> Settings:
    return server.settings(username=USER, password=PASSWORD).with_changes(changes)


def words(text: str) -> str:
    """Return a text as one line of words: screens wrap, and frames stand between."""
    return " ".join(text.replace("│", " ").replace("▌", " ").split())


async def causes(settings: Settings, folder: Path) -> tuple[Problem, ...]:
    """Return what the model says of a run with `settings`."""
    made = services(folder)
    check = Check(settings, Options(timeout=SECONDS, ca_files=made.ca_files, app_name=made.app.name))
    async for _ in check.run():
        pass
    assert check.outcome is not None
    return check.outcome.problems()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("renderer", RENDERERS.values(), ids=RENDERERS)
async def test_one_check_is_told_alike(case: Case, renderer: Renderer, tmp_path: Path) -> None:
    with BENCH.server(case.script) as server:
        settings = to(server, case.changes)
        problems = await causes(settings, tmp_path)
        shown = words(await renderer(settings, tmp_path))
    # The screen has the client's code in the dialogue only (F4); it says it in a word and in a badge.
    fails = "✗ The app will fail" if renderer is on_screen else case.fails
    for fact in (case.server, fails, case.stage):
        assert fact in shown
    assert renderer is not on_screen or "✗ FAILS" in shown
    assert problems[0].title == case.first
    for problem in problems:
        for part in (problem.title, problem.cause, problem.remedy):
            assert words(part).rstrip(".") in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("renderer", RENDERERS.values(), ids=RENDERERS)
async def test_one_repair_is_offered_by_all(renderer: Renderer, tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        shown = words(await renderer(to(server, {"SMTP_TLS": "true"}), tmp_path))
    repair = {on_screen: "Enter Set SMTP_TLS=false and test again", line_by_line: "1 Set SMTP_TLS=false and test again"}
    assert repair.get(renderer, "→ SMTP_TLS=false") in shown
    assert "Set SMTP_PORT" not in shown
    assert "→ SMTP_PORT" not in shown


@pytest.mark.parametrize("renderer", RENDERERS.values(), ids=RENDERERS)
async def test_starttls_that_was_used_is_not_called_missing(renderer: Renderer, tmp_path: Path) -> None:
    case = CASES["a refused sender after STARTTLS"]
    with BENCH.server(case.script) as server:
        shown = words(await renderer(to(server, {}), tmp_path))
    assert "STARTTLS not offered" not in shown
    assert "in clear text" not in shown
    assert "SMTP_PORT=465" not in shown
