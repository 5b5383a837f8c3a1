"""Server certificates of every kind, made anew for a run. No key is ever written into the checkout."""

from __future__ import annotations

import datetime
import functools
import ssl
import tempfile
import warnings
from pathlib import Path

import trustme


@functools.cache
def certificates() -> Certificates:
    """Return the certificates of this run: RSA keys take a third of a second."""
    return Certificates()


LONG_AGO = (datetime.datetime(2019, 1, 1), datetime.datetime(2020, 1, 1))
FAR_AHEAD = (datetime.datetime(2048, 1, 1), datetime.datetime(2049, 1, 1))


class Certificates:
    """Contexts by kind; `ca_pem` is the authority that the client is told to trust."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="conformance CA")
        self._other = trustme.CA(organization_name="unknown CA")
        self.ca_pem = self._ca.cert_pem.bytes().decode("ascii")
        self._made: dict[str, ssl.SSLContext] = {}

    def context(self, kind: str) -> ssl.SSLContext:
        """Return the server context of one kind. KeyError for an unknown one."""
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind: str) -> ssl.SSLContext:
        intermediate = self._ca.create_child_ca()
        unknown = self._other.create_child_ca()
        leaf = {
            "trusted": lambda: self._ca.issue_cert("localhost", "127.0.0.1"),
            "names-only": lambda: self._ca.issue_cert("localhost"),
            "common-name-only": lambda: self._ca.issue_cert("10.0.0.1", common_name="localhost"),
            "wrong-name": lambda: self._ca.issue_cert("mail.example.com"),
            "expired": lambda: self._ca.issue_cert("localhost", not_before=LONG_AGO[0], not_after=LONG_AGO[1]),
            "not-yet-valid": lambda: self._ca.issue_cert("localhost", not_before=FAR_AHEAD[0], not_after=FAR_AHEAD[1]),
            "untrusted": lambda: self._other.issue_cert("localhost"),
            "untrusted-expired": lambda: self._other.issue_cert(
                "localhost", not_before=LONG_AGO[0], not_after=LONG_AGO[1]
            ),
            "untrusted-with-intermediate": lambda: unknown.issue_cert("localhost"),
            "untrusted-with-root": lambda: unknown.issue_cert("localhost"),
            "with-intermediate": lambda: intermediate.issue_cert("localhost"),
            "without-intermediate": lambda: intermediate.issue_cert("localhost"),
            "ecdsa": lambda: self._ca.issue_cert("localhost", key_type=trustme.KeyType.ECDSA),
            "rsa": lambda: self._ca.issue_cert("localhost", key_type=trustme.KeyType.RSA),
            "tls-1.2-only": lambda: self._ca.issue_cert("localhost", key_type=trustme.KeyType.RSA),
            "tls-1.3-only": lambda: self._ca.issue_cert("localhost"),
            "tls-1.1-only": lambda: self._ca.issue_cert("localhost", key_type=trustme.KeyType.RSA),
            "one-cipher": lambda: self._ca.issue_cert("localhost", key_type=trustme.KeyType.RSA),
        }[kind]()
        chain = [blob.bytes() for blob in leaf.cert_chain_pems]
        if kind == "without-intermediate":
            chain = chain[:1]
        elif kind == "untrusted-with-root":
            chain.append(self._other.cert_pem.bytes())
        return self._limited(_loaded(leaf.private_key_pem.bytes() + b"".join(chain)), kind)

    def _limited(self, context: ssl.SSLContext, kind: str) -> ssl.SSLContext:
        if kind == "tls-1.2-only":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        elif kind == "tls-1.3-only":
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        elif kind == "one-cipher":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
        elif kind == "tls-1.1-only":
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # its age is what is wanted here
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""CPython's own default for servers. Distributions change it, and with it what a client's old suites meet."""


@functools.cache
def self_signed() -> tuple[ssl.SSLContext, str]:
    """Return this run's server context with a self-signed certificate for localhost, and that certificate as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=60, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = built.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _loaded(private + pem), pem.decode("ascii")


def _loaded(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context
