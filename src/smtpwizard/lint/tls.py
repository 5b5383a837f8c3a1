"""How the app is told to use TLS and how it reads that, whether it fits the port, and what may go in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from smtpwizard.apps import parse
from smtpwizard.apps.parse import BOOLEANS
from smtpwizard.apps.profile import Role, Security
from smtpwizard.clients.transport import Origin, is_on, reading, value_of
from smtpwizard.lint.context import NO_REPAIR, Context, Repair, meant_boolean, shown
from smtpwizard.presets.schema import PortChoice, TlsMode
from smtpwizard.presets.values import IMPLICIT_PORTS
from smtpwizard.problems import Problem, Severity
from smtpwizard.text import listed

_CERTAIN_STARTTLS: Final = frozenset({25, 587, 2587})
"""Ports on which no public server speaks TLS at once; some do on 2525."""


def check_tls(context: Context) -> Iterator[Problem]:
    """Yield how the app reads the variables, then whether its TLS mode is the port's."""
    text = context.settings.security
    if not text or not context.refuses(Role.SECURITY, text):
        yield from _spelling(context, text or "")
        yield from _mode(context)
    yield from _switches(context)


_SWITCHES: Final = (Role.STARTTLS, Role.REQUIRE_TLS, Role.IGNORE_TLS, Role.VERIFY, Role.VERIFY_NAME, Role.AUTH)


def _switches(context: Context) -> Iterator[Problem]:
    """Tell of switches that mean something else to the app than to whoever wrote them."""
    for role in _SWITCHES:
        spec, value = context.app.spec(role), context.settings.of(role)
        if spec is None or spec.read not in BOOLEANS or not value or context.refuses(role, str(value)):
            continue
        meant, got = meant_boolean(str(value)), is_on(context.settings, role, context.origin)
        if meant is None or meant == got:
            continue
        right = next((word for word in _spellings(meant) if BOOLEANS[spec.read](word) is meant), None)
        message = f"{spec.name} is `{shown(str(value))}`, which the app treats as {'on' if got else 'off'}."
        ending = "Leave it out." if right is None else f"Write `{right}`."
        yield context.finding(
            "switch-misread", Severity.WARNING, role, f"{message} {ending}", context.put_or_drop(role, right)
        )


def _spellings(on: bool) -> tuple[str, ...]:
    return ("true", "True", "1") if on else ("false", "False", "0")


def _words(context: Context) -> set[str]:
    """Return the words for TLS that the profile knows: those of its modes, and those that its readings ask for."""
    name, app = context.variable(Role.SECURITY), context.app
    found = {text for mode in Security for key, text in (app.mode(mode) or {}).items() if key == name}
    for item in app.reads:
        for key, test in item.when.items():
            if app.slot(key) == name and test.removeprefix("!").startswith("="):
                found |= set(test.removeprefix("!")[1:].split("|"))
    spec = app.spec(Role.SECURITY)
    read = parse.WORDS.get(spec.read) if spec is not None else None
    return {read(text) for text in found} if read else found


def _spelling(context: Context, text: str) -> Iterator[Problem]:
    spec = context.app.spec(Role.SECURITY)
    if text == "" or spec is None:
        return
    if spec.read not in BOOLEANS:
        yield from _unknown_word(context, text)
        return
    if text in ("true", "false") or text in _words(context):
        return
    name = context.variable(Role.SECURITY)
    right = context.put_or_drop(Role.SECURITY, context.best_tls(text))
    environ, file = (is_on(context.settings, Role.SECURITY, origin) for origin in (Origin.ENVIRON, Origin.ENV_FILE))
    if environ != file:
        message = (
            f"{name} is `{shown(text)}`: from the container's environment the app treats it as off, from its own .env "
            "as on. Write `true` or `false` in small letters, without blanks."
        )
        yield context.finding("tls-misread", Severity.WARNING, Role.SECURITY, message, right)
    elif environ and meant_boolean(text) is not True:
        message = f"{name} is `{shown(text)}`, which the app treats as on. Write `true` or `false` in small letters."
        yield context.finding("tls-misread", Severity.WARNING, Role.SECURITY, message, right)
    else:
        read, word = ("on", "true") if environ else ("off", "false")
        message = f"{name} is `{shown(text)}`, which the app treats as {read}. Write `{word}` in small letters."
        yield context.finding("tls-spelling", Severity.INFO, Role.SECURITY, message, right)


def _unknown_word(context: Context, text: str) -> Iterator[Problem]:
    """Tell of a word that the app takes for another, without a sign."""
    known, spec = _words(context), context.app.spec(Role.SECURITY)
    word = value_of(context.settings, Role.SECURITY, context.origin).word
    if not known or word in known or context.mode is None or (spec is not None and spec.default == text):
        return
    words = listed(sorted(f"`{item}`" for item in known if item), last="or")
    name = context.variable(Role.SECURITY)
    message = f"{name} is `{shown(text)}`, a word that the app does not know: {_MEANS[context.mode]}. It knows {words}."
    fitting = context.fitting_mode
    repair = context.use_mode(fitting) if fitting else NO_REPAIR
    yield context.finding("tls-unknown-word", Severity.WARNING, Role.SECURITY, message, repair)


_MEANS: Final = {
    Security.IMPLICIT: "it opens with TLS from the first byte",
    Security.STARTTLS: "it insists on STARTTLS",
    Security.OPPORTUNISTIC: "it uses STARTTLS where that is offered, and goes on in clear where not",
    Security.NONE: "it uses no TLS at all",
}


