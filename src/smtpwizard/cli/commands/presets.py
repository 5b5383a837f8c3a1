"""`smtpwizard presets list | show ID | match ADDRESS | check [DIR]`: the catalogue on stdout, remarks on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpwizard.apps.loading import check_folder
from smtpwizard.apps.profile import AppProfile
from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import app_of
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.presets.catalogue import Match, Presets, domain_of
from smtpwizard.presets.files import PresetProblem, presets_root, user_root
from smtpwizard.presets.schema import Kind
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse

MX_SECONDS = 3.0
"""What a name server gets at most; a shorter --timeout is honoured."""


def run(args: argparse.Namespace) -> ExitCode:
    """Do the action of `args` (action, name, json, presets, timeout)."""
    if args.action == "check":
        return _check(args)
    catalogue = Presets.open(args.presets)
    if args.action == "list":
        _list(catalogue, app_of(args), as_json=args.json)
        found = ExitCode.OK
    elif args.action == "show":
        _show(catalogue, app_of(args), _wanted(args, "an id, such as gmail"), as_json=args.json)
        found = ExitCode.OK
    else:
        found = _match(catalogue, _wanted(args, "a mail address or a domain"), args)
    for problem in catalogue.problems:
        say(f"left out: {problem}")
    return found


def _wanted(args: argparse.Namespace, what: str) -> str:
    if not args.name:
        raise InputError(f"`smtpwizard presets {args.action}` wants {what}.", "Nothing named")
    return str(args.name)


def _list(catalogue: Presets, app: AppProfile, *, as_json: bool) -> None:
    from smtpwizard.report.presets import summary, table

    found = catalogue.all()
    if as_json:
        emit_json({"schema": 1, "presets": [summary(provider, app) for provider in found]}, indent=2)
        return
    emit(*table(found))
    count = sum(item.kind is not Kind.PRACTICE for item in found)
    say(f"{count} providers. `smtpwizard presets show ID` tells all of one; `custom` is any other server.")


def _show(catalogue: Presets, app: AppProfile, name: str, *, as_json: bool) -> None:
    from smtpwizard.report.presets import page, record

    provider = catalogue.provider(name)
    if as_json:
        emit_json({"schema": 1, "preset": record(provider, app)}, indent=2)
    else:
        emit(*page(provider, app))


def _match(catalogue: Presets, text: str, args: argparse.Namespace) -> ExitCode:
    domain = domain_of(text)
    if not domain:
        raise InputError(
            f"{safe(text, limit=80)!r} is neither a mail address nor a domain. Give one such as ops@acme.example.",
            "No address",
        )
    match = catalogue.match_address(domain)
    hosts: tuple[str, ...] = ()
    if match is None:
        hosts = _mx(domain, min(args.timeout, MX_SECONDS))
        match = catalogue.match_mx(hosts)
    if args.json:
        emit_json({"schema": 1, "match": _match_record(match)}, indent=2)
    elif match is not None:
        evidence = "mail domain" if match.how == "domain" else "MX"
        emit(f"{match.provider.id}  {match.provider.name}  ({evidence} {match.evidence})")
    if match is None:
        domain = safe(domain, limit=80)
        if hosts:
            say(f"{domain} receives mail at {', '.join(hosts)}, which no preset knows. Take `custom`.")
        else:
            say(f"{domain} is in no preset, and DNS named no host that receives its mail. Take `custom`.")
    return ExitCode.OK if match else ExitCode.FAILED


def _mx(domain: str, timeout: float) -> tuple[str, ...]:
    import asyncio

    from smtpwizard.dns.domain import mx_hosts

    return asyncio.run(mx_hosts(domain, timeout=timeout))


def _match_record(match: Match | None) -> dict[str, Any] | None:
    if match is None:
        return None
    return {"id": match.provider.id, "name": match.provider.name, "how": match.how, "evidence": match.evidence}


def _check(args: argparse.Namespace) -> ExitCode:
    """Check the folder named, else that of --presets, else the shipped presets and the operator's own."""
    named = Path(args.name) if args.name else args.presets
    own = user_root()
    folders = [named] if named else [presets_root(), *([own] if own.is_dir() else [])]
    problems: list[PresetProblem] = [problem for folder in folders for problem in check_folder(folder)]
    if args.json:
        emit_json({"schema": 1, "problems": [problem.to_json() for problem in problems]}, indent=2)
    else:
        for problem in problems:
            emit(str(problem))
        where = ", ".join(str(folder) for folder in folders)
        count = {0: "no problems", 1: "1 problem"}.get(len(problems), f"{len(problems)} problems")
        say(f"{where}: {count}.")
    return ExitCode.FAILED if problems else ExitCode.OK
