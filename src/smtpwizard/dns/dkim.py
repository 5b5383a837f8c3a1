"""DKIM (RFC 6376): keys parsed and looked up, and whether the provider can sign for the sender's domain."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.dns.resolver import Dns
from smtpwizard.dns.sender import Answer, Context, DnsRecord, Owner, SenderCheck, State, unknown_because
from smtpwizard.presets.schema import DkimSelector
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.results import Status
from smtpwizard.text import safe

WEAKEST_RSA: Final = 1024
"""Bits; keys below are not accepted (RFC 8301 section 3.2)."""
GOOD_RSA: Final = 2048
"""Bits; RFC 8301 section 3.2 recommends it."""
_ED25519_OCTETS: Final = 32
_MOST_TAGS: Final = 40
_RSA_OID: Final = bytes.fromhex("2a864886f70d010101")
"""1.2.840.113549.1.1.1, rsaEncryption."""


class DkimKey(NamedTuple):
    """One key record."""

    kind: str = "rsa"
    """`rsa` or `ed25519`; anything else is a key that receivers do not know."""
    bits: int = 0
    """Of an RSA modulus; 256 for ed25519; 0 where it cannot be read."""
    revoked: bool = False
    """`p=` is empty: the key has been withdrawn."""
    testing: bool = False
    """`t=y`: receivers must not treat signed mail other than unsigned (section 3.6.1)."""
    error: str = ""
    """Why it is no usable key record, as the end of a sentence."""


def is_key_record(text: str) -> bool:
    """Say whether a TXT record looks like a DKIM key: names its version, or has a `p=`."""
    return bool(re.match(r"(?i)\s*v\s*=\s*DKIM1\b", text) or re.search(r"(?:^|;)\s*p\s*=", text))


def parse_dkim(text: str) -> DkimKey:
    """Take one record apart."""
    tags = _tags(text)
    version = tags.get("v", "DKIM1")
    kind = tags.get("k", "rsa").lower()
    testing = "y" in tags.get("t", "").lower().split(":")
    if version != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        return DkimKey(kind, error="has a version other than v=DKIM1 at its beginning")
    if "p" not in tags:
        return DkimKey(kind, testing=testing, error="has no p=, so no key")
    if kind not in ("rsa", "ed25519"):
        return DkimKey(kind, testing=testing, error="has a kind of key that receivers do not know")
    data = re.sub(r"\s+", "", tags["p"])
    if not data:
        return DkimKey(kind, revoked=True, testing=testing)
    services = [item.strip() for item in tags.get("s", "*").split(":")]
    if not {"*", "email"} & set(services):
        return DkimKey(kind, testing=testing, error="is not for mail (s=)")
    try:
        raw = base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        return DkimKey(kind, testing=testing, error="has a p= that is not base64")
    bits = _bits(kind, raw)
    return DkimKey(kind, bits, testing=testing, error="" if bits else "has a p= that is no public key")


def _tags(text: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in text.split(";")[:_MOST_TAGS]:
        name, sign, value = part.partition("=")
        if sign:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def _bits(kind: str, raw: bytes) -> int:
    if kind == "ed25519":
        return 256 if len(raw) == _ED25519_OCTETS else 0
    modulus = _modulus(raw)
    return int.from_bytes(modulus, "big").bit_length() if modulus else 0


def _modulus(raw: bytes) -> bytes:
    """Return an RSA modulus out of a SubjectPublicKeyInfo, or out of the bare RSAPublicKey that RFC 6376 names."""
    tag, body, _ = _element(raw)
    if tag != 0x30:
        return b""
    first, inner, rest = _element(body)
    if first == 0x02:
        return inner
    tag, oid, _ = _element(inner)
    if first != 0x30 or tag != 0x06 or oid != _RSA_OID:
        return b""
    tag, bit_string, _ = _element(rest)
    if tag != 0x03 or not bit_string:
        return b""
    tag, key, _ = _element(bit_string[1:])  # the first octet counts unused bits
    tag_of_modulus, modulus, _ = _element(key)
    return modulus if tag == 0x30 and tag_of_modulus == 0x02 else b""


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return tag, content and what follows of the first DER element; tag 0 where it is cut short."""
    if len(data) < 2:
        return 0, b"", b""
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 3 or len(data) < 2 + count:
            return 0, b"", b""
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if len(data) < start + length:
        return 0, b"", b""
    return data[0], data[start : start + length], data[start + length :]


