"""The one preset that is no file: any other server."""

from __future__ import annotations

from typing import Final

from smtpwizard.preset_schema import (
    Kind,
    PasswordSpec,
    PasswordType,
    PortChoice,
    Provider,
    ProviderStatus,
    SenderRule,
    SenderSpec,
    TlsMode,
    UsernameRule,
    UsernameSpec,
)

CUSTOM: Final = Provider(
    id="custom",
    name="Custom server",
    kind=Kind.CUSTOM,
    tier=1,
    status=ProviderStatus.OK,
    host="",
    ports=(
        PortChoice(587, TlsMode.STARTTLS),
        PortChoice(465, TlsMode.IMPLICIT),
        PortChoice(25, TlsMode.STARTTLS),
    ),
    recommended_port=587,
    username=UsernameSpec(UsernameRule.FREE, "What your mail server's administrator gave you, often a mail address."),
    password=PasswordSpec(
        PasswordType.ACCOUNT_PASSWORD,
        "The password that belongs to the user name. Leave both empty for a server that asks for no login.",
        optional=True,
        label="Password",
    ),
    sender=SenderSpec(SenderRule.ANY, "An address for which this server sends mail."),
    docs_url="",
    checked="",
    sources=(),
    aliases=("own server", "other", "smtp server", "postfix", "exim", "company server"),
)
"""Any other server: the wizard asks for host and port."""
