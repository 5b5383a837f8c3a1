"""SMTP_TLS and SMTP_OPPORTUNISTIC_TLS: how they are read, whether they fit the port, and what may go in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from smtpwizard.clients.nestjs import boolean
from smtpwizard.lint.context import (
    IMPLICIT_PORTS,
    NO_REPAIR,
    Case,
    Repair,
    best_tls,
    drop,
    finding,
    put,
    put_or_drop,
    shown,
    switch_port,
)
from smtpwizard.presets.schema import PortChoice, TlsMode
from smtpwizard.problems import Problem, Severity

_TLS_VARIABLE: Final = "SMTP_TLS"
_CERTAIN_STARTTLS: Final = frozenset({25, 587, 2587})
"""Ports on which no public server speaks TLS at once; some do on 2525."""


def check_tls(case: Case) -> Iterator[Problem]:
    """Yield the reading of both variables, then the TLS mode against the port's."""
    if not case.settings.tls or boolean(case.settings.tls) is not None:
        yield from _spelling(case, case.settings.tls or "")
        yield from _mode(case)
    if case.settings.opportunistic_tls and boolean(case.settings.opportunistic_tls) is not None:
        message = "The app does not use SMTP_OPPORTUNISTIC_TLS: with SMTP_TLS=false it upgrades wherever it can."
        why = " The line stands as in the app's guide." if case.provider and case.provider.guide else " It may stay."
        yield finding("opportunistic-tls-ignored", Severity.INFO, "SMTP_OPPORTUNISTIC_TLS", message + why)


def _spelling(case: Case, text: str) -> Iterator[Problem]:
    if text in ("", "true", "false"):
        return
    right = put_or_drop(_TLS_VARIABLE, best_tls(case, text))
    if boolean(text):
        message = (
            f"SMTP_TLS is `{shown(text)}`: from the container's environment the app reads it as off, from its own .env "
            "as on. Write `true` or `false` in small letters, without blanks."
        )
        yield finding("tls-misread", Severity.WARNING, _TLS_VARIABLE, message, right)
    else:
        message = f"SMTP_TLS is `{shown(text)}`, which the app reads as off. Write `false` in small letters."
        yield finding("tls-spelling", Severity.INFO, _TLS_VARIABLE, message, right)


def _mode(case: Case) -> Iterator[Problem]:
    mode, port = case.port_mode, case.port
    if mode is None:
        return
    known = case.listed_mode is not None and not case.local
    sure = known or (case.public and port in IMPLICIT_PORTS | _CERTAIN_STARTTLS)
    severity = Severity.ERROR if sure else Severity.WARNING
    if mode is TlsMode.IMPLICIT and not case.secure:
        message = (
            f"Port {port} speaks TLS from the first byte, and with SMTP_TLS off the app waits for a greeting in clear "
            "that never comes (ETIMEDOUT after 30 s). Set SMTP_TLS=true."
        )
        yield finding("tls-off-on-tls-port", severity, _TLS_VARIABLE, message, put(_TLS_VARIABLE, "true"))
    elif mode is TlsMode.STARTTLS and case.secure:
        message = (
            f"Port {port} begins in clear and is upgraded with STARTTLS, but with SMTP_TLS=true the app opens TLS at "
            "once and fails (`wrong version number`). Set SMTP_TLS=false; it upgrades by itself."
        )
        yield finding("tls-on-starttls-port", severity, _TLS_VARIABLE, message, put(_TLS_VARIABLE, "false"))
    elif mode is TlsMode.NONE and case.secure:
        message = f"Port {port} speaks no TLS, and with SMTP_TLS=true the app opens with it. Set SMTP_TLS=false."
        yield finding("tls-on-clear-port", severity, _TLS_VARIABLE, message, put(_TLS_VARIABLE, "false"))
    elif not case.secure:
        yield from _in_clear(case, mode)


def _in_clear(case: Case, mode: TlsMode) -> Iterator[Problem]:
    """Tell where the password could cross a public network readable."""
    if not case.public or not (case.settings.username and case.settings.password):
        return
    if mode is TlsMode.NONE:
        message = f"Port {case.port} has no TLS: password and mails cross the network in clear. Choose a port with TLS."
        yield finding("clear-text-login", Severity.WARNING, _TLS_VARIABLE, message, _stricter(case))
    elif case.port != 25 or case.provider is None:  # for 25 there is a better port: see `port`
        message = f"On {case.port} the app goes on in clear, password included, when the server offers no STARTTLS."
        yield finding("starttls-fallback", Severity.INFO, "SMTP_PORT", f"{message} {_way_out(case)}", _stricter(case))


def _way_out(case: Case) -> str:
    choice = _implicit(case)
    if choice:
        return f"{choice.port} with TLS cannot fall back to clear text."
    if case.provider:
        return f"{case.provider.name} has no port with TLS from the first byte."
    return "If the server has 465, that with SMTP_TLS=true cannot fall back to clear text."


def _stricter(case: Case) -> Repair:
    choice = _implicit(case)
    return switch_port(case, choice) if choice else NO_REPAIR


def _implicit(case: Case) -> PortChoice | None:
    ports = case.provider.ports if case.provider else ()
    return next((item for item in ports if item.tls is TlsMode.IMPLICIT and item.verified), None)


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


_CIPHER_VARIABLE: Final = "SMTP_CIPHER_SPEC"


def check_cipher(case: Case) -> Iterator[Problem]:
    """Yield what becomes of connections with this list."""
    spec = case.settings.cipher_spec
    if not spec:
        return
    verdict = judge_ciphers(spec)
    if verdict is CipherVerdict.BROKEN:
        clear = not case.secure and (case.listed_mode is TlsMode.NONE or not case.public)
        message = (
            f"OpenSSL has no cipher `{shown(spec)}`, so every TLS connection fails (`no cipher match`). "
            "Leave SMTP_CIPHER_SPEC out: TLS 1.2 and 1.3 both work then."
        )
        yield finding(
            "cipher-unknown",
            Severity.WARNING if clear else Severity.ERROR,
            _CIPHER_VARIABLE,
            message,
            drop(_CIPHER_VARIABLE),
        )
    elif verdict is CipherVerdict.TLS13_ONLY:
        message = (
            "SMTP_CIPHER_SPEC names TLS 1.3 suites alone: a server that speaks only TLS 1.2 cannot be reached. "
            "Leave it out to allow both."
        )
        yield finding("cipher-tls13-only", Severity.INFO, _CIPHER_VARIABLE, message, drop(_CIPHER_VARIABLE))
