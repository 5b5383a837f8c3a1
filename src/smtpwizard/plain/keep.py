"""Step 4: the change as a diff, then the file, or a block on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpwizard.errors import FileError
from smtpwizard.outputs import InPlaceRequired, LeavesProject
from smtpwizard.outputs.change import counted
from smtpwizard.plain.tell import finding_line

if TYPE_CHECKING:
    from smtpwizard.outputs import Change
    from smtpwizard.plain.walk import Walk


def save(state: Walk) -> bool:
    """Show what would change, ask, write. True when the target holds the settings now."""
    from smtpwizard.outputs import apply, block

    console = state.console
    in_place = follow_link = False
    if state.target is None:
        state.data.write(block(state.settings.to_variables(), state.style))
        console.say(f"The {state.style} block is on standard output; it holds the password.")
        return True
    while True:
        change = _plan(state)
        if not change.changed:
            console.say(f"{state.target} holds these settings already. Nothing is to be written.")
            return True
        for finding in change.findings:
            console.say(finding_line(finding))
        console.say(change.diff.rstrip("\n"))
        console.say(f"{counted(change.lines_changed, change.lines_kept)}. Mode {change.mode:04o}.")
        if not console.confirm(f"Write {state.target}?", default=True):
            console.say("Nothing was written.")
            return False
        try:
            state.applied = apply(change, backup_dir=state.backup_dir, in_place=in_place, follow_link=follow_link)
        except InPlaceRequired as error:
            console.say(error.message)
            in_place = console.confirm("Overwrite it where it is? A backup is made first")
            if not in_place:
                return False
            continue
        except LeavesProject as error:
            console.say(error.message)
            follow_link = console.confirm("Write there?")
            if not follow_link:
                return False
            continue
        except FileError as error:
            console.say(f"{error.title}: {error.message}" if error.title else error.message)
            if not console.confirm("Try again?", default=True):
                return False
            continue
        state.lines_changed = change.lines_changed
        console.say(f"{state.target} is written and was read back.")
        if state.applied.backup is not None:
            console.say(f"Backup: {state.applied.backup}")
        return True


def _plan(state: Walk) -> Change:
    from smtpwizard.outputs import plan_env_file, read_env_file
    from smtpwizard.outputs.wanted import wanted_changes

    assert state.target is not None
    present = read_env_file(state.target).variables
    return plan_env_file(state.target, wanted_changes(state.settings, state.original, present))
