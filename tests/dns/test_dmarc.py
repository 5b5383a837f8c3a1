"""DMARC: records taken apart, found by the walk up the tree, and judged with what SPF and DKIM can do."""

from __future__ import annotations

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.dns.dmarc import POLICIES, dmarc_records, parse_dmarc, walk_names
from smtpwizard.dns.sender import DnsRecord
from smtpwizard.smtp.results import Status
from support.name_server import NameServer
from support.sender_checks import company, dkim_record, one

SPF = "v=spf1 include:spf.messagingengine.com -all"


@pytest.fixture(autouse=True)
def providers(server: NameServer) -> None:
    server.txt("spf.messagingengine.com", "v=spf1 ip4:103.168.172.128/27 -all")


def test_a_full_record_is_taken_apart() -> None:
    record = parse_dmarc(
        "v=DMARC1; p=Reject; sp=none; np=quarantine; adkim=s; aspf=r; pct=40; t=y; psd=n; fo=1; x=y; "
        "rua=mailto:a@acme.com, mailto:b@Reports.io!10m;"
    )
    assert (record.policy, record.subdomains, record.missing) == ("reject", "none", "quarantine")
    assert (record.strict_dkim, record.strict_spf, record.percent, record.testing) == (True, False, 40, True)
    assert record.reports == (("a", "acme.com"), ("b", "reports.io"))
    assert (record.psd, record.faults, record.valid) == ("n", (), True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v=DMARC1", "p= is missing"),
        ("v=DMARC1; p=block", "p= must be one of"),
        ("v=DMARC1; p=none; p=reject", "twice"),
        ("v=DMARC1; p=none; adkim=strict", "adkim= must be"),
        ("v=DMARC1; p=none; pct=200", "pct="),
        ("v=DMARC1; p=none; rua=a@acme.com", "no mailto: address"),
        ("v=DMARC1; p=none; hello", "is no tag"),
    ],
)
def test_a_fault_is_told(text: str, words: str) -> None:
    assert any(words in fault for fault in parse_dmarc(text).faults)


@pytest.mark.parametrize(
    ("text", "itself", "below"),
    [
        ("v=DMARC1; p=reject", "reject", "reject"),
        ("v=DMARC1; p=reject; sp=none", "reject", "none"),
        ("v=DMARC1; p=reject; t=y", "quarantine", "quarantine"),
        ("v=DMARC1; p=quarantine; pct=0", "none", "none"),
        ("v=DMARC1; p=none", "none", "none"),
        ("v=DMARC1; rua=mailto:a@b.com", "none", "none"),
    ],
)
def test_what_is_asked_for_depends_on_the_name_and_the_test_mode(text: str, itself: str, below: str) -> None:
    record = parse_dmarc(text)
    assert (record.asks(inherited=False), record.asks(inherited=True)) == (itself, below)


def test_only_the_version_in_its_letters_makes_a_dmarc_record() -> None:
    texts = [
        "v=DMARC1; p=none",
        "v = DMARC1 ;p=none",
        "v=DMARC1",
        "v=dmarc1; p=none",
        "v=DMARC10; p=none",
        "p=none; v=DMARC1",
    ]
    assert dmarc_records(texts) == ("v=DMARC1; p=none", "v = DMARC1 ;p=none", "v=DMARC1")


@given(st.text(max_size=600))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    for given_text in (text, f"v=DMARC1; p=none; rua={text}", f"v=DMARC1; pct={text}"):
        record = parse_dmarc(given_text)
        assert record.asks(inherited=True) in POLICIES
        assert len(record.reports) <= 10
        dmarc_records([given_text])


def test_the_walk_asks_eight_names_at_most() -> None:
    assert walk_names("a.mail.acme.com") == ("a.mail.acme.com", "mail.acme.com", "acme.com", "com")
    deep = walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com")
    assert deep[0] == "a.b.c.d.e.f.g.h.i.j.mail.example.com"
    assert deep[1:3] == ("g.h.i.j.mail.example.com", "h.i.j.mail.example.com")
    assert (len(deep), deep[-1]) == (8, "com")
    assert walk_names("mailhost") == ("mailhost",)


async def test_a_domain_without_a_record_gets_one_that_refuses_nothing(server: NameServer) -> None:
    company(server)
    found = await one(server, "dmarc")
    assert found.status is Status.WARNED
    assert found.record == DnsRecord("_dmarc.acme.com", "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@acme.com")
    assert "support.google.com/a/answer/81126" in found.detail[0]


@pytest.mark.parametrize(
    ("dmarc", "status", "words"),
    [
        ("v=DMARC1; p=reject", Status.FAILED, "receivers that honour it refuse this mail"),
        ("v=DMARC1; p=quarantine", Status.FAILED, "put this mail into spam"),
        ("v=DMARC1; p=none", Status.WARNED, "nothing is refused for it, but"),
        ("v=DMARC1; p=reject; pct=0", Status.FAILED, "p=quarantine"),
    ],
)
async def test_a_policy_meets_mail_that_can_not_pass(
    server: NameServer, dmarc: str, status: Status, words: str
) -> None:
    company(server, spf="v=spf1 mx -all", dmarc=dmarc)
    found = await one(server, "dmarc", provider="fastmail")
    assert found.status is status
    assert words in found.summary
    assert found.remedy


