"""One line of a log without what the tools around it have put there: colours, container name, time, level. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LINE_LIMIT: Final = 4000
"""Characters of one line that are looked at."""

_ANSI: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTAINER: Final = re.compile(r"^[\w./-]{1,80}[ \t]{0,40}\| ?")
_TIME: Final = (
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d|UTC))?\]?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\[?\d{1,2}[/.]\d{1,2}[/.]\d{4},? \d{1,2}:\d\d:\d\d(?: ?[AP]M)?\]?"
    r"|\[\d\d:\d\d:\d\d\.\d{3}\]"  # pino-pretty, the app's own logger
)
_PREFIX: Final = re.compile(
    rf"^(?:(?:{_TIME})[ \t:,-]{{0,6}}"
    r"|\[Nest\][ \t]{1,6}\d{1,9}[ \t]{1,6}-[ \t]{1,6}"
    r"|(?:\[?(?:ERROR|WARN(?:ING)?|FATAL|LOG|INFO|DEBUG|VERBOSE|TRACE|error|warn|info|debug)\]?"
    r"(?: \(\d{1,9}\))?:?)(?=[ \t])[ \t]{1,8}"
    r"|[\w.-]{1,60} [\w./-]{1,40}(?:\[\d{1,9}\])?: (?=\S)(?<=\]: )"
    r"|\[[A-Za-z][\w ./:-]{0,60}\][ \t]{1,6}(?=\S)"
    r"|\+\d{1,7}ms[ \t]{1,4})"
)
_TAIL: Final = re.compile(r"[ \t]{1,4}\+\d{1,7}ms$")
_VERB: Final = r"(?:EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|QUIT|RSET|NOOP)\b"
_DIALOGUE: Final = re.compile(
    r"^[ \t]{0,4}(?:S:|Server:|<(?:-|~|\*\*|<<|=)?(?=[ \t])|<\*\*|recv:|reply:)[ \t]{0,4}(?=[\"'b]{0,2}[2-5]\d\d)"
)
_CLIENT: Final = re.compile(
    rf"^[ \t]{{0,4}}(?:C:|Client:|send:|(?:->|~>|>>>|=>)(?=[ \t]{{1,4}}{_VERB}))[ \t]{{0,4}}(.{{0,200}})"
)


class Line(NamedTuple):
    """A line, and what its prefix said."""

    text: str
    fresh: bool
    """It has a time or level of its own: a new entry of the log."""
    contained: bool
    """It has a container's name: no terminal has wrapped it."""
    client: str
    """What the client sent, where the line is of a dialogue; then `text` is empty."""


def clean(line: str) -> Line:
    """Take `line` apart."""
    text = _ANSI.sub("", line[:LINE_LIMIT]).rstrip("\r\n").rstrip()
    container = _CONTAINER.match(text)
    if container and not container[0].startswith(("http", "|")):
        text = text[container.end() :]
    fresh = False
    for _ in range(8):  # time, level, logger, time again: no log has more in a row
        found = _PREFIX.match(text)
        if not found:
            break
        fresh = True
        text = text[found.end() :]
    text = _TAIL.sub("", text)
    client = _CLIENT.match(text)
    if client:
        return Line("", fresh, bool(container), client[1])
    return Line(_DIALOGUE.sub("", text), fresh, bool(container), "")
