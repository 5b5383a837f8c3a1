"""How many DNS look-ups an SPF record costs a receiver: counted exactly, through includes and redirects."""

from __future__ import annotations

import dns.rcode
import pytest

from smtpwizard.smtp.results import Status
from support.name_server import NameServer
from support.sender_checks import check, company, one

ZONE = {
    "leaf.com": "v=spf1 ip4:192.0.2.0/24 -all",
    "two.com": "v=spf1 include:leaf.com include:leaf.com -all",
    "four.com": "v=spf1 include:two.com a:host.acme.com -all",
    "ends-early.com": "v=spf1 include:leaf.com -all include:two.com mx",
    "redirects.com": "v=spf1 redirect=two.com",
    "macros.com": "v=spf1 exists:%{i}.x.com include:%{d}.y.com -all",
}


def fill(server: NameServer, spf: str) -> None:
    company(server, spf=spf)
    server.put("host.acme.com", "A", "192.0.2.1")
    for name, text in ZONE.items():
        server.txt(name, text)


@pytest.mark.parametrize(
    ("spf", "count"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=x.acme.com -all", 0),
        ("v=spf1 a -all", 1),
        ("v=spf1 a mx -all", 2),
        ("v=spf1 a mx ptr exists:host.acme.com include:leaf.com -all", 5),
        ("v=spf1 +a:host.acme.com ?mx:acme.com ~a -all", 3),
        ("v=spf1 include:leaf.com -all", 1),
        ("v=spf1 include:two.com -all", 3),
        ("v=spf1 include:four.com -all", 5),
        ("v=spf1 include:leaf.com include:leaf.com include:leaf.com -all", 3),
        ("v=spf1 include:four.com include:four.com -all", 10),
        ("v=spf1 include:four.com include:four.com mx -all", 11),
        ("v=spf1 redirect=leaf.com", 1),
        ("v=spf1 redirect=redirects.com", 4),
        ("v=spf1 -all redirect=four.com", 0),
        ("v=spf1 include:ends-early.com -all", 2),
        ("v=spf1 -all include:four.com mx", 0),
        ("v=spf1 include:macros.com -all", 3),
    ],
)
async def test_the_look_ups_of_a_record_are_counted_exactly(server: NameServer, spf: str, count: int) -> None:
    fill(server, spf)
    found = await one(server, "spf")
    told = [line for line in found.detail if line.startswith("It needs")]
    assert told == [f"It needs {count} of 10 DNS look-ups."]
    assert (found.status is Status.FAILED) == (count > 10)


async def test_eleven_are_a_failure_with_the_number(server: NameServer) -> None:
    fill(server, "v=spf1 include:four.com include:four.com mx -all")
    found = await one(server, "spf")
    assert found.summary == "The record needs 11 DNS look-ups; 10 are allowed."
    assert found.record is None


async def test_three_void_look_ups_are_a_failure_and_two_are_not(server: NameServer) -> None:
    fill(server, "v=spf1 a:gone1.com a:gone2.com mx:host.acme.com -all")
    found = await one(server, "spf")
    assert found.status is Status.FAILED
    assert found.summary == "3 look-ups of the record find nothing; 2 are allowed."
    server.txt("acme.com", "v=spf1 a:gone1.com mx:host.acme.com a -all")
    server.put("acme.com", "AAAA", "2001:db8::1")
    found = await one(server, "spf")
    assert found.status is Status.PASSED
    assert "2 of them find nothing (2 are allowed)." in found.detail


async def test_an_include_of_a_domain_without_a_record_is_an_error(server: NameServer) -> None:
    fill(server, "v=spf1 include:host.acme.com -all")
    found = await one(server, "spf")
    assert found.status is Status.FAILED
    assert "`include:host.acme.com` leads to a domain with no SPF record." in found.detail


async def test_an_error_deep_inside_names_the_record_it_is_in(server: NameServer) -> None:
    fill(server, "v=spf1 include:outer.com -all")
    server.txt("outer.com", "v=spf1 include:inner.com -all")
    server.txt("inner.com", "v=spf1 ipv4:192.0.2.1 -all")
    found = await one(server, "spf")
    assert "The record of inner.com: `ipv4:192.0.2.1` is no SPF term." in found.detail


@pytest.mark.parametrize("spf", ["v=spf1 include:acme.com -all", "v=spf1 include:a.com -all", "v=spf1 redirect=a.com"])
async def test_a_loop_is_found_and_ends(server: NameServer, spf: str) -> None:
    fill(server, spf)
    server.txt("a.com", "v=spf1 include:b.com -all")
    server.txt("b.com", "v=spf1 redirect=a.com")
    found = await one(server, "spf")
    assert found.status is Status.FAILED
    assert any("a loop without end" in line for line in found.detail)
    assert any(line in ("It needs 1 of 10 DNS look-ups.", "It needs 3 of 10 DNS look-ups.") for line in found.detail)


async def test_an_mx_term_with_more_than_ten_hosts_is_an_error(server: NameServer) -> None:
    fill(server, "v=spf1 mx:many.com -all")
    server.mx("many.com", *((1, f"mx{number}.many.com.") for number in range(11)))
    assert "`mx:many.com` leads to 11 MX hosts; 10 are allowed." in (await one(server, "spf")).detail


async def test_macros_are_not_evaluated_and_that_is_said(server: NameServer) -> None:
    fill(server, "v=spf1 include:%{i}._spf.acme.com -all")
    found = await one(server, "spf", provider="fastmail")
    assert found.status is Status.WARNED, "the provider may be behind the macro"
    assert "cannot be told from DNS alone" in found.summary
    assert any("depends on each message: include:%{i}._spf.acme.com" in line for line in found.detail)


async def test_part_that_cannot_be_looked_up_leaves_a_warning_not_a_failure(server: NameServer) -> None:
    fill(server, "v=spf1 include:leaf.com include:lame.com -all")
    server.fail("lame.com", dns.rcode.SERVFAIL)
    found = await one(server, "spf")
    assert found.status is Status.WARNED
    assert "`include:lame.com`: The name server cannot tell (SERVFAIL)." in found.detail


async def test_an_include_bomb_ends_within_the_number_of_questions(server: NameServer) -> None:
    fill(server, "v=spf1 include:b0.com include:b0.com -all")
    for level in range(30):
        server.txt(f"b{level}.com", f"v=spf1 include:b{level + 1}.com include:b{level + 1}.com a:x{level}.com -all")
    report = await check(server, "app@acme.com", "fastmail")
    found = report.check("spf")
    assert found is not None
    assert found.summary == "The record needs more than 50 DNS look-ups; 10 are allowed."
    assert len(server.questions) <= 60
