"""Draw every step at 80×24 and 120×36 into docs/screenshots, as SVG. The same on every machine and every run.

The practice server and a played Gmail are real servers on the loopback; only what differs from run to run is made
steady: times, ports, queue ids, arrival codes, the date in a backup's name. What name servers, a mailbox and docker
answer is prepared: see prepared_answers.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

import prepared_answers
from textual.pilot import Pilot
from textual.widgets import Input

from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.mail import messages
from smtpwizard.presets.schema import Provider
from smtpwizard.probe import engine
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.certificates import make
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, SentMessage, Step, StepResult
from smtpwizard.targets.change import Change
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.tui.steps.send import CodeEntry
from smtpwizard.wizard.questions import begin
from smtpwizard.wizard.session import SentMail, Services, Target, TargetKind, WizardState
from support.apps import ABC

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
    ABC,
    host="smtp.gmail.com",
    port="587",
    sender="you@gmail.com",
    username="you@gmail.com",
    password=Secret("abcdefghijklmnop"),
    security="false",
    opportunistic="true",
    url="https://feedback.acme.example",
)

SENDGRID: Final = Settings(
    ABC,
    host="smtp.sendgrid.net",
    port="587",
    sender="noreply@acme.example",
    username="apikey",
    password=Secret("SG.abcdefghijklmnopqrstuv.wxyz"),
    security="false",
    opportunistic="true",
    url="https://feedback.acme.example",
)

READER: Final = "reader@acme.example"
CODES: Final = ("418205", "730164", "255917")

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


def _numbered(messages: Sequence[SentMessage]) -> tuple[SentMessage, ...]:
    """Return messages with steady queue ids and times."""
    return tuple(
        message._replace(queued_as=f"173225{place}", response=f"250 2.0.0 Ok: queued as 173225{place}", ms=190.0)
        for place, message in enumerate(messages)
    )


class SteadyProbe(engine.Probe):
    """The real probe with steady times and ids; for smtp.gmail.com it connects to the played one."""

    played: Played

    def __init__(
        self, settings: Settings, options: Options, *, provider: Provider | None = None, message: Any = None
    ) -> None:
        self._gmail = settings.host == GMAIL.host
        if self._gmail:
            settings = settings.with_changes({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.played.port)})
            options = options._replace(extra_ca_pem=self.played.ca_pem)
        super().__init__(settings, options, provider=provider, message=message)

    async def steps(self) -> AsyncGenerator[StepResult, None]:
        async for step in super().steps():
            yield self._steady(step)

    def report(self) -> Report:
        report = super().report()
        return report._replace(
            steps=tuple(self._steady(step) for step in report.steps), messages=_numbered(report.messages)
        )

    @property
    def sent(self) -> tuple[SentMessage, ...]:
        return _numbered(super().sent)

    def _steady(self, step: StepResult) -> StepResult:
        summary = self.played.disguise(step.summary) if self._gmail else step.summary
        ms = None if step.ms is None else float(TIMES.get(step.step, 21))
        return step._replace(summary=summary, ms=ms)


Walk = Callable[[Pilot[WizardState], SmtpWizard], Awaitable[None]]


@dataclass
class Picture:
    """What is drawn: where the walk begins, with which state and services, and how it goes on."""

    step: str
    state: WizardState
    walk: Walk
    services: Services = field(default_factory=Services)


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
    """All three mails sent, and found in the practice server's inbox."""
    await shown(pilot, app)
    await pilot.press("enter")
    await wait_for(pilot, lambda: len(app.state.arrived) == 3)


