"""Behaviours of STARTTLS and implicit TLS: offers, replies, injections, certificates, versions, ciphers.

A reset inside TLS is left out: nodemailer itself reports it now as ESOCKET, now as ECONNECTION.
"""

from __future__ import annotations

from conformance.behaviour import LOGIN, ONLY_LOGIN, Behaviour
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, UPGRADE, Play, Script, Stage, raw, reply, wait

OFFERED = Script(starttls=True)
IMPLICIT = Script(implicit=True)
STARTTLS = Stage.STARTTLS
CERTIFICATES = {
    "names-only": "trusted",
    "common-name-only": "for the common name only",
    "wrong-name": "for another name",
    "expired": "expired",
    "not-yet-valid": "not yet valid",
    "untrusted": "of an unknown authority",
    "untrusted-expired": "of an unknown authority, and expired",
    "untrusted-with-intermediate": "of an unknown authority, with its intermediate",
    "untrusted-with-root": "of an unknown authority, with its root",
    "with-intermediate": "with its intermediate",
    "without-intermediate": "without its intermediate",
    "self-signed": "self-signed",
    "ecdsa": "with an elliptic key",
}
CIPHERS = {
    "TLSv1.2": "TLSv1.2",
    "TLSv1.3": "TLSv1.3",
    "an unknown word": "nonsense",
    "a suite of TLS 1.3": "TLS_AES_128_GCM_SHA256",
    "a suite of TLS 1.3 and TLSv1.2": "TLS_AES_256_GCM_SHA384:TLSv1.2",
    "an unknown suite and TLSv1.2": "TLS_NOPE:TLSv1.2",
    "one cipher": "ECDHE-RSA-AES128-GCM-SHA256",
    "HIGH": "HIGH",
    "DEFAULT@SECLEVEL=0": "DEFAULT@SECLEVEL=0",
    "SSLv3": "SSLv3",
    "colons": "::",
}
EVERY_CIPHER = {f"SMTP_CIPHER_SPEC {name}": {**LOGIN, "SMTP_CIPHER_SPEC": value} for name, value in CIPHERS.items()}


def _starttls(name: str, *plays: Play) -> Behaviour:
    return Behaviour(f"STARTTLS: {name}", OFFERED.but(STARTTLS, *plays))


