"""`smtpwizard write`: the settings of a preset into a `.env` or compose file, or as a block on stdout.

Nothing is written when the app would refuse the result. Files are merged, never overwritten: `outputs` does the work.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Final

from smtpwizard.cli.output import emit_json, read_password, say
from smtpwizard.clients.transport import Origin
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.lint.check import findings
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import ConsumingApp, PasswordSpec, PasswordType, Provider, UsernameRule
from smtpwizard.problems import Problem, has_errors
from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, LEGACY, SECRET_VARIABLES, Settings
from smtpwizard.targets.apply import apply
from smtpwizard.targets.block import block
from smtpwizard.targets.change import Applied, Change, Conflict, counted
from smtpwizard.targets.compose.services import override_target
from smtpwizard.targets.env.file import read_app_variables
from smtpwizard.targets.env.plan import plan_env_file, value_findings
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader, parse_readers


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
        from smtpwizard.targets.git import with_ignore_rules

        return with_ignore_rules(changes)

    def _changes(self, args: argparse.Namespace, values: Mapping[str, str | Secret]) -> tuple[Change, ...]:
        if self.service is None:
            return (plan_env_file(self.path, values, readers=readers_of(args)),)
        from smtpwizard.targets.compose.plan import plan_compose, plan_override

        if getattr(args, "override", False):
            return (plan_override(self.path, self.service, values),)
        return plan_compose(self.path, self.service, values, secret=getattr(args, "secret", "inline"))

    def notes(self, args: argparse.Namespace, values: Mapping[str, str | Secret]) -> tuple[Problem, ...]:
        """Return what is to be done and known now that `values` are written."""
        from smtpwizard.targets.next_steps import after_writing

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
    from smtpwizard.targets.compose.read import read_service

    path = Path(args.compose)
    service = getattr(args, "service", None)
    found = read_service(path, service, os.environ, images=app.images, app_service=app.service)
    return WriteTarget(path, Origin.COMPOSE, found.variables, found.service, app)


def readers_of(args: argparse.Namespace) -> tuple[Reader, ...]:
    """Return the readers that `--readers` names, or the default ones. InputError for an unknown one."""
    given = getattr(args, "readers", None)
    return parse_readers(given) if given else DEFAULT_READERS


def values_of(args: argparse.Namespace, provider: Provider, *, have_password: bool) -> dict[str, str | Secret]:
    """Return variable → value in the order of FIELDS. No password is asked for where the target has one already.

    InputError for an unknown region or variable, and for a secret given as an argument.
    """
    values: dict[str, str | Secret] = {**_defaults(provider, args.region), **parse_assignments(args.set)}
    password = _password(args, provider, have_password=have_password)
    if password:
        values["SMTP_PASSWORD"] = password
        if provider.username.rule is UsernameRule.SAME_AS_PASSWORD and "SMTP_USERNAME" not in values:
            values["SMTP_USERNAME"] = password.reveal()
    return {name: values[name] for name in FIELDS if name in values}


def parse_assignments(given: Sequence[str]) -> dict[str, str]:
    """Return what `--set VARIABLE=VALUE` gave; a later one of the same variable wins. InputError as `values_of`."""
    values: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if name in SECRET_VARIABLES or LEGACY.get(name) in SECRET_VARIABLES:
            raise InputError(
                "A secret is never taken as an argument: other users of this machine can read those. Give it with "
                "--password-stdin, or in the environment variable SMTP_PASSWORD.",
                "Secret as an argument",
            )
        if name not in FIELDS:
            raise InputError(f"{_unknown(name)} Known: {', '.join(FIELDS)}.", "Unknown variable")
        if not sign:
            raise InputError(f"--set wants VARIABLE=VALUE; `{name}` has no `=`.", "No value")
        values[name] = value
    return values


def _unknown(name: str) -> str:
    shown = name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,40}", name) else "That"
    meant = LEGACY.get(name.upper()) or next(iter(difflib.get_close_matches(name.upper(), FIELDS, 1, 0.6)), "")
    hint = f" Did you mean {meant}?" if meant else ""
    return f"{shown} is no variable that the app reads.{hint}"


def _defaults(provider: Provider, region: str | None) -> dict[str, str]:
    try:
        return provider.defaults(region=region)
    except KeyError as error:
        known = ", ".join(item.id for item in provider.regions)
        hint = f"It has: {known}." if known else "It has no regions; leave --region out."
        raise InputError(f"{provider.name} has no region {region!r}. {hint}", "Unknown region") from error


def _password(args: argparse.Namespace, provider: Provider, *, have_password: bool) -> Secret | None:
    if args.password_stdin:
        return _tidied(read_password().reveal(), provider.password)
    given = os.environ.get("SMTP_PASSWORD", "")
    if given:
        return _tidied(given, provider.password)
    wanted = provider.password.type is not PasswordType.NONE and not provider.password.optional
    if have_password or not wanted or args.json or not sys.stdin.isatty():
        return None
    from getpass import getpass

    answer = getpass(f"{provider.password.label or 'Password'} for {provider.name}: ", stream=sys.stderr)
    return _tidied(answer, provider.password) if answer else None


def _tidied(text: str, spec: PasswordSpec) -> Secret:
    """Return the password without the blanks that a provider only shows (failure C7), where the rest has its shape."""
    bare = re.sub(r"\s+", "", text)
    shows_blanks = spec.strip_spaces and (not spec.pattern or re.fullmatch(spec.pattern, bare) is not None)
    return Secret(bare if shows_blanks else text)


_ATTEMPTS: Final = 5
"""Plans made when another program keeps changing the file, before giving up."""


def run(args: argparse.Namespace) -> ExitCode:
    """Write, show (`--dry-run`) or print. InputError, FileError as the parts raise them; CONFIG if the app refuses."""
    presets = Presets.open(*([args.presets] if args.presets else []))
    provider = presets.provider(args.preset)
    return _print(args, provider) if args.print_style else _write(args, provider, target_of(args, presets.app()))


def _write(args: argparse.Namespace, provider: Provider, target: WriteTarget) -> ExitCode:
    values = values_of(args, provider, have_password=bool(target.present.get("SMTP_PASSWORD")))
    found = _judged(values, target.present, provider, target.origin)
    if has_errors(found):
        return _refused(args, str(target.path), found)
    changes = target.plan(args, values)
    applied: list[Applied] = []
    notes: tuple[Problem, ...] = ()
    if not args.dry_run:
        done = [_apply(change, args) for change in changes]
        changes, applied = tuple(change for change, _ in done), [result for _, result in done]
        notes = target.notes(args, values) if any(item.changed for item in applied) else ()
    everything = (*found, *(finding for change in changes for finding in change.findings))
    if args.json:
        backups = [str(item.backup) for item in applied if item.backup]
        extra = {"written": any(item.changed for item in applied), "backup": backups[-1] if backups else None}
        after = [note.as_note() for note in notes]
        emit_json({**_answer(str(target.path), everything, changes), **extra, "notes": after})
    else:
        _tell(changes, applied, everything)
        for note in notes:
            say(note.message)
    return ExitCode.OK


def _print(args: argparse.Namespace, provider: Provider) -> ExitCode:
    style = args.print_style
    values = values_of(args, provider, have_password=False)
    found = _judged(values, {}, provider, Origin.ENV_FILE if style == "env" else Origin.COMPOSE)
    if has_errors(found):
        return _refused(args, style, found)
    readers = readers_of(args)
    if style == "env":
        found = (*found, *value_findings(values, readers))
    text = block(values, style, readers=readers)
    if args.json:
        emit_json({**_answer(style, found), "block": text})
        return ExitCode.OK
    _tell_findings(found)
    if SECRET_VARIABLES & values.keys() and sys.stdout.isatty():
        say("The block below holds the password.")
    sys.stdout.write(text)
    return ExitCode.OK


def _judged(
    values: Mapping[str, str | Secret], present: Mapping[str, str], provider: Provider, origin: Origin
) -> tuple[Problem, ...]:
    """Return what the app would make of the target once `values` are in it."""
    settings = Settings.from_variables(present).with_changes(values)
    return findings(settings, provider=provider, origin=origin)


def _apply(change: Change, args: argparse.Namespace) -> tuple[Change, Applied]:
    """Apply, and merge anew where another program changed the file meanwhile: its change stays."""
    agreed = partial(
        apply,
        in_place=getattr(args, "in_place", False),
        follow_link=getattr(args, "follow_link", False),
    )
    for _ in range(_ATTEMPTS - 1):
        try:
            return change, agreed(change)
        except Conflict:
            if change.replan is None:
                raise
            change = change.replan()
    return change, agreed(change)


def _refused(args: argparse.Namespace, target: str, found: Sequence[Problem]) -> ExitCode:
    if args.json:
        emit_json({**_answer(target, found), "written": False})
    else:
        _tell_findings(found)
        say("Nothing was written: the app would not send mail with these settings.")
    return ExitCode.CONFIG


def _answer(target: str, found: Sequence[Problem], changes: Sequence[Change] = ()) -> dict[str, object]:
    return {
        "schema": 1,
        "target": target,
        "changed": any(change.changed for change in changes),
        "diff": "".join(change.diff for change in changes),
        "findings": [finding.as_finding() for finding in found],
    }


def _tell(changes: Sequence[Change], applied: Sequence[Applied], found: Sequence[Problem]) -> None:
    for change in changes:
        sys.stdout.write(change.diff)
    sys.stdout.flush()
    _tell_findings(found)
    for change, result in zip_longest(changes, applied):
        for note in change.notes:
            say(note)
        counts = counted(change.lines_changed, change.lines_kept)
        if not change.changed:
            say(f"{change.path} holds these settings already. Nothing was written.")
        elif result is None:
            say(f"{change.path}: {counts}. Nothing was written (--dry-run).")
        else:
            say(f"{change.path} is written and was read back: {counts}. Mode {change.mode:04o}.")
            if result.backup:
                say(f"Backup: {result.backup}")


def _tell_findings(found: Sequence[Problem]) -> None:
    for finding in found:
        say(f"{finding.severity.value}: {finding.message}")
