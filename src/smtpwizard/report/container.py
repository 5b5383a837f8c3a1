"""The app's container: what its log says of mail, and how a check from within it compares with the host's. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from smtpwizard.report.lines import GAP, Line, LineRole, Mark, cause_lines, counted, name_of
from smtpwizard.smtp.results import Report, Status, Step, Verdict
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.docker.comparison import Comparison, HostAndContainer
    from smtpwizard.docker.logs import LogReport, Moment, Trouble


_SILENT: Final = (
    "The app has logged nothing in the last ten minutes. Have it send a mail (a sign-up, an invitation), then read its "
    "log again."
)


def log_lines(report: LogReport) -> Iterator[Line]:
    """Yield what an app's log says of mail, or why it cannot be read, with the command that another machine takes."""
    if report.problem:
        yield Line(report.problem, Mark.FAILED)
        yield GAP
        yield Line("The command, to run where the app's containers are:", role=LineRole.REMARK)
        yield Line(report.command, role=LineRole.EVIDENCE)
        return
    yield Line(f"$ {report.command}", role=LineRole.REMARK)
    if report.note:
        yield Line(report.note, Mark.WARNING)
    if report.lines:
        yield Line(summary(report), Mark.WARNING if report.troubles else Mark.OK)
    else:
        yield Line(_SILENT, Mark.SKIPPED)
    for item in report.troubles:
        yield GAP
        yield from trouble_lines(item)


def trouble_lines(trouble: Trouble) -> Iterator[Line]:
    """Yield the server's words, how often and when, then what they mean and what to do."""
    yield Line(trouble.said, Mark.FAILED)
    yield Line(times(trouble), role=LineRole.REMARK, indent=1)
    yield from cause_lines(trouble.diagnoses)


def again_line(trouble: Trouble, width: int) -> str:
    """Return one line for a kind of trouble that was told before."""
    line = f"  again, {times(trouble)}: {name_of(trouble.diagnoses[0])}"
    return line if len(line) <= width else line[: width - 1] + "…"


def times(trouble: Trouble) -> str:
    """Return `3 times, last 2026-11-25 18:49:14 CET, first in line 12`."""
    where = f"line {trouble.first_line}"
    if trouble.times == 1:
        return f"once, {trouble.last}, {where}" if trouble.last else f"once, {where}"
    when = f"last {trouble.last}" if trouble.last else f"last in line {trouble.last_line}"
    return f"{trouble.times} times, {when}, first in {where}"


def summary(report: LogReport) -> str:
    """Return how much was read, of which time, and what was found."""
    kinds = len(report.troubles)
    found = f"{counted(kinds, 'kind')} of mail trouble" if kinds else "no mail trouble"
    span = _span(report.first, report.last)
    return f"{counted(report.lines, 'line')} read{f', {span}' if span else ''}: {found}."


def _span(first: Moment | None, last: Moment | None) -> str:
    if first is None or last is None:
        return ""
    begun, ended = first.shown(), last.shown()
    return f"of {ended}" if begun == ended else f"from {begun} to {ended}"


_COLUMNS: Final = (13, 31, 34)
"""Name, host, container; with a blank between them, 80 in all."""


def comparison_lines(sides: HostAndContainer, result: Comparison) -> Iterator[Line]:
    """Yield the table of host and container in 80 columns, the verdict, what differs and what to do."""
    view = sides.view
    yield GAP
    yield _row("", "this host", f"container of {sides.service}")
    yield _row("settings", sides.source, "the same" if result.same_settings else _differing(sides))
    yield _row("address", _host_address(sides.report), _listed(view.addresses) or view.dns_error)
    yield _row("greets as", _host_greeting(sides.report), view.ehlo)
    yield _row("login", _host_login(sides.report), _login(sides))
    yield _row(sides.settings.app.client.model, _host_outcome(sides.report), _outcome(sides))
    client = f"{sides.settings.app.client.model} {view.nodemailer or 'not found'}"
    yield Line(f"Container {view.hostname}: node {view.node or 'unknown'}, {client}.")
    if view.verify is not None and not view.verify.ok and view.verify.message:
        yield Line(f"In the container: {view.verify.message}")
    yield GAP
    works = result.verdict == "works"
    yield Line(result.sentence, Mark.OK if works else Mark.FAILED)
    if works:
        text = "Not proved from the container: that sender and recipient are taken, and that mail arrives."
        yield Line(text, role=LineRole.REMARK, indent=1)
    yield from (Line(note.message, Mark.WARNING) for note in result.notes)
    for item in result.diagnoses:
        yield GAP
        yield from cause_lines([item], indent=0)


def _row(*cells: str) -> Line:
    fitted = (_fit(safe(cell) or "–", width) for cell, width in zip(cells, _COLUMNS, strict=True))
    return Line(" ".join(fitted).rstrip(), role=LineRole.EVIDENCE)


def _fit(text: str, width: int) -> str:
    text = "" if text == "–" and width == _COLUMNS[0] else text
    return text[: width - 1] + "…" if len(text) > width else f"{text:<{width}}"


def _differing(sides: HostAndContainer) -> str:
    app = sides.settings.app
    names = [name.removeprefix(app.prefix) for name in sides.view.differences if app.is_mail_setting(name)]
    return f"! other: {', '.join(names)}"


def _host_address(report: Report) -> str:
    step = report.step(Step.RESOLVE)
    if step is None or step.status is Status.SKIPPED:
        return ""
    from smtpwizard.docker.comparison import host_addresses

    return _listed(host_addresses(report)) or step.error or step.summary


def _listed(addresses: tuple[str, ...]) -> str:
    more = f" +{len(addresses) - 1}" if len(addresses) > 1 else ""
    return f"{addresses[0]}{more}" if addresses else ""


def _host_greeting(report: Report) -> str:
    said = (item.line.split(" ", 1) for item in report.transcript if item.sender == "client")
    return next((words[1] for words in said if words[0] in ("EHLO", "HELO") and len(words) == 2), "")


def _host_login(report: Report) -> str:
    step = report.step(Step.AUTH)
    if step is None or step.status is Status.SKIPPED:
        return "not tried"
    return {Status.PASSED: "✓ accepted", Status.FAILED: "✗ refused"}.get(step.status, "none")


def _login(sides: HostAndContainer) -> str:
    view = sides.view
    if view.login == "tried" and view.verify is not None and not view.verify.ok:
        return "✗ refused" if (view.verify.command or "").startswith("AUTH") else "not reached"
    return {"tried": "tried once", "withheld": "– not sent again", "none": "none"}.get(view.login, "")


def _host_outcome(report: Report) -> str:
    outcome = report.app.verify
    if outcome.ok:
        return "✓ ok"
    if report.app.verdict in (Verdict.CRASHES, Verdict.HANGS):
        return f"✗ {report.app.verdict}"
    parts = (outcome.code, outcome.response_code, outcome.command if outcome.command != "CONN" else None)
    return f"✗ {' '.join(str(part) for part in parts if part) or 'does not start'}"


def _outcome(sides: HostAndContainer) -> str:
    view = sides.view
    if view.refuses:
        return "✗ does not start"
    if view.verify is None:
        return "– not tried"
    if view.verify.ok and view.login == "withheld":
        return "✓ ok, up to the login"
    return "✓ ok" if view.verify.ok else f"✗ {view.verify}"
