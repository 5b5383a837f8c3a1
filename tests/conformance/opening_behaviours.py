"""Behaviours from the host's name to the reply to EHLO."""

from __future__ import annotations

from conformance.behaviour import ONLY_LOGIN, Behaviour
from smtpwizard.sandbox.scripted import CLOSE, RESET, SILENCE, Script, Stage, drip, endless, raw, reply, wait

PLAIN = Script()
GREETING = Stage.GREETING
EHLO = Stage.EHLO
WRONG_MODE = {"TLS from the first byte": {**ONLY_LOGIN["login"], "SMTP_TLS": "true"}}


def _greeting(name: str, *plays: tuple, **more: object) -> Behaviour:  # type: ignore[type-arg]
    return Behaviour(f"greeting: {name}", PLAIN.but(GREETING, *plays), **more)  # type: ignore[arg-type]


def _ehlo(name: str, *plays: tuple) -> Behaviour:  # type: ignore[type-arg]
    return Behaviour(f"EHLO: {name}", PLAIN.but(EHLO, *plays))


ALL: tuple[Behaviour, ...] = (
    Behaviour("all is well, in clear text", PLAIN),
    Behaviour("connect: port closed", PLAIN, port="1"),
    Behaviour("connect: port beyond 65535", PLAIN, port="99999"),
    Behaviour("connect: unknown host", PLAIN, host="no such host"),
    Behaviour("connect: host with an empty label", PLAIN, host="mail..example.com"),
    Behaviour("connect: TLS against a server in clear text", PLAIN, WRONG_MODE),
    Behaviour("connect: TLS against a silent server", PLAIN.but(GREETING, SILENCE), WRONG_MODE),
    Behaviour("connect: TLS against a server that closes", PLAIN.but(GREETING, CLOSE), WRONG_MODE),
    _greeting("several lines", reply("Welcome", "220 scripted.example ESMTP")),
    _greeting("code alone", raw("220\r\n")),
    _greeting("no ESMTP in it", reply("220 scripted.example")),
    _greeting("UTF-8", reply("220 Grüße, schönen Tag")),
    _greeting("Latin-1", raw(b"220 Gr\xfc\xdfe\r\n")),
    _greeting("LF alone ends the line", raw("220 scripted.example ESMTP\n")),
    _greeting("octet by octet", drip("220-scripted\r\n220 example ESMTP\r\n")),
    _greeting("slow", wait(0.4), reply("220 scripted.example")),
    _greeting("221 instead of 220", reply("221 scripted.example")),
    _greeting("2200 (begins with 220)", reply("2200 scripted.example")),
    _greeting("421", reply("421 4.7.0 Too many connections")),
    _greeting("421 and close", reply("421 4.7.0 Too many connections"), CLOSE),
    _greeting("450", reply("450 4.7.1 Try again later")),
    _greeting("500", reply("500 go away")),
    _greeting("554", reply("554 5.7.1 no service for you")),
    _greeting("554 in two lines", reply("no service", "554 5.7.1 for you")),
    _greeting("220-, then 554", raw("220-hello\r\n554 5.7.1 no service\r\n")),
    _greeting("554-, then 220", raw("554-hello\r\n220 scripted.example\r\n")),
    _greeting("empty line first", raw("\r\n") + reply("220 scripted.example")),
    _greeting("two of them at once", raw("220 one\r\n220 two\r\n")),
    _greeting("HTTP", raw("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), CLOSE),
    _greeting("SSH", raw("SSH-2.0-OpenSSH_9.6\r\n")),
    _greeting("binary", raw(bytes(range(256)) + b"\r\n")),
    _greeting("binary without line end", raw(bytes(range(128, 256)))),
    _greeting("no digits", reply("hello there")),
    _greeting("never", SILENCE),
    _greeting("never ends its line", raw("220 scripted"), SILENCE),
    _greeting("a line of 1 MB, then silence", raw("220 " + "x" * 1_000_000), SILENCE),
    _greeting("endless", endless("220-more\r\n", pause=0.02)),
    _greeting("closed before it", CLOSE),
    _greeting("reset before it", RESET),
    _greeting("closed after half a 220", raw("220 scripted"), CLOSE),
    _greeting("closed after half a 421", raw("421 4.3.2 shutting do"), CLOSE),
    _greeting("closed after half a 554", raw("554 5.7.1 no"), CLOSE),
    _greeting("closed within several lines", raw("421-4.3.2 shutting\r\n"), CLOSE),
    _ehlo("nothing but the name", reply("250 scripted.example")),
    _ehlo("421", reply("421 4.7.0 Try again later, closing connection. (EHLO)")),
    _ehlo("421 and close", reply("421 4.7.0 Try again later"), CLOSE),
    _ehlo("502, HELO accepted", reply("502 5.5.1 not implemented")),
    _ehlo("450, HELO accepted", reply("450 4.7.1 Host not found")),
    _ehlo("501, HELO accepted", reply("501 5.5.4 invalid name")),
    Behaviour("EHLO: 504, HELO 504", PLAIN.but(EHLO, reply("504 5.5.2 no")).but(Stage.HELO, reply("504 5.5.2 no"))),
    Behaviour("EHLO: 502, HELO 421", PLAIN.but(EHLO, reply("502 no")).but(Stage.HELO, reply("421 4.3.2 bye"))),
    Behaviour("EHLO: 502, HELO closed", PLAIN.but(EHLO, reply("502 no")).but(Stage.HELO, CLOSE)),
    _ehlo("354", reply("354 go ahead")),
    _ehlo("empty line", raw("\r\n")),
    _ehlo("no digits", reply("what?")),
    _ehlo("octet by octet", drip("250-scripted.example\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n")),
    _ehlo("lower case keywords", reply("scripted.example", "size 1000", "250 auth plain")),
    _ehlo("keywords without codes", raw("250-scripted.example\r\nAUTH PLAIN\r\n")),
    _ehlo("last line without blank", raw("250-scripted.example\r\n250-AUTH PLAIN\r\n250\r\n")),
    _ehlo("SIZE smaller than any message", reply("scripted.example", "SIZE 10", "250 AUTH PLAIN")),
    _ehlo("closed", CLOSE),
    _ehlo("reset", RESET),
    _ehlo("closed after half a 421", raw("421 4.4.2 ti"), CLOSE),
    _ehlo("closed within the keywords", raw("250-scripted.example\r\n250-SIZE 1"), CLOSE),
    _ehlo("never answered", SILENCE),
    _ehlo("never ends", raw("250-scripted.example\r\n"), SILENCE),
    _ehlo("endless", endless("250-more\r\n", pause=0.02)),
    _ehlo("a line of 1 MB, then silence", raw("250-" + "x" * 1_000_000), SILENCE),
    _ehlo("two replies at once", raw("250 one\r\n250 two\r\n")),
)
