"""Knows a mail server that speaks of handing a mail on, and takes its report apart: the bounce, pasted as it came.

Its machine-readable part says why in fields of its own (RFC 3464 section 2.3), older reports do so in paragraphs. What
is around the reason, and the mail that came back, would be taken for reasons: `Last-Attempt-Date`, a disclaimer.
"""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import islice
from typing import Final

from smtpwizard.diagnosis.event import Side, bound
from smtpwizard.diagnosis.log_entries import Record, records

_SIGNS: Final = (
    r"(?im)^>? ?(?:final-recipient|diagnostic-code|reporting-mta) ?:|delivery (?:status )?notification|"
    r"this (?:message was created automatically by mail delivery|is the (?:mail system|postfix program) at host)|"
    r"qmail-send program|the following address(?:es|\(es\))? (?:had permanent|failed)|did not reach the following|"
    r"unable to deliver (?:message|your message) to the following|^message from yahoo\.com|"
    r"(?:to the following|could not deliver message to the following) recipient(?:s|\(s\))?:?\s*$|"
    r"your message (?:has been delayed|cannot be delivered|was not delivered)|message not delivered to the following|"
    r"message that you sent was rejected by|this message was undeliverable|failed recipient: |"
    r"following address(?:es|\(es\)) could not be delivered|this is the mailer-daemon, please"
)
_SIGN_WORDS: Final = (
    "recipient", "diagnostic-code", "-mta", "deliver", "following", "qmail-send", "mail system at host",
    "rejected by the local", "mailer-daemon",
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
    record.numbers.append(record.number)
    return record


_RELAYED: Final = (
    r"(?im)\bpostfix(?:-[\w.-]{1,40}|/[\w-]{1,20})?/(?:smtp|lmtp|relay|error|bounce)\b|\bstatus=(?:bounced|deferred)|"
    r"\bdsn=[45]\.\d|\(in reply to (?:MAIL FROM|RCPT TO|DATA|end of DATA|EHLO|HELO|AUTH|STARTTLS)|"
    r"\bSMTP error from remote (?:mail )?server|"
    r"^(?:Reporting-MTA|Final-Recipient|Original-Recipient|Remote-MTA|Diagnostic-Code|Arrival-Date|X-Postfix-\w+): ?|"
    r"\bstat=(?:Deferred|User unknown|Service unavailable|Host unknown)|\bR=\w+ T=\w*smtp|\bT: \w*smtp for |"
    r"\bremote server returned\b|"
    r"\bconnect to [\w.-]{1,200}\[[0-9a-f.:]{3,45}\]:\d{1,5}: |"
    r"\bconversation with \S{1,200}\[[0-9a-f.:]{3,45}\] timed out|delivery temporarily suspended|"
    r"\bhost \S{1,200}\[[0-9a-f.:]{3,45}\](?::\d{1,5})? said:|mail delivery (?:failed(?! via)|subsystem)|"
    r"undeliverable(?! address:)|"
    r"\btarget ip address responded with|could not be delivered|delivery (?:attempt |has )?failed|"
    r"\((?:connection to|(?:TLS|connection|DNS|DANE|MTA-STS) error from) '|\(lost connection with \S{1,200}\[|"
    r"delivery to the following recipient|wasn't able to deliver your|unable to deliver (?:your )?message to|"
    r"[\"']mx-host[\"']|attempting to deliver a message|delivering your mail|rejected command '|"
    r"your message[^\n]{0,80} (?:(?:couldn't|can't|cannot) be delivered|wasn't delivered)|delivery status notification|"
    r"a message is delayed for|still awaiting delivery|transcript of session follows|permanent fatal errors|"
    r"message that you sent was rejected by|"
    r"\b[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} (?:==|\*\*) |\bdelivery \d{1,9}: (?:deferral|failure): |"
    r"\bsmtp::outbound::|\bsmtp-out: |\bmta (?:delivery evpid|error reason)=|network error on destination|"
    # a reply of Microsoft's receiving servers with nothing around it: only mail servers speak to them
    r"\A\s*[45]\d\d[ -][^\n]{0,600}protection\.outlook\.com|"
    r"this is the (?:mail system|postfix program) at host|"
    r"this message was created automatically by mail delivery|<\S{1,300}>: host \S"
)


def relay_signs(text: str) -> set[str]:
    """Return the words in which a mail server speaks of its own attempt to hand the mail on, in lower case."""
    lower = text.lower()
    if not any(sign in lower for sign in _RELAYED_SIGNS):
        return set()
    found = {item[0].lower() for item in re.finditer(_RELAYED, text)}
    if re.search(_APP_SPEAKS, text):
        found = {words for words in found if not re.fullmatch(_SERVERS_WORDS, words)}
    return found


def relayed(text: str) -> bool:
    """Say whether a mail server speaks of its own attempt to hand the mail on: the app was through with it by then."""
    return bool(relay_signs(text))


def report_side(text: str, signs: Set[str]) -> Side:
    """Return whose text it is, where it is no line of a mail server's log (of these: `server_logs.log_side`).

    `signs`: what `relay_signs` has found in it.
    """
    if not signs:
        return Side.APP if re.search(_APP_SPEAKS, text) else Side.UNKNOWN
    return Side.BOUNCE if any(not words.strip()[:1].isdecimal() for words in signs) else Side.RECEIVER


_RECEIVERS: Final = (
    (
        "Gmail",
        ("google", "gsmtp", "gmail", "authentication checks", "unauthenticated"),
        r"gmail-smtp-in|aspmx\d?\.|5\.7\.2[5-9]\b|5\.7\.30\b|sender-guidelines|mail/(?:answer|\?p)[/=](?:Unsolicited|IPv6|81126|"
        r"NoSuchUser|OverQuota|DisabledUser|188131|ListUnsub)|our system has detected (?:that this|an unusual)|"
        r"does not have authentication information or fails|"
        r"this (?:mail|message) (?:is unauthenticated|does not pass auth)",
    ),
    ("Microsoft", ("outlook.com", "hotmail.com"), r"protection\.outlook\.com|[mp]amx\d?\.hotmail|mx\d\.hotmail"),
    ("Yahoo", ("yahoo", "[ts"), r"yahoodns\.net|\[tss?\d\d\]|postmaster\.yahoo|mta\d[\w.]{1,40}\.yahoo\.com"),
)
"""A provider → words of which one is in its replies to servers that bring it mail, and what only those have."""


def receiver_in(text: str) -> str:
    """Return the provider that has refused a mail as its receiver, not as the server that sends it; empty: none."""
    lower = bound(text).lower()
    known = (
        name for name, hints, marks in _RECEIVERS if any(hint in lower for hint in hints) and re.search(marks, lower)
    )
    return next(known, "")


_APP_SPEAKS: Final = (
    r"SMTP(?:Recipients|Sender)Refused|SMTPDataError|failed (?:via|by) SMTP server ?'|Swift_|PHPMailer|"
    r"SMTP(?:SendFailed|AddressFailed)Exception|Expected response code|nodemailer/|Net::SMTP\w|SmtpCommandException|"
    r"\b(?:Delivery|Recipient|Sender)Error\b|0x800CCC|\(_ssl\.c:\d"
)
"""The exception of an app's own client: the server has answered the app."""

_SERVERS_WORDS: Final = r"(?s)(?:mail )?(?:delivery|could not be|undeliver|wasn't able|unable to deliver|delivering).*"
"""Words that a server may use of a mail which it refuses then and there."""


_RELAYED_SIGNS: Final = (
    "postfix", "status=", "dsn=", "in reply to", "remote", "-mta", "recipient:", "diagnostic", "arrival", "stat=", "r=",
    "said:", "connect to ", "deliver", "mx-host", "rejected command", "delayed for", "conversation with", "at host",
    "responded with", "protection.outlook", ">: host", "x-postfix", "transcript", "permanent fatal",
    "message that you sent", " == ", " ** ", "smtp-out", "mta ", "network error",
    " error from '", "(connection to '", "(lost connection with", "smtp for ",
)  # fmt: skip
