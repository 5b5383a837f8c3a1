"""The practice server over real sockets and real TLS, as a client sees it."""

from __future__ import annotations

import asyncio
import gc
import smtplib
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator

import pytest

from smtpwizard.errors import BugError, InputError, NetworkError
from smtpwizard.sandbox.dialogue import ReceivedMessage
from smtpwizard.sandbox.server import PracticeServer
from support.processes import wait_until

MESSAGE = b"Subject: Hello\r\n\r\nYour code is 418205.\r\n"


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer() as running:
        yield running


def trust(server: PracticeServer) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.ca_pem)


def logged_in(server: PracticeServer, *, implicit: bool = False, host: str = "127.0.0.1") -> smtplib.SMTP:
    client: smtplib.SMTP
    if implicit:
        client = smtplib.SMTP_SSL(host, server.implicit_port, timeout=30, context=trust(server))
    else:
        client = smtplib.SMTP(host, server.starttls_port, timeout=30)
        client.starttls(context=trust(server))
    client.login(server.username, server.password.reveal())
    return client


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_trusting_client_logs_in_and_sends(server: PracticeServer, implicit: bool, host: str) -> None:
    with logged_in(server, implicit=implicit, host=host) as client:
        refused = client.sendmail("practice@example.com", ["one@example.net", "two@example.net"], MESSAGE)
    assert refused == {}
    (message,) = server.messages
    assert message.sender == "practice@example.com"
    assert message.recipients == ("one@example.net", "two@example.net")
    assert (message.subject, message.code, message.data) == ("Hello", "418205", MESSAGE)


def test_the_reply_names_the_queue_id_of_the_kept_message(server: PracticeServer) -> None:
    with logged_in(server) as client:
        client.mail("practice@example.com")
        client.rcpt("one@example.net")
        code, text = client.data(MESSAGE)
    assert (code, text.decode()) == (250, f"2.0.0 Ok: queued as {server.messages[0].queue_id}")


def test_both_mechanisms_are_offered_inside_tls_and_neither_outside(server: PracticeServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.starttls_port, timeout=30) as client:
        assert b"AUTH" not in client.ehlo()[1]
        client.starttls(context=trust(server))
        assert b"AUTH LOGIN PLAIN" in client.ehlo()[1]


def test_login_works_as_well_as_plain(server: PracticeServer) -> None:
    with smtplib.SMTP_SSL("127.0.0.1", server.implicit_port, timeout=30, context=trust(server)) as client:
        client.ehlo()
        client.user, client.password = server.username, server.password.reveal()
        assert client.auth("LOGIN", client.auth_login)[0] == 235


@pytest.mark.parametrize("user", ["practice@example.com", "someone@example.com"])
def test_a_wrong_login_is_refused_with_535_5_7_8(server: PracticeServer, user: str) -> None:
    with (
        smtplib.SMTP_SSL("127.0.0.1", server.implicit_port, timeout=30, context=trust(server)) as client,
        pytest.raises(smtplib.SMTPAuthenticationError) as refused,
    ):
        client.login(user, "not the password")
    assert refused.value.smtp_code == 535
    assert refused.value.smtp_error.startswith(b"5.7.8 ")


def test_nothing_is_accepted_without_tls_or_without_login(server: PracticeServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.starttls_port, timeout=30) as client:
        client.ehlo()
        assert client.mail("a@example.com")[0] == 530
        client.starttls(context=trust(server))
        client.ehlo()
        assert client.mail("a@example.com") == (530, b"5.7.0 Authentication required")


@pytest.mark.parametrize("address", ["a", "a@", "@example.com", "a@b@c", "<a@b.c"])
def test_an_address_that_is_none_is_refused_as_sender_and_as_recipient(server: PracticeServer, address: str) -> None:
    with logged_in(server) as client:
        client.ehlo()
        assert client.docmd(f"MAIL FROM:<{address}>")[0] in (501, 553)
        client.docmd("MAIL FROM:<a@example.com>")
        assert client.docmd(f"RCPT TO:<{address}>")[0] in (501, 553)


