"""SPF records taken apart and mended, without a question to anybody."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smtpwizard.dns.spf import nearly_spf, network_of, parse_spf, spf_records
from smtpwizard.dns.spf_check import entry_hint, merged, new_record, with_include


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1", "v=spf1 -all", "V=SPF1 ~ALL", "v=spf1 a mx ptr ?all", "v=spf1 a:mail.acme.com/24//64 mx/28 -all",
        "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 ip6:2001:db8::/32 -all", "v=spf1 a//64 a/24 -all",
        "v=spf1 include:_spf.google.com include:a.b.c ~all", "v=spf1 exists:%{i}._spf.%{d2}.acme.com -all",
        "v=spf1 include:%{ir}.%{v}._spf.acme.com -all", "v=spf1 redirect=_spf.acme.com",
        "v=spf1 mx exp=explain.acme.com -all",
        "v=spf1 unknown=whatever moo=%{d} -all", "v=spf1  a   -all ", "v=spf1 include:acme.com. -all",
    ],
)  # fmt: skip
def test_records_as_the_rfc_allows_them_have_no_error(text: str) -> None:
    assert parse_spf(text).errors == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v=spf1 foo -all", "`foo` is no SPF term"),
        ("v=spf1 include -all", "names no domain"),
        ("v=spf1 include: -all", "names no domain"),
        ("v=spf1 ip4:300.1.1.1 -all", "is no network"),
        ("v=spf1 ip4 -all", "is no network"),
        ("v=spf1 ip4:192.0.2.0/33 -all", "is no network"),
        ("v=spf1 ip6:192.0.2.1 -all", "is no network"),
        ("v=spf1 a/33 -all", "prefix that is too long"),
        ("v=spf1 a:acme.com/24/64 -all", "names no domain"),
        ("v=spf1 all:acme.com", "takes no value"),
        ("v=spf1 redirect=a.com redirect=b.com", "redirect= is there twice"),
        ("v=spf1 redirect=", "names no domain"),
        ("v=spf1 include:%{x}.acme.com -all", "names no domain"),
        ("v=spf1 include:100%.acme.com -all", "names no domain"),
        ("v=spf1 mx, -all", "`mx,` is no SPF term"),
        ("v=spf1 --all", "`--all` is no SPF term"),
        ("v=spf1 inclüde:acme.com -all", "not printable ASCII"),
        ("v=spf1 include:" + "a" * 64 + ".com -all", "names no domain"),
        ("v=spf1 ip4:1.2.3.4 - all", "`-` is no SPF term"),
    ],
)
def test_an_error_is_told_with_its_term(text: str, words: str) -> None:
    assert any(words in fault for fault in parse_spf(text).errors), parse_spf(text).errors


def test_what_follows_all_counts_for_nothing_and_so_does_a_redirect_beside_it() -> None:
    record = parse_spf("v=spf1 mx -all include:late.com redirect=other.com")
    assert [term.name for term in record.terms] == ["mx", "all"]
    assert [term.value for term in record.after_all] == ["late.com"]
    assert (record.all, record.redirect) == ("-", "")


def test_only_a_version_that_stands_alone_makes_an_spf_record() -> None:
    texts = [
        "v=spf1 -all",
        "v=spf10 -all",
        "v=spf1",
        "V=spf1 a",
        "spf1 mx",
        " v=spf1 mx",
        "v=spf2.0/pra",
        '"v=spf1 mx"',
    ]
    assert spf_records(texts) == ("v=spf1 -all", "v=spf1", "V=spf1 a")
    assert set(nearly_spf(texts)) == {"v=spf10 -all", "spf1 mx", " v=spf1 mx", "v=spf2.0/pra", '"v=spf1 mx"'}
    assert nearly_spf(["google-site-verification=x", "v=DMARC1; p=none"]) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 mx -all", "v=spf1 mx include:x.net -all"),
        ("v=spf1 ~all", "v=spf1 include:x.net ~all"),
        ("v=spf1 ALL", "v=spf1 include:x.net ALL"),
        ("v=spf1 mx", "v=spf1 mx include:x.net"),
        ("v=spf1", "v=spf1 include:x.net"),
        ("v=spf1 a redirect=_spf.acme.com", "v=spf1 a include:x.net redirect=_spf.acme.com"),
        ("v=spf1 mx -all include:x.net", "v=spf1 mx include:x.net -all include:x.net"),
        ("v=spf1  include:a.b  exp=e.acme.com -all", "v=spf1 include:a.b exp=e.acme.com include:x.net -all"),
    ],
)
def test_the_include_goes_before_the_end_and_nothing_is_dropped(before: str, after: str) -> None:
    assert with_include(parse_spf(before), "x.net") == after
    assert parse_spf(after).errors == ()
    assert any(term.value == "x.net" for term in parse_spf(after).terms), "it is read"


def test_several_records_become_one_with_the_soft_end_of_them() -> None:
    assert merged(["v=spf1 mx include:a.com -all", "v=spf1 include:b.com mx ~all"]) == (
        "v=spf1 mx include:a.com include:b.com ~all"
    )
    assert merged(["v=spf1 mx", "v=spf1 redirect=a.com"]) == "v=spf1 mx redirect=a.com"
    assert merged(["v=spf1 mx -all", "v=spf1 foo -all"]) == "", "no guess about a broken one"
    assert merged(["v=spf1 redirect=b.com", "v=spf1 redirect=a.com"]) == ""


def test_a_value_longer_than_a_string_says_how_to_enter_it() -> None:
    assert entry_hint(new_record("x.net")) == ""
    assert "several strings" in entry_hint("v=spf1 " + "ip4:192.0.2.1 " * 20 + "~all")


@given(st.text(max_size=2000))
@example("v=spf1 " + "include:a.b " * 400)
@example("v=spf1 ip6:fe80::1%eth0/64 ip4:1.2.3.4/٣ a:/8 exists:%{")
def test_no_text_makes_the_parser_fail(text: str) -> None:
    record = parse_spf(text)
    assert len(record.terms) + len(record.after_all) <= 300
    assert all(len(fault) < 150 for fault in record.errors)
    for term in record.terms:
        network_of(term)
    nearly_spf([text])


_TERMS = st.sampled_from(
    [
        "mx",
        "a",
        "a:b.com/24",
        "include:c.com",
        "ip4:192.0.2.0/24",
        "ip6:2001:db8::/32",
        "exists:%{i}.d.com",
        "ptr",
        "-mx",
    ]
)


@given(st.lists(_TERMS, max_size=8), st.sampled_from(["", "all", "-all", "~all", "?all", "redirect=e.com"]))
def test_a_mended_record_is_right_and_holds_every_term(terms: list[str], end: str) -> None:
    text = " ".join(word for word in ("v=spf1", *terms, end) if word)
    mended = with_include(parse_spf(text), "x.net")
    assert parse_spf(mended).errors == ()
    assert [word for word in mended.split() if word != "include:x.net"] == text.split()
    assert any(term.text == "include:x.net" for term in parse_spf(mended).terms)
