"""A certificate's facts are read from its octets."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def test_facts_in_one_sentence() -> None:
    facts = describe(certificate("a.example", "smtp.example.com"), protocol="TLSv1.3", cipher="x", verified=True)
    assert sentence(facts, "smtp.example.com").startswith("TLSv1.3, certificate smtp.example.com, ")


def test_foreign_text_in_a_certificate_is_made_safe() -> None:
    facts = describe(certificate("\x1b[31mevil"), protocol="", cipher="", verified=False)
    assert "\x1b" not in facts.names[0]