def test_a_message_over_the_size_limit_is_refused_and_not_kept() -> None:
    with PracticeServer(size_limit=2000) as server, logged_in(server) as client:
        assert b"SIZE 2000" in client.ehlo()[1]
        assert client.docmd("MAIL FROM:<a@example.com> SIZE=2001")[0] == 552
        client.mail("a@example.com")
        client.rcpt("b@example.com")
        assert client.data((b"x" * 70 + b"\r\n") * 40)[0] == 552
        assert server.messages == []


def test_only_the_newest_messages_are_kept() -> None:
    with PracticeServer(keep=2) as server, logged_in(server) as client:
        for number in range(4):
            client.sendmail("a@example.com", ["b@example.com"], f"Subject: {number}\r\n\r\nx\r\n")
        assert [message.subject for message in server.messages] == ["2", "3"]


def test_tls_1_1_is_refused(server: PracticeServer) -> None:
    old = trust(server)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.implicit_port), timeout=30) as sock, pytest.raises(ssl.SSLError):
        old.wrap_socket(sock, server_hostname="localhost")


def test_a_client_that_does_not_trust_the_ca_fails_quietly(
    server: PracticeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with smtplib.SMTP("127.0.0.1", server.starttls_port, timeout=30) as client, pytest.raises(ssl.SSLError):
        client.starttls(context=ssl.create_default_context())
    with pytest.raises(ssl.SSLError):
        smtplib.SMTP_SSL("127.0.0.1", server.implicit_port, timeout=30, context=ssl.create_default_context())
    with logged_in(server) as client:
        client.sendmail("a@example.com", ["b@example.com"], MESSAGE)
    assert capfd.readouterr() == ("", "")


def test_each_message_is_told_to_the_callback_before_the_client_hears_250() -> None:
    seen: list[ReceivedMessage] = []
    with PracticeServer(on_message=seen.append) as server, logged_in(server) as client:
        client.sendmail("a@example.com", ["b@example.com"], MESSAGE)
        assert seen == server.messages


def test_a_callback_that_fails_does_not_refuse_the_mail(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_message: ReceivedMessage) -> None:
        raise ValueError("a fault of the listener")

    with PracticeServer(on_message=fail) as server, logged_in(server) as client:
        assert client.sendmail("a@example.com", ["b@example.com"], MESSAGE) == {}
        assert len(server.messages) == 1
    assert "on_message failed" in caplog.text


def test_stop_drops_open_connections_at_once_and_frees_the_ports() -> None:
    server = PracticeServer().start()
    clients = [
        smtplib.SMTP("127.0.0.1", server.starttls_port, timeout=30),
        logged_in(server),
        logged_in(server, implicit=True),
    ]
    silent = socket.create_connection(("127.0.0.1", server.implicit_port))
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 15
    for client in clients:
        client.close()
    silent.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.starttls_port), timeout=1)
    assert not [thread for thread in threading.enumerate() if thread.name == "practice-server"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        gc.collect()


def test_a_taken_port_is_told_with_what_to_do_and_leaves_nothing_open() -> None:
    with PracticeServer() as first:
        second = PracticeServer(port=first.starttls_port)
        with pytest.raises(NetworkError, match=rf"Port {first.starttls_port} on 127\.0\.0\.1 is taken.*--port"):
            second.start()
        assert not second.running
        second.stop()

    def can_be_had() -> bool:
        try:
            with PracticeServer(port=first.starttls_port) as third:
                assert (third.starttls_port, third.implicit_port) == (first.starttls_port, first.starttls_port + 1)
        except NetworkError:  # another program may have taken it meanwhile
            return False
        return True

    wait_until(can_be_had, "the port can be had again")


@pytest.mark.parametrize("port", [-1, 65535, 99999])
def test_a_port_that_cannot_be_is_refused_before_anything_starts(port: int) -> None:
    with pytest.raises(InputError, match="1 to 65534"):
        PracticeServer(port=port)


def test_it_listens_on_the_loopback_alone(server: PracticeServer) -> None:
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None) if info[0] == socket.AF_INET}
    for address in own - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection((address, server.starttls_port), timeout=1)


