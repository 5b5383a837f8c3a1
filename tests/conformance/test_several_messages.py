"""Three mails with one transport: what becomes of each is what becomes of it with the app's own client."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from smtpwizard.mail.messages import build
from smtpwizard.sandbox.scripted import Play, Script, Stage, reply
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import OutgoingMessage, Report
from support.apps import ABC
from support.node import node_json
from support.probing import probe_of, serving

pytestmark = pytest.mark.node

APP = ABC
SEND = """
const send = async ({ port, mails }) => {
    const transport = require('nodemailer').createTransport({
        pool: true, host: '127.0.0.1', port, secure: false, tls: {},
        auth: { user: 'app@example.com', pass: 'correct-horse-9' }
    });
    const outcomes = [];
    for (const mail of mails) {
        outcomes.push(await transport.sendMail(mail).then(
            (info) => ({ ok: true, response: info.response }),
            (error) => ({ ok: false, code: error.code, response: error.response, command: error.command })));
    }
    transport.close();
    return outcomes;
};
Promise.all(input.map(send)).then(output);
"""
REFUSED = "550 5.1.1 no such user"
REFUSALS: dict[str, tuple[Stage, tuple[Play | None, ...]]] = {
    "MAIL": (Stage.MAIL, (None, reply(REFUSED), None)),
    "RCPT": (Stage.RCPT, (reply(REFUSED), None, None)),
    "RCPT for now": (Stage.RCPT, (None, reply("450 4.2.0 greylisted"), None)),
    "DATA twice": (Stage.DATA, (reply("554 5.5.1 no valid recipients"), reply("452 4.3.1 no space"), None)),
    "the last two": (Stage.DOT, (None, reply("554 5.7.1 spam"), reply("554 5.7.1 spam"))),
    "none": (Stage.DOT, (None, None, None)),
}
KEYWORDS = [("SMTPUTF8", "8BITMIME", "SIZE 100000"), ("8BITMIME", "SIZE 10"), ()]
ADDRESSES = [
    ("app@example.com", "to@example.com"),
    ("app@bücher.example", "To@EXAMPLE.com"),
    ("büro@bücher.example", "例え@例え.テスト"),
    ("app@example.com", "lesër+tag@example.com"),
]
Case = tuple[Script, str, str]
"""A server, sender and recipient."""
CASES: dict[object, Case] = {
    name: (Script().turn(stage, *plays), "app@example.com", "to@example.com")
    for name, (stage, plays) in REFUSALS.items()
} | {
    (keywords, *addresses): (Script(keywords=keywords, mechanisms=("PLAIN",)), *addresses)
    for keywords in KEYWORDS
    for addresses in ADDRESSES
}
Theirs = tuple[list[dict[str, Any]], list[str], list[bytes]]


@pytest.fixture(scope="module")
def theirs() -> dict[object, Theirs]:
    """Have nodemailer send the app's mails in every case: the outcomes, what it said, and the messages that came."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(script)) for script, *_ in CASES.values()]
        jobs = [
            {
                "port": server.port,
                "mails": [
                    {"from": f'"{APP.from_name}" <{sender}>', "to": to, "subject": mail.subject, "html": "<p>Hello</p>"}
                    for mail in APP.mails
                ],
            }
            for server, (_, sender, to) in zip(servers, CASES.values(), strict=True)
        ]
        found = zip(CASES, node_json(SEND, jobs), servers, strict=True)
        return {case: (outcomes, list(server.received), list(server.messages)) for case, outcomes, server in found}


def ours(script: Script, sender: str, to: str) -> tuple[Report, list[str], list[bytes]]:
    """Send the same with our client."""
    built = [build(mail, APP, Settings(ABC, sender=sender), to) for mail in APP.mails]
    messages = [OutgoingMessage(mail.message_id, mail.data, mail.to, mail.mail.name) for mail in built]
    with serving(script) as server:
        probe = probe_of(server, *messages, host="127.0.0.1", sender=sender)
        list(probe.steps_blocking())
        return probe.report(), list(server.received), list(server.messages)


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_of_one_mail_is_the_same_for_both_and_so_are_the_others(
    case: str, theirs: dict[object, Theirs]
) -> None:
    outcomes, said, _ = theirs[case]
    report, spoken, _ = ours(*CASES[case])
    assert [(item.accepted, item.response) for item in report.messages] == [
        (item["ok"], item["response"]) for item in outcomes
    ]
    refused = next((item for item in outcomes if not item["ok"]), None)
    assert report.app.send.ok == (refused is None)
    if refused is not None:
        assert (report.app.send.code, report.app.send.command) == (refused["code"], refused["command"])
        assert report.app.send.response_code == int(refused["response"][:3])
    # The one difference, and it is meant: the pool logs in again after a refusal.
    assert sum(line.startswith("AUTH") for line in spoken) == 1
    assert sum(line.startswith("AUTH") for line in said) == 1 + sum(not item["ok"] for item in outcomes[:-1])


@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize(("sender", "to"), ADDRESSES)
def test_envelope_and_header_cross_the_wire_alike(
    keywords: tuple[str, ...], sender: str, to: str, theirs: dict[object, Theirs]
) -> None:
    outcomes, said, sent = theirs[keywords, sender, to]
    report, spoken, ours_sent = ours(*CASES[keywords, sender, to])
    assert all(item["ok"] for item in outcomes)
    assert all(item.accepted for item in report.messages)
    assert envelope(spoken) == envelope(said)
    assert [fields(data) for data in ours_sent] == [fields(data) for data in sent]


def envelope(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(("MAIL", "RCPT", "DATA"))]


def fields(data: bytes) -> list[bytes]:
    head = data.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b"\r\n\x00 ").split(b"\r\n")
    kept: list[bytes] = []
    for line in head:
        if line.startswith((b"From:", b"To:", b"Subject:")) or (line.startswith(b"\x00") and kept):
            kept.append(line)
        elif line.startswith(b"Message-ID:"):  # the client's own comes after these three
            break
    return kept
