"""The Check step without a screen, against real servers: what a run finds, keeps and offers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from time import monotonic

import pytest

from smtpwizard.clients.transport import Origin
from smtpwizard.errors import FileError
from smtpwizard.presets.schema import PortChoice, Provider, TlsMode
from smtpwizard.probe.survey.facts import PortFacts
from smtpwizard.problems import Basis
from smtpwizard.report.probe import server_verdict, stage_lines
from smtpwizard.sandbox.scripted import SILENCE, Script, ScriptedServer, Stage, reply
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Status, Step, StepResult, Verdict
from smtpwizard.wizard.check import CheckStep
from smtpwizard.wizard.session import Session, Target, WizardState
from support.looking import Bench, closed_port, provider_with
from support.tui import PASSWORD, quiet_services
from support.tui_steps import USER, logins

BENCH = Bench()
STARTTLS = Script(starttls=True)
REFUSING = STARTTLS.but(Stage.PASSWORD, reply("535 5.7.8 bad credentials"))


def to(server: ScriptedServer, **changes: str | None) -> Settings:
    """Return settings with a login that lead to `server`."""
    return server.settings(username=USER, password=PASSWORD).with_changes(changes)


def step_for(settings: Settings, folder: Path, *, provider: Provider | None = None, timeout: float = 2.0) -> CheckStep:
    """Return the step of a walk with `settings`, the bench's authority trusted."""
    authority = folder / "ca.pem"
    authority.write_text(BENCH.certificates.ca_pem)
    services = quiet_services(ca_files=(authority,), timeout=timeout)
    state = WizardState(settings=settings, provider=provider, target=Target(path=folder / ".env"))
    return Session(services, state).step(CheckStep)


def listing(*servers: ScriptedServer) -> Provider:
    """Return a preset that lists the servers' ports."""
    return provider_with(*(PortChoice(server.port, TlsMode.STARTTLS) for server in servers))


async def through(step: CheckStep) -> list[StepResult | Report | PortFacts]:
    """Run to the end; return all that came."""
    return [item async for item in step.run()]


