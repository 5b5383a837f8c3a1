"""Step 3, Check: the dialogue stage by stage, the survey of the server where it leaves something open, and the causes.

`Check` is one run and needs nothing of the walk: the command line uses it alone. `CheckStep` is the step: it keeps the
promises (a refused login is not sent again unasked, a pause is kept) and puts the outcome into the session's state.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from pathlib import PurePath
from time import monotonic, strftime
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.profile import Role
from smtpwizard.clients.model import UNKNOWN_AUTHORITY
from smtpwizard.clients.transport import Origin
from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind, Provider
from smtpwizard.problems import NO_CHANGES, Basis, Changes, Problem, Severity, repair_label
from smtpwizard.records import NamedTuple
from smtpwizard.smtp import net as network
from smtpwizard.smtp.results import OutgoingMessage, Report, SentMessage, Status, Step, StepResult, Verdict

if TYPE_CHECKING:
    from smtpwizard.probe.survey.facts import PortFacts, SurveyResult
    from smtpwizard.probe.verdict import Options
    from smtpwizard.report.lines import Line
    from smtpwizard.sandbox.rehearsal import Rehearsed
    from smtpwizard.settings import Settings
    from smtpwizard.wizard.login_guard import Pause
    from smtpwizard.wizard.session import Session, WizardState


OWN_SERVER: Final = "smtpwizard-practice"
"""The practice server as a provider's id: no entry has it, so nobody else's words are read into its replies."""

ELSEWHERE: Final = frozenset({"no-name-service", "name-withheld", "name-of-a-container"})
"""Causes that nothing in the settings repairs."""
_MISSPELT: Final = "host-not-found"
_IN_CLEAR: Final = "starttls-not-offered"
"""Catalogue entries that are untrue of a name that is spelt right, and of a server that gets no password."""
_OF_A_NAME: Final = {"known-host-not-found", "host-without-a-dot"}
"""What the catalogue says of a name that was not found, and the run itself knows better: see ELSEWHERE."""
_WITH_OWN_HOST: Final = (Kind.RELAY, Kind.MAILBOX, Kind.HOSTING, Kind.TEST)

_MOST: Final = 6
"""Causes to turn through; the likeliest come first, and nobody tries the seventh."""


CONTROL: Final = "example.com"
"""A name that every name server on the internet knows: IANA keeps it for such uses (RFC 2606)."""
_CONTROL_SECONDS: Final = 3.0


async def control_known() -> bool:
    """Say whether this machine's name server knows a name that exists for sure. Takes 3 s at most."""
    from smtpwizard.background import in_daemon_thread  # asked only where a host was not found

    try:
        return bool(
            await in_daemon_thread(lambda: network.look_up(CONTROL), timeout=_CONTROL_SECONDS, name="control look-up")
        )
    except (OSError, TimeoutError, SmtpWizardError):
        return False


