"""`smtpwizard send`: the app's own mails, rendered as the app does, over the dialogue of its mail client.

Each mail goes to each recipient as a message of its own, since the app writes to one user at a time. All go over one
connection with one login. What was accepted is then looked for in an inbox, where one is named or found.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.apps.profile import AppMail, AppProfile
from smtpwizard.cli import probing
from smtpwizard.cli.output import emit, read_password, say
from smtpwizard.cli.probing import Plan
from smtpwizard.cli.source import tell_app
from smtpwizard.clients.transport import transport
from smtpwizard.errors import ExitCode, InputError, MachineError, NetworkError
from smtpwizard.lint.mail import recipient_findings
from smtpwizard.mail.messages import BuiltMail, build
from smtpwizard.mailbox.model import Address, Inbox, Wanted, parse
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem
from smtpwizard.records import NamedTuple
from smtpwizard.report.arrival import InboxReport, MailReport
from smtpwizard.secret import Secret, hide
from smtpwizard.smtp.certificate import read_authorities
from smtpwizard.smtp.results import OutgoingMessage, Report, SentMessage
from smtpwizard.text import safe
from smtpwizard.wizard.session import AT_ONCE

if TYPE_CHECKING:
    import argparse


VARIABLE: Final = "INBOX_PASSWORD"
"""The environment variable that holds the mailbox's password."""


class InboxPlan(NamedTuple):
    """What to look in, decided before anything is sent."""

    inbox: Inbox | None
    """None: look for a catcher at the mail server's host."""
    within: float
    """Seconds to wait for the mails."""

    @property
    def explicit(self) -> bool:
        """Whether the operator named the inbox."""
        return self.inbox is not None


def prepare(args: argparse.Namespace) -> InboxPlan | None:
    """Return where to look, or None with `--inbox none`. A named inbox is opened: a refusal comes before the mail.

    InputError for a URL or a password that is missing, FileError for --ca-file, NetworkError where the inbox cannot be
    read.
    """
    if args.inbox is None:
        if args.inbox_password_stdin:
            raise InputError("--inbox-password-stdin wants --inbox with the mailbox.", "Inbox")
        return InboxPlan(None, args.wait)
    if args.inbox.strip().lower() == "none":
        return None
    import asyncio

    from smtpwizard.mailbox.watch import open_inbox

    address = parse(args.inbox)
    authorities = read_authorities(tuple(args.ca_file))
    inbox = open_inbox(address, _password(args, address), authorities=authorities)
    asyncio.run(_opened(inbox, args.timeout))
    return InboxPlan(inbox, args.wait)


async def _opened(inbox: Inbox, timeout: float) -> None:
    try:
        await inbox.look((), timeout=timeout)
    except NetworkError:
        await inbox.close()
        raise


def find_mails(
    planned: InboxPlan, wanted: Sequence[Wanted], host: str, provider: Provider | None, *, say: Callable[[str], None]
) -> InboxReport | None:
    """Look for the mails until all are there or the time is over. None where nothing is wanted or no inbox is known.

    `host` is the mail server's, for a catcher that is to be found there. Raises nothing for the network's sake: the
    mail is sent, and its report must not be lost.
    """
    if not wanted:
        return None
    import asyncio

    return asyncio.run(_look_for(planned, tuple(wanted), host, provider, say))


async def _look_for(
    planned: InboxPlan, wanted: tuple[Wanted, ...], host: str, provider: Provider | None, say: Callable[[str], None]
) -> InboxReport | None:
    from contextlib import aclosing

    from smtpwizard.mailbox.watch import discover, watch

    start = time.monotonic()
    inbox = planned.inbox or await discover(host, provider)
    if inbox is None:
        return None
    within = planned.within if planned.explicit else min(planned.within, AT_ONCE)
    say(f"Looking for the mail in {inbox.name}, for {within:g} s at most.")
    found: dict[str, MailReport] = {}
    trouble = ""
    try:
        async with aclosing(watch(inbox, wanted, within=within)) as arrivals:
            async for arrival in arrivals:
                found[arrival.message_id] = MailReport(arrival.message_id, arrival, time.monotonic() - start)
    except (NetworkError, MachineError) as error:
        trouble = error.message
    finally:
        await inbox.close()
    rows = tuple(found.get(mail.message_id, MailReport(mail.message_id, None, None)) for mail in wanted)
    return InboxReport(inbox.name, planned.explicit, time.monotonic() - start, rows, trouble)


def _password(args: argparse.Namespace, address: Address) -> Secret | None:
    """Return the inbox's password from stdin, the environment or a prompt; None where the URL names no user."""
    if args.inbox_password_stdin:
        return read_password()
    if not address.user:
        return None
    given = os.environ.get(VARIABLE, "")
    if given:
        return _hidden(given)
    if args.json or not sys.stdin.isatty():
        raise InputError(
            f"The mailbox wants a password. Set the variable {VARIABLE}, or pipe it in with --inbox-password-stdin.",
            "No password",
        )
    from getpass import getpass

    shown = safe(address.user, limit=120)
    return _hidden(getpass(f"Password of the mailbox of {shown} at {address.place}: ", stream=sys.stderr))


