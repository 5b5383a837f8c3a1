"""A certificate's names are matched by Node's rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smtpwizard.clients.nodemailer.tls import mismatch
from smtpwizard.smtp.certificate import Certificate


def certificate(*dns: str, addresses: tuple[str, ...] = (), common: tuple[str, ...] = ()) -> Certificate:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Certificate(common, dns, addresses, "Some authority", moment, moment, self_issued=False)


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
