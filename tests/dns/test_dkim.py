"""DKIM: key records taken apart and measured, selectors of the presets looked for, the records to publish."""

from __future__ import annotations

import base64

import dns.rcode
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from smtpwizard.dns.dkim import is_key_record, parse_dkim
from smtpwizard.dns.sender import DnsRecord
from smtpwizard.smtp.results import Status
from support.name_server import NameServer
from support.sender_checks import company, dkim_record, one

SPF = "v=spf1 include:spf.messagingengine.com -all"
ED25519 = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(range(32))).decode()}"


@pytest.fixture(autouse=True)
def providers(server: NameServer) -> None:
    server.txt("spf.messagingengine.com", "v=spf1 ip4:103.168.172.128/27 -all")


@pytest.mark.parametrize("bits", [512, 768, 1023, 1024, 2048, 4096])
def test_the_bits_of_a_key_are_counted(bits: int) -> None:
    assert parse_dkim(dkim_record(bits)).bits == bits


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_keys_that_a_library_made_are_read_in_both_forms(form: PublicFormat) -> None:
    raw = rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, form)
    key = parse_dkim(f"p={base64.b64encode(raw).decode()}")
    assert (key.kind, key.bits, key.error) == ("rsa", 2048, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v=DKIM2; p=AAAA", "version"),
        ("p=AAAA; v=DKIM1", "version"),
        ("v=DKIM1; k=rsa", "no p="),
        ("v=DKIM1; k=dsa; p=AAAA", "kind of key"),
        ("v=DKIM1; p=***", "not base64"),
        ("v=DKIM1; p=AAAA", "no public key"),
        ("v=DKIM1; s=tlsrpt; p=AAAA", "not for mail"),
        ("v=DKIM1; k=ed25519; p=AAAA", "no public key"),
    ],
)
def test_what_is_no_usable_key_says_why(text: str, words: str) -> None:
    assert words in parse_dkim(text).error


def test_blanks_and_missing_padding_in_a_key_are_no_mistake() -> None:
    text = dkim_record().rstrip("=")
    assert parse_dkim(f"{text[:100]} \t {text[100:]} ").bits == 2048
    assert parse_dkim(ED25519).bits == 256
    assert parse_dkim("v=DKIM1; p=").revoked
    assert parse_dkim("v=DKIM1; t=s:y; p=").testing


@given(st.text(max_size=400))
@example("v=DKIM1; p=MIL/////////")
@example("v=DKIM1; p=" + "M" * 5000)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    for given_text in (text, f"v=DKIM1; p={text}"):
        key = parse_dkim(given_text)
        assert key.bits >= 0
        is_key_record(given_text)


@given(st.binary(max_size=120))
def test_no_octets_make_the_measuring_fail(raw: bytes) -> None:
    assert parse_dkim(f"p={base64.b64encode(raw).decode()}").bits >= 0


async def test_keys_under_all_selectors_pass(server: NameServer) -> None:
    company(server, spf=SPF)
    for number in (1, 2, 3):
        server.cname(f"fm{number}._domainkey.acme.com", f"fm{number}.acme.com.dkim.fmhosted.com")
        server.txt(f"fm{number}.acme.com.dkim.fmhosted.com", dkim_record())
    found = await one(server, "dkim", provider="fastmail")
    assert found.status is Status.PASSED
    assert found.summary == "Fastmail can sign for acme.com (3 of 3 keys)."
    assert found.detail[0] == "fm1._domainkey.acme.com: rsa key, 2048 bits."


async def test_missing_keys_come_back_as_the_records_to_publish(server: NameServer) -> None:
    company(server)
    found = await one(server, "dkim", provider="fastmail")
    assert found.status is Status.FAILED
    assert (found.record, *found.also) == tuple(
        DnsRecord(f"fm{number}._domainkey.acme.com", "CNAME", f"fm{number}.acme.com.dkim.fmhosted.com")
        for number in (1, 2, 3)
    )


async def test_without_a_key_but_with_spf_it_is_a_warning(server: NameServer) -> None:
    company(server, spf=SPF)
    assert (await one(server, "dkim", provider="fastmail")).status is Status.WARNED


