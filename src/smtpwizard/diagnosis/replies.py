"""Finds a server's reply in what a mail client, a mail server or a person wrote around it.

Every client dresses a reply in its own way: nodemailer's error object, smtplib's tuple, `permanent error (535): …`,
`Expected response code "250" but got code "550", with message "…"`, `Diagnostic-Code: smtp; 530 …`, `said: 550 …`.
A number is a reply's code only where it stands as one: a status of HTTP, a time-out or a version is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from smtpwizard.diagnosis.event import bound, place_in_program
from smtpwizard.records import NamedTuple


class Properties(NamedTuple):
    """nodemailer's error object, as far as it is printed."""

    code: str = ""
    response: str = ""
    response_code: int | None = None
    command: str = ""
    port: int | None = None


_KEY: Final = r"(?<![\w-])\\?[\"']?{}\\?[\"']?\s{{0,3}}[:=]\s{{0,40}}"
_CODE: Final = _KEY.format("code") + r"\\?[\"']?([A-Z][A-Z0-9_]{2,60})\\?[\"']?"
_RESPONSE_CODE: Final = _KEY.format("responseCode") + r"(\d{3})"
_PORT: Final = _KEY.format("port") + r"[\"']?(\d{1,5})\b"
_COMMAND_PROPERTY: Final = (
    _KEY.format("command") + r"\\?[\"']?(AUTH [A-Z0-9-]+|MAIL FROM|RCPT TO|DATA|STARTTLS|EHLO|HELO|CONN|API|LMTP)\b"
)
_RESPONSE: Final = (
    _KEY.format("response")
    + r"((?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\"|`(?:[^`\\]|\\.){0,2000}`)(?:\s{0,40}\+\s{0,40}"
    r"(?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\")){0,30})"
)
_PIECE: Final = r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`((?:[^`\\]|\\.)*)`"


def properties(text: str) -> Properties:
    """Return what is printed of an error object: util.inspect's form, JSON, or `key=value`."""
    text = bound(text, 8000)
    if not any(word in text for word in ("code", "command", "response", "port")):
        return Properties()
    code, port, command = re.search(_CODE, text), re.search(_PORT, text), re.search(_COMMAND_PROPERTY, text)
    number, response = re.search(_RESPONSE_CODE, text), re.search(_RESPONSE, text)
    return Properties(
        code=code[1] if code else "",
        response=_joined(response[1]) if response else "",
        response_code=int(number[1]) if number else None,
        command=command[1] if command else "",
        port=int(port[1]) if port else None,
    )


_ENHANCED: Final = r"[245]\.[0-7]\.\d{1,3}"
_NUMBER: Final = r"[45][0-57]\d"
_QUOTED: Final = r"b?(?:'((?:[^'\\]|\\.){0,2000})'|\"((?:[^\"\\]|\\.){0,2000})\")"
_TUPLE: Final = (
    rf"(?:\((?:code=)?|retcode \(|(?<![\w.])(?=\d{{3}}, ?b['\"]))({_NUMBER}|2[0-5]\d)(?:, ?|\); Msg: )"
    rf"(?:message=|msg=)?{_QUOTED}"
)
_GOT: Final = rf"got code \\?\"({_NUMBER})\\?\"(?:,(?: with message \\?\")?(.{{0,3000}}))?"
_EXPECTED: Final = (
    rf"(?i)expected (?:smtp |reply |response ){{0,2}}code \d{{3}},? (?:but )?(?:got|received|was) ({_NUMBER})$"
)
_LETTRE: Final = rf"(?:permanent|transient) error \(({_NUMBER})\)(?:: ?|$|(?=[\"'.\\]))([^\n]{{0,2000}})"
_ROUNDCUBE: Final = (
    rf"SMTP[ -]?\w{{2,8}} \(({_NUMBER})\): [^\n]{{3,300}}? \(((?:{_ENHANCED}|{_NUMBER}) [^\n]{{3,2000}})\)"
)
_LETTRE_CODE: Final = (
    r"severity: (Permanent|Transient)NegativeCompletion,"
    r"\s{1,40}category: (\w{1,20}),\s{1,40}detail: (\w{1,10}),?\s{1,40}\}"
    r"(?:, message: \[(.{0,2000}))?"
)
_PHPMAILER: Final = (
    rf"(?:Detail: ?(.{{0,1500}}?) ?)?SMTP code: ?({_NUMBER})(?! ?msg:)(?: ?Additional SMTP info: ?({_ENHANCED}))?"
)
_PEAR: Final = rf"\(code: ({_NUMBER}), response: ([^\n]{{0,2000}}?)\)?\]?$"
_VALUE: Final = r"\w{0,8}[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
_PAIR_CODE: Final = rf"(?i)(?<!status)(?<!status[_ -])(?<!http)(?<!http[_ -])code{_VALUE}({_NUMBER})(?![\w.-])"
_PAIR_ENHANCED: Final = rf"(?i)(?:enh?c?h?\w{{0,12}}code|status|dsn){_VALUE}({_ENHANCED})(?![\w.])"
_PAIR_REPLY: Final = rf"(?i)(?:smtp_?m\w{{2,6}}|reply|response){_VALUE}(?<=[\"'])([^\"'\n]{{3,1000}})"
_PAIR_MESSAGE: Final = rf"(?i)(?:message|msg|reason|detail|description){_VALUE}(?<=[\"'])([^\"'\n]{{3,1000}})"
_PAIR_ERROR: Final = rf"(?i)error{_VALUE}(?<=[\"'])([^\"'\n]{{4,1000}})"
_CATEGORIES: Final = ("Syntax", "Information", "Connections", "Unspecified3", "Unspecified4", "MailSystem")
_DETAILS: Final = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")

_UNITS: Final = (
    r"(?!(?:[kmg]?i?b|ms|[mu]?s|secs?|seconds?|minutes?|mins?|hours?|days?|bytes?|octets|items|rows|lines|users|"
    r"requests|reqs|times|px|files|records|entries|messages|emails|jobs|tests|passed|"
    r"packages|modules|objects|pages|points|of|x(?!-)|milliseconds)\b)"
)
"""What is counted: then the number before it is no code."""
_WORDS: Final = (
    rf"(?:{_UNITS}(?:[^\W\d_]|[<(\"'#\[*])[^\n]|{_ENHANCED}(?!\w)|\.\.\.|/\w|\d{{1,3}}\.\d|\d\d [A-Z][a-z]|"
    rf"{_NUMBER}[ -])"
)
_OPENING: Final = r"^(?:\(\w{2,20}\) )?[\s\"'\[({>*_#|└─-]{0,6}"
_LEAD: Final = (
    r"(?:said|saying|says|raised|replied|answered|responded with|responded|returned|returns|response|reply|result|got|"
    r"get|gets|getting|gives|gave|"
    r"received|\w{0,60}error|\w{0,60}exception|errors|err|failed|failure|failed with|status|code|mailer|"
    r"err(?:or)? code|errcode|smtp|smtp code|message|msg|detail|"
    r"retcode|rejected|refused|server|remote|host|fehler|erreur|erro|errore|diagnostic-code: ?[\w-]{1,20};)"
)
_REPLY: Final = (
    rf"(?im)(?:{_OPENING}([23][0-5]\d)(?=[ -])"
    # at the start of a line, or behind a sign that opens a value
    rf"|(?:{_OPENING}|[:=>;|\t：] ?[\"'(`\[#“„«<]{{0,2}}|[\"'(`\[“„«]|(?<=[a-z)>]) [-–] |(?<=[a-z:] )<[-<]? )"
    rf"(?!443)({_NUMBER})"
    rf"(?=[ |-]{{1,3}}{_WORDS}|-?\n|: ?-?{_WORDS}|, {_ENHANCED})"
    # behind a word that announces it
    rf"|\b{_LEAD}[:=]?[ \t]{{0,3}}[\"'(`\[#]{{0,2}}({_NUMBER})(?=[\"')\]]{{0,2}}(?:[ -]|: ?-?|, ?){_WORDS})"
    # anywhere, in front of an enhanced code of the same class
    rf"|(?<![\w.,/])(?:(4[0-5]\d)(?=[\s-]{{1,3}}\(?#?4\.[0-7]\.\d)|(5[0-5]\d)(?=[\s-]{{1,3}}\(?#?5\.[0-7]\.\d)))"
)
"""A reply in a message. One that tells success counts only at the start of a line: elsewhere it is another's."""

