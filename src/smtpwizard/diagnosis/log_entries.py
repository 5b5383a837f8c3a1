"""Takes a log or a pasted text apart: lines lose what tools put around them, and those that belong together are one.

Stack frames are dropped, the properties behind them are kept. In a dialogue the client's commands say where a reply
belongs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from smtpwizard.diagnosis.server_logs import program_of
from smtpwizard.records import NamedTuple

LINE_LIMIT: Final = 4000
"""Characters of one line that are looked at."""

# Texts, compiled by `re` when they are first used: one reply needs few of them, and together they take 2 ms.
_ANSI: Final = r"\x1b(?:\[[0-9;?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[@-Z\\-_])"
_CONTAINER: Final = r"^[\w./-]{1,80}[ \t]{0,40}\| ?"
_TIME: Final = (
    r"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d|UTC))?\]?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\[?\d{1,2}[/.]\d{1,2}[/.]\d{4},? \d{1,2}:\d\d:\d\d(?: ?[AP]M)?\]?"
    r"|\[\d\d:\d\d:\d\d\.\d{3}\]"  # pino-pretty, the app's own logger
)
_PREFIX: Final = (
    rf"^(?:(?:{_TIME})[ \t:,-]{{0,6}}"
    r"|\[Nest\][ \t]{1,6}\d{1,9}[ \t]{1,6}-[ \t]{1,6}"
    r"|(?:\[?(?:ERROR|WARN(?:ING)?|FATAL|LOG|INFO|DEBUG|VERBOSE|TRACE|error|warn|info|debug)\]?"
    r"(?: \(\d{1,9}\))?:?)(?=[ \t])[ \t]{1,8}"
    r"|[\w.-]{1,60} [\w./-]{1,40}(?:\[\d{1,9}\])?: (?=\S)(?<=\]: )"
    r"|\[[A-Za-z][\w ./:-]{0,60}\](?:[ \t]{1,6}(?=\S)|(?=\[))"
    r"|\[(?:-|[0-9A-F]{8}-[0-9A-F-]{27}[\d.]{0,12})\] (?=\[)"  # Haraka's connection
    # Exim in the foreground begins its lines with the number of its process
    r"|[ \t]{0,6}\d{1,7} (?=LOG: |[RT]: |delivering |Connecting to |Transport |SMTP connection|Exim |"
    r"  (?:<=|=[=>]|\*\*|->) )"
    # Sidekiq: its process, thread, worker and job
    r"|(?:pid=)?\d{1,9} (?:tid=|TID-)[\w-]{1,20} (?:(?:class=)?[A-Z][\w:]{1,80} (?=jid|JID))?"
    r"(?:(?:[jb]id=|[JB]ID-|elapsed=)[\w.-]{1,40} )*"
    r"|\+\d{1,7}ms[ \t]{1,4}|\[\d{1,3}\] (?=[ \t]{0,12}\S))"
)
_TAIL: Final = r"[ \t]{1,4}\+\d{1,7}ms$"
_INLINE_STACK: Final = r" (?:Stack trace: )?#0 (?!.{0,2000}Sendmail)\S.{0,300}\(\d{1,6}\): .{0,3500}?(?:\{main\}|$)"
"""PHP's, on the line of its message: the arguments in it are pieces of the mail."""
_VERB: Final = r"(?:EHLO|HELO|STARTTLS(?! [a-z])|AUTH|MAIL FROM|RCPT TO|DATA|QUIT|RSET|NOOP)\b"
_ARROW: Final = r"(?:\d{1,6}[ \t]{0,4})?(?:<(?:-{1,2}|~|\*\*|<<?|=)?|(?:-{1,2}|~|>>?|=)?>|SMTP<<|SMTP>>)"
_LOGGER: Final = r"(?:[\w.-]{1,30}:[ \t]{1,4})?"
_DIALOGUE: Final = (
    rf"(?i)^[ \t]{{0,4}}{_LOGGER}(?:S:|Server:|Recv:|Got:|Received:|reply:|SERVER ?-> ?CLIENT:|SMTP -> FROM SERVER:|"
    rf"DEBUG SMTP:|{_ARROW})[ \t]{{0,4}}(?=[\"'b]{{0,2}}[2-5]\d\d)"
)
_CLIENT: Final = (
    rf"(?i)^[ \t]{{0,4}}(?:{_LOGGER}(?:C:|Client:|Sent:|Send:|CLIENT ?-> ?SERVER:|SMTP>>)[ \t]{{0,4}}(?:[bu]?[\"'])?"
    rf"|{_ARROW}[ \t]{{1,4}}[\"'b]{{0,2}}(?={_VERB}|\.$)"
    # what a person types into telnet
    r"|(?=(?:(?:EHLO|HELO) [\w.\[-]{1,100}|MAIL FROM: ?<?.{0,100}|RCPT TO: ?<?[^()]{0,100}|DATA|STARTTLS|"
    r"AUTH (?:LOGIN|PLAIN).{0,100}|QUIT)[ \t]{0,40}$))(.{0,200})"
)
_ANSWERED: Final = r" (?:<<|<-|<)[ \t]{1,3}([2-5]\d\d[ -].{0,1000}?)(?=[ \t]{1,3}(?:>>|->|!!) |$)"
"""Swift Mailer's log: `>> RCPT TO:<…>  << 553 …  !! Expected response code 250`."""
_SAYS: Final = (
    r"(?i)[<>]|\b(?:[SC]|server|client|recv|got|received|sent|send|reply|smtp):|"
    r"^(?:ehlo|helo|mail|rcpt|data|auth|starttls|quit)\b"
)
"""A sign that a line can be one of a dialogue: most lines have none, and end here."""
_VERBS: Final = ("ehlo", "helo", "mail", "rcpt", "data", "auth", "starttls", "quit")
_OFFER: Final = r"(?i)^250[ -](AUTH[ =].{1,120})$"
_BEHIND_CODE: Final = frozenset(" -")