def _mode(context: Context) -> Iterator[Problem]:
    mode, port = context.port_mode, context.port
    if context.mode is None:
        why = reading(context.settings, context.origin).refused
        yield context.finding("tls-refused", Severity.ERROR, Role.SECURITY, why, _fitting(context))
        return
    if mode is None:
        return
    name, on, off = (
        context.variable(Role.SECURITY),
        context.app.assignment(Security.IMPLICIT),
        context.app.assignment(context.app.mode_for(TlsMode.STARTTLS)),
    )
    known = context.listed_mode is not None and not context.local
    sure = known or (context.public and port in IMPLICIT_PORTS | _CERTAIN_STARTTLS)
    severity = Severity.ERROR if sure else Severity.WARNING
    if mode is TlsMode.IMPLICIT and not context.secure:
        message = (
            f"Port {port} speaks TLS from the first byte, and with {name} off the app waits for a greeting in clear "
            f"that never comes{_HOW_LONG.get(context.app.client.model, '')}. Set {on}."
        )
        yield context.finding("tls-off-on-tls-port", severity, Role.SECURITY, message, context.use_mode(mode))
    elif mode is TlsMode.STARTTLS and context.secure:
        message = (
            f"Port {port} begins in clear and is upgraded with STARTTLS, but with {on} the app opens TLS at "
            f"once and fails (`wrong version number`). Set {off}; it upgrades by itself."
        )
        yield context.finding("tls-on-starttls-port", severity, Role.SECURITY, message, context.use_mode(mode))
    elif mode is TlsMode.NONE and context.secure:
        message = f"Port {port} speaks no TLS, and with {on} the app opens with it. Set {off}."
        yield context.finding("tls-on-clear-port", severity, Role.SECURITY, message, context.use_mode(mode))
    elif not context.secure and context.mode is not Security.STARTTLS:
        yield from _in_clear(context, mode)


_HOW_LONG: Final = {"nodemailer": " (ETIMEDOUT after 30 s)"}
"""Client → how its waiting ends."""


def _fitting(context: Context) -> Repair:
    """Return the repair that gives the app the TLS mode that fits its port."""
    return context.use_mode(context.fitting_mode) if context.fitting_mode else NO_REPAIR


def _in_clear(context: Context, mode: TlsMode) -> Iterator[Problem]:
    """Tell where the password could cross a public network readable."""
    if not context.public or not (context.settings.username and context.settings.password):
        return
    if context.mode is Security.NONE and not is_on(context.settings, Role.IGNORE_TLS, context.origin):
        if mode is TlsMode.NONE:
            return
        message = (
            f"The app is told to use no TLS on port {context.port}: password and mails cross the network in clear. Set "
            f"{context.app.assignment(context.app.mode_for(mode))}."
        )
        yield context.finding("clear-text-login", Severity.WARNING, Role.SECURITY, message, context.use_mode(mode))
    elif is_on(context.settings, Role.IGNORE_TLS, context.origin):
        message = (
            f"With {context.variable(Role.IGNORE_TLS)} on, the app leaves STARTTLS alone: password and mails cross the "
            "network in clear."
        )
        drop = context.drop(Role.IGNORE_TLS)
        yield context.finding("clear-text-login", Severity.WARNING, Role.IGNORE_TLS, message, drop)
    elif mode is TlsMode.NONE:
        message = (
            f"Port {context.port} has no TLS: password and mails cross the network in clear. Choose a port with TLS."
        )
        yield context.finding("clear-text-login", Severity.WARNING, Role.SECURITY, message, _stricter(context))
    elif (context.port != 25 or context.provider is None) and (way_out := _way_out(context)):  # for 25 see `port`
        message = f"On {context.port} the app goes on in clear, password included, when the server offers no STARTTLS."
        yield context.finding("starttls-fallback", Severity.INFO, Role.PORT, f"{message} {way_out}", _stricter(context))
        if context.settings.opportunistic == "false":
            message = f"{context.variable(Role.OPPORTUNISTIC)}=false does not forbid that: the app does not use it."
            yield context.finding("opportunistic-tls-ignored", Severity.INFO, Role.OPPORTUNISTIC, message)


def _way_out(context: Context) -> str:
    """Return what cannot fall back to clear text; '' where the provider has nothing of the kind."""
    choice = _implicit(context)
    if choice:
        return f"{choice.port} with TLS cannot fall back to clear text."
    if context.provider:
        return ""
    return (
        f"If the server has 465, that with {context.app.assignment(Security.IMPLICIT)} cannot fall back to clear text."
    )


def _stricter(context: Context) -> Repair:
    choice = _implicit(context)
    return context.switch_port(choice) if choice else NO_REPAIR


def _implicit(context: Context) -> PortChoice | None:
    ports = context.provider.ports if context.provider else ()
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


def check_cipher(context: Context) -> Iterator[Problem]:
    """Yield what becomes of connections with this list."""
    spec = context.settings.ciphers
    if not spec:
        return
    verdict = judge_ciphers(spec)
    if verdict is CipherVerdict.BROKEN:
        clear = not context.secure and (context.listed_mode is TlsMode.NONE or not context.public)
        message = (
            f"OpenSSL has no cipher `{shown(spec)}`, so every TLS connection fails (`no cipher match`). "
            f"Leave {context.variable(Role.CIPHERS)} out: TLS 1.2 and 1.3 both work then."
        )
        yield context.finding(
            "cipher-unknown",
            Severity.WARNING if clear else Severity.ERROR,
            Role.CIPHERS,
            message,
            context.drop(Role.CIPHERS),
        )
    elif verdict is CipherVerdict.TLS13_ONLY:
        message = (
            f"{context.variable(Role.CIPHERS)} names TLS 1.3 suites alone: a server that speaks only TLS 1.2 cannot "
            "be reached. "
            "Leave it out to allow both."
        )
        yield context.finding("cipher-tls13-only", Severity.INFO, Role.CIPHERS, message, context.drop(Role.CIPHERS))
