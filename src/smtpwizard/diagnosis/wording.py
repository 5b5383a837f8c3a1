"""Puts an answer into words that fit: the reply's code, the app's names, the provider's ports, whose server it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from smtpwizard.diagnosis.event import Event
from smtpwizard.presets.values import TlsMode

if TYPE_CHECKING:
    from smtpwizard.presets.schema import PortChoice

_CODES: Final = re.compile(
    r"(?<=\()[245](?:\d\d(?: [245]\.\d{1,3}\.\d{1,3})?|\.\d{1,3}\.\d{1,3})"
    r"(?:, [245](?:\d\d(?: [245]\.\d{1,3}\.\d{1,3})?|\.\d{1,3}\.\d{1,3}))*(?=[,) ])"
)


def own_code(title: str, event: Event) -> str:
    """Return a title with the reply's own code in place of those that an entry knows, or behind it."""
    if event.code is not None and event.code < 400:
        return title
    status = next(iter(event.enhanced)) if len(event.enhanced) == 1 else ""
    own = " ".join(part for part in (str(event.code or ""), status) if part)
    if not own:
        return re.sub(r" \(\)|(?<=\(), ", "", _CODES.sub("", title))
    if _CODES.search(title):
        return _CODES.sub(own, title, count=1)
    return title if own in title else f"{title} ({own})"


_RELAY_WORDS: Final = {
    "host": "the mail server's relay host",
    "port": "its port",
    "username": "the user name of your mail server at that relay",
    "password": "the password of your mail server at that relay",
    "implicit": "TLS from the first byte",
    "starttls": "STARTTLS",
    "security": "its TLS mode",
}
"""Where a mail server hands mail on, its settings are concerned and not the app's. Only the sender is the app's."""


_TRUST: Final = (
    (
        r"javax\.|jakarta\.|sun\.security|PKIX",
        "import the certificate into the JVM's trust store (keytool -importcert)",
    ),
    (
        r"x509:|tls: failed to verify|dial tcp",
        "put the certificate into the container's /etc/ssl/certs, or set SSL_CERT_FILE",
    ),
    (r"_ssl\.c|smtplib|ssl\.SSL", "set SSL_CERT_FILE to a file with the certificate in the app's container"),
    (r"OpenSSL::SSL|net/smtp|Net::SMTP", "set SSL_CERT_FILE to a file with the certificate in the app's container"),
    (r"stream_socket|Swift_|[Ss]ymfony|PHPMailer", "set openssl.cafile in php.ini to a file with the certificate"),
    (
        r"rustls|invalid peer certificate|lettre",
        "add the certificate to the container's own store (update-ca-certificates)",
    ),
    (
        r"System\.Net|MailKit|remote certificate",
        "add the certificate to the machine's own store (update-ca-certificates)",
    ),
    (r"", "mount the certificate into the app's container and set NODE_EXTRA_CA_CERTS to the file"),
)
"""A sign of a client → how it is made to trust a certificate. Node's comes last."""


class Wording:
    """Fills the sentences of an answer."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def fill(self, text: str) -> str:
        """Put names, modes and the provider's encrypted port into a sentence."""
        if "{" not in text:
            return text
        if self._event.relayed:
            text = text.replace("{encrypted}", "a port with TLS")
            for place, words in _RELAY_WORDS.items():
                text = text.replace(f"{{{place}}}", words)
        elif "{encrypted}" in text:
            text = text.replace("{encrypted}", self._encrypted())
        if "{trust}" in text:
            text = text.replace("{trust}", next(words for signs, words in _TRUST if re.search(signs, self._event.raw)))
        return self._event.profile.fill(text)

    def cause(self, text: str, *, handed_on: bool = True) -> str:
        """Fill a cause; before it, where a mail server has taken the mail: that the app is not concerned."""
        if self._event.relayed and handed_on:
            return f"{HANDED_ON} {self.fill(text)}"
        return self.fill(text)

    def _encrypted(self) -> str:
        """Say which port to use for an encrypted connection: the provider's, else 465."""
        provider = self._event.provider
        choices = sorted(provider.ports, key=_encrypted_first) if provider is not None else []
        if choices and choices[0].tls is TlsMode.STARTTLS:
            return f"{{port}}={choices[0].port}, {{starttls}} with STARTTLS (this provider has no port for TLS at once)"
        port = choices[0].port if choices and choices[0].tls is TlsMode.IMPLICIT else 465
        return f"{{port}}={port}, {{implicit}}"


HANDED_ON: Final = (
    "Your mail server took the mail from the app and could not hand it on; what follows concerns that server, not the "
    "app's login."
)


MTA_PORT: Final = 25
"""The port between mail servers, which is the last choice for an app."""


def _encrypted_first(choice: PortChoice) -> tuple[bool, bool, bool, int]:
    return choice.tls is not TlsMode.IMPLICIT, choice.tls is not TlsMode.STARTTLS, choice.port == MTA_PORT, choice.port


def in_the_providers_terms(event: Event, proved: frozenset[str]) -> Event:
    """Return the event with the provider that the reply proves, where nobody has named one. Reads a preset then."""
    if event.provider is not None or not proved:
        return event
    from smtpwizard.errors import SmtpWizardError
    from smtpwizard.presets.catalogue import Presets

    presets = Presets.open()
    for name in sorted(proved & frozenset(presets.ids())):
        try:
            return event._replace(provider=presets.provider(name))
        except SmtpWizardError:
            continue
    return event
