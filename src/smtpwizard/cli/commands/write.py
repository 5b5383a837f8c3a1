"""`smtpwizard write`: the settings of a preset into a `.env` or compose file, or as a block on stdout.

Nothing is written when the app would refuse the result. Planning and writing are the walk's own Save step.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.profile import SECRET_ROLES, AppProfile, Role, Security
from smtpwizard.apps.schema import whole
from smtpwizard.cli.output import emit_diff, emit_exact, emit_json, read_password, say
from smtpwizard.cli.source import one_of, recognised_target
from smtpwizard.clients.transport import Origin, security
from smtpwizard.errors import ConfigError, ExitCode, FileError, InputError
from smtpwizard.lint.check import findings, secrets
from smtpwizard.presets.schema import PasswordSpec, PasswordType, PortChoice, Provider, TlsMode, UsernameRule
from smtpwizard.problems import Problem, Severity, has_errors
from smtpwizard.report.lines import Line
from smtpwizard.secret import Secret, hide
from smtpwizard.settings import Settings
from smtpwizard.targets.block import block, fragment
from smtpwizard.targets.change import Change, Conflict, Consent
from smtpwizard.targets.env.plan import value_findings
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader, parse_readers
from smtpwizard.text import did_you_mean, listed
from smtpwizard.wizard.questions import derived_sender
from smtpwizard.wizard.save import SaveStep, at_once, finding_lines, finish
from smtpwizard.wizard.session import Services, Session, Target, TargetKind, WizardState

if TYPE_CHECKING:
    import argparse

_ATTEMPTS: Final = 5
"""Plans made when another program keeps changing the file, before giving up."""

_LOGIN: Final = (Role.USERNAME, Role.PASSWORD)


def run(args: argparse.Namespace) -> ExitCode:
    """Write, show (`--dry-run`) or print. InputError, FileError as the parts raise them; CONFIG if the app refuses."""
    app = one_of(recognised_target(args), args)
    services = Services(preset_dirs=(args.presets,) if args.presets else (), app_id=app.id)
    provider = services.presets.provider(args.preset)
    _refuse_unused(args)
    if args.print_style:
        return _print(args, provider, services.app)
    if app.place is not None:
        raise InputError(
            f"{app.name} reads no variables: it is set up in {app.place.where}. --print fragment has the values.",
            "No variables",
        )
    state = WizardState(target=_target(args), provider=provider, readers=_readers(args))
    return _write(args, provider, SaveStep(Session(services, state), run=at_once))


def _refuse_unused(args: argparse.Namespace) -> None:
    """Raise InputError where a flag for compose files would be dropped in silence: it may keep the password out."""
    given = {"--service": args.service, "--override": args.override, "--shared": args.shared,
             "--secret": args.secret}  # fmt: skip
    unused = [flag for flag, value in given.items() if value]
    if args.compose is None and unused:
        raise InputError(f"{listed(unused)} can be given with --compose alone.", "Flag without a use")


def _target(args: argparse.Namespace) -> Target:
    if args.compose is None:
        return Target(TargetKind.ENV_FILE, Path(args.env_file))
    path = Path(args.compose)
    return Target(TargetKind.COMPOSE, path, args.service, secret=args.secret, override=args.override)


def _readers(args: argparse.Namespace) -> tuple[Reader, ...]:
    return parse_readers(args.readers) if args.readers else ()


def _write(args: argparse.Namespace, provider: Provider, step: SaveStep) -> ExitCode:
    target = str(step.state.target.path)
    present = finish(step.read(os.environ))
    app = step.session.services.app
    before = Settings.from_variables(app, present)
    other = _other_server(before, provider, step)
    known = (bool(before.password) or before.in_file(Role.PASSWORD)) and not other
    values: dict[str, str | Secret | None] = {**values_of(args, provider, before, have_password=known)}
    stays = [name for role in _LOGIN if before.of(role) and (name := app.variable(role)) not in values]
    if provider.password.type is PasswordType.NONE and app.variable(Role.PASSWORD) not in values:
        values |= dict.fromkeys(stays)  # a server that asks for no login is not sent another's
    mode = _mode(args, provider, app, values)
    stale = [name for name, text in app.mode_changes(mode).items() if text is None and name not in values]
    values |= {name: None for name in stale if before.get(name) is not None}
    word = app.spec(Role.PASSWORD)
    if word is not None and values.get(word.name) and before.in_file(Role.PASSWORD):
        values[word.file_variant] = None  # with both, some apps do not start
    values = {**before.lacking, **values}  # a switch that keeps the app from its mail settings
    settings = before.with_changes(values)
    _refuse_other_mode(args, settings)
    hide((*secrets(before, step.session.services.presets.for_host(before.host or "")), *secrets(settings, provider)))
    found = findings(settings, provider=provider, origin=Origin.ENV_FILE if args.compose is None else Origin.COMPOSE)
    if has_errors(found):
        return _refused(args, target, found)
    if other and app.variable(Role.PASSWORD) in stays and app.variable(Role.PASSWORD) not in values:
        message = (
            f"{listed(stays)} {'stays as it is' if len(stays) == 1 else 'stay as they are'}, written for {other}. Give "
            f"{provider.name}'s own password with --password-stdin, unless it stands there already."
        )
        found = (*found, Problem.of("login-of-another-server", Severity.WARNING, stays[-1], message))
    step.session.update(settings=settings)
    step.add_rules = args.add_ignore_rules
    finish(step.plan(_written(settings, values)))
    planned = step.planned() if args.dry_run else _apply(step, args)
    changes, applied = step.changes or (), step.state.applied
    if args.json:
        everything = (*found, *(finding for change in changes for finding in change.findings))
        backups = [str(item.backup) for item in applied if item.backup]
        extra = {"written": any(item.changed for item in applied), "backup": backups[-1] if backups else None}
        notes = [] if args.dry_run else [note.as_note() for note in step.notes]
        emit_json({**_answer(target, everything, changes), **extra, "notes": notes})
        return ExitCode.OK
    for change in changes:
        if change.diff:
            emit_diff(change.diff)
    say(*finding_lines(found), *planned)
    if args.dry_run:
        say("Nothing was written (--dry-run).")
    elif any(item.changed for item in applied):
        say(*(line for line in step.written() if line not in planned))
    return ExitCode.OK


def _other_server(before: Settings, provider: Provider, step: SaveStep) -> str:
    """Return the host that the file's login is for, where that is not the provider's; else ''."""
    services = step.session.services
    host = (before.host or "").strip().lower()
    previous = services.presets.for_host(host) if host else None
    return host if host and host != provider.host and (previous is None or previous.id != provider.id) else ""


def _apply(step: SaveStep, args: argparse.Namespace) -> list[Line]:
    """Apply; plan anew where another program changed a file meanwhile. Return what was planned."""
    given = {Consent.IN_PLACE: args.in_place, Consent.FOLLOW_LINK: args.follow_link, Consent.SHARED: args.shared}
    consents = [consent for consent, agreed in given.items() if agreed]
    for attempt in range(1, _ATTEMPTS + 1):
        planned = step.planned()
        try:
            finish(step.apply(consents, for_all=True))
        except Conflict as error:
            if attempt == _ATTEMPTS:
                message = (
                    f"Another program changed {step.state.target.path} during each of {_ATTEMPTS} attempts. Stop it, "
                    "then run again."
                )
                raise FileError(message, error.title) from error
        else:
            break
    return planned


def _print(args: argparse.Namespace, provider: Provider, app: AppProfile) -> ExitCode:
    style = args.print_style
    values = values_of(args, provider, Settings(app), have_password=False)
    origin = Origin.ENV_FILE if style == "env" else Origin.COMPOSE
    settings = Settings(app).with_changes(values)
    _refuse_other_mode(args, settings)
    hide(secrets(settings, provider))
    found = findings(settings, provider=provider, origin=origin)
    if has_errors(found):
        return _refused(args, style, found)
    written = {name: value for name, value in _written(settings, values).items() if value is not None}
    if app.place is not None or style == "fragment":
        if app.place is None:
            raise InputError(f"{app.name} reads variables. Take --print env, for example.", "No fragment")
        say(f"For {app.place.where}:")
        return _emit_block(args, found, fragment(app, written))
    readers = _readers(args) or DEFAULT_READERS
    if style == "env":
        found = (*found, *value_findings(written, readers))
    if app.secrets & written.keys() and style != "docker-run" and sys.stdout.isatty():
        say("The block below holds the password.")
    return _emit_block(args, found, block(written, style, readers=readers, app=app))


def _emit_block(args: argparse.Namespace, found: Sequence[Problem], text: str) -> ExitCode:
    if args.json:
        emit_json(_answer(args.print_style, found), exact={"block": text})
        return ExitCode.OK
    say(*finding_lines(found))
    emit_exact(text)
    return ExitCode.OK


def _refused(args: argparse.Namespace, target: str, found: Sequence[Problem]) -> ExitCode:
    if args.json:
        emit_json({**_answer(target, found), "written": False})
    else:
        say(*finding_lines(found))
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


def values_of(
    args: argparse.Namespace, provider: Provider, before: Settings, *, have_password: bool
) -> dict[str, str | Secret]:
    """Return variable → value in the app's order. No password is asked for where the target has one already.

    `before` is what the target holds. The sender follows the account as in the wizard's form.

    InputError for an unknown region or variable, and for a secret given as an argument.
    """
    app = before.app
    given = parse_assignments(args.set, app)
    values: dict[str, str | Secret] = {**_defaults(args, provider, app, given), **given}
    sender = derived_sender(before.with_changes(values), before, provider)
    if sender and sender != before.sender:
        values.setdefault(app.variable(Role.SENDER), sender)
    password = _password(args, provider, app, have_password=have_password)
    if password:
        values[app.variable(Role.PASSWORD)] = password
        user = app.variable(Role.USERNAME)
        if provider.username.rule is UsernameRule.SAME_AS_PASSWORD and user not in values:
            values[user] = password
    order = [item.name for item in app.variables]
    return {**app.wanted, **{name: values[name] for name in (*order, *values) if name in values}}


def _written(settings: Settings, values: Mapping[str, str | Secret | None]) -> dict[str, str | Secret | None]:
    """Return what is written for `values`: variable → text, parts put together as the settings have them."""
    made = settings.to_variables()
    return {name: made.get(name) for given in values for name in whole(given)}


def _mode(
    args: argparse.Namespace, provider: Provider, app: AppProfile, values: Mapping[str, str | Secret | None]
) -> Security:
    """Return the TLS mode to be written: the one asked for, else the port's. ConfigError: the app cannot express it."""
    if not args.security:
        return app.mode_for(_choice(args, provider, app, values).tls)
    wanted = Security(args.security)
    if app.mode(wanted) is None:
        note: str = getattr(app.modes, wanted.value).note.rstrip(".")
        raise ConfigError(
            f"{app.name} cannot be told {wanted.value}{f': {note}' if note else ''}. The nearest is --security "
            f"{app.nearest(wanted).value}.",
            "Mode not expressible",
        )
    return wanted


