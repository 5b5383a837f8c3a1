"""Addresses that the app's unencoded links cannot carry, compared with how Node takes such a link apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.lint.mail import read_back, recipient_findings
from smtpwizard.problems import Severity
from support.node import node_json

ADDRESSES = [
    "reader@example.com", "a+b@example.com", "+a@example.com", "tom&jerry@example.com", "a#1@example.com",
    "a%41b@example.com", "50%@example.com", "a%zz@example.com", "a%ff@example.com", "a+b&c#d%20@example.com",
    "jürgen@example.com", "leser@bücher.example", "例え@例え.テスト", "a=b@example.com", "o'hara@example.com",
    "a/b?c@example.com", "{a|b}^`~!$*@example.com", "a.b-c_d@example.com", "a%c3%bc@example.com",
]  # fmt: skip


def ids(address: str, *, link: bool = True) -> list[str]:
    return [item.id for item in recipient_findings(address, link=link)]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("reader@example.com", []),
        ("a.b-c_d=e'f@example.com", []),
        ("a+b@example.com", ["links-plus"]),
        ("tom&jerry@example.com", ["links-ampersand"]),
        ("a#1@example.com", ["links-hash"]),
        ("a%41@example.com", ["links-percent"]),
        ("50%@example.com", []),
        ("jürgen@example.com", ["links-not-ascii"]),
        ("a+b&c@bücher.example", ["links-plus", "links-ampersand", "links-not-ascii"]),
    ],
)
def test_each_sign_that_breaks_the_link_is_told(address: str, expected: list[str]) -> None:
    assert ids(address) == expected


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_mail_without_a_link_has_none_of_it(address: str) -> None:
    assert ids(address, link=False) == []


def test_it_says_fact_cause_and_action() -> None:
    [found] = recipient_findings("anna+test@example.com")
    assert found.severity is Severity.WARNING
    assert found.variable is None
    assert found.changes == {}
    assert "is read as for “anna test@example.com”, so it does not work" in found.message
    assert "the app does not encode the address, and + stands for a blank" in found.message
    assert "Test with an address without +" in found.message


def test_letters_beyond_ascii_are_a_remark_only() -> None:
    [found] = recipient_findings("jürgen@example.com")
    assert found.severity is Severity.INFO


def test_what_an_address_hides_is_shown_and_not_obeyed() -> None:
    for found in recipient_findings("a+\x1b[2J\u202e\n@example.com" + "x" * 500):
        assert found.message.isprintable()
        assert len(found.message) < 500


@given(st.text(max_size=80))
def test_what_is_told_is_what_happens(address: str) -> None:
    broken = [item for item in recipient_findings(address) if item.severity is Severity.WARNING]
    assert bool(broken) == (read_back(address) != address)


@pytest.mark.node
def test_node_reads_the_same_from_the_link() -> None:
    """Both ways in which a Node server takes a query apart: the URL class, and the older `querystring`."""
    script = """
        output(input.map((address) => {
          const link = 'https://feedback.example.com/link/reset-password?code=123456&email=' + address;
          const url = new URL(link);
          return [url.searchParams.get('email'), require('querystring').parse(url.search.slice(1)).email];
        }));
    """
    read = node_json(script, ADDRESSES)
    assert read == [[read_back(address)] * 2 for address in ADDRESSES]
    assert [got != address for address, (got, _) in zip(ADDRESSES, read, strict=True)] == [
        any(item.severity is Severity.WARNING for item in recipient_findings(address)) for address in ADDRESSES
    ]
