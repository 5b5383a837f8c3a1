"""Behaviours from MAIL FROM to the reply to the message, and what the sender address is made of."""

from __future__ import annotations

from conformance.behaviour import LOGIN, ONLY_LOGIN, Behaviour
from smtpwizard.sandbox.scripted import CLOSE, RESET, SILENCE, Play, Script, Stage, drip, raw, reply

PLAIN = Script()


def _at(stage: Stage, name: str, *plays: Play) -> Behaviour:
    return Behaviour(f"{stage.name}: {name}", PLAIN.but(stage, *plays), ONLY_LOGIN)


MAIL, RCPT, DATA, DOT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT
REFUSALS = {
    MAIL: ("530 5.7.0 Authentication required", "550 5.7.1 Sender address rejected", "451 4.3.0 try later"),
    RCPT: ("554 5.7.1 Relay access denied", "550 5.1.1 unknown user", "450 4.2.0 greylisted"),
    DATA: ("554 5.5.1 no valid recipients", "452 4.3.1 no space"),
    DOT: ("550 The from address does not match a verified Sender Identity", "554 5.7.1 spam", "452 4.5.3 rate"),
}
SENDERS = {
    "a display name": "App <app@example.com>",
    "brackets": "<app@example.com>",
    "no domain": "apikey",
    "a domain in capitals": "app@EXAMPLE.COM",
    "a domain beyond ASCII": "app@bücher.example",
    "a local part beyond ASCII": "büro@example.com",
    "a blank in it": "my app@example.com",
    "two addresses": "a@example.com, b@example.com",
    "quotes": '"app"@example.com',
    "a closing bracket": "app@example.com>",
}

ALL: tuple[Behaviour, ...] = (
    *(_at(stage, text[:3], reply(text)) for stage, texts in REFUSALS.items() for text in texts),
    *(_at(stage, "closed", CLOSE) for stage in REFUSALS),
    *(_at(stage, "silent", SILENCE) for stage in REFUSALS),
    *(_at(stage, "reset", RESET) for stage in (MAIL, RCPT, DATA)),
    *(_at(stage, "421 and close", reply("421 4.3.2 shutting down"), CLOSE) for stage in REFUSALS),
    *(_at(stage, "empty line", raw("\r\n")) for stage in REFUSALS),
    *(_at(stage, "no digits", reply("pardon?")) for stage in REFUSALS),
    _at(MAIL, "251", reply("251 fine")),
    _at(MAIL, "354", reply("354 fine")),
    _at(RCPT, "252", reply("252 cannot say")),
    _at(DATA, "250 instead of 354", reply("250 go on")),
    _at(DATA, "354 octet by octet", drip("354 go on\r\n")),
    _at(DOT, "254 (suppressed)", reply("254 4.7.1 Suppressing")),
    _at(DOT, "several lines", reply("250-2.0.0 Ok", "250 2.0.0 queued as 12AB34")),
    _at(DOT, "half a 250, then closed", raw("250 2.0.0 O"), CLOSE),
    _at(DOT, "half a 451, then closed", raw("451 4.3.0 tr"), CLOSE),
    Behaviour("login required, MAIL refused without one", Script(login_required=True)),
    Behaviour(
        "SMTPUTF8 offered",
        Script(keywords=("SMTPUTF8", "8BITMIME")),
        {"a sender beyond ASCII": {**LOGIN, "SMTP_SENDER": "büro@example.com"}},
    ),
    Behaviour(
        "SMTPUTF8 offered, a recipient beyond ASCII",
        Script(keywords=("SMTPUTF8", "8BITMIME")),
        ONLY_LOGIN,
        to="lesër@bücher.example",
    ),
    Behaviour("SMTPUTF8 not offered, a recipient beyond ASCII", PLAIN, ONLY_LOGIN, to="lesër@bücher.example"),
    Behaviour(
        "SMTPUTF8 not offered, a recipient beyond ASCII refused",
        PLAIN.but(RCPT, reply("553 5.6.7 non-ASCII addresses need SMTPUTF8")),
        ONLY_LOGIN,
        to="lesër@bücher.example",
    ),
    Behaviour(
        "SMTPUTF8 offered, a sender beyond ASCII refused",
        Script(keywords=("SMTPUTF8", "8BITMIME")).but(MAIL, reply("550 5.6.7 mailbox name not allowed")),
        {"a sender beyond ASCII": {**LOGIN, "SMTP_SENDER": "büro@example.com"}},
    ),
    Behaviour(
        "SIZE smaller than the message, refused after it",
        Script(keywords=("SIZE 10",)).but(DOT, reply("552 5.3.4 Message size exceeds fixed limit")),
        ONLY_LOGIN,
    ),
    Behaviour(
        "senders",
        PLAIN,
        {f"SMTP_SENDER with {name}": {**LOGIN, "SMTP_SENDER": value} for name, value in SENDERS.items()},
    ),
)