def _choice(
    args: argparse.Namespace, provider: Provider, app: AppProfile, values: Mapping[str, str | Secret | None]
) -> PortChoice:
    """Return the port: the one given, else one of the provider's that speaks the mode asked for."""
    text = str(values.get(app.variable(Role.PORT), ""))
    if text.isascii() and text.isdigit() and len(text) < 6:
        return provider.port_choice(int(text))
    usual = provider.port_choice()
    if not args.security:
        return usual
    tls = {"implicit": TlsMode.IMPLICIT, "none": TlsMode.NONE}.get(args.security, TlsMode.STARTTLS)
    fitting = [item for item in (usual, *provider.ports) if item.tls is tls]
    return fitting[0] if fitting else usual


def _refuse_other_mode(args: argparse.Namespace, settings: Settings) -> None:
    """Raise ConfigError where the app makes another mode of what was asked for, such as one that the port decides."""
    got = security(settings)
    if args.security and got is not None and got.value != args.security:
        app = settings.app
        raise ConfigError(
            f"With {app.variable(Role.PORT)}={settings.shown(settings.port or '')} {app.name} takes {got.value}, "
            f"whatever else is set. {args.security} needs another port: --set port=NUMBER.",
            "Mode not expressible",
        )


def parse_assignments(given: Sequence[str], app: AppProfile) -> dict[str, str]:
    """Return what `--set NAME=VALUE` gave, by variable; NAME may be a role. The last of a variable wins. InputError."""
    values: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        role = app.role(name) or app.old.get(name)
        if role in SECRET_ROLES or (role is None and name in app.secrets):
            raise InputError(
                "A secret is never taken as an argument: other users of this machine can read those. Give it with "
                f"--password-stdin, or in the environment variable {_password_variable(app)}.",
                "Secret as an argument",
            )
        known = role is not None or app.constant(name) or app.further(name) or name in app.names
        if not (known or (name == Role.SENDER_NAME and _takes_a_name(app))) or name in app.old:
            roles = [item.role.value for item in app.variables if "[" in item.name]
            raise InputError(f"{_unknown(name, app)} Known: {', '.join([*app.names, *roles])}.", "Unknown variable")
        if not sign:
            raise InputError(f"--set wants VARIABLE=VALUE; `{name}` has no `=`.", "No value")
        values[name if role is None else app.variable(role)] = value
    if Role.SENDER_NAME in values:
        sender = app.variable(Role.SENDER)
        quoted = values.pop(Role.SENDER_NAME).replace("\\", "\\\\").replace('"', '\\"')
        if sender in values:
            values[sender] = f'"{quoted}" <{values[sender]}>'
    return values


