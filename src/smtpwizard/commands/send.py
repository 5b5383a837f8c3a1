"""`smtpwizard send`: the app's own mails, rendered as the app does, over the dialogue of its mail client.

All of them go over one connection with one login, as the app's pool would send them.
"""

from __future__ import annotations

import argparse

from smtpwizard.app import transport
from smtpwizard.commands import probing
from smtpwizard.commands.output import say
from smtpwizard.commands.showing import show
from smtpwizard.errors import ExitCode
from smtpwizard.mail.messages import BuiltMail, build
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.results import OutgoingMessage


def run(args: argparse.Namespace) -> ExitCode:
    """Send the mails that `args` name and print the report."""
    planned = probing.plan(args)
    settings = planned.source.settings
    built: list[BuiltMail] = []
    if transport(settings, origin=planned.source.origin) is not None:  # otherwise the report says why the app refuses
        app = probing.catalogue(args).app()
        built = [build(mail, app, settings, args.to) for mail in app.mails if args.mail in (mail.name, "all")]
    messages = [OutgoingMessage(mail.message_id, mail.data, mail.to) for mail in built]
    probe = Probe(settings, planned.options, provider=planned.provider, message=messages)
    report = show(probe, planned, as_json=args.json)
    for mail, sent in zip(built, report.messages, strict=False):
        if sent.accepted and mail.code:
            say(f"{mail.mail.title}: the code in it is {mail.code}. To find it in the mailbox proves that it arrived.")
    return probing.exit_code(report)
