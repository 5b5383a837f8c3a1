"""Finds what may be mail errors in a text, and tells them from other programs' errors and from what is no failure.

Somebody who pastes a text asks, so a known error counts whatever stands around it (`find`). Nobody has asked about the
lines of a log (`found_in`): there an error must show that it is about mail, by a mail library's property, an enhanced
status code, a mail port, or words of the catalogue that only mail servers use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import islice
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.profile import AppProfile
from smtpwizard.diagnosis.bounces import reasons, receiver_in, relay_signs, relayed, report_side
from smtpwizard.diagnosis.client_terms import client_of
from smtpwizard.diagnosis.event import MOST_AROUND, Event, Side, from_text, port_in
from smtpwizard.diagnosis.log_entries import Record, records
from smtpwizard.diagnosis.pasted_settings import fault_in
from smtpwizard.diagnosis.replies import Properties, Reading, expanded, find_reply, properties
from smtpwizard.diagnosis.schema import FAMILY
from smtpwizard.diagnosis.server_logs import (
    course,
    encrypted,
    ended_in_tls,
    left_early,
    log_side,
    offers_no_login,
    program_of,
    routine,
    sent,
    spaced,
    taken,
)
from smtpwizard.diagnosis.stages import innermost, passed, shown, stages_of
from smtpwizard.presets.values import IMPLICIT_PORTS
from smtpwizard.records import NamedTuple

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider


MOST_BYTES: Final = 20_000_000
"""Characters of a log that are read."""

_MAIL_PORTS: Final = frozenset({25, 26, 465, 587, 588, 1025, 1465, 1587, 2465, 2500, 2525, 2587, 3025, 3465, 8025})
_OTHER_PORTS: Final = frozenset(
    {
        22, 53, 80, 443, 1433, 3000, 3306, 4000, 5432, 5672, 6379, 8000, 8080,
        8443, 8983, 9000, 9092, 9200, 9300, 11211, 27017,
    }
)  # fmt: skip
"""Databases, web servers, search: their refused connections are not mail."""

_MAIL_WORDS: Final = (
    r"(?i)s(?:mt|tm)p|temporary lookup failure|postfix/|swift_|nodemailer|sendmail|\bmail|e-?mail|mailer|\bmx\d?\.|"
    r"starttls|"
    r"api\.(?:eu\.)?(?:sparkpost|sendgrid|resend|brevo)\."
)
_OTHER_WORDS: Final = (
    r"(?i)redis|sqlclient|sqlexception|\bjdbc|hikari|mysql|mariadb|postgres|\bpg\b|mongo|kafka|elastic|opensearch|rabbit|amqp|memcache|\bldap|(?<!/)\bnpm\b|\byarn\b|\bpip\b|"
    r"kex_exchange|\bssh: |\bcurl: \((?:6|7|28|35|56|60)\)|unable to access '|\[emerg\]|letsencrypt|certbot|\bgit\b|"
    r"axios|fetch failed|graphql|websocket|docker\.io|\bwget\b|TLS handshake error from|redirect_uri|\bupstream\b|"
    r"image registry|pulling image|ImagePull|node_modules/(?:bull|got|undici|node-fetch|ws)/|MaxRetriesPerRequest|"
    r"okhttp|RestSharp|HttpsClient|HttpURLConnection|kubelet|\bcomposer\b|telegram|\bslack\b|discord|web-?hook|pushover|"
    r"(?:request to|\bGET|\bPOST|\bPUT|\bfetch(?:ing)?|\bcurl|download(?:ing)?|connect(?:ing)? to)[ '\"]{1,3}https?://"
)
"""What else a container talks to. A page that a server points to is no sign of it, a request is."""
_OF_A_PAGE: Final = (
    r"https?://(?![^/\s]{0,80}(?:api|smtp))[^\s\"'<>()]{1,300}[\"']?(?:: | - )"
    r"(?:dial tcp|[Cc]onnection refused|[Cc]onnection timed out|[Tt]imed? ?out|EOF\b|x509:)"
    r"|HTTPS?ConnectionPool\(|Max retries exceeded with url"
    r"|\b(?:[Ee]rror )?(?:decoding|unmarshal\w*|parsing) [^\n]{0,400}\bEOF\b"
)
"""A web page or interface that was not reached."""
_UNSET: Final = r"[Tt]he \\{0,3}\"?([A-Z][A-Z0-9_]{1,80})\\{0,3}\"? variable is not set"
"""Compose's warning. A name like `DB_PASSWORD` is another program's; one like `word` may be the rest of a password."""
_READING: Final = r"(?im)imap4|^\W{0,4}-ERR|\bpop3s?\b|\bimaps?\b(?!\[)"
"""Mail that is fetched, not sent."""
_SMTP_REPLY: Final = (
    r"\A\s{0,8}(?:4[235]\d|5[1-5]\d)[ -][A-Za-z<]|(?m:^)(?:55[0-4]|45[0-2])[ -](?:[45]\.\d\.\d{1,3} |Error: )"
)
"""A reply that nothing but a mail server gives, whatever its words are."""
_ADDRESS: Final = r"(?i)https?://"
_JSON_WORDS: Final = r"(?i)\b(?:message|msg|err|error|reason|response|exception|description)\"\s?:\s?\""
"""A logger's key for words: the quotes in them are escaped. In a setting a backslash is a part of the value."""
_QUIET: Final = r"""(?i)\b(?:level|lvl|severity)["']?\s?[=:]\s?["']?(?:debug|info|trace)\b"""
"""A level at which a program tells what it does, and not that it failed."""
_OF_A_HELPER: Final = r"warning: (?:connect to Milter|dnsblog_query: lookup error)"
"""A mail server's note about a helper of its own: a warning beside what it refuses or passes."""
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
_TLS: Final = r"(?i)certificate|\bssl\b|\btls\b|SSL routines|CERT_|ERR_TLS|ERR_SSL|handshake|cipher"
_FAILS: Final = (
    r"(?i)error|fail|invalid|expired|unable|unknown|cannot|can't|could not|\bnot\b|\bno\b|refus|reject|mismatch|alert|"
    r"unsupported|too small|too weak|wrong|self.signed"
)


