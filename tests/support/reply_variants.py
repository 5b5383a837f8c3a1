"""A server's reply or a client's error as operators meet it: other ids, hosts and cases, broken lines, logs around it.

Every variant means the same failure. Deterministic: the same text always gives the same variants.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_MESSAGES: Final = {
    "auth": "Invalid login: {}",
    "mail": "Mail command failed: {}",
    "rcpt": "Can't send mail - all recipients were rejected: {}",
    "data": "Message failed: {}",
    "starttls": "Error upgrading connection with STARTTLS: {}",
    "greeting": "Invalid greeting. response={}",
    "ehlo": "Invalid EHLO. response={}",
}
_PROPERTIES: Final = {
    "auth": ("EAUTH", "AUTH PLAIN"),
    "mail": ("EENVELOPE", "MAIL FROM"),
    "rcpt": ("EENVELOPE", "RCPT TO"),
    "data": ("EMESSAGE", "DATA"),
    "starttls": ("ETLS", "STARTTLS"),
    "greeting": ("EPROTOCOL", "CONN"),
    "ehlo": ("EPROTOCOL", "HELO"),
}
_FRAMES: Final = (
    "    at SMTPConnection._formatError (/usr/src/app/node_modules/nodemailer/lib/smtp-connection/index.js:809:19)\n"
    "    at SMTPConnection._onData (/usr/src/app/node_modules/nodemailer/lib/smtp-connection/index.js:791:14)\n"
    "    at TLSSocket.emit (node:events:524:28)"
)
_CLASSES: Final = {
    "auth": "SMTPAuthenticationError", "mail": "SMTPSenderRefused", "data": "SMTPDataError",
    "greeting": "SMTPConnectError", "ehlo": "SMTPHeloError",
}  # fmt: skip


def reply_variants(reply: str, stage: str) -> Iterator[tuple[str, str]]:
    """Yield (name, text) pairs for a reply given at `stage`."""
    yield "as it is", reply
    for name, change in _CHANGES.items():
        yield name, change(reply)
    message = _MESSAGES[stage].format(reply)
    yield "nodemailer message", message
    yield "nodemailer error", error_dump(reply, stage)
    yield "nodemailer error as JSON", error_json(reply, stage)
    yield "nodemailer error in capitals", error_dump(capitals(reply), stage)
    yield "compose log", "\n".join(f"api-1  | {line}" for line in error_dump(other_ids(reply), stage).split("\n"))
    yield "Nest log in compose", nest_log(message)
    yield "Nest log with colours", nest_log(other_hosts(message), colours=True)
    yield "syslog", f"Nov 22 07:20:01 web1 app[812]: {one_line(message)}"
    yield "log with time", f"2026-11-22T07:20:01.123Z ERROR mailer {one_line(message)}"
    if stage in _CLASSES:
        yield "smtplib", smtplib_error(reply, stage)


def error_variants(message: str, word: str) -> Iterator[tuple[str, str]]:
    """Yield (name, text) pairs for an error that no server put into words."""
    yield "as it is", message
    yield "Error", f"Error: {message}"
    yield "other hosts", other_hosts(message)
    code = {"ENOTFOUND": "EDNS", "EAI_AGAIN": "EDNS", "ETIMEDOUT": "ETIMEDOUT"}.get(word, "ESOCKET")
    dump = f"Error: {message}\n{_FRAMES} {{\n  code: '{code}',\n  command: 'CONN'\n}}"
    yield "nodemailer error", dump
    yield "compose log", "\n".join(f"api-1  | {line}" for line in dump.split("\n"))
    yield "Nest log", nest_log(message)


def capitals(text: str) -> str:
    """Return the words in capitals."""
    return text.upper()


def small_letters(text: str) -> str:
    """Return the words in small letters."""
    return text.lower()


def other_ids(text: str) -> str:
    """Change queue ids, session ids and times: words of eight or more letters and digits, with both in them."""
    return re.sub(r"\b(?=\w*\d)(?=\w*[a-z])[a-z0-9]{8,}\b", lambda found: found[0][::-1], text)


def other_hosts(text: str) -> str:
    """Change addresses and the hosts and domains of examples."""
    text = re.sub(r"\b203\.0\.113\.\d+\b|\b198\.51\.100\.\d+\b", "192.0.2.77", text)
    return re.sub(r"\bexample\.(?:com|org|net)\b", "acme.test", text)


def one_line(text: str) -> str:
    """Join the lines with blanks, as loggers do; the codes stay."""
    return " ".join(text.split("\n"))


def windows_lines(text: str) -> str:
    """End the lines with CR LF."""
    return text.replace("\n", "\r\n") + "\r\n"


def broken_elsewhere(text: str) -> str:
    """Break the reply at other words, with its codes before each line."""
    lines = text.split("\n")
    found = re.match(r"(\d{3})[ -]((?:\d\.\d{1,3}\.\d{1,3})?) ?", lines[0])
    assert found
    words = " ".join(re.sub(r"^\d{3}[ -](?:\d\.\d{1,3}\.\d{1,3} ?)?", "", line) for line in lines).split()
    parts = [" ".join(words[start : start + 4]) for start in range(0, len(words), 4)] or [""]
    code, enhanced = found[1], f"{found[2]} " if found[2] else ""
    return "\n".join([*(f"{code}-{enhanced}{part}" for part in parts[:-1]), f"{code} {enhanced}{parts[-1]}"])


def wrapped(text: str) -> str:
    """Wrap the lines at 46 columns, as a mail program does with what is pasted."""
    return "\n".join(textwrap.fill(line, 46, break_long_words=False) for line in text.split("\n"))


_CHANGES: Final[Mapping[str, Callable[[str], str]]] = {
    "capitals": capitals,
    "small letters": small_letters,
    "other ids": other_ids,
    "other hosts": other_hosts,
    "one line": one_line,
    "windows lines": windows_lines,
    "broken elsewhere": broken_elsewhere,
    "wrapped": wrapped,
}


def error_dump(reply: str, stage: str) -> str:
    """Return nodemailer's error as Node prints it."""
    code, command = _PROPERTIES[stage]
    pieces = reply.split("\n")
    quoted = " +\n    ".join(
        "'" + piece.replace("\\", "\\\\").replace("'", "\\'") + ("\\n'" if number < len(pieces) else "'")
        for number, piece in enumerate(pieces, 1)
    )
    number = reply[:3]
    return (
        f"Error: {_MESSAGES[stage].format(reply)}\n{_FRAMES} {{\n  code: '{code}',\n  response: {quoted},\n"
        f"  responseCode: {number},\n  command: '{command}'\n}}"
    )


