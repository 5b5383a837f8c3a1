"""Reads what a mail server itself notes in its log: which program speaks, what is routine, how far a client came.

A healthy server's log is full of clients that hang up, scanners that never speak, and helpers that start anew. Nobody
has failed there, so such lines count only where somebody asks about them.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.diagnosis.event import Event, Side

_PROGRAM: Final = (
    r"(?<![\w./-])(postfix(?:-[\w.-]{1,40})?(?:/[\w.-]{1,30}){1,3}|postfix|postdrop|postalias|postmap|sm-mta|sm-msp-queue|"
    r"exim4?|opensmtpd|smtpd|opendkim|opendmarc|milter-regex|postgrey|policyd[\w-]{0,20}|postsrsd|amavisd?|rspamd|spamd|dovecot|"
    r"qmail(?:-smtpd)?|tcpserver)"
    r"(?:\[\d{1,9}\])?: "
)
_EXIM: Final = r"\b[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} (?:<=|[=-]>|=>>|==|\*\*|Completed|SMTP|TLS|H=)"
_QMAIL: Final = r"\bdelivery \d{1,9}: (?:deferral|failure|success): "
_HEAD: Final = 200
"""Characters of a line in which the name of the program stands."""


def program_of(line: str) -> str:
    """Return the mail server's program that has written `line`, empty where it was another: `postfix/smtpd`."""
    head = line[:_HEAD]
    found = re.search(_PROGRAM, head) if "]: " in head or "post" in head or "dovecot" in head else None
    if found:
        return found[1]
    if "-" in head and re.search(_EXIM, head):
        return "exim"
    return "qmail" if "delivery " in head and re.search(_QMAIL, head) else ""


def spaced(text: str, program: str) -> str:
    """Return what qmail's log says with blanks: it writes `Sorry,_I_couldn't_find_any_host/`."""
    return text.replace("_", " ").replace("/", " ") if program == "qmail" else text


_REFUSES: Final = (
    r"\bNOQUEUE: (?:milter-)?reject|\b(?:milter-)?reject: [A-Z-]{3,20} from |\bruleset=check_\w|"
    r"\brejected (?:RCPT|MAIL|EHLO|HELO|AUTH|connection|after DATA)\b|\bLOG: MAIN REJECT"
)
_HANDS_ON: Final = (
    r"\bstatus=(?:bounced|deferred)|\bstat=(?!Sent\b)[A-Z]|\bR=\w+ T=\w|\bT: \w*smtp for |\bdelays=\d|"
    r"\bsmtp::outbound::|\bsmtp-out: |\bmta (?:delivery evpid|error reason)=|"
    r"\bqueue: (?:delivery attempt|not delivered)"
)
"""What mail servers note of a client that they turn away, and of their own attempts at the next server."""
_TAKES: Final = frozenset({"smtpd", "postscreen"})
_GIVES: Final = frozenset({"smtp", "lmtp", "relay", "error", "bounce", "qmgr", "pipe", "virtual", "local"})
"""Postfix's programs, master(8): those that clients speak to, and those that have a mail already."""


def log_side(line: str, program: str) -> Side:
    """Return whether a line of a mail server's log tells of a client that it refused or of its own delivery.

    `program`: what has written it (see `program_of`). Side.UNKNOWN where it is no such line.
    """
    if ("reject" in line or "ruleset" in line) and re.search(_REFUSES, line):
        return Side.REFUSING
    if program.startswith("postfix"):
        service = program.rpartition("/")[2]
        if service in _TAKES:
            return Side.REFUSING
        if service in _GIVES:
            return Side.ONWARD
    if program == "dovecot":
        return Side.REFUSING if ": auth" in line or "-login:" in line else Side.UNKNOWN
    if program == "qmail" or (program == "exim" and (" == " in line or " ** " in line)):
        return Side.ONWARD
    hands_on = any(sign in line for sign in _HANDS_ON_SIGNS) and re.search(_HANDS_ON, line)
    return Side.ONWARD if hands_on else Side.UNKNOWN