_SIGNS: Final = (
    *("mail", "smtp", "sender", "recipient", "relay", "auth", "login", "password", "greeting", "certificate", "ssl"),
    *("tls", "cipher", "econn", "etimed", "enotfound", "eai_", "ehost", "enetun", "esocket", "getaddrinfo", "refused"),
    *("timeout", "time out", "timedout", "timed out", "reset", "unreachable", "spf", "dkim", "dmarc", "suppress"),
    "quota",
)
_CODE_SIGN: Final = r"\b(?:[45][0-5]\d|254)[ -][\d<(#\[a-z]"
"""At least one of these is in every line that can be about mail: most lines of a log have none, and end here."""


def _has_sign(text: str) -> bool:
    """Say whether a sign of mail is in `text`. Of ASCII it is asked word by word, in a tenth of the time."""
    if not text.isascii():
        return re.search(f"(?i){'|'.join(_SIGNS)}|{_CODE_SIGN}", text) is not None
    small = text.lower()
    for sign in _SIGNS:
        if sign in small:
            return True
    return re.search(_CODE_SIGN, small) is not None


class Found(NamedTuple):
    """A record that may be a mail error."""

    event: Event
    number: int
    """Its first line in the text, counted from 1."""
    said: str
    """The server's or library's words, as they came."""
    sure: bool
    """It is about mail for certain; otherwise only what the catalogue knows by its words counts."""
    asked: bool
    """Somebody asks about this text."""
    mail: bool
    """Something beside its words shows that it is about mail, or there is nothing else to explain."""
    talks: bool = False
    """The short text that it stands in talks of mail; not asked where it is `sure`."""
    lines: tuple[tuple[int, str], ...] = ()
    """Its lines and their numbers, where it has several."""


