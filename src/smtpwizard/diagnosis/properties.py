"""What a mail library says besides the message: nodemailer's error properties, smtplib's tuple, the command. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from smtpwizard.diagnosis.normalise import bound


class Properties(NamedTuple):
    """nodemailer's error object, as far as it is printed."""

    code: str = ""
    response: str = ""
    response_code: int | None = None
    command: str = ""
    port: int | None = None


_KEY: Final = r"(?<![\w-])[\"']?{}[\"']?\s{{0,3}}[:=]\s{{0,40}}"
_CODE: Final = _KEY.format("code") + r"[\"']?([A-Z][A-Z0-9_]{2,60})[\"']?"
_RESPONSE_CODE: Final = _KEY.format("responseCode") + r"(\d{3})"
_PORT: Final = _KEY.format("port") + r"[\"']?(\d{1,5})\b"
_COMMAND: Final = (
    _KEY.format("command") + r"[\"']?(AUTH [A-Z0-9-]+|MAIL FROM|RCPT TO|DATA|STARTTLS|EHLO|HELO|CONN|API|LMTP)\b"
)
_RESPONSE: Final = (
    _KEY.format("response")
    + r"((?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\"|`(?:[^`\\]|\\.){0,2000}`)(?:\s{0,40}\+\s{0,40}"
    r"(?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\")){0,30})"
)
_PIECE: Final = r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`((?:[^`\\]|\\.)*)`"
_SMTPLIB: Final = r"\((\d{3}), ?b?(?:'((?:[^'\\]|\\.){0,2000})'|\"((?:[^\"\\]|\\.){0,2000})\")"
_ENHANCED: Final = r"[245]\.\d{1,3}\.\d{1,3}"
_REPLY: Final = re.compile(
    r"(?:^([23][0-5]\d)(?=[ -])|(?:^|[:=>] ?[\"'(`]?|[\"'(`])(?!443)([45][0-5]\d)(?=[ -][\w<(\"'#\[*./]|-?\n)"
    rf"|(?<=\s)([45][0-5]\d)(?=[ -]{_ENHANCED}(?!\w)))",
    re.MULTILINE,
)
"""A reply in a message. One that tells success counts only at the start of a line: elsewhere it is another's."""

_MESSAGES: Final = (
    ("invalid login", ("auth",)),
    ("missing credentials for", ("auth",)),
    ("can't create new sasl", ("auth",)),
    ("invalid greeting", ("greeting",)),
    ("greeting never received", ("greeting",)),
    ("invalid helo", ("ehlo",)),
    ("invalid ehlo", ("ehlo",)),
    ("mail command failed", ("mail",)),
    ("all recipients were rejected", ("rcpt",)),
    ("recipient command failed", ("rcpt",)),
    ("data command failed", ("data",)),
    ("message failed", ("data",)),
    ("error upgrading connection with starttls", ("starttls",)),
    ("error initiating tls", ("starttls",)),
    ("smtpauthenticationerror", ("auth",)),
    ("smtpsenderrefused", ("mail",)),
    ("smtprecipientsrefused", ("rcpt",)),
    ("smtpdataerror", ("data",)),
    ("smtpconnecterror", ("greeting",)),
    ("smtpheloerror", ("ehlo",)),
    ("sasl authentication failed", ("auth",)),
    ("in reply to end of data", ("data",)),
    ("in reply to mail from", ("mail",)),
    ("in reply to rcpt to", ("rcpt",)),
    ("in reply to data", ("data",)),
    ("in reply to auth", ("auth",)),
    ("in reply to ehlo", ("ehlo",)),
    ("getaddrinfo", ("resolve",)),
    ("connect econnrefused", ("connect",)),
    ("connect etimedout", ("connect",)),
    ("connect ehostunreach", ("connect",)),
    ("connect enetunreach", ("connect",)),
    ("connection timeout", ("connect",)),
)
"""What client libraries put before the server's words → the stage."""

_COMMAND_STAGES: Final = {
    "AUTH": ("auth",), "MAIL": ("mail",), "RCPT": ("rcpt",), "DATA": ("data",), "STARTTLS": ("starttls", "tls"),
    "EHLO": ("ehlo",), "HELO": ("ehlo",), "CONN": ("resolve", "connect", "tls", "starttls", "greeting", "ehlo"),
}  # fmt: skip
_CODE_STAGES: Final = {
    "EAUTH": ("auth",), "EENVELOPE": ("mail", "rcpt", "data"), "EMESSAGE": ("data",), "EDNS": ("resolve",),
    "ETLS": ("starttls", "tls"),
}  # fmt: skip
_TLS_WORDS: Final = r"(?i)certificate|ssl routines|wrong version number|secure tls connection|altnames"


def properties(text: str) -> Properties:
    """Return what is printed of an error object: util.inspect's form, JSON, or `key=value`."""
    text = bound(text, 8000)
    if not any(word in text for word in ("code", "command", "response", "port")):
        return Properties()
    code, port, command = re.search(_CODE, text), re.search(_PORT, text), re.search(_COMMAND, text)
    number, response = re.search(_RESPONSE_CODE, text), re.search(_RESPONSE, text)
    return Properties(
        code=code[1] if code else "",
        response=_joined(response[1]) if response else "",
        response_code=int(number[1]) if number else None,
        command=command[1] if command else "",
        port=int(port[1]) if port else None,
    )


def find_reply(text: str, known: Properties) -> tuple[str, int | None]:
    """Return the server's words in a message and the reply code, where it stands apart from them."""
    if known.response:
        return known.response, known.response_code
    text = bound(text)
    found = re.search(_SMTPLIB, text)
    if found:
        return _unescape(found[2] or found[3] or ""), int(found[1])
    if "\\n" in text:
        text = text.replace("\\r", "").replace("\\n", "\n")
    place = _REPLY.search(text)
    if place:
        return text[place.start(place.lastindex or 0) :], None
    return "", known.response_code


def stages_of(text: str, known: Properties, command: str) -> tuple[str, ...]:
    """Return the stages that the message, the error's properties or the client's last command leave."""
    lower = bound(text).lower()
    for words, stages in _MESSAGES:
        if words in lower:
            return stages
    verb = known.command.split(" ")[0] or command
    if verb == "CONN" and re.search(_TLS_WORDS, text):
        return ("tls", "starttls")
    if verb in _COMMAND_STAGES:
        return _COMMAND_STAGES[verb]
    return _CODE_STAGES.get(known.code, ())


def _joined(literal: str) -> str:
    """Join the pieces of a printed string: 'a\\n' + 'b'."""
    return "".join(_unescape(next((part for part in groups if part), "")) for groups in re.findall(_PIECE, literal))


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    import json  # 2 ms, for the few texts with escapes

    try:
        value = json.loads(
            '"' + text.replace("\\'", "'").replace('\\"', '"').replace('"', '\\"').replace("\n", "\\n") + '"'
        )
    except ValueError:
        return text.replace("\\r", "").replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"')
    return str(value)
