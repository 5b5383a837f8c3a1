"""`smtpwizard lint [SOURCE]`: what the app would refuse, ignore or misread. No network, and nothing costly imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smtpwizard.cli.output import emit, emit_json, say
from smtpwizard.cli.source import Source, load, tell_app
from smtpwizard.clients.transport import refusals
from smtpwizard.errors import ExitCode
from smtpwizard.lint.check import findings, masked_settings, secrets
from smtpwizard.lint.context import meant_host
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, Severity, gravest_first, has_errors
from smtpwizard.report.lines import Line, LineRole, finding_line
from smtpwizard.secret import hide
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> ExitCode:
    """Judge the settings of `args` (SOURCE, presets, json). CONFIG where any finding is an error, else OK."""
    source = load(args)
    tell_app(source)
    provider = provider_of(source, args)
    hide(secrets(source.settings, provider))
    found = judged(source, provider)
    if args.json:
        shown = masked_settings(source.settings, provider)
        emit_json({"schema": 1, "settings": shown, "findings": [finding.as_finding() for finding in found]})
    else:
        emit(*(line for finding in found for line in lines(finding)))
        say(summary(source, found))
    return ExitCode.CONFIG if has_errors(found) else ExitCode.OK


def judged(source: Source, provider: Provider | None) -> tuple[Problem, ...]:
    """Return the findings about the values and about their file, errors first."""
    about_values = findings(source.settings, provider=provider, origin=source.origin)
    return gravest_first((*about_values, *source.findings))


def provider_of(source: Source, args: argparse.Namespace) -> Provider | None:
    """Return the provider whose host the settings name, or are meant to name; None for any other server."""
    host = meant_host(source.settings)
    if not host:
        return None
    from smtpwizard.presets.catalogue import Presets

    return Presets.open(getattr(args, "presets", None)).for_host(host)


def lines(finding: Problem) -> list[Line]:
    """Return a finding for people: symbol, variable, sentence; the repair below it."""
    repair = Line(safe(finding.label), role=LineRole.REPAIR, indent=1)
    return [finding_line(finding), *([repair] if finding.label else [])]


def summary(source: Source, found: Sequence[Problem]) -> str:
    """Return one sentence on what was found where, and one on whether the app starts."""
    if source.image:
        return f"No mail settings in {source.description}, which runs {source.image}."
    if source.empty:
        what = "does not start" if refusals(source.settings) else "sends nothing"
        return f"No mail settings in {source.description}: the app {what} without them."
    counted = [_counted(severity, found) for severity in Severity]
    what = ", ".join(text for text in counted if text) or "Nothing to remark"
    starts = "The app refuses to start." if refusals(source.settings) else "The app starts with these settings."
    if has_errors(source.findings):  # then it does not come to that
        starts = "docker compose refuses to start."
    return f"{what} in {source.description}. {starts}"


def _counted(severity: Severity, found: Sequence[Problem]) -> str:
    number = sum(item.severity is severity for item in found)
    return f"{number} {severity.word}{'s' if number > 1 else ''}" if number else ""
