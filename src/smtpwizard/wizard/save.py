"""Step 4: where to, what would change, the writing, and what makes the app see it. Draws nothing, prints nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smtpwizard.apps.profile import AppProfile, Role, is_image
from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import BugError, FileError, InputError, SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.problems import Problem, gravest_first
from smtpwizard.report.lines import Line, LineRole, Mark, finding_line
from smtpwizard.secret import Secret, redact, redactor
from smtpwizard.targets.apply import apply_all
from smtpwizard.targets.block import STYLES as BLOCK_STYLES
from smtpwizard.targets.block import Style, block, fragment
from smtpwizard.targets.change import Conflict, ConsentRequired, Undecided, changes_for
from smtpwizard.targets.compose.read import service_variables
from smtpwizard.targets.compose.services import ComposeFile, Service, choose, read_compose_file
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.env.plan import plan_env_file
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader
from smtpwizard.targets.files import override_target
from smtpwizard.targets.git import RULES, with_ignore_rules
from smtpwizard.targets.next_steps import next_steps
from smtpwizard.targets.recognise import services_of
from smtpwizard.targets.replace import sweep
from smtpwizard.text import listed
from smtpwizard.wizard.destination import SaveTarget, TargetChoice, discover_targets, same_target, save_targets
from smtpwizard.wizard.session import Session, Target, TargetKind, WizardState

if TYPE_CHECKING:
    from smtpwizard.targets.change import Applied, Change, Consent, Values
    from smtpwizard.targets.compose.plan import SecretMode

T = TypeVar("T")

PLAN_SECONDS: Final = 15.0
"""Deadline for reading and planning: git alone may take twice its 2 s."""

WRITE_SECONDS: Final = 30.0
"""Deadline for writing, with fsync of file and folder on a slow disk."""

_PRACTICE: Final = (
    "These are practice settings: the app in its container does not reach this server, and it stops with the wizard."
)

Run = Callable[..., Awaitable[Any]]
"""`run(function, timeout=…, name=…)` returns function(). TimeoutError after `timeout` seconds."""


async def at_once(function: Callable[[], T], *, timeout: float, name: str) -> T:
    """Run it here and now, without a deadline: Ctrl+C is the command line's."""
    return function()


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that runs `at_once`: loading asyncio takes a third of a whole `write`."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise BugError("the Save step waited for an event loop")


