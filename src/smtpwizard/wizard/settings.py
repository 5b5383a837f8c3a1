"""Step 2, without a screen: what is asked, what the app will make of the answers, and which repairs there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from smtpwizard.addresses import is_private_host
from smtpwizard.apps.profile import Role, Security
from smtpwizard.clients.transport import Origin, implicit_tls, refusals, transport
from smtpwizard.lint.check import findings, masked_settings
from smtpwizard.presets.schema import Provider
from smtpwizard.presets.values import IMPLICIT_PORTS
from smtpwizard.problems import Problem, Severity, has_errors, repair_label
from smtpwizard.records import NamedTuple
from smtpwizard.report.lines import Line, LineRole, Mark
from smtpwizard.secret import MASK, Secret, redact
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Report, Step, Verdict
from smtpwizard.text import safe
from smtpwizard.wizard.check import CheckStep, failed_words, page_of
from smtpwizard.wizard.questions import (
    CA_FILE,
    Question,
    answer,
    clean,
    follows_account,
    missing,
    questions,
    tls_answer,
)
from smtpwizard.wizard.session import Session


class Outlook(NamedTuple):
    """In one line, what the app will do with the settings as they are."""

    ok: bool
    text: str
    refused: bool = False
    """Whether the last test of just these settings failed: then it is no promise."""


class SettingsStep:
    """Asks what only the operator knows; the preset has answered the rest."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: tuple[object, tuple[Problem, ...]] = (None, ())
        """What the findings are about, and the findings: form, key bar and palette all ask for them."""
        self.repaired: tuple[str, ...] = ()
        """What the repair key has done last, until something is answered."""

    # Questions and answers

    def questions(self) -> tuple[Question, ...]:
        """Return what is to be asked for the chosen provider, in order; the advanced ones last."""
        return questions(self._session.state.provider, self._session.state.settings.app)

    def value(self, question: Question) -> str:
        """Return the present answer as text, a secret revealed; '' for a sender that is the account anyway."""
        state = self._session.state
        if question.id == CA_FILE:
            return str(state.ca_file or "")
        if question.role is None:
            regions = state.provider.regions if state.provider else ()
            return next((region.id for region in regions if region.host == state.settings.host), "")
        if question.role is Role.SENDER and self.sender_is_account:
            return ""
        found = tls_answer(state.settings) if question.role is Role.SECURITY else state.settings.of(question.role)
        text = found.reveal() if isinstance(found, Secret) else found or ""
        return text or (question.choices[0].value if question.choices else "")

    def holds(self, question: Question, text: str) -> bool:
        """Say whether `text` means the present answer, however it is typed."""
        meant, _ = clean(question, text)
        follows = question.role is Role.SENDER and self.sender_is_account
        return meant == self.value(question) or (follows and meant == self._session.state.settings.sender)

    def answer(self, question: Question, text: str) -> None:
        """Take an answer as it was typed. The sender follows the account where the provider wants that."""
        state, self.repaired = self._session.state, ()
        if question.id == CA_FILE:
            named, _ = clean(question, text)
            self._session.update(ca_file=Path(named).expanduser() if named else None)
            return
        settings = answer(state.settings, question, text, state.provider)
        region = state.region
        if question.choices and state.provider is not None and state.provider.regions:
            region = next((item.id for item in state.provider.regions if item.host == settings.host), None)
        self._session.update(settings=settings, region=region)

    def missing(self) -> tuple[tuple[str, str], ...]:
        """Return (variable, sentence) of each answer that is missing or cannot be one, in the order of questions."""
        return missing(self._session.state.settings, self.questions())

    def doubts(self, variables: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return (variable, sentence) of what is probably wrong with the login, as far as `variables` hold it."""
        settings, login = self._session.state.settings, {Role.USERNAME.value, Role.PASSWORD.value}
        return tuple(
            (item.variable, item.message)
            for item in self.findings()
            if item.variable in variables and item.severity is not Severity.INFO and login.intersection(item.roles)
            if item.variable and settings.get(item.variable)
        )

    @property
    def sender_is_account(self) -> bool:
        """Whether the account is used as the sender too, as the provider wants it."""
        state = self._session.state
        follows = state.provider is not None and follows_account(state.provider)
        return follows and bool(state.settings.username) and state.settings.sender == state.settings.username

    # What the app makes of them

    def findings(self, unfinished: Collection[str] = ()) -> tuple[Problem, ...]:
        """Return the findings, the gravest first, without those about a variable that is still being filled in."""
        state = self._session.state
        provider = self._session.provider
        about = (state.settings, provider, state.origin)
        if self._known[0] != about:
            self._known = (about, findings(state.settings, provider=provider, origin=state.origin))
        return tuple(item for item in self._known[1] if item.variable not in unfinished)

    def outlook(self, unfinished: Collection[str] = ()) -> Outlook:
        """Return what the app will do with the settings: log in where, over what, as whom."""
        state = self._session.state
        found = outlook(state.settings, self.findings(unfinished), state.origin, self._session.provider)
        return found._replace(refused=found.ok and state.fresh_report is not None and not state.proved)

    # What the last test said

    @property
    def _failed(self) -> Report | None:
        """The last test, where the app will not work by it, and no other is under way."""
        report = self._session.state.report
        return report if report is not None and report.app.verdict in _NO_MAIL else None

    @property
    def refusal(self) -> tuple[Line, ...]:
        """What the last test was refused with, when, and the page that helps; empty where it was not."""
        report, state = self._failed, self._session.state
        if report is None or report.failed is None or report.failed.step is Step.LINT:
            return ()
        problem = self._session.step(CheckStep).likeliest
        what = "refused" if report.failed.reply is not None else "failed"
        at = f" {state.tested_at}" if state.tested_at else ""
        lines = [Line(f"{what}{at} at {failed_words(report)}", Mark.FAILED)]
        if problem is not None:
            provider, page = self._session.provider, page_of(problem)
            words = problem.title
            if provider is not None and provider.password.label and page and page == provider.password.url:
                words = f"New {provider.password.label.lower()}: {page}"
            lines.append(Line(words, role=LineRole.ACTION, indent=1))
        return tuple(lines)

    @property
    def suspects(self) -> frozenset[str]:
        """The variables that the last test's likeliest cause is about, as long as they are as they were then."""
        state = self._session.state
        problem = self._session.step(CheckStep).likeliest if self._failed is not None else None
        if problem is None or state.tested is None:
            return frozenset()
        return frozenset(name for name in problem.variables if state.settings.get(name) == state.tested.get(name))

    @property
    def advanced_line(self) -> str:
        """The advanced values in one line: `smtp.gmail.com : 587  STARTTLS`."""
        settings = self._session.state.settings
        tls = "TLS" if implicit_tls(settings) else "STARTTLS"
        if tls == "STARTTLS" and settings.port_number in IMPLICIT_PORTS:
            tls = "no TLS"  # those ports have no STARTTLS
        line = safe(f"{settings.host or 'no host'} : {settings.port or 'no port'}  {tls}", limit=200)
        return redact(line, self._session.secrets())

    # Repairs

    def repairs(self, variable: str | None = None, *, unfinished: Collection[str] = ()) -> tuple[Problem, ...]:
        """Return the findings that the repair key takes care of: all that are wrong, else one that would be better.

        Of what would merely be better, one about `variable` comes first.
        """
        able = [finding for finding in self.findings(unfinished) if finding.changes]
        wrong = tuple(item for item in able if item.severity is not Severity.INFO)
        return wrong or tuple(sorted(able, key=lambda item: not variable or item.variable != variable)[:1])

    def repair(self, finding_id: str = "", variable: str | None = None, *, unfinished: Collection[str] = ()) -> None:
        """Make the repair of the finding with this id; without an id, all that `repairs()` names.

        A repair can bring the next to light; all of them settle within a few rounds. What was done is in `repaired`.
        """
        named = tuple(item for item in self.findings() if item.id == finding_id and item.changes)
        todo = named or self.repairs(variable, unfinished=unfinished)
        done: list[str] = []
        for _ in range(_ROUNDS):
            for item in todo:
                if item in self.findings():  # a repair before it may have settled it
                    self._session.update(settings=self._session.state.settings.with_changes(item.changes))
                    done.append(item.label or repair_label(item.changes))
            again = () if named else self.repairs(variable, unfinished=unfinished)
            todo = tuple(item for item in again if item.severity is not Severity.INFO)
        self.repaired = tuple(dict.fromkeys(done))


_ROUNDS: Final = 5
_NO_MAIL: Final = (Verdict.FAILS, Verdict.CRASHES, Verdict.HANGS)


def outlook(settings: Settings, found: Sequence[Problem], origin: Origin, provider: Provider | None = None) -> Outlook:
    """Return what the app will do with `settings`, on which there are the findings `found`."""
    plan = transport(settings, origin=origin)
    if plan is None and refusals(settings):
        return Outlook(False, "the app refuses to start with these settings")
    if plan is None or has_errors(found):
        return Outlook(False, "no mail will leave with these settings")
    where = f"{plan.host}:{plan.port}"
    login = bool(plan.username and plan.password)
    hidden = masked_settings(settings, provider).get(settings.app.variable(Role.USERNAME)) == MASK
    user = MASK if hidden else redact(plan.username or "", settings.secrets())
    who = f" as {user}" if login and user else ""
    does = "logs in" if login else "sends without a login"
    if plan.secure:
        return Outlook(True, f"{does} over TLS to {where}{who}")
    if is_private_host(plan.host):
        return Outlook(True, f"{does} to {where}{who}, on this machine or a private network")
    return Outlook(True, f"{does} to {where}{who}, {_HOW[plan.security]}")


_HOW: Final = {
    Security.STARTTLS: "with STARTTLS, and not without it",
    Security.OPPORTUNISTIC: "over TLS if the server offers STARTTLS",
    Security.NONE: "in clear, TLS or not",
    Security.IMPLICIT: "over TLS",
}
