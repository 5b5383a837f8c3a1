"""Which of the sent mails arrived and how that is known, and what DNS says of the sender where one did not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from smtpwizard.records import NamedTuple
from smtpwizard.report.lines import GAP, Line, LineRole, Mark, mark_of
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.dns.sender import DnsRecord, SenderCheck, SenderReport
    from smtpwizard.mailbox.model import Arrival
    from smtpwizard.presets.schema import Provider


class Proof(StrEnum):
    """How it is known that a mail arrived."""

    CODE = "code"
    """The operator typed its code back."""
    MAILBOX = "mailbox"
    """It was seen in the recipient's mailbox."""
    CATCHER = "catcher"
    """It was seen in a local server that catches mail: it went as far as it ever will."""
    PRACTICE = "practice"
    """It was seen in the practice server's inbox."""


class Arrived(NamedTuple):
    """A sent mail that is known to have arrived."""

    message_id: str
    """The very mail, not another of its kind."""
    name: str
    """AppMail.name."""
    by: Proof
    inbox: str = ""
    """Inbox.name, where it was seen in one: safe to show."""
    arrival: Arrival | None = None
    """Where in the inbox, and what the server there says of it."""


def arrived_line(item: Arrived, title: str = "", code: str = "", *, named: bool = True) -> Line:
    """Return `✓ Password reset: arrived in the inbox of you@acme.example`; with `named` off the inbox is left out.

    `code` is told of a mail in a place that the operator does not open: the practice server, a catcher.
    """
    code = f", code {spaced(code)}" if code else ""
    if item.by is Proof.CODE or item.arrival is None:
        return Line("arrived: the code is right", Mark.OK, name=title)
    if item.by is Proof.PRACTICE:
        where = " in the practice server's inbox" if named else ""
        return Line(f"arrived{where}{code}", Mark.OK, name=title)
    if item.by is Proof.CATCHER:
        return Line(f"caught{f' by {item.inbox}' if named else ''}{code}", Mark.OK, name=title)
    mark, place = _place(item.arrival)
    whose = f" of {item.inbox.removeprefix('the mailbox of ')}" if named else ""
    return Line(f"{place}{whose}", mark, name=title)


def _place(arrival: Arrival) -> tuple[Mark, str]:
    """Return where in its mailbox a mail lies."""
    if arrival.place.value == "inbox":
        return Mark.OK, "arrived in the inbox"
    if arrival.place.value == "junk":
        return Mark.WARNING, f"arrived in junk, the folder {arrival.folder}" if arrival.folder else "arrived in junk"
    return Mark.WARNING, f"arrived, but in the folder {arrival.folder}"


def auth_suffix(item: Arrived) -> str:
    """Return what the receiving server said of the sender, to be put behind: `, SPF pass, DKIM pass`."""
    found = item.arrival.authentication if item.arrival is not None else None
    if found is None:
        return ""
    rows = (("SPF", found.spf), ("DKIM", found.dkim), ("DMARC", found.dmarc))
    return "".join(f", {name} {result}" for name, result in rows if result)


def meaning_lines(items: Sequence[Arrived], *, named: bool = True) -> Iterator[Line]:
    """Yield what inboxes, places and the receivers' judgement mean, each sentence once for all the mails.

    With `named` off, the inboxes are named here, since the lines of the mails leave them out.
    """
    sentences: dict[str, None] = {}
    for item in items:
        if item.by is Proof.CATCHER:
            sentences[f"{item.inbox} {_CATCHES}"] = None
        elif item.by in (Proof.MAILBOX, Proof.PRACTICE) and not named:
            inbox = item.inbox if item.by is Proof.MAILBOX else "the practice server's inbox"
            sentences[f"Seen in {inbox}."] = None
    for item in items:
        if item.by is Proof.MAILBOX and item.arrival is not None:
            from smtpwizard.mailbox.authentication import words

            sentences |= dict.fromkeys(words(item.arrival.authentication, item.arrival.place))
    yield from (Line(sentence, role=LineRole.REMARK, indent=1) for sentence in sentences)


_CATCHES = "catches mail and delivers none of it: that a real server delivers is not proved."


def spaced(code: str) -> str:
    """Return a code in two groups, as one reads it aloud: `418 205`."""
    return f"{code[:3]} {code[3:]}" if len(code) == 6 else code


class MailReport(NamedTuple):
    """What became of one mail."""

    message_id: str
    arrival: Arrival | None
    seconds: float | None
    """From the start of the look until it was found."""


