"""The Save step line by line: where to, what changes, one question before it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from smtpwizard.errors import SmtpWizardError
from smtpwizard.prompts.console import Console
from smtpwizard.report.lines import Line, Mark
from smtpwizard.targets.change import Conflict, Consent, ConsentRequired
from smtpwizard.targets.env.readers import Reader, parse_readers
from smtpwizard.text import listed
from smtpwizard.wizard.save import SaveStep
from smtpwizard.wizard.session import Session, TargetKind


def save(session: Session, console: Console) -> bool:
    """Show what would change, ask, write. True when the target holds the settings now, or a block was taken."""
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
