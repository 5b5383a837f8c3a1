"""Will OpenSSL take a cipher list? Words and suites that Node's OpenSSL 3 knows; compared with node in the tests.

Only "nothing in it is known" is certain from the text alone; what exclusions (`HIGH:!ALL`) leave is not worked out.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

_WORDS: Final = """
TLSv1.2 TLSv1.0 TLSv1 SSLv3 HIGH ALL DEFAULT COMPLEMENTOFALL COMPLEMENTOFDEFAULT NULL eNULL aNULL kRSA aRSA RSA kDHE
kEDH DH DHE EDH ADH kEECDH kECDHE ECDHE EECDH AECDH ECDH aECDSA ECDSA aDSS DSS AES128 AES256 AES AESGCM AESCCM AESCCM8
ARIA128 ARIA256 ARIA ARIAGCM CAMELLIA128 CAMELLIA256 CAMELLIA CHACHA20 MD5 SHA1 SHA SHA256 SHA384 SUITEB128
SUITEB128ONLY SUITEB192 PSK kPSK kECDHEPSK kDHEPSK kRSAPSK aPSK kSRP aSRP SRP CBC FIPS
"""
_SUITES: Final = """
AES128-CCM AES128-CCM8 AES128-GCM-SHA256 AES128-SHA AES128-SHA256 AES256-CCM AES256-CCM8 AES256-GCM-SHA384 AES256-SHA
AES256-SHA256 ARIA128-GCM-SHA256 ARIA256-GCM-SHA384 CAMELLIA128-SHA CAMELLIA128-SHA256 CAMELLIA256-SHA
CAMELLIA256-SHA256 DHE-RSA-AES128-CCM DHE-RSA-AES128-CCM8 DHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES128-SHA
DHE-RSA-AES128-SHA256 DHE-RSA-AES256-CCM DHE-RSA-AES256-CCM8 DHE-RSA-AES256-GCM-SHA384 DHE-RSA-AES256-SHA
DHE-RSA-AES256-SHA256 DHE-RSA-ARIA128-GCM-SHA256 DHE-RSA-ARIA256-GCM-SHA384 DHE-RSA-CAMELLIA128-SHA
DHE-RSA-CAMELLIA128-SHA256 DHE-RSA-CAMELLIA256-SHA DHE-RSA-CAMELLIA256-SHA256 DHE-RSA-CHACHA20-POLY1305
ECDHE-ARIA128-GCM-SHA256 ECDHE-ARIA256-GCM-SHA384 ECDHE-ECDSA-AES128-CCM ECDHE-ECDSA-AES128-CCM8
ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES128-SHA256 ECDHE-ECDSA-AES256-CCM
ECDHE-ECDSA-AES256-CCM8 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES256-SHA ECDHE-ECDSA-AES256-SHA384
ECDHE-ECDSA-ARIA128-GCM-SHA256 ECDHE-ECDSA-ARIA256-GCM-SHA384 ECDHE-ECDSA-CAMELLIA128-SHA256
ECDHE-ECDSA-CAMELLIA256-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-SHA
ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-SHA ECDHE-RSA-AES256-SHA384
ECDHE-RSA-CAMELLIA128-SHA256 ECDHE-RSA-CAMELLIA256-SHA384 ECDHE-RSA-CHACHA20-POLY1305
"""

WORDS: Final = frozenset(_WORDS.split())
"""Words that select at least one cipher suite. `TLSv1.3`, `TLSv1.1`, `MEDIUM`, `LOW` are words too, but select none."""

SUITES: Final = frozenset(_SUITES.split())
"""Suites of TLS 1.2 and before that a server with a certificate can agree to, in OpenSSL's spelling."""

TLS13_SUITES: Final = frozenset(
    {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    }
)

_OTHER_SUITE: Final = r".*\b(PSK|SRP|ADH|AECDH|NULL|DSS)\b.*-.*|TLS_[A-Z0-9_]+_WITH_[A-Z0-9_]+"
"""Suites that exist, but of which no mail server makes use; not judged."""
_SEPARATORS: Final = r"[:, ;]+"


class CipherVerdict(Enum):
    """What becomes of a connection with this cipher list."""

    FINE = auto()
    BROKEN = auto()
    """OpenSSL refuses it: `no cipher match` or `invalid command`."""
    TLS13_ONLY = auto()
    """Nothing below TLS 1.3 is offered."""


def judge_ciphers(spec: str) -> CipherVerdict:
    """Judge a list as Node splits it: parts that start with `TLS_` are TLS 1.3 suites, the rest is OpenSSL's."""
    parts = [part for part in spec.split(":") if part]
    suites = [part for part in parts if part.startswith("TLS_")]
    words = ":".join(part for part in parts if not part.startswith("TLS_"))
    if suites and not any(part in TLS13_SUITES or re.fullmatch(_OTHER_SUITE, part) for part in suites):
        return CipherVerdict.BROKEN
    if words and not _selects(words):
        return CipherVerdict.BROKEN
    if not words and all(part in TLS13_SUITES for part in suites):
        return CipherVerdict.TLS13_ONLY if suites else CipherVerdict.BROKEN
    return CipherVerdict.FINE


def _selects(words: str) -> bool:
    """Say whether any item adds a suite. Items with `!`, `-`, `+`, `@` before them only take away, move or set."""
    if not re.fullmatch(r"[A-Za-z0-9.:, ;@=!+_-]*", words):
        return False  # OpenSSL: invalid command
    items = (item.partition("@")[0].partition("!")[0] for item in re.split(_SEPARATORS, words))
    return any(item and item[0] not in "!-+@" and all(map(_is_known, item.split("+"))) for item in items)


def _is_known(word: str) -> bool:
    return word in WORDS or word in SUITES or re.fullmatch(_OTHER_SUITE, word) is not None