ALL: tuple[Behaviour, ...] = (
    Behaviour("all is well, with STARTTLS", OFFERED),
    Behaviour("all is well, with implicit TLS", IMPLICIT),
    Behaviour("STARTTLS: login offered only after it", Script(starttls=True, clear_login=False)),
    Behaviour(
        "STARTTLS: offered again inside TLS",
        OFFERED.but(Stage.SECURE_EHLO, reply("scripted.example", "STARTTLS", "250 AUTH PLAIN")),
    ),
    Behaviour("STARTTLS: no login offered inside TLS", OFFERED.but(Stage.SECURE_EHLO, reply("250 scripted.example"))),
    Behaviour("STARTTLS: EHLO refused inside TLS", OFFERED.but(Stage.SECURE_EHLO, reply("502 no"))),
    Behaviour("STARTTLS: closed at EHLO inside TLS", OFFERED.but(Stage.SECURE_EHLO, CLOSE)),
    Behaviour("STARTTLS: silent at EHLO inside TLS", OFFERED.but(Stage.SECURE_EHLO, SILENCE)),
    Behaviour("STARTTLS: written as one of two words", Script(keywords=("XSTARTTLS", "STARTTLS2"))),
    Behaviour(
        "STARTTLS: named in a sentence",
        Script(keywords=("X-HINT use STARTTLS please",)).but(STARTTLS, reply("502 5.5.1 not here")),
    ),
    _starttls("454", reply("454 4.7.0 TLS not available due to local problem")),
    _starttls("454 and close", reply("454 4.7.0 TLS not available"), CLOSE),
    _starttls("500", reply("500 unknown command")),
    _starttls("354", reply("354 go ahead")),
    _starttls("250, then TLS", reply("250 ok") + UPGRADE),
    _starttls("several lines, then TLS", reply("ready", "220 go ahead") + UPGRADE),
    _starttls("empty line", raw("\r\n")),
    _starttls("closed", CLOSE),
    _starttls("closed after half a 220", raw("220 rea"), CLOSE),
    _starttls("silent", SILENCE),
    _starttls("220, then closed", reply("220 go ahead"), CLOSE),
    _starttls("220, then silent", reply("220 go ahead"), SILENCE),
    _starttls("220, then words in clear text", reply("220 go ahead"), wait(0.2), raw("500 what?\r\n"), SILENCE),
    _starttls("220, then binary", reply("220 go ahead"), wait(0.2), raw(bytes(range(256)) * 4), SILENCE),
    _starttls("220 with words in one segment", raw("220 go ahead\r\nhello there\r\n"), SILENCE),
    _starttls("220 with a reply injected", raw("220 go ahead\r\n250 injected\r\n") + UPGRADE),
    _starttls("220 with a refusal injected", raw("220 go ahead\r\n554 injected\r\n") + UPGRADE),
    _starttls("220 with half a line injected", raw("220 go ahead\r\n250-AUTH XOAUTH2 ") + UPGRADE),
    _starttls("220 with half a refusal injected", raw("220 go ahead\r\n554 no ") + UPGRADE),
    _starttls("220 with the beginning of a reply injected", raw("220 go ahead\r\n250-injected\r\n") + UPGRADE),
    *(
        Behaviour(f"{mode}: certificate {title}", script, ONLY_LOGIN, certificate=kind)
        for mode, script in (("STARTTLS", OFFERED), ("implicit TLS", IMPLICIT))
        for kind, title in CERTIFICATES.items()
    ),
    Behaviour("implicit TLS: address in the certificate", IMPLICIT, ONLY_LOGIN, host="127.0.0.1"),
    Behaviour("implicit TLS: address not in the certificate", IMPLICIT, ONLY_LOGIN, "names-only", host="127.0.0.1"),
    Behaviour("STARTTLS: address not in the certificate", OFFERED, ONLY_LOGIN, "names-only", host="127.0.0.1"),
    Behaviour("implicit TLS: settings without TLS", IMPLICIT, {"SMTP_TLS=false": {**LOGIN, "SMTP_TLS": "false"}}),
    Behaviour("implicit TLS: closed before the greeting", IMPLICIT.but(Stage.GREETING, CLOSE)),
    Behaviour("implicit TLS: silent before the greeting", IMPLICIT.but(Stage.GREETING, SILENCE)),
    Behaviour("implicit TLS: closed at EHLO", IMPLICIT.but(Stage.EHLO, CLOSE)),
    Behaviour("implicit TLS: 554 as greeting", IMPLICIT.but(Stage.GREETING, reply("554 5.7.1 no"))),
    *(
        Behaviour(f"{mode}: {title}", script, EVERY_CIPHER, certificate=kind)
        for mode, script in (("STARTTLS", OFFERED), ("implicit TLS", IMPLICIT))
        for kind, title in {
            "rsa": "ciphers against TLS 1.2 and 1.3",
            "tls-1.2-only": "ciphers against TLS 1.2 only",
            "tls-1.3-only": "ciphers against TLS 1.3 only",
            "one-cipher": "ciphers against a single one of TLS 1.2",
        }.items()
    ),
    Behaviour("implicit TLS: TLS 1.1 only", IMPLICIT, ONLY_LOGIN, "tls-1.1-only"),
    Behaviour("STARTTLS: TLS 1.1 only", OFFERED, ONLY_LOGIN, "tls-1.1-only"),
    Behaviour(
        "SMTP_CIPHER_SPEC nobody knows, in clear text",
        Script(),
        {"SMTP_CIPHER_SPEC an unknown word": EVERY_CIPHER["SMTP_CIPHER_SPEC an unknown word"]},
    ),
)
