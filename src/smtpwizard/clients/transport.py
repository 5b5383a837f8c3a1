"""What the app hands to its mail client: nodemailer's transport options, made from the variables as the app does.

Pure; nothing is judged here. nodemailer's own default for port 0 is applied, so that a probe can take the values as
they are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from smtpwizard.clients.nestjs import Reason, Refusal, boolean, js_text, number, parse_int, refusals
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings


class Origin(StrEnum):
    """The way by which the variables reach the app.

    The app checks all of them with Joi, but writes a converted value back only for variables that its environment
    does not hold yet (@nestjs/config 4, assignVariablesToProcess). So `SMTP_TLS=True` becomes `true` when it comes
    from the app's own .env, and stays `True`, which is not `true`, when it comes from the container's environment.
    """

    ENV_FILE = "env-file"
    """The app's own .env, in its working directory: Joi's converted values count."""
    COMPOSE = "compose"
    """A compose file's `environment:` or `env_file:`: the text counts."""
    ENVIRON = "environ"
    """The environment of a process: the text counts."""
    ANSWERS = "answers"
    """The wizard's answers, not yet in any file: judged like an environment, the stricter reading."""

    @property
    def converted(self) -> bool:
        """Whether the app works with Joi's converted values rather than with the text."""
        return self is Origin.ENV_FILE


DEFAULT_CIPHERS = "TLSv1.2"
"""What the app's schema puts in for SMTP_CIPHER_SPEC where Joi reads SMTP_TLS as true."""


class Transport(NamedTuple):
    """nodemailer's `transport` as the app fills it."""

    host: str
    """Word for word: the app trims nothing."""
    port: int
    """May lie outside 1-65535: the client then fails with ECONNECTION before it connects."""
    secure: bool
    """Implicit TLS, from the first byte."""
    username: str | None = None
    """None with the password: the app logs in only when both are set and neither is empty."""
    password: Secret | None = None
    ciphers: str = ""
    """`tls.ciphers`, for implicit TLS and STARTTLS alike; empty where Node's own list counts."""

    @property
    def logs_in(self) -> bool:
        """Whether the client has credentials to log in with."""
        return self.username is not None


def refuses(settings: Settings) -> tuple[Refusal, ...]:
    """Return everything over which the app refuses to start with these settings; empty where it starts."""
    return refusals(settings)


def transport(settings: Settings, *, origin: Origin = Origin.ANSWERS) -> Transport | None:
    """Return what the app hands to nodemailer, or None where it would refuse to start."""
    if refusals(settings) or settings.host is None:
        return None
    secure = implicit_tls(settings, origin)
    logs_in = bool(settings.username) and bool(settings.password)
    return Transport(
        host=settings.host,
        port=effective_port(settings.port or "", origin) or (465 if secure else 587),
        secure=secure,
        username=settings.username if logs_in else None,
        password=settings.password if logs_in else None,
        ciphers=settings.cipher_spec or (DEFAULT_CIPHERS if boolean(settings.tls or "") else ""),
    )


def implicit_tls(settings: Settings, origin: Origin) -> bool:
    """Return nodemailer's `secure`: the app compares the text with `true`, after Joi's conversion where that counts."""
    if origin.converted:
        return boolean(settings.tls or "") is True
    return settings.tls == "true"


def effective_port(text: str, origin: Origin) -> int | None:
    """Return what parseInt() gives the client; None for NaN and 0, for which nodemailer takes its default."""
    if origin.converted:
        value = number(text)
        if isinstance(value, Reason):
            return None
        text = js_text(value)  # what assignVariablesToProcess writes into the environment
    return parse_int(text) or None
