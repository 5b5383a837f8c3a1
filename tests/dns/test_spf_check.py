"""SPF judged for a provider, and the exact record to publish."""

from __future__ import annotations

import dns.rcode
import pytest

from smtpwizard.dns.sender import DnsRecord
from smtpwizard.smtp.results import Status
from support.name_server import NameServer
from support.sender_checks import company, dkim_record, one

FASTMAIL = "include:spf.messagingengine.com"


@pytest.fixture(autouse=True)
def providers(server: NameServer) -> None:
    server.txt("spf.messagingengine.com", "v=spf1 ip4:103.168.172.128/27 ip6:2001:db8:7::/48 -all")
    server.txt("_spf.google.com", "v=spf1 include:_netblocks.google.com ~all")
    server.txt("_netblocks.google.com", "v=spf1 ip4:35.190.247.0/24 ~all")
    server.txt("mailgun.org", "v=spf1 ip4:192.0.2.0/24 ~all")


async def test_a_record_that_includes_the_provider_passes(server: NameServer) -> None:
    company(server, spf=f"v=spf1 mx {FASTMAIL} -all")
    found = await one(server, "spf", provider="fastmail")
    assert (found.status, found.summary) == (Status.PASSED, "The record lets Fastmail send.")
    assert f"Found: v=spf1 mx {FASTMAIL} -all" in found.detail
    assert (found.remedy, found.record) == ("", None)


@pytest.mark.parametrize("spf", ["v=spf1 include:ours.com -all", "v=spf1 redirect=ours.com"])
async def test_the_provider_counts_through_another_record_too(server: NameServer, spf: str) -> None:
    company(server, spf=spf)
    server.txt("ours.com", f"v=spf1 {FASTMAIL} -all")
    assert (await one(server, "spf", provider="fastmail")).status is Status.PASSED


async def test_the_providers_networks_written_out_count_too(server: NameServer) -> None:
    company(server, spf="v=spf1 ip4:103.168.172.0/24 ip6:2001:db8::/32 -all")
    assert (await one(server, "spf", provider="fastmail")).status is Status.PASSED
    server.txt("acme.com", "v=spf1 ip4:103.168.172.0/24 -all")
    assert (await one(server, "spf", provider="fastmail")).status is Status.FAILED, "half of them are missing"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 mx include:_spf.google.com ~all", f"v=spf1 mx include:_spf.google.com {FASTMAIL} ~all"),
        ("v=spf1 -all", f"v=spf1 {FASTMAIL} -all"),
        ("v=spf1 redirect=_spf.google.com", f"v=spf1 {FASTMAIL} redirect=_spf.google.com"),
        ("v=spf1 mx -all " + FASTMAIL, f"v=spf1 mx {FASTMAIL} -all {FASTMAIL}"),
        (f"v=spf1 mx -{FASTMAIL} -all", f"v=spf1 mx -{FASTMAIL} {FASTMAIL} -all"),
    ],
)
async def test_a_record_without_the_provider_fails_and_comes_back_with_it(
    server: NameServer, before: str, after: str
) -> None:
    company(server, spf=before)
    found = await one(server, "spf", provider="fastmail")
    assert found.status is Status.FAILED
    assert found.record == DnsRecord("acme.com", "TXT", after)
    assert found.remedy.startswith("Publish this in place of the present record.")


async def test_a_domain_without_a_record_gets_a_new_one(server: NameServer) -> None:
    company(server)
    found = await one(server, "spf", provider="fastmail")
    assert (found.status, found.summary) == (Status.FAILED, "acme.com has no SPF record.")
    assert found.record == DnsRecord("acme.com", "TXT", f"v=spf1 {FASTMAIL} ~all")


async def test_where_the_provider_signs_a_missing_record_is_a_warning(server: NameServer) -> None:
    company(server)
    server.txt("fm1._domainkey.acme.com", dkim_record())
    assert (await one(server, "spf", provider="fastmail")).status is Status.WARNED


async def test_the_strings_of_a_record_are_joined_without_blanks(server: NameServer) -> None:
    company(server)
    server.put("acme.com", "TXT", '"v=spf1 include:spf.messaging" "engine.com -all"')
    assert (await one(server, "spf", provider="fastmail")).status is Status.PASSED


async def test_two_records_are_a_failure_and_come_back_as_one(server: NameServer) -> None:
    company(server)
    server.txt("acme.com", "v=spf1 include:_spf.google.com -all", "v=spf1 mx ~all", "something else")
    found = await one(server, "spf", provider="fastmail")
    assert found.status is Status.FAILED
    assert "2 SPF records" in found.summary
    assert found.record is not None
    words = found.record.value.split()
    assert (words[0], words[-1]) == ("v=spf1", "~all")
    assert set(words[1:-1]) == {"include:_spf.google.com", "mx", FASTMAIL}