def error_json(reply: str, stage: str) -> str:
    """Return nodemailer's error as a JSON logger writes it."""
    code, command = _PROPERTIES[stage]
    message = _MESSAGES[stage].format(reply)
    error = {
        "type": "Error", "message": message, "stack": f"Error: {message}\n{_FRAMES}", "code": code, "response": reply,
        "responseCode": int(reply[:3]), "command": command,
    }  # fmt: skip
    return json.dumps({"level": 50, "time": 1732259591000, "pid": 29, "hostname": "4f1c2a9e77d3", "err": error})


def nest_log(message: str, *, colours: bool = False) -> str:
    """Return a message as NestJS logs it in a compose service, among other lines."""
    red, off = ("\x1b[31m", "\x1b[39m") if colours else ("", "")
    first, *rest = message.split("\n")
    head = f"{red}[Nest] 29  - {off}11/22/2026, 7:20:09 AM {red}  ERROR{off} {red}[ExceptionsHandler] {off}"
    lines = [
        "[Nest] 29  - 11/22/2026, 7:20:01 AM     LOG [NestApplication] Nest application successfully started +3ms",
        f"{head}{red}{first}",
        *rest,
        _FRAMES,
        "[Nest] 29  - 11/22/2026, 7:20:11 AM     LOG [HTTP] GET /api/health 200 2ms",
    ]
    return "\n".join(
        f"\x1b[36mapi-1  |{off} {line}" if colours else f"api-1  | {line}" for line in "\n".join(lines).split("\n")
    )


def smtplib_error(reply: str, stage: str) -> str:
    """Return the last line of a Python traceback."""
    body = "\n".join(line[4:] for line in reply.split("\n"))
    return f"smtplib.{_CLASSES[stage]}: ({reply[:3]}, {body.encode()!r})"