class Check:
    """One run with one set of settings, and what is known of its outcome. Can be run once."""

    def __init__(
        self,
        settings: Settings,
        options: Options,
        *,
        provider: Provider | None = None,
        service: str = "api",
        messages: Sequence[OutgoingMessage] = (),
        surveys: bool = True,
        stops: bool = False,
        rehearsed: Rehearsed | None = None,
    ) -> None:
        """Prepare; FileError where a certificate authority of the options cannot be read.

        `messages` are sent. `service` is the app's compose service. Without `surveys` the server's other ports are not
        asked. `stops`: where the first message is refused for good, the others are not tried.
        `rehearsed` is the failure that the practice server plays.
        """
        # 60 ms of ssl and asyncio streams that no earlier step needs.
        from smtpwizard.probe.engine import Probe

        self._probe = Probe(settings, options, provider=provider, message=messages)
        self.settings, self.options, self.provider = settings, options, provider
        self._service, self._surveys, self._rehearsed = service, surveys and rehearsed is None, rehearsed
        self._stops = stops
        self.results: list[StepResult] = []
        """The stages that have ended."""
        self.report: Report | None = None
        """The report, once all stages have ended."""
        self.ports: list[PortFacts] = []
        """What the survey has seen so far."""
        self.survey: SurveyResult | None = None
        """What the survey brought, once it has ended; None where nothing was asked."""
        self.control: bool | None = None
        """Where the host was not found: whether the name server knows a name that exists for sure."""
        self.since = monotonic()
        """When the stages began, then the survey."""

    @property
    def surveying(self) -> bool:
        """Whether the stages have ended and the server's other ports are asked, without user and password."""
        report = self.report
        if report is None or not self._surveys or (report.failed is None and report.app.verdict is Verdict.WORKS):
            return False
        from smtpwizard.probe.survey.facts import is_useful  # a run that went well does without

        return is_useful(report)

    @property
    def due(self) -> int:
        """How many messages are to be sent."""
        return self._probe.due

    @property
    def sent(self) -> tuple[SentMessage, ...]:
        """What has become of the messages so far."""
        return self._probe.sent

    @property
    def survey_seconds(self) -> float:
        """The survey's deadline."""
        from smtpwizard.probe.survey.facts import TOTAL_SECONDS

        return min(TOTAL_SECONDS, self.options.timeout)

    async def run(self) -> AsyncGenerator[StepResult | Report | PortFacts, None]:
        """Yield each stage as it ends, the report, then each port that the survey has cleared up.

        Never raises for what a server or the network does. Closing it closes every connection.
        """
        async with aclosing(self._probe.steps()) as steps:
            async for step in steps:
                self.results.append(step)
                yield step
                if self._stops and _is_refused(step) and not any(item.accepted for item in self.sent):
                    break
        report = self._probe.report()
        self.control = await control_known() if self._lost(report) else None
        self.report, self.since = report, monotonic()
        yield report
        if self.surveying:
            async with aclosing(self._survey(report)) as ports:
                async for port in ports:
                    yield port

    def run_blocking(self) -> Iterator[StepResult | Report]:
        """Do the same in the current thread, the stages without an event loop: half the time to start."""
        for step in self._probe.steps_blocking():
            self.results.append(step)
            yield step
        report = self._probe.report()
        if self._lost(report):
            import asyncio

            self.control = asyncio.run(control_known())
        self.report = report
        yield report
        if self.surveying:
            import asyncio

            asyncio.run(_through(self._survey(report)))

    def _lost(self, report: Report) -> bool:
        """Say whether a name was not found that may well exist: a service of a compose file has no dot."""
        failed, host = report.failed, self.settings.host or ""
        return failed is not None and failed.step is Step.RESOLVE and "." in host and self._rehearsed is None

    async def _survey(self, report: Report) -> AsyncGenerator[PortFacts, None]:
        import asyncio

        from smtpwizard.probe.survey.survey import run_survey

        found: asyncio.Queue[PortFacts | None] = asyncio.Queue()
        look = run_survey(
            report,
            self.settings,
            self.options,
            provider=self.provider,
            service=self._service,
            timeout=self.survey_seconds,
            on_port=found.put_nowait,
        )
        task = asyncio.get_running_loop().create_task(look)
        task.add_done_callback(lambda _: found.put_nowait(None))
        try:
            while (port := await found.get()) is not None:
                self.ports.append(port)
                yield port
            self.survey = task.result()
        except SmtpWizardError:
            pass  # an authority's file has vanished since the stages: the survey has nothing to add
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    @property
    def outcome(self) -> Outcome | None:
        """What the run has brought; None while the stages last."""
        if self.report is None:
            return None
        run = self.report, self.settings, self.provider, self.survey, self._rehearsed
        return Outcome(*run, origin=self.options.origin, control=self.control)


async def _through(ports: AsyncIterator[PortFacts]) -> None:
    async for _ in ports:
        pass


def _is_refused(step: StepResult) -> bool:
    """Say whether a message was refused for good (RFC 5321: 5yz)."""
    code = step.reply.code if step.reply is not None else None
    return step.message is not None and step.status is Status.FAILED and (code or 0) >= 500