def find(
    text: str, *, stage: str | None = None, provider: Provider | str | None = None, app: AppProfile | None = None
) -> Iterator[Found]:
    """Find what may be mail errors in `text`, which somebody has asked about: a reply, a message, a log."""
    text = _unquoted(text[:MOST_BYTES])
    bounced = reasons(text)
    entries = bounced or list(islice(records(text.splitlines()), _MOST_ASKED + 1))
    if len(entries) > _MOST_ASKED:
        for record in records(text.splitlines()):
            if found := found_in(record, stage, provider, app):
                yield found
        return
    if provider is None and "@sendgrid/" in text:
        provider = "sendgrid"  # frames of its API's library; what it says itself names nobody
    if _of_headers(text):
        marked = [record for record in entries if re.search(_MARKED, record.text)]
        entries = marked[:1] or [record for record in entries if not re.search(_SPAM_MARK, record.text)]
    signs = relay_signs(text)
    handed_on = bool(signs)
    mail = bool(re.search(_SMTP_REPLY, text) or re.search(_MAIL_WORDS, text)) or not re.search(_OTHER_WORDS, text)
    around = stages_of(text, Properties(), "") if len(entries) > 1 else ()
    if not around and (inner := innermost(text)):
        around = (inner,)
    talks = bool(bounced) or (None if len(entries) <= _SENTENCES else False)
    connected = "\nConnected to " in text
    port, client, offer = _tls_port(text), client_of(text), _offer(text)
    upgraded = bool(offer and re.search(_ASKED_FOR_TLS, text))
    done = passed(text) if len(entries) <= _SENTENCES else frozenset()
    side, receiver = _side(text, entries, signs, bounced=bool(bounced)), receiver_in(text)
    if not side and client not in ("", "mail-server"):
        side = Side.APP
    for record in entries:
        record.alone = len(entries) == 1
        if connected and record.text.startswith("telnet: connect to address "):
            continue  # it tries one address after the other
        if found := found_in(
            record, stage, provider, app, asked=mail or record.program != "", handed_on=handed_on, around=around
        ):
            if not (mail or record.mail or record.program or found.event.code or found.event.port in _MAIL_PORTS):
                continue  # the text is another program's
            if port and found.event.port is None:
                found = found._replace(event=found.event._replace(port=port))
            event = found.event._replace(client=client, offer=offer, upgraded=upgraded, around=text[:MOST_AROUND])
            event = event._replace(passed=event.passed | done)
            own = side or (Side.BOUNCE if event.relayed else side)
            event = event._replace(side=event.side or own, receiver=receiver)
            if talks is None and not found.sure:
                short = mail and len(text) <= _ONE_SENTENCE
                talks = bool(re.search(MAIL_TALK, text) or (short and re.search(_OF_A_LOGIN, text)))
            yield found._replace(talks=bool(talks), event=event)


_ONE_SENTENCE: Final = 160
"""Characters of a text that holds no more than the error: who asks here about a login asks about mail's."""
_OF_A_LOGIN: Final = r"(?i)user ?name|password|credentials|\blog ?in (?:incorrect|failed)|\bsend (?:header|body) failed"


def _side(text: str, entries: Iterable[Record], signs: Set[str], *, bounced: bool) -> Side:
    """Return whose text it is: a report's, even where it quotes a log, else the first that one of the lines tells."""
    if not bounced:
        sides = (log_side(record.text, record.program) for record in entries)
        if side := next(filter(None, sides), Side.UNKNOWN):
            return side
    return report_side(text, signs) or (Side.BOUNCE if bounced else Side.UNKNOWN)


def _offer(text: str) -> frozenset[str]:
    """Return what the server has offered in the replies to EHLO that stand in a text."""
    if "250" not in text:
        return frozenset()
    found = frozenset(re.sub(r"\s+", " ", words.upper()).strip() for words in re.findall(_OFFERED, text))
    return found if any(words.startswith(_EHLO_KEYWORDS) for words in found) else frozenset()


_OFFERED: Final = r"(?<![\w.])250[ -]((?:AUTH[ =])[A-Z0-9 _-]{1,120}|[A-Z0-9][A-Z0-9-]{1,24}(?: \d{1,12})?)(?![\w.])"
_EHLO_KEYWORDS: Final = ("PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING", "HELP")
_ASKED_FOR_TLS: Final = (
    r"(?im)(?:C:|client:|sen[dt]:|>>>?|[-~=]>|server:|\bclient\b.{0,20}) {0,4}[\"']?STARTTLS\b|^STARTTLS\s*$"
)


