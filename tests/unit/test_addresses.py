"""What counts as a mail address, for everyone who asks; how a domain becomes ASCII; words in a row."""

from __future__ import annotations

import argparse
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.addresses import bare_address, domain_of, fault_of, is_address, to_ascii, without_addresses
from smtpwizard.cli.probing import recipients
from smtpwizard.dns.sender import sender_of
from smtpwizard.errors import InputError
from smtpwizard.prompts.console import Console
from smtpwizard.prompts.walk import _recipient
from smtpwizard.text import listed
from smtpwizard.wizard.arrival import recipient_problem

GOOD = ("ops@acme.example", "o'brien+x=1@acme.example", "jörg@münchen.example", "a@b", "ops@[192.0.2.1]")
NONE = (
    "", "ops", "@acme.example", "ops@", "a:b@c.example", 'a"b@c.example', "a@b@c.example", "<a@b.example>",
    "A <a@b.example>", "a b@c.example", "a@b.example,", "a@b.example.", "a@b.example;c@d.example", "a\u200b@b.example",
    "'a@b.example'", "mailto:a@b.example", "a@b.example\n",
)  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_a_bare_address_is_one_for_everyone(text: str) -> None:
    assert is_address(text)
    assert bare_address(text) == text
    assert recipient_problem(text) is None
    assert without_addresses(f"to {text}, he said") == "to  , he said"


@pytest.mark.parametrize("text", NONE)
def test_what_is_none_is_none_for_everyone(text: str) -> None:
    assert not is_address(text)
    assert recipient_problem(text) is not None  # what the screen shows


@pytest.mark.parametrize("text", [*GOOD, *(text for text in NONE if text == text.strip() != "")])
def test_the_three_front_ends_agree_on_a_recipient(text: str) -> None:
    """On the screen, line by line, and as an argument."""
    told = io.StringIO()
    console = Console(io.StringIO(f"{text}\n-\n"), told)
    by_prompt = _recipient(console, "") == text
    try:
        by_argument = recipients(argparse.Namespace(to=text)) == (text,)
    except InputError:
        by_argument = False
    assert by_prompt is by_argument is (recipient_problem(text) is None) is (text in GOOD)


def test_dns_is_asked_about_no_address_that_nobody_may_send_to() -> None:
    assert sender_of("ops@acme.example").domain == "acme.example"
    with pytest.raises(InputError, match="before the @ is wrong"):
        sender_of("a:b@c.example")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Ops <ops@acme.example>", "ops@acme.example"),
        (" “ops@acme.example” ", "ops@acme.example"),
        ("mailto:ops@acme.example", "ops@acme.example"),
        ("ops@acme\u200b.example.", "ops@acme.example"),
        ("a@b.example, c@d.example", ""),
        ("nobody", ""),
    ],
)
def test_the_one_address_in_a_text_is_taken_out(text: str, address: str) -> None:
    assert bare_address(text) == address


@given(st.text(max_size=60))
def test_any_text_holds_an_address_or_none(text: str) -> None:
    found = bare_address(text)
    assert found == "" or "@" in found
    assert is_address(text) is (found == text != "")


def test_a_long_text_costs_no_more_than_its_length() -> None:
    start = time.process_time()
    assert bare_address("a" * 1_000_000) == ""
    assert bare_address("a" * 500_000 + " " + "b@" * 200_000) == ""
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("undefined", "word for nothing"),
        ("${MAIL_FROM}", "place"),
        ("{{ admin_email }}", "place"),
        ("root", "no @"),
        ("图书管理系统", "no @"),
        ("Book Club", "blanks and no @"),
        ("dev@localhost", "without a dot"),
        ("sender@example_domain", "without a dot"),
        ("a@mail_out.example.com", "underscore"),
        ("a@[127.0.0.1]", "IP address"),
        ("a@192.0.2.1", "IP address"),
        ("5435435435@45435.4534", "ends in a number"),
        ("a@b@example.com", "two @"),
        ("@localhost", "nothing before"),
        ("admin@", "no domain behind"),
        ("a@.com", "dot or hyphen"),
        ("a..b@example.com", "dot or hyphen"),
        ("a@example.com.", "full stop"),
        ("a@example.com,", "comma"),
        ("a@example.com, b@example.com", "more than one"),
        ("a@example.com ", "blank at one end"),
        ("a b@example.com", "a blank in it"),
        ("App <a@example.com>", "angle brackets"),
        ("a@example.com <a@example.com>", "an address in the place of its name"),
        ("App, Inc. <a@example.com>", "only stand in quotes"),
        ("[a]@example.com,[b]@example.com", "more than one"),
        ("srs0=x=y=z@$myhostname", "a variable for its domain"),
        ("'a@example.com'", "quotes around"),
        ("mailto:a@example.com", "scheme"),
        ("=?utf-8?q?Janet?=", "encoded name"),
        ('"a b"@example.com', "quoted part"),
        ("jörg@example.com", "beyond ASCII"),
    ],
)
def test_what_is_wrong_with_an_address_is_seen(address: str, fault: str) -> None:
    assert fault in fault_of(address)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com",
        "bounce+ae49a3.2923e=b.example@mg.example.org",
        "o'neil@example.co.uk",
        "a@xn--mnchen-3ya.example",
        "123@163.com",
        "******@example.com",
        "xxxxx",
        "user@...",
        "[redacted]",
    ],
)
def test_of_an_address_that_is_in_order_or_made_unreadable_nothing_is_said(address: str) -> None:
    assert fault_of(address) == ""


def test_the_domain_is_what_is_behind_the_last_at() -> None:
    assert (domain_of("a@B.Example"), domain_of("b.example"), domain_of("")) == ("b.example", "", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Smtp.Acme.Example.", "smtp.acme.example"),
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2008, as Node has it; IDNA 2003 would say strasse
        ("MÜNCHEN。example", "xn--mnchen-3ya.example"),
        ("a\u2028b.ü", ""),
        (f"{'ü' * 64}.example", ""),
    ],
)
def test_a_domain_becomes_ascii_as_node_does_it(name: str, expected: str) -> None:
    assert to_ascii(name) == expected


def test_words_in_a_row_are_read_aloud() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(("a", "b")) == "a and b"
    assert listed(iter("abc"), "or") == "a, b or c"