def _hidden(text: str) -> Secret:
    password = Secret(text)
    hide([password])
    return password


def run(args: argparse.Namespace) -> ExitCode:
    """Send the mails that `args` name, look for them, and print the report.

    Exit status 1 also where an inbox that was named does not get them in time: whoever names one asks for that proof.
    """
    planned = probing.plan(args)
    tell_app(planned.source)
    built = _built(args, planned)
    inbox_plan = prepare(args) if built else None
    planned = planned._replace(findings=_about_links(args, built))
    messages = [OutgoingMessage(mail.message_id, mail.data, mail.to, mail.mail.name) for mail in built]
    check = probing.prepare(planned, messages)
    reports: list[InboxReport] = []

    def arrival(report: Report) -> dict[str, Any]:
        """Tell the codes, look for the mails, and return what is added to the JSON object."""
        _tell_codes(accepted(built, report))
        wanted = [Wanted(mail.message_id, mail.code) for mail, _ in accepted(built, report)]
        host = planned.source.settings.host or ""
        seen = find_mails(inbox_plan, wanted, host, planned.provider, say=say) if inbox_plan is not None else None
        if seen is None:
            return {}
        reports.append(seen)
        return {
            "arrival": seen.to_json(),
            "not_proved": [item for item in report.not_proved if not _proves(seen, item)],
        }

    broken_off: list[KeyboardInterrupt] = []

    def arrival_unless_stopped(report: Report) -> dict[str, Any]:
        """Do so; Ctrl-C ends the look alone, since the mails are sent and their report must not be lost."""
        try:
            return arrival(report)
        except KeyboardInterrupt as stop:
            broken_off.append(stop)
            return {}

    report = probing.show(check, planned, as_json=args.json, more=arrival_unless_stopped)
    app = planned.source.settings.app
    if app.test and not app.mails:
        say(f"{app.name} itself sends one: {app.test}")
    if not args.json:
        arrival_unless_stopped(report)
        titles = {mail.message_id: _title(mail, built) for mail in built}
        for seen in reports:
            emit("", *seen.lines(titles))
    if broken_off:
        raise broken_off[0]
    missing = any(seen.explicit and not seen.all_arrived for seen in reports)
    code = probing.exit_code(report)
    return ExitCode.FAILED if missing and code is ExitCode.OK else code


def _tell_codes(mails: Sequence[tuple[BuiltMail, SentMessage]]) -> None:
    for mail, _ in mails:
        whose = _title(mail, [item for item, _ in mails])
        if mail.code in mail.html or (not mail.html and mail.code in mail.text):
            say(f"{whose}: the code in it is {mail.code}. To find it in the mailbox proves that it arrived.")
        else:
            say(f"{whose}: its template shows neither code nor link, so no code in it proves that it arrived.")


def _title(mail: BuiltMail, among: Sequence[BuiltMail]) -> str:
    """Return the mail's title, with its recipient where there are several."""
    return f"{mail.mail.title} to {mail.to}" if len({item.to for item in among}) > 1 else mail.mail.title


def _proves(seen: InboxReport, sentence: str) -> bool:
    """Say whether what was seen settles a sentence of what is not proved; a catcher's page is no reader's mailbox."""
    in_mailbox = all(row.arrival is not None and row.arrival.folder for row in seen.rows)
    return in_mailbox and "arrives" in sentence


def accepted(built: Sequence[BuiltMail], report: Report) -> list[tuple[BuiltMail, SentMessage]]:
    """Return the mails that the server took, each with its reply: what may arrive and can be waited for."""
    return [(mail, sent) for mail, sent in zip(built, report.messages, strict=False) if sent.accepted]


def _built(args: argparse.Namespace, planned: Plan) -> list[BuiltMail]:
    """Render every mail for every recipient; none where the app refuses to start, and the report says why."""
    settings = planned.source.settings
    if transport(settings, origin=planned.source.origin) is None:
        return []
    app = settings.app
    chosen = mails_of(app, args.mail)
    pairs = [(mail, to) for to in probing.recipients(args) for mail in chosen]
    return [build(mail, app, settings, to, directory=args.templates) for mail, to in pairs]


def mails_of(app: AppProfile, wanted: str) -> tuple[AppMail, ...]:
    """Return the mails of that name, the first without one, all for `all`. InputError where there is none."""
    mails = app.sendable
    chosen = mails if wanted == "all" else tuple(mail for mail in mails if mail.name == wanted)
    if wanted and not chosen:
        known = ", ".join([*(mail.name for mail in mails), "all"])
        raise InputError(f"{app.name} has no mail {safe(wanted, limit=40)!r}. Known: {known}.", "Unknown mail")
    return chosen or mails[:1]


def _about_links(args: argparse.Namespace, built: Sequence[BuiltMail]) -> tuple[Problem, ...]:
    """Return what the addresses do to the links in the mails that have one."""
    if all(mail.link is None for mail in built):
        return ()
    return tuple(found for to in probing.recipients(args) for found in recipient_findings(to))
