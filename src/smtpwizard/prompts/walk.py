"""The walk line by line: which step comes after which, and the steps that try, write and send what `answers` asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Final

from smtpwizard.apps.profile import AppMail
from smtpwizard.errors import SmtpWizardError
from smtpwizard.prompts.answers import ask_settings, choose_provider, opening
from smtpwizard.prompts.console import Console
from smtpwizard.report.arrival import checks, closing_lines, meaning_lines, record_lines
from smtpwizard.report.container import log_lines
from smtpwizard.report.lines import Line, Mark, problem_lines
from smtpwizard.report.probe import stage_line, survey_lines, verdict_lines
from smtpwizard.secret import Secret
from smtpwizard.smtp.results import Report, Status, StepResult
from smtpwizard.targets.change import Conflict, Consent, ConsentRequired
from smtpwizard.targets.env.readers import Reader, parse_readers
from smtpwizard.text import listed
from smtpwizard.wizard import login_guard
from smtpwizard.wizard.arrival import recipient_problem
from smtpwizard.wizard.check import CheckStep, remedy_of
from smtpwizard.wizard.save import SaveStep
from smtpwizard.wizard.send import Mode, SendStep, app_log, guessed_server, log_service, url_of
from smtpwizard.wizard.session import Session, TargetKind
from smtpwizard.wizard.summary import summary_lines


def walk(session: Session, console: Console, step: str) -> None:
    """Ask everything from `step` on: `opening`, `provider` or `settings`, as `begin_walk()` has it.

    Raises SmtpWizardError; KeyboardInterrupt leaves with nothing half written.
    """
    app = session.services.app
    try:
        why = f", {session.services.app_why}" if session.services.app_why else ""
        console.say(f"smtpwizard for {app.name}{why}. Ctrl+C leaves at any time; nothing is written before step 4.")
        given = step != "opening" and session.state.provider is not None
        if step == "opening":
            step = opening(session, console)
        while True:
            if step != "test":
                console.heading(1, "Provider")
                choose_provider(session, console, given=given)
                console.heading(2, "Settings")
                ask_settings(session, console)
            console.heading(3, "Test")
            if check(session, console):
                break
            step, given = "provider", False
        console.heading(4, "Save")
        written = save(session, console)
        console.heading(5, "Send")
        if written or console.confirm("Nothing was written. Send a mail with these settings all the same?"):
            send(session, console)
    finally:
        asyncio.run(session.stop())
        console.say()
        console.tell(summary_lines(session.state, remedy_of(session)))


def check(session: Session, console: Console) -> bool:
    """Step 3: test until the operator goes on. False: back to the settings."""
    step = session.step(CheckStep)
    while True:
        if not may_log_in(session, console):
            return False
        asyncio.run(_test(step, console))
        problems = step.problems()
        console.tell(problem_lines(problems))
        if session.state.proved:
            return True
        choices = ["Change the settings", "Test again", "Go on all the same"]
        repair = next((item for item in problems if item.changes), None)
        if repair is not None:
            choices.insert(0, f"{repair.label} and test again")
        chosen = choices[console.choose("What now", choices)]
        if chosen == "Change the settings":
            ask_settings(session, console)
        elif chosen == "Go on all the same":
            return True
        elif chosen != "Test again" and repair is not None:
            step.apply(repair)


def may_log_in(session: Session, console: Console) -> bool:
    """Ask before a refused login is sent again, and before a pause that the server asked for is over."""
    step = session.step(CheckStep)
    if step.pause is not None:
        console.say(f"The server asks for a pause: {step.pause.words}")
        if not console.confirm(f"It lasts {login_guard.countdown(step.pause.seconds)} more. Go on all the same?"):
            return False
    if step.question is None:
        return True
    console.say(step.question["question"])
    return console.confirm(f"{step.question['yes']}?")


async def _test(step: CheckStep, console: Console) -> None:
    check = step.begin()
    async with aclosing(step.run()) as results:
        async for item in results:
            if isinstance(item, StepResult):
                console.tell([stage_line(item)] if item.status is not Status.SKIPPED else [])
            elif isinstance(item, Report):
                console.tell(verdict_lines(item))
                if check.surveying:
                    most = f"for at most {check.survey_seconds:.0f} seconds"
                    console.say(f"Asking the server's other ports, without user and password, {most}.")
    if check.survey is not None:
        console.tell(survey_lines(check.survey))


def save(session: Session, console: Console) -> bool:
    """Step 4: show what would change, ask, write. True when the target holds the settings now, or a block was taken."""
    step = session.step(SaveStep)
    while True:
        _choose_target(step, console)
        if step.state.target.kind is TargetKind.PRINT:
            try:
                step.take_block()
            except SmtpWizardError as error:
                console.say(error.text)
                continue
            style = step.state.target.style
            console.say(f"The {style} block goes to standard output at the end; it holds the password.")
            _tell(console, step.block_lines())
            return True
        answer = _save_file(step, console)
        if answer is not None:
            return answer


def _choose_target(step: SaveStep, console: Console) -> None:
    asyncio.run(step.discover())
    rows = [f"{item.label}{f': {item.words}' if item.words else ''}" for item in step.targets]
    index = console.choose("Save to", rows, default=step.index + 1)
    item = step.targets[index]
    kind = None
    if item.kinds:
        where = "Where the password goes" if item.target.kind is TargetKind.COMPOSE else "Kind of block"
        kind = console.choose(where, [name for _, name in item.kinds], default=item.kind + 1)
    step.pick(index, kind)


def _save_file(step: SaveStep, console: Console) -> bool | None:
    """Return whether it was written; None to choose another target."""
    while True:
        try:
            asyncio.run(step.plan())
        except SmtpWizardError as error:
            console.say(error.text)
            if step.undecided is None and not console.confirm("Try again?", default=True):
                return False
            if step.undecided is not None and not _take_way_out(step, console):
                return False
            continue
        answer = _agree(step, console)
        if answer != "again":
            return {"written": True, "left": False}.get(answer)


def _take_way_out(step: SaveStep, console: Console) -> bool:
    ways = step.ways_out()
    chosen = console.choose("What now", [*(way[:1].upper() + way[1:] for way in ways), "Leave it"])
    if chosen == 0:
        step.choose_override()
    elif chosen < len(ways):
        step.choose_env_file()
    return chosen < len(ways)


def _agree(step: SaveStep, console: Console) -> str:
    """Show the plan and do what is chosen: `written`, `left`, `elsewhere`, or `again`: plan anew."""
    while True:
        changed = [change for change in step.open_changes if change.changed]
        _tell(console, step.planned())
        if not changed:
            asyncio.run(step.apply())
            return "written"
        for change in changed:
            console.say(change.diff.rstrip("\n"))
        names = listed(change.path.name for change in changed)
        choices = {"write": f"Write {names}"}
        if step.lacks_rules:
            choices["rules"] = "Add the ignore rule first"
        if step.state.target.kind is TargetKind.ENV_FILE:
            choices["readers"] = "Choose the programs that read it"
        choices |= {"elsewhere": "Save elsewhere", "left": "Leave it unwritten"}
        chosen = [*choices][console.choose("What now", [*choices.values()])]
        if chosen == "rules":
            step.add_rules = True
            return "again"
        if chosen == "readers":
            _choose_readers(step, console)
            return "again"
        if chosen != "write":
            console.say("Nothing was written.")
            return chosen
        result = _write(step, console)
        if result != "shown again":
            return result


def _write(step: SaveStep, console: Console, consents: Sequence[Consent] = ()) -> str:
    """Write; `shown again` where a file changed meanwhile, and the new difference is to be seen first."""
    told = step.planned()
    try:
        asyncio.run(step.apply(consents))
    except ConsentRequired as error:
        console.say(error.question)
        if console.confirm(f"{error.consent.action}?"):
            return _write(step, console, [*consents, error.consent])
        return "left"
    except Conflict as error:
        console.say(error.text)
        return "shown again"
    except SmtpWizardError as error:
        console.say(error.text)
        return "again" if console.confirm("Try again?", default=True) else "left"
    _tell(console, [line for line in step.written() if line not in told])
    return "written"


def _choose_readers(step: SaveStep, console: Console) -> None:
    console.say(f"Known: {', '.join(reader.value for reader in Reader)}.")
    while True:
        given = console.ask("Readers, the weightiest first", default=",".join(reader.value for reader in step.readers))
        try:
            step.choose_readers(reader.value for reader in parse_readers(given))
        except SmtpWizardError as error:
            console.say(error.text)
        else:
            return


def _tell(console: Console, lines: Iterable[Line]) -> None:
    # The mark of what is to be done next has no word.
    console.tell(line._replace(mark=None) if line.mark is Mark.RUNNING else line for line in lines)


_ON_ITS_WAY: Final = frozenset({Mark.RUNNING, Mark.WAITING})


def send(session: Session, console: Console) -> None:
    """Step 5: ask for recipient and mails, send them over one connection, find out whether they arrive."""
    step = session.step(SendStep)
    to = _recipient(console, step.default_recipient)
    if not to:
        console.say("Nothing was sent.")
        return
    mails = step.mails
    choices = (*(mail.title for mail in mails), "all of them")
    number = console.choose("Which mail", choices, default=len(choices) if len(step.ticked) == len(mails) else 1)
    chosen = mails if number == len(mails) else (mails[number],)
    console.tell(Line(note, Mark.WARNING) for note in step.notes(to, chosen))
    if not may_log_in(session, console):
        console.say("Nothing was sent.")
        return
    asyncio.run(_send(step, console, to, chosen))
    if step.remark:
        console.say(step.remark)
    console.tell(problem_lines(step.problems()))
    if step.accepted:
        _arrival(session, console, step)


def _recipient(console: Console, default: str) -> str:
    """Return a mail address, or nothing where no mail is to be sent."""
    while True:
        to = console.ask("Your own inbox, not the sender (- sends nothing)", default=default)
        if to == "-":
            return ""
        problem = recipient_problem(to)
        if problem is None:
            return to
        console.say(problem)


async def _send(step: SendStep, console: Console, to: str, mails: Sequence[AppMail]) -> None:
    """Send, and say of each mail what became of it."""
    told: set[Line] = set()
    async with aclosing(step.send(to, mails)) as changes:
        async for line in changes:
            if line.mark not in _ON_ITS_WAY and line not in told:
                told.add(line)
                console.tell([line])


_CODE: Final = "Type the code from a mail"
_MAILBOX: Final = "Look into a mailbox, over IMAP"
_SENDER: Final = "Look up the sender's domain in DNS"
_LOG: Final = "Read what the app's log says"


def _arrival(session: Session, console: Console, step: SendStep) -> None:
    """Find out what arrived, as far as can be; then offer what helps where something did not."""
    asyncio.run(_watch(session, console))
    if step.practising and not step.awaited:
        return
    if step.awaited:
        console.say("Accepted is not arrived.")
        _ask_codes(console, step)
    while True:
        choices = [*((_CODE, _MAILBOX, _SENDER) if step.awaited else ()), _LOG, "Finish"]
        chosen = choices[console.choose("What now", choices, default=len(choices))]
        if chosen == "Finish":
            return
        try:
            if chosen == _CODE:
                _ask_codes(console, step)
            elif chosen == _MAILBOX:
                _mailbox(session, console)
            elif chosen == _SENDER:
                _sender(session, console, step)
            else:
                console.say(f"Reading what {log_service(session)} has logged in the last ten minutes.")
                console.tell(log_lines(asyncio.run(app_log(session))))
        except SmtpWizardError as error:
            console.say(error.message)


def _ask_codes(console: Console, step: SendStep) -> None:
    """Ask for codes until all are in, or one is left empty."""
    while step.awaited:
        typed = console.ask("The six digits from the mail (Enter skips)", optional=True)
        if not typed:
            return
        console.tell([step.enter_code(typed) or Line(step.remark)])


async def _watch(session: Session, console: Console, url: str = "", password: Secret | None = None) -> None:
    """Say of each mail when it is seen, or that it was not, then what that means; with a URL, in that mailbox."""
    step = session.step(SendStep)
    before = len(session.state.arrived)
    try:
        if password is not None:
            console.tell(await step.open_mailbox(url, password))
        async with aclosing(step.watch()) as lines:
            async for line in lines:
                console.tell([line])
    finally:
        await step.forget_mailbox()
    console.tell(meaning_lines(session.state.arrived[before:]))


def _mailbox(session: Session, console: Console) -> None:
    """Ask for a mailbox and watch it. One login for each answer: a refused one is told, and not tried again."""
    console.say("It only reads. The password goes to this server alone and is kept nowhere.")
    recipient = session.state.recipient
    user = console.ask("User", default=recipient)
    server = console.ask("IMAP server (name, or name:port for another than 993)", default=guessed_server(recipient))
    password = console.ask_secret("Password of the mailbox", optional=True)
    if password:
        asyncio.run(_watch(session, console, url_of(Mode.TLS, server, user), password))


def _sender(session: Session, console: Console, step: SendStep) -> None:
    """Say where to look, then ask name servers about the sender's domain; say each check and what to publish."""
    for line in step.advice(session.state.recipient):
        console.say(line)
    sender, seconds = session.state.settings.sender, session.services.timeout
    console.say(f"Asking name servers about the domain of {sender}, for {seconds:.0f} seconds at most.")
    report = asyncio.run(step.check_sender())
    for check in checks(report) if report.answered else ():
        console.tell(check.lines)
        for record in check.records:
            console.tell(record_lines(record))
    console.tell(closing_lines(report, session.state.provider))
