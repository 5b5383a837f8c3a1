"""Facts of a certificate out of its octets, and names judged by Node's rules."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpwizard.clients.nodemailer.tls import mismatch
from smtpwizard.smtp.certificate import Certificate, MalformedCertificate, describe, read, sentence


def made(*names: str, **more: object) -> bytes:
    blob = trustme.CA(organization_name="Test authority").issue_cert(*names, **more)  # type: ignore[arg-type]
    return ssl.PEM_cert_to_DER_cert(blob.cert_chain_pems[0].bytes().decode("ascii"))


def certificate(*dns: str, addresses: tuple[str, ...] = (), common: tuple[str, ...] = ()) -> Certificate:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Certificate(common, dns, addresses, "Some authority", moment, moment, self_issued=False)


def test_names_addresses_issuer_and_dates_are_read() -> None:
    begin, end = datetime(2024, 5, 6, 7, 8, 9), datetime(2055, 1, 2, 3, 4, 5)
    found = read(made("mail.example.com", "10.1.2.3", "::1", common_name="cn.example", not_before=begin, not_after=end))
    assert found.dns_names == ("mail.example.com",)
    assert found.addresses == ("10.1.2.3", "::1")
    assert found.common_names == ("cn.example",)
    assert found.issuer.startswith("Test authority") or found.issuer.startswith("trustme")
    assert (found.not_before, found.not_after) == (begin.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
    assert not found.self_issued


@given(st.binary(max_size=400))
def test_octets_that_are_no_certificate_are_refused(octets: bytes) -> None:
    with pytest.raises(MalformedCertificate):
        read(octets)


@pytest.fixture(scope="module")
def one() -> bytes:
    return made("mail.example.com")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_certificate_is_read_or_refused_but_never_crashes(one: bytes, damage: list[tuple[int, int]]) -> None:
    octets = bytearray(one)
    for place, value in damage:
        octets[place * len(octets) // 1000] = value
    with contextlib.suppress(MalformedCertificate):
        assert isinstance(read(bytes(octets)), Certificate)


@pytest.mark.parametrize("host", ["mail.example.com", "MAIL.example.COM", "mail.example.com."])
def test_a_name_matches_in_any_case_and_with_a_final_dot(host: str) -> None:
    assert mismatch(host, certificate("Mail.Example.com")) is None


@pytest.mark.parametrize(
    ("host", "pattern", "fits"),
    [
        ("a.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", False),
        ("example.com", "*.example.com", False),
        ("mail1.example.com", "mail*.example.com", True),
        ("a.example", "*.example", False),
        ("a.example.com", "*a*.example.com", False),
        ("xn--a.example.com", "xn--*.example.com", False),
        ("a.example.com", "a..com", False),
        ("a.example.com", "ä.example.com", False),
    ],
)
def test_wildcards_follow_nodes_rules(host: str, pattern: str, fits: bool) -> None:
    assert (mismatch(host, certificate(pattern)) is None) is fits


def test_the_common_name_counts_only_without_dns_names() -> None:
    assert mismatch("mail.example.com", certificate(common=("mail.example.com",), addresses=("10.0.0.1",))) is None
    assert mismatch("mail.example.com", certificate("other.example", common=("mail.example.com",))) is not None


def test_an_address_must_be_among_the_addresses() -> None:
    assert mismatch("::1", certificate("localhost", addresses=("0:0:0:0:0:0:0:1",))) is None
    assert mismatch("127.0.0.1", certificate("127.0.0.1")) == "IP: 127.0.0.1 is not in the cert's list: "


def test_a_mismatch_names_what_the_certificate_is_for() -> None:
    reason = mismatch("smtp.example.com", certificate("a.example", addresses=("10.0.0.1",)))
    assert reason == "Host: smtp.example.com. is not in the cert's altnames: DNS:a.example, IP Address:10.0.0.1"
    assert mismatch("smtp.example.com", certificate()) == "Cert does not contain a DNS name"


def test_facts_in_one_sentence() -> None:
    facts = describe(certificate("a.example", "smtp.example.com"), protocol="TLSv1.3", cipher="x", verified=True)
    assert sentence(facts, "smtp.example.com").startswith("TLSv1.3, certificate smtp.example.com, ")


def test_foreign_text_in_a_certificate_is_made_safe() -> None:
    facts = describe(certificate("\x1b[31mevil"), protocol="", cipher="", verified=False)
    assert "\x1b" not in facts.names[0]
