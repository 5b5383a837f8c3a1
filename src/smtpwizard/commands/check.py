"""`smtpwizard check`: every stage short of sending a message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from smtpwizard.commands import source
from smtpwizard.probe import roots

if TYPE_CHECKING:
    import argparse

    from smtpwizard.errors import ExitCode


def run(args: argparse.Namespace) -> ExitCode:
    """Probe the settings that `args` name and print the report; of several files, a line each."""
    if args.inside is not None or args.inside_script:
        from smtpwizard.commands import inside

        return inside.run(args)
    files = getattr(args, "env_files", ())
    if len(files) > 1 or (files and args.jobs):
        from smtpwizard.commands import check_many

        return check_many.run(args, files)
    found = source.load(args)
    named = bool(args.ca_file or os.environ.get(roots.EXTRA_VARIABLE))
    if roots.expects_tls(found.settings.host or "", implicit=found.settings.tls == "true", authorities=named):
        roots.begin()  # before the imports below, which take as long
    from smtpwizard.commands import probing, showing
    from smtpwizard.probe.engine import Probe

    planned = probing.plan(args, source=found)
    probe = Probe(planned.source.settings, planned.options, provider=planned.provider)
    return probing.exit_code(showing.show(probe, planned, as_json=args.json))
