"""Planning and writing for the Save step, each in a daemon thread: a slow disk must not stop the keys. No textual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.background import in_daemon_thread
from smtpwizard.outputs.wanted import Changes, wanted_changes
from smtpwizard.tui.state import Target, TargetKind, WizardState

if TYPE_CHECKING:
    from smtpwizard.outputs import Applied, Change, Note, Reader, TargetChoice
    from smtpwizard.outputs.blocks import Style
    from smtpwizard.outputs.compose_plan import SecretMode
    from smtpwizard.preset_schema import ConsumingApp
    from smtpwizard.secret import Secret

PLAN_SECONDS: Final = 15.0
"""Deadline for reading and planning: git alone may take twice its 2 s."""

WRITE_SECONDS: Final = 30.0
"""Deadline for writing, with fsync of file and folder on a slow disk."""

RULES: Final = frozenset({"git-does-not-ignore", "dockerignore-missing"})
"""Ids of findings that an ignore rule repairs."""


async def discover(folder: Path, app: ConsumingApp) -> tuple[TargetChoice, ...]:
    """Return the files and services of `folder` that settings can go to. TimeoutError after PLAN_SECONDS."""

    def work() -> tuple[TargetChoice, ...]:
        from smtpwizard.outputs import discover_targets

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
        from smtpwizard.outputs.ignoring import with_ignore_rules

        return with_ignore_rules(changes)

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="plan")


def _planned(state: WizardState, app: ConsumingApp) -> tuple[Change, ...]:
    target = state.target
    assert target.path is not None
    if target.kind is TargetKind.ENV_FILE:
        from smtpwizard.outputs import plan_env_file, read_env_file

        present = read_env_file(target.path).variables
        wanted = wanted_changes(state.settings, state.original, present)
        return (plan_env_file(target.path, wanted, readers=readers_of(state)),)
    from smtpwizard.outputs.compose_plan import list_services, plan_compose, plan_override
    from smtpwizard.outputs.compose_services import chosen

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
    from smtpwizard.outputs import DEFAULT_READERS, Reader

    return tuple(Reader(name) for name in state.readers) or DEFAULT_READERS


async def env_files(target: Target, app: ConsumingApp) -> tuple[Path, ...]:
    """Return the env files that the target's service reads, beside its compose file; none where that is not known."""

    def work() -> tuple[Path, ...]:
        from smtpwizard.errors import SmtpWizardError
        from smtpwizard.outputs.compose_plan import list_services
        from smtpwizard.outputs.compose_services import chosen

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
        from smtpwizard.outputs import apply

        return apply(change, in_place=in_place, follow_link=follow_link)

    return await in_daemon_thread(work, timeout=WRITE_SECONDS, name="write")


async def notes(state: WizardState, changes: Sequence[Change], app: ConsumingApp) -> tuple[Note, ...]:
    """Return what is to be done and known now that `changes` are written. TimeoutError after PLAN_SECONDS."""
    target = state.target
    path = changes[-1].path  # the compose or override file where there is one: it is written last

    def work() -> tuple[Note, ...]:
        from smtpwizard.outputs import after_writing

        service = None
        if target.kind is TargetKind.COMPOSE and target.path is not None:
            from smtpwizard.outputs.compose_plan import list_services
            from smtpwizard.outputs.compose_services import chosen

            listed = list_services(target.path, images=app.images, app_service=app.service)
            service = chosen(listed, target.service).name
        variables = state.settings.to_variables()
        return after_writing(path, variables, service=service, images=app.images, app_service=app.service)

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="notes")


def block_of(variables: Mapping[str, str | Secret], target: Target, *, masked: bool) -> str:
    """Return the lines to paste for `target`: in its own style, or as a compose list for a compose file.

    InputError for a value that no line can hold.
    """
    from smtpwizard.outputs import block
    from smtpwizard.outputs.blocks import STYLES

    wanted = target.style if target.kind is TargetKind.PRINT else "compose-list"
    style: Style = next((known for known in STYLES if known == wanted), "env")
    return block(variables, style, masked=masked)


async def warm_templates() -> None:
    """Load what rendering mails needs, in a daemon thread; what goes wrong there shows when a mail is rendered."""

    def work() -> None:
        from smtpwizard.mail.templates import warm

        warm()

    await in_daemon_thread(work, timeout=WRITE_SECONDS, name="templates")
