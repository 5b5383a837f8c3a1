"""What stays in the scrollback after leaving: what was written and proved, what was not, what to do next. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from smtpwizard.clients.transport import implicit_tls
from smtpwizard.presets.schema import Kind
from smtpwizard.report.arrival import Proof, arrived_line, auth_suffix
from smtpwizard.report.lines import Line, Mark
from smtpwizard.report.probe import verdict_mark
from smtpwizard.secret import redact
from smtpwizard.smtp.results import Report, Step
from smtpwizard.text import safe
from smtpwizard.wizard import arrival as arrivals
from smtpwizard.wizard.session import TargetKind, WizardState

_CONFIRMED = "arrived (code confirmed)"


def summary_lines(state: WizardState, remedy: str = "") -> tuple[Line, ...]:
    """Return the facts of the summary; `remedy` is what helps where the last test failed.

    Secrets are cleared once more: this is the last thing on the screen.
    """
    lines = (*_tested(state), *_written(state), *_mails(state), *_not_proved(state), *_next(state, remedy))
    secrets, username = state.settings.secrets(), state.settings.username or ""
    return tuple(line._replace(text=redact(safe(line.text, limit=400), secrets, username=username)) for line in lines)


def _tested(state: WizardState) -> Iterator[Line]:
    settings, report = state.settings, state.fresh_report
    if not settings.host:
        return
    name = state.provider.name if state.provider and state.provider.kind is not Kind.CUSTOM else settings.host
    tls = "TLS" if implicit_tls(settings) else "STARTTLS"
    server = f"{name} ({settings.host}:{settings.port or '?'}, {tls})"
    if report is None:
        yield Line(f"{server} not tested with these settings", Mark.WARNING)
    elif report.works:
        yield Line(f"{server} tested: {_proved(report, login=bool(settings.username and settings.password))}", Mark.OK)
    else:
        failed = report.failed
        at = f"fails at {failed.step.value}: {failed.summary}" if failed is not None else report.app.sentence
        sentence = at.rstrip(".")
        yield Line(f"{server} tested: {sentence}", verdict_mark(report))


def _proved(report: Report, *, login: bool) -> str:
    words = ["logs in" if login else "reached"]
    if report.step(Step.RCPT) is not None:
        words.append("sender and recipient accepted")
    elif report.step(Step.MAIL) is not None:
        words.append("sender accepted")
    return ", ".join(words)


def _written(state: WizardState) -> Iterator[Line]:
    written = [item for item in state.applied if item.changed]
    for item in written:
        backup = f", backup {item.backup}" if item.backup else ""
        yield Line(f"{item.path} written and read back{backup}", Mark.OK)
    if state.target.kind is TargetKind.PRINT and state.block is not None:
        yield Line("the block is on stdout; no file was written", Mark.OK)
    elif not written:
        held = Line("the target held these lines already; nothing was written", Mark.SKIPPED)
        yield held if state.is_saved else Line("Nothing was written.")
    if written and not state.is_saved:
        yield Line("the settings were changed after that and not saved again", Mark.WARNING)
    if written and state.provider is not None and state.provider.kind is Kind.PRACTICE:
        yield Line("these are the practice server's settings, and it has ended with the wizard", Mark.WARNING)


def _mails(state: WizardState) -> Iterator[Line]:
    known = {item.message_id: item for item in state.arrived}
    for mail in arrivals.best(state.sent, known):
        title = mail.title.lower()
        if not mail.message.accepted:
            yield Line(f"{title} refused: {mail.message.response}", Mark.FAILED)
        elif mail.message.id in known:
            item = known[mail.message.id]
            line = arrived_line(item)
            words = _CONFIRMED if item.by is Proof.CODE else line.text + auth_suffix(item)
            yield line._replace(text=f"{title} {words}")
        else:
            queue = f", queue id {mail.message.queued_as}" if mail.message.queued_as else ""
            yield Line(f"{title} accepted by the server{queue}; not proved that it arrived", Mark.WARNING)


def _not_proved(state: WizardState) -> Iterator[Line]:
    report = state.fresh_report
    if report is not None and report.works:
        left = [sentence.rstrip(".") for sentence in report.not_proved if not _proved_since(sentence, state)]
        if left:
            yield Line(f"not proved: {'; '.join(left)}", Mark.WARNING)


def _proved_since(sentence: str, state: WizardState) -> bool:
    """Say whether the mails sent afterwards have proved what the test itself could not."""
    accepted = any(mail.message.accepted for mail in state.sent)
    # What a local server catches goes no further: that proves the app's part, and no delivery.
    delivered = any(item.by is not Proof.CATCHER for item in state.arrived)
    return (accepted and "message itself" in sentence) or (delivered and "arrive" in sentence)


def _next(state: WizardState, remedy: str) -> Iterator[Line]:
    report = state.fresh_report
    if report is not None and not report.works:
        if any(item.changed for item in state.applied):
            yield Line("the settings are written as they are: no mail leaves with them", Mark.WARNING)
        if remedy:
            yield Line(f"next: {remedy}")
        return
    if state.provider is not None and state.provider.kind is Kind.PRACTICE:
        yield Line("next: smtpwizard, with a real provider")
    elif state.next_command and any(item.changed for item in state.applied) and state.is_saved:
        yield Line(f"next: {state.next_command}")
