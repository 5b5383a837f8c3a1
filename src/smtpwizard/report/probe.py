"""What a run of the dialogue found, as lines: stages, ports, verdicts, mails, findings, causes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from smtpwizard.report.lines import Line, LineRole, Mark, mark_of, milliseconds
from smtpwizard.smtp.results import ClientOutcome, Report, SentMessage, Status, Step, StepResult, Verdict
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.probe.survey.facts import PortFacts, SurveyResult
    from smtpwizard.settings import Settings


_NAMES: Final = {Step.LINT: "settings"}
"""What a person calls a stage, where it is not the contract's own word."""
_NOT_REACHED: Final = "not reached"

_STARTTLS_ORDER: Final = (
    Step.RESOLVE, Step.CONNECT, Step.GREETING, Step.STARTTLS, Step.EHLO, Step.AUTH, Step.MAIL, Step.RCPT,
)  # fmt: skip
_IMPLICIT_ORDER: Final = (
    Step.RESOLVE, Step.CONNECT, Step.TLS, Step.GREETING, Step.EHLO, Step.AUTH, Step.MAIL, Step.RCPT,
)  # fmt: skip


def stage_line(step: StepResult) -> Line:
    """Return `✓ connect   142.250.27.109:587   31 ms`."""
    name = _NAMES.get(step.step, step.step.value)
    return Line(step.summary, mark_of(step.status), LineRole.STAGE, name, milliseconds(step.ms))


def is_unreached(step: StepResult) -> bool:
    """Say whether a stage did not come about because an earlier one failed."""
    return step.status is Status.SKIPPED and step.summary == _NOT_REACHED


def unreached_line(steps: Iterable[StepResult]) -> Line | None:
    """Return `– mail, rcpt not reached`, or None where all came about."""
    names = [step.step.value for step in steps if is_unreached(step)]
    return Line(f"{', '.join(names)} {_NOT_REACHED}", Mark.SKIPPED) if names else None


def expected_order(settings: Settings) -> tuple[Step, ...]:
    """Return the stages that the dialogue is going to have with `settings`, for the lines that wait."""
    return _IMPLICIT_ORDER if settings.security == "true" else _STARTTLS_ORDER


def stage_lines(
    results: Sequence[StepResult], *, expected: Iterable[Step] = (), running: str | None = None
) -> tuple[Line, ...]:
    """Return the lines for `results`, then those of `expected` that are still to come.

    `running` is what to say beside the stage under way, or None where nothing runs: then nothing waits either. Of two
    results of one stage (EHLO before and after STARTTLS) the later one stands; stages skipped for one reason share a
    line; settings that the app takes are no news.
    """
    last = {result.step: index for index, result in enumerate(results)}
    shown = [result for index, result in enumerate(results) if last[result.step] == index and not _no_news(result)]
    lines: list[Line] = []
    for result in shown:
        line = stage_line(result)
        if lines and _same_fate(lines[-1], line):
            lines[-1] = line._replace(name=_joined(lines[-1].name, line.name))
        else:
            lines.append(line)
    if running is not None:
        waiting = [step for step in expected if step not in last]
        lines += [
            Line("" if index else running, Mark.WAITING if index else Mark.RUNNING, LineRole.STAGE, step.value)
            for index, step in enumerate(waiting)
        ]
    return tuple(lines)


def _joined(before: str, name: str) -> str:
    """Return the name of stages that share a line: two are listed, more are a range."""
    first = re.split(", | to ", before)[0]
    return f"{before}, {name}" if first == before else f"{first} to {name}"


def _no_news(result: StepResult) -> bool:
    return result.step is Step.LINT and result.status is Status.PASSED


def _same_fate(before: Line, line: Line) -> bool:
    return before.mark is line.mark is Mark.SKIPPED and before.text == line.text and not line.aside


def port_line(ports: Iterable[PortFacts], *, running: str | None = None) -> Line:
    """Return the line on the other ports of the server: `465 ✓  2525 ✗`, a port each, the best that was seen of it.

    `running` is the time while they are still asked. `!` stands for one that answers, but not as the app needs it.
    """
    best: dict[int, Mark] = {}
    for item in ports:
        mark = Mark.OK if item.usable else Mark.WARNING if item.open else Mark.FAILED
        if item.port not in best or mark is Mark.OK:
            best[item.port] = mark
    order = (Mark.OK, Mark.WARNING, Mark.FAILED)  # a narrow screen cuts the end
    shown = sorted(best.items(), key=lambda item: order.index(item[1]))
    text = "  ".join(f"{port} {mark.symbol}" for port, mark in shown)
    if running is not None:
        asking = text or "asking other ports, without the password"
        return Line(asking, Mark.RUNNING, LineRole.STAGE, "ports", running)
    found = Mark.OK if Mark.OK in best.values() else Mark.WARNING
    return Line(text or "none answered", found, LineRole.STAGE, "ports")