_FIELDS: Final = (
    r"\n(?:(?:Reporting|Received-From|Remote)-MTA|(?:Final|Original)-Recipient|Arrival-Date|Last-Attempt-Date|"
    r"Will-Retry-Until|Final-Log-ID|Action|Status|X-[\w-]{2,40}|DSN-Gateway|Original-Envelope-Id|Subject|From|To|Date|"
    r"Message-ID|Content-[A-Z][\w-]{2,30}|Return-Path|Received): "
)
"""What follows a Diagnostic-Code in a bounce (RFC 3464 section 2.3): fields of it, or of the mail that came back."""
_TAIL: Final = _FIELDS + (
    r"|; from=<|\s\(in reply to |\sin response to (?:\.|[A-Z]{4})|"
    r"\",\s{0,20}\"[A-Za-z_]{1,30}\":|',\s{1,8}[a-z_]{1,30}: |\"\s[a-z_]{1,20}=\S"
)
"""What a mail server's log or a JSON logger puts behind the words."""
_TAIL_SIGNS: Final = ("\n", "; from=<", "(in reply to ", " in response to ", '":', "',", "=")
_PLAIN_REPLY: Final = (
    rf"(?i)[45]\d\d[ -]{_UNITS}(?:[245]\.[0-7]\.\d|(?!internal server|bad |service unav|gateway|not found|forbidden|"
    r"unauthorized|too many req|method not|expectation|failed dep|proxy auth|network auth|http ver|"
    r"\w{2,60}(?:error|exception)\b|\d)(?:[^\W\d_]|<))(?![^\n]{0,40}\b[45]\d\d\b)"
)
"""A reply as a server gives it, with nothing before it."""