async def in_mailbox(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
    """A mailbox opened, and all three mails found in it."""
    await shown(pilot, app)
    app.query_one(CodeEntry).focus()
    await pilot.press("f8", "tab", "tab", "tab", *"password", "enter")
    await wait_for(pilot, lambda: len(app.state.arrived) == 3)


def pressed(key: str) -> Walk:
    """A key pressed on entry, and its screen filled."""

    async def walk(pilot: Pilot[WizardState], app: SmtpWizard) -> None:
        await shown(pilot, app)
        await pilot.press(key)
        await app.workers.wait_for_complete()
        await pilot.pause()

    return walk


def sent_by(app: AppProfile) -> tuple[SentMail, ...]:
    """Return the app's mails as if SendGrid had taken them."""
    return tuple(
        SentMail(mail.name, mail.title, READER, SentMessage(f"<{place}@acme.example>", None, "250 Ok"), code)
        for place, (mail, code) in enumerate(zip(app.mails, CODES, strict=True))
    )


def pictures(services: Services, practice: PracticeServer) -> dict[str, Picture]:
    """Return every picture by name."""
    gmail = WizardState(settings=GMAIL, provider=services.presets.provider("gmail"))
    settings = practice.settings().with_changes({"ADMIN_WEB_URL": GMAIL.url})
    own = WizardState(settings=settings, provider=services.presets.provider("practice"), practice=practice)
    report = engine.Probe(settings, services.options(own), provider=own.provider).run_blocking()
    tested = own.changed(report=report, tested=settings)
    steps = ("provider", "settings", "test", "save", "send")

    def at(state: WizardState, step: str) -> WizardState:
        return state.changed(visited=steps[: steps.index(step)])

    relay = services.presets.provider("sendgrid")
    relayed = WizardState(
        settings=SENDGRID, saved=SENDGRID, provider=relay, recipient=READER, report=report, tested=SENDGRID
    )
    waiting = at(relayed.changed(sent=sent_by(services.app)), "send")
    answering = Services(
        check_sender=prepared_answers.sender, open_mailbox=prepared_answers.mailbox, recent_log=prepared_answers.log
    )
    vault = Services(app_id="vaultwarden", app_why="found in compose.yaml")
    values = {Role.USERNAME: "you@gmail.com", Role.PASSWORD: "abcdefghijklmnop", Role.URL: "https://vault.example.com"}
    settings_of_vault = begin(gmail.provider, Settings(vault.app)).with_changes(
        {**values, Role.SENDER: "you@gmail.com"}
    )
    compose = Target(TargetKind.COMPOSE, Path("compose.yaml"), "vaultwarden")
    recognised = WizardState(settings=settings_of_vault, provider=gmail.provider, target=compose)
    return {
        "1-provider": Picture("provider", WizardState(), typed),
        "2-settings": Picture("settings", at(gmail, "settings"), shown),
        "2-settings-vaultwarden": Picture("settings", at(recognised, "settings"), shown, vault),
        "3-test": Picture("test", at(own, "test"), ended),
        "3-test-failed": Picture("test", at(gmail, "test"), ended),
        "4-save": Picture("save", at(tested, "save"), shown),
        "5-send": Picture("send", at(tested.changed(saved=settings), "send"), arrived),
        "5-send-mailbox": Picture("send", waiting, in_mailbox, answering),
        "5-send-missing": Picture("send", waiting, pressed("f6"), answering),
        "5-send-app-log": Picture("send", waiting, pressed("f9"), answering),
    }


async def draw(name: str, picture: Picture, size: tuple[int, int]) -> None:
    """Run one walk and write its picture."""
    codes = itertools.cycle(CODES)
    vars(messages)["new_code"] = lambda: next(codes)
    app = SmtpWizard(picture.services, picture.state, start=picture.step)
    async with app.run_test(size=size) as pilot:
        await picture.walk(pilot, app)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()
        drawn = app.export_screenshot(title="smtpwizard")
    file = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
    file.write_text(drawn)
    print(file.relative_to(FOLDER.parents[1]))  # says what it made


def main() -> None:
    """Draw all pictures in a temporary project folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ["TZ"] = "UTC"  # times of a log are shown in this machine's zone
    time.tzset()
    vars(engine)["Probe"] = SteadyProbe  # the steps import it from there when they run
    setattr(Change, "backup_name", "2026-11-22-071733.env")  # noqa: B010  # in place of a property
    ca_pem, tls = make()
    with tempfile.TemporaryDirectory() as folder, ScriptedServer(PLAYED, tls=tls) as gmail:
        os.chdir(folder)
        Path(".env").write_text(ENV_FILE)
        Path(".env").chmod(0o600)
        Path("docker-compose.yml").write_text("services:\n  api:\n    image: line/abc-user-feedback-api\n")
        SteadyProbe.played = Played(gmail.port, ca_pem)
        for size in SIZES:
            with PracticeServer(port=PORT) as practice:
                for name, picture in pictures(Services(), practice).items():
                    asyncio.run(draw(name, picture, size))
        os.chdir(FOLDER)


if __name__ == "__main__":
    main()
