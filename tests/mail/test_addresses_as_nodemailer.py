"""Domains beyond ASCII become what nodemailer makes of them."""

from __future__ import annotations

import pytest

from smtpwizard.clients.nodemailer.headers import envelope
from support.node import node_json

DOMAINS = [
    "bücher.example",
    "straße.example",
    "例え.テスト",
    "BÜCHER.example",
    "faß.de",
    "ascii.example",
    "例え。テスト",
]


@pytest.mark.node
def test_punycode_is_that_of_nodemailer() -> None:
    script = (
        "const MimeNode = require('nodemailer/lib/mime-node');"
        "output(input.map((domain) => new MimeNode()._normalizeAddress('a@' + domain)));"
    )
    expected = node_json(script, DOMAINS)
    assert [envelope(f"a@{domain}").lower() for domain in DOMAINS] == [address.lower() for address in expected]