def _of_headers(text: str) -> bool:
    """Say whether a text is the head of a mail in which a filter has left its mark: a verdict in several lines."""
    if "X-" not in text or not re.search(_SPAM_MARK, text):
        return False
    return all(re.match(_HEADER_LINE, line) for line in text.splitlines())


_SPAM_MARK: Final = r"(?im)^X-[\w-]{0,40}Spam[\w-]{0,40}:"
_MARKED: Final = _SPAM_MARK + r"\s*(?:yes|spam|true|add header|rewrite|[^\n]{0,200}SFV:SPM)"
_HEADER_LINE: Final = r"[A-Za-z][\w-]{1,60}:(?: |$)|[ \t]|$"


def _unquoted(text: str) -> str:
    """Take away the `> ` that a mail program puts before every line of what it quotes."""
    lines = [line for line in text.splitlines() if line.strip()]
    return re.sub(r"(?m)^> ?", "", text) if lines and all(line.startswith(">") for line in lines) else text


def _tls_port(text: str) -> int | None:
    """Return the port for TLS from the first byte, where a text names no other.

    None where something says that TLS was spoken, or that no connection came about.
    """
    port = port_in(text)
    return port if port in IMPLICIT_PORTS and not re.search(_TLS_SPOKEN, text) else None


_TLS_SPOKEN: Final = (
    r"(?i)failed to connect to \S{1,200}\s\(port|\b(?:ssl|tls)://|\bsmtps|issl true|smtp_ssl|handshake|certificate|"
    r"(?:ssl|tls|secure|encryption|security)\w{0,20}[\"']?\s{0,3}(?:=>|[:=])\s{0,3}[\"']?(?:true|1|on|yes|ssl|tls|force)"
)


_MOST_ASKED: Final = 60
"""Entries that a text may have and be a question; what is longer is a log."""
_SENTENCES: Final = 8
"""Entries of a text so short that what one of them says of mail is said of all."""


def found_in(
    record: Record,
    stage: str | None,
    provider: Provider | str | None,
    app: AppProfile | None = None,
    *,
    asked: bool = False,
    handed_on: bool = False,
    around: Sequence[str] = (),
) -> Found | None:
    """Return what may be a mail error in one entry of a log, or None.

    `asked`: somebody asks about it; `handed_on`: a mail server speaks of handing the mail on; `around`: the stages that
    other lines of the text name.
    """
    text = spaced(record.text, record.program)
    if not (asked or record.mail or _has_sign(text)):
        return None
    known = properties(text)
    reading = find_reply(text, known)
    if "\\n" in text:  # a stack that JSON holds in a string
        record.mail = record.mail or bool(re.search(_INNER_MAIL_FRAME, text))
        text = re.sub(_INNER_FRAME, "", expanded(text))
    elif '\\"' in text and re.search(_JSON_WORDS, text):
        text = expanded(text)
    if "helo=<" in text:
        text = re.sub(_POSTFIX_TAIL, "", text)
    if " X=" in text:
        text = re.sub(_EXIM_TLS, "", text)
    answer = bool(record.command) and text[:3].isdecimal()  # in a dialogue that the client itself has had
    handed_on = handed_on or (not answer and relayed(text))
    named = stages_of(text, known, record.command) or (around if reading.reply else ())
    stages = [stage] if stage else [*named, *(["after"] if handed_on else [])]
    event = from_text(
        text,
        reply=reading.reply,
        code=reading.code,
        enhanced=reading.enhanced,
        stages=_onward(stages, reading) if handed_on and not stage else stages,
        provider=provider,
        app=app,
    )
    event = _with_words(event, known)._replace(program=record.program, passed=record.passed)
    if handed_on or record.program or "reject" in text:
        side = log_side(text, record.program)
        event = event._replace(side=side or (Side.UNKNOWN if asked else report_side(text, relay_signs(text))))
    if handed_on or record.offer or record.sent:
        event = event._replace(relayed=handed_on, sent=record.sent, lines=(record.offer, *event.lines))
    if not _is_error(event, reading, record, asked):
        return None
    about_mail = _about_mail(event, record, known, text)
    talks = asked and not about_mail and event.code is None and bool(re.search(MAIL_TALK, event.raw))
    sure = _sure(event, record, known, about_mail or talks, stage, asked)
    lines = tuple(zip(record.numbers, record.lines, strict=True)) if len(record.lines) > 1 else ()
    said = reading.reply or _message(text)
    return Found(event, record.number, said, sure, asked, asked or about_mail, lines=lines)


