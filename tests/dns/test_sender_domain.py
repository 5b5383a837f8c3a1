"""The domain itself and where its replies go: existing, misspelt, reserved, somebody else's; MX of every kind."""

from __future__ import annotations

import dns.rcode
import pytest

from smtpwizard.smtp.results import Status
from support.name_server import NameServer
from support.sender_checks import check, company, one

PASSED, WARNED, FAILED, SKIPPED = Status.PASSED, Status.WARNED, Status.FAILED, Status.SKIPPED


async def test_a_domain_with_all_it_needs_is_trusted(server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all", dmarc="v=DMARC1; p=none")
    report = await check(server, " App@ACME.com ")
    assert (report.address, report.domain, report.provider) == ("App@ACME.com", "acme.com", None)
    assert [item.id for item in report.checks] == ["domain", "mx", "spf", "dkim", "dmarc"]
    assert [item.status for item in report.checks] == [PASSED, PASSED, PASSED, SKIPPED, PASSED]
    assert report.trusted


async def test_an_international_domain_is_asked_and_told_in_ascii(server: NameServer) -> None:
    company(server, "xn--bcher-kva.de", spf="v=spf1 -all")
    report = await check(server, "post@bücher.de", "fastmail")
    assert report.domain == "xn--bcher-kva.de"
    spf = report.check("spf")
    assert spf is not None
    assert spf.record is not None
    assert spf.record.name == "xn--bcher-kva.de"


async def test_a_domain_that_does_not_exist_fails_and_nothing_else_is_asked(server: NameServer) -> None:
    server.soa("com")
    report = await check(server, "app@acmee.com", "fastmail")
    domain, *others = report.checks
    assert (domain.status, domain.summary) == (FAILED, "acmee.com does not exist.")
    assert "The registry of .com does not know it: it is not registered, or has expired." in domain.detail
    assert {item.status for item in others} == {SKIPPED}
    assert {name for name, _ in server.questions} == {"acmee.com."}
    assert not report.trusted


async def test_a_no_without_a_zone_is_said_to_be_doubtful(server: NameServer) -> None:
    found = await one(server, "domain", "app@acmee.com")
    assert found.status is FAILED
    assert any("cut off from the internet" in line for line in found.detail)


async def test_a_missing_name_below_an_existing_domain_is_told_apart(server: NameServer) -> None:
    company(server)
    server.soa("acme.com")
    found = await one(server, "domain", "app@mail.acme.com")
    assert "acme.com exists, but has no such name below it." in found.detail


async def test_a_slip_is_a_hint_and_no_more(server: NameServer) -> None:
    server.soa("com")
    assert "It is one slip away from gmail.com." in (await one(server, "domain", "me@gmial.com")).detail
    company(server, "gmial.com")
    found = await one(server, "domain", "me@gmial.com")
    assert (found.status, found.detail) == (PASSED, ("It is one slip away from gmail.com.",))


async def test_a_name_without_records_exists(server: NameServer) -> None:
    server.put("acme.com", "TXT")
    report = await check(server, "app@acme.com")
    assert [item.status for item in report.checks][:2] == [PASSED, FAILED]


@pytest.mark.parametrize("domain", ["acme.example", "acme.test", "nas.local", "db.internal", "mailhost"])
async def test_a_reserved_name_that_nobody_knows_fails(server: NameServer, domain: str) -> None:
    found = await one(server, "domain", f"app@{domain}")
    assert found.status is FAILED
    assert "no domain on the internet" in found.summary


async def test_a_private_name_that_the_name_server_knows_is_a_warning(server: NameServer) -> None:
    company(server, "acme.internal")
    assert (await one(server, "domain", "app@acme.internal")).status is WARNED


async def test_the_registered_example_domains_fail_though_they_exist(server: NameServer) -> None:
    company(server, "example.com")
    assert (await one(server, "domain", "app@example.com")).status is FAILED


async def test_a_providers_own_mailbox_domain_is_fine_through_it(server: NameServer) -> None:
    company(server, "gmail.com", spf="v=spf1 redirect=_spf.google.com", dmarc="v=DMARC1; p=none; sp=quarantine")
    server.txt("_spf.google.com", "v=spf1 ip4:35.190.247.0/24 ~all")
    report = await check(server, "me@gmail.com", "gmail")
    assert [item.status for item in report.checks] == [PASSED, PASSED, PASSED, SKIPPED, PASSED]
    assert all(item.record is None for item in report.checks)
    workspace = await check(server, "me@gmail.com", "google-workspace")
    assert workspace.trusted, "the same servers"


@pytest.mark.parametrize(("policy", "status"), [("reject", FAILED), ("none", WARNED)])
async def test_a_public_mailbox_domain_fails_through_anybody_else(
    server: NameServer, policy: str, status: Status
) -> None:
    company(server, "gmail.com", spf="v=spf1 -all", dmarc=f"v=DMARC1; p={policy}")
    report = await check(server, "me@gmail.com", "sendgrid")
    found = {item.id: item for item in report.checks}
    assert (found["domain"].status, found["dkim"].status) == (FAILED, FAILED)
    assert found["dmarc"].status is status
    assert "can never pass" in found["dmarc"].summary
    assert all(item.record is None for item in report.checks), "nobody can publish anything there"


async def test_no_record_is_offered_for_a_domain_of_somebody_else(server: NameServer) -> None:
    company(server, "gmail.com")
    server.txt("gmail.com", "v=spf1 mx -all", "v=spf1 a -all")
    for provider in ("fastmail", "gmail", None):
        report = await check(server, "me@gmail.com", provider)
        assert all(item.record is None for item in report.checks), provider


async def test_mailbox_domains_of_the_presets_are_known_too(server: NameServer) -> None:
    company(server, "fastmail.com")
    assert (await one(server, "domain", "me@fastmail.com", "sendgrid")).status is FAILED


async def test_another_domain_through_a_personal_mailbox_is_a_warning(server: NameServer) -> None:
    company(server)
    found = await one(server, "domain", "app@acme.com", "gmail")
    assert found.status is WARNED
    assert "sends as itself" in found.summary


async def test_a_catcher_is_no_provider_to_judge_for(server: NameServer) -> None:
    company(server)
    assert (await check(server, "app@acme.com", "mailpit")).provider is None


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
async def test_a_domain_whose_servers_fail_is_not_judged(server: NameServer, rcode: dns.rcode.Rcode) -> None:
    server.fail("acme.com", rcode)
    report = await check(server, "app@acme.com")
    assert report.answered
    assert {item.status for item in report.checks} == {SKIPPED}
    assert dns.rcode.to_text(rcode) in report.checks[0].detail[0]


async def test_a_null_mx_fails(server: NameServer) -> None:
    server.mx("acme.com", (0, "."))
    found = await one(server, "mx")
    assert found.status is FAILED
    assert "null MX" in found.summary
    assert any("5.7.27" in line for line in found.detail)


async def test_an_address_stands_in_for_an_mx_with_a_warning(server: NameServer) -> None:
    server.put("acme.com", "AAAA", "2001:db8::1")
    assert (await one(server, "mx")).status is WARNED


async def test_neither_mx_nor_address_fails(server: NameServer) -> None:
    server.txt("acme.com", "v=spf1 -all")
    found = await one(server, "mx")
    assert (found.status, found.summary) == (FAILED, "acme.com has neither an MX record nor an address.")


@pytest.mark.parametrize(
    ("records", "status", "words"),
    [
        ([("gone.acme.com", "", "")], FAILED, "gone.acme.com does not exist."),
        ([("bare.acme.com", "TXT", "x")], FAILED, "bare.acme.com has no address."),
        ([("loop.acme.com", "A", "127.0.0.1")], FAILED, "own machine"),
        ([("inside.acme.com", "A", "10.0.0.7")], FAILED, "private addresses only"),
        ([("alias.acme.com", "CNAME", "good.acme.com.")], WARNED, "alias.acme.com is an alias of good.acme.com"),
        ([("good.acme.com", "A", "93.184.216.34"), ("gone.acme.com", "", "")], WARNED, "gone.acme.com does not exist."),
        ([("good.acme.com", "A", "93.184.216.34")], PASSED, ""),
    ],
)
async def test_what_an_mx_leads_to_is_looked_at(
    server: NameServer, records: list[tuple[str, str, str]], status: Status, words: str
) -> None:
    server.put("good.acme.com", "A", "93.184.216.34")
    server.mx("acme.com", *((10, f"{name}.") for name, _, _ in records))
    for name, kind, value in records:
        if kind:
            server.put(name, kind, value)
    found = await one(server, "mx")
    assert found.status is status
    assert words in " ".join(found.detail)


async def test_a_null_mx_beside_others_is_a_warning(server: NameServer) -> None:
    server.mx("acme.com", (0, "."), (10, "mx.acme.com."))
    server.put("mx.acme.com", "A", "93.184.216.34")
    assert (await one(server, "mx")).status is WARNED


async def test_a_dozen_mx_hosts_are_counted_and_five_looked_at(server: NameServer) -> None:
    server.mx("acme.com", *((number, f"mx{number:02}.acme.com.") for number in range(12)))
    found = await one(server, "mx")
    assert found.status is WARNED, "the five are dead, but not all were looked at"
    assert found.summary.endswith("mx04.acme.com and 7 more.")
    assert not any(name.startswith("mx05") for name in server.asked)