async def test_one_key_of_several_is_a_warning_with_the_others(server: NameServer) -> None:
    company(server)
    server.txt("fm2._domainkey.acme.com", dkim_record())
    found = await one(server, "dkim", provider="fastmail")
    assert found.status is Status.WARNED
    assert [record.name for record in (found.record, *found.also) if record] == [
        "fm1._domainkey.acme.com",
        "fm3._domainkey.acme.com",
    ]


@pytest.mark.parametrize(
    ("record", "status", "words"),
    [
        (dkim_record(768), Status.FAILED, "768 bits, too short"),
        (dkim_record(1024), Status.WARNED, "1024 bits, short"),
        (dkim_record(2048), Status.PASSED, "2048 bits."),
        (dkim_record(2048, extra="t=y; "), Status.WARNED, "test mode (t=y)"),
        (ED25519, Status.PASSED, "ed25519 key, 256 bits."),
        ("v=DKIM1; p=", Status.FAILED, "revoked"),
        ("v=DKIM1; p=%%%", Status.FAILED, "not base64"),
        ("v=DKIM1; k=ed25519; p=AAAA", Status.FAILED, "no public key"),
        ("some other text", Status.FAILED, "no key record"),
    ],
)
async def test_a_key_is_judged_by_its_kind_and_length(
    server: NameServer, record: str, status: Status, words: str
) -> None:
    company(server)
    server.txt("google._domainkey.acme.com", record)
    found = await one(server, "dkim", provider="google-workspace")
    assert found.status is status
    assert words in found.detail[0]


async def test_an_alias_that_leads_nowhere_is_named(server: NameServer) -> None:
    company(server)
    server.cname("s1._domainkey.acme.com", "s1.domainkey.u1.wl.sendgrid.net")
    server.soa("net")
    found = await one(server, "dkim", provider="sendgrid")
    assert found.status is Status.FAILED
    assert found.detail[0] == (
        "s1._domainkey.acme.com: leads to s1.domainkey.u1.wl.sendgrid.net, which does not exist."
    )


async def test_an_alternative_selector_stands_for_the_others(server: NameServer) -> None:
    company(server)
    server.txt("m1._domainkey.acme.com", dkim_record())
    found = await one(server, "dkim", provider="sendgrid")
    assert (found.status, found.record) == (Status.PASSED, None)


async def test_selectors_that_no_vendor_confirms_fail_nothing_by_their_absence(server: NameServer) -> None:
    company(server)
    found = await one(server, "dkim", provider="brevo")
    assert found.status is Status.WARNED
    assert any("compare with what it shows you" in line for line in found.detail)
    assert found.record == DnsRecord("brevo1._domainkey.acme.com", "CNAME", "b1.acme-com.dkim.brevo.com")


async def test_an_unknown_selector_skips_the_check_and_says_where_it_is_shown(server: NameServer) -> None:
    company(server)
    found = await one(server, "dkim", provider="postmark")
    assert found.status is Status.SKIPPED
    assert "selector" in found.summary
    assert found.remedy.startswith("Sender Signatures, your domain, DNS Settings")
    assert not any("_domainkey" in name for name in server.asked)


async def test_a_key_of_the_organisations_domain_is_seen_for_a_name_below_it(server: NameServer) -> None:
    company(server, dmarc="v=DMARC1; p=reject")
    company(server, "app.acme.com")
    server.txt("google._domainkey.acme.com", dkim_record())
    found = await one(server, "dkim", "x@app.acme.com", "google-workspace")
    assert found.status is Status.WARNED
    assert "but at google._domainkey.acme.com" in found.summary
    policy = await one(server, "dmarc", "x@app.acme.com", "google-workspace")
    assert policy.status is Status.WARNED, "it may sign with that key, or not"


async def test_a_server_failure_skips_the_check(server: NameServer) -> None:
    company(server)
    server.fail("google._domainkey.acme.com", dns.rcode.SERVFAIL)
    assert (await one(server, "dkim", provider="google-workspace")).status is Status.SKIPPED


async def test_without_a_provider_there_is_nothing_to_look_for(server: NameServer) -> None:
    company(server)
    assert (await one(server, "dkim")).status is Status.SKIPPED
