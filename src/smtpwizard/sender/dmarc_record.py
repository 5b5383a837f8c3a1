"""A DMARC policy record taken apart (RFC 9989 sections 4.7 and 4.8; RFC 7489 section 6.3). Pure; never raises."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

POLICIES: Final = ("none", "quarantine", "reject")
_MOST_TAGS: Final = 40
_MOST_REPORTS: Final = 10
_REPORT: Final = re.compile(r"(?i)mailto:([^\s,!@]{1,64})@([a-z0-9.-]{1,253})(?:!\d+[kmgt]?)?")


class Dmarc(NamedTuple):
    """One record."""

    text: str
    policy: str = ""
    """`none`, `quarantine`, `reject`; empty where `p=` is missing or wrong."""
    subdomains: str = ""
    """`sp=`, the same; empty where it is missing."""
    missing: str = ""
    """`np=`, for names that do not exist (RFC 9989); empty where it is missing."""
    strict_dkim: bool = False
    strict_spf: bool = False
    percent: int = 100
    """`pct=`, which RFC 9989 has dropped but older receivers heed."""
    testing: bool = False
    """`t=y`: one step less than the policy is asked for (RFC 9989)."""
    psd: str = "u"
    """`y`: published for a public suffix; `n`: for an organisation; `u`: not said."""
    reports: tuple[tuple[str, str], ...] = ()
    """`rua=`: mailbox and domain of each mailto: address."""
    faults: tuple[str, ...] = ()
    """What receivers will pass over, as sentences."""

    @property
    def valid(self) -> bool:
        """Whether receivers apply it at all: with a wrong `p=` only where `rua=` has an address (section 4.10.1)."""
        return bool(self.policy or self.reports)

    def asks(self, *, inherited: bool) -> str:
        """Return what is asked for a failing mail of the domain itself, or of an existing name below it."""
        asked = (self.subdomains if inherited else "") or self.policy or "none"
        if self.testing or not self.percent:
            return POLICIES[max(POLICIES.index(asked) - 1, 0)]
        return asked


def dmarc_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those TXT records that are DMARC records: `v=DMARC1` comes first, in these letters."""
    return tuple(text for text in texts if re.match(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", text))


def parse_dmarc(text: str) -> Dmarc:
    """Take one record apart. An unknown tag is passed over, a wrong value replaced by its default (section 4.8)."""
    tags: dict[str, str] = {}
    faults: list[str] = []
    for part in text.split(";")[1 : _MOST_TAGS + 1]:
        name, sign, value = part.partition("=")
        key = name.strip().lower()
        if sign and key in tags:
            faults.append(f"{key}= is there twice; the first one counts.")
        elif sign:
            tags[key] = value.strip()
        elif part.strip():
            faults.append(f"`{part.strip()[:40]}` is no tag.")
    policy = _word(tags, "p", POLICIES, faults)
    if "p" not in tags:
        faults.append("p= is missing.")
    reports = _reports(tags.get("rua", ""), faults)
    percent = tags.get("pct", "100")
    if not (percent.isascii() and percent.isdigit() and int(percent[:4]) <= 100):
        faults.append("pct= is no number from 0 to 100.")
        percent = "100"
    return Dmarc(
        text,
        policy=policy,
        subdomains=_word(tags, "sp", POLICIES, faults),
        missing=_word(tags, "np", POLICIES, faults),
        strict_dkim=_word(tags, "adkim", ("r", "s"), faults) == "s",
        strict_spf=_word(tags, "aspf", ("r", "s"), faults) == "s",
        percent=int(percent),
        testing=_word(tags, "t", ("y", "n"), faults) == "y",
        psd=_word(tags, "psd", ("y", "n", "u"), faults) or "u",
        reports=reports,
        faults=tuple(faults),
    )


def _word(tags: dict[str, str], name: str, words: Sequence[str], faults: list[str]) -> str:
    value = tags.get(name, "").lower()
    if value in words:
        return value
    if name in tags:
        faults.append(f"{name}= must be one of {', '.join(words)}.")
    return ""


def _reports(value: str, faults: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for part in value.split(",")[:_MOST_REPORTS]:
        match = _REPORT.fullmatch(part.strip())
        if match:
            found.append((match[1], match[2].lower().strip(".")))
        elif part.strip():
            faults.append("rua= has an entry that is no mailto: address.")
    return tuple(found)
