"""Draw every step at 80×24 and 120×36 into docs/screenshots, as SVG. The same on every machine and every run.

The practice server and a played Gmail are real servers on the loopback; only what differs from run to run is made
steady: times, ports, queue ids, arrival codes, the date in a backup's name.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

from textual.pilot import Pilot
from textual.widgets import Input

from smtpwizard import probe
from smtpwizard.mail import messages
from smtpwizard.outputs import env_plan
from smtpwizard.preset_schema import Provider
from smtpwizard.probe import engine
from smtpwizard.probe.options import Options
from smtpwizard.probe.results import Report, Step, StepResult
from smtpwizard.sandbox import PracticeServer
from smtpwizard.sandbox.certificates import make
from smtpwizard.sandbox.script import Script, Stage, reply
from smtpwizard.sandbox.scripted import ScriptedServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.services import Services
from smtpwizard.tui.state import WizardState
from smtpwizard.tui.steps import send_run

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
SIZES: Final = ((80, 24), (120, 36))
PORT: Final = 2525
"""Of the practice server: fixed, since it stands in the pictures."""

ENV_FILE: Final = """\
# database
MYSQL_PRIMARY_URL=mysql://userfeedback@mysql:3306/userfeedback

# mail
SMTP_HOST=localhost
SMTP_PORT=25
SMTP_SENDER=noreply@localhost

# the app
ADMIN_WEB_URL=https://feedback.acme.example
"""

TIMES: Final = {Step.RESOLVE: 12, Step.CONNECT: 31, Step.GREETING: 22, Step.STARTTLS: 38, Step.AUTH: 210}
"""Milliseconds in the pictures; every other stage takes 21."""

GMAIL: Final = Settings(
    host="smtp.gmail.com",
    port="587",
    sender="you@gmail.com",
    username="you@gmail.com",
    password=Secret("abcdefghijklmnop"),
    tls="false",
    opportunistic_tls="true",
    admin_web_url="https://feedback.acme.example",
)

PLAYED: Final = (
    Script(starttls=True, clear_login=False, keywords=("SIZE 35882577",), mechanisms=("LOGIN", "PLAIN", "XOAUTH2"))
    .but(Stage.GREETING, reply("220 smtp.gmail.com ESMTP a640c23a62f3a - gsmtp"))
    .but(
        Stage.PASSWORD,
        reply(
            "534-5.7.9 Application-specific password required. For more information, go to",
            "534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor a640c23a62f3a - gsmtp",
        ),
    )
)


@dataclass
class Played:
    """Where the played Gmail really listens, and what the pictures say instead."""

    port: int
    ca_pem: str

    def disguise(self, text: str) -> str:
        """Return `text` with the loopback as one of Gmail's addresses."""
        text = text.replace(f"127.0.0.1:{self.port}", "142.250.27.109:587")
        text = text.replace("certificate 127.0.0.1", "certificate smtp.gmail.com")
        return text.replace("127.0.0.1", "142.250.27.109")


class SteadyProbe(engine.Probe):
    """The real probe with steady times and ids; for smtp.gmail.com it connects to the played one."""

    played: Played

    def __init__(
        self, settings: Settings, options: Options, *, provider: Provider | None = None, message: Any = None
    ) -> None:
        self._gmail = settings.host == GMAIL.host
        if self._gmail:
            settings = settings.with_changes({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.played.port)})
            options = replace(options, extra_ca_pem=self.played.ca_pem)
        super().__init__(settings, options, provider=provider, message=message)

    async def steps(self) -> AsyncGenerator[StepResult, None]:
        async for step in super().steps():
            yield self._steady(step)

    def report(self) -> Report:
        report = super().report()
        sent = tuple(
            replace(message, queued_as=f"173225{place}", response=f"250 2.0.0 Ok: queued as 173225{place}")
            for place, message in enumerate(report.messages)
        )
        return replace(report, steps=tuple(self._steady(step) for step in report.steps), messages=sent)

    def _steady(self, step: StepResult) -> StepResult:
        summary = self.played.disguise(step.summary) if self._gmail else step.summary
        ms = None if step.ms is None else float(TIMES.get(step.step, 21))
        return replace(step, summary=summary, ms=ms)


