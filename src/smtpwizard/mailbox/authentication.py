"""`Authentication-Results` (RFC 8601) of the receiving server, told from forged ones by the `Received` fields. Pure.

`ARC-Authentication-Results` is not read: it is what servers on the way have said. Microsoft's form without an
authserv-id: learn.microsoft.com, "Anti-spam message headers" (looked up in November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from smtpwizard.addresses import is_ip_address, is_private_host
from smtpwizard.mailbox.model import Authentication, Place
from smtpwizard.records import NamedTuple
from smtpwizard.text import listed, safe

Field = tuple[str, str]
"""Name in lower case and unfolded value."""

_BY: Final = re.compile(r"(?:^|\s)by\s+(\[?[\w.:-]+\]?)", re.IGNORECASE | re.ASCII)
_COMMENT: Final = re.compile(r"\([^()]*\)")
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})
"""Labels below a country's domain under which organisations register: `co.kr`, `com.au`."""
_SAME: Final = {"office365.com": "outlook.com", "me.com": "icloud.com", "apple.com": "icloud.com"}
"""Domains of one organisation whose servers hand mail on to each other: Microsoft 365, iCloud."""


class ReceivedLine(NamedTuple):
    """A field that the receiving side may have written."""

    name: str
    value: str
    certain: bool
    """Whether it stands where only the receiving side can have put it."""


class ReceivedHeaders(NamedTuple):
    """What the receiving side has written."""

    hosts: tuple[str, ...]
    """Its servers, by their own `Received` fields, in lower case, the last one on the way first."""
    lines: tuple[ReceivedLine, ...]


def received_headers(fields: Sequence[Field]) -> ReceivedHeaders:
    """Return the fields of the receiving side; nothing where no `Received` tells who that is."""
    hosts: list[str] = []
    border = -1
    end = len(fields)
    for index, (name, value) in enumerate(fields):
        if name != "received":
            continue
        host = _by(value)
        if hosts and not _own(host, hosts):
            end = index
            break
        border = index
        hosts.append(host)
    if border < 0:
        return ReceivedHeaders((), ())
    lines = tuple(ReceivedLine(name, value, index < border) for index, (name, value) in enumerate(fields[:end]))
    return ReceivedHeaders(tuple(hosts), lines)


def related(name: str, hosts: Sequence[str]) -> bool:
    """Say whether `name` is one of the hosts or of the same organisation, by its looks."""
    name = name.lower().rstrip(".")
    return name != "" and any(name == host or _organisation(name) == _organisation(host) != "" for host in hosts)


def _own(host: str, hosts: Sequence[str]) -> bool:
    """Say whether a further server on the way belongs to the receiver, too.

    Names that mean something inside a network only are passed over, and the first public one counts: Gmail's last hop
    names an IPv6 address, that of a small server `localhost`.
    """
    return not _organisation(host) or not any(map(_organisation, hosts)) or related(host, hosts)


def _by(value: str) -> str:
    """Return the server that a `Received` field names as its writer."""
    while (bare := _COMMENT.sub(" ", value)) != value:
        value = bare
    found = _BY.search(value)
    return found[1].strip("[].").lower() if found else ""


def _organisation(host: str) -> str:
    """Return the registered domain of a public host name, roughly; empty for addresses and names inside a network."""
    if ":" in host or is_ip_address(host) or is_private_host(host):
        return ""
    domain = ".".join(_labels(host))
    return _SAME.get(domain, domain)


def _labels(host: str) -> Iterator[str]:
    labels = host.split(".")
    country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    yield from labels[-3 if country else -2 :]


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
    written = received_headers(fields)
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


def _believed(written: ReceivedHeaders) -> list[Results]:
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


def _received_spf(written: ReceivedHeaders) -> str:
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


_CHECK = "`smtpwizard sender ADDRESS` shows the record, and what to publish."


def words(authentication: Authentication | None, place: Place = Place.INBOX) -> tuple[str, ...]:
    """Return sentences for a mail that was found; the one on its place first, where that is not the inbox."""
    return tuple(_words(authentication, place))


