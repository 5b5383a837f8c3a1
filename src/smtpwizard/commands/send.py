"""`smtpwizard send`: the app's own mails, rendered as the app does, over the dialogue of its mail client.

Each mail goes to each recipient as a message of its own, since the app writes to one user at a time. All go over one
connection with one login. What was accepted is then looked for in an inbox, where one is named or found.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from smtpwizard.app import recipient_findings, transport
from smtpwizard.commands import arrival, probing
from smtpwizard.commands.arrival_sight import Sight
from smtpwizard.commands.output import emit, say
from smtpwizard.commands.probing import Plan
from smtpwizard.commands.showing import show
from smtpwizard.errors import ExitCode
from smtpwizard.findings import Finding
from smtpwizard.inbox.model import Wanted
from smtpwizard.mail.messages import BuiltMail, build
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.results import OutgoingMessage, Report, SentMessage


def run(args: argparse.Namespace) -> ExitCode:
    """Send the mails that `args` name, look for them, and print the report.

    Exit status 1 also where an inbox that was named does not get them in time: whoever names one asks for that proof.
    """
    planned = probing.plan(args)
    built = _built(args, planned)
    lookout = arrival.prepare(args) if built else None
    planned = planned._replace(findings=_about_links(args, built))
    messages = [OutgoingMessage(mail.message_id, mail.data, mail.to, mail.mail.name) for mail in built]
    probe = Probe(planned.source.settings, planned.options, provider=planned.provider, message=messages)
    sights: list[Sight] = []

    def look(report: Report) -> dict[str, Any]:
        """Tell the codes, look for the mails, and return what is added to the JSON object."""
        _tell_codes(accepted(built, report))
        sight = _look(lookout, planned, accepted(built, report))
        if sight is None:
            return {}
        sights.append(sight)
        return {
            "arrival": sight.to_json(),
            "not_proved": [item for item in report.not_proved if not _proves(sight, item)],
        }

    broken_off: list[KeyboardInterrupt] = []

    def look_unless_stopped(report: Report) -> dict[str, Any]:
        """Do so; Ctrl-C ends the look alone, since the mails are sent and their report must not be lost."""
        try:
            return look(report)
        except KeyboardInterrupt as stop:
            broken_off.append(stop)
            return {}

    report = show(probe, planned, as_json=args.json, more=look_unless_stopped)
    if not args.json:
        look_unless_stopped(report)
        titles = {mail.message_id: _title(mail, built) for mail in built}
        for sight in sights:
            emit("\n".join(("", *sight.lines(titles))))
    if broken_off:
        raise broken_off[0]
    missing = any(sight.explicit and not sight.all_arrived for sight in sights)
    code = probing.exit_code(report)
    return ExitCode.FAILED if missing and code is ExitCode.OK else code


def _tell_codes(mails: Sequence[tuple[BuiltMail, SentMessage]]) -> None:
    for mail, _ in mails:
        whose = _title(mail, [item for item, _ in mails])
        if mail.code in mail.html:
            say(f"{whose}: the code in it is {mail.code}. To find it in the mailbox proves that it arrived.")
        else:
            say(f"{whose}: its template shows neither code nor link, so no code in it proves that it arrived.")


def _title(mail: BuiltMail, among: Sequence[BuiltMail]) -> str:
    """Return the mail's title, with its recipient where there are several."""
    return f"{mail.mail.title} to {mail.to}" if len({item.to for item in among}) > 1 else mail.mail.title


def _look(
    lookout: arrival.Lookout | None, planned: Plan, mails: Sequence[tuple[BuiltMail, SentMessage]]
) -> Sight | None:
    if lookout is None:
        return None
    wanted = [Wanted(mail.message_id, mail.code) for mail, _ in mails]
    return arrival.look(lookout, wanted, planned.source.settings.host or "", planned.provider, say=say)


def _proves(sight: Sight, sentence: str) -> bool:
    """Say whether what was seen settles a sentence of what is not proved; a catcher's page is no reader's mailbox."""
    in_mailbox = all(row.arrival is not None and row.arrival.folder for row in sight.rows)
    return in_mailbox and "arrives" in sentence


def accepted(built: Sequence[BuiltMail], report: Report) -> list[tuple[BuiltMail, SentMessage]]:
    """Return the mails that the server took, each with its reply: what may arrive and can be waited for."""
    return [(mail, sent) for mail, sent in zip(built, report.messages, strict=False) if sent.accepted]


def _built(args: argparse.Namespace, planned: Plan) -> list[BuiltMail]:
    """Render every mail for every recipient; none where the app refuses to start, and the report says why."""
    settings = planned.source.settings
    if transport(settings, origin=planned.source.origin) is None:
        return []
    app = probing.catalogue(args).app()
    chosen = [mail for mail in app.mails if args.mail in (mail.name, "all")]
    pairs = [(mail, to) for to in probing.recipients(args) for mail in chosen]
    return [build(mail, app, settings, to, directory=args.templates) for mail, to in pairs]


def _about_links(args: argparse.Namespace, built: Sequence[BuiltMail]) -> tuple[Finding, ...]:
    """Return what the addresses do to the links in the mails that have one."""
    if all(mail.link is None for mail in built):
        return ()
    return tuple(found for to in probing.recipients(args) for found in recipient_findings(to))