async def test_it_starts_and_stops_from_a_running_loop_too() -> None:
    async with PracticeServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.starttls_port)
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"220 localhost ")
        writer.close()
        await writer.wait_closed()
    assert not server.running


def test_the_ca_is_new_at_each_start(
    server: PracticeServer,
    one_certificate_of_a_kind: Callable[..., tuple[str, ssl.SSLContext]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smtpwizard.sandbox.certificates.make", one_certificate_of_a_kind)
    with PracticeServer() as other:
        assert other.ca_pem != server.ca_pem
        assert other.password != server.password


def test_the_ca_file_is_private_and_gone_after_the_stop() -> None:
    with PracticeServer() as server:
        path = server.ca_file
        assert path.read_text() == server.ca_pem
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()
    assert not path.parent.exists()


def test_settings_are_those_of_the_port(server: PracticeServer) -> None:
    starttls, implicit = server.settings(), server.settings(implicit=True)
    assert (starttls.port_number, starttls.security) == (server.starttls_port, "false")
    assert (implicit.port_number, implicit.security) == (server.implicit_port, "true")
    assert starttls.password == server.password
    assert server.password.reveal() not in repr(starttls)


def test_settings_before_the_first_start_are_a_fault_of_the_caller() -> None:
    with pytest.raises(BugError):
        PracticeServer().settings()


def test_importing_the_server_loads_neither_aiosmtpd_nor_cryptography() -> None:
    names = "('aiosmtpd', 'trustme', 'cryptography')"
    code = f"import sys, smtpwizard.sandbox.server; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_addresses_beyond_ascii_are_taken_with_smtputf8_and_the_code_is_found(server: PracticeServer) -> None:
    data = "From: büro@example.com\r\nTo: lesër@example.net\r\nSubject: Größe\r\n\r\nYour code is 418205.\r\n".encode()
    with logged_in(server) as client:
        assert client.has_extn("SMTPUTF8")
        assert client.has_extn("8BITMIME")
        assert client.has_extn("SIZE")
        client.sendmail("büro@example.com", ["lesër@example.net"], data, mail_options=["SMTPUTF8"])
    (message,) = server.messages
    assert (message.sender, message.recipients) == ("büro@example.com", ("lesër@example.net",))
    assert (message.subject, message.code, message.data) == ("Größe", "418205", data)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["MAIL FROM:<büro@example.com>"], b"550 5.6.7"),
        (["MAIL FROM:<a@example.com>", "RCPT TO:<lesër@example.net>"], b"553 5.6.7"),
        (["MAIL FROM:<a@example.com> SMTPUTF8", "RCPT TO:<lesër@example.net>"], b"250 2.1.5"),
    ],
)
def test_an_address_beyond_ascii_needs_the_word_for_it(server: PracticeServer, lines: list[str], code: bytes) -> None:
    with logged_in(server, implicit=True) as client:
        client.ehlo()
        assert client.sock is not None
        for line in lines:
            client.sock.sendall(line.encode() + b"\r\n")
            number, text = client.getreply()
    assert b"%d %s" % (number, text.partition(b" ")[0]) == code


def test_octets_that_are_no_utf8_are_no_address(server: PracticeServer) -> None:
    with logged_in(server, implicit=True) as client:
        client.ehlo()
        assert client.sock is not None
        client.sock.sendall(b"MAIL FROM:<b\xff\xfe@example.com> SMTPUTF8\r\n")
        assert client.getreply()[0] == 501