_BARE_CODE: Final = (
    r"(?i)(?:error|status|smtp|reply|response|fehler|erreur|erro)(?: ?code)?(?: de (?:servidor|serveur))?[ \t]{0,3}[:=]"
    rf"[ \t]{{0,3}}({_NUMBER})[ \t]{{0,3}}\n(?=\s{{0,8}}[A-Za-z<(#\d])"
)
"""`Error code: 550`, and the text on the next line."""

_CODE_BEHIND: Final = (
    r"(?im)^[ \t]{0,8}(?=[^\n]{0,300}[a-z])([^\n]{6,300}?)(?<!\.php)"
    r"[ ,;]{1,3}[\[(](?:smtp |error |status )?(?:code:? ?)?"
    rf"({_NUMBER})[\])][ .!]{{0,3}}$"
)
"""`Sender refused (550)`: the code behind the words."""

_VERB_BEHIND: Final = (
    r"(?im)^(?=[^\n]{0,300}?(?:smtp|mail|rcpt|data|auth|e?helo|starttls|access|login)\b)([^\n]{0,300}?"
    r"\b(?:failed|denied|refused|rejected|response|reply|error|status)(?: code)?)"
    rf"(?::|,| with| =)? (?:code )?({_NUMBER})[.;!\"'`\])]{{0,2}}$"
)
"""curl's `MAIL failed: 530`, a printer's `SMTP server error 535`: what was refused, and the code alone."""

_RESPONSE_WAS: Final = r"(?is)\bThe response (?:from the remote server )?was:\s{0,20}(\S.{0,2000})"
"""A bounce of Google's: before it stand its own guesses at the cause."""

_UNKNOWN_BEHIND: Final = (
    r"(?i)^([^\n]{0,80}\bcommand (?:is )?(?:not |un)(?:recogni[sz]ed|known|implemented)):? (50[0-4])\W{0,3}$"
)
"""`Command not recognized 502`."""