Walk = Callable[[Pilot[WizardState], SmtpWizard], Awaitable[None]]


async def wait_for(pilot: Pilot[WizardState], condition: Callable[[], object]) -> None:
    """Let the app run until `condition` holds; TimeoutError after 20 s."""
    deadline = monotonic() + 20
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError("a picture did not come about")
        await pilot.pause()
    await pilot.pause()


async def typed(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
    """The provider step with two letters typed."""
    await wait_for(pilot, lambda: app.state.step == "provider")
    await pilot.press("g", "m")
    await pilot.pause()


async def shown(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
    """A step as it stands on entry, its background work done."""
    await wait_for(pilot, lambda: app.current is not None)
    await app.workers.wait_for_complete()
    await pilot.pause()


async def ended(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
    """The test, ended."""
    await wait_for(pilot, lambda: app.state.fresh_report is not None)


async def arrived(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
    """Two mails sent, the code of the first typed back."""
    await shown(pilot, app)
    await pilot.press("down", "down", "space", "enter")
    await wait_for(pilot, lambda: len(app.state.sent) == 2)
    await pilot.press(*(app.state.sent[0].code or ""))
    await wait_for(pilot, lambda: app.state.confirmed)


def pictures(services: Services, practice: PracticeServer) -> dict[str, tuple[str, WizardState, Walk]]:
    """Return name → step, state and walk of every picture."""
    gmail = WizardState(settings=GMAIL, provider=services.presets.provider("gmail"))
    settings = practice.settings().with_changes({"ADMIN_WEB_URL": GMAIL.admin_web_url})
    own = WizardState(settings=settings, provider=services.presets.provider("practice"), practice=practice)
    report = asyncio.run(probe.run(settings, services.options(own), provider=own.provider))
    tested = own.changed(report=report, tested=settings)
    steps = ("provider", "settings", "test", "save", "send")

    def at(state: WizardState, step: str) -> WizardState:
        return state.changed(visited=steps[: steps.index(step)])

    return {
        "1-provider": ("provider", WizardState(), typed),
        "2-settings": ("settings", at(gmail, "settings"), shown),
        "3-test": ("test", at(own, "test"), ended),
        "3-test-failed": ("test", at(gmail, "test"), ended),
        "4-save": ("save", at(tested, "save"), shown),
        "5-send": ("send", at(tested.changed(saved=settings), "send"), arrived),
    }


async def draw(name: str, step: str, state: WizardState, walk: Walk, size: tuple[int, int]) -> None:
    """Run one walk and write its picture."""
    codes = itertools.cycle(("418205", "730164", "255917"))
    vars(messages)["new_code"] = lambda: next(codes)
    ticks = itertools.count(0, 0.19)
    vars(send_run)["monotonic"] = lambda: next(ticks)  # a clock of 190 ms a tick
    app = SmtpWizard(Services(), state, start=step)
    async with app.run_test(size=size) as pilot:
        await walk(pilot, app)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()
        picture = app.export_screenshot(title="smtpwizard")
    file = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
    file.write_text(picture)
    print(file.relative_to(FOLDER.parents[1]))  # says what it made


def main() -> None:
    """Draw all pictures in a temporary project folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    vars(probe)["Probe"] = SteadyProbe  # the steps import it from there when they run
    vars(env_plan)["backup_name"] = lambda path, at: "2026-11-22-071733.env"
    ca_pem, tls = make()
    with tempfile.TemporaryDirectory() as folder, ScriptedServer(PLAYED, tls=tls) as gmail:
        os.chdir(folder)
        Path(".env").write_text(ENV_FILE)
        Path(".env").chmod(0o600)
        Path("docker-compose.yml").write_text("services:\n  api:\n    image: line/abc-user-feedback-api\n")
        SteadyProbe.played = Played(gmail.port, ca_pem)
        for size in SIZES:
            with PracticeServer(port=PORT) as practice:
                for name, (step, state, walk) in pictures(Services(), practice).items():
                    asyncio.run(draw(name, step, state, walk, size))
        os.chdir(FOLDER)


if __name__ == "__main__":
    main()
