"""What npm dotenv 16–18 makes of a whole `.env` file: the app's own reader, modelled so that node is not needed.

Only the plain parser: the app expands nothing. Compared with the real package in tests/outputs/test_npm_dotenv.py.
Must not judge or repair anything: a quirk of the reader is the truth here.
"""

from __future__ import annotations

import re
from typing import Final

# White space and line terminators of ECMAScript. Python's \s is another set: it has U+001C–U+001F and U+0085 and lacks
# U+FEFF, which is why this reader drops a BOM without knowing what one is.
_WHITE: Final = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_WHITE_CHARS: Final = (
    "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_BREAK: Final = r"\n\r\u2028\u2029"

_QUOTED: Final = "|".join(rf"[{_WHITE}]*{quote}(?:\\{quote}|[^{quote}])*{quote}" for quote in ("'", '"', "`"))
_ASSIGNMENT: Final = re.compile(
    rf"(?:export[{_WHITE}]+)?(?P<key>[A-Za-z0-9_.-]+)"
    rf"(?:[{_WHITE}]*=[{_WHITE}]*?|:[{_WHITE}]+?)"
    rf"(?P<value>{_QUOTED}|[^#\r\n]+)?"
    rf"[{_WHITE}]*(?:#[^{_BREAK}]*)?(?=[{_BREAK}]|\Z)"
)
_NEXT_LINE: Final = re.compile(rf"[{_BREAK}]")
_INK: Final = re.compile(rf"[^{_WHITE}]")
_SIMPLE: Final = re.compile(r"[^'\"`\r]*")
"""Nothing that quoting or line ends could change: most values of most files."""
_QUOTE_FIRST: Final = re.compile(rf"(?:\A|[{_BREAK}])['\"`]")
_WRAPPED: Final = re.compile(rf"(?:\A|(?<=[{_BREAK}]))(['\"`])(.*)\1(?=[{_BREAK}]|\Z)", re.DOTALL)


def parse(text: str) -> dict[str, str]:
    """Return the variables that `dotenv.parse()` returns for `text`; a later one of a name wins. Never raises."""
    variables: dict[str, str] = {}
    position = 0
    while ink := _INK.search(text, position):
        found = _ASSIGNMENT.match(text, ink.start())
        end = ink.start()
        if found:
            variables[found["key"]] = value_of(found["value"] or "")
            end = found.end()
            if end and text[end - 1] in "\n\r\u2028\u2029":
                position = end
                continue
        line_break = _NEXT_LINE.search(text, end)
        if not line_break:
            break
        position = line_break.end()
    return variables


def value_of(raw: str) -> str:
    """Return the value that stands in `raw`, the text between the sign and the comment."""
    if _SIMPLE.fullmatch(raw):
        return raw.strip(_WHITE_CHARS)
    value = raw.replace("\r\n", "\n").replace("\r", "\n").strip(_WHITE_CHARS)
    double = value.startswith('"')
    if _QUOTE_FIRST.search(value):
        value = _WRAPPED.sub(lambda found: found[2], value)
    if double:
        value = value.replace("\\n", "\n").replace("\\r", "\r")
    return value
