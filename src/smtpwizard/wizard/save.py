"""Planning and writing for the Save step, each in a daemon thread: a slow disk must not stop the keys. No textual."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.problems import Problem, Severity
from smtpwizard.report.stages import Mark
from smtpwizard.targets.change import Changes, counted, wanted_changes
from smtpwizard.wizard.state import Target, TargetKind, WizardState

if TYPE_CHECKING:
    from smtpwizard.presets.schema import ConsumingApp
    from smtpwizard.secret import Secret
    from smtpwizard.targets.block import Style
    from smtpwizard.targets.change import Applied, Change
    from smtpwizard.targets.compose.plan import SecretMode
    from smtpwizard.targets.discover import TargetChoice
    from smtpwizard.targets.env.readers import Reader


PLAN_SECONDS: Final = 15.0
"""Deadline for reading and planning: git alone may take twice its 2 s."""

WRITE_SECONDS: Final = 30.0
"""Deadline for writing, with fsync of file and folder on a slow disk."""

RULES: Final = frozenset({"git-does-not-ignore", "dockerignore-missing"})
"""Ids of findings that an ignore rule repairs."""


async def discover(folder: Path, app: ConsumingApp) -> tuple[TargetChoice, ...]:
    """Return the files and services of `folder` that settings can go to. TimeoutError after PLAN_SECONDS."""

    def work() -> tuple[TargetChoice, ...]:
        from smtpwizard.targets.discover import discover_targets

        return discover_targets(folder, images=app.images, app_service=app.service)

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="targets")


async def plan(state: WizardState, app: ConsumingApp, *, ignore: bool = False) -> tuple[Change, ...]:
    """Return the changes of the state's target, to be applied in this order; with `ignore`, missing ignore rules too.

    FileError, Undecided where a person must choose, InputError; TimeoutError after PLAN_SECONDS.
    """

    def work() -> tuple[Change, ...]:
        changes = _planned(state, app)
        if not ignore:
            return changes
        from smtpwizard.targets.git import with_ignore_rules

        return with_ignore_rules(changes)

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="plan")


def _planned(state: WizardState, app: ConsumingApp) -> tuple[Change, ...]:
    target = state.target
    assert target.path is not None
    if target.kind is TargetKind.ENV_FILE:
        from smtpwizard.targets.env.file import read_env_file
        from smtpwizard.targets.env.plan import plan_env_file

        present = read_env_file(target.path).variables
        wanted = wanted_changes(state.settings, state.original, present)
        return (plan_env_file(target.path, wanted, readers=readers_of(state)),)
    from smtpwizard.targets.compose.plan import list_services, plan_compose, plan_override
    from smtpwizard.targets.compose.services import chosen

    listed = list_services(target.path, images=app.images, app_service=app.service)
    service = chosen(listed, target.service)
    wanted = wanted_changes(state.settings, state.original, dict.fromkeys(service.variables))
    if target.override:
        # What an override file leaves out stays as the file below has it: there is nothing to take out.
        values: Changes = {name: value for name, value in wanted.items() if value is not None}
        return (plan_override(target.path, service.name, values),)
    secret: SecretMode = "reference" if target.refers else "inline"  # the name of a mode
    return plan_compose(target.path, service.name, wanted, secret=secret)


def readers_of(state: WizardState) -> tuple[Reader, ...]:
    """Return who is assumed to read the env file, the weightiest first."""
    from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader

    return tuple(Reader(name) for name in state.readers) or DEFAULT_READERS


async def env_files(target: Target, app: ConsumingApp) -> tuple[Path, ...]:
    """Return the env files that the target's service reads, beside its compose file; none where that is not known."""

    def work() -> tuple[Path, ...]:
        from smtpwizard.errors import SmtpWizardError
        from smtpwizard.targets.compose.plan import list_services
        from smtpwizard.targets.compose.services import chosen

        assert target.path is not None
        try:
            listed = list_services(target.path, images=app.images, app_service=app.service)
            names = chosen(listed, target.service).env_files
        except SmtpWizardError:
            return ()
        return tuple(target.path.parent / name for name in names if "$" not in name and not name.startswith("~"))

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="env files")


async def write(change: Change, *, in_place: bool = False, follow_link: bool = False) -> Applied:
    """Apply `change`. FileError, Conflict, InPlaceRequired, LeavesProject; TimeoutError after WRITE_SECONDS."""

    def work() -> Applied:
        from smtpwizard.targets.apply import apply

        return apply(change, in_place=in_place, follow_link=follow_link)

    return await in_daemon_thread(work, timeout=WRITE_SECONDS, name="write")