class Line(NamedTuple):
    """A line, and what its prefix said."""

    text: str
    fresh: bool
    """It has a time or level of its own: a new entry of the log."""
    contained: bool
    """It has a container's name: no terminal has wrapped it."""
    client: str
    """What the client sent, where the line is of a dialogue; then `text` is empty."""
    program: str = ""
    """The mail server's program that has written it."""


def clean(line: str) -> Line:
    """Take `line` apart."""
    text = line[:LINE_LIMIT]
    text = (re.sub(_ANSI, "", text) if "\x1b" in text else text).rstrip()
    container = _compiled(_CONTAINER).match(text) if "|" in text else None
    if container and not container[0].startswith(("http", "|")):
        text = text[container.end() :]
    fresh = False
    bare = text[:3].isdecimal() and text[3:4] in _BEHIND_CODE and "]: " not in text  # a reply with nothing before it
    for _ in () if bare else range(8):  # time, level, logger, time again: no log has more in a row
        found = _compiled(_PREFIX).match(text)
        if not found:
            break
        fresh = True
        text = text[found.end() :]
    if text.endswith("ms"):
        text = _compiled(_TAIL).sub("", text)
    if " #0 " in text:
        text = re.sub(_INLINE_STACK, " ", text)
    if not bare and _says(text[:60]):
        client = re.match(_CLIENT, text)
        answers = re.findall(_ANSWERED, text) if client else []
        if answers:  # a whole dialogue on one line: the refusal counts
            text = next((answer for answer in answers if answer >= "4"), answers[-1])
            return Line(text, fresh, bool(container), "")
        if client:
            return Line("", fresh, bool(container), client[1])
        text = re.sub(_DIALOGUE, "", text)
    return Line(text, fresh, bool(container), "", "" if bare else program_of(line))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return what each line of a log is compared with: `re` takes as long to look it up as to compare the line."""
    return re.compile(pattern)


def _says(head: str) -> bool:
    """Say whether a line that begins so can be one of a dialogue. Most lines have not even the character for it."""
    marked = ":" in head or "<" in head or ">" in head or not head.isascii()
    return (marked or head.lower().startswith(_VERBS)) and _compiled(_SAYS).search(head) is not None


LONGEST: Final = 80
"""Lines of one entry that are kept; stack frames do not count."""

_WRAPPED_LINES: Final = 12
"""Lines that a pasted reply may have where its lines were broken anew."""

_FRAME: Final = (
    r"^\s*(?:at (?:async )?[^\s(]{1,200}[ (](?:[^{]{0,300}?)"
    r"(?P<properties>\{.*|(?<=\) )(?:code|errno|type|name|command|response\w{0,4}): .*)?"
    r"|\(\w{1,60} \d[\w.-]{0,20}\) [\w./-]{1,200}\.(?:exs?|erl):\d{1,6}: .*"  # Elixir
    r"|#\d{1,3} (?![^\n]{0,300}Sendmail)(?:\{main\}|\[internal function\]|\S[^\n]{0,300}\(\d{1,6}\): [^\n]*)"  # PHP
    r"|(?:from )?(?!\S{0,300}sendmail)/\S{1,300}\.rb:\d{1,6}:in ?[`'][^\n']{1,200}'"  # Ruby
    r"|File \".{1,300}\", line \d+.*|\.\.\. \d+ (?:more|lines).*|Traceback \(most recent call last\):)$"
)
_ASSERTED: Final = r"_assertResponseCode\('([45]\d\d[ -][^'\n]{4,300})"
"""The reply that Swift Mailer looks at, as its stack shows it."""
_CARET: Final = r"[ \t]{1,200}[\^~]{1,200}[ \t]*"
_PLACE: Final = r"[(/:\\]\S{0,300}:\d|<anonymous>|\((?:native|Native|Unknown)|\w\(.*\)|File \"|Traceback|\.\.\. \d"
"""What a frame has: behind a level or time of its own, `at` may be a word of a sentence (`error at after DATA: …`)."""
_FRAME_BEGINS: Final = frozenset("aF.T(#/f")
_REPLY_LINE: Final = r"^([2-5][0-5]\d)([ -])"
_STATUS: Final = r"[245]\.\d\.\d{1,3} "
"""How a reply's further lines begin where an app has left their codes out (`534 5.7.14 …`, then `5.7.14 …`)."""
_OPEN_REPLY: Final = r"(?:^|[\s:='\"(])([2-5][0-5]\d)-(?=\S|$)"
_HEAD: Final = r"^(?:\w[\w.]{0,80}(?:Error|Exception|Refused|Warning)\b|Error\b|Uncaught\b|\[?cause\]?:|\{)"
_CODE_ALONE: Final = (
    r"(?i)(?:error|status|smtp|reply|response)(?: ?code)?[ \t]{0,3}[:=][ \t]{0,3}[45]\d\d$|said: [45]\d\d$"
)
"""`Error code: 550`: the words are on the next line."""
_REPLY_ALONE: Final = r"[45]\d\d(?:[ -][45]\.\d{1,3}\.\d{1,3})?[ \t]{0,8}$"
"""A code as the heading of what it means: the words come after a blank line."""
_SAID: Final = r"\bsaid: [45]\d\d|^<\S{1,300}>(?: \(.{1,200}\))?:? (?:host |failed: host |SMTPUTF8)"
"""A bounce, whose lines a mail program has wrapped up to `(in reply to RCPT TO command)`."""
_BROKEN_OFF: Final = r"^.{40,600}(?:[a-zA-Z]{2}| a) ?$"
_GOES_ON: Final = r"[a-z]{2,20}[.,]? [^=]{3,}$|[a-z]{2,20}[.]?$"
_MAIL_FRAME: Final = r"(?i)nodemailer|smtp|mailer"
_TLS_FRAME: Final = r"TLSSocket|TLSWrap|\(node:_tls_wrap|\(_tls_wrap\.js"
_OWN_SUMMARY: Final = r"[45]\d\d [45]\.\d\.\d "
"""Sendmail's word for a refusal that it has quoted before: `<<< 550 5.2.1 …`, `550 5.1.1 <…>... User unknown`."""
_COMMAND_LINE: Final = r"(?i)^(EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|QUIT|RSET)\b"