_HANDS_ON_SIGNS: Final = ("status=", "stat=", "R=", "T: ", "delays=", "smtp::outbound", "smtp-out", "mta ", "queue: ")


def server_of(event: Event) -> str:
    """Return the mail server whose log or greeting is in a text: `exim`, `postfix`; empty for another one, or none."""
    if event.side not in (Side.ONWARD, Side.REFUSING):
        greeted = None if event.relayed or "ESMTP " not in event.around else re.search(_GREETED, event.around)
        return greeted[1].lower() if greeted else ""
    text = f"{event.program} {event.raw}"
    if "postfix" in text or "NOQUEUE" in text or "status=" in text:
        return "postfix"
    return "exim" if re.search(_EXIMS, text) else ""


_GREETED: Final = r"(?m)\b220[ -]\S{1,253} ESMTP (Exim|Postfix)\b"
_EXIMS: Final = r"exim|\brejected (?:RCPT|MAIL|EHLO|HELO|after DATA)\b|\bR=\w+ T=\w|\bLOG: MAIN"

_GUEST: Final = (
    r"(?i)resolving client hostname|hostname \S{1,200} does not resolve to address|ignored: no (?:SASL|TLS) support"
)
"""A mail server's remark on who connects to it, or on a setting without effect: no failure of sending."""

_OF_EVERY_MAIL: Final = (
    r"\bpostfix(?:/[\w-]{1,20}){0,2}/(?:cleanup|qmgr|anvil|scache|pickup)\[\d{1,9}\]: "
    r"(?!warning|fatal|panic|error)[0-9A-Za-z]{5,20}: (?!\w+-reject)|"
    r"\bPassed (?:CLEAN|BAD-HEADER|SPAMMY|UNCHECKED)\b|No server certificate defined; will use a selfsigned"
)
"""What servers and filters note of mails that go through: where one is from, its id, that it is done with."""

_TLS_ON: Final = r"(?:Anonymous|Untrusted|Trusted|Verified) TLS connection (?:established|reused)"

_HEALTHY: Final = (
    rf"(?:^|: )(?:connect from |statistics: |setting up TLS connection |{_TLS_ON}|"
    r"certificate verification failed for |PASS (?:NEW|OLD) |CONNECT from |"
    r"WHITELISTED |ALLOWLISTED |warning: restriction `|warning: dict_nis_init|daemon started|"
    r"Greylisting in effect|starting the Postfix|stopping the Postfix|reload -- version|"
    r"warning: \S{0,200}(?:unused parameter|overriding earlier entry|not owned by|group or other writable))"
)
"""What Postfix notes while nothing is wrong, or what a start-up check warns of."""


_ENCRYPTED: Final = (
    rf"\b{_TLS_ON} (?:to|from)|"
    r"\bTLS connection established (?:to|from|using|with)\b"
)
"""A connection that is encrypted: `Untrusted` says no more than that nobody asked for the certificate's issuer."""


_SHORT: Final = 5
"""Line ends of a text that is about the line which it shows."""


def encrypted(text: str) -> int | None:
    """Return the line, counted from 1, in which a mail server notes that TLS is on; None in a longer log or without."""
    found = re.search(_ENCRYPTED, text) if text.count("\n") <= _SHORT else None
    return text.count("\n", 0, found.start()) + 1 if found else None


_DONE: Final = r" <= | Completed$|\bPassed (?:CLEAN|SPAMMY|BAD-HEADER)|\bdelivery \d{1,9}: success: "
"""What Exim and qmail note of a mail that they take or are through with."""


