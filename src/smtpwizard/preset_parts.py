"""The smaller tables of a provider preset, each checked: ports, regions, user name, password, sender, replies."""

from __future__ import annotations

from typing import Final

from smtpwizard import preset_fields as fields
from smtpwizard.preset_schema import (
    DkimSelector,
    DkimSpec,
    ErrorReply,
    Mistake,
    PasswordSpec,
    PasswordType,
    PortChoice,
    Region,
    SenderRule,
    SenderSpec,
    SpfEnvelope,
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


def spf_envelope(top: Table) -> SpfEnvelope:
    """The key `spf_envelope`, which may be left out."""
    return top.choice("spf_envelope", SpfEnvelope) if "spf_envelope" in top else SpfEnvelope.SENDER


def dkim(top: Table) -> DkimSpec:
    """The table [dkim], which may be left out."""
    if "dkim" not in top:
        return DkimSpec()
    item = top.table("dkim")
    spec = DkimSpec(tuple(_selector(entry) for entry in item.tables("selectors")), item.text("where", ""))
    names = [entry.selector for entry in spec.selectors]
    for index, name in enumerate(names):
        if name in names[:index]:
            item.complain(("selectors", index, "selector"), f"{name} is listed twice")
    if spec.selectors and all(entry.alternative for entry in spec.selectors):
        item.complain("selectors", "must have one that is no alternative")
    if not spec.selectors and not spec.where:
        item.complain("where", "is wanted where there are no selectors")
    item.close()
    return spec


def _selector(item: Table) -> DkimSelector:
    entry = DkimSelector(
        selector=item.text("selector", check=fields.selector),
        type=item.text("type", check=fields.dkim_type),
        target=item.text("target", "", check=fields.dkim_target),
        alternative=item.flag("alternative"),
        verified=item.flag("verified", True),
    )
    if entry.target and entry.type != "CNAME":
        item.complain("target", "is for the type CNAME")
    item.close()
    return entry
