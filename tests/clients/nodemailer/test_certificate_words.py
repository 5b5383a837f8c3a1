"""A certificate that is refused is told in Node's words, whatever is wrong with it. The real Node judges."""

from __future__ import annotations

import json
import ssl
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from support.node import node_json

pytestmark = pytest.mark.node

NOW: Final = datetime.now(UTC).replace(microsecond=0)
YEAR: Final = timedelta(days=365)
GOOD: Final = (NOW - YEAR, NOW + YEAR)
OVER: Final = (NOW - 2 * YEAR, NOW - YEAR)
AHEAD: Final = (NOW + YEAR, NOW + 2 * YEAR)

CLIENT: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
STRANGE: Final = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


class Made(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def issue(
    name: str,
    by: Made | None,
    *,
    dates: tuple[datetime, datetime] = GOOD,
    authority: bool | None = True,
    depth: int | None = None,
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    digest: hashes.HashAlgorithm | None = None,
) -> Made:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
    )
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(authority, depth), critical=True)
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    return Made(builder.sign(by.key if by else key, digest or hashes.SHA256()), key)


def constrained(*, permitted: str | None = None, excluded: str | None = None) -> tuple[x509.ExtensionType, bool]:
    inside, outside = ([x509.DNSName(name)] if name else None for name in (permitted, excluded))
    return x509.NameConstraints(inside, outside), True


ROOT: Final = issue("root", None)
OLD_ROOT: Final = issue("old root", None, dates=OVER)
NEW_ROOT: Final = issue("new root", None, dates=AHEAD)
OTHER: Final = issue("other", None)
SHALLOW: Final = issue("shallow", None, depth=0)


def leaf(by: Made | None, *between: Made, **more: Any) -> tuple[Made, ...]:
    return (issue("localhost", by, authority=False, **more), *between)


def child(by: Made, **more: Any) -> Made:
    return issue("child", by, **more)


def below(between: Made, **more: Any) -> tuple[Made, ...]:
    return leaf(between, between, **more)


CHAINS: Final[dict[str, tuple[Made, ...]]] = {
    "unknown": leaf(OTHER),
    "unknown, not yet valid": leaf(OTHER, dates=AHEAD),
    "unknown, expired": leaf(OTHER, dates=OVER),
    "not yet valid": leaf(ROOT, dates=AHEAD),
    "expired": leaf(ROOT, dates=OVER),
    "self-signed": leaf(None),
    "self-signed, expired": leaf(None, dates=OVER),
    "self-signed, not yet valid": leaf(None, dates=AHEAD),
    "for clients": leaf(ROOT, more=((CLIENT, False),)),
    "for clients, expired": leaf(ROOT, dates=OVER, more=((CLIENT, False),)),
    "a strange critical extension": leaf(ROOT, more=((STRANGE, True),)),
    "a strange critical extension, not yet valid": leaf(ROOT, dates=AHEAD, more=((STRANGE, True),)),
    "an authority that is none": below(child(ROOT, authority=False)),
    "an authority without a word of it": below(child(ROOT, authority=None)),
    "an authority that is expired": below(child(ROOT, dates=OVER)),
    "a root that is expired": leaf(OLD_ROOT),
    "a root that is not yet valid": leaf(NEW_ROOT),
    "a chain that is too long": below(child(SHALLOW)),
    "names outside of what is permitted": below(child(ROOT, more=(constrained(permitted="acme.example"),))),
    "names that are excluded": below(child(ROOT, more=(constrained(excluded="localhost"),))),
    "a wrong signature": leaf(Made(ROOT.certificate, OTHER.key)),
    "an unknown authority is sent": leaf(OTHER, OTHER),
    "an unknown authority between": below(child(OTHER)),
}  # fmt: skip
TRUSTED: Final = b"".join(made.pem for made in (ROOT, OLD_ROOT, NEW_ROOT, SHALLOW)).decode("ascii")

ASK: Final = """
const tls = require("tls");
const ask = ([name, port]) => new Promise((done) => {
  const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost", ca: input.ca });
  socket.on("error", (error) => { done([name, error.code, error.message]); socket.destroy(); });
  socket.on("secureConnect", () => { done([name, null, null]); socket.destroy(); });
});
Promise.all(Object.entries(input.ports).map(ask)).then(output);
"""


def context(chain: tuple[Made, ...]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = chain[0].key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(key + b"".join(item.pem for item in chain))
        file.flush()
        made.load_cert_chain(file.name)
    return made


def test_a_refused_certificate_is_told_in_nodes_words() -> None:
    options = Options(timeout=10, extra_ca_pem=TRUSTED, trust_extra_env=False)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(ScriptedServer(Script(implicit=True), tls=context(chain)))
            for name, chain in CHAINS.items()
        }
        told = node_json(ASK, {"ca": TRUSTED, "ports": {name: server.port for name, server in servers.items()}})
        node = {name: (code, message) for name, code, message in told}
        ours = {}
        for name, server in servers.items():
            probe = Probe(server.settings(host="localhost"), options)
            failed = probe.run_blocking().failed
            ours[name] = (failed.error, failed.summary) if failed else (None, None)
    assert all(code for code, _ in node.values()), node
    wrong = {
        name: (node[name], ours[name])
        for name in CHAINS
        if ours[name][0] != node[name][0] or not str(ours[name][1]).startswith(node[name][1])
    }
    assert not wrong, json.dumps(wrong, indent=1)