MOST_SELECTORS = 8


class KeyFact(NamedTuple):
    """What was found under one selector."""

    selector: DkimSelector
    name: str
    """`s1._domainkey.acme.example`."""
    answer: Answer
    key: DkimKey | None = None
    """None where there is no key record."""

    @property
    def there(self) -> bool:
        """Whether anything is published under the name, be it an alias that leads nowhere."""
        return self.key is not None or bool(self.answer.aliases)

    @property
    def good(self) -> bool:
        """Whether receivers can check a signature with it."""
        key = self.key
        if key is None or key.revoked or key.error:
            return False
        return key.kind == "ed25519" or key.bits >= WEAKEST_RSA


class DkimFacts(NamedTuple):
    """What was found for all selectors."""

    keys: tuple[KeyFact, ...] = ()
    above: tuple[KeyFact, ...] = ()
    """Good keys at the organisational domain, where the sender's own has none: relaxed alignment takes them, too."""

    @property
    def wanted(self) -> tuple[KeyFact, ...]:
        """The keys that should be there: the alternatives where one of them is, or else the others."""
        alternatives = tuple(item for item in self.keys if item.selector.alternative and item.good)
        usual = tuple(item for item in self.keys if not item.selector.alternative)
        return alternatives if alternatives and not any(item.there for item in usual) else usual

    @property
    def signed(self) -> bool | None:
        """Whether the provider can sign for the domain; None where that is not known."""
        if any(item.good for item in self.keys):
            return True
        if not self.keys or self.above or self.doubtful or any(not item.answer.known for item in self.keys):
            return None
        return False

    @property
    def doubtful(self) -> bool:
        """Whether all selectors rest on less than the vendor's word, and nothing at all is published under them."""
        return not any(item.there or item.selector.verified for item in self.keys)


async def find_keys(dns: Dns, context: Context) -> DkimFacts:
    """Ask for the keys under the provider's fixed selectors."""
    if context.provider is None or context.owner is not Owner.OPERATOR:
        return DkimFacts()
    selectors = context.provider.dkim.selectors[:MOST_SELECTORS]
    return DkimFacts(tuple(await asyncio.gather(*(_key(dns, context.domain, item) for item in selectors))))


async def find_keys_above(dns: Dns, context: Context, facts: DkimFacts, organisation: str) -> DkimFacts:
    """Look at the organisational domain, too, where the sender's domain is below it and has no key."""
    if not facts.keys or organisation == context.domain or any(item.there for item in facts.keys):
        return facts
    found = await asyncio.gather(*(_key(dns, organisation, item.selector) for item in facts.keys))
    return facts._replace(above=tuple(item for item in found if item.good))


async def _key(dns: Dns, domain: str, selector: DkimSelector) -> KeyFact:
    name = f"{selector.selector.lower()}._domainkey.{domain}"
    answer = await dns.ask(name, "TXT")
    records = [text for text in answer.texts if is_key_record(text)]
    return KeyFact(selector, name, answer, parse_dkim(records[0]) if records else None)


_ID = "dkim"


def check_dkim(context: Context, facts: DkimFacts, *, spf_aligned: bool | None) -> SenderCheck:
    """Return the check `dkim`. Mail without a signature passes DMARC where `spf_aligned`, so it is a warning then."""
    if context.provider is None:
        remedy = "Name the provider to have its key looked for."
        return SenderCheck(_ID, Status.SKIPPED, "Without a provider there is no selector to look for.", (), remedy)
    if context.owner is not Owner.OPERATOR:
        return _not_ours(context)
    if not facts.keys:
        return _no_selector(context)
    detail = tuple(_line(item) for item in facts.keys if not item.selector.alternative or item.there)
    lacking = tuple(item for item in facts.wanted if not item.good)
    records = tuple(record for item in lacking if (record := _record(context, item)))
    remedy = " ".join(_steps(context, lacking, records))
    first, also = (records[0] if records else None), records[1:]
    if any(not item.answer.known for item in facts.keys) and not any(item.good for item in facts.keys):
        return SenderCheck(_ID, Status.SKIPPED, f"Whether {context.by}'s keys are published is not known.", detail)
    if facts.above:
        return _above(context, facts, detail, remedy)
    if not facts.signed:
        status = Status.WARNED if spf_aligned or facts.doubtful else Status.FAILED
        summary = f"{context.by} has no usable key at {context.domain}, so its mail is not signed for it."
        if facts.doubtful:
            detail += ("No page of the vendor's confirms these names: compare with what it shows you.",)
        return SenderCheck(_ID, status, summary, detail, remedy, first, also)
    count = sum(item.good for item in facts.wanted)
    summary = f"{context.by} can sign for {context.domain} ({count} of {len(facts.wanted)} keys)."
    if lacking:
        return SenderCheck(_ID, Status.WARNED, summary, detail, remedy, first, also)
    if any(item.key and item.key.testing for item in facts.wanted):
        return SenderCheck(_ID, Status.WARNED, summary, detail, "Take t=y out of the key record once it works.")
    if any(item.key and item.key.kind == "rsa" and item.key.bits < GOOD_RSA for item in facts.wanted):
        advice = f"Ask {context.by} for a key of {GOOD_RSA} bits (RFC 8301)."
        return SenderCheck(_ID, Status.WARNED, summary, detail, advice)
    return SenderCheck(_ID, Status.PASSED, summary, detail)


