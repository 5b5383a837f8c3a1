"""Every failure of the catalogue that a server can show is shown, over real sockets and TLS, at its stage."""

from __future__ import annotations

import base64
import socket
import ssl

import pytest

from smtpwizard.diagnosis.schema import Example
from smtpwizard.sandbox import certificates
from smtpwizard.sandbox.certificates import Flaw
from smtpwizard.sandbox.rehearsal import Rehearsal, rehearse
from smtpwizard.sandbox.scripted import ScriptedServer, Send
from smtpwizard.secret import Secret
from support.failure_examples import catalogue

USER, PASSWORD = "practice@example.com", Secret("the password")
TOKEN = base64.b64encode(f"\0{USER}\0{PASSWORD.reveal()}".encode()).decode()
COMMANDS = {
    "greeting": None,
    "ehlo": "EHLO client.example",
    "starttls": "STARTTLS",
    "ehlo again": "EHLO client.example",
    "auth": f"AUTH PLAIN {TOKEN}",
    "mail": "MAIL FROM:<a@example.com>",
    "rcpt": "RCPT TO:<b@example.com>",
    "DATA": "DATA",
    "data": "Subject: x\r\n\r\nx\r\n.",
}
"""What a client says at each stage."""

REPLIES = [
    (failure.ref, example)
    for failure in catalogue().rules
    for example in failure.examples
    if example.reply and example.stage not in ("tls", "after")
]


def kind_of(example: Example) -> str:
    """Return what a server does differently: the stage, whether the reply has several lines, and its code."""
    lines = example.reply.count("\n") + 1
    code = "421" if example.reply.startswith("421") else f"{example.reply[0]}yz"
    return f"{example.stage}-{code}-{'several lines' if lines > 1 else 'a line'}"


KINDS = {kind_of(example): example for _, example in REPLIES}


def rehearsal_of(example: Example) -> Rehearsal:
    found = rehearse(example.stage, reply_text=example.reply, event=example.event, username=USER, password=PASSWORD)
    assert found is not None
    return found


def replies(server: ScriptedServer, ca_pem: str) -> dict[str, list[str]]:
    """Walk through a session until a command is refused; return each stage's reply, line by line."""
    heard: dict[str, list[str]] = {}
    sock = socket.create_connection((server.host, server.port), timeout=30)
    try:
        for stage, command in COMMANDS.items():
            if command is not None:
                sock.sendall(f"{command}\r\n".encode())
            heard[stage] = read_reply(sock)
            if heard[stage][-1][:1] not in "23":
                break
            if stage == "starttls":
                sock = ssl.create_default_context(cadata=ca_pem).wrap_socket(sock, server_hostname="localhost")
    finally:
        sock.close()
    return heard


def read_reply(sock: socket.socket) -> list[str]:
    data = b""
    while not data.endswith(b"\r\n") or data.split(b"\r\n")[-2][3:4] == b"-":
        octets = sock.recv(4096)
        assert octets, "the server closed without a reply"
        data += octets
    return data.decode().split("\r\n")[:-1]


def test_every_reply_is_played_word_for_word() -> None:
    for ref, example in REPLIES:
        (play,) = rehearsal_of(example).script.plays.values()
        assert play[0] == Send("".join(f"{line}\r\n" for line in example.reply.split("\n")).encode()), ref


@pytest.mark.parametrize("kind", KINDS)
def test_the_reply_is_given_word_for_word_at_its_stage(kind: str) -> None:
    example = KINDS[kind]
    ca_pem, context = certificates.make()
    with ScriptedServer(rehearsal_of(example).script, tls=context) as server:
        heard = replies(server, ca_pem)
    assert heard[example.stage] == example.reply.split("\n")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("flaw", "word"),
    [
        (Flaw.SELF_SIGNED, "self-signed certificate"),
        (Flaw.UNKNOWN_CA, "unable to get local issuer|self-signed certificate in certificate chain"),
        (Flaw.WRONG_NAME, "Hostname mismatch"),
        (Flaw.EXPIRED, "certificate has expired"),
        (Flaw.NOT_YET_VALID, "certificate is not yet valid"),
        (Flaw.OLD_PROTOCOL, "(?i)protocol"),
    ],
)
def test_each_flaw_of_a_certificate_is_met_as_itself(flaw: Flaw, word: str) -> None:
    ca_pem, context = certificates.make(flaw)
    rehearsal = rehearse("tls", event=flaw.value, username=USER, password=PASSWORD)
    assert rehearsal is not None
    trust = ssl.create_default_context(cadata=ca_pem or None)
    trust.minimum_version = ssl.TLSVersion.TLSv1_2  # as node's; distributions change Python's
    with (
        ScriptedServer(rehearsal.script, tls=context) as server,
        socket.create_connection((server.host, server.port), timeout=30) as sock,
        pytest.raises(ssl.SSLError, match=word),
    ):
        trust.wrap_socket(sock, server_hostname="localhost")


@pytest.mark.parametrize("event", ["unknown-host", "refused", "timeout", "unreachable", "bad-cipher-spec"])
def test_what_happens_without_a_server_is_not_played(event: str) -> None:
    assert rehearse("connect", event=event, username=USER, password=PASSWORD) is None


def test_starttls_that_is_not_offered_is_not_offered() -> None:
    rehearsal = rehearse("starttls", event="no-starttls", username=USER, password=PASSWORD)
    assert rehearsal is not None
    with (
        ScriptedServer(rehearsal.script) as server,
        socket.create_connection((server.host, server.port), timeout=30) as sock,
    ):
        read_reply(sock)
        sock.sendall(b"EHLO client.example\r\n")
        assert not [line for line in read_reply(sock) if "STARTTLS" in line]
