"""A certificate's facts are read from its octets."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpwizard.smtp import certificate as module
from smtpwizard.smtp.certificate import Certificate, MalformedCertificate, describe, read, sentence, unix_time


def made(*names: str, **more: object) -> bytes:
    blob = trustme.CA(organization_name="Test authority").issue_cert(*names, **more)  # type: ignore[arg-type]
    return ssl.PEM_cert_to_DER_cert(blob.cert_chain_pems[0].bytes().decode("ascii"))


def certificate(*dns: str, addresses: tuple[str, ...] = (), common: tuple[str, ...] = ()) -> Certificate:
    moment = "2026-01-01T00:00:00+00:00"
    return Certificate(common, dns, addresses, "Some authority", moment, moment, self_issued=False)


def test_names_addresses_issuer_and_dates_are_read() -> None:
    begin, end = datetime(2024, 5, 6, 7, 8, 9), datetime(2055, 1, 2, 3, 4, 5)
    found = read(made("mail.example.com", "10.1.2.3", "::1", common_name="cn.example", not_before=begin, not_after=end))
    assert found.dns_names == ("mail.example.com",)
    assert found.addresses == ("10.1.2.3", "::1")
    assert found.common_names == ("cn.example",)
    assert found.issuer.startswith("Test authority") or found.issuer.startswith("trustme")
    assert (found.not_before, found.not_after) == ("2024-05-06T07:08:09+00:00", "2055-01-02T03:04:05+00:00")
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


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_a_moment_is_the_same_as_datetimes(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    found = module._moment(0x18, moment.strftime(f"{moment.year:04}%m%d%H%M%SZ").encode())
    assert found == moment.isoformat()
    assert unix_time(found) == moment.timestamp()


@given(st.lists(st.integers(0, 99), min_size=5, max_size=5), st.integers(0, 9999))
def test_a_moment_that_datetime_refuses_is_refused(parts: list[int], year: int) -> None:
    text = f"{year:04}{''.join(f'{part:02}' for part in parts)}Z".encode()
    try:
        expected = datetime(year, *parts, tzinfo=UTC).isoformat()
    except ValueError:
        with pytest.raises(ValueError, match="not a date"):
            module._moment(0x18, text)
    else:
        assert module._moment(0x18, text) == expected


@pytest.mark.parametrize(("seconds", "days"), [(-1, -1), (1, 0), (86_399, 0), (86_401, 1), (-86_401, -2)])
def test_days_left_are_whole_ones(seconds: int, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "time", lambda: unix_time("2026-01-01T00:00:00+00:00") - seconds)
    assert describe(certificate("a.example"), protocol="", cipher="", verified=True).days_left == days