def routine(raw: str, program: str) -> bool:
    """Say whether a line without a reply is what a mail server notes while it works."""
    if re.search(_GUEST, raw) or re.search(_OF_EVERY_MAIL, raw) or re.search(_ENCRYPTED, raw):
        return True
    if program.startswith("postfix"):
        return bool(re.search(_HEALTHY, raw))
    return program in ("exim", "qmail", "amavis") and bool(re.search(_DONE, raw))


_COURSE: Final = (
    r"\b(?:lost connection|timeout|too many errors) after |\bdisconnect from |SSL_accept error from |"
    r"\bPREGREET |\bHANGUP |\bCOMMAND (?:TIME|COUNT|LENGTH) LIMIT|"
    r"\bNON-SMTP COMMAND|non-SMTP command from |improper command pipelining|"
    r"SASL authentication failure|[Pp]assword mismatch|pam_authenticate|\((?:auth failed, |no auth attempts)|"
    r"\bTLS error on connection from |\bSMTP connection from \S|\bSMTP (?:command|data) timeout|"
    r"\bSMTP (?:protocol|syntax) |\bsmtp disconnected reason=|did not issue MAIL/|lost input channel|"
    r"timeout waiting for input from|no host name found for IP address|"
    r"authenticator failed for |\bAUTH failure \(|STARTTLS=server, "
)


def course(raw: str, program: str) -> bool:
    """Say whether a mail server notes how a client's visit went: of scanners and monitors it does so all day."""
    return bool(re.search(_COURSE, raw)) or (program.endswith("smtpd") and "TLS library problem: " in raw)


_FATAL: Final = r"(?:^|[\]\w)]: )(?:fatal|panic|Fatal|Panic): "


def stopped(raw: str, program: str) -> bool:
    """Say whether a program of the mail server says that it cannot go on."""
    return program != "" and bool(re.search(_FATAL, raw))


_OWN_ERROR: Final = (
    r"(?:^|dovecot: )(auth|auth-worker|lmtp|lda|deliver|submission|submission-login|master|config)\b.{0,120}?: Error: "
)


def own_error(raw: str, program: str) -> str:
    """Return the service of Dovecot that tells of an error of its own, empty where none does: `lmtp`."""
    found = re.search(_OWN_ERROR, raw) if program == "dovecot" or "dovecot: " in raw else None
    return found[1] if found else ""


_SENT: Final = r"status=sent \(2|\bstat=Sent\b|\bresult=\"Ok\"| (?:=>|->) .{1,300}T=\w*smtp\w* .{1,300} C=\"2"


def sent(raw: str) -> bool:
    """Say whether a mail server notes that it handed a mail on."""
    return bool(re.search(_SENT, raw))


_TAKEN: Final = (
    r"(?im)(?:^|[\s\"'(:;*=>\]-])250[ -](?:2\.\d\.\d )?(?:"
    r"[^\n]{0,120}\bqueued\b|[^\n]{0,60}message (?:accepted|received)|"
    r"ok:? +(?:id=\S{6,}|01[0-9a-f]{2}0[\w-]{20,}|\d{9,}\b)|"
    r"accepted \[status=|[^\n]{0,60} - gsmtp|great success|ok , completed)"
    r"|\"(?:event|eventType|notificationType|RecordType)\"\s?:\s?\"(?:delivered|delivery|processed)\""
    r"|status=sent \(|\bstat=Sent\b|\bC=\"250|\bresult=\"Ok\"|delivery \d{1,9}: success: "
)
"""A server's word that it has taken the message (RFC 5321 section 4.2.5), as servers and relays write it."""
_GO_AHEAD: Final = r"(?m)(?:^|[\s\"':<>\]]|\bb')354[ -](?=[^\n]*[A-Za-z])"
_AFTER_IT: Final = r"(?m)(?:^|[\s\"':<>\]]|\bb')([2-5]\d\d)[ -](?=[A-Za-z<2-5#])"


