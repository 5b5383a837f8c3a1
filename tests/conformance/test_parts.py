"""Single rules of the client and of Node, compared one by one on many inputs: cheaper than a whole dialogue each."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from conformance.behaviour import LOGIN, Behaviour
from conformance.comparison import Comparison
from smtpwizard.clients.model import CipherListError
from smtpwizard.clients.nodemailer import tls as trust
from smtpwizard.clients.nodemailer.channel import ReplyQueue, read
from smtpwizard.clients.nodemailer.dialogue import from_header
from smtpwizard.clients.nodemailer.tls import mismatch
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.smtp.certificate import Certificate
from support.node import node_json

pytestmark = [pytest.mark.node]

SEED = 20260508
HOSTS = ["mail.example.com", "MAIL.example.com.", "a.b.example.com", "example.com", "localhost", "127.0.0.1", "::1"]
HOSTS += ["xn--a.b.c"]
PATTERNS = [
    *("mail.example.com", "*.example.com", "m*l.example.com", "*mail.example.com", "**.example.com", "*.com", "*", ""),
    *(
        "Mail.Example.Com",
        "mail.example.com.",
        "a..example.com",
        "xn--*.b.c",
        "*.b.c",
        "bücher.example.com",
        "127.0.0.1",
    ),
]
ADDRESSES = ["127.0.0.1", "::1", "10.0.0.1"]
CIPHERS = [
    *("TLSv1.2", "TLSv1.3", "TLSv1.1", "TLSv1", "SSLv3", "HIGH", "HIGH:!aNULL", "DEFAULT", "DEFAULT@SECLEVEL=0", "ALL"),
    *("-ALL", "nonsense", "nonsense:HIGH", "HIGH,MEDIUM", "HIGH MEDIUM", " TLSv1.2", "TLSv1.2 ", ":", "::", "a:"),
    *("TLS_", "TLS_NOPE", "TLS_NOPE:TLSv1.2", "TLS_AES_128_GCM_SHA256", "TLS_NOPE:TLS_AES_128_GCM_SHA256"),
    *("TLS_AES_128_GCM_SHA256:nonsense", "TLS_AES_256_GCM_SHA384:TLSv1.2", "tls_aes_128_gcm_sha256", "@SECLEVEL=0"),
    *("PSK", "aNULL", "eNULL", "HIGH;x", "ü", "ECDHE-RSA-AES128-GCM-SHA256", '"HIGH"', "!ALL", "DEFAULT:@SECLEVEL=9"),
]
SENDERS = [
    *("app@example.com", " app@example.com ", "App <app@example.com>", "<app@example.com>", "apikey", "a@EXAMPLE.com"),
    *("a@bücher.example", "a@BÜCHER.example", "büro@example.com", "my app@example.com", '"my app"@example.com', ""),
    *("a@b, c@d", "a@b>", "a>b@c", "a@b@c", "@example.com", "a@", "a\tb@example.com", "a\r\nb@example.com", "<>"),
    *("a@example.com\nBcc: x@y", "<<a@b>>", "x <y <a@b>", "a@b (comment)", "a;b@c", '"a@b"', "a@münchen。example"),
    *("   ", "a@\x01b.example"),
]


def test_names_in_certificates_are_judged_as_node_does() -> None:
    cases = []
    for host, pattern in itertools.product(HOSTS, PATTERNS):
        for addresses in ([], ADDRESSES[:2]):
            cases += [(host, [pattern], addresses, []), (host, [], addresses, [pattern])]
    judged = node_json(
        """
        const tls = require('tls');
        output(input.map(([host, dns, addresses, common]) => {
            const names = [...dns.map((name) => 'DNS:' + name), ...addresses.map((name) => 'IP Address:' + name)];
            const certificate = { subject: { CN: common[0] }, subjectaltname: names.join(', ') || undefined };
            return tls.checkServerIdentity(host, certificate) === undefined;
        }));
        """,
        cases,
    )
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for (host, dns, addresses, common), accepted in zip(cases, judged, strict=True):
        made = Certificate(tuple(common), tuple(dns), tuple(addresses), "", moment, moment, self_issued=False)
        assert (mismatch(host, made) is None) == accepted, (host, dns, addresses, common)


def test_cipher_lists_are_taken_or_refused_as_node_does() -> None:
    judged = node_json(
        """
        const tls = require('tls');
        output(input.map((ciphers) => {
            try {
                const { context } = tls.createSecureContext({ ciphers });
                return context.getMinProto() === 0x304 ? 'TLSv1_3' : 'TLSv1_2';
            } catch (error) {
                return null;
            }
        }));
        """,
        CIPHERS,
    )
    for ciphers, accepted in zip(CIPHERS, judged, strict=True):
        try:
            least = trust.context(ciphers, (), verify=False).minimum_version.name
        except CipherListError:
            least = None
        assert least == accepted, ciphers


def test_envelope_senders_are_made_as_the_client_makes_them() -> None:
    judged = node_json(
        """
        const MimeNode = require('nodemailer/lib/mime-node');
        output(input.map((sender) => {
            const node = new MimeNode();
            node.setHeader('From', `"User feedback" <${sender}>`);
            return (node.getEnvelope().from || '').toString().trim();
        }));
        """,
        SENDERS,
    )
    for sender, made in zip(SENDERS, judged, strict=True):
        assert from_header(sender) == made, sender


REPLIES = """
const { EventEmitter } = require('events');
const SMTPConnection = require('nodemailer/lib/smtp-connection');
output(input.map((chunks) => {
    const connection = new SMTPConnection({});
    let ready = false;
    connection._processResponse = () => { ready = connection._responseQueue.length > 0; };
    const looked = chunks.map((chunk) => {
        ready = false;
        connection._onData(Buffer.from(chunk, 'latin1'));
        return ready;
    });
    return { looked, queue: connection._responseQueue, rest: connection._remainder };
}));
"""


def test_octets_are_cut_into_replies_as_the_client_cuts_them() -> None:
    chance = random.Random(SEED)
    pieces = ["2", "50", "250", "-", " ", "\r", "\n", "\r\n", "x", "\xff", "250-a\r\n", "250 b\r\n", "\x85", "\x1c"]
    cases = [
        ["".join(chance.choices(pieces, k=chance.randint(1, 6))) for _ in range(chance.randint(1, 5))]
        for _ in range(1500)
    ]
    for chunks, theirs in zip(cases, node_json(REPLIES, cases), strict=True):
        queue = ReplyQueue()
        looked = [queue.feed(chunk.encode("latin-1")) for chunk in chunks]
        assert looked == theirs["looked"], chunks
        assert queue._rest.decode("latin-1") == theirs["rest"], chunks
        kept = [b"\n".join(lines).decode("latin-1") for lines in queue._replies]
        assert kept == theirs["queue"], chunks


EHLO = """
const SMTPConnection = require('nodemailer/lib/smtp-connection');
output(input.map((reply) => {
    const connection = new SMTPConnection({ ignoreTLS: true });
    connection._actionEHLO(reply);
    return {
        starttls: /[ -]STARTTLS\\b/im.test(reply),
        login: connection.allowsAuth,
        mechanisms: connection._supportedAuth,
        smtputf8: connection._supportedExtensions.includes('SMTPUTF8'),
        eightbit: connection._supportedExtensions.includes('8BITMIME'),
        size: connection._supportedExtensions.includes('SIZE') ? connection._maxAllowedSize : null,
        lines: connection._ehloLines,
    };
}));
"""


def test_ehlo_replies_are_read_as_the_client_reads_them() -> None:
    chance = random.Random(SEED)
    words = ["AUTH", "auth", "PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "SIZE", "STARTTLS", "SMTPUTF8", "250", "X", "10"]
    words += ["8BITMIME"]
    glue = [" ", "-", "=", "\n", "\n250-", "\n250 ", "\t", "_", "\xa0", "\ufeff", "  "]

    def some() -> str:
        return "".join(chance.choice(words) + chance.choice(glue) for _ in range(chance.randint(1, 9)))

    cases = [f"2{some()}" for _ in range(4000)]
    for reply, theirs in zip(cases, node_json(EHLO, cases), strict=True):
        found = read(reply)
        ours = {**found._asdict(), "mechanisms": list(found.mechanisms), "lines": list(found.lines)}
        assert ours == theirs, repr(reply)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    with Comparison(tmp_path_factory.mktemp("words")) as made:
        yield made


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("starttls", [True, False])
def test_the_same_words_go_over_the_wire(mechanism: str, starttls: bool, comparison: Comparison) -> None:
    """Word for word, but for EHLO's name, which nodemailer takes from this machine, and our QUIT."""
    script = Script(starttls=starttls, mechanisms=(mechanism,))
    extra = {**LOGIN, "SMTP_USERNAME": "Jörg", "SMTP_PASSWORD": 'p "ä\\ß'}
    said = []
    for call in (comparison.real_client, comparison.our_client):
        with ScriptedServer(script, tls=comparison.context("trusted")) as server:
            call(server, Behaviour("words", script), extra)
            said.append([line for line in server.received if not line.startswith(("EHLO", "QUIT"))])
    assert said[0] == said[1]
    assert said[0][-1] == "DATA"