_CODE_IN_BRACKETS: Final = rf"(?im)^([^\n]{{0,200}}smtp[^\n]{{0,100}}\berror code)\W{{1,3}}({_NUMBER})\]"
"""A printer's `SMTPC: received error code. [550]`."""

_INSIDE: Final = rf"(?<=[\]\w)>.!,] )(4(?:21|5[0-4])|5(?:0[1-4]|2[1-9]|3[0-8]|5[0-5]))(?= {_UNITS}[A-Za-z<][^\n]{{5}})"
"""`failed to send alert to [someone@example.com] 553 authentication is required`: only where nothing marks a code."""

_TOLD: Final = (
    r"(?i)(?<![0-9A-Za-z.:/-])(?:smtp|errors?|fehler|erreur|erro|ошибка|错误码?|错误代码|报错|報錯|エラー)[ :#-]{0,3}"
    rf"(?:code )?({_NUMBER})(?![\w.:/-])"
    rf"|(?<![0-9A-Za-z.:/-])({_NUMBER}) ?(?:错误|报错|報錯|錯誤|エラー|오류|errors?\b|fehler\b)"
)
"""A person tells of a code: `… 就会出现554错误`, `I get error 550`."""
_TOLD_OF_MAIL: Final = r"(?i)\be?-?mails?\b|smtp|[邮郵]|信箱|メール|почт|메일|courriel|correo"

_STATUS: Final = (
    r"(?im)(?:(?:^|[\"'(`\[]|[:=;] {1,3}|dsn=|failed |error |erreur |erro |fehler |said |response )[\[(#]{0,2}"
    rf"({_ENHANCED})(?![\d.])[)\]]?(?=[ :;,-]|\)|$)|\(#({_ENHANCED})\))"
)
"""An enhanced code where the library has left the code out, as .NET does."""
_PRODUCT: Final = (
    r"(?im)^ {1,8}[a-z][\w-]{1,40} \($|"
    r"\b(?:version|release|php|python|django|wordpress|mysql|node|laravel)\W{1,4}$|[<>=!~]=\s?$"
)
"""What has a version of three numbers too."""

_HTTP_REASON: Final = (
    r"(?i)^(?:500:? internal server error|502:? bad gateway|504:? gateway time-?out|404:? not found|403:? forbidden|"
    r"500:? (?:error|failed|failure|unable|could not) (?:to )?send|[45]\d\d in \d[\d.]* ?m?s\b|"
    r"400:? bad request|401:? unauthorized|405:? method not allowed|429:? too many requests|413:? payload too large|"
    r"422:? unprocessable|408:? request timeout|406:? not acceptable|410:? gone|409:? conflict|417:? expectation|"
    r"424:? failed dep|407:? proxy auth|511:? network auth|505:? http version|509:? bandwidth|510:? not extended|"
    r"[45]\d\d (?:client|server) error: |"
    r"(?:501:? not implemented|503:? service (?:temporarily )?unavailable|[45]\d\d:? \d+(?:\.\d+)? ?m?s\b)"
    r"\W{0,3}(?:$|\n|<|for url|https?:)|[45]\d\d:? [A-Z]\w{1,60}(?:Error|Exception)\b)"
)
_HTTP_SIGNS: Final = (
    r"(?i)\bHTTP/[12]|status[ _]?code[\"']?\s{0,3}[:=]?\s{0,3}[45]\d\d|\bstatusCode\b|\bhttp ?(?:status|error|code)|"
    r"https?://\S{1,300} (?:returned|failed|responded)|\baxios|\bfetch\b|\bREST\b|\bapi\.[\w-]+\.[a-z]|/v\d/|"
    r"\b(?:GET|POST|PUT|PATCH|DELETE) /|\bmethod=\"?(?:GET|POST|PUT|PATCH|DELETE)\b"
)
_HTTP_CODES: Final = frozenset({*range(400, 420), 422, 423, 424, 425, 426, 428, 429, 431, 500, 502, 503, 504, 511})
_UNPROCESSABLE: Final = 422
_SMTP_TOO: Final = frozenset({421, 422, 424, 500, 502, 503, 504})
_MAIL_SIGNS: Final = (
    rf"(?i)(?<![\w.]){_ENHANCED}(?![\w.])|smtp|\bmx\b|mailer|postfix|exim|sendmail|ehlo|\bhelo\b|mail from|rcpt to|"
    r"starttls|\bsender\b|recipient|relay|\bauth(?:entication)?\b|mailbox|invalid login|mail command failed|"
    r"message failed"
)


