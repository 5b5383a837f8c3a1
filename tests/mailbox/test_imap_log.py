"""IMAPClient and imaplib log what they do: of the login nothing may stand there, at no level and under no name."""

from __future__ import annotations

import contextlib
import logging
from base64 import b64encode
from collections.abc import Iterator

import pytest

from smtpwizard.errors import NetworkError
from smtpwizard.mailbox.watch import open_inbox
from smtpwizard.secret import Secret
from support.catcher_mails import new_mail
from support.catcher_raw import RawServer, Talk

USER = "ops-7@acme.example"
NAMES = ("", "imapclient", "imapclient.imapclient", "imapclient.imaplib", "imapclient.util", "imaplib")


class Kept(logging.Handler):
    """Keeps every record as text."""

    def __init__(self) -> None:
        super().__init__(1)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{self.format(record)} {record.args!r}\n"


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    loggers = [logging.getLogger(name) for name in NAMES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(1)
    logging.getLogger("imapclient.imapclient").debug("listening")
    yield handler
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.parametrize("password", ["Zq7!markRk-9+Kx42&hidden", "wörd-Zq7-hidden"])
@pytest.mark.parametrize("offer", [b"IMAP4rev1 AUTH=PLAIN SASL-IR ID", b"IMAP4rev1 ID", b"IMAP4rev1 LITERAL+"])
@pytest.mark.parametrize("verdict", [b"OK", b"NO", b"BAD"])
async def test_nothing_of_the_login_is_logged(
    kept: Kept, capfd: pytest.CaptureFixture[str], offer: bytes, verdict: bytes, password: str
) -> None:
    heard: list[bytes] = []

    def play(talk: Talk) -> None:
        talk.say(b"* OK ready\r\n")
        while line := talk.hear():
            heard.append(line)
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"CAPABILITY"):
                talk.say(b"* CAPABILITY " + offer + b"\r\n" + tag + b" OK done\r\n")
            elif rest.startswith((b"AUTHENTICATE", b"LOGIN")):
                if rest.endswith((b"PLAIN", b"}")):
                    talk.say(b"+ \r\n")
                    heard.append(talk.hear())
                # A server that repeats all that it was given, in a warning and in its verdict.
                said = b" ".join(heard).replace(b"\r\n", b" ") + password.encode()
                talk.say(b"* NO " + said + b"\r\n" + tag + b" " + verdict + b" " + said + b"\r\n")
            else:
                talk.say(tag + b" " + verdict + b" " + password.encode() + b"\r\n")

    with RawServer(play) as server:
        inbox = open_inbox(f"imap://{USER}@{server.host}:{server.port}", Secret(password))
        with contextlib.suppress(NetworkError):
            await inbox.look([new_mail()[0]], timeout=10)
        await inbox.close()
    assert any(line.partition(b" ")[2].startswith((b"AUTHENTICATE", b"LOGIN")) for line in heard)
    token = b64encode(f"\0{USER}\0{password}".encode()).decode()
    for secret in (USER, password, password.encode().decode("ascii", "ignore"), repr(password.encode())[2:-1], token):
        assert secret not in kept.text
    for word in ("LOGIN ", "AUTHENTICATE "):
        assert word not in kept.text
    assert "listening" in kept.text, "the test hears what is logged"
    assert capfd.readouterr() == ("", "")
