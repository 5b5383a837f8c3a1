"""`smtpwizard check`: every stage short of sending a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpwizard.cli import source
from smtpwizard.clients.registry import tls_of
from smtpwizard.clients.transport import implicit_tls
from smtpwizard.errors import ExitCode

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> ExitCode:
    """Probe the settings that `args` name and print the report; of several files, a line each."""
    if args.inside is not None or args.inside_script:
        from smtpwizard.cli.commands import inside

        return inside.run(args)
    files = getattr(args, "env_files", ())
    if len(files) > 1 or (files and args.jobs):
        from smtpwizard.cli.many import check_many

        return check_many(args, files)
    found = source.load(args)
    source.tell_app(found)
    tls_of(found.settings.app).begin(found.settings.host or "", implicit=implicit_tls(found.settings))
    from smtpwizard.cli import probing  # after `begin`: both take as long

    planned = probing.plan(args, source=found)
    report = probing.show(probing.prepare(planned), planned, as_json=args.json)
    if any(step.tls is not None for step in report.steps):
        from smtpwizard.smtp import roots  # a dialogue in clear text has needed none

        roots.keep()
    return probing.exit_code(report)
