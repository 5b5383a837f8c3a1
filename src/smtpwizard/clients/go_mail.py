"""go-mail (wneessen), a fork of net/smtp, as apps use it: Authelia, Vikunja, Gitea and Forgejo. By its source alone.

After wneessen/go-mail client.go and smtp/ at 46f4d6f (0.8.1), authelia/authelia internal/notification,
go-vikunja/vikunja pkg/mail/mail.go, go-gitea/gitea services/mailer/sender/smtp.go at 4257b89, which Forgejo shares.
Beside what net/smtp has, there are SCRAM and a LOGIN that answers any two prompts; one time limit counts for EHLO,
STARTTLS and the login together.

Not modelled: the second port, 25, that Vikunja tries where the first cannot be reached, and Gitea's NTLM.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import ClassVar, Final

from smtpwizard.clients.common.conversation import decode
from smtpwizard.clients.common.dialogue import Event, Fault, Words, base64
from smtpwizard.clients.go_smtp import FOREVER, GoDialogue, GoSmtp, Use
from smtpwizard.smtp.results import Step

_DIALLING: Final = ("connect", "tls", "greeting", "hello", "starttls")
_LOGINS: Final = ("AUTH", "AUTH PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5", "AUTH SCRAM-SHA-1", "AUTH SCRAM-SHA-256")
_SENDING: Final = {
    "MAIL": "sending SMTP MAIL FROM command: ",
    "RCPT": "sending SMTP RCPT TO command: ",
    "DATA": "sending SMTP DATA command: ",
    "message": "closing SMTP DATA writer: ",
}
_NO_STARTTLS: Final = 'STARTTLS mode set to: "TLSMandatory", but target host does not support STARTTLS'
_ITERATIONS: Final = 200_000
"""Rounds of SCRAM at most, a tenth of a second of work: servers ask for 4096 and more, RFC 7677."""


def _around(dialling: str, sending: str) -> Mapping[str, str]:
    """Return what stands before each error: `dialling` until the login, `sending` after it."""
    return {
        **dict.fromkeys(_DIALLING, dialling),
        **dict.fromkeys(_LOGINS, f"{dialling}SMTP AUTH failed: "),
        **{command: sending + text for command, text in _SENDING.items()},
    }


_AUTHELIA: Final = "notifier: smtp: failed to dial connection: "
_VIKUNJA: Final = "Error during connect to smtp server: "


class Scram:
    """The client's side of SCRAM (RFC 5802, 7677), without channel binding."""

    def __init__(self, digest: str, user: bytes, password: bytes) -> None:
        """`digest` is hashlib's name of the hash."""
        self._digest, self._user, self._password = digest, _normal(user), _normal(password)
        self._first = b""
        self._nonce = b""
        self._signature = b""

    def first(self, nonce: bytes) -> bytes:
        """Return the first message."""
        self._nonce = nonce
        self._first = b"n=" + self._user.replace(b"=", b"=3D").replace(b",", b"=2C") + b",r=" + nonce
        return b"n,," + self._first

    def final(self, challenge: bytes) -> bytes:
        """Return the proof for the server's first message. ValueError, in go-mail's words, where that is none."""
        import hashlib
        import hmac

        fields = challenge.split(b",")
        if len(fields) < 3:
            raise ValueError("not enough fields in the first server response")
        nonce, salt, rounds = (field[2:] for field in fields[:3])
        if [field[:2] for field in fields[:3]] != [b"r=", b"s=", b"i="] or not rounds.isdigit():
            raise ValueError("unexpected server response")
        if not self._nonce or not nonce.startswith(self._nonce):
            raise ValueError("server nonce does not start with our nonce")
        if not 0 < int(rounds[:9]) <= _ITERATIONS:
            raise ValueError("invalid iterations")
        key = hashlib.pbkdf2_hmac(
            self._digest, self._password, binascii.a2b_base64(salt, strict_mode=True), int(rounds)
        )
        proofless = b"c=biws,r=" + nonce
        message = b",".join((self._first, challenge, proofless))
        client_key = hmac.digest(key, b"Client Key", self._digest)
        signature = hmac.digest(hashlib.new(self._digest, client_key).digest(), message, self._digest)
        self._signature = base64(
            hmac.digest(hmac.digest(key, b"Server Key", self._digest), message, self._digest)
        ).encode()
        proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        return proofless + b",p=" + base64(proof).encode()

    def is_proved(self, message: bytes) -> bool:
        """Say whether the server's last message proves that it knows the password."""
        return bool(self._signature) and message == b"v=" + self._signature


def _normal(text: bytes) -> bytes:
    """Return a user name or password as RFC 8265's OpaqueString has it, as far as it matters here: composed."""
    from unicodedata import normalize

    return normalize("NFC", decode(text)).encode("utf-8", "surrogateescape")


