"""Hosts by their looks, the transport, masking, and what the room costs to import."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.addresses import is_ip_address, is_loopback, is_private_host
from smtpwizard.clients.transport import transport
from smtpwizard.lint.check import masked_settings
from smtpwizard.lint.context import bare_address, host_parts, is_host_name, meant_host, meant_port, one_line, tidy
from smtpwizard.secret import MASK, Secret
from support.traps import LEFT_OUT, Origin, make, of, preset

# fmt: off
PRIVATE = ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "10.1.2.3", "172.16.0.1", "fd00::1",
           "192.168.1.1", "169.254.1.1", "fe80::1", "100.64.0.1", "mailer", "my_mailer", "mail.local", "mail.lan",
           "0.0.0.0", "host.docker.internal", "a.home.arpa", "smtp.svc.cluster.local", "::ffff:10.0.0.1", ""]
PUBLIC = ["smtp.gmail.com", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "acme.dev", "localhost.acme.dev", "100.128.0.1",
          "999.1.1.1", "10.0.0.1.acme.dev"]
# fmt: on


@pytest.mark.parametrize("host", PRIVATE)
def test_private_hosts_are_told_by_their_looks(host: str) -> None:
    assert is_private_host(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_public_hosts_are_told_by_their_looks(host: str) -> None:
    assert not is_private_host(host)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    for question in (
        is_private_host,
        is_loopback,
        is_ip_address,
        is_host_name,
        meant_port,
        bare_address,
        tidy,
        one_line,
    ):
        question(text)
    assert tidy(tidy(text)) == tidy(text)
    assert host_parts(text) == host_parts(text)


def test_a_transport_is_made_as_the_app_makes_it() -> None:
    found = transport(make(), origin=Origin.ENVIRON)
    assert found is not None
    assert (found.host, found.port, found.secure, found.ciphers) == ("mail.acme.dev", 465, True, "TLSv1.2")
    assert (found.username, found.password) == ("app@acme.dev", Secret("correct horse"))
    assert "correct" not in repr(found)


def test_without_both_halves_of_a_login_the_transport_has_none() -> None:
    for changed in ({"USERNAME": ""}, {"PASSWORD": LEFT_OUT}):
        found = transport(make(**changed))
        assert found is not None
        assert not found.logs_in
        assert (found.username, found.password) == (None, None)


def test_true_in_capitals_depends_on_where_it_comes_from() -> None:
    settings = make(TLS="TRUE", CIPHER_SPEC=LEFT_OUT)
    by_origin = {origin: transport(settings, origin=origin) for origin in Origin}
    assert {origin for origin, found in by_origin.items() if found and found.secure} == {Origin.ENV_FILE}
    assert {found.ciphers for found in by_origin.values() if found} == {"TLSv1.2"}  # Joi's default, whoever reads it


def test_settings_that_keep_the_app_from_starting_have_no_transport() -> None:
    assert transport(make(TLS="yes")) is None
    assert transport(make(HOST=LEFT_OUT)) is None


def test_the_host_that_is_meant_finds_the_provider() -> None:
    assert meant_host(make(HOST='"smtp://smtp.gmail.com:587"')) == "smtp.gmail.com"
    assert meant_host(make(HOST=LEFT_OUT)) == ""


def test_a_secret_in_the_wrong_variable_is_masked_too() -> None:
    settings, sendgrid = of("sendgrid", USERNAME="SG.abcdefghijklmnopqrstuv.wxyz", PASSWORD="apikey")
    assert masked_settings(settings, sendgrid)["SMTP_USERNAME"] == MASK
    settings, postmark = of("postmark", USERNAME="0a1b2c3d", PASSWORD="0a1b2c3d\n")
    assert masked_settings(settings, postmark)["SMTP_USERNAME"] == MASK
    assert masked_settings(make(HOST="smtp://user:word@mail.acme.dev"))["SMTP_HOST"] == f"smtp://{MASK}@mail.acme.dev"
    shown = masked_settings(make(), preset("gmail"))
    assert (shown["SMTP_USERNAME"], shown["SMTP_PASSWORD"]) == ("app@acme.dev", MASK)


def test_the_room_imports_nothing_heavy() -> None:
    heavy = {"asyncio", "ssl", "socket", "email", "textual", "rich", "pybars", "dns", "dotenv", "subprocess", "tomllib"}
    script = "import sys, smtpwizard.lint.check; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not heavy & set(loaded)
