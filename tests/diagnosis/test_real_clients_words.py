"""What the real mail clients said in the conformance suites is explained as what their server had done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from smtpwizard.diagnosis.event import from_text
from smtpwizard.diagnosis.explain import explain_event
from support.node import ROOT

DOCUMENT: Final = ROOT / "docs" / "client-conformance.md"
CAUSES: Final = {
    "connect: port closed": {"connection-refused", "refused-on-loopback"},
    "connect: unknown host": {"host-not-found"},
    "connect: port beyond 65535": {"port-out-of-range", "connection-refused", "refused-on-loopback"},
    "connect: TLS against a server in clear text": {"plain-port-spoken-to-in-tls"},
    "greeting: never": {"no-answer-outbound-block", "server-fell-silent"},
    "EHLO: never answered": {"no-answer-outbound-block", "server-fell-silent"},
    "STARTTLS: written as one of two words": {"starttls-not-offered"},
    "STARTTLS: certificate for another name": {"certificate-of-another-name"},
    "implicit TLS: certificate for another name": {"certificate-of-another-name"},
    "STARTTLS: certificate expired": {"certificate-expired", "certificate-not-verified"},
    "STARTTLS: certificate of an unknown authority": {"unknown-certificate-authority", "certificate-not-verified"},
    "login offered as: AUTH without mechanisms": {"no-common-mechanism"},
    "AUTH PLAIN: closed": {"connection-closed-without-reply", "client-could-not-log-in"},
}
"""A server's behaviour → the entries of the catalogue, one of which has to come first."""
OWN_RULE: Final = "login-in-clear-text"
"""What a client by Go says before it hears of anything else: it does not log in without TLS."""
WORDLESS: Final = ("EOF",)
"""Texts that say too little by themselves."""


def words() -> Iterator[tuple[str, str, str]]:
    """Yield client, behaviour and the error's text, as the document has them."""
    for part in re.split(r"(?m)^(?=## )", DOCUMENT.read_text("utf-8"))[1:]:
        title = part.partition("\n")[0].removeprefix("## ")
        for line in part.splitlines():
            cells = re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))
            if len(cells) == 4 and cells[0] in CAUSES and cells[3] == "fails" and cells[2] not in ("fails", *WORDLESS):
                text = re.sub(r" \[\d+\]$", "", cells[2]).replace("&lt;", "<").replace("PORT", "587")
                text = text.replace("(closed)", 'Connection to "localhost:587" has been closed unexpectedly.')
                yield title, cells[0], text


@pytest.mark.parametrize("client", sorted({title for title, *_ in words()}))
def test_a_clients_words_lead_to_what_happened(client: str) -> None:
    wrong = []
    for title, behaviour, text in words():
        if title != client:
            continue
        found = [problem.id for problem in explain_event(from_text(text))]
        if not found or found[0] not in {*CAUSES[behaviour], OWN_RULE}:
            wrong.append(f"{behaviour}: {text}\n    {found}")
    assert not wrong, "\n".join(wrong)