def _onward(stages: Sequence[str], reading: Reading) -> Sequence[str]:
    """The stages of a mail server's own attempt: any, where the next server has not spoken."""
    if stages == ["after"]:
        spoken = reading.reply or reading.enhanced[1:3] not in ("", ".4")  # x.4.x: the network has failed, nobody spoke
        return ["after", *FAMILY] if spoken else []
    return stages


_POSTFIX_TAIL: Final = r" proto=\w{1,10} helo=<[^>\n]{0,300}>"
"""What Postfix adds to every refusal, and what is no part of its reason."""
_EXIM_TLS: Final = r" X=[A-Z]\S{3,200}(?: (?:CV=\w{1,4}|SNI=\S{1,255}|DN=\"[^\"\n]{0,300}\"))*"
"""Exim's fields for the TLS session that was established."""
_INNER_FRAME: Final = r"\n\s{0,12}at [^\n]{1,300}"
_INNER_MAIL_FRAME: Final = r"(?i)at [^\n]{0,200}(?:nodemailer|smtp|mailer)"


def _with_words(event: Event, known: Properties) -> Event:
    errors = event.errors | ({known.code} if known.code else frozenset())
    return event._replace(errors=frozenset(errors), port=known.port if known.port is not None else event.port)


def _is_error(event: Event, reading: Reading, record: Record, asked: bool) -> bool:
    """Leave out what is no failure: successes in a dialogue, other servers' ports."""
    if event.code is None and (routine(event.raw, record.program) or re.search(_OF_A_PAGE, event.raw)):
        return False
    if not asked and event.code is None and course(event.raw, record.program):
        return False
    if (event.code or 0) < 400 and sent(event.raw):
        return False
    if event.code is not None and event.code < 400:
        return record.alone or bool(event.enhanced & {"4.7.1"}) or (asked and "invalid greeting" in record.text.lower())
    if event.code is None and re.search(_QUIET, event.raw) and not re.search(_FAILS, event.raw):
        return False
    if not record.alone and re.search(_OF_A_HELPER, event.raw):
        return False
    if (
        event.code is None
        and not event.relayed
        and re.search(_READING, event.raw)
        and not re.search(r"(?i)smtp|short response|invalid greeting|error:? \* OK \[CAPABILITY", event.raw)
    ):
        return False
    if event.code is not None or record.program or re.search(_MAIL_WORDS, event.raw) or (asked and reading.enhanced):
        return True
    if event.port in _MAIL_PORTS:
        return True
    unset = re.search(_UNSET, event.raw)
    if unset and "_" in unset[1] and not re.search("SMTP|MAIL", unset[1]):
        return event.profile.is_mail_setting(f"{unset[1]}=")
    other = re.search(_OTHER_WORDS, event.raw) or (not asked and re.search(_ADDRESS, event.raw))
    return event.port not in _OTHER_PORTS and not other


def _about_mail(event: Event, record: Record, known: Properties, text: str) -> bool:
    """Say whether something beside the words shows that a mail client or server speaks."""
    return (
        record.mail
        or bool(record.command)
        or known.command != ""
        or bool(event.errors & _MAIL_CODES)
        or bool(stages_of(text, known, ""))
        or event.port in _MAIL_PORTS
        # A pooled connection of nodemailer that fails in TLS leaves nothing but this: words, and frames of Node's TLS.
        or (bool(record.tls) and event.profile.client.model == "nodemailer" and not re.search(_OTHER_WORDS, event.raw))
    )