_DONE_BY: Final = {
    "235": ("auth",), "354": ("mail", "rcpt"),
    "EHLO": ("ehlo",), "HELO": ("ehlo",), "MAIL": ("mail",), "RCPT": ("mail",),
}  # fmt: skip
"""A reply's code, or the command that 250 answers → the stages that are done with it. RCPT may come again."""
WHOLE: Final = "whole"
"""That the client had sent the message up to its last line, a dot: the server's word is what is missing."""
_AGREED: Final = "agreed"
"""That the server let TLS begin: it is on once a command has been answered in it."""


class Record:
    """One entry of a log."""

    __slots__ = ("alone", "command", "lines", "mail", "number", "numbers", "offer", "passed", "program", "sent", "tls")

    def __init__(self, number: int, command: str = "", sent: str = "", offer: str = "", *, mail: bool = False) -> None:
        self.number = number
        """Its first line, counted from 1."""
        self.lines: list[str] = []
        self.numbers: list[int] = []
        """The number of each of them."""
        self.passed: frozenset[str] = frozenset()
        """The stages that the dialogue before it had passed."""
        self.mail = mail
        """Its stack goes through a mail library."""
        self.command = command
        """The client's command before it, in a dialogue: its verb."""
        self.sent = sent
        """The whole of it."""
        self.offer = offer
        """The login methods that the server has offered in the dialogue: `AUTH PLAIN LOGIN`."""
        self.tls: bool | None = None
        """Its stack has frames of Node's TLS and of no library; None where it has no stack."""
        self.alone = False
        """There is nothing else in the text."""
        self.program = ""
        """The mail server's program that has written it: `postfix/smtpd`."""

    @property
    def text(self) -> str:
        """The lines, joined."""
        return "\n".join(self.lines)