class Reading(NamedTuple):
    """A reply, found in a text."""

    reply: str = ""
    """The server's words, with their codes; empty where no server has spoken."""
    code: int | None = None
    """The code, where it stands apart from the words."""
    enhanced: str = ""
    """The enhanced code, where there is no other."""


def find_reply(text: str, known: Properties) -> Reading:
    """Return the server's words in a message and the reply code, where it stands apart from them."""
    if known.response:
        return Reading(known.response, known.response_code)
    text = expanded(bound(text, 8000))
    text = re.sub("`{2,} ?", "`", text) if "``" in text else text
    if re.match(_PLAIN_REPLY, text) and not (
        int(text[:3]) in _HTTP_CODES - _SMTP_TOO and text[3:10].lower() in (" error,", " error:", " client", " reason")
    ):
        return Reading(_without_tail(text))
    for dressed, signs in _DRESSES.items():  # the signs are looked for first: to compile a pattern takes a millisecond
        found = dressed(text) if any(sign in text for sign in signs) else None
        if found is not None:
            return found
    if comma := re.match(r"\(?([45]\d\d), ?b?[\"']?(?=[A-Za-z]|[45]\.\d\.\d)", text):
        return Reading(text[comma.end() :], int(comma[1]))
    if expected := re.search(_EXPECTED, text):
        return Reading("", int(expected[1]))
    place = re.search(_REPLY, text)
    while place is not None:
        start = place.start(place.lastindex or 0)
        reply = _unquoted(_without_tail(text[start:]))
        before = text[max(0, start - 60) : start]
        if re.search(r"(?i)\bline:? $", before):
            place = re.compile(_REPLY).search(text, start + 3)
            continue  # of a program
        in_program = before.endswith(":") and not re.match(_CODED, reply) and place_in_program(before + reply[:3])
        if place.lastindex == 1 and (refused := _refusal_behind(text, start)):
            return refused
        if not in_program and not re.match(_OF_THE_CLIENT, reply) and not _is_http(reply, text, before[-24:]):
            # Numbers alone stand behind or before their words: `not logged in (smtp; 553 5.7.1)`.
            return Reading(reply) if re.search(r"[^\W\d_]", reply[3:]) else Reading("", int(reply[:3]))
        place = re.compile(_REPLY).search(text, start + 3)
    bare = re.search(_BARE_CODE, text)
    if bare:
        return Reading(text[bare.end() :], int(bare[1]))
    if "code" in text.lower() and (pairs := _of_pairs(text)) is not None:
        return pairs
    behind = re.search(_VERB_BEHIND, text) or re.search(_CODE_IN_BRACKETS, text)
    if behind and (int(behind[2]) not in _HTTP_CODES or re.search(_MAIL_SIGNS, text)):
        return Reading("", int(behind[2]))
    behind = re.search(_CODE_BEHIND, text) or re.search(_UNKNOWN_BEHIND, text.strip())
    if behind and not _is_http(f"{behind[2]} {behind[1]}", text, ""):
        return Reading(behind[1], int(behind[2]))
    if known.response_code is not None:
        return Reading("", known.response_code)
    inside = re.search(_INSIDE, text)
    if inside and re.search(_MAIL_SIGNS, text):
        return Reading(_without_tail(text[inside.start() :]))
    told = re.search(_RESPONSE_WAS, text)
    if told:
        return Reading(_without_tail(told[1]))
    told = re.search(_TOLD, text)
    if told and int(told[1] or told[2]) not in _HTTP_CODES and re.search(_TOLD_OF_MAIL, text):
        return Reading("", int(told[1] or told[2]))
    status = next((found for found in re.finditer(_STATUS, text) if not _is_version(found)), None)
    if not status:
        return Reading()
    words, fields, _ = text.partition("; from=<")
    return Reading(words if fields else "", None, status[1] or status[2])