async def notes(state: WizardState, changes: Sequence[Change], app: ConsumingApp) -> tuple[Problem, ...]:
    """Return what is to be done and known now that `changes` are written. TimeoutError after PLAN_SECONDS."""
    target = state.target
    path = changes[-1].path  # the compose or override file where there is one: it is written last

    def work() -> tuple[Problem, ...]:
        from smtpwizard.targets.next_steps import after_writing

        service = None
        if target.kind is TargetKind.COMPOSE and target.path is not None:
            from smtpwizard.targets.compose.plan import list_services
            from smtpwizard.targets.compose.services import chosen

            listed = list_services(target.path, images=app.images, app_service=app.service)
            service = chosen(listed, target.service).name
        variables = state.settings.to_variables()
        return after_writing(path, variables, service=service, images=app.images, app_service=app.service)

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="notes")


def block_of(variables: Mapping[str, str | Secret], target: Target, *, masked: bool) -> str:
    """Return the lines to paste for `target`: in its own style, or as a compose list for a compose file.

    InputError for a value that no line can hold.
    """
    from smtpwizard.targets.block import STYLES, block

    wanted = target.style if target.kind is TargetKind.PRINT else "compose-list"
    style: Style = next((known for known in STYLES if known == wanted), "env")
    return block(variables, style, masked=masked)


async def warm_templates() -> None:
    """Load what rendering mails needs, in a daemon thread; what goes wrong there shows when a mail is rendered."""

    def work() -> None:
        from smtpwizard.mail.templates import warm

        warm()

    await in_daemon_thread(work, timeout=WRITE_SECONDS, name="templates")


def next_command(service: str) -> str:
    """Return what makes the app see new values. `restart` does not: a container keeps the values it was made with."""
    return f"docker compose up -d {service}"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


STYLES: Final = (("env", "env"), ("compose-list", "compose list"), ("compose-map", "compose mapping"))
"""The kinds of block and their names on screen."""

SECRETS: Final = (("inline", "password here"), ("reference", ".env"))
"""The places of the password when the target is a compose file, and their names on screen."""


@dataclass(frozen=True, slots=True)
class SaveTarget:
    """One line of the picker."""

    target: Target
    label: str
    words: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    """The kinds to choose from, as STYLES or SECRETS."""

    def with_kind(self, index: int) -> Target:
        """Return the target, of the kind `index` where it has kinds."""
        if not self.kinds:
            return self.target
        kind = self.kinds[index][0]
        if self.target.kind is TargetKind.COMPOSE:
            return replace(self.target, secret=kind)
        return replace(self.target, style=kind)

    @property
    def kind(self) -> int:
        """The place of the target's own kind among `kinds`."""
        own = self.target.secret if self.target.kind is TargetKind.COMPOSE else self.target.style
        return next((index for index, (kind, _) in enumerate(self.kinds) if kind == own), 0)


def save_targets(found: Sequence[TargetChoice], wanted: Target) -> tuple[SaveTarget, ...]:
    """Return the choices: files and services found, the `wanted` one first if it is not among them, then a block."""
    files = [_of_choice(choice) for choice in found]
    place = next((index for index, item in enumerate(files) if _same(item.target, wanted)), None)
    if wanted.kind is not TargetKind.PRINT and place is None:
        kinds = SECRETS if wanted.kind is TargetKind.COMPOSE else ()
        files.insert(0, SaveTarget(wanted, str(wanted.path), "as named", kinds))
    elif place is not None and wanted.secret:
        files[place] = replace(files[place], target=wanted)  # chosen before: its kind stays
    style = wanted.style if wanted.style in dict(STYLES) else STYLES[0][0]
    block = SaveTarget(Target(TargetKind.PRINT, None, None, style), "a block to copy", kinds=STYLES)
    return (*files, block)


def chosen_index(targets: Sequence[SaveTarget], wanted: Target) -> int:
    """Return the place of `wanted` in the list; 0 where it is not there."""
    return next((index for index, item in enumerate(targets) if _same(item.target, wanted)), 0)


def _of_choice(choice: TargetChoice) -> SaveTarget:
    if choice.kind.value == "compose":
        # What git tracks is in everybody's clone with the next commit: there the password goes elsewhere.
        secret = "reference" if choice.git.tracked else "inline"
        target = Target(TargetKind.COMPOSE, choice.path, choice.service, secret=secret)
        return SaveTarget(target, choice.label, choice.detail, SECRETS)
    return SaveTarget(Target(TargetKind.ENV_FILE, choice.path), choice.label, choice.detail)


def _same(left: Target, right: Target) -> bool:
    if left.kind is not right.kind:
        return False
    if left.path is None or right.path is None:
        return left.kind is TargetKind.PRINT
    # A compose file named without its service: the first of them, which is the app's.
    same_service = left.service == right.service or right.service is None
    return same_service and _place(left.path) == _place(right.path)