class Outcome(NamedTuple):
    """What a run has brought, and why."""

    report: Report
    settings: Settings
    provider: Provider | None = None
    survey: SurveyResult | None = None
    rehearsed: Rehearsed | None = None
    """The failure that the practice server played."""
    origin: Origin | None = None
    control: bool | None = None
    """As `Check.control`."""

    def problems(self) -> tuple[Problem, ...]:
        """Return why the app will not work, or what else is to be known of the run: the best first.

        What the survey saw at the server leads; then comes the catalogue. For the lint stage they are the findings
        that are errors. Where the app will work there are only those that the catalogue knows as bad news all the same.
        """
        report = self.report
        if report.failed is not None and report.failed.step is Step.LINT:
            errors = tuple(item for item in self._findings() if item.severity is Severity.ERROR)
            return errors or (_from_verdict(report),)
        seen = (*self.of_the_name(), *(self.survey.proposals if self.survey is not None else ()))
        proposed = [item.changes for item in seen if item.changes]
        known = [item for item in self.diagnoses() if not item.changes or item.changes not in proposed]
        if not (seen or known) and not report.works:
            return (_from_verdict(report),)
        return (*seen, *known)[:_MOST]

    @property
    def _own_name(self) -> bool:
        """Whether the host is the provider's own, as its preset has it."""
        provider = self.provider
        hosts = () if provider is None else (provider.host, *(region.host for region in provider.regions))
        return bool(self.settings.host) and (self.settings.host or "").lower() in hosts

    def of_the_name(self) -> Iterator[Problem]:
        """Yield what can be told of a host that was not found: whose name it is, and whether any name is known here."""
        if self.report.failed is None or self.report.failed.step is not Step.RESOLVE:
            return
        host, provider, variable = self.settings.shown_host, self.provider, self.settings.app.variable(Role.HOST)
        own = (
            f"{host} is {provider.name}'s own name and spelt right. " if provider is not None and self._own_name else ""
        )
        if "." not in host and self.rehearsed is None and host != "localhost":
            cause = f"{host} is a name of docker's network: containers beside it know it, this machine does not."
            remedy = "Save it all the same and test in the app's container: smtpwizard check --inside."
            title = f"{host} is known to containers only"
            yield Problem("name-of-a-container", Severity.ERROR, title, cause, remedy, basis=Basis.SURVEY)
            return
        where = f"Try `getent hosts {host}`, here and in the app's container; run the wizard where the app runs."
        if self.control is False:
            cause = (
                f"{own}This machine's name server knows neither it nor {CONTROL}: there is no internet here, only a "
                "proxy, or its DNS is broken."
            )
            yield Problem(
                "no-name-service", Severity.ERROR, "Offline, or no working DNS here", cause, where, basis=Basis.SURVEY
            )
        elif self.control and own:
            cause = (
                f"{own}This machine's name server knows other names: a filter, or a company's DNS, withholds this one."
            )
            yield Problem("name-withheld", Severity.ERROR, f"{host} is withheld", cause, where, basis=Basis.SURVEY)
        if provider is not None and provider.host and not own and provider.kind in _WITH_OWN_HOST:
            changes: Changes = {variable: provider.host}
            yield Problem(
                "not-the-providers-host",
                Severity.ERROR,
                f"{host} is not the server of {provider.name}",
                f"{provider.name}'s is {provider.host}.",
                variables=(variable,),
                changes=changes,
                label=repair_label(changes),
                basis=Basis.SURVEY,
            )

    def diagnoses(self) -> tuple[Problem, ...]:
        """Return the catalogue's causes for the run as a whole, best first; a repair seen not to help is taken away.

        Where every stage just passed nothing is looked up: reading the catalogue takes as long as the whole dialogue.
        """
        if not (self.rehearsed or _remarkable(self.report)):
            return ()
        from smtpwizard.diagnosis.explain import explain_steps

        named: Provider | str | None = self.provider
        settings = self.settings
        if self.provider is not None and self.provider.kind is Kind.PRACTICE:
            named = OWN_SERVER if self.rehearsed is None else self.rehearsed.provider
            settings = settings if self.rehearsed is None else self.rehearsed.explained_settings(settings)
        found = explain_steps(self.report.steps, provider=named, settings=settings)
        untrue = {_MISSPELT} if self._own_name and self.control is not None else set()
        untrue |= _OF_A_NAME if any(item.id in ELSEWHERE for item in self.of_the_name()) else set()
        untrue |= {_IN_CLEAR} if self.report.works and not (settings.username and settings.password) else set()
        linked = (item._replace(link=link_of(item, self.provider)) for item in found if item.id not in untrue)
        return tuple(
            item._replace(changes=NO_CHANGES, label="") if self._refuted(item.changes) else item for item in linked
        )

    def _refuted(self, changes: Changes) -> bool:
        """Say whether `changes` lead to a port that was asked and would not do."""
        port = changes.get(self.settings.app.variable(Role.PORT))
        ports = self.survey.ports if self.survey is not None else ()
        return any(str(item.port) == port and not item.usable for item in ports)

    def _findings(self) -> Iterable[Problem]:
        # Judging settings is instant, but the room is loaded only where it is needed.
        from smtpwizard.lint.check import findings

        return findings(self.settings, provider=self.provider, origin=self.origin or Origin.ANSWERS)