def _words(found: Authentication | None, place: Place) -> Iterator[str]:
    good = found is not None and found.dmarc == "pass"
    if place is Place.JUNK:
        yield "It lies in junk: people will not see it there. " + (
            "Sender and signature are proved, so it is the domain's or the server's standing, or the text: mark it as "
            "no junk, and let the domain send little at first."
            if good
            else "Make SPF, DKIM and DMARC pass first; then mark it as no junk."
        )
    elif place is Place.OTHER:
        yield (
            "It lies outside the inbox: a filter has moved it, or it went to its own sender. Look at the filters of "
            "the mailbox."
        )
    if found is None:
        yield "The receiving server does not say what it makes of the sender (no Authentication-Results)."
        return
    says = f"{found.server or 'The receiving server'} says: "
    yield says + ", ".join(f"{name} {word or 'not checked'}" for name, word in _rows(found)) + "."
    if good and found.spf in ("pass", "") and found.dkim in ("pass", ""):
        yield "The sender is proved to the receiver; nothing is to be done."
        return
    yield from (line for line in (_spf(found), _dkim(found), _dmarc(found)) if line)


def _rows(found: Authentication) -> tuple[tuple[str, str], ...]:
    dkim = found.dkim
    if found.signatures > 1:
        dkim = f"{dkim} (the best of {found.signatures} signatures)"
    if dkim and found.signer:
        dkim = f"{dkim} by {found.signer}"
    return (("SPF", found.spf), ("DKIM", dkim), ("DMARC", found.dmarc))


def _spf(found: Authentication) -> str:
    covered = " DKIM passes, which is enough for DMARC." if found.dkim == found.dmarc == "pass" else ""
    match found.spf:
        case "fail" | "softfail":
            return (
                f"SPF {found.spf}: the server that delivered the mail is not in the SPF record of the sender's domain. "
                f"Add the provider's include to that record, or send through the provider that is in it.{covered} "
                f"{_CHECK}"
            )
        case "none" | "neutral":
            return (
                f"SPF {found.spf}: the sender's domain does not say which servers send its mail. Publish an SPF record "
                f"with the provider's include.{covered} {_CHECK}"
            )
        case "permerror":
            return (
                "SPF permerror: the record cannot be used; it is written wrongly, there are two of them, or it takes "
                f"more than 10 look-ups (RFC 7208). Repair it.{covered} {_CHECK}"
            )
        case "temperror":
            return "SPF temperror: the receiver's look-up failed for the moment. Send another mail later."
        case _:
            return ""


def _dkim(found: Authentication) -> str:
    match found.dkim:
        case "fail" | "permerror" | "policy":
            return (
                f"DKIM {found.dkim}: the signature does not fit. The key in DNS is not the one that signs, or a server "
                "on the way has changed the mail. Compare the record with what the provider shows."
            )
        case "none" | "neutral":
            return (
                f"DKIM {found.dkim}: the mail carries no usable signature. Switch DKIM on at the provider, and publish "
                "the records that it shows."
            )
        case "temperror":
            return "DKIM temperror: the receiver could not fetch the key for the moment. Send another mail later."
        case _:
            return ""


def _dmarc(found: Authentication) -> str:
    match found.dmarc:
        case "fail":
            passed = [name for name, word in (("SPF", found.spf), ("DKIM", found.dkim)) if word == "pass"]
            if passed:
                return (
                    f"DMARC fail: {listed(passed)} passes, but for another domain than the one in From. Verify "
                    "the sender's domain at the provider, so that it signs with that domain or bounces to it."
                )
            return (
                "DMARC fail: neither SPF nor DKIM proves the domain in From. With a policy of quarantine or reject "
                f"such mail goes to junk or is refused. Repair SPF or DKIM. {_CHECK}"
            )
        case "none" | "bestguesspass":
            return (
                f"DMARC {found.dmarc}: the sender's domain publishes no policy; Gmail and Yahoo ask for one from those "
                f"who send much. Publish `v=DMARC1; p=none` to begin with. {_CHECK}"
            )
        case "permerror":
            return f"DMARC permerror: the record is written wrongly. Repair it. {_CHECK}"
        case "temperror":
            return "DMARC temperror: the receiver's look-up failed for the moment. Send another mail later."
        case _:
            return ""