_OF_THE_CLIENT: Final = r"\d{3}[,:]? \[(?:SSL|Errno)\b"
"""Behind a number of the client's own: `code 444, [SSL: WRONG_VERSION_NUMBER]`."""

_CODED: Final = rf"\d{{3}}[ -]#?{_ENHANCED}"


def _refusal_behind(text: str, start: int) -> Reading | None:
    """Return the refusal behind a success where both stand in one entry: a dialogue that was printed as objects."""
    refused = re.compile(rf"(?m)[\"'`](?=5\d\d[ -]{_ENHANCED})").search(text, start)
    return Reading(_without_tail(text[refused.end() :])) if refused else None


def _is_version(found: re.Match[str]) -> bool:
    """Say whether the three numbers are a product's: `WordPress: 4.9.1`."""
    return bool(re.search(_PRODUCT, found.string[: found.start(found.lastindex or 0)][-40:]))


def _is_http(reply: str, text: str, before: str) -> bool:
    """Say whether the number is a status of HTTP: by its reason, or by what stands around it."""
    if re.match(_HTTP_REASON, reply) or (before.endswith("code=") and re.match(r"\d{3} [a-z_]{2,20}=", reply)):
        return True
    code = int(reply[:3])
    if code in _HTTP_CODES and before.endswith(" - ") and reply[3:6] == " - ":
        return True  # a field of a web server's log
    if code in _HTTP_CODES and re.search(r"(?i)(?<!smtp )\bstatus(?: code)?[ :=]{1,3}$", before):
        return not re.match(rf"\d{{3}}[ -]{_ENHANCED}", reply)
    if code not in _HTTP_CODES or re.search(_MAIL_SIGNS, text):
        return False
    return code not in _SMTP_TOO or bool(re.search(_HTTP_SIGNS, text))


def _of_swift(text: str) -> Reading | None:
    found = re.search(_GOT, text, re.DOTALL)
    if not found:
        return None
    words = re.split(r"\\?\"(?:[.)\s,]|\\n|$)", found[2] or "")[0]
    asserted = None if words else re.search(rf"(?m)^{found[1]}[ -]\S.{{0,200}}", text)
    words = asserted[0] if asserted else words  # older versions keep the words in the stack
    return Reading(words if words[:3] == found[1] else f"{found[1]} {words}")


def _of_roundcube(text: str) -> Reading | None:
    found = re.search(_ROUNDCUBE, text)
    return Reading(found[2] if found[2][:3] == found[1] else f"{found[1]} {found[2]}") if found else None


def _of_lettre(text: str) -> Reading | None:
    found = re.search(_LETTRE, text)
    if found:
        return Reading(f"{found[1]} {found[2].strip()}")
    found = re.search(_LETTRE_CODE, text)
    if not found or found[2] not in _CATEGORIES or found[3] not in _DETAILS:
        return None
    code = f"{'5' if found[1] == 'Permanent' else '4'}{_CATEGORIES.index(found[2])}{_DETAILS.index(found[3])}"
    pieces = (unescaped(piece) for piece in re.findall(r"\"((?:[^\"\\]|\\.)*)\"", found[4] or ""))
    return Reading("\n".join(f"{code}-{piece}" for piece in pieces) or code, int(code))


def _of_phpmailer(text: str) -> Reading | None:
    found = re.search(_PHPMAILER, text, re.DOTALL)
    if not found:
        return None
    words = found[1] or text[: found.start()].rpartition("\n")[2].strip(" ,;:")
    return Reading(" ".join(part for part in (found[2], found[3], words) if part))