def _sure(event: Event, record: Record, known: Properties, about_mail: bool, stage: str | None, asked: bool) -> bool:
    """Say whether it is a failure of mail even if the catalogue knows no word of it."""
    text = record.text
    if event.code is not None and event.code >= 400:
        return about_mail or asked or bool(event.enhanced) or bool(re.search(_MAIL_WORDS, text))
    if event.code is not None:
        return False
    failed = bool(event.errors & (_NETWORK | _MAIL_CODES)) or (
        about_mail and bool(re.search(_TLS, text)) and bool(re.search(_FAILS, text))
    )
    if failed:
        return about_mail or asked or bool(re.search(_MAIL_WORDS, text))
    if bool(stage and record.alone) or (known.command and known.code) or (asked and event.enhanced):
        return True
    if set(stages_of(text, known, "")) - SHARED_STAGES:
        return True  # in the words of a mail client
    return (asked or record.mail) and bool(re.search(_LOST, text))


def _message(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.split("\n") if line.strip(" {}[]()")), "")


MAIL_TALK: Final = (
    r"(?i)sequence of commands|\b(?:hard|soft) ?(?:fail|bounce)|"
    r"unroute?able|\bspf\b|dkim|dmarc|\behlo|\bhelo|gr[ea]ylist|\brbl\b|authentication (?:method|mechanism)|\bsasl|"
    r"postmaster|mx record|\brcpt|undeliver|the server response was|outlook|R=dnslookup|hosts for '|"
    r"transmission channel|connection died|host map: lookup|suppressed|suppression|attachment\b|bounced|"
    r"connection from \[|the server respons|requested (?:mail )?action|"
    r"mail|smtp|sender|recipient|mailbox|\bsent (?:folder|items)|\bspam\b|"
    r"\bsen[dt](?:ing)? (?:a|the|my) (?:test )?message|"
    r"\brelay|messages? ?(?:/|per) ?(?:hour|day|minute)|mimekit|"
    r"name service error for|\(expanded from|"
    r"status code: \d+, error code: -\d|in header from|xoauth2|postfix|\blettre|http auth state|"
    r"postfach|empfänger|[邮郵]|退信|信箱|メール|почт|письм|메일|courriel|correo"
)
"""A text that somebody asks about and that talks of mail: then the general answers' words count without a code."""


_SENDS: Final = (
    r"(?i)s(?:mt|tm)p|\b(?:rcpt|mail from)\b|e-?mail address|nodemailer|phpmailer|mailer\b|mcoerrordomain|mailcore|"
    r"send(?:ing)? (?:\w+ ){0,3}(?:e-?)?mail|\be?-?mails? sending|\bsend_(?:\w+_)?e?mail|"
    r"(?:verzenden|envoi|enviar|envío|invio|inviare|versand|senden|отправ\w+)[^\n]{0,40}"
    r"(?:mail|correo|courriel|почт|письм)|"
    r"\bmail (?:\w+ )?n['’o]t work|jobs::\w*e?mail|\bat [\w.$]*e?mail\w*\.\w+\(|"
    r"undeliverable to \S+@|message to <\S+@|unroute?able address|\b(?:hard|soft) ?(?:fail|bounce)\b|\bEmail::[A-Z]\w|"
    r"/e?mail\w*\.(?:js|ts|rs|go|py|php|rb|java|cs):\d"
)
_FAILED: Final = (
    r"\b(?:[Ee]rrors?|[A-Z]\w{1,60}(?:Error|Exception)|"
    r"(?i:fail(?:ed|ure|s)?|exception|unable|impossible|cannot|can['’]t|could not|couldn't|problems?|"
    r"n['’o]t work(?:ing)?|panicked|undeliverable|unroute?able|bounced?|(?:class|transport)\W[^\n]{1,60} not found|"
    r"fehler|fout|erreur|échec|fallo|falha|errore|błąd|ошибка))\b"
    r"|错误|失败|錯誤|失敗|エラー|실패|오류"
)
"""What tells a failure: `ERROR` is the name of a level."""
_FRAME_LINE: Final = r"[\W\d]{0,40}(?:[\w.-]{1,60} *\| *)?at "
_FEW: Final = 40
"""Lines of a text whose words belong together."""