async def test_a_key_of_the_provider_lets_mail_pass(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=reject; adkim=s; aspf=s")
    server.txt("fm1._domainkey.acme.com", dkim_record())
    found = await one(server, "dmarc", provider="fastmail")
    assert found.status is Status.PASSED
    assert "passes by its DKIM signature" in found.summary


async def test_spf_alone_lets_mail_pass_where_the_envelope_has_the_domain(server: NameServer) -> None:
    company(server, spf=SPF, dmarc="v=DMARC1; p=reject")
    found = await one(server, "dmarc", provider="fastmail")
    assert (found.status, "passes by SPF" in found.summary) == (Status.PASSED, True)


async def test_a_broken_spf_record_lets_nothing_pass(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=reject")
    server.txt("acme.com", SPF, "v=spf1 -all")
    assert (await one(server, "dmarc", provider="fastmail")).status is Status.FAILED


async def test_an_include_is_worth_nothing_where_the_envelope_has_the_providers_domain(server: NameServer) -> None:
    server.txt("spf.brevo.com", "v=spf1 ip4:192.0.2.0/24 -all")
    company(server, spf="v=spf1 include:spf.brevo.com -all", dmarc="v=DMARC1; p=reject")
    server.txt("brevo1._domainkey.acme.com", "v=DKIM1; p=")
    found = await one(server, "dmarc", provider="brevo")
    assert found.status is Status.FAILED


async def test_an_unknown_selector_leaves_a_warning_under_a_strict_policy(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=reject")
    found = await one(server, "dmarc", provider="postmark")
    assert found.status is Status.WARNED
    assert "cannot be seen from DNS alone" in found.summary


async def test_an_envelope_below_the_domain_is_not_there_without_the_keys_either(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=reject")
    assert (await one(server, "dmarc", provider="sendgrid")).status is Status.FAILED


@pytest.mark.parametrize(
    ("above", "words", "home"),
    [
        ("v=DMARC1; p=reject; sp=none", "p=none", "sp= of acme.com applies"),
        ("v=DMARC1; p=quarantine", "p=quarantine", "p= of acme.com applies"),
    ],
)
async def test_a_name_below_inherits_by_sp(server: NameServer, above: str, words: str, home: str) -> None:
    company(server, dmarc=above)
    company(server, "news.mail.acme.com")
    found = await one(server, "dmarc", "x@news.mail.acme.com")
    assert words in found.summary
    assert any(home in line for line in found.detail)


async def test_the_topmost_record_counts_unless_one_says_that_it_is_the_organisations(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=reject")
    company(server, "a.mail.acme.com")
    server.txt("_dmarc.mail.acme.com", "v=DMARC1; p=quarantine")
    assert "p=reject" in (await one(server, "dmarc", "x@a.mail.acme.com")).summary
    server.txt("_dmarc.mail.acme.com", "v=DMARC1; p=quarantine; psd=n")
    assert "p=quarantine" in (await one(server, "dmarc", "x@a.mail.acme.com")).summary


async def test_a_public_suffixs_record_applies_where_there_is_no_other(server: NameServer) -> None:
    company(server, "app.acme.bank")
    server.txt("_dmarc.bank", "v=DMARC1; p=reject; psd=y")
    assert "p=reject" in (await one(server, "dmarc", "x@app.acme.bank")).summary
    server.txt("_dmarc.acme.bank", "v=DMARC1; p=none")
    assert "p=none" in (await one(server, "dmarc", "x@app.acme.bank")).summary


async def test_two_records_are_as_none(server: NameServer) -> None:
    company(server)
    server.txt("_dmarc.acme.com", "v=DMARC1; p=reject", "v=DMARC1; p=none")
    found = await one(server, "dmarc")
    assert found.status is Status.WARNED
    assert "2 DMARC records" in found.summary


async def test_a_record_without_a_valid_policy_comes_back_with_one(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=rejct; adkim=s")
    found = await one(server, "dmarc")
    assert found.status is Status.WARNED
    assert found.record == DnsRecord("_dmarc.acme.com", "TXT", "v=DMARC1; p=none; adkim=s")


async def test_reports_to_a_domain_that_does_not_take_them_are_told(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=none; rua=mailto:x@reports.io,mailto:y@acme.com")
    assert any("reports.io does not say" in line for line in (await one(server, "dmarc")).detail)
    server.txt("acme.com._report._dmarc.reports.io", "v=DMARC1")
    found = await one(server, "dmarc")
    assert not any("reports.io does not say" in line for line in found.detail)
    assert found.status is Status.PASSED


async def test_a_server_failure_skips_the_check(server: NameServer) -> None:
    company(server)
    server.fail("_dmarc.acme.com", dns.rcode.SERVFAIL)
    found = await one(server, "dmarc", provider="fastmail")
    assert (found.status, found.record) == (Status.SKIPPED, None)
