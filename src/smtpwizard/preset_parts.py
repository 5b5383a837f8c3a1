"""The smaller tables of a provider preset, each checked: ports, regions, user name, password, sender, replies."""

from __future__ import annotations

from typing import Final

from smtpwizard import preset_fields as fields
from smtpwizard.preset_schema import (
    ErrorReply,
    Mistake,
    PasswordSpec,
    PasswordType,
    PortChoice,
    Region,
    SenderRule,
    SenderSpec,
    TlsMode,
    UsernameRule,
    UsernameSpec,
)
from smtpwizard.preset_table import Table

RESERVED_IDS: Final = frozenset({"custom"})
"""Made in code; no file may take it."""


def own_id(top: Table, stem: str) -> str:
    """The key `id`, which must be the file's name without `.toml`."""
    value = top.text("id", check=fields.identifier)
    if value and value != stem:
        top.complain("id", f"must be the file's name, {stem}, not {value!r}")
    if value in RESERVED_IDS:
        top.complain("id", f"{value} is built in and cannot be replaced")
    return value


def port(item: Table) -> PortChoice:
    """One port that the provider offers."""
    choice = PortChoice(item.number("port", 1, 65535), item.choice("tls", TlsMode), item.flag("verified", True))
    item.close()
    return choice


def region(item: Table) -> Region:
    """One of several hosts."""
    region = Region(item.text("id", check=fields.identifier), item.text("label"), item.text("host", check=fields.host))
    item.close()
    return region


def username(item: Table) -> UsernameSpec:
    """The table [username]."""
    spec = UsernameSpec(item.choice("rule", UsernameRule), item.text("hint"), item.text("value", ""))
    if bool(spec.value) != (spec.rule is UsernameRule.LITERAL):
        item.complain("value", 'is for the rule "literal", and wanted there')
    item.close()
    return spec


def password(item: Table) -> PasswordSpec:
    """The table [password]."""
    spec = PasswordSpec(
        type=item.choice("type", PasswordType),
        hint=item.text("hint"),
        url=item.text("url", "", check=fields.url),
        optional=item.flag("optional"),
        label=item.text("label", ""),
        pattern=item.text("pattern", "", check=fields.regex),
        shape=item.text("shape", ""),
        strip_spaces=item.flag("strip_spaces"),
        mistakes=tuple(_mistake(mistake) for mistake in item.tables("mistakes")),
    )
    if spec.pattern and not spec.shape:
        item.complain("shape", "is missing: it says in words what the pattern wants")
    item.close()
    return spec


def _mistake(item: Table) -> Mistake:
    mistake = Mistake(item.text("pattern", check=fields.regex), item.text("message"))
    item.close()
    return mistake


def sender(item: Table) -> SenderSpec:
    """The table [sender]."""
    spec = SenderSpec(item.choice("rule", SenderRule), item.text("hint"))
    item.close()
    return spec


def error(item: Table) -> ErrorReply:
    """One of [[errors]]."""
    reply = ErrorReply(
        code=item.text("code", check=fields.reply_code),
        enhanced=item.text("enhanced", "", check=fields.enhanced_code),
        text=item.text("text"),
        meaning=item.text("meaning"),
        verified=item.flag("verified", None),
    )
    item.close()
    return reply
