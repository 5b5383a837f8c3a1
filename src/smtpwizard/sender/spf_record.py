"""An SPF record taken apart (RFC 7208 sections 4.5, 4.6.1, 5, 6 and 12). Pure; never raises, asks nobody."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

VERSION: Final = "v=spf1"
QUERYING: Final = frozenset({"include", "a", "mx", "ptr", "exists"})
"""Mechanisms that cost a look-up each; so does the modifier `redirect` (section 4.6.4)."""

_MOST_TERMS: Final = 300
"""Terms that are read: a TXT record of 4 kB has about 200."""
_SHOWN: Final = 60
_NAMES: Final = QUERYING | {"all", "ip4", "ip6"}
_TERM: Final = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>[:/].*)?", re.DOTALL)
_MODIFIER: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)", re.DOTALL)
_CIDR: Final = re.compile(r"(?P<domain>[^/]*)(?:/(?P<four>\d{1,2}))?(?://(?P<six>\d{1,3}))?")
_MACRO: Final = re.compile(r"%(?:%|_|-|\{[slodiphcrtvSLODIPHCRTV]\d*[rR]?[.+,/_=-]*\})")
_DOMAIN: Final = re.compile(r"[\x21-\x24\x26-\x7e]+")


class Term(NamedTuple):
    """One mechanism."""

    text: str
    """As it stands in the record."""
    qualifier: str
    """`+ - ~ ?`."""
    name: str
    """In lower case: include, a, mx, ptr, exists, ip4, ip6, all."""
    value: str = ""
    """The domain or network; empty for the domain of the record itself."""

    @property
    def macro(self) -> bool:
        """Whether its domain depends on the message (section 7), so that DNS alone cannot tell it."""
        return "%" in self.value


class Spf(NamedTuple):
    """One record."""

    text: str
    terms: tuple[Term, ...] = ()
    """Up to `all`: what follows it is never looked at (section 5.1)."""
    after_all: tuple[Term, ...] = ()
    redirect: str = ""
    """The domain of the modifier; empty where `all` is there, for then it has no effect (section 6.1)."""
    errors: tuple[str, ...] = ()
    """What makes the whole record a permanent error, each as a sentence's subject and verb."""

    @property
    def all(self) -> str:
        """The qualifier of `all`: `+ - ~ ?`, or empty where there is none."""
        return self.terms[-1].qualifier if self.terms and self.terms[-1].name == "all" else ""

    def has(self, name: str) -> bool:
        """Say whether a mechanism is used."""
        return any(term.name == name for term in self.terms)


def spf_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those TXT records that are SPF records (section 4.5): `v=spf1` alone, or followed by a blank."""
    return tuple(text for text in texts if re.match(r"(?i)v=spf1(?: |\Z)", text))


def nearly_spf(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those TXT records that were meant to be SPF records but are read as none."""
    return tuple(
        text for text in texts if re.search(r"(?i)v\s*=\s*spf|^\W*spf[12]", text[:40]) and not spf_records([text])
    )


def parse_spf(text: str) -> Spf:
    """Take one record apart."""
    errors: list[str] = []
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    if not text.isascii() or not all(32 <= ord(char) < 127 for char in text):
        errors.append("a character that is not printable ASCII is in it")
    words = text.split(" ")[1 : _MOST_TERMS + 1]
    for word in words:
        if word:
            _read(word, terms, modifiers, errors)
    place = next((index for index, term in enumerate(terms) if term.name == "all"), len(terms) - 1)
    has_all = any(term.name == "all" for term in terms)
    return Spf(
        text,
        terms=tuple(terms[: place + 1]),
        after_all=tuple(terms[place + 1 :]),
        redirect="" if has_all else modifiers.get("redirect", ""),
        errors=tuple(dict.fromkeys(errors)),
    )


def _read(word: str, terms: list[Term], modifiers: dict[str, str], errors: list[str]) -> None:
    modifier = _MODIFIER.fullmatch(word)
    if modifier:
        name, value = modifier["name"].lower(), modifier["value"]
        if name in modifiers and name in ("redirect", "exp"):
            errors.append(f"{name}= is there twice")
        if name in ("redirect", "exp") and not _is_domain(value):
            errors.append(f"`{_short(word)}` names no domain")
        modifiers.setdefault(name, value.rstrip(".").lower())
        return
    found = _TERM.fullmatch(word)
    name = found["name"].lower() if found else ""
    if not found or name not in _NAMES:
        errors.append(f"`{_short(word)}` is no SPF term")
        return
    value, fault = _value(name, found["rest"] or "")
    if fault:
        errors.append(f"`{_short(word)}` {fault}")
    else:
        terms.append(Term(word, found["qualifier"] or "+", name, value))


def _value(name: str, rest: str) -> tuple[str, str]:
    """Return the value of a mechanism and what is wrong with it."""
    value = rest[1:] if rest.startswith(":") else ""
    if name == "all":
        return "", "takes no value" if rest else ""
    if name in ("ip4", "ip6"):
        return value, "" if rest.startswith(":") and _network(name, value) is not None else "is no network"
    if name in ("include", "exists"):
        return value.rstrip(".").lower(), "" if _is_domain(value) else "names no domain"
    if name == "ptr":
        return value.rstrip(".").lower(), "" if not rest or _is_domain(value) else "names no domain"
    cidr = _CIDR.fullmatch(value if rest.startswith(":") else rest)
    if cidr is None or (rest.startswith(":") and not _is_domain(cidr["domain"])):
        return "", "names no domain"
    if int(cidr["four"] or 0) > 32 or int(cidr["six"] or 0) > 128:
        return "", "has a prefix that is too long"
    return cidr["domain"].rstrip(".").lower(), ""


def network_of(term: Term) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network of an `ip4` or `ip6` mechanism, None for others."""
    return _network(term.name, term.value) if term.name in ("ip4", "ip6") else None


def _network(name: str, value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    address, _, prefix = value.partition("/")
    if "/" in value and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return None
    try:
        if name == "ip4":
            return ipaddress.IPv4Network(value, strict=False) if "." in address else None
        return ipaddress.IPv6Network(value, strict=False) if "%" not in address else None
    except ValueError:
        return None


def _is_domain(text: str) -> bool:
    """Say whether `text` can be a domain-spec (section 7.1): printable, with complete macros, and not too long."""
    if not text or len(text) > 512 or "/" in _MACRO.sub("", text):
        return False
    plain = _MACRO.sub("x", text)
    if not _DOMAIN.fullmatch(plain):
        return False
    labels = plain.rstrip(".").split(".")
    return ("." in plain or "%" in text) and all(0 < len(label) <= 63 for label in labels)


def _short(word: str) -> str:
    return word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…"