def survey_lines(survey: SurveyResult) -> Iterator[Line]:
    """Yield what was seen at the server's other ports, a line each."""
    if survey.facts:
        yield Line("Seen at a second look:")
        yield from (Line(safe(fact), indent=1) for fact in survey.facts)


# Verdicts

_WORDS: Final = {
    Verdict.WORKS: "will send its mail",
    Verdict.FAILS: "will fail",
    Verdict.LEAKS: "will send its mail, but readable on the way",
    Verdict.CRASHES: "will crash: its mail library dies on this server",
    Verdict.HANGS: "will hang: its mail library never gets an answer",
}
_VERDICTS: Final = {Verdict.WORKS: Mark.OK, Verdict.LEAKS: Mark.WARNING}


def server_verdict(report: Report) -> Line:
    """Return the verdict on the server alone."""
    failed = report.failed
    if failed is None:
        mark, text = (Mark.OK, "fine") if report.server_ok else (Mark.WARNING, "answers, with warnings")
    elif failed.step is Step.LINT:
        mark, text = Mark.SKIPPED, "not asked"
    elif failed.reply is not None:
        mark, text = Mark.OK, f"answers, refuses at {failed.step.value}"
    else:
        mark, text = Mark.FAILED, f"stops at {failed.step.value}"
    return Line(text, mark, LineRole.VERDICT, "Server")


def app_verdict(report: Report) -> Line:
    """Return the verdict on the app in a few words, with its client's error code where there is one."""
    outcome = report.app
    if report.failed is not None and report.failed.step is Step.LINT:
        then = report.failed.summary.removeprefix("the app ").partition(":")[0]
        return Line(then, Mark.FAILED, LineRole.VERDICT, "The app")
    if outcome.verdict is None:
        return Line("not known: its mail client is not modelled", Mark.WARNING, LineRole.VERDICT, "The app")
    text = _WORDS[outcome.verdict]
    return Line(text, verdict_mark(report), LineRole.VERDICT, "The app")


def badge(report: Report) -> Line:
    """Return the verdict in one word, to be seen from afar: `WORKS`, `FAILS`, `LEAKS`, `CRASHES`, `HANGS`."""
    verdict = report.app.verdict
    word = verdict.value if verdict is not None else "answers" if report.server_ok else "fails"
    return Line(word.upper(), verdict_mark(report))


def verdict_mark(report: Report) -> Mark:
    """Return the mark of what will become of the app's mail."""
    if report.app.verdict is None:
        return Mark.WARNING if report.server_ok else Mark.FAILED
    return _VERDICTS.get(report.app.verdict, Mark.FAILED)


def verdict_lines(report: Report) -> Iterator[Line]:
    """Yield both verdicts, what became of a single mail, and what is not proved."""
    yield server_verdict(report)
    yield app_verdict(report)._replace(text=report.app.sentence)
    if len(report.messages) == 1:  # several have a line each before this
        yield message_line(report.messages[0], "Message")._replace(role=LineRole.VERDICT)
    if report.not_proved:
        yield Line(
            "; ".join(item.rstrip(".") for item in report.not_proved) + ".", role=LineRole.REMARK, name="Not proved"
        )


def _code(outcome: ClientOutcome) -> str:
    return " ".join(str(part) for part in (outcome.code, outcome.response_code) if part)


# Mails


_LEAD: Final = r"(?i)[\s:;,=(<\[]*(queued(\s+(mail|as|id))*)?[\s:;,=(<\[]*\Z"
"""What servers put before a queue id: `: queued as `, ` id=`."""


def message_line(message: SentMessage, title: str = "") -> Line:
    """Return `✓ verification to you@example.com: accepted: 250 2.0.0 Ok, queue id 4ZQK1T, 31 ms`."""
    name = title or f"{message.mail or 'mail'} to {message.recipient}"
    if not message.tried:
        return Line(message.response, Mark.SKIPPED, name=name)
    time = milliseconds(message.ms)
    if not message.accepted:
        stage = message.stage.value if message.stage else "refused"
        return Line(f"{stage}: {message.response}", Mark.FAILED, name=name, aside=time)
    reply = message.response.partition(message.queued_as)[0] if message.queued_as else message.response
    queue = f"queue id {message.queued_as}" if message.queued_as else ""
    return Line(f"accepted: {re.sub(_LEAD, '', reply) or message.response}", Mark.OK, name=name, aside=time, note=queue)


# Findings and causes
