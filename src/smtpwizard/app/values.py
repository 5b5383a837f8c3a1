"""What was meant by a text: blanks, quotes and web debris taken off host names, ports and addresses.

Pure and total: any text gives an answer. Whether to tell the operator is decided in `rules`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from smtpwizard.app.joi import number

INVISIBLE: Final = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that a copy from a web page brings along and nobody sees (failure C6)."""

_QUOTES: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "‘": "’", "‚": "‘", "«": "»", "”": "”", "’": "’"}
_ALL_QUOTES: Final = "\"'`“”„‘’‚«»"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*:/+"
_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_ADDRESS: Final = r"[^\s@<>()\[\],;:\\\"]+@(?:[^\s@<>()\[\],;:\\\"'/]+|\[[0-9A-Za-z.:]+\])"
_PORT_LIMIT: Final = 65536
_SHAPE_LIMIT: Final = 1000
"""Characters of a credential that are matched: no pattern of a user's preset may take long."""
_MAX_NAME: Final = 253
"""Characters of the longest host name (RFC 1035)."""


class HostParts(NamedTuple):
    """What stands in SMTP_HOST, taken apart."""

    name: str
    """The host alone; empty where none can be made out."""
    port: int | None = None
    """The port behind it, where there is one."""


def trim_ends(text: str) -> str:
    """Return `text` without blanks, line ends, control and invisible characters at its ends."""
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(char: str) -> bool:
    return char.isspace() or char in INVISIBLE or char < " " or char == "\x7f"


def tidy(text: str) -> str:
    """Return `text` trimmed, and without quotes that stand around the whole of it."""
    text = trim_ends(text)
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = trim_ends(text[1:-1])
    return text


def one_line(text: str) -> str:
    """Return `text` without control and invisible characters anywhere in it."""
    return "".join(char for char in text if char >= " " and char != "\x7f" and char not in INVISIBLE)


def host_parts(text: str) -> HostParts:
    """Take a host name out of what people paste: quotes, `smtp://`, `host:port`, a path, trailing punctuation."""
    name = unicodedata.normalize("NFKC", one_line(tidy(text))).strip(_ALL_QUOTES + "<> \t")
    scheme = re.match(_SCHEME, name)
    if scheme:
        name = name[scheme.end() :].rpartition("@")[2]
    name = re.split(r"[/?#]", name, maxsplit=1)[0].strip(" ,;.")
    if name.startswith("["):
        inner, _, rest = name[1:].partition("]")
        return HostParts(inner, meant_port(rest[1:]) if rest.startswith(":") else None)
    if name.count(":") == 1:
        name, _, tail = name.partition(":")
        return HostParts(name.strip(" ,;."), meant_port(tail))
    return HostParts(name)


def is_host_name(name: str) -> bool:
    """Say whether `name` can be looked up as it stands: labels of letters, digits, hyphens, underscores (RFC 1123)."""
    return 0 < len(name) <= _MAX_NAME and all(re.fullmatch(_LABEL, label) for label in name.split("."))


def meant_port(text: str) -> int | None:
    """Return the port that `text` means, or None where it names none: `587abc`, `'587'`, `0x24B`, `smtp.host:587`."""
    digits = unicodedata.normalize("NFKC", one_line(tidy(text)))
    value = number(digits)
    if isinstance(value, float) and 1 <= value < _PORT_LIMIT:
        return int(value)
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,4}", digits):
        return int(digits, 16) or None
    groups = re.findall(r"[0-9]+", digits.rpartition(":")[2], re.ASCII)
    if len(groups) != 1 or len(groups[0]) > 5:
        return None
    found = int(groups[0])
    return found if 0 < found < _PORT_LIMIT else None


def bare_address(text: str) -> str:
    """Return the one mail address in `text`, or nothing where there is none or more than one."""
    found = re.findall(_ADDRESS, one_line(tidy(text)).replace("mailto:", " "))
    return found[0].strip(_ALL_QUOTES).rstrip(".") if len(found) == 1 else ""


def is_address(text: str) -> bool:
    """Say whether `text` as a whole is a bare mail address."""
    return re.fullmatch(_ADDRESS, text) is not None and bare_address(text) == text


def has_shape(pattern: str, text: str) -> bool:
    """Say whether `text` as a whole matches a preset's pattern. One that is empty or no expression matches nothing."""
    try:
        return pattern != "" and re.fullmatch(pattern, text[:_SHAPE_LIMIT]) is not None
    except re.error:
        return False


def domain_of(address: str) -> str:
    """Return the part behind the `@` in lower case, or nothing."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


_YES: Final = frozenset({"true", "yes", "y", "t", "1", "on", "enabled", "enable", "ssl", "tls", "smtps", "implicit"})
_NO: Final = frozenset({"false", "no", "n", "f", "0", "off", "disabled", "disable", "none", "null", "starttls"})


def meant_boolean(text: str) -> bool | None:
    """Return what SMTP_TLS is meant to say, in words that other apps take; None where it is a guess."""
    word = tidy(text).lower()
    return True if word in _YES else False if word in _NO else None