@pytest.mark.parametrize(
    ("spf", "status", "words", "value"),
    [
        ("v=spf1 mx +all", Status.FAILED, "lets everybody send", "v=spf1 mx ~all"),
        ("v=spf1 mx all", Status.FAILED, "lets everybody send", "v=spf1 mx ~all"),
        ("v=spf1 mx ?all", Status.WARNED, "?all", "v=spf1 mx ~all"),
        ("v=spf1 mx", Status.WARNED, "does not say", "v=spf1 mx ~all"),
        ("v=spf1 mx ptr -all", Status.WARNED, "without an error", None),
        ("v=spf1 mx ~all", Status.PASSED, "without an error", None),
        ("v=spf1 mx -all", Status.PASSED, "without an error", None),
        ("v=spf1 mx foo -all", Status.FAILED, "has an error", None),
    ],
)
async def test_the_end_of_the_record_is_judged(
    server: NameServer, spf: str, status: Status, words: str, value: str | None
) -> None:
    company(server, spf=spf)
    found = await one(server, "spf")
    assert found.status is status
    assert words in found.summary
    assert (found.record.value if found.record else None) == value


async def test_everybody_may_send_and_the_provider_too_in_the_mended_record(server: NameServer) -> None:
    company(server, spf="v=spf1 mx +all")
    found = await one(server, "spf", provider="fastmail")
    assert found.record == DnsRecord("acme.com", "TXT", f"v=spf1 mx {FASTMAIL} ~all")


@pytest.mark.parametrize("provider", ["postmark", "amazon-ses", "resend", "mailgun", "sendgrid", "smtp2go"])
@pytest.mark.parametrize("spf", ["", "v=spf1 mx -all"])
async def test_where_the_envelope_has_another_domain_this_record_fails_nothing(
    server: NameServer, provider: str, spf: str
) -> None:
    company(server, spf=spf)
    found = await one(server, "spf", provider=provider)
    assert found.status is Status.PASSED
    assert "is not what counts" in found.summary
    assert found.record is None


async def test_a_broken_record_is_told_even_where_it_does_not_count(server: NameServer) -> None:
    company(server)
    server.txt("acme.com", "v=spf1 mx -all", "v=spf1 a -all")
    found = await one(server, "spf", provider="postmark")
    assert found.status is Status.WARNED
    assert "does not count for Postmark" in found.summary


async def test_a_provider_with_several_includes_is_content_with_any_and_names_them_all(server: NameServer) -> None:
    company(server, spf="v=spf1 include:zoho.eu -all")
    server.txt("zoho.eu", "v=spf1 ip4:192.0.2.0/24 -all")
    assert (await one(server, "spf", provider="zoho")).status is Status.PASSED
    server.txt("acme.com", "v=spf1 mx -all")
    found = await one(server, "spf", provider="zoho")
    assert found.record == DnsRecord("acme.com", "TXT", "v=spf1 mx include:zohomail.com -all")
    assert "zoho.com, zoho.eu" in found.remedy


async def test_the_look_ups_that_the_include_would_add_are_told(server: NameServer) -> None:
    company(server, spf="v=spf1 " + " ".join(["include:_spf.google.com"] * 5) + " ~all")
    found = await one(server, "spf", provider="fastmail")
    assert "It needs 10 of 10 DNS look-ups." in found.detail
    assert "With the include it needs 11. That is too many: take others out." in found.detail


async def test_a_record_in_quotes_or_with_a_blank_before_it_is_shown_as_read_by_nobody(server: NameServer) -> None:
    company(server, spf=" v=spf1 mx -all")
    found = await one(server, "spf", provider="fastmail")
    assert "has no SPF record" in found.summary
    assert "Read by nobody:  v=spf1 mx -all" in found.detail


async def test_a_server_failure_skips_the_check(server: NameServer) -> None:
    company(server)
    server.fail("acme.com", dns.rcode.SERVFAIL, "TXT")
    found = await one(server, "spf", provider="fastmail")
    assert found.status is Status.SKIPPED
    assert found.detail == ("The name server cannot tell (SERVFAIL).",)


async def test_a_long_new_record_says_how_to_enter_it(server: NameServer) -> None:
    company(server, spf="v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(20)) + " -all")
    found = await one(server, "spf", provider="fastmail")
    assert found.record is not None
    assert len(found.record.value) > 255
    assert any("several strings" in line for line in found.detail)


async def test_a_record_longer_than_a_datagram_is_a_warning(server: NameServer) -> None:
    company(server, spf="v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(40)) + " -all")
    found = await one(server, "spf")
    assert found.status is Status.WARNED
    assert "512 characters" in found.remedy
    assert "acme.com." in server.over_tcp
