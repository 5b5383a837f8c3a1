"""Takes a bounce apart: a mail server's report that it could not hand a mail on, pasted as it came.

Its machine-readable part says why in fields of its own (RFC 3464 section 2.3), older reports do so in paragraphs. What
is around the reason, and the mail that came back, would be taken for reasons: `Last-Attempt-Date`, a disclaimer.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from smtpwizard.diagnosis.log_entries import Record, records

_SIGNS: Final = (
    r"(?im)^>? ?(?:final-recipient|diagnostic-code|reporting-mta) ?:|delivery (?:status )?notification|"
    r"this (?:message was created automatically by mail delivery|is the (?:mail system|postfix program) at host)|"
    r"qmail-send program|the following address(?:es|\(es\))? (?:had permanent|failed)|did not reach the following|"
    r"unable to deliver (?:message|your message) to the following|^message from yahoo\.com|"
    r"(?:to the following|could not deliver message to the following) recipient(?:s|\(s\))?:?\s*$|"
    r"your message (?:has been delayed|cannot be delivered|was not delivered)|message not delivered to the following|"
    r"this message was undeliverable|failed recipient: |following address(?:es|\(es\)) could not be delivered"
)
_SIGN_WORDS: Final = (
    "recipient", "diagnostic-code", "-mta", "deliver", "following", "qmail-send", "mail system at host",
)  # fmt: skip

_RETURNED: Final = (
    r"(?im)^[ \t>]{0,4}-{2,}[^\n]{0,40}\b(?:copy|below|returned|original|enclosed|unsent|header)\b[^\n]*$|"
    r"^[ \t>]{0,4}(?:(?:the )?original message follows|(?:below|here) is a copy|original message headers:|"
    r"message headers follow)|^[ \t>]{0,4}(?:return-path|received|dkim-signature|mime-version): "
)
"""Where the mail that came back begins."""

_DIAGNOSTIC: Final = r"(?im)^[ \t]{0,4}(Diagnostic-Code ?:[^\n]*(?:\n(?![A-Za-z][\w-]{2,40} ?:|[ \t]*$)[^\n]+)*)"
_TELLS: Final = r"\b[45][0-5]\d\b|[^\W\d_]{3,}\W+[^\W\d_]{2,}\W+[^\W\d_]{2,}"
_FRAMES: Final = (
    r"(?im)^[^\n]*(?:i'm sorry to have to inform|for further assistance|if you do so, please include|"
    r"no action is required|please (?:contact|reply to) (?:postmaster|customer)|do not reply|confidential|"
    r"^\s*the mail system$|scanned for (?:all )?virus|included as (?:an )?attachment|delete your own text from|"
    r"it's attached below|the following header fields)[^\n]*$|"
    r"^[ \t]{0,4}(?:Reporting-MTA|Received-From-MTA|Remote-MTA|Arrival-Date|Last-Attempt-Date|Will-Retry-Until|"
    r"(?:Original|Final)-Recipient|Action|Message-id|Date|From|To|Subject) ?: [^\n]*$"
)
"""Lines that every bounce of a kind has, or every mail of a company."""

_MOST: Final = 40
"""Reasons of one bounce: it may tell of many recipients."""


def reasons(text: str) -> list[Record]:
    """Return the entries of a bounce that can be reasons; none where `text` is no bounce."""
    lower = text.lower()
    if not any(sign in lower for sign in _SIGN_WORDS) or not re.search(_SIGNS, text):
        return []
    if sum(line.startswith(">") for line in text.splitlines()) * 2 > text.count("\n"):
        text = re.sub(r"(?m)^>(?:$| )", "", text)
    fields = [found for found in re.finditer(_DIAGNOSTIC, text) if re.search(_TELLS, found[1].partition(";")[2])]
    if fields:
        return [_record(text, found) for found in fields[:_MOST]]
    end = re.search(_RETURNED, text)
    return list(islice(records(re.sub(_FRAMES, "", text[: end.start()] if end else text).splitlines()), _MOST))


def _record(text: str, found: re.Match[str]) -> Record:
    record = Record(text.count("\n", 0, found.start()) + 1)
    record.lines.append(re.sub(r"\s*\n\s*", " ", found[1]).strip())
    return record