def taken(text: str) -> int | None:
    """Return the line, counted from 1, in which a server says that it took the message; None where none does."""
    found = [item.start() for item in re.finditer(_TAKEN, text)]
    ahead = re.search(_GO_AHEAD, text)
    answer = re.compile(_AFTER_IT).search(text, ahead.end()) if ahead else None
    if answer and answer[1] == "250":
        found.append(answer.start(1))
    return text.count("\n", 0, max(found) + 1) + 1 if found else None


_LOGIN_OFFERED: Final = r"(?im)\b250[ -]AUTH[ =]|\[nl\]250[ -]AUTH[ =]"
_LEAVES: Final = r"(?im)\b(?:QUIT|Bye)\b"
_LOGS_IN: Final = r"(?im)\bAUTH (?:LOGIN|PLAIN|CRAM-MD5|XOAUTH2|NTLM|OAUTHBEARER|SCRAM)|\bMAIL FROM\b|\b[45]\d\d[ -]"


def left_without_login(text: str) -> bool:
    """Say whether a dialogue ends with QUIT although a login was offered, and none was tried or refused."""
    offers = list(re.finditer(_LOGIN_OFFERED, text))
    rest = text[offers[-1].end() :] if offers else ""
    asked = re.search(_LOGS_IN, re.sub(r"250[ -]AUTH[ =][^\n\[]*", "", text)) if rest else None
    return bool(rest) and asked is None and re.search(_LEAVES, rest) is not None


_LEFT_AT_GREETING: Final = r"(?i)\b220[ -][^\n]{0,200}\n[^\n]{0,60}\bQUIT\b(?![^\n]{0,40}\b[2-5]\d\d\b)"
_SPOKE: Final = r"(?i)\b(?:EHLO|HELO|MAIL FROM|STARTTLS|AUTH (?:LOGIN|PLAIN))\b"


def left_early(text: str) -> str:
    """Say how a dialogue ends in which the client left before it was refused anything; '' where none does.

    After the offer of a login, or with the greeting as the only word of the server and QUIT as its own.
    """
    if left_without_login(text):
        return "the client left without a login"
    greeted = "220" in text and re.search(_LEFT_AT_GREETING, text) is not None
    return "the client left at the greeting" if greeted and not re.search(_SPOKE, text) else ""


_OFFER_LINE: Final = r"(?im)(?:^|[\s<:>])250([ -])([A-Z0-9][\w.= -]{0,120})"
_REPLY_LINE: Final = r"(?m)(?:^|[\s<:>])[2-5]\d\d[ -]"


def offers_no_login(text: str) -> int | None:
    """Return the line, counted from 1, with which a reply to EHLO ends that offers neither a login nor TLS.

    None where there is more in the text than that reply, or the offer has one of them.
    """
    lines = list(re.finditer(_OFFER_LINE, text))
    asked = re.search(r"(?i)\bEHLO\b", text)
    if not (asked and lines and lines[-1][1] == " ") or re.search(r"(?i)\bAUTH\b|STARTTLS", text):
        return None
    if not any(re.match(r"(?i)SIZE|PIPELINING|8BITMIME|ENHANCEDSTATUSCODES|DSN\b", line[2]) for line in lines):
        return None
    if re.search(_REPLY_LINE, text[lines[-1].end() :]) or re.search(r"(?i)MAIL FROM", text):
        return None
    return text.count("\n", 0, lines[-1].end()) + 1


_TLS_BEGINS: Final = r"(?ims)\bSTARTTLS\W{0,6}$.{0,80}\b220[ -][^\n]{0,80}\n(.*)"
_GOES_ON: Final = r"(?im)\bE?HELO\b|^\W{0,4}(?!221)[2-5]\d\d[ -]|\bTLS\b|\bcipher"


def ended_in_tls(text: str) -> bool:
    """Say whether a dialogue ends where the server has said that TLS may begin."""
    found = re.search(_TLS_BEGINS, text)
    return found is not None and "QUIT" in found[1].upper() and not re.search(_GOES_ON, found[1])
