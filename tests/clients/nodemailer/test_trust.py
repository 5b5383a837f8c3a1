"""Trust and ciphers are Node's, never the machine's."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from smtpwizard.clients.model import CipherListError
from smtpwizard.clients.nodemailer import tls
from smtpwizard.errors import FileError
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.settings import Settings
from smtpwizard.smtp import roots
from support.apps import ABC
from support.probing import certificates

pytestmark = pytest.mark.usefixtures("all_roots")


def test_the_roots_are_certifis() -> None:
    assert roots.path() == certifi.where()


@pytest.mark.parametrize("ciphers", ["TLSv1.3", "nonsense", "TLS_NOPE", "TLS_AES_128_GCM_SHA256:nonsense", "-ALL"])
def test_a_list_that_node_refuses_is_refused(ciphers: str) -> None:
    with pytest.raises(CipherListError, match="no cipher match") as caught:
        tls.check_ciphers(ciphers)
    assert caught.value.code == "ERR_SSL_NO_CIPHER_MATCH"


@pytest.mark.parametrize("ciphers", ["", "TLSv1.2", "HIGH", "TLS_AES_128_GCM_SHA256", "DEFAULT@SECLEVEL=0"])
def test_a_list_that_node_takes_is_taken(ciphers: str) -> None:
    tls.check_ciphers(ciphers)


def test_suites_of_tls_1_3_alone_limit_to_tls_1_3() -> None:
    assert tls.context("TLS_AES_128_GCM_SHA256", ()).minimum_version.name == "TLSv1_3"
    assert tls.context("TLSv1.2", ()).minimum_version.name == "TLSv1_2"


def test_an_authority_that_cannot_be_read_is_passed_over() -> None:
    authorities = ("-----BEGIN CERTIFICATE-----\nnonsense", certificates().ca_pem)
    stats = tls.context("", authorities).cert_store_stats()
    assert stats["x509_ca"] == tls.context("", ()).cert_store_stats()["x509_ca"] + 1


def test_node_extra_ca_certs_is_read_as_node_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(tmp_path / "missing.pem"))
    assert tls.extra_authorities() is None
    (tmp_path / "ca.pem").write_text(certificates().ca_pem)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(tmp_path / "ca.pem"))
    assert tls.extra_authorities() == certificates().ca_pem


@pytest.mark.parametrize("content", [None, "no certificate in here"])
def test_a_ca_file_that_is_none_is_an_error_before_anything_is_tried(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FileError, match=r"ca\.pem"):
        Probe(Settings(ABC), Options(ca_files=(path,)))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", ".example.com", "x" * 64 + ".example"])
def test_an_address_or_an_impossible_name_gives_no_sni(host: str) -> None:
    assert tls.server_name(host) is None


def test_a_name_gives_sni() -> None:
    assert tls.server_name("smtp.example.com") == "smtp.example.com"


def test_a_context_that_was_read_ahead_is_set_up_like_any_other() -> None:
    tls.begin("mail.example.com", implicit=False)
    ahead, after = tls.context("TLSv1.2", ()), tls.context("TLSv1.2", ())
    for made in (ahead, after):
        assert not made.check_hostname
        assert made.verify_mode.name == "CERT_REQUIRED"
        assert made.minimum_version.name == "TLSv1_2"
    assert ahead.get_ciphers() == after.get_ciphers()
    assert ahead.verify_flags == after.verify_flags


@pytest.mark.parametrize(
    ("host", "implicit", "kept", "likely"),
    [
        ("smtp.example.com", False, False, True),
        ("smtp.example.com", False, True, True),
        ("mailpit", False, False, True),
        ("localhost", False, False, False),
        ("127.0.0.1", False, False, False),
        ("127.0.0.1", True, False, True),
        ("127.0.0.1", True, True, False),
    ],
)
def test_roots_are_read_ahead_but_for_this_machine(
    host: str, implicit: bool, kept: bool, likely: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(roots, "are_kept", lambda: kept)
    monkeypatch.setattr(roots, "begin", lambda: begun.append(host))
    tls.begin(host, implicit=implicit)
    assert begun == [host] * likely
