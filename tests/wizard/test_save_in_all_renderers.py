"""One save on the screen, line by line and as a command: the same facts are told, and the same bytes are written."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from smtpwizard.cli.main import run
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import save
from smtpwizard.secret import MASK, Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.apply import apply_all
from smtpwizard.targets.change import Applied, Change, Consent
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Session, Target, TargetKind, WizardState
from support.apps import ABC
from support.tui import PASSWORD, quiet_services, screen_text
from support.tui_steps import VISITED, until

VARIABLES = {
    "SMTP_HOST": "smtp.acme.example",
    "SMTP_PORT": "587",
    "SMTP_SENDER": "app@acme.example",
    "SMTP_USERNAME": "ops@acme.example",
    "SMTP_TLS": "false",
    "ADMIN_WEB_URL": "https://feedback.acme.example",
}
SETTINGS = Settings.from_variables(ABC, VARIABLES)._replace(password=Secret(PASSWORD))
COMPOSE = (
    "services:\n  db:\n    image: mysql\n  api:\n    image: line/abc-user-feedback-api\n    environment:\n      A: 1\n"
)
OTHER = "B=from another program\n"

Renderer = Callable[[Target], Awaitable[str]]
"""Saves to a target, agrees to what is asked, and returns all that was shown."""


async def on_screen(target: Target) -> str:
    state = WizardState(settings=SETTINGS, visited=(*VISITED, "test"), target=target)
    app = SmtpWizard(quiet_services(), state, start="save")
    shown = []
    async with app.run_test(size=(200, 60), notifications=True) as pilot:
        while not app.state.next_command:
            await until(pilot, lambda: "Enter Write" in screen_text(app), "plan")
            shown.append(screen_text(app))
            await pilot.press("enter")
            await until(pilot, lambda: app.state.next_command or "changed by another" in screen_text(app), "answer")
        await until(pilot, lambda: "Enter Send" in screen_text(app), "end")
        shown.append(screen_text(app))
    return "\n".join(shown)


async def line_by_line(target: Target) -> str:
    said = io.StringIO()
    session = Session(quiet_services(), WizardState(settings=SETTINGS, target=target))
    console = Console(source=io.StringIO("\n" * 20), sink=said)
    assert await asyncio.to_thread(save, session, console)
    return said.getvalue()


async def as_command(target: Target) -> str:
    place = ["--env-file"] if target.kind is TargetKind.ENV_FILE else ["--compose"]
    sets = [word for name, value in VARIABLES.items() for word in ("--set", f"{name}={value}")]
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PASSWORD.encode())))
        code = run(["write", *place, str(target.path), "--preset", "custom", *sets, "--password-stdin"])
    assert code == 0, err.getvalue()
    return out.getvalue() + err.getvalue()


RENDERERS: tuple[Renderer, ...] = (on_screen, line_by_line, as_command)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("renderer", RENDERERS)
async def test_a_compose_service_is_written_alike(renderer: Renderer, folder: Path) -> None:
    path = folder / "docker-compose.yml"
    path.write_text(COMPOSE)
    shown = words(await renderer(Target(TargetKind.COMPOSE, path, "api", secret="inline")))
    assert "SMTP_HOST: smtp.acme.example" in shown
    assert "7 lines change, 7 stay." in shown
    assert "Backup: " in shown
    assert "docker-compose.yml written, read back and compared." in shown
    assert f"Next: docker compose -f {path} up -d api (restart keeps the old values)" in shown
    assert PASSWORD not in shown
    assert path.read_text() == COMPOSE + (
        '      SMTP_HOST: smtp.acme.example\n      SMTP_PORT: "587"\n      SMTP_SENDER: app@acme.example\n'
        f'      SMTP_USERNAME: ops@acme.example\n      SMTP_PASSWORD: {PASSWORD}\n      SMTP_TLS: "false"\n'
        '      ADMIN_WEB_URL: "https://feedback.acme.example"\n'
    )


@pytest.mark.parametrize("renderer", RENDERERS)
async def test_what_another_program_writes_meanwhile_stays(
    renderer: Renderer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / ".env"
    path.write_text("A=1\n")
    path.chmod(0o600)
    others = iter([OTHER])

    def with_another_program(
        changes: Sequence[Change], agreed: Callable[[Change, Consent], bool], *, backup_dir: Path | None
    ) -> tuple[Applied, ...]:
        path.write_text(path.read_text() + next(others, ""))
        return apply_all(changes, agreed, backup_dir=backup_dir)

    monkeypatch.setattr("smtpwizard.wizard.save.apply_all", with_another_program)
    shown = words(await renderer(Target(path=path)))
    assert f"B={MASK}" in shown
    assert "Read alike by docker compose, npm dotenv, python-dotenv, shells and systemd." in shown
    assert ".env written, read back and compared." in shown
    assert "Start the app anew: it reads its variables once, at its start." in shown
    assert path.read_text().startswith(f"A=1\n{OTHER}\n# Outgoing mail (SMTP)\nSMTP_HOST=smtp.acme.example\n")
    assert len(list((folder.parent / "state").rglob("*.env"))) == 1