class GoMailDialogue(GoDialogue):
    """mail.Client, or its smtp.Client where the app has that alone."""

    model: GoMail
    _scram: Scram | None = None
    _prompts = 0

    @property
    def login_allowed(self) -> bool:
        """Whether anything is done with the login: Gitea goes on without it where it knows no mechanism offered."""
        offered = self.capabilities
        return super().login_allowed and not (self.model.by_itself and offered.login and not offered.mechanisms)

    async def login(self) -> str:
        """Log in once, by the app's choice."""
        self._step = Step.AUTH
        offered, options = self.capabilities, self.transport.options
        if not offered.login:
            self.fail(Fault.NO_AUTH, "AUTH")
        wanted = options.get("auth_mechanism", "plain").upper() if self.model.asks_for_one else ""
        name = wanted or next(iter(offered.mechanisms), "")
        if name not in offered.mechanisms:
            auth = next((line for line in reversed(offered.lines) if line.startswith("AUTH ")), "")
            listed = ", ".join(auth.split(" ")[1:])
            self.fail(Fault.NO_MECHANISM, "AUTH", text=wanted or listed)
        allowed = self.secure or self.is_local or self.model.by_itself or (
            self.model.lets_clear and not self.transport.require_tls
        )  # fmt: skip
        if name in ("PLAIN", "LOGIN") and not allowed:
            self.fail(Fault.UNENCRYPTED, f"AUTH {name}")
        return await self.log_in_by(name)

    def answer(self, name: str, prompt: bytes, user: bytes, password: bytes) -> bytes:
        """Return the answer to a prompt."""
        if name.startswith("SCRAM-"):
            return self._scrambled(name, prompt, user, password)
        if name != "LOGIN" or self.model.by_itself:
            return super().answer(name, prompt, user, password)
        self._prompts += 1
        if self._prompts > 2:
            self.fail(Fault.GARBLED, "AUTH LOGIN", text=f"unexpected server response: {decode(prompt)}")
        return user if self._prompts == 1 else password

    def _scrambled(self, name: str, prompt: bytes, user: bytes, password: bytes) -> bytes:
        from secrets import token_bytes

        if not prompt:
            self._scram = Scram("sha256" if name.endswith("256") else "sha1", user, password)
            return self._scram.first(base64(token_bytes(24)).encode())
        scram = self._scram or Scram("sha1", user, password)
        if prompt.startswith(b"v="):
            if not scram.is_proved(prompt):
                self.fail(Fault.GARBLED, f"AUTH {name}", text="invalid server signature")
            return b""
        try:
            return scram.final(prompt)
        except ValueError as error:
            self.fail(Fault.GARBLED, f"AUTH {name}", text=str(error))

    async def mail(self, sender: str, recipient: str) -> str:
        """Name the sender, where the app has it so after a NOOP that the server has to take."""
        self._step = Step.MAIL
        if self.model.asks_first:
            reply = await self.ask("NOOP", "NOOP")
            self.accept(reply, reply.code == 250, "NOOP")
        return await super().mail(sender, recipient)


class GoMail(GoSmtp):
    """go-mail in one app's way."""

    name = "go-mail"
    version = "0.8"
    dialogue_class = GoMailDialogue
    asks_for_one = False
    """Whether the app's setting names the mechanism."""
    by_itself = False
    """Whether the app calls the SMTP client alone: its own LOGIN, and logins in clear text, since the server is
    `localhost` to it whatever its name."""
    lets_clear = False
    """Whether a login goes in clear text where TLS is not insisted on."""
    asks_first = False
    uses: ClassVar[Mapping[str, Use]] = {
        "authelia": Use(
            ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"),
            (5.0, 5.0, 5.0, 5.0),
            _around(_AUTHELIA, "notifier: smtp: failed to send message: "),
            no_starttls=_AUTHELIA + _NO_STARTTLS,
            no_auth=f"{_AUTHELIA}SMTP AUTH failed: unsupported SMTP AUTH types: ",
            no_mechanism=f"{_AUTHELIA}SMTP AUTH failed: unsupported SMTP AUTH types: ",
            hello=True,
            compared=False,
            overall=True,
        ),
        "vikunja": Use(
            ("CRAM-MD5", "PLAIN", "LOGIN"),
            (33.0, 33.0, 33.0, 33.0),
            _around(_VIKUNJA, "Error when sending mail: "),
            no_starttls=_VIKUNJA + _NO_STARTTLS,
            no_auth=f"{_VIKUNJA}server does not support SMTP AUTH",
            no_mechanism=f"{_VIKUNJA}server does not support SMTP AUTH type: ",
            hello=True,
            compared=False,
            overall=True,
        ),
        "gitea": Use(
            ("CRAM-MD5", "PLAIN", "LOGIN"),
            (FOREVER, FOREVER, FOREVER, FOREVER),
            {
                "connect": "failed to establish network connection to SMTP server: ",
                "tls": "could not initiate SMTP session: ",
                "greeting": "could not initiate SMTP session: ",
                "hello": "failed to issue HELO command: ",
                "starttls": "failed to start TLS connection: ",
                **dict.fromkeys(_LOGINS, "failed to authenticate SMTP: "),
                "MAIL": "failed to issue MAIL command: ",
                "RCPT": "failed to issue RCPT command: ",
                "DATA": "failed to issue DATA command: ",
                "message": "SMTP close failed: ",
            },
            no_auth="SMTP server does not support AUTH, but credentials provided",
            hello=True,
            odd_prompt="unknown fromServer: {}",
            compared=False,
        ),
    }
    _differences: ClassVar[Mapping[str, Mapping[str, bool]]] = {
        "authelia": {"lets_clear": True},
        "vikunja": {"asks_for_one": True, "asks_first": True},
        "gitea": {"by_itself": True},
    }

    @classmethod
    def of(cls, options: Mapping[str, str]) -> GoMail | None:
        """Return the client with an app's `use` and `timeout`; None for a use not known here."""
        made = super().of(options)
        if made is None:
            return None
        assert isinstance(made, cls)
        for name, value in cls._differences[options["use"]].items():
            setattr(made, name, value)
        return made

    def words(self, event: Event) -> Words:
        """Return the error; of an EHLO that failed not both replies, which go-mail strings together."""
        if event.step is Step.EHLO and not event.secure and not self.by_itself:
            return Words(None, f"{self.use.around['hello']}smtp: EHLO/HELO exchange failed.")
        return super().words(event)
