"""The lines of the Test step as data: which stage, which mark, which words, how long. Must not import textual.

The probe tells what ended; here it is decided what a person sees of it and of what is still to come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Status, Step, StepResult

if TYPE_CHECKING:
    from smtpwizard.probe.survey.facts import PortFacts


class Mark(Enum):
    """What a line's symbol says. The shapes differ, so that nothing rests on colour: (symbol, word)."""

    OK = ("✓", "ok")
    WARNING = ("!", "warning")
    FAILED = ("✗", "failed")
    SKIPPED = ("–", "skipped")
    WAITING = ("·", "waiting")
    RUNNING = ("›", "running")

    @property
    def symbol(self) -> str:
        """Return the one character before the line."""
        return self.value[0]

    @property
    def word(self) -> str:
        """Return the same in a word, for places where the symbol stands alone."""
        return self.value[1]


_MARKS: Final = {
    Status.PASSED: Mark.OK,
    Status.WARNED: Mark.WARNING,
    Status.FAILED: Mark.FAILED,
    Status.SKIPPED: Mark.SKIPPED,
}

_NAMES: Final = {Step.LINT: "settings"}
"""What a person calls a stage, where it is not the contract's own word."""

_STARTTLS_ORDER: Final = (
    Step.RESOLVE, Step.CONNECT, Step.GREETING, Step.STARTTLS, Step.EHLO, Step.AUTH, Step.MAIL, Step.RCPT,
)  # fmt: skip
_IMPLICIT_ORDER: Final = (
    Step.RESOLVE, Step.CONNECT, Step.TLS, Step.GREETING, Step.EHLO, Step.AUTH, Step.MAIL, Step.RCPT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StageLine:
    """One line of the list."""

    name: str
    """The stage, or several that share a fate: `mail, rcpt`, `connect to rcpt`."""
    mark: Mark
    words: str
    time: str = ""


def expected_order(settings: Settings) -> tuple[Step, ...]:
    """Return the stages that the dialogue is going to have with `settings`, for the lines that wait."""
    return _IMPLICIT_ORDER if settings.tls == "true" else _STARTTLS_ORDER


def stage_lines(
    results: Sequence[StepResult], *, expected: Iterable[Step] = (), running: str | None = None
) -> tuple[StageLine, ...]:
    """Return the lines for `results`, then those of `expected` that are still to come.

    `running` is what to say beside the stage under way, or None where nothing runs: then nothing waits either. Of two
    results of one stage (EHLO before and after STARTTLS) the later one stands; stages skipped for one reason share a
    line; settings that the app takes are no news.
    """
    last = {result.step: index for index, result in enumerate(results)}
    shown = [result for index, result in enumerate(results) if last[result.step] == index and not _no_news(result)]
    lines: list[StageLine] = []
    for result in shown:
        line = StageLine(
            _NAMES.get(result.step, result.step.value), _MARKS[result.status], result.summary, milliseconds(result.ms)
        )
        if lines and _same_fate(lines[-1], line):
            lines[-1] = StageLine(_joined(lines[-1].name, line.name), line.mark, line.words)
        else:
            lines.append(line)
    if running is not None:
        waiting = [step for step in expected if step not in last]
        lines += [
            StageLine(step.value, Mark.WAITING if index else Mark.RUNNING, "" if index else running)
            for index, step in enumerate(waiting)
        ]
    return tuple(lines)


def port_line(ports: Iterable[PortFacts], *, running: str | None = None) -> StageLine:
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
    words = "  ".join(f"{port} {mark.symbol}" for port, mark in shown)
    if running is not None:
        return StageLine("ports", Mark.RUNNING, words or "asking other ports, without the password", running)
    return StageLine("ports", Mark.OK if Mark.OK in best.values() else Mark.WARNING, words or "none answered")


def milliseconds(ms: float | None) -> str:
    """Return a duration as people say it: `12 ms`, `1.4 s`; nothing for a stage that was not reached."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 999.5 else f"{ms / 1000:.1f} s"


def _joined(before: str, name: str) -> str:
    """Return the name of stages that share a line: two are listed, more are a range."""
    first = re.split(", | to ", before)[0]
    return f"{before}, {name}" if first == before else f"{first} to {name}"


def _no_news(result: StepResult) -> bool:
    return result.step is Step.LINT and result.status is Status.PASSED


def _same_fate(before: StageLine, line: StageLine) -> bool:
    return before.mark is line.mark is Mark.SKIPPED and before.words == line.words and not line.time