def _remarkable(report: Report) -> bool:
    """Say whether a stage has more to tell than that it passed."""
    return not report.works or any(
        step.status in (Status.FAILED, Status.WARNED)
        # 254 after the message says that the recipient is suppressed (failure D5).
        or (step.step is Step.DATA and step.reply is not None and step.reply.code != 250)
        for step in report.steps
    )


def _from_verdict(report: Report) -> Problem:
    """Return what can be said where nothing in the catalogue fits: the verdict's own sentence."""
    step = report.failed
    title = f"{step.step.value}: {step.summary}" if step else report.app.sentence
    cause = report.app.sentence if step else ""
    return Problem("verdict", Severity.ERROR, title, cause, basis=Basis.GENERAL)


def link_of(diagnosis: Problem, provider: Provider | None) -> str:
    """Return a page that helps, unless the remedy names it already."""
    link = diagnosis.source if diagnosis.source.startswith("https://") else ""
    if provider is not None and provider.password.url and Role.PASSWORD in diagnosis.roles:
        link = provider.password.url
    elif provider is not None and provider.sender.url and Role.SENDER in diagnosis.roles:
        link = provider.sender.url
    return "" if link.removeprefix("https://") in diagnosis.remedy else link


class CheckStep:
    """The Check step of a walk. Truth is the state's report; only a run under way is kept here."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.running: Check | None = None
        """The run under way."""
        self._explained: tuple[Report | None, tuple[Problem, ...]] = (None, ())

    @property
    def pause(self) -> Pause | None:
        """What is left of the pause that the server asked for."""
        from smtpwizard.wizard import login_guard

        return login_guard.paused(self._session.state, monotonic())

    @property
    def question(self) -> dict[str, str] | None:
        """The question to ask before a login is sent that a server has refused; None where none is due."""
        from smtpwizard.wizard import login_guard

        state, provider = self._session.state, self._session.provider
        return login_guard.refused_question(state.settings, provider) if login_guard.was_refused(state) else None

    def begin(self) -> Check:
        """Prepare a run with the settings as they are. FileError where a certificate authority cannot be read."""
        state, services = self._session.state, self._session.services
        self.running = Check(
            state.settings,
            services.options(state),
            provider=self._session.provider,
            service=state.target.service or services.app.service,
            rehearsed=state.rehearsed,
        )
        return self.running

    async def run(self) -> AsyncGenerator[StepResult | Report | PortFacts, None]:
        """Make the run that was prepared, or one now; yield as `Check.run`, and keep what it found in the state.

        Ended early, it keeps a report that was complete.
        """
        check = self.running or self.begin()
        try:
            async with aclosing(check.run()) as found:
                async for item in found:
                    yield item
        finally:
            self._end(check)

    def stop(self) -> None:
        """Take a run that is being cancelled as ended: of one whose report is there, the survey alone is given up."""
        if self.running is not None:
            self._end(self.running)

    def _end(self, check: Check) -> None:
        if self.running is not check:
            return
        self.running = None
        if check.report is not None:
            noted = self.noted(check.report, check.settings)
            self._session.update(
                report=check.report,
                tested=check.settings,
                tested_at=strftime("%H:%M"),
                survey=check.survey,
                control=check.control,
                **noted,
            )

    def noted(self, report: Report, settings: Settings) -> dict[str, object]:
        """Return the state's changes by a run that failed: a refused login, a pause that the server wants."""
        if report.failed is None:
            return {}
        from smtpwizard.wizard import login_guard

        return login_guard.remember(self._session.state, report.failed, settings, monotonic())

    @property
    def report(self) -> Report | None:
        """The report on the settings as they are, unless another run is under way."""
        return None if self.running is not None else self._session.state.fresh_report

    def problems(self) -> tuple[Problem, ...]:
        """Return the ranked explanations of the last run; empty while another is under way, and of other settings."""
        return self.explained() if self.report is not None else ()

    def explained(self) -> tuple[Problem, ...]:
        """Return the same for the last run, whatever was changed in the settings since."""
        report, state = self._session.state.report, self._session.state
        if self._explained[0] is not report:
            found: tuple[Problem, ...] = ()
            if report is not None and state.tested is not None:
                provider = self._session.provider
                found = Outcome(
                    report, state.tested, provider, state.survey, state.rehearsed, state.origin, state.control
                ).problems()
            self._explained = (report, found)
        return self._explained[1]

    @property
    def likeliest(self) -> Problem | None:
        """The first of `explained`."""
        return next(iter(self.explained()), None)

    def apply(self, problem: Problem) -> None:
        """Make the repair of `problem`."""
        self._session.update(settings=self._session.state.settings.with_changes(problem.changes))

    def concerned(self, problem: Problem | None, report: Report | None = None) -> str:
        """Return the id of the question that `problem` is about, else of that to look at first where a run failed.

        The run is the last one of this step, unless the `report` of another is given.
        """
        state = self._session.state
        report = report or state.report
        failed = report.failed if report is not None else None
        if failed is not None and failed.error in UNKNOWN_AUTHORITY:
            from smtpwizard.wizard.questions import CA_FILE

            return CA_FILE
        if problem is not None and problem.variables:
            # Of a login it is the password: what is pasted there is hidden.
            secret = state.settings.app.variable(Role.PASSWORD)
            return secret if secret in problem.variables else problem.variables[0]
        return concerned_variable(failed.step if failed else Step.AUTH, state.settings)