def _takes_a_name(app: AppProfile) -> bool:
    """Say whether the sender has the name in it."""
    sender = app.spec(Role.SENDER)
    return app.spec(Role.SENDER_NAME) is None and sender is not None and sender.format == "mailbox"


def _password_variable(app: AppProfile) -> str:
    """Return the environment variable that may give the password: the app's own, where it holds nothing else."""
    name = app.variable(Role.PASSWORD)
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else "SMTP_PASSWORD"


def _unknown(name: str, app: AppProfile) -> str:
    shown = name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,40}", name) else "That"
    old = next((role for old, role in app.old.items() if old.upper() == name.upper()), None)
    hint = f" Did you mean {app.variable(old)}?" if old else did_you_mean(name, app.names)
    return f"{shown} is no variable that the app reads.{hint}"


def _defaults(
    args: argparse.Namespace, provider: Provider, app: AppProfile, given: Mapping[str, str]
) -> dict[str, str]:
    region, mode = args.region, _mode(args, provider, app, given)
    try:
        values = app.defaults(provider, region=region, port=_choice(args, provider, app, given).port)
        if args.security:
            values = {name: text for name, text in values.items() if name not in app.mode_variables}
            values |= app.mode(mode) or {}
        return values
    except KeyError as error:
        known = ", ".join(item.id for item in provider.regions)
        hint = f"It has: {known}." if known else "It has no regions; leave --region out."
        raise InputError(f"{provider.name} has no region {region!r}. {hint}", "Unknown region") from error


def _password(args: argparse.Namespace, provider: Provider, app: AppProfile, *, have_password: bool) -> Secret | None:
    if args.password_stdin:
        return _tidied(read_password().reveal(), provider.password)
    given = os.environ.get(_password_variable(app), "") or os.environ.get("SMTP_PASSWORD", "")
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