class Failing(NamedTuple):
    """A line that tells in the end what became of a mail, in a text that tells of mail."""

    number: int
    """Counted from 1."""
    said: str
    told: str
    """What it comes to: that mail was not sent, that it was to be fetched, or that a server took it."""
    stage: str = ""
    """Where sending failed, by what the text shows beside its words."""

    @property
    def fails(self) -> bool:
        """Whether it tells that mail was not sent."""
        return self.told not in (_TAKEN, _FETCHED, _ENCRYPTED, _NO_FROM)


def taken_line(text: str) -> Failing | None:
    """Return the line in which a server says that it took the message, or what a dialogue without a refusal shows.

    None where there is nothing of both, or in a whole log.
    """
    if text.count("\n") >= _MOST_ASKED:
        return None
    if number := taken(text):
        return Failing(number, text.splitlines()[number - 1].strip(), _TAKEN)
    if number := offers_no_login(text):
        return Failing(number, text.splitlines()[number - 1].strip(), _NO_OFFER)
    if "rom:" in text and (empty := re.search(_EMPTY_FROM, text)):
        number = text.count("\n", 0, empty.end()) + 1
        return Failing(number, empty[0].strip(), _NO_FROM)
    if ended_in_tls(text):
        return Failing(1, text.splitlines()[0].strip(), _LEFT_IN_TLS)
    if number := encrypted(text):
        return Failing(number, text.splitlines()[number - 1].strip(), _ENCRYPTED)
    return None


def faulty_setting(text: str) -> Failing | None:
    """Return the line of a mail setting that is wrong by sight, in a text short enough to be about it."""
    fault = fault_in(text) if text.count("\n") < _MOST_ASKED else None
    return Failing(fault.number, f"setting {fault.name}", fault.told) if fault else None


def failing_line(text: str) -> Failing | None:
    """Return the first line that tells of a failure, where a short text tells of mail; None where it does not."""
    lines = [item for item in enumerate(text.splitlines()[: _FEW + 1], 1) if not re.match(_FRAME_LINE, item[1])]
    failing = [item for item in lines if re.search(_FAILED, item[1]) and not routine(item[1], program_of(item[1]))]
    if not failing and (stage := innermost(text)) and text.count("\n") < _FEW:
        return Failing(1, text.splitlines()[0].strip(), "the mail was not sent", stage)  # nothing but a stack
    if not failing or re.search(_OTHER_WORDS, text) or lines[-1][0] > _FEW:
        return None
    sends = any(re.search(_SENDS, line) and not re.search(_QUIET, line) for line in text.splitlines())
    fetches = not re.search(_SENDS, text) and re.search(_READING, text)
    if not (sends or fetches):
        return None
    number, line = failing[0]
    if left := left_early(text):
        return Failing(number, line.strip(), left)
    if fetches:
        return Failing(number, line.strip(), _FETCHED)
    stage = shown(text)
    told = _TOLD.get(stage, "the mail was not sent")
    return Failing(number, line.strip(), told, "" if stage in _TOLD else stage)


_TAKEN: Final = "the server took the message"
_LEFT_IN_TLS: Final = "lost connection after starttls from the client"
_ENCRYPTED: Final = "the connection was encrypted"
_NO_FROM: Final = "nobody stands in the author's place of the message"
_EMPTY_FROM: Final = r"(?im)^[^\n]{0,60}(?:\bclient(?: -> server)?|\bC|>>>):? {0,3}From: ?(?:\"\"|<>|\"\" ?<>)? {0,3}$"
_NO_OFFER: Final = "the ehlo reply offers neither a login nor tls"
_FETCHED: Final = "mail is fetched, not sent"
_TOLD: Final = {
    "app": "the app failed by itself",
    "lint": "smtp is not configured",
    "program": "sendmail exited with code",
}
"""Where no server was asked → what the catalogue knows it by."""
