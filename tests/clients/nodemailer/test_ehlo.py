"""What EHLO offers is read with the client's own patterns, in linear time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.apps.parse import JS_SPACE
from smtpwizard.clients.model import Capabilities
from smtpwizard.clients.nodemailer.channel import MECHANISMS, offers, read

PIECES = [
    "AUTH",
    "auth",
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "XOAUTH2",
    "250-",
    "250 ",
    "\n",
    " ",
    "=",
    "-",
    "\t",
    "X",
    "\ufeff",
]


def clients_pattern(name: str) -> re.Pattern[str]:
    """nodemailer 8.0.5's own pattern; `\\s` as JavaScript has it."""
    blank = f"[{JS_SPACE}]"
    return re.compile(rf"[ -]AUTH(?:({blank}+|=)[^\n]*{blank}+|{blank}+|=){name}", re.IGNORECASE | re.ASCII)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(MECHANISMS))
def test_a_mechanism_is_found_where_the_clients_pattern_finds_it(reply: str, name: str) -> None:
    assert offers(reply, name) == bool(clients_pattern(name).search(reply))


@given(st.lists(st.sampled_from([*PIECES, "STARTTLS", "SIZE", "SMTPUTF8", "12", "_"]), max_size=14).map("".join))
def test_other_keywords_are_found_where_the_clients_patterns_find_them(reply: str) -> None:
    flags = re.IGNORECASE | re.ASCII
    found = read(reply)
    assert found.starttls == bool(re.search(r"[ -]STARTTLS\b", reply, flags))
    assert found.smtputf8 == bool(re.search(r"[ -]SMTPUTF8\b", reply, flags))
    assert found.login == bool(re.search(r"[ -]AUTH\b", reply, flags))
    size = re.search(r"[ -]SIZE(?:[ \t]+(\d+))?", reply, flags)
    assert found.size == (int(size[1] or 0) if size else None)


@pytest.mark.parametrize(
    ("reply", "mechanisms"),
    [
        ("250-x\n250 AUTH LOGIN PLAIN", ("PLAIN", "LOGIN")),
        ("250-x\n250 AUTH=LOGIN", ("LOGIN",)),
        ("250-x\n250 AUTH CRAM-MD5 XOAUTH2", ("CRAM-MD5", "XOAUTH2")),
        ("250-x\n250 AUTH XPLAIN", ()),
        ("250-x\n250 AUTH PLAIN-CLIENTTOKEN", ("PLAIN",)),
        ("250-AUTH\n250 LOGIN", ("LOGIN",)),
        ("250-AUTH\n250-AUTH\n250 LOGIN", ("LOGIN",)),
        ("250 x", ()),
    ],
)
def test_the_order_is_the_clients_preference(reply: str, mechanisms: tuple[str, ...]) -> None:
    assert read(reply).mechanisms == mechanisms


@pytest.mark.parametrize("piece", [" AUTH-AUTH AUTH ", " AUTH\n", "-AUTH", " AUTH   ", " "])
def test_a_hostile_reply_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        reply = f"250-{piece * (length // len(piece))}"
        began = time.process_time()
        assert not offers(reply, "PLAIN")
        return time.process_time() - began

    assert seconds(800_000) < 40 * max(seconds(100_000), 0.005)  # in quadratic time it were 64 times as long


def test_keyword_lines_come_without_codes_and_without_the_name() -> None:
    assert read("250-mail.example\n250-SIZE 10\n250 AUTH PLAIN").lines == ("SIZE 10", "AUTH PLAIN")


def test_every_mechanism_is_announced_once_by_name() -> None:
    assert Capabilities(lines=("AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN", "SIZE 1", "auth ntlm")).announced == (
        "PLAIN",
        "LOGIN",
        "NTLM",
    )
