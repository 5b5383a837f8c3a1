"""Behaviours met with options of nodemailer that ABC User Feedback does not give, as Ghost gives them: requireTLS,
ignoreTLS, tls.rejectUnauthorized, name, and half a login.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.behaviour import Behaviour
from conformance.tls_behaviours import CERTIFICATES, IMPLICIT, OFFERED
from smtpwizard.sandbox.scripted import CLOSE, SILENCE, Play, Script, Stage, raw, reply

USER, PASSWORD = "mail__options__auth__user", "mail__options__auth__pass"
LOGIN: Mapping[str, str] = {USER: "app@example.com", PASSWORD: "correct horse"}
REQUIRED = {"mail__options__requireTLS": "true"}
IGNORED = {"mail__options__ignoreTLS": "true"}
UNCHECKED = {"mail__options__tls__rejectUnauthorized": "false"}

EVERY_WAY: Mapping[str, Mapping[str, str]] = {
    "requireTLS, login": {**LOGIN, **REQUIRED},
    "requireTLS": REQUIRED,
    "ignoreTLS, login": {**LOGIN, **IGNORED},
    "requireTLS and ignoreTLS, login": {**LOGIN, **REQUIRED, **IGNORED},
    "neither, login": LOGIN,
}
REFUSED_ANYWAY = ("wrong-name", "expired", "not-yet-valid", "untrusted", "self-signed", "common-name-only")
ONE_LOGIN = {"login": LOGIN}
ONE_HALF = {"user alone": {USER: LOGIN[USER]}}
HALF: Mapping[str, Mapping[str, str]] = {
    **ONE_HALF,
    "password alone": {PASSWORD: LOGIN[PASSWORD]},
    "user, empty password": {**LOGIN, PASSWORD: ""},
    "empty user, password": {**LOGIN, USER: ""},
    "both empty": {USER: "", PASSWORD: ""},
}
CLEAR = Script()


def _ghost(
    name: str, script: Script, settings: Mapping[str, Mapping[str, str]] = EVERY_WAY, certificate: str = "trusted"
) -> Behaviour:
    crashes = script.mechanisms == ("XOAUTH2",)
    return Behaviour(f"Ghost: {name}", script, settings, certificate, crashes=crashes, app="ghost")


def _switch(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return a switch in words that JavaScript takes for false, and in others that it takes for true."""
    return {
        f"{name}={text or '(empty)'}": {**LOGIN, f"mail__options__{name}": text}
        for text in ("false", "0", "null", "False", "")
    }


def _unoffered(name: str, *plays: Play) -> Behaviour:
    return _ghost(f"STARTTLS not offered, {name}", CLEAR.but(Stage.STARTTLS, *plays), {"requireTLS": REQUIRED})


ALL: tuple[Behaviour, ...] = (
    _ghost("STARTTLS offered", OFFERED),
    _ghost("STARTTLS not offered, taken all the same", CLEAR),
    _ghost("STARTTLS offered and refused", OFFERED.but(Stage.STARTTLS, reply("454 4.7.0 TLS not available"))),
    _unoffered("500", reply("500 5.5.1 unknown command")),
    _unoffered("502", reply("502 5.5.1 not implemented")),
    _unoffered("454", reply("454 4.7.0 TLS not available")),
    _unoffered("421 and close", reply("421 4.3.2 closing"), CLOSE),
    _unoffered("250 and no TLS", reply("250 ok")),
    _unoffered("220 with words in one segment", raw("220 go ahead\r\nhello there\r\n"), SILENCE),
    _unoffered("closed", CLOSE),
    _unoffered("silent", SILENCE),
    _ghost("EHLO refused", CLEAR.but(Stage.EHLO, reply("502 5.5.1 no EHLO"))),
    _ghost("EHLO gets 421", CLEAR.but(Stage.EHLO, reply("421 4.3.2 closing")), {"requireTLS": REQUIRED}),
    _ghost("EHLO and HELO refused", CLEAR.but(Stage.EHLO, reply("502 no")).but(Stage.HELO, reply("502 no"))),
    _ghost("EHLO refused inside TLS", OFFERED.but(Stage.SECURE_EHLO, reply("502 5.5.1 no EHLO"))),
    _ghost("EHLO refused inside implicit TLS", IMPLICIT.but(Stage.EHLO, reply("502 5.5.1 no EHLO"))),
    _ghost("implicit TLS", IMPLICIT),
    _ghost("login only after STARTTLS, and required", Script(starttls=True, clear_login=False, login_required=True)),
    _ghost("STARTTLS required in other words", CLEAR.but(Stage.STARTTLS, reply("502 no")), _switch("requireTLS")),
    _ghost("STARTTLS ignored in other words", OFFERED.but(Stage.STARTTLS, reply("502 no")), _switch("ignoreTLS")),
    _ghost("certificate unchecked in other words", OFFERED, _switch("tls__rejectUnauthorized"), "untrusted"),
    *(
        _ghost(f"{mode}: certificate {CERTIFICATES[kind]}", script, {"rejectUnauthorized=false": UNCHECKED}, kind)
        for mode, script in (("STARTTLS", OFFERED), ("implicit TLS", IMPLICIT))
        for kind in REFUSED_ANYWAY
    ),
    _ghost("implicit TLS: TLS 1.1 only", IMPLICIT, {"rejectUnauthorized=false": UNCHECKED}, "tls-1.1-only"),
    _ghost(
        "the name that the client gives itself is refused",
        CLEAR.but(Stage.EHLO, reply("501 5.5.4 no such name")).but(Stage.HELO, reply("501 5.5.4 no such name")),
        {"name": {"mail__options__name": "blog.example.com"}},
    ),
    _ghost("closed before the greeting", CLEAR.but(Stage.GREETING, CLOSE), ONE_LOGIN),
    _ghost("closed after half a 220", CLEAR.but(Stage.GREETING, raw("220 scrip"), CLOSE), ONE_LOGIN),
    _ghost("closed after half a 421", CLEAR.but(Stage.GREETING, raw("421 too many"), CLOSE), ONE_LOGIN),
    _ghost("closed before the greeting of implicit TLS", IMPLICIT.but(Stage.GREETING, CLOSE), ONE_LOGIN),
    _ghost("half a login, all mechanisms", Script(mechanisms=("PLAIN", "LOGIN", "CRAM-MD5")), HALF),
    _ghost("half a login, none offered", Script(mechanisms=()), HALF),
    _ghost("half a login, XOAUTH2 alone", Script(mechanisms=("XOAUTH2",)), ONE_HALF),
    _ghost("half a login, EHLO refused", CLEAR.but(Stage.EHLO, reply("502 no")), ONE_HALF),
)
