"""What `Authentication-Results` says (RFC 8601), as far as the receiving server has said it. Pure; never raises.

`ARC-Authentication-Results` is not read: it is what servers on the way have said. Microsoft's form without an
authserv-id: learn.microsoft.com, "Anti-spam message headers" (looked up in November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from smtpwizard.inbox.model import Authentication
from smtpwizard.inbox.trace import Field, Trace, related, trace
from smtpwizard.text import safe

_LONGEST: Final = 10_000
"""Characters of a field that are read."""
_SERVER: Final = re.compile(r'"([^"]*)"|([^\s"]+)')
_METHOD: Final = re.compile(r"\s*([A-Za-z][\w-]*)\s*(?:/\s*\d+\s*)?=\s*([A-Za-z]+)")
_SIGNER: Final = re.compile(r"(?:^|\s)header\s*\.\s*d\s*=\s*\"?([\w.-]+)")
_IDENTITY: Final = re.compile(r"(?:^|\s)header\s*\.\s*i\s*=\s*\"?[^\s;\"@]*@([\w.-]+)")
_RECEIVER: Final = re.compile(r"(?:^|[\s;])receiver\s*=\s*\"?([\w.-]+)", re.IGNORECASE)
_SAYS: Final = re.compile(r"\(\s*([\w.-]+):")
_RANKS: Final = ("pass", "neutral", "policy", "none", "temperror", "permerror", "fail")
"""Results of DKIM (RFC 8601 section 2.7.1), the best first."""
_SPF_RESULTS: Final = frozenset({"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"})


class Result(NamedTuple):
    """One method's result."""

    method: str
    result: str
    signer: str = ""


class Results(NamedTuple):
    """One field."""

    server: str
    """The authserv-id; empty in Microsoft's form."""
    results: tuple[Result, ...]


def authentication_of(fields: Sequence[Field]) -> Authentication | None:
    """Return what the receiving server says of a mail with these header fields, or None where it says nothing.

    Of several fields of its own the topmost that knows of a method counts; of several signatures in it the best.
    """
    written = trace(fields)
    believed = _believed(written)
    signatures = sorted(_topmost(believed, "dkim"), key=_rank)
    best = signatures[0] if signatures else Result("dkim", "")
    spf = next((item.result for item in _topmost(believed, "spf")), "") or _received_spf(written)
    dmarc = next((item.result for item in _topmost(believed, "dmarc")), "")
    if not believed and not spf:
        return None
    server = next((item.server for item in believed if item.server), "") or next(iter(written.hosts), "")
    count = sum(item.result != "none" for item in signatures)
    return Authentication(safe(server, limit=120), spf, best.result, dmarc, best.signer, count)


def _believed(written: Trace) -> list[Results]:
    """Return the receiver's own fields, from the top."""
    believed: list[Results] = []
    for line in written.lines:
        if line.name == "authentication-results":
            item = parse(line.value)
            known = {earlier.server.lower() for earlier in believed if earlier.server}
            if line.certain or item.server.lower() in known or related(item.server, written.hosts):
                believed.append(item)
    return believed


def _topmost(believed: Sequence[Results], method: str) -> list[Result]:
    for item in believed:
        results = [result for result in item.results if result.method == method]
        if results:
            return results
    return []


def parse(value: str) -> Results:
    """Return what one field says. Comments, quotes and versions are passed over, unknown methods kept."""
    parts = list(_split(_without_comments(value[:_LONGEST])))
    head = parts[0].strip() if parts else ""
    server = ""
    if "=" not in head or head.startswith('"'):
        found = _SERVER.match(head)
        server = (found[1] or found[2]) if found else ""
        parts = parts[1:]
    return Results(server, tuple(result for part in parts if (result := _result(part)) is not None))


def _result(part: str) -> Result | None:
    found = _METHOD.match(part)
    if found is None:
        return None  # `none`: nothing was checked
    rest = part[found.end() :]
    signer = _SIGNER.search(rest) or _IDENTITY.search(rest)
    domain = signer[1].lower().strip(".") if signer else ""
    return Result(found[1].lower(), found[2].lower(), "" if domain == "none" else domain[:253])


def _rank(result: Result) -> int:
    return _RANKS.index(result.result) if result.result in _RANKS else len(_RANKS)


def _received_spf(written: Trace) -> str:
    """Return the result of the topmost `Received-SPF` (RFC 7208 section 9.1) that the receiver has written."""
    for line in written.lines:
        if line.name != "received-spf":
            continue
        word = line.value[:20].split()[0].lower() if line.value.split() else ""
        names = [found[1] for found in (_RECEIVER.search(line.value), _SAYS.search(line.value)) if found]
        if word in _SPF_RESULTS and (line.certain or any(related(name, written.hosts) for name in names)):
            return word
    return ""


def _without_comments(text: str) -> str:
    """Return the text without its comments (RFC 5322 section 3.2.2); one that is not closed reaches to the end."""
    kept: list[str] = []
    depth = 0
    for char, quoted in _marked(text):
        if char == "(" and not quoted:
            depth += 1
            kept.append(" ")
        elif char == ")" and not quoted and depth:
            depth -= 1
        elif not depth:
            kept.append(char)
    return "".join(kept)


def _marked(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each character, and whether it stands in a quoted string or behind a backslash."""
    depth, in_quotes, escaped = 0, False, False
    for char in text:
        yield char, in_quotes or escaped
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and not depth:
            in_quotes = not in_quotes
        elif not in_quotes:
            depth = max(depth + (char == "(") - (char == ")"), 0)


def _split(text: str) -> Iterator[str]:
    """Yield the parts between semicolons that do not stand in a quoted string."""
    part: list[str] = []
    for char, quoted in _marked(text):
        if char == ";" and not quoted:
            yield "".join(part)
            part = []
        else:
            part.append(char)
    yield "".join(part)
