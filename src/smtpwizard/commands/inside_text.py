"""Host and container side by side, as lines for a person of at most 80 columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from smtpwizard.commands.log_text import name_of, wrapped
from smtpwizard.container.comparing import Comparison
from smtpwizard.container.sides import Sides, host_addresses
from smtpwizard.probe.results import Report, Status, Step, Verdict
from smtpwizard.text import safe

_WIDTH: Final = 80
_COLUMNS: Final = (13, 31, 34)
"""Name, host, container; with a blank between them, 80 in all."""


def lines(sides: Sides, result: Comparison) -> Iterator[str]:
    """Yield the table, the verdict, what differs and what to do."""
    view = sides.view
    yield ""
    yield _row("", "this host", f"container of {sides.service}")
    yield _row("settings", sides.source, "the same" if result.same_settings else _differing(sides))
    yield _row("address", _host_address(sides.report), _listed(view.addresses) or view.dns_error)
    yield _row("greets as", _host_greeting(sides.report), view.ehlo)
    yield _row("login", _host_login(sides.report), _login(sides))
    yield _row("nodemailer", _host_outcome(sides.report), _outcome(sides))
    yield f"Container {view.hostname}: node {view.node or 'unknown'}, nodemailer {view.nodemailer or 'not found'}."
    if view.verify is not None and not view.verify.ok and view.verify.message:
        yield wrapped(f"In the container: {view.verify.message}", _WIDTH, "")
    yield ""
    works = result.verdict == "works"
    yield wrapped(f"{'✓' if works else '✗'} {result.sentence}", _WIDTH, "")
    if works:
        yield wrapped(
            "Not proved from the container: that sender and recipient are taken, and that mail arrives.", _WIDTH
        )
    for note in result.notes:
        yield wrapped(f"! {note.message}", _WIDTH, "")
    for item in result.diagnoses:
        yield ""
        yield wrapped(name_of(item), _WIDTH, "")
        yield wrapped(item.cause, _WIDTH)
        yield wrapped(item.remedy, _WIDTH)
        for name, value in item.changes.items():
            yield f"  → leave {name} out" if value is None else f"  → {name}={safe(str(value))}"


def _row(*cells: str) -> str:
    return " ".join(_fit(safe(cell) or "–", width) for cell, width in zip(cells, _COLUMNS, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    text = "" if text == "–" and width == _COLUMNS[0] else text
    return text[: width - 1] + "…" if len(text) > width else f"{text:<{width}}"


def _differing(sides: Sides) -> str:
    names = [name.removeprefix("SMTP_") for name in sides.view.differences if name.startswith("SMTP_")]
    return f"! other: {', '.join(names)}"


def _host_address(report: Report) -> str:
    step = report.step(Step.RESOLVE)
    if step is None or step.status is Status.SKIPPED:
        return ""
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


def _login(sides: Sides) -> str:
    view = sides.view
    if view.login == "tried" and view.verify is not None and not view.verify.ok:
        return "✗ refused" if (view.verify.command or "").startswith("AUTH") else "not reached"
    return {"tried": "tried once", "withheld": "– not sent again", "none": "none"}.get(view.login, "")


def _host_outcome(report: Report) -> str:
    outcome = report.app.verify
    if outcome.ok:
        return "✓ ok"
    if report.app.verdict in (Verdict.CRASHES, Verdict.HANGS):
        return f"✗ {report.app.verdict.value}"
    parts = (outcome.code, outcome.response_code, outcome.command if outcome.command != "CONN" else None)
    return f"✗ {' '.join(str(part) for part in parts if part) or 'does not start'}"


def _outcome(sides: Sides) -> str:
    view = sides.view
    if view.refuses:
        return "✗ does not start"
    if view.verify is None:
        return "– not tried"
    if view.verify.ok and view.login == "withheld":
        return "✓ ok, up to the login"
    return "✓ ok" if view.verify.ok else f"✗ {view.verify}"