class Grouping:
    """`records` for lines as they come: a line in, and out comes the entry that ended with it, if one did."""

    def __init__(self) -> None:
        self.number = 0
        """Lines taken so far."""
        self.current: Record | None = None
        """The entry that may still go on."""
        self._depth = 0
        self._command = ""
        self._sent = ""
        self._offer = ""
        self._passed: frozenset[str] = frozenset()
        self._mail = False
        self._source = False
        self._kept = False
        self._refused = False
        self._parted = ""
        """The code of a reply that still goes on behind a blank line: what has copied it doubles line ends."""

    def add(self, raw: str, *, contained: bool = False) -> Record | None:
        """Take the next line; `contained` when it came whole from a container, without the container's name on it."""
        self.number += 1
        line = clean(raw)
        refused = self._refused and not line.client
        self._refused = (refused or "<<< " in raw[:20]) and not line.client
        if refused and re.match(_OWN_SUMMARY, raw):
            return None
        if line.client:
            found = re.match(_COMMAND_LINE, line.client)
            if found:
                self._command, self._sent = found[1].upper(), line.client
            elif line.client.strip() == ".":
                self._passed |= {WHOLE}
            return self.flush()
        text = line.text
        offer = re.match(_OFFER, text) if text[:3] == "250" else None
        if offer:
            # `AUTH=LOGIN` is for old clients: it takes nothing away from the line before it.
            self._offer = f"{self._offer} {offer[1][5:]}" if offer[1][4] == "=" and self._offer else offer[1]
        if text[:3].isdecimal() and text[3:4] in _BEHIND_CODE:
            self._pass(text[:3])
        if text.startswith("235") and self._command == "AUTH":
            self._command = self._sent = ""  # the login is done: what comes later is no answer to it
        current = self.current
        if not text.strip():
            self._parted = self._parted or (_open_code(current) if current else "")
            goes_on = current and (self._parted >= "4" or re.match(_REPLY_ALONE, current.lines[-1]))
            return self.flush() if current and self._depth <= 0 and not goes_on else None
        parted, self._parted = self._parted, ""
        before = self.flush() if parted >= "4" and not text.startswith(parted) else None
        current = self.current
        kept, self._kept = self._kept, False
        if _compiled(_CARET).fullmatch(text):
            if current and kept:
                # the line of the program that a crash has printed: a string in it is no message
                del current.lines[-1], current.numbers[-1]
                self.current = current if current.lines else None
            return before
        source, self._source = self._source, False
        if source and text[0] in " \t":
            return before  # the line of a program under Python's `File "…", line 7`
        frame = re.match(_FRAME, text) if text.lstrip()[0] in _FRAME_BEGINS else None
        if frame and (not line.fresh or re.search(_PLACE, text)):
            self._framed(text, frame)
            return before
        if contained and not line.contained:
            line = line._replace(contained=True)
        ended = before
        if current is None or not _belongs(line, current, self._depth):
            ended = self.flush() or before
            current = self.current = Record(
                self.number, mail=self._mail, command=self._command, sent=self._sent, offer=self._offer
            )
            current.program, current.passed = line.program, self._passed
            self._mail = False
        self._kept = len(current.lines) < LONGEST
        if current.lines and _broken_off(line, current):
            current.lines[-1] = f"{current.lines[-1].rstrip()} {text}"
        elif self._kept:
            current.lines.append(text)
            current.numbers.append(self.number)
        self._depth = _depth(text, self._depth)
        return ended

    def _pass(self, code: str) -> None:
        """Take note of what a reply shows to be done (RFC 5321 section 4.3.2); a greeting begins a new session."""
        if code == "220":
            begins = self._command != "STARTTLS"
            self._passed = frozenset({"resolve", "connect", "greeting"}) if begins else self._passed | {_AGREED}
            self._offer = ""
        elif code == "250":
            self._passed -= {WHOLE}  # it was taken
        self._passed |= frozenset(_DONE_BY.get(self._command if code == "250" else code, ()))
        if code == "250" and self._command == "EHLO" and _AGREED in self._passed:
            self._passed |= {"tls", "starttls"}

    def _framed(self, text: str, frame: re.Match[str]) -> None:
        """Take a stack frame: the library it names, and the properties behind it, which are no part of it."""
        mail = bool(re.search(_MAIL_FRAME, text))
        self._source = text.lstrip().startswith("File ")
        current = self.current
        if current is None:
            self._mail = self._mail or mail  # the exception comes after Python's frames
            return
        current.mail = current.mail or mail
        current.tls = current.tls is not False and bool(re.search(_TLS_FRAME, text))
        behind = frame["properties"] or ((words := re.search(_ASSERTED, text)) and words[1])
        if behind and len(current.lines) < LONGEST:
            current.lines.append(behind)
            current.numbers.append(self.number)
            self._depth = 1 if behind.rstrip().endswith("{") else self._depth

    def flush(self) -> Record | None:
        """End the entry that may still go on, and return it."""
        ended, self.current, self._depth = self.current, None, 0
        return ended


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Group `lines`. Blank lines end an entry."""
    grouping = Grouping()
    for raw in lines:
        ended = grouping.add(raw)
        if ended:
            yield ended
    last = grouping.flush()
    if last:
        yield last


def _belongs(line: Line, record: Record, depth: int) -> bool:
    """Say whether a line continues the entry before it."""
    if line.fresh or len(record.lines) >= LONGEST:
        return False
    if depth > 0:
        return True
    last = record.lines[-1]
    if re.search(_CODE_ALONE, last) or last.endswith((":", " failed: host")):
        return True
    if re.search(_SAID, record.lines[0]) and len(record.lines) < _WRAPPED_LINES and not line.contained:
        return not re.search(_SAID, line.text) and not any(re.search(r"command\)+$", done) for done in record.lines)
    reply = re.match(_REPLY_LINE, line.text)
    if reply:
        return _open_code(record) == reply[1]
    if re.match(_HEAD, line.text):
        return False
    status = re.match(_STATUS, line.text) if line.text[1:2] == "." else None
    if status and status[0] in record.lines[0]:
        return True
    if _broken_off(line, record):
        return True
    if line.text[0] in " \t}])":
        return True
    # A terminal or mail program has wrapped a reply that was pasted; containers' lines come whole.
    first = re.match(_REPLY_LINE, record.lines[0])
    wrapped = first[1] if first else _open_code(record)
    return not line.contained and wrapped >= "4" and len(record.lines) < _WRAPPED_LINES


def _broken_off(line: Line, record: Record) -> bool:
    """Say whether a line goes on with a sentence that was broken at the edge of a window when it was copied."""
    whole = line.contained or line.fresh
    return not whole and bool(re.match(_GOES_ON, line.text) and re.search(_BROKEN_OFF, record.lines[-1]))


def _open_code(record: Record) -> str:
    """Return the code of the reply that still goes on (`535-`) at the end of an entry."""
    for line in reversed(record.lines[-_WRAPPED_LINES:]):
        opened = re.findall(_OPEN_REPLY, line)
        if opened:
            return str(opened[-1])
        if re.match(_REPLY_LINE, line):
            return ""
    return ""


def _depth(text: str, depth: int) -> int:
    """Follow the braces of a printed object. Only ends of lines count: braces inside values say nothing."""
    stripped = text.strip()
    if stripped.endswith(("{", "[", "(")) and len(stripped) < 400:
        return depth + 1
    if stripped[:1] in "}])" and depth > 0:
        return depth - 1
    return depth
