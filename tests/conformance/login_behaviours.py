"""Behaviours of the login: what is offered in which form, and every reply at every step of it."""

from __future__ import annotations

from conformance.behaviour import BOTH, LOGIN, ONLY_LOGIN, Behaviour
from smtpwizard.sandbox.scripted import CLOSE, RESET, SILENCE, Play, Script, Stage, drip, raw, reply
from smtpwizard.secret import Secret

PLAIN = Script(mechanisms=("PLAIN",))
PROMPTING = PLAIN.but(Stage.AUTH, reply("334 "))
WITH_LOGIN = Script(mechanisms=("LOGIN",))
CRAM = Script(mechanisms=("CRAM-MD5",))
SECRET = Secret(LOGIN["SMTP_PASSWORD"])
WRONG = {"wrong password": {**LOGIN, "SMTP_PASSWORD": "not this one"}}
HALF = {
    "user without password": {"SMTP_USERNAME": "app@example.com"},
    "password without user": {"SMTP_PASSWORD": "correct horse"},
}
EVERY_KIND = {"login": LOGIN, **WRONG, **HALF, "no login": {}}


def _checked(*mechanisms: str) -> Behaviour:
    script = Script(mechanisms=mechanisms, username=LOGIN["SMTP_USERNAME"], password=SECRET, login_required=True)
    return Behaviour(f"login: {', '.join(mechanisms)}, checked", script, EVERY_KIND)


def _offer(name: str, *lines: str, crashes: bool = False) -> Behaviour:
    play = reply("scripted.example", *lines[:-1], f"250 {lines[-1]}")
    return Behaviour(f"login offered as: {name}", Script().but(Stage.EHLO, play), BOTH, crashes=crashes)


def _plain(name: str, *plays: Play) -> Behaviour:
    return Behaviour(f"AUTH PLAIN: {name}", PLAIN.but(Stage.PASSWORD, *plays), ONLY_LOGIN)


def _login(name: str, stage: Stage, *plays: Play) -> Behaviour:
    return Behaviour(f"AUTH LOGIN: {name}", WITH_LOGIN.but(stage, *plays), ONLY_LOGIN)


def _cram(name: str, stage: Stage, *plays: Play) -> Behaviour:
    return Behaviour(f"AUTH CRAM-MD5: {name}", CRAM.but(stage, *plays), ONLY_LOGIN)


ALL: tuple[Behaviour, ...] = (
    _checked("PLAIN"),
    _checked("LOGIN"),
    _checked("CRAM-MD5"),
    _checked("LOGIN", "PLAIN"),
    _checked("CRAM-MD5", "LOGIN"),
    _checked("XOAUTH2", "LOGIN"),
    Behaviour("login: required, but not offered", Script(mechanisms=(), login_required=True)),
    Behaviour("login: not offered, and not required", Script(mechanisms=())),
    _offer("XOAUTH2 alone", "AUTH XOAUTH2", crashes=True),
    _offer("XOAUTH2 and OAUTHBEARER", "AUTH XOAUTH2 OAUTHBEARER", crashes=True),
    _offer("unknown mechanisms only", "AUTH GSSAPI NTLM"),
    _offer("AUTH without mechanisms", "AUTH"),
    _offer("AUTH= with PLAIN", "AUTH=PLAIN"),
    _offer("AUTH= with several", "AUTH=LOGIN PLAIN"),
    _offer("both AUTH and AUTH=", "AUTH LOGIN", "AUTH=LOGIN"),
    _offer("PLAIN-CLIENTTOKEN", "AUTH PLAIN-CLIENTTOKEN LOGIN"),
    _offer("XPLAIN", "AUTH XPLAIN LOGIN"),
    _offer("lower case", "auth login"),
    _offer("X-AUTH", "X-AUTH LOGIN"),
    _offer("tabs", "AUTH\tLOGIN\tPLAIN"),
    _offer("mechanism on the next line", "AUTH", "LOGIN"),
    _offer("SCRAM first", "AUTH SCRAM-SHA-256 PLAIN LOGIN"),
    _plain("535", reply("535 5.7.8 Error: authentication failed")),
    _plain("535 in two lines", reply("535-5.7.8 Username and Password not accepted", "535 5.7.8 see the page")),
    _plain("534", reply("534 5.7.9 Application-specific password required")),
    _plain("454", reply("454 4.7.0 Too many login attempts")),
    _plain("421 and close", reply("421 4.7.0 Too many login attempts"), CLOSE),
    _plain("504", reply("504 5.7.4 Unrecognized authentication type")),
    _plain("538", reply("538 5.7.11 Encryption required")),
    _plain("530", reply("530 5.7.0 Must issue a STARTTLS command first")),
    _plain("250 instead of 235", reply("250 fine")),
    _plain("235 octet by octet", drip("235 2.7.0 ok\r\n")),
    _plain("235 in two lines", reply("235-2.7.0 well", "235 2.7.0 done")),
    _plain("no digits", reply("come in")),
    _plain("empty line", raw("\r\n")),
    _plain("closed", CLOSE),
    _plain("reset", RESET),
    _plain("silent", SILENCE),
    _plain("half a 535, then closed", raw("535 5.7.8 no"), CLOSE),
    _plain("235, then closed", reply("235 ok"), CLOSE),
    Behaviour("AUTH PLAIN: 334, then 235", PROMPTING, ONLY_LOGIN),
    Behaviour(
        "AUTH PLAIN: 334, then 535",
        PLAIN.but(Stage.AUTH, reply("334 ")).but(Stage.PASSWORD, reply("535 no")),
        ONLY_LOGIN,
    ),
    Behaviour(
        "AUTH PLAIN: 334 for ever", PLAIN.but(Stage.AUTH, reply("334 ")).but(Stage.PASSWORD, reply("334 ")), ONLY_LOGIN
    ),
    _login("refused at once", Stage.AUTH, reply("535 5.7.8 no")),
    _login("504 at once", Stage.AUTH, reply("504 5.5.4 Encryption required")),
    _login("334 without text", Stage.AUTH, raw("334 \r\n")),
    _login("334 alone", Stage.AUTH, raw("334\r\n")),
    _login("334-", Stage.AUTH, raw("334-\r\n334 VXNlcm5hbWU6\r\n")),
    _login("refused after the user", Stage.USERNAME, reply("535 5.7.8 no such user")),
    _login("235 after the user", Stage.USERNAME, reply("235 2.7.0 ok")),
    _login("closed after the user", Stage.USERNAME, CLOSE),
    _login("silent after the user", Stage.USERNAME, SILENCE),
    _login("refused after the password", Stage.PASSWORD, reply("535 5.7.3 Authentication unsuccessful")),
    _login("closed after the password", Stage.PASSWORD, CLOSE),
    _login("closed at once", Stage.AUTH, CLOSE),
    _cram("refused at once", Stage.AUTH, reply("504 5.7.4 no")),
    _cram("challenge in two lines", Stage.AUTH, raw("334-PDE+\r\n334 PDE+\r\n")),
    _cram("challenge that is no base64", Stage.AUTH, reply("334 !!*=x")),
    _cram("no challenge", Stage.AUTH, raw("334 \r\n")),
    _cram("refused", Stage.PASSWORD, reply("535 5.7.8 no")),
    _cram("235 without text", Stage.PASSWORD, raw("235\r\n")),
    _cram("235 in two lines", Stage.PASSWORD, reply("235-2.7.0 well", "235 2.7.0 done")),
    _cram("250 instead of 235", Stage.PASSWORD, reply("250 ok")),
    _cram("closed", Stage.PASSWORD, CLOSE),
)
