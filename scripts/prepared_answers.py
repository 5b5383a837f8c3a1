"""Answers for the pictures whose questions go to other machines: name servers, a mailbox, docker.

Said as the real ones would: the sender's checks and the log's explanations are in the words of the program itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from smtpwizard.dns.sender import DnsRecord, SenderCheck, SenderReport
from smtpwizard.docker.logs import LogReader, LogReport, report_of
from smtpwizard.mailbox.model import Arrival, Authentication, Inbox, Place, Wanted
from smtpwizard.secret import Secret
from smtpwizard.smtp.results import Status

_DOMAIN: Final = "acme.example"
_LOG: Final = (
    "[Nest] 1  - 11/22/2026, 7:17:33 AM   ERROR [ExceptionsHandler] Invalid login: 535 5.7.8 Error: authentication "
    "failed: authentication failure",
    "[Nest] 1  - 11/22/2026, 7:17:33 AM     LOG [RouterExplorer] Mapped {/api/health, GET} route",
)


async def sender(address: str, **_: Any) -> SenderReport:
    """Answer for a domain whose SPF record leaves SendGrid out."""
    spf = DnsRecord(_DOMAIN, "TXT", "v=spf1 include:_spf.google.com include:sendgrid.net -all")
    dmarc = DnsRecord(f"_dmarc.{_DOMAIN}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{_DOMAIN}")
    checks = (
        SenderCheck("domain", Status.PASSED, f"{_DOMAIN} exists."),
        SenderCheck("mx", Status.PASSED, f"mail.{_DOMAIN} takes its mail."),
        SenderCheck(
            "spf",
            Status.FAILED,
            "SendGrid is not in the record, and it ends in -all.",
            ("Found: v=spf1 include:_spf.google.com -all",),
            "Publish this record in place of the present one.",
            spf,
        ),
        SenderCheck("dkim", Status.PASSED, f"s1._domainkey.{_DOMAIN} has a key of 2048 bits."),
        SenderCheck(
            "dmarc",
            Status.WARNED,
            f"{_DOMAIN} has no DMARC record.",
            (),
            "Publish this one. It refuses nothing.",
            dmarc,
        ),
    )
    return SenderReport(address, _DOMAIN, checks, "sendgrid")


class Mailbox:
    """A mailbox that has the first two mails in the inbox and the third in junk."""

    name = f"the mailbox of reader@{_DOMAIN} at imap.{_DOMAIN}:993"

    async def look(self, wanted: Sequence[Wanted], *, timeout: float) -> tuple[Arrival, ...]:
        """Return all of them."""
        judged = Authentication(f"mx.{_DOMAIN}", "pass", "pass", "pass", _DOMAIN, 1)
        places = (Place.INBOX, Place.INBOX, Place.JUNK)
        return tuple(
            Arrival(mail.message_id, place, "Junk" if place is Place.JUNK else "INBOX", datetime.now(UTC), judged)
            for mail, place in zip(wanted, places, strict=False)
        )

    async def close(self) -> None:
        """Nothing is open."""


def mailbox(url: str, password: Secret | None, **_: Any) -> Inbox:
    """Open it, whatever the URL."""
    return Mailbox()


async def log(service: str, **_: Any) -> LogReport:
    """Answer with the log of an app whose password is wrong."""
    reader = LogReader(stamped=True)
    for minute, line in enumerate(_LOG):
        for _entry in reader.feed(f"2026-11-22T07:{17 + minute}:33.000000000Z {line}\n".encode()):
            pass
    for _entry in reader.close():
        pass
    command = f"docker compose logs --no-color --no-log-prefix --timestamps --since=10m {service}"
    return report_of(reader, command=command)
