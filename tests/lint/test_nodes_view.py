"""The mail client's own view, asked of the real nodemailer and node: ciphers, senders, ports, host names."""

from __future__ import annotations

import pytest

from smtpwizard.clients.transport import Origin, transport
from smtpwizard.lint.context import bare_address
from smtpwizard.lint.tls import SUITES, TLS13_SUITES, WORDS, CipherVerdict, judge_ciphers
from smtpwizard.problems import Severity
from support.node import node_json
from support.traps import judge, make

pytestmark = pytest.mark.node

# fmt: off
SPECS = ["TLSv1.3", "TLSv1.1", "TLS", "SSLv2", "tlsv1.2", "TLS1.2", "MEDIUM", "LOW", "EXPORT", "3DES", "DES",
         "RC4", "IDEA", "aDH", "kECDH", "GOST2012", "@STRENGTH", "@SECLEVEL=0", "HIGH:nonsense",
         "nonsense:HIGH", "TLSv1.3:HIGH", "HIGH,MEDIUM", "HIGH MEDIUM", "HIGH;MEDIUM", "nonsense,HIGH", "!HIGH",
         "+HIGH", "-HIGH", "ECDHE+AESGCM", "ECDHE+nonsense", "TLS_FOO", "TLS_AES_128_GCM_SHA256:nonsense",
         "nonsense:TLS_AES_128_GCM_SHA256", "TLS_FOO:HIGH", "TLS_AES_128_GCM_SHA256:TLS_FOO", " ", ":",
         "HIGH:@SECLEVEL=0", "DEFAULT:!aNULL", "AES128+", '"TLSv1.2"', "true", "DEFAULT@SECLEVEL=1",
         "HIGH!aNULL", "HIGH:+nonsense", "TLSv1.2,TLSv1.3", "TLSv1.2/TLSv1.3", "SSLv23", "yes", "none",
         "ECDHE-RSA-AES128-GCM-SHA25", " TLSv1.2", "TLSv1.2 ", "nonsense nonsense", "TLSv1.2\n", "TLSv1.2#x",
         "ＨＩＧＨ", "PSK-AES128-CBC-SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
# fmt: on

SENDERS = ["Acme <app@acme.dev>", '"Acme" <app@acme.dev>', "<app@acme.dev>", " app@acme.dev", "app@acme.dev\n"]


def test_node_takes_the_ciphers_that_we_call_fine_and_no_others() -> None:
    specs = [*SPECS, *sorted(WORDS | SUITES | TLS13_SUITES)]
    taken = node_json(
        "const taken = (ciphers) => require('tls').createSecureContext({ ciphers }) !== null;"
        "output(input.map((spec) => { try { return taken(spec); } catch { return false; } }))",
        specs,
    )
    ours = [judge_ciphers(spec) is not CipherVerdict.BROKEN for spec in specs]
    assert dict(zip(specs, ours, strict=True)) == dict(zip(specs, taken, strict=True))


def test_a_sender_with_more_than_an_address_goes_out_as_the_address_that_we_offer() -> None:
    envelopes = node_json(
        """
        const transport = require('nodemailer').createTransport({ streamTransport: true, buffer: true });
        const mail = (sender) => ({ from: `"User feedback" <${sender}>`, to: 'r@acme.dev', text: 't' });
        const clean = (message) => /^From: User feedback <app@acme.dev>\\r$/m.test(String(message));
        Promise.all(input.map((sender) => transport.sendMail(mail(sender))))
          .then((sent) => output(sent.map((one) => [one.envelope.from, clean(one.message)])));
        """,
        SENDERS,
    )
    for sender, (envelope, clean) in zip(SENDERS, envelopes, strict=True):
        assert bare_address(sender) == envelope
        garbled = judge(make(SENDER=sender)).get("sender-display-name")
        assert (garbled is None) is clean, sender


def test_the_client_fails_on_the_hosts_and_ports_that_we_call_errors() -> None:
    cases = [("localhost", port) for port in ("99999", "-1", "65536")]
    cases += [
        (host, "1") for host in ("smtp://localhost", '"localhost"', "localhost,", " localhost", "localhost:25", "[::1]")
    ]
    codes = node_json(
        """
        const open = ([host, port]) => require('nodemailer').createTransport({ host, port: parseInt(port), pool: true })
          .verify().then(() => 'ok', (error) => error.code);
        Promise.all(input.map(open)).then((codes) => { output(codes); process.exit(0); });
        """,
        cases,
    )
    assert codes == ["ECONNECTION"] * 3 + ["EDNS"] * 6
    for host, port in cases:
        found = judge(make(HOST=host, PORT=port, TLS="false"), in_container=False).values()
        assert [item for item in found if item.severity is Severity.ERROR], (host, port)


def test_port_zero_becomes_the_clients_own_default() -> None:
    ports = node_json(
        "const Connection = require('nodemailer/lib/smtp-connection');"
        "output(input.map((secure) => new Connection({ port: parseInt('0'), secure }).port))",
        [True, False],
    )
    for tls, port in zip(("true", "false"), ports, strict=True):
        found = transport(make(PORT="0", TLS=tls), origin=Origin.ENVIRON)
        assert found is not None
        assert found.port == port