def _of_pairs(text: str) -> Reading | None:
    """Read a logger's keys: `"smtp_code":501,"smtp_enchcode":"5.1.7","smtp_msg":"…"`."""
    code = re.search(_PAIR_CODE, text)
    if not code or int(code[1]) in _HTTP_CODES - _SMTP_TOO or not re.search(_MAIL_SIGNS, text):
        return None
    words = re.search(_PAIR_REPLY, text)
    enhanced = re.search(_PAIR_ENHANCED, text)
    if not (words or enhanced) and int(code[1]) in _HTTP_CODES and re.search(_HTTP_SIGNS, text):
        return None  # an app's answer to the browser
    if not (words or enhanced) and int(code[1]) == _UNPROCESSABLE:
        return None
    words = words or re.search(_PAIR_MESSAGE, text) or re.search(_PAIR_ERROR, text)
    return Reading(" ".join(part[1] for part in (enhanced, words) if part), int(code[1]))


def _of_tuple(text: str) -> Reading | None:
    found = re.search(_TUPLE, text)
    return Reading(unescaped(found[2] or found[3] or ""), int(found[1])) if found else None


def _of_pear(text: str) -> Reading | None:
    found = re.search(_PEAR, text, re.MULTILINE)
    return Reading(found[2], int(found[1])) if found else None


_DOTNET: Final = (
    (r"service not available", 421), (r"mailbox (?:busy|is busy)", 450), (r"error in processing", 451),
    (r"insufficient system storage", 452), (r"syntax error in (?:parameters|command arg)", 501),
    (r"bad sequence of commands", 503), (r"mailbox unavailable", 550), (r"user not local", 551),
    (r"exceeded storage allocation", 552), (r"mailbox name not allowed", 553), (r"transaction failed", 554),
)  # fmt: skip
_DOTNET_REPLY: Final = r"(?is)([^\n]{0,120}?)\bThe server response was: (?!\d\d\d[ -])(.{3,2000})"


def _of_dotnet(text: str) -> Reading | None:
    """Read .NET's message: a sentence of its own for the code (SmtpStatusCode), and the server's words behind it."""
    found = re.search(_DOTNET_REPLY, text)
    if not found:
        return None
    code = next((code for sentence, code in _DOTNET if re.search("(?i)" + sentence, found[1])), None)
    return Reading(_without_tail(found[2]), code) if code else None


_DRESSES: Final[Mapping[Callable[[str], Reading | None], tuple[str, ...]]] = {
    _of_swift: ("got code",),
    _of_lettre: (" error (", "severity: "),
    _of_phpmailer: ("SMTP code",),
    _of_roundcube: ("SMTP",),
    _of_pear: ("(code: ",),
    _of_dotnet: ("server response was: ",),
    _of_tuple: ("(4", "(5", "(2", "b'", 'b"', "code="),
}


def _without_tail(reply: str) -> str:
    if not any(sign in reply for sign in _TAIL_SIGNS):
        return reply
    words = re.split(_TAIL, reply, maxsplit=1)[0]
    return reply if '{"' in words else words  # the server's words hold JSON of their own


def _unquoted(reply: str) -> str:
    """Take the bracket or quote away that a message has closed behind the code: `(535) text`, `'535' text`."""
    return re.sub(r"^(\d{3})[\"')\]]{1,2}(?=[ :,-])", r"\1", reply)


def expanded(text: str) -> str:
    r"""Return `text` with the `\n` and `\"` that JSON and loggers write for a line end and a quote."""
    if "\\" not in text:
        return text
    return re.sub(r"\\{1,4}r|\\{1,4}n|\\{1,4}(?=[\"'])", lambda found: "\n" if found[0].endswith("n") else "", text)


def _joined(literal: str) -> str:
    """Join the pieces of a printed string: 'a\\n' + 'b'."""
    return "".join(unescaped(next((part for part in groups if part), "")) for groups in re.findall(_PIECE, literal))


def unescaped(text: str) -> str:
    """Return a printed string as it was."""
    if "\\" not in text:
        return text
    import json

    try:
        value = json.loads(
            '"' + text.replace("\\'", "'").replace('\\"', '"').replace('"', '\\"').replace("\n", "\\n") + '"'
        )
    except ValueError:
        return text.replace("\\r", "").replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"')
    return str(value)