class InboxReport(NamedTuple):
    """What was seen in an inbox."""

    inbox: str
    """Its name, safe to show."""
    explicit: bool
    """Whether the operator named it. A catcher that was found by itself may not be where the mail goes."""
    seconds: float
    """How long was looked."""
    rows: tuple[MailReport, ...]
    trouble: str = ""
    """Why the inbox could not be read: then what is not found is not known to be missing."""

    @property
    def all_arrived(self) -> bool:
        """Whether every mail was found, junk included."""
        return all(row.arrival is not None for row in self.rows)

    def status(self, row: MailReport) -> str:
        """Return `inbox`, `junk`, `other`, `missing`, or `unknown` where the inbox could not be read."""
        if row.arrival is not None:
            return row.arrival.place.value
        return "unknown" if self.trouble else "missing"

    def to_json(self) -> list[dict[str, Any]]:
        """Return one object a mail: `id status folder seconds where authentication`."""
        return [
            {
                "id": row.message_id,
                "status": self.status(row),
                "folder": (row.arrival.folder or None) if row.arrival else None,
                "seconds": round(row.seconds, 1) if row.seconds is not None else None,
                "where": self.inbox,
                "authentication": row.arrival.authentication._asdict()
                if row.arrival and row.arrival.authentication
                else None,
            }
            for row in self.rows
        ]

    def lines(self, titles: Mapping[str, str]) -> Iterator[Line]:
        """Yield what was seen; `titles` name the mails by their Message-ID."""
        seen: list[Arrived] = []
        for row in self.rows:
            title = titles.get(row.message_id, "The mail")
            if row.arrival is None:
                yield missing_line(self.inbox, self.seconds, title, trouble=self.trouble)
                continue
            # A catcher has no folders: it judges no sender, and people cannot miss a mail in it.
            by = Proof.MAILBOX if row.arrival.folder else Proof.CATCHER
            seen.append(Arrived(row.message_id, title, by, self.inbox, row.arrival))
            line = arrived_line(seen[-1], title)
            yield line._replace(aside=f"after {row.seconds:.1f} s" if row.seconds is not None else "")
        yield from meaning_lines(seen)
        if not self.all_arrived:
            yield Line(self._advice(), role=LineRole.REMARK, indent=1)

    def _advice(self) -> str:
        if self.trouble:
            return self.trouble
        if self.explicit:
            return (
                "The server has accepted it, which is not delivery. Wait some minutes and look again, in junk and "
                "quarantine too; the provider's page shows what became of it."
            )
        return (
            f"The mail may go elsewhere: {self.inbox} was found at the mail server's host, and nobody said that it "
            "keeps its mail. Name the inbox with --inbox."
        )


def missing_line(inbox: str, seconds: float, title: str = "", *, trouble: str = "") -> Line:
    """Return that a mail was not seen in an inbox; `trouble` is why that inbox could not be read."""
    if trouble:
        return Line(f"not known, since {inbox} could not be read", Mark.SKIPPED, name=title)
    return Line(f"not seen in {inbox} within {seconds:.0f} s", Mark.FAILED, name=title)


# The sender's domain

_TROUBLED: Final = frozenset({"failed", "warned"})


class CheckLines(NamedTuple):
    """One check for a person."""

    lines: tuple[Line, ...]
    """The fact, what was found, what to do."""
    records: tuple[DnsRecord, ...]
    """What to publish."""


def checks(report: SenderReport) -> tuple[CheckLines, ...]:
    """Return the checks in their order."""
    return tuple(CheckLines(tuple(_lines(item)), _records(item)) for item in report.checks)


def _lines(check: SenderCheck) -> Iterator[Line]:
    yield Line(check.summary, mark_of(check.status.value), name=check.title)
    yield from (Line(line, role=LineRole.REMARK, indent=1) for line in check.detail)
    if check.remedy:
        yield Line(check.remedy, role=LineRole.ACTION, indent=1)


def _records(check: SenderCheck) -> tuple[DnsRecord, ...]:
    return (check.record, *check.also) if check.record is not None else check.also


def record_lines(record: DnsRecord) -> Iterator[Line]:
    """Yield the three parts of a record, each as its field on a DNS provider's page is called."""
    yield Line(record.name, role=LineRole.EVIDENCE, name="Record name")
    yield Line(record.type, role=LineRole.EVIDENCE, name="Record type")
    yield Line(record.value, role=LineRole.EVIDENCE, name="Record value")


def closing_lines(report: SenderReport, provider: Provider | None) -> Iterator[Line]:
    """Yield what is to be said of the checks as a whole: that nothing is wrong, or that nobody answered."""
    if not report.answered:
        sentence = "No name server answered: this machine is offline, or may not ask. Nothing is known of the domain."
        yield Line(sentence, Mark.SKIPPED)
        yield from (Line(line, indent=1) for line in _questions(report.domain, provider))
        yield Line(f"From another machine: smtpwizard sender {safe(report.address, limit=120)}", indent=1)
    elif not any(check.status.value in _TROUBLED for check in report.checks):
        yield GAP
        fine = "Nothing in DNS speaks against the mail. A DKIM signature shows only in a mail that has arrived."
        yield Line(fine, role=LineRole.REMARK)


def _questions(domain: str, provider: Provider | None) -> Iterator[str]:
    """Yield what `domain` should publish and how to see it, where this machine cannot look itself."""
    if provider is not None and provider.spf_include:
        included = " or ".join(f"include:{name}" for name in provider.spf_include)
        yield f"SPF: the TXT record of {domain} should have {included}. See it with: dig +short TXT {domain}"
    yield f"DMARC: a policy of reject or quarantine drops unsigned mail. See it with: dig +short TXT _dmarc.{domain}"