class SaveStep:
    """The step without a screen. Truth is the state's target; what is planned and written is kept here."""

    def __init__(self, session: Session, run: Run = in_daemon_thread) -> None:
        """`run`: how to do what blocks; by default in a daemon thread, since a slow disk must not stop the keys."""
        self.session = session
        self.targets: tuple[SaveTarget, ...] = ()
        self.changes: tuple[Change, ...] | None = None
        """The plan, in the order in which it is applied; None while there is none."""
        self.done: list[tuple[Change, Applied]] = []
        """What was applied of `changes`, in their order."""
        self.notes: tuple[Problem, ...] = ()
        """What is to be done and known now that everything is written."""
        self.undecided: Undecided | None = None
        """Why a person must choose; then there is no plan."""
        self.add_rules = False
        """Whether missing ignore rules are planned too, before the rest."""
        self.also: tuple[str, ...] = ()
        """Further services of the compose file that get the same."""
        self._run: Run = run
        self._values: Values | None = None
        self._asked: Path | None = None
        """The file about which consent was asked last."""
        self._agreed: set[tuple[Path | None, Consent]] = set()
        self._file: ComposeFile | None = None

    @property
    def state(self) -> WizardState:
        """What is known now."""
        return self.session.state

    @property
    def app(self) -> AppProfile:
        """The app that the settings are for."""
        return self.session.services.app

    # Where to

    async def discover(self) -> None:
        """List what the target's folder offers in `targets`. Never raises: the target itself is always offered."""
        wanted, app = self.state.target, self.app
        if app.place is not None:
            block_ = Target(TargetKind.PRINT, None, style="fragment")
            self.targets = (SaveTarget(block_, f"for {app.place.where}"),)
            self.session.update(target=block_)
            return
        folder = wanted.path.parent if wanted.path else Path()

        def work() -> tuple[TargetChoice, ...]:
            sweep(folder)
            return discover_targets(folder, images=app.images, app_service=app.service)

        try:
            found = await self._run(work, timeout=PLAN_SECONDS, name="targets")
        except (TimeoutError, SmtpWizardError):
            found = ()
        before = self.state.original
        in_file = before is not None and before.in_file(Role.PASSWORD)
        self.targets = save_targets(found, wanted, app, in_file=in_file)

    @property
    def index(self) -> int:
        """The place of the state's target among `targets`; 0 where it is not there."""
        return next(
            (index for index, item in enumerate(self.targets) if same_target(item.target, self.state.target)), 0
        )

    def pick(self, index: int, kind: int | None = None) -> None:
        """Take the target at `index`, of the kind `kind` where it has kinds."""
        item = self.targets[index]
        if kind is not None:
            item = item._replace(target=item.with_kind(kind))
            self.targets = (*self.targets[:index], item, *self.targets[index + 1 :])
        self.add_rules = False
        self.choose(item.target)

    def choose(self, target: Target) -> None:
        """Take `target`; it is to be planned."""
        # A block that was taken before is not what the operator wants any more once a file is chosen.
        self.session.update(target=target, **({} if target.kind is TargetKind.PRINT else {"block": None}))
        self.forget()

    def choose_override(self) -> None:
        """Take the override file beside the compose file, which stays as it is."""
        self.choose(replace(self.state.target, override=True))

    def choose_env_file(self) -> None:
        """Take the env file that the service reads, where its compose file cannot be edited."""
        assert self.env_file is not None
        self.choose(Target(TargetKind.ENV_FILE, self.env_file))

    def choose_readers(self, readers: Iterable[str]) -> None:
        """Take the programs that read the env file, by their names."""
        self.session.update(readers=tuple(readers))
        self.forget()

    @property
    def readers(self) -> tuple[Reader, ...]:
        """Who is assumed to read the env file, the weightiest first."""
        return tuple(Reader(name) for name in self.state.readers) or DEFAULT_READERS

    @property
    def env_file(self) -> Path | None:
        """The env file that could be written instead, while it is undecided; the one that counts most."""
        return self.undecided.env_files[-1] if self.undecided and self.undecided.env_files else None

    # What would change

    async def read(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables that the target holds, as the app sees them; a compose service is settled with it.

        FileError where it cannot be read; InputError where the service cannot be told.
        """
        target, app = self.state.target, self.app
        assert target.path is not None
        path = target.path

        def work() -> tuple[Mapping[str, str], ComposeFile | None, str | None]:
            sweep(path.parent)
            if target.kind is TargetKind.ENV_FILE:
                return read_env_file(path).variables, None, None
            file = read_compose_file(path)
            name = choose(file, target.service, images=app.images, app_service=app.service).name
            return service_variables(file, name, environ).variables, file, name

        found: Mapping[str, str]
        found, self._file, service = await self._run(work, timeout=PLAN_SECONDS, name="read")
        self.session.update(target=replace(target, service=service))
        return found

    async def plan(self, values: Values | None = None) -> tuple[Change, ...]:
        """Return what would change, to be applied in this order.

        `values`: what to write and nothing else; by default what the settings need, old lines taken out. Undecided
        where a person must choose: `env_file` and `choose_override()` are the ways out. InputError; FileError.
        """
        state, app, path = self.state, self.app, self.state.target.path
        assert path is not None
        self.forget()
        self._values = values
        file, self._file = self._file, None  # the bytes of one reading are planned on once
        changes: tuple[Change, ...]
        try:
            changes, service, self.also = await self._run(
                partial(_planned, state, app, values, file), timeout=PLAN_SECONDS, name="plan"
            )
            if self.add_rules:
                changes = await self._run(partial(with_ignore_rules, changes), timeout=PLAN_SECONDS, name="rules")
        except Undecided as error:
            self.undecided = error
            raise
        except TimeoutError:
            raise FileError(f"{path} was not read within {PLAN_SECONDS:.0f} s. Is its disk away?") from None
        if service is not None and service != state.target.service:
            self.session.update(target=replace(state.target, service=service))
        if any(change.changed for change in changes):
            self.notes = await self._next_steps(changes[-1].path)
        self.changes = self._without_tokens(changes)
        return self.changes

    def _without_tokens(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Mask in the diffs what a planner cannot know for a secret: a provider's key in the user name's place."""
        known = {item for held in (self.state.settings, self.state.original) if held for item in held.secrets()}
        clear = redactor(item for item in self.session.secrets() if item not in known)
        return tuple(replace(item, masked=item.masked._replace(text=clear(item.diff))) for item in changes)

    @property
    def open_changes(self) -> tuple[Change, ...]:
        """What is planned and not written yet."""
        return (self.changes or ())[len(self.done) :]

    @property
    def lacks_rules(self) -> bool:
        """Whether an ignore rule is missing that could be added."""
        return any(finding.id in RULES for change in self.open_changes for finding in change.findings)

    def planned(self) -> list[Line]:
        """Return what is to be known before the changes are made: what keeps them from the app, facts, findings."""
        changes = self.open_changes
        facts = [line for change in changes for line in _facts(change, several=len(changes) > 1)]
        if not self._practises:
            facts[:0] = [line for line in self._note_lines() if line.mark is Mark.WARNING]
        if self.state.target.refers and changes:
            facts.insert(0, _fact(f"The password goes into .env alone; {changes[-1].path.name} refers to it."))
        facts[:0] = self._tested()
        unique = {item.id + item.message: item for change in changes for item in change.findings}
        return [*facts, *finding_lines(unique.values())]

    def _tested(self) -> list[Line]:
        """Return what the last test said of the settings, where it was not good news."""
        if self.state.report is None:
            return []
        from smtpwizard.wizard.check import bad_news  # `write`, which tests nothing, does without

        return bad_news(self.state)

    def ways_out(self) -> list[str]:
        """Return what can be done while it is undecided, as actions: the override file, then the env file."""
        target = self.state.target
        if self.undecided is None or target.path is None:
            return []
        ways = [f"show the same as {override_target(target.path).name}; the compose file stays as it is"]
        if self.env_file is not None:
            ways.append(f"take {self.env_file.name} instead, which the service reads through env_file")
        return ways

    # Writing

    async def apply(self, consents: Collection[Consent] = (), *, for_all: bool = False) -> None:
        """Write what is planned, all of it or nothing, read it back, and find out what makes the app see it.

        `consents`: the operator's word for the file that was asked about last; `for_all`: for each. ConsentRequired
        where another is needed; Conflict where a file changed meanwhile: it is planned anew, and is to be shown.
        FileError.
        """
        self._agreed |= {(self._asked, consent) for consent in consents}
        changes = self.open_changes
        work = partial(
            apply_all,
            changes,
            lambda change, consent: (change.path, consent) in self._agreed or (for_all and consent in consents),
            backup_dir=self.session.services.backup_dir,
        )
        if any(change.changed for change in changes):
            try:
                applied = await self._run(work, timeout=WRITE_SECONDS, name="write")
            except ConsentRequired as error:
                self._asked = error.path
                raise
            except Conflict:
                await self.plan(self._values)
                raise
            except TimeoutError:
                names = listed(str(change.path) for change in changes if change.changed)
                raise FileError(
                    f"{names} not written within {WRITE_SECONDS:.0f} s. Look at the disk before trying again."
                ) from None
            self.done = list(zip(changes, applied, strict=True))
            self.session.update(applied=(*self.state.applied, *applied))
        self.session.update(saved=self.state.settings)
        if any(applied.changed for _, applied in self.done):
            await self._find_next_steps()

    async def _next_steps(self, path: Path) -> tuple[Problem, ...]:
        """Return what is to be done and known once `path` is written: the last of the plan, the compose file if any."""
        state, app = self.state, self.app
        names = self._values or state.settings.to_variables()
        service = state.target.service if state.target.kind is TargetKind.COMPOSE else None
        work = partial(
            next_steps, path, names, service=service, images=app.images, app_service=app.service, also=self.also
        )
        try:
            found: tuple[Problem, ...] = await self._run(work, timeout=PLAN_SECONDS, name="next steps")
        except TimeoutError:
            return ()
        return found

    async def _find_next_steps(self) -> None:
        self.notes = await self._next_steps(self.done[-1][0].path)
        usual = next_command(self.app.service) if not self.notes or self.notes[0].id == "start-anew" else ""
        self.session.update(next_command=next((note.command for note in self.notes if note.command), usual))

    @property
    def wrote(self) -> bool:
        """Whether all of the plan is applied."""
        return self.changes is not None and bool(self.done) and not self.open_changes

    @property
    def is_saved(self) -> bool:
        """Whether the target holds the settings as they are now, or the block was taken."""
        state = self.state
        if state.saved != state.settings:
            return False
        if state.target.kind is TargetKind.PRINT:
            return state.block is not None
        return self.changes is not None and (self.wrote or not any(change.changed for change in self.changes))

    def written(self) -> list[Line]:
        """Return what was done, and what makes the app see it; for the practice server, that the app never can."""
        lines: list[Line] = []
        for change, applied in self.done:
            name = change.path.name
            text = f"{name} written, read back and compared." if applied.changed else f"{name} was as it should be."
            lines.append(Line(text, Mark.OK))
            if applied.backup:
                lines.append(_fact(f"The file as it was: {_short(applied.backup)}"))
        failed = [line for line in self._tested() if not self._practises]
        return [*lines, *failed, *([Line(_PRACTICE, Mark.WARNING)] if self._practises else self._note_lines())]

    @property
    def _practises(self) -> bool:
        provider = self.state.provider
        return provider is not None and provider.kind is Kind.PRACTICE

    def _note_lines(self) -> list[Line]:
        return [_note(note, self.app.service) for note in self.notes]

    def forget(self) -> None:
        """Drop the plan: another target was chosen, or it is made anew."""
        self.changes, self.done, self.notes, self.undecided = None, [], (), None
        self._asked, self._agreed = None, set()

    # A block to copy

    def block(self, *, masked: bool) -> str:
        """Return the lines to paste: in the target's own style, as .env lines or a compose list for a file.

        InputError for a value that no line can hold.
        """
        target = self.state.target
        own: Mapping[TargetKind, str] = {TargetKind.PRINT: target.style, TargetKind.COMPOSE: "compose-list"}
        style: Style = next((known for known in BLOCK_STYLES if known == own.get(target.kind)), "env")
        variables, app = self.state.settings.to_variables(), self.app
        if app.place is not None:
            text = fragment(app, variables, masked=masked)
        else:
            text = block(variables, style, masked=masked, readers=self.readers, app=app)
        # Where one token is user name and password (Postmark), only the password's own line would be masked.
        return redact(text, self.session.secrets()) if masked else text

    def take_block(self) -> None:
        """Keep the block for stdout after leaving: the one way out of the alternate screen that all terminals have."""
        self.session.update(block=Secret(self.block(masked=False)), saved=self.state.settings)

    def block_lines(self) -> list[Line]:
        """Return where the lines of a block go, and what makes the app see them."""
        service = self.app.service
        if self.app.place is not None:
            return [_fact(f"Enter them in {self.app.place.where}."), _fact("Then have it send a test mail there.")]
        if self.state.target.style in ("docker-run", "kubernetes"):
            return [_fact("The container is to be made anew with them."), _fact("The old one keeps what it was given.")]
        if self.state.target.style == "env":
            where = f"Put them into the .env file that the {service} container reads."
        else:
            where = f"Put them under services: {service}: environment: in the compose file."
        return [_fact(where), _next(next_command(service))]


def _planned(
    state: WizardState, app: AppProfile, values: Values | None, file: ComposeFile | None
) -> tuple[tuple[Change, ...], str | None, tuple[str, ...]]:
    """Return the changes, the compose service that they are for, and those that get the same.

    `file`: the compose file as just read, or None.
    """
    target = state.target
    assert target.path is not None
    if target.kind is TargetKind.ENV_FILE:
        if values is None:
            values = changes_for(state.settings, state.original, read_env_file(target.path).variables)
        readers = tuple(Reader(name) for name in state.readers) or DEFAULT_READERS
        return (plan_env_file(target.path, values, readers=readers),), None, ()
    from smtpwizard.targets.compose.plan import plan_compose

    if file is None:
        file = read_compose_file(target.path)
    service = choose(file, target.service, images=app.images, app_service=app.service)
    every = file.services()
    also = _others_of_app(every, app, service.name)
    if values is None:
        present = dict.fromkeys(name for item in (service, *also) for name in item.variables)
        values = changes_for(state.settings, state.original, present)
    if target.override:
        # What an override file leaves out stays as the file below has it: a login is emptied there, the rest stays.
        login = (app.variable(Role.USERNAME), app.variable(Role.PASSWORD))
        values = {
            name: "" if value is None else value for name, value in values.items() if value is not None or name in login
        }
    modes: tuple[SecretMode, ...] = ("reference", "inline")
    secret: SecretMode = next((mode for mode in modes if mode == target.secret), "")
    names = tuple(item.name for item in also)
    if target.secret == "file":  # noqa: S105  # the name of a mode
        changes = _in_secret_file(file, service, values, app, also, override=target.override)
    else:
        kin = [item.name for item in every if is_image(item.image, app.images)]
        changes = plan_compose(file, service, values, secret=secret, override=target.override, also=also, kin=kin)
    return changes, service.name, names


def _in_secret_file(
    file: ComposeFile, service: Service, values: Values, app: AppProfile, also: Sequence[Service], *, override: bool
) -> tuple[Change, ...]:
    """Plan the password into a file of its own. InputError for an app that reads none."""
    from smtpwizard.targets.compose.plan import in_a_file, plan_compose, with_secret_file

    spec = app.spec(Role.PASSWORD)
    if spec is None or not spec.file_variant:
        raise InputError(f"{app.name} reads no password from a file. Take --secret reference.", "Secret in a file")
    name = f"{app.id.replace('.', '-').replace('-', '_')}_smtp_password"
    values, secret = in_a_file(values, spec.name, spec.file_variant, name)
    if override:
        values = {key: value for key, value in values.items() if value is not None}
    changes = plan_compose(file, service, values, override=override, also=also)
    if secret is None:
        return changes
    return with_secret_file(changes, secret, name, [service.name, *(item.name for item in also)], values)


def _others_of_app(every: Sequence[Service], app: AppProfile, service: str) -> list[Service]:
    """Return those of the compose file's services that read the app's variables too, where `service` is one of them."""
    wanted = services_of(app, [(item.name, item.image) for item in every])
    return [item for item in every if item.name in wanted and item.name != service] if service in wanted else []


def next_command(service: str) -> str:
    """Return what makes the app see new values. `restart` does not: a container keeps the values it was made with."""
    return f"docker compose up -d {service}"


def finding_lines(findings: Iterable[Problem]) -> list[Line]:
    """Return findings as lines, the gravest first."""
    return [finding_line(item) for item in gravest_first(findings)]


def _fact(text: str) -> Line:
    return Line(text, role=LineRole.REMARK)


def _facts(change: Change, *, several: bool) -> list[Line]:
    name = change.path.name
    if not change.changed:
        return [_fact(f"Nothing changes: {name} holds these values already.")]
    first = (
        f"A new file of {change.masked.lines_changed} lines." if change.before is None else f"{change.masked.counted}."
    )
    kept = f"Backup: {change.backup_name} in the state folder. " if change.backup_name else ""
    link = f" {name} is a link: {change.real_path} is written." if change.through_link else ""
    text = " ".join([first, *change.notes])
    if several:
        return [_fact(f"{name}: {text} {kept}Mode {change.mode:04o}.{link}")]
    return [_fact(text), _fact(f"{kept}Mode {change.mode:04o}.{link}")]


def _note(note: Problem, service: str) -> Line:
    if note.command:
        return _next(note.command)
    if note.id == "start-anew":
        return Line(f"{note.message} Under docker compose: {next_command(service)}", Mark.RUNNING)
    return Line(note.message, Mark.WARNING)


def _next(command: str) -> Line:
    return Line(f"Next: {command}   (restart keeps the old values)", Mark.RUNNING)


def _short(path: Path) -> str:
    """Return a path with the home folder as `~`, which a shell takes too."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
