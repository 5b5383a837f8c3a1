"""`.env` files so plain that every reader reads them alike: most of them, read here without those readers.

Importing python-dotenv takes 6 ms and compiling npm dotenv's grammar 2 ms, a tenth of a whole `check`. Whatever is not
plain beyond doubt is left to them; a property test compares this with both. Judges nothing.
"""

from __future__ import annotations

import re
from typing import Final

_STRANGE: Final = "\0\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85\u2028\u2029"
"""What some reader takes for a line end or a blank, and others do not."""
_REMARK: Final = r"[ \t]*(?:#[^\r]*)?"
_BARE: Final = r"[ !$-&(-\[\]-_a-~]*"
"""ASCII without control characters, quotes, the backslash and #."""
_QUOTED: Final = r"(['\"])([ !#-&(-\[\]-_a-~]*)\2"
_LINE: Final = rf"{_REMARK}|(?:export )?([A-Za-z_][A-Za-z0-9_]*)=(?:{_QUOTED}|({_BARE}))[ \t]*"


def read_plain(text: str) -> dict[str, str] | None:
    """Return the variables of a plain file, or None where any line is not plain; a later one of a name wins."""
    if any(char in text for char in _STRANGE):
        return None
    line = re.compile(_LINE)
    variables: dict[str, str] = {}
    for content in text.split("\n"):
        found = line.fullmatch(content.removesuffix("\r"))
        if found is None:
            return None
        name, quote, quoted, bare = found.groups()
        if name is not None:
            variables[name] = quoted if quote else bare.strip(" ")
    return variables
