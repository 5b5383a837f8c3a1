"""Host names become addresses as the app's client sees them."""

from __future__ import annotations

import socket

import pytest

from smtpwizard.clients.nodemailer import errors
from smtpwizard.smtp import net as resolve


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
def test_an_address_is_not_looked_up(host: str) -> None:
    assert resolve.literal(host) == host


@pytest.mark.parametrize("host", ["localhost", "127.1", "[::1]", "", "1.2.3.4.5", "a\0b"])
def test_anything_else_is(host: str) -> None:
    assert resolve.literal(host) is None


def test_ipv4_comes_before_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [
        (socket.AF_INET6, 1, 6, "", ("2001:db8::1", 0, 0, 0)),
        (socket.AF_INET, 1, 6, "", ("192.0.2.1", 0)),
        (socket.AF_INET, 1, 6, "", ("192.0.2.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    monkeypatch.setattr(resolve, "_has_ipv6", lambda: True)
    assert resolve.look_up("mail.example.com") == ("192.0.2.1", "2001:db8::1")
    monkeypatch.setattr(resolve, "_has_ipv6", lambda: False)
    assert resolve.look_up("mail.example.com") == ("192.0.2.1",)


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "a\0b", ""])
def test_a_host_that_cannot_exist_is_not_found(host: str) -> None:
    with pytest.raises(socket.gaierror) as caught:
        resolve.look_up(host)
    assert errors.word(caught.value) == "ENOTFOUND"