def _not_ours(context: Context) -> SenderCheck:
    if context.owner is Owner.PROVIDER:
        summary = f"{context.by} signs for {context.domain} itself; there is nothing to publish."
        return SenderCheck(_ID, Status.SKIPPED, summary)
    return SenderCheck(_ID, Status.FAILED, f"{context.by} cannot sign for {context.domain}.")


def _no_selector(context: Context) -> SenderCheck:
    assert context.provider is not None
    where = context.provider.dkim.where
    summary = f"The selector of {context.by}'s key is not known, so the key cannot be looked for."
    remedy = where if where else f"{context.by} shows the record to publish, if it signs for domains of its customers."
    return SenderCheck(_ID, Status.SKIPPED, summary, (), remedy)


def _above(context: Context, facts: DkimFacts, detail: tuple[str, ...], remedy: str) -> SenderCheck:
    name = safe(facts.above[0].name, limit=200)
    summary = f"{context.by}'s key is not at {context.domain}, but at {name}."
    detail += ("A signature with that key aligns, too, unless DMARC says adkim=s. Whether one is made, a mail shows.",)
    return SenderCheck(_ID, Status.WARNED, summary, detail, remedy)


def _line(item: KeyFact) -> str:
    name = safe(item.name, limit=200)
    if item.key is None:
        return f"{name}: {_absent(item)}"
    key = item.key
    if key.revoked:
        return f"{name}: the key is revoked (empty p=)."
    if key.error:
        return f"{name}: the record {key.error}."
    note = ""
    if key.kind == "rsa" and key.bits < WEAKEST_RSA:
        note = f", too short: receivers take none below {WEAKEST_RSA} (RFC 8301)"
    elif key.kind == "rsa" and key.bits < GOOD_RSA:
        note = f", short: {GOOD_RSA} are recommended (RFC 8301)"
    testing = " It is in test mode (t=y)." if key.testing else ""
    size = f"{key.bits} bits" if key.kind == "rsa" else "256 bits"
    return f"{name}: {key.kind} key, {size}{note}.{testing}"


def _absent(item: KeyFact) -> str:
    if not item.answer.known:
        return unknown_because(item.answer)
    if item.answer.aliases:
        target = safe(item.answer.aliases[-1], limit=200)
        missing = "does not exist" if item.answer.state is State.NO_NAME else "has no key"
        return f"leads to {target}, which {missing}."
    return "nothing is published there." if not item.answer.texts else "what is published there is no key record."


def _record(context: Context, item: KeyFact) -> DnsRecord | None:
    target = item.selector.target_for(context.domain)
    if not target or (item.answer.aliases and item.answer.aliases[0].lower() == target.lower()):
        return None
    return DnsRecord(f"{item.selector.selector}._domainkey.{context.domain}", item.selector.type, target)


def _steps(context: Context, lacking: tuple[KeyFact, ...], records: tuple[DnsRecord, ...]) -> Iterator[str]:
    assert context.provider is not None
    if not lacking:
        return
    if records:
        what = "these records" if records[1:] else "this record"
        yield f"Set {context.domain} up with {context.by}, then publish {what}."
        if not all(item.selector.verified for item in lacking):
            yield f"Compare with what {context.by} shows you."
    else:
        kind = lacking[0].selector.type
        yield f"Publish the {kind} record{'s' if len(lacking) > 1 else ''} that {context.by} gives you."
    if context.provider.dkim.where:
        yield context.provider.dkim.where