def remedy_of(session: Session) -> str:
    """Return what helps where the last test failed, as a sentence; '' where it did not, or nothing is known."""
    report = session.state.fresh_report
    if report is None or report.works:
        return ""
    problem = session.step(CheckStep).likeliest
    return problem.remedy or problem.label if problem is not None else ""


def failed_words(report: Report) -> str:
    """Return where a test failed and what was said there, in one short line: `auth: 535 5.7.8 not accepted`."""
    if report.failed is None:
        return ""
    said = report.failed.summary.partition(". ")[0].rstrip(".")
    return f"{report.failed.step.value}: {said if len(said) <= _LINE else said[: _LINE - 1] + '…'}"


def bad_news(state: WizardState) -> list[Line]:
    """Return what the last test said of the settings as they are, where it was not good news."""
    from smtpwizard.report.lines import Line, Mark

    report = state.fresh_report
    if report is None:
        return [Line("Changed since the last test: not tested.", Mark.WARNING)]
    if report.works or report.failed is None:
        return []
    what = failed_words(report)
    return [Line(f"The test failed at {what}. Mail will not leave with these settings.", Mark.WARNING)]


_LINE: Final = 70


def page_of(problem: Problem | None) -> str:
    """Return the page that helps: the problem's own, or the one that its remedy names; '' where there is none."""
    if problem is None:
        return ""
    named = re.search(r"https://[^\s,;)]+[^\s,;.)]", problem.remedy)
    return problem.link or (named[0] if named else "")


_CONCERNED: Final = {
    Step.RESOLVE: Role.HOST,
    Step.CONNECT: Role.PORT,
    Step.GREETING: Role.PORT,
    Step.TLS: Role.SECURITY,
    Step.EHLO: Role.HOST,
    Step.STARTTLS: Role.SECURITY,
    Step.AUTH: Role.PASSWORD,
    Step.MAIL: Role.SENDER,
    Step.RCPT: Role.SENDER,
    Step.DATA: Role.SENDER,
}


def concerned_variable(step: Step, settings: Settings) -> str:
    """Return the variable to look at first when `step` failed and nothing more is known."""
    if step is Step.AUTH and not settings.username:
        return settings.app.variable(Role.USERNAME)
    return settings.app.variable(_CONCERNED.get(step, Role.HOST))


def bug_place(error: BaseException | None) -> str:
    """Return an unexpected error's kind and line. Not its message: a message can hold a value, and a value a secret."""
    trace = error.__traceback__ if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"unexpected {type(error).__name__}{where}"
