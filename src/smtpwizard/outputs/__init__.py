"""Where settings go: `.env` files, compose files, blocks to copy. One engine for all: plan, diff, apply, read back.

The names below are the room's interface; each is imported when it is first used, so that reading a file does not cost
what writing one needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.outputs.after_words import Note as Note
    from smtpwizard.outputs.afterwards import after_writing as after_writing
    from smtpwizard.outputs.applying import apply as apply
    from smtpwizard.outputs.blocks import block as block
    from smtpwizard.outputs.change import Applied as Applied
    from smtpwizard.outputs.change import Change as Change
    from smtpwizard.outputs.change import Conflict as Conflict
    from smtpwizard.outputs.change import InPlaceRequired as InPlaceRequired
    from smtpwizard.outputs.change import LeavesProject as LeavesProject
    from smtpwizard.outputs.encodings import Encoded as Encoded
    from smtpwizard.outputs.encodings import encode as encode
    from smtpwizard.outputs.env_file import EnvFile as EnvFile
    from smtpwizard.outputs.env_file import read_env_file as read_env_file
    from smtpwizard.outputs.env_plan import plan_env_file as plan_env_file
    from smtpwizard.outputs.git import GitState as GitState
    from smtpwizard.outputs.git import git_state as git_state
    from smtpwizard.outputs.readers import DEFAULT_READERS as DEFAULT_READERS
    from smtpwizard.outputs.readers import Reader as Reader
    from smtpwizard.outputs.targets import TargetChoice as TargetChoice
    from smtpwizard.outputs.targets import discover_targets as discover_targets

_HOMES: Final = {
    "after_writing": "afterwards",
    "Note": "after_words",
    "apply": "applying",
    "block": "blocks",
    "Applied": "change",
    "Change": "change",
    "Conflict": "change",
    "DEFAULT_READERS": "readers",
    "Encoded": "encodings",
    "EnvFile": "env_file",
    "GitState": "git",
    "InPlaceRequired": "change",
    "LeavesProject": "change",
    "Reader": "readers",
    "TargetChoice": "targets",
    "discover_targets": "targets",
    "encode": "encodings",
    "git_state": "git",
    "plan_env_file": "env_plan",
    "read_env_file": "env_file",
}

__getattr__ = lazy(__name__, _HOMES)
