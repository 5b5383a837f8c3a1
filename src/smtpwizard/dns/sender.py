"""The sender: address and domain, the provider it is checked for, what DNS answers, and what a check finds. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from enum import Enum, StrEnum, auto
from typing import Final

from smtpwizard.addresses import FREEMAIL, is_address, is_freemail, to_ascii
from smtpwizard.errors import InputError
from smtpwizard.presets.schema import Kind, Provider, SpfEnvelope
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.results import Status
from smtpwizard.text import safe


class State(StrEnum):
    """How a look-up ended."""

    FOUND = "found"
    EMPTY = "empty"
    """The name exists, but has no record of this type (NODATA, RFC 2308)."""
    NO_NAME = "no-name"
    """NXDOMAIN."""
    REFUSED = "refused"
    """A name server answered that it cannot tell: SERVFAIL, REFUSED, a broken answer."""
    SILENT = "silent"
    """No name server answered in time, or none can be reached."""
    NOT_ASKED = "not-asked"
    """The time or the number of questions of this run was used up before."""


class Answer(NamedTuple):
    """The answer to one question. Texts are as they came: bounded in length, not made safe to show."""

    state: State
    texts: tuple[str, ...] = ()
    """TXT records, each with its strings joined without blanks (RFC 7208 section 3.3)."""
    hosts: tuple[tuple[int, str], ...] = ()
    """MX records in the order of preference: number and host in lower case; an empty host is the root (RFC 7505)."""
    addresses: tuple[str, ...] = ()
    """A or AAAA records."""
    aliases: tuple[str, ...] = ()
    """The names that CNAME records led to, in order."""
    zone: str = ""
    """The zone in which the name is missing, where the answer named it (SOA, RFC 2308)."""
    reason: str = ""
    """`SERVFAIL`, `REFUSED`: what the name server said, for State.REFUSED."""

    @property
    def known(self) -> bool:
        """Whether the question was answered: with records, or with the word that there are none."""
        return self.state in (State.FOUND, State.EMPTY, State.NO_NAME)

    @property
    def void(self) -> bool:
        """Whether it is a void look-up (RFC 7208 section 4.6.4): an answer without records, or no such name."""
        return self.state in (State.EMPTY, State.NO_NAME)

    @property
    def heard(self) -> bool:
        """Whether any name server said anything at all."""
        return self.known or self.state is State.REFUSED


def unknown_because(answer: Answer) -> str:
    """Return why a question has no answer, as a sentence for people; empty where it has one."""
    return {
        State.REFUSED: f"The name server cannot tell ({answer.reason or 'broken answer'}).",
        State.SILENT: "No name server answered in time.",
        State.NOT_ASKED: "It was not asked: the time or the number of questions was used up.",
    }.get(answer.state, "")


_MOST: Final = 8
_IN_BRACKETS: Final = re.compile(r"\[([^]]*)\](?::(\d{1,5}))?")
_WITH_PORT: Final = re.compile(r"([^:]*):(\d{1,5})")


class NameServer(NamedTuple):
    """One of them."""

    address: str
    port: int


NameServers = tuple[NameServer, ...]
"""Empty: those of the machine."""


def name_servers(texts: Sequence[str] | None, port: int = 53) -> NameServers:
    """Return `1.1.1.1`, `127.0.0.1:5353`, `::1` and `[::1]:5353` taken apart. InputError for anything else."""
    if texts is not None and len(texts) > _MOST:
        raise InputError(f"{len(texts)} name servers are too many. Give {_MOST} at most.", "Name server")
    return tuple(_name_server(text, port) for text in texts or ())


def _name_server(text: str, port: int) -> NameServer:
    given = text.strip()
    found = _IN_BRACKETS.fullmatch(given) or _WITH_PORT.fullmatch(given)
    address, number = (found[1], int(found[2] or port)) if found else (given, port)
    try:
        ipaddress.ip_address(address)
    except ValueError:
        address = ""
    if not address or not 0 < number < 65536:
        shown = safe(text, limit=80)
        raise InputError(
            f"{shown!r} is no name server. Give an IP address, with a port if need be: 9.9.9.9 or 127.0.0.1:5353.",
            "Name server",
        )
    return NameServer(address, number)


_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST: Final = 253
"""Octets of a domain name as text (RFC 1035 section 2.3.4: 255 on the wire)."""
_LONGEST_LOCAL: Final = 64
"""RFC 5321 section 4.5.3.1.1."""
_SHOWN: Final = 80

_EXAMPLES: Final = frozenset({"example.com", "example.net", "example.org"})
"""RFC 2606 section 3: registered by IANA for examples, with a null MX; nobody can send from them."""

_PRIVATE: Final = {
    "example": "RFC 2606 keeps it for examples",
    "test": "RFC 2606 keeps it for tests",
    "invalid": "RFC 2606 keeps it for names that do not exist",
    "localhost": "RFC 6761 keeps it for the machine itself",
    "local": "RFC 6762 keeps it for names on a local network",
    "internal": "ICANN keeps it for private networks (resolution of 2024-07-29)",
    "home.arpa": "RFC 8375 keeps it for home networks",
    "onion": "RFC 7686 keeps it for Tor",
    "alt": "RFC 9476 keeps it for names outside of DNS",
    "lan": "it is no top-level domain, but a habit of private networks",
    "home": "it is no top-level domain, but a habit of private networks",
    "corp": "it is no top-level domain, but a habit of private networks",
    "localdomain": "it is no top-level domain, but a habit of private networks",
}

_NOT_MISSPELT: Final = frozenset({"mail.com", "email.com", "hey.com", "ya.ru", "me.com", "pm.me"})
"""Mail domains that exist and are one letter away from a better-known one."""
_SHORTEST: Final = 6
"""Characters from which a domain one letter away from a known one is more likely a slip than another domain."""


class Sender(NamedTuple):
    """What was typed, taken apart."""

    address: str
    """As typed, without blanks around it; a bare domain where no address was given."""
    domain: str
    """In lower case and ASCII (A-labels), without a final dot."""


def sender_of(text: str) -> Sender:
    """Return address and domain of `text`: a bare mail address, or a domain. InputError for anything else.

    Letters beyond ASCII become A-labels by IDNA 2008 with the mappings of UTS 46, as mail software does (RFC 5891).
    """
    typed = text.strip()
    local, at, domain = typed.rpartition("@")
    if not typed:
        raise _error(text, "is empty")
    if any(char.isspace() or not char.isprintable() for char in typed) or any(char in typed for char in '<>",;'):
        raise _error(text, "is more than a bare address")
    if at and (not is_address(typed.rstrip(".")) or len(local) > _LONGEST_LOCAL):
        raise _error(text, "is no mail address: what is before the @ is wrong")
    if not at and "." not in domain.strip("."):
        raise _error(text, "has no @ and no dot")
    ascii_domain = to_ascii(domain)
    labels = ascii_domain.split(".")
    if len(ascii_domain) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise _error(text, "has no domain name that DNS could know")
    if labels[-1].isdigit():
        raise _error(text, "ends in an IP address, which is no mail domain")
    return Sender(typed, ascii_domain)


def undeliverable(domain: str) -> str:
    """Return why nobody on the internet can reply to `domain`, as the end of a sentence; empty for a common one."""
    if any(domain == name or domain.endswith(f".{name}") for name in _EXAMPLES):
        return "RFC 2606 keeps it for examples"
    labels = domain.split(".")
    for end in (labels[-1], ".".join(labels[-2:])):
        if end in _PRIVATE:
            return _PRIVATE[end]
    return "a name without a dot is no domain on the internet" if len(labels) == 1 else ""


def is_example(domain: str) -> bool:
    """Say whether `domain` is one that IANA has registered for examples: it exists, and refuses all mail."""
    return any(domain == name or domain.endswith(f".{name}") for name in _EXAMPLES)


def probably_meant(domain: str, known: Iterable[str] = ()) -> str:
    """Return the well-known mail domain that `domain` may be a slip of: `gmial.com`, gmail.com. Empty for none."""
    domains = FREEMAIL | frozenset(known)
    if domain in domains or domain in _NOT_MISSPELT or len(domain) < _SHORTEST:
        return ""
    near = [name for name in sorted(domains) if len(name) >= _SHORTEST and _one_slip(domain, name)]
    return near[0] if near else ""


def _one_slip(one: str, other: str) -> bool:
    """Say whether a letter too many, too few or wrong, or two letters swapped, make `one` of `other`."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    short, long = sorted((one, other), key=len)
    place = next((index for index, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[place:] == long[place + 1 :]
    swapped = short[:place] + short[place + 1 : place + 2] + short[place : place + 1] + short[place + 2 :]
    return short[place + 1 :] == long[place + 1 :] or swapped == long


def _error(text: str, why: str) -> InputError:
    shown = safe(text, limit=_SHOWN)
    return InputError(
        f"{shown!r} {why}. Give a mail address or its domain, such as noreply@your-company.com.", "Sender"
    )


_LOCAL = frozenset({Kind.LOCAL, Kind.TEST, Kind.PRACTICE})


class Owner(Enum):
    """Whose domain the sender's is."""

    OPERATOR = auto()
    """Presumably the operator's own: records can be published there."""
    PROVIDER = auto()
    """One in which this provider gives everybody a mailbox: its records are the provider's."""
    OTHERS = auto()
    """One in which another provider gives everybody a mailbox: nobody else can sign for it."""


class Context(NamedTuple):
    """One run's subject."""

    sender: Sender
    provider: Provider | None
    owner: Owner

    @property
    def domain(self) -> str:
        """The sender's domain in ASCII."""
        return self.sender.domain

    @property
    def by(self) -> str:
        """The provider's name for a sentence."""
        return self.provider.name if self.provider else "the provider"

    @property
    def envelope(self) -> SpfEnvelope | None:
        """Whose SPF record counts; None without a provider."""
        return self.provider.spf_envelope if self.provider else None

    @property
    def includes(self) -> tuple[str, ...]:
        """What the sender's SPF record should include one of; empty where that is not known."""
        return self.provider.spf_include if self.provider else ()


def context_of(sender: Sender, provider: Provider | None, home: Provider | None) -> Context:
    """Return the context of a sender and its provider; `home` is the one whose mailboxes have the sender's domain.

    A catcher, which delivers nothing, and the machine's own mail server count as none: nothing in DNS names them.
    """
    judged = None if provider is not None and provider.kind in _LOCAL else provider
    return Context(sender, judged, _owner(sender.domain, judged, home))


def _owner(domain: str, provider: Provider | None, home: Provider | None) -> Owner:
    if provider is not None and (domain in provider.mail_domains or (home is not None and home.host == provider.host)):
        return Owner.PROVIDER
    return Owner.OTHERS if home is not None or is_freemail(domain) else Owner.OPERATOR


class DnsRecord(NamedTuple):
    """A record to publish, as text to copy."""

    name: str
    """The full name, without the final dot: `_dmarc.acme.example`."""
    type: str
    """`TXT`, `CNAME`."""
    value: str


_TITLES: Final = {"domain": "Domain", "mx": "MX", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


class SenderCheck(NamedTuple):
    """One question about the domain, answered."""

    id: str
    """`domain`, `mx`, `spf`, `dkim`, `dmarc`."""
    status: Status
    summary: str
    """One line: the fact."""
    detail: tuple[str, ...] = ()
    """The records as found and what follows from them, a line each."""
    remedy: str = ""
    """What to do; empty where nothing is to be done."""
    record: DnsRecord | None = None
    """What to publish, where a record is wanted."""
    also: tuple[DnsRecord, ...] = ()
    """Further records that belong to it, where one is not enough: a provider's second and third DKIM key."""

    @property
    def title(self) -> str:
        """What people call it: `SPF`."""
        return _TITLES.get(self.id, self.id)


class SenderReport(NamedTuple):
    """All that was asked about one sender."""

    address: str
    domain: str
    """In lower case and ASCII."""
    checks: tuple[SenderCheck, ...]
    provider: str | None = None
    """The id of the provider that SPF and DKIM were judged for."""
    answered: bool = True
    """False where no name server answered at all: offline."""

    def check(self, id_: str) -> SenderCheck | None:
        """Return the check of that id, or None where it was not made."""
        return next((item for item in self.checks if item.id == id_), None)

    @property
    def trusted(self) -> bool:
        """Whether nothing was found for which receivers would refuse or suspect the mail, and DNS answered."""
        return self.answered and all(item.status is not Status.FAILED for item in self.checks)
