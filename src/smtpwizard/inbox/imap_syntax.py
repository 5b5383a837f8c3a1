"""The words of IMAP (RFC 3501, 9051): responses taken apart, folder names and strings quoted. Pure.

What a server says is bounded by who reads it; here it may be anything and raises ImapSyntaxError at worst.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

Value: TypeAlias = "bytes | list[Value] | None"
"""An atom, a string or a literal; NIL; a parenthesised list."""

_DEEPEST: Final = 20
_LITERAL_AHEAD: Final = re.compile(rb"\{(\d{1,20})\+?\}\Z")
_CODE: Final = re.compile(r"\[([^\]\r\n]*)\] ?(.*)", re.DOTALL)
_STATES: Final = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})
_TOKEN: Final = re.compile(
    rb'(?P<blank> +)|(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"|'
    # A section such as BODY[HEADER.FIELDS (DATE)]<0> is one word, blanks and all.
    rb'(?P<atom>[^\s()"\[]*(?:\[[^\]]*\])?[^\s()"\[]*)',
    re.DOTALL,
)


class ImapSyntaxError(ValueError):
    """A response that is no IMAP."""


class Response(NamedTuple):
    """One response of a server."""

    tag: str
    """`*` for data, `+` where the server waits for more, else the tag of the command that it ends."""
    kind: str
    """In capitals: `OK`, `NO`, `LIST`, `FETCH`, …"""
    number: int = 0
    """The message of `* 12 FETCH`."""
    code: str = ""
    """The response code of a status: `AUTHENTICATIONFAILED`, `CAPABILITY IMAP4rev1 …`."""
    text: str = ""
    """What a status says to people. Foreign text."""
    values: tuple[Value, ...] = ()
    """The data of any other response."""


def literal_ahead(line: bytes) -> int | None:
    """Return how many octets of a literal follow this line (without its line end), or None where none does."""
    found = _LITERAL_AHEAD.search(line)
    return int(found[1]) if found else None


def parse(parts: Sequence[bytes]) -> Response:
    """Return a response; `parts` are its lines without line ends, and between two lines the literal there."""
    head = parts[0] if parts else b""
    tag, _, rest = head.partition(b" ")
    word, _, tail = rest.partition(b" ")
    number = 0
    if tag == b"*" and word.isdigit():
        number = int(word[:10])
        word, _, tail = tail.partition(b" ")
    kind = _decoded(word).upper()
    if tag == b"+" or not tag:
        return Response("+" if tag else "", "", text=_decoded(rest))
    if kind in _STATES:
        text = _decoded(tail)
        found = _CODE.fullmatch(text)
        return Response(_decoded(tag), kind, code=found[1] if found else "", text=found[2] if found else text)
    return Response(_decoded(tag), kind, number, values=tuple(values((tail, *parts[1:]))))


def values(parts: Sequence[bytes]) -> list[Value]:
    """Return the data in `parts`: every second one is a literal. ImapSyntaxError for unbalanced parentheses."""
    top: list[Value] = []
    stack = [top]
    for index, part in enumerate(parts):
        if index % 2:
            stack[-1].append(part)
            continue
        text = _LITERAL_AHEAD.sub(b"", part).removesuffix(b"~") if index + 1 < len(parts) else part
        _tokens(text, stack)
    if len(stack) != 1:
        raise ImapSyntaxError("a parenthesis is not closed")
    return top


def _tokens(text: bytes, stack: list[list[Value]]) -> None:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at:
            raise ImapSyntaxError("no word of IMAP")
        at = found.end()
        kind = found.lastgroup
        if kind == "open":
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
            if len(stack) > _DEEPEST:
                raise ImapSyntaxError("too many parentheses")
        elif kind == "close":
            stack.pop()
            if not stack:
                raise ImapSyntaxError("a parenthesis too many")
        elif kind == "quoted":
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found["quoted"], flags=re.DOTALL))
        elif kind == "atom":
            stack[-1].append(None if found["atom"].upper() == b"NIL" else found["atom"])


def pairs(value: Value) -> dict[str, Value]:
    """Return the items of a FETCH response by name in capitals; `BODY[]<0>` is named `BODY[]`."""
    items = value if isinstance(value, list) else []
    found: dict[str, Value] = {}
    for name, item in zip(items[::2], items[1::2], strict=False):
        if isinstance(name, bytes):
            found[re.sub(r"<\d+>\Z", "", _decoded(name).upper())] = item
    return found


def quoted(text: str) -> bytes | None:
    """Return a string in quotes (RFC 3501 section 4.3), or None where it has to be a literal."""
    if not text.isascii() or not all(char.isprintable() for char in text):
        return None
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", text.encode("ascii")) + b'"'


def folder_word(name: str) -> bytes:
    """Return a folder's name as it goes over the wire: in modified UTF-7 (RFC 3501 section 5.1.3), in quotes."""
    text = quoted(to_utf7(name))
    assert text is not None, "modified UTF-7 is printable ASCII"
    return text


def to_utf7(name: str) -> str:
    """Return a folder's name in modified UTF-7."""
    return re.sub(r"&|[^\x20-\x7e]+", lambda found: _shifted(found[0]), name)


def from_utf7(raw: bytes) -> str:
    """Return a folder's name from modified UTF-7; what is none, such as UTF-8, as it stands there."""
    if not raw.isascii():
        return _decoded(raw)
    return re.sub(r"&([A-Za-z0-9+,]*)-", _unshifted, raw.decode("ascii"))


def _shifted(text: str) -> str:
    if text == "&":
        return "&-"
    encoded = b2a_base64(text.encode("utf-16-be", "surrogatepass"), newline=False).decode("ascii")
    return f"&{encoded.rstrip('=').replace('/', ',')}-"


def _unshifted(found: re.Match[str]) -> str:
    encoded = found[1].replace(",", "/")
    if not encoded:
        return "&"
    try:
        return a2b_base64(encoded + "=" * (-len(encoded) % 4)).decode("utf-16-be")
    except (Base64Error, UnicodeDecodeError):
        return found[0]


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