async def test_stages_come_first_then_the_report_then_the_ports(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        step = step_for(to(server, SMTP_PORT=str(closed_port())), tmp_path, provider=listing(server))
        came = await through(step)
        kinds = [type(item) for item in came]
        assert kinds.index(StepResult) < kinds.index(Report) < kinds.index(PortFacts)
        assert kinds.count(Report) == 1
        first = step.problems()[0]
        assert first.basis is Basis.SURVEY
        assert first.label == f"Switch to {server.port} with STARTTLS"
        assert {item.basis for item in step.problems()[1:]} <= {Basis.CATALOGUE, Basis.GENERAL}
        assert len(step.problems()) > 1
        assert logins(server) == 0  # nobody logs in to find out
        step.apply(first)
        assert step.problems() == ()
        assert isinstance((await through(step))[-1], Report)
        assert step.report is not None
        assert step.report.app.verdict is Verdict.WORKS
        assert logins(server) == 1


async def test_a_tls_port_spoken_to_in_clear_text_is_known_long_before_the_deadline(tmp_path: Path) -> None:
    with BENCH.server(Script(implicit=True)) as server:
        step = step_for(to(server, SMTP_TLS="false"), tmp_path, timeout=60.0)
        began = monotonic()
        await through(step)
        assert monotonic() - began < 30
        assert step.problems()[0].title == "TLS port spoken to in clear text"
        assert step.problems()[0].changes == {"SMTP_TLS": "true"}


async def test_a_refused_login_brings_no_survey_and_is_not_sent_again_unasked(tmp_path: Path) -> None:
    with BENCH.server(REFUSING) as server, BENCH.server(STARTTLS) as other:
        step = step_for(to(server), tmp_path, provider=listing(other))
        assert step.question is None
        await through(step)
        assert (server.connections, other.connections) == (1, 0)
        assert step.question is not None
        assert PASSWORD not in str(step.question)


@pytest.mark.parametrize("changes", [{"SMTP_PORT": "1"}, {"SMTP_CIPHER_SPEC": "TLSv1.2"}, {"SMTP_HOST": "127.0.0.1"}])
async def test_another_way_to_the_same_login_does_not_hide_that_it_was_refused(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    with BENCH.server(REFUSING) as server:
        step = step_for(to(server), tmp_path)
        await through(step)
        session = step._session
        session.update(settings=session.state.settings.with_changes(changes))
        assert step.question is not None
        session.update(settings=session.state.settings.with_changes({"SMTP_PASSWORD": Secret("another")}))
        assert step.question is None


async def test_settings_that_the_app_refuses_are_told_without_a_connection(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        step = step_for(to(server, SMTP_TLS=""), tmp_path)
        (report,) = (item for item in await through(step) if isinstance(item, Report))
        assert server.connections == 0
    assert stage_lines(report.steps)[0].name == "settings"
    assert server_verdict(report).text == "not asked"
    assert step.problems()[0].basis is Basis.SETTINGS
    assert step.concerned(step.problems()[0]) == "SMTP_TLS"


async def test_settings_from_a_file_are_judged_as_the_app_reads_that_file(tmp_path: Path) -> None:
    with BENCH.server(Script(implicit=True)) as server:
        settings = to(server, SMTP_TLS="True")  # the app's own reader makes `true` of it
        typed = step_for(settings, tmp_path)
        held = step_for(settings, tmp_path)
        held._session.update(original=settings)
        await through(typed)
        await through(held)
    assert typed._session.state.origin is Origin.ANSWERS
    assert typed.report is not None
    assert typed.report.app.verdict is Verdict.FAILS
    assert held.report is not None
    assert held.report.app.verdict is Verdict.WORKS


async def test_a_silent_server_is_told_with_its_limit(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS.but(Stage.GREETING, SILENCE)) as server:
        step = step_for(to(server), tmp_path, timeout=0.3)
        await through(step)
    assert step.report is not None
    failed = step.report.failed
    assert failed is not None
    assert (failed.step, failed.status) == (Step.GREETING, Status.FAILED)
    assert "0.3 s" in failed.summary


async def test_stopped_in_the_survey_it_keeps_what_the_stages_found(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS.but(Stage.GREETING, SILENCE)) as silent:
        step = step_for(to(silent, SMTP_PORT=str(closed_port())), tmp_path, provider=listing(silent), timeout=10.0)
        async with aclosing(step.run()) as results:
            async for item in results:
                if isinstance(item, Report):
                    break
            assert step.running is not None
            assert step.running.surveying
            assert step.report is None
        assert step.running is None
        assert step.report is not None
        assert step._session.state.survey is None


async def test_cancelled_in_the_survey_it_leaves_no_task_behind(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS.but(Stage.GREETING, SILENCE)) as silent:
        step = step_for(to(silent, SMTP_PORT=str(closed_port())), tmp_path, provider=listing(silent), timeout=60.0)
        asking = asyncio.Event()

        async def go() -> None:
            async for item in step.run():
                if isinstance(item, Report):
                    asking.set()

        task = asyncio.create_task(go())
        await asking.wait()
        began = monotonic()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert monotonic() - began < 30  # 200 ms, and a loaded machine
        assert [item for item in asyncio.all_tasks() if item is not asyncio.current_task()] == []


async def test_stopped_in_the_stages_it_keeps_nothing(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS.but(Stage.GREETING, SILENCE)) as server:
        step = step_for(to(server), tmp_path)
        async with aclosing(step.run()) as results:
            async for _ in results:
                step.stop()
                break
    assert step.running is None
    assert step.report is None
    assert step.problems() == ()


async def test_an_authority_that_cannot_be_read_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    with BENCH.server(STARTTLS) as server:
        step = step_for(to(server), tmp_path)
        step._session.services.ca_files = (tmp_path / "none.pem",)
        with pytest.raises(FileError):
            step.begin()
        assert server.connections == 0
    assert step.running is None
