"""`smtpwizard sender ADDRESS`: can mail from this address be trusted? What DNS says, and the records to publish.

Exit status: 0 where nothing failed, 1 where a check failed or no name server answered, 2 for what is no address.
The checks are the command's data; what the provider was taken from is told beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.apps.profile import Role
from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import app_of, load
from smtpwizard.dns.sender import Sender, SenderReport, sender_of
from smtpwizard.errors import ExitCode, FileError
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Kind, Provider
from smtpwizard.records import NamedTuple
from smtpwizard.report.arrival import checks
from smtpwizard.report.lines import GAP, Line, LineRole
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse


_INDENT: Final = 6
"""Steps of two columns to where the text of a stage begins; the arrow of an action stands before it."""


class _Chosen(NamedTuple):
    """The provider to judge for, and how it was found, as a sentence."""

    provider: Provider | None
    remark: str


def run(args: argparse.Namespace) -> ExitCode:
    """Check the sender `args.address`. InputError for an address, a preset or a name server that is none; FileError."""
    sender = sender_of(args.address)  # before a file is read or a name server asked
    chosen = _provider(args, sender)
    from smtpwizard.dns.check import check_sender_blocking

    report = check_sender_blocking(
        args.address, provider=chosen.provider, timeout=args.timeout, nameservers=args.nameserver or None
    )
    if args.json:
        emit_json(_object(report))
    else:
        emit(*_page(report, chosen.provider))
    if chosen.remark:
        say(chosen.remark)
    return ExitCode.OK if report.trusted else ExitCode.FAILED


def _provider(args: argparse.Namespace, sender: Sender) -> _Chosen:
    presets = Presets.open(args.presets)
    if args.preset:
        return _Chosen(presets.provider(args.preset), "")
    host, place, remark = _host(args)
    name = app_of(args).variable(Role.HOST)
    if remark:
        return _Chosen(None, remark)
    provider = presets.for_host(host) if host else None
    if provider is None:
        fact = (
            f"{safe(host, limit=80)}, the {name} of {place}, belongs to no preset" if host else f"{place} has no {name}"
        )
        return _Chosen(None, f"{fact}: SPF and DKIM are judged without a provider. Name one with --preset ID.")
    better = _with_own_domains(presets, provider, sender)
    if better is not None:
        provider = better
    return _Chosen(provider, f"Judged for {provider.name}, by the {name} of {place}. Another: --preset ID.")


def _host(args: argparse.Namespace) -> tuple[str, str, str]:
    """Return the host, where it was found, and why nothing could be read where no SOURCE was asked for."""
    explicit = any(getattr(args, name, None) for name in ("env_file", "compose", "environ"))
    try:
        source = load(args)
    except FileError:
        if explicit:
            raise
        return "", "", "There is no .env here: SPF and DKIM are judged without a provider. Name one with --preset ID."
    from smtpwizard.lint.context import host_parts

    return host_parts(source.settings.host or "").name, safe(source.description, limit=200), ""


def _with_own_domains(presets: Presets, provider: Provider, sender: Sender) -> Provider | None:
    """Return the preset of the same host for companies' domains, where `provider` has mailboxes of its own alone.

    smtp.gmail.com serves Gmail and Google Workspace; an address that is not Gmail's is one of the latter.
    """
    if provider.kind is not Kind.MAILBOX or sender.domain in provider.mail_domains:
        return None
    others = (item for item in presets.all() if item.host == provider.host and item.kind is Kind.HOSTING)
    return next(others, None)


def _object(report: SenderReport) -> dict[str, Any]:
    return {
        "schema": 1,
        "address": report.address,
        "domain": report.domain,
        "provider": report.provider,
        "answered": report.answered,
        "trusted": report.trusted,
        "checks": [
            {
                "id": check.id,
                "status": check.status.value,
                "summary": check.summary,
                "detail": list(check.detail),
                "remedy": check.remedy,
                "record": check.record._asdict() if check.record else None,
                "also": [record._asdict() for record in check.also],
            }
            for check in report.checks
        ],
    }


def _page(report: SenderReport, provider: Provider | None) -> Iterator[Line]:
    through = f", sent through {provider.name}" if provider and report.provider else ""
    yield Line(f"{report.address}{through}", role=LineRole.TITLE)
    if provider and not report.provider:
        yield Line(f"Nothing in DNS names {provider.name}: judged without a provider.")
    for check in checks(report):
        yield GAP
        for line in check.lines:
            if line.mark is not None:
                yield line._replace(role=LineRole.STAGE)
            else:
                yield line._replace(indent=_INDENT - (line.role is LineRole.ACTION))
        for record in check.records:
            yield GAP
            yield Line(f"{record.name}  {record.type}", role=LineRole.EVIDENCE, indent=1)
            yield Line(record.value, role=LineRole.EVIDENCE, indent=1)  # on a line of its own, to be copied unbroken
