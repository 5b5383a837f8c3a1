"""The mail errors among the lines of a log, each as an Event. Everything else in a log is none of our business.

One pasted reply or message is taken as it is. Among other lines an error must show that it is about mail: by a mail
library's property, an enhanced status code, a mail port, or words of the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.diagnosis.event import Event, from_text
from smtpwizard.diagnosis.properties import Properties, find_reply, properties, stages_of
from smtpwizard.diagnosis.records import Record, records

if TYPE_CHECKING:
    from smtpwizard.preset_schema import Provider

MOST_BYTES: Final = 20_000_000
"""Characters of a log that are read."""

_MAIL_PORTS: Final = frozenset({25, 26, 465, 587, 588, 1025, 1465, 1587, 2465, 2500, 2525, 2587, 3025, 3465, 8025})
_OTHER_PORTS: Final = frozenset(
    {
        22,
        53,
        80,
        443,
        1433,
        3000,
        3306,
        4000,
        5432,
        5672,
        6379,
        8000,
        8080,
        8443,
        8983,
        9000,
        9092,
        9200,
        9300,
        11211,
        27017,
    }
)
"""Databases, web servers, search: their refused connections are not mail."""

_MAIL_WORDS: Final = re.compile(r"smtp|nodemailer|sendmail|\bmail|e-?mail|mailer|\bmx\d?\.|starttls", re.IGNORECASE)
_OTHER_WORDS: Final = (
    r"(?i)redis|mysql|mariadb|postgres|\bpg\b|mongo|kafka|elastic|opensearch|rabbit|amqp|memcache|\bldap|\bnpm\b|\byarn\b|\bpip\b|"
    r"https?://|axios|fetch failed|graphql|websocket|docker\.io|\bwget\b|\bcurl\b"
)
"""What else a container talks to."""
_LOST: Final = r"(?i)\b(?:connection closed(?: unexpectedly)?|connection lost|unexpected socket close)\b"
SHARED_STAGES: Final = frozenset({"resolve", "connect", "tls", "starttls"})
"""Stages whose errors other clients have in the same words."""
_MAIL_CODES: Final = frozenset({"EAUTH", "EENVELOPE", "EMESSAGE", "EDNS", "ETLS", "EPROTOCOL", "ESTREAM"})
_NETWORK: Final = frozenset(
    {
        "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEOUT", "EHOSTUNREACH", "ENETUNREACH",
        "EADDRNOTAVAIL", "ESOCKET", "ECONNECTION", "EPIPE",
    }
)  # fmt: skip
_TLS: Final = re.compile(
    r"certificate|\bssl\b|\btls\b|SSL routines|CERT_|ERR_TLS|ERR_SSL|handshake|cipher", re.IGNORECASE
)
_HTTP: Final = re.compile(
    r"^(?:[45]\d\d) (?:internal server error|bad gateway|gateway time-?out|not found|service unavailable|forbidden|"
    r"bad request|unauthorized|method not allowed|not implemented|conflict|too many requests|payload too large|"
    r"unprocessable entity|\d+(?:\.\d+)? ?m?s\b)\W{0,3}$",
    re.IGNORECASE,
)


_SIGN: Final = re.compile(
    r"mail|smtp|sender|recipient|relay|auth|login|password|greeting|certificate|ssl|tls|cipher|econn|etimed|enotfound|eai_|"
    r"ehost|enetun|esocket|getaddrinfo|refused|timed? ?out|reset|unreachable|spf|dkim|dmarc|suppress|quota|"
    r"\b(?:[45][0-5]\d|254)[ -][\d<(#\[a-z]",
    re.IGNORECASE,
)
"""At least one of these is in every line that can be about mail: most lines of a log have none, and end here."""


class Found(NamedTuple):
    """A record that may be a mail error."""

    event: Event
    number: int
    """Its first line in the text, counted from 1."""
    said: str
    """The server's or library's words, as they came."""
    sure: bool
    """It is about mail for certain; otherwise only what the catalogue knows by its words counts."""
    mail: bool
    """Something beside its words shows that it is about mail, or there is nothing else to explain."""


def find(text: str, *, stage: str | None = None, provider: Provider | str | None = None) -> Iterator[Found]:
    """Find what may be mail errors in `text`."""
    lines = text[:MOST_BYTES].splitlines()
    entries = records(lines)
    first = next(entries, None)
    if first is None:
        return
    second = next(entries, None)
    first.alone = second is None
    for record in _chain(first, second, entries):
        found = found_in(record, stage, provider)
        if found is not None:
            yield found


def _chain(first: Record, second: Record | None, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    if second is not None:
        yield second
        yield from rest


def found_in(record: Record, stage: str | None, provider: Provider | str | None) -> Found | None:
    """Return what may be a mail error in one entry of a log, or None."""
    text = record.text
    if not (record.alone or record.mail or _SIGN.search(text)):
        return None
    known = properties(text)
    reply, code = find_reply(text, known)
    event = from_text(
        text,
        reply=reply,
        code=code,
        stages=[stage] if stage else stages_of(text, known, record.command),
        provider=provider,
    )
    event = _with_words(event, known)
    if not _is_error(event, reply, record, stage):
        return None
    about_mail = _about_mail(event, record, known, text)
    sure = _sure(event, record, known, about_mail, stage)
    return Found(event, record.number, reply or _message(text), sure, record.alone or about_mail)


def _with_words(event: Event, known: Properties) -> Event:
    errors = event.errors | ({known.code} if known.code else frozenset())
    return replace(event, errors=frozenset(errors), port=known.port if known.port is not None else event.port)


def _is_error(event: Event, reply: str, record: Record, stage: str | None) -> bool:
    """Leave out what is no failure: successes in a dialogue, web statuses, other servers' ports."""
    if reply and _HTTP.match(reply.strip()):
        return False
    if event.code is not None and event.code < 400:
        return record.alone or bool(event.enhanced & {"4.7.1"})
    if event.code is not None or _MAIL_WORDS.search(event.raw):
        return True
    return event.port not in _OTHER_PORTS and (event.port in _MAIL_PORTS or not re.search(_OTHER_WORDS, event.raw))


def _about_mail(event: Event, record: Record, known: Properties, text: str) -> bool:
    """Say whether something beside the words shows that a mail client or server speaks."""
    return (
        record.mail
        or bool(record.command)
        or known.command != ""
        or bool(event.errors & _MAIL_CODES)
        or bool(stages_of(text, known, ""))
        or event.port in _MAIL_PORTS
    )


def _sure(event: Event, record: Record, known: Properties, about_mail: bool, stage: str | None) -> bool:
    """Say whether it is a failure of mail even if the catalogue knows no word of it."""
    text = record.text
    if event.code is not None:
        if event.code < 400:
            return False
        return about_mail or bool(event.enhanced) or record.alone or bool(_MAIL_WORDS.search(text))
    failed = bool(event.errors & (_NETWORK | _MAIL_CODES)) or (bool(_TLS.search(text)) and about_mail)
    if failed:
        return about_mail or record.alone or bool(_MAIL_WORDS.search(text))
    if bool(stage and record.alone) or (known.command and known.code):
        return True
    if set(stages_of(text, known, "")) - SHARED_STAGES:
        return True  # in the words of a mail client
    return (record.alone or record.mail) and bool(re.search(_LOST, text))


def _message(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.split("\n") if line.strip(" {}[]()")), "")
