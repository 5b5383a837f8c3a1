"""The cases of the clients of PHP, Ruby and Java, and how each is used. Data only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.clients.behaviours import LIMIT, Case, cases
from conformance.clients.suite import Usage, without
from smtpwizard.apps.profile import Security
from smtpwizard.sandbox.scripted import CLOSE, GONE, SILENCE, Script, Stage, reply
from support import debian_clients

_USER: Final = {"user": "app@example.com", "password": "correct horse"}
_CLEAR: Final = Script()
_MORE: Final = {
    "RCPT: 530": _CLEAR.but(Stage.RCPT, reply("530 5.7.1 log in first")),
    "RCPT: 421 alone": _CLEAR.but(Stage.RCPT, reply("421 4.3.2 too busy")),
    "RCPT: 354": _CLEAR.but(Stage.RCPT, reply("354 what")),
    "MAIL: 421 alone": _CLEAR.but(Stage.MAIL, reply("421 4.3.2 too busy")),
    "QUIT: 500 after a mail that was taken": _CLEAR.but(Stage.QUIT, reply("500 what")),
    "QUIT: closed after a mail that was taken": _CLEAR.but(Stage.QUIT, CLOSE),
    "QUIT: no answer after a mail that was taken": _CLEAR.but(Stage.QUIT, SILENCE),
    "DATA: gone without 354": _CLEAR.but(Stage.DATA, GONE),
    "login: all of PLAIN, LOGIN and CRAM-MD5 refused": Script(mechanisms=("PLAIN", "LOGIN", "CRAM-MD5")).but(
        Stage.PASSWORD, reply("535 5.7.8 no")
    ),
    "STARTTLS: offered in lower case": Script(keywords=("starttls", "8bitmime")).but(Stage.STARTTLS, reply("454 no")),
}
_BEYOND_ASCII: Final = "beyond ASCII"
"""Senders and recipients with letters beyond ASCII are written by each app's own mail class, not by the client."""


def _played(modes: tuple[Security, ...], *, limited: bool = False) -> Iterator[Case]:
    """Yield the cases of all clients, and those of the behaviours above."""
    for case in cases(modes, limited=limited):
        if case.sender == "app@example.com" and _BEYOND_ASCII not in case.behaviour:
            yield case
    lax = Security.NONE if Security.NONE in modes else Security.OPPORTUNISTIC
    for name, script in _MORE.items():
        chosen = [mode for mode in modes if mode is not Security.IMPLICIT] if name.startswith("STARTTLS") else [lax]
        yield from (Case(name, script, mode, **_USER) for mode in chosen)


def _secured(case: Case) -> bool:
    return "certificate" in case.behaviour and case.mode is not Security.NONE


def _logs_in(case: Case) -> bool:
    return case.behaviour.startswith(("login", "AUTH")) and bool(case.user and case.password)


def symfony_cases() -> Iterator[Case]:
    """Yield the cases of Symfony Mailer: STARTTLS if offered, or TLS from the first byte."""
    for case in _played((Security.IMPLICIT, Security.OPPORTUNISTIC)):
        yield case
        if _secured(case):
            yield replace(case, verify=False)


def net_smtp_cases() -> Iterator[Case]:
    """Yield the cases of net-smtp: all four modes, and the mechanisms that are set."""
    for case in _played(tuple(Security)):
        yield case
        if _secured(case):
            yield replace(case, verify=False)
        if _logs_in(case) and case.mode is not Security.IMPLICIT:
            yield replace(case, options={"auth_mechanism": "login"})
            yield replace(case, options={"auth_mechanism": "cram_md5"})


def jakarta_cases() -> Iterator[Case]:
    """Yield the cases of Jakarta Mail: all four modes, with and without a look at the certificate's name."""
    for case in _played(tuple(Security), limited=True):
        yield case
        if _secured(case):
            yield replace(case, verify=False)
            yield replace(case, options={"checkserveridentity": "true"})
        if _logs_in(case) and case.mode is not Security.IMPLICIT:
            yield replace(case, options={"auth_mechanism": "PLAIN"})


_CLOSED: Final = re.compile(
    r'Expected response code "[^"]*" but got empty code\.'
    r'|Connection to "[^"]*" has been closed unexpectedly\.'
    r"|Unable to write bytes on the wire\."
)
"""PHP's three ways to say that the connection is gone: which one depends on when its end arrives."""
_LIBRARY: Final = ("TLS 1.1 only", "port beyond 65535")
"""Where the words are those of a library that looks at other things than ours, or name an address."""


def symfony() -> Usage:
    """Return how Symfony Mailer is used: with its own limit of a minute made short."""
    version, command = debian_clients.symfony()
    return Usage(
        "symfony-mailer",
        f"Symfony Mailer {version}",
        command,
        "factory",
        version=version,
        login="any",
        limit=LIMIT,
        normal=lambda text: _CLOSED.sub("(closed)", re.sub(r"(?<=:)\d{2,5}(?=[\" )])", "PORT", text)),
        either=("reset before it", "closed within several lines", "closed within the keywords", *_LIBRARY),
    )


def net_smtp() -> Usage:
    """Return how net-smtp is used: with the mail gem's limit made short."""
    version, gem, command = debian_clients.net_smtp()
    return Usage(
        "net-smtp",
        f"net-smtp {version} under mail {gem}",
        command,
        "mail",
        version=version,
        login="any",
        limit=LIMIT,
        normal=lambda text: without(r"peeraddr=\S+ ")(text).partition("\n\n")[0].strip(),
        either=("reset before it", *_LIBRARY),
    )


def jakarta() -> Usage:
    """Return how Jakarta Mail is used: without a limit, as it is when the app sets none."""
    version, command = debian_clients.jakarta()
    return Usage(
        "jakarta-mail",
        f"Jakarta Mail {version}",
        command,
        "transport",
        version=version,
        login="any",
        normal=without(r"(, port: )\d+|(, )\d+(?=; timeout)", r"\1\2PORT"),
        either=("reset before it", *_LIBRARY),
        apart={"login offered as: unknown mechanisms only": "one of them is NTLM, which is not played"},
    )
