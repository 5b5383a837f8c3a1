"""The values that `write` is to write: a preset's own, `--set`, and a password that never comes as an argument."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Sequence

from smtpwizard.commands.stdin_password import read_password
from smtpwizard.errors import InputError
from smtpwizard.preset_schema import PasswordSpec, PasswordType, Provider, UsernameRule
from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, LEGACY, SECRET_VARIABLES


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
