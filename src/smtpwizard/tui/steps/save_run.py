"""Planning and writing for the Save step, each in a daemon thread: a slow disk must not stop the keys. No textual."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.outputs.wanted import wanted_changes
from smtpwizard.tui.background import in_daemon_thread
from smtpwizard.tui.state import Target, TargetKind, WizardState

if TYPE_CHECKING:
    from smtpwizard.outputs import Applied, Change, TargetChoice
    from smtpwizard.outputs.blocks import Style
    from smtpwizard.secret import Secret

PLAN_SECONDS: Final = 15.0
"""Deadline for reading and planning: git alone may take twice its 2 s."""

WRITE_SECONDS: Final = 30.0
"""Deadline for writing, with fsync of file and folder on a slow disk."""


async def discover(folder: Path) -> tuple[TargetChoice, ...]:
    """Return the files of `folder` that settings can go to. TimeoutError after PLAN_SECONDS."""
    from smtpwizard.outputs import discover_targets

    return await in_daemon_thread(lambda: discover_targets(folder), timeout=PLAN_SECONDS, name="targets")


async def plan(state: WizardState, path: Path) -> Change:
    """Return the change of the file at `path`. FileError, InputError; TimeoutError after PLAN_SECONDS."""

    def work() -> Change:
        from smtpwizard.outputs import plan_env_file, read_env_file

        present = read_env_file(path).variables
        return plan_env_file(path, wanted_changes(state.settings, state.original, present))

    return await in_daemon_thread(work, timeout=PLAN_SECONDS, name="plan")


async def write(change: Change, *, in_place: bool = False) -> Applied:
    """Apply `change`. FileError, Conflict, InPlaceRequired; TimeoutError after WRITE_SECONDS."""

    def work() -> Applied:
        from smtpwizard.outputs import apply

        return apply(change, in_place=in_place)

    return await in_daemon_thread(work, timeout=WRITE_SECONDS, name="write")


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