def _place(path: Path) -> Path:
    """Return where a path stands, without asking the disk: a link and its target are two choices."""
    return Path(os.path.abspath(path))


_PRACTICE: Final = (
    "These are practice settings: the app in its container does not reach this server, and it stops with the wizard."
)

Sentence = tuple[Mark | None, str]
"""A sentence with its mark; None for a plain fact, which is shown muted."""

_MARKS: Final = {Severity.ERROR: Mark.FAILED, Severity.WARNING: Mark.WARNING, Severity.INFO: None}


def planned(changes: Sequence[Change], *, reference: bool = False) -> list[Sentence]:
    """Return what is to be known before the changes are made: the facts first, then what was found.

    `reference`: a compose file gets a reference to the password.
    """
    several = len(changes) > 1
    facts = [sentence for change in changes for sentence in _facts(change, several=several)]
    if reference:
        facts.insert(0, (None, f"The password goes into .env alone; {changes[-1].path.name} refers to it."))
    unique = {item.id + item.message: item for change in changes for item in change.findings}
    return [*facts, *_findings(unique.values())]


def _facts(change: Change, *, several: bool) -> list[Sentence]:
    name = change.path.name
    if not change.changed:
        return [(None, f"Nothing changes: {name} holds these values already.")]
    count = change.lines_changed
    first = f"A new file of {count} lines." if change.before is None else f"{counted(count, change.lines_kept)}."
    kept = f"Backup: {change.backup_name} in the state folder. " if change.backup_name else ""
    link = f" {name} is a link: {change.real_path} is written." if change.through_link else ""
    said = " ".join([first, *change.notes])
    if several:
        return [(None, f"{name}: {said} {kept}Mode {change.mode:04o}.{link}")]
    return [(None, said), (None, f"{kept}Mode {change.mode:04o}.{link}")]


def written(
    done: Sequence[tuple[Change, Applied]], notes: Sequence[Problem], service: str, *, practice: bool
) -> list[Sentence]:
    """Return what was done, and what makes the app see it; for the practice server, that the app never can."""
    sentences: list[Sentence] = []
    for change, applied in done:
        proof = "read back and compared" if applied.verified else "not read back"
        words = (
            f"{change.path.name} written, {proof}." if applied.changed else f"{change.path.name} was as it should be."
        )
        backup = f"The file as it was: {_short(applied.backup)}" if applied.backup else ""
        sentences.append((Mark.OK if applied.verified or not applied.changed else Mark.WARNING, words))
        sentences += [(None, note) for note in (backup, *applied.notes) if note]
    if practice:
        return [*sentences, (Mark.WARNING, _PRACTICE)]
    return [*sentences, *(_note(note, service) for note in notes)]


def _note(note: Problem, service: str) -> Sentence:
    if note.command:
        return Mark.RUNNING, f"Next: {note.command}   (restart keeps the old values)"
    if note.id == "start-anew":
        return Mark.RUNNING, f"{note.message} Under docker compose: {next_command(service)}"
    return Mark.WARNING, note.message


def undecided(error: SmtpWizardError, override: str, env_files: Sequence[Path]) -> list[Sentence]:
    """Return why a person must choose, and the ways out that there are here."""
    ways: list[Sentence] = [(None, f"Enter shows the same as {override}; the compose file stays as it is.")]
    if env_files:
        name = env_files[-1].name
        ways.append((None, f"F6 takes {name} instead, which the service reads through env_file."))
    return [(Mark.FAILED, told(error)), *ways]


def block_words(target: Target, service: str, *, taken: bool) -> list[Sentence]:
    """Return where the lines of a block go, and how they leave the screen."""
    if target.style == "env":
        where = f"Put them into the .env file that the {service} container reads."
    else:
        where = f"Put them under services: {service}: environment: in the compose file."
    out: Sentence = (
        (Mark.OK, "The block is printed, with the password, when the wizard is left.")
        if taken
        else (None, "Enter has it printed, with the password, when the wizard is left. Ctrl+Y copies it now.")
    )
    return [(None, where), out, _next(service)]


def _short(path: Path) -> str:
    """Return a path with the home folder as `~`, which a shell takes too."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _next(service: str) -> Sentence:
    return Mark.RUNNING, f"Next: {next_command(service)}   (restart keeps the old values)"


def told(error: SmtpWizardError) -> str:
    """Return an error as one text: its title, then what to do."""
    return f"{error.title}: {error.message}" if error.title else error.message


def _findings(findings: Iterable[Problem]) -> list[Sentence]:
    order = list(_MARKS)
    return [(_MARKS[item.severity], item.message) for item in sorted(findings, key=lambda i: order.index(i.severity))]
