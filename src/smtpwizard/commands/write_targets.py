"""Where `write` writes: a `.env` file, or a service of a compose file. Reads what is there and plans; no writing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.app import Origin
from smtpwizard.outputs import DEFAULT_READERS, Change, Reader, plan_env_file
from smtpwizard.outputs.compose_project import override_target
from smtpwizard.outputs.env_file import read_app_variables
from smtpwizard.outputs.readers import parse_readers
from smtpwizard.preset_schema import ConsumingApp
from smtpwizard.secret import Secret

if TYPE_CHECKING:
    from smtpwizard.outputs.after_words import Note


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """A file, and how the app gets its variables from there."""

    path: Path
    origin: Origin
    present: Mapping[str, str]
    """Variables that it holds already, as the app sees them."""
    service: str | None = None
    app: ConsumingApp | None = None

    def plan(self, args: argparse.Namespace, values: Mapping[str, str | Secret]) -> tuple[Change, ...]:
        """Return the changes, to be applied in this order. FileError, InputError, Undecided."""
        changes = self._changes(args, values)
        if not getattr(args, "add_ignore_rules", False):
            return changes
        from smtpwizard.outputs.ignoring import with_ignore_rules

        return with_ignore_rules(changes)

    def _changes(self, args: argparse.Namespace, values: Mapping[str, str | Secret]) -> tuple[Change, ...]:
        if self.service is None:
            return (plan_env_file(self.path, values, readers=readers_of(args)),)
        from smtpwizard.outputs.compose_plan import plan_compose, plan_override

        if getattr(args, "override", False):
            return (plan_override(self.path, self.service, values),)
        return plan_compose(self.path, self.service, values, secret=getattr(args, "secret", "inline"))

    def notes(self, args: argparse.Namespace, values: Mapping[str, str | Secret]) -> tuple[Note, ...]:
        """Return what is to be done and known now that `values` are written."""
        from smtpwizard.outputs.afterwards import after_writing

        path = self.path
        if self.service is not None and getattr(args, "override", False):
            path = override_target(path)
        images, app_service = (self.app.images, self.app.service) if self.app else ((), "")
        return after_writing(path, values, service=self.service, images=images, app_service=app_service)


def target_of(args: argparse.Namespace, app: ConsumingApp) -> WriteTarget:
    """Return the target that the flags name. FileError where it cannot be read; InputError for an unknown service."""
    if args.compose is None:
        path = Path(args.env_file)
        return WriteTarget(path, Origin.ENV_FILE, read_app_variables(path), app=app)
    from smtpwizard.outputs.compose_read import read_service

    path = Path(args.compose)
    service = getattr(args, "service", None)
    found = read_service(path, service, os.environ, images=app.images, app_service=app.service)
    return WriteTarget(path, Origin.COMPOSE, found.variables, found.service, app)


def readers_of(args: argparse.Namespace) -> tuple[Reader, ...]:
    """Return the readers that `--readers` names, or the default ones. InputError for an unknown one."""
    given = getattr(args, "readers", None)
    return parse_readers(given) if given else DEFAULT_READERS
