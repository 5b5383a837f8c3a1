"""Checks of single values of a preset: each returns what is wrong, or an empty text. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from smtpwizard.presets.schema import (
    AppMail,
    AppVariable,
    ConsumingApp,
    DkimSelector,
    DkimSpec,
    ErrorReply,
    Kind,
    Mistake,
    PasswordSpec,
    PasswordType,
    PortChoice,
    Provider,
    ProviderStatus,
    Region,
    SenderRule,
    SenderSpec,
    SpfEnvelope,
    TlsMode,
    UsernameRule,
    UsernameSpec,
)
from smtpwizard.presets.toml import Issue, Table

REGION_KINDS: Final = ("region", "stream", "domain", "country", "product", "host")
"""What a choice of hosts is about."""

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_ID: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_HOST: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DOMAIN: Final = re.compile(rf"{_LABEL}(\.{_LABEL})+")
_SPF: Final = re.compile(rf"_?{_LABEL}(\._?{_LABEL})+")
_URL: Final = re.compile(r"https?://[^\s/$.?#][^\s]*")
_SOURCE: Final = re.compile(r"(https?://[^\s/$.?#][^\s]*|[\w.-]+(/[\w.-]+)?:[^\s:]+)( \([^()]+\))?")
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_CODE: Final = re.compile(r"\d{3}|E[A-Z]+")
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")


def identifier(text: str) -> str:
    """Lower-case letters and digits, parts joined by a hyphen or a dot."""
    return "" if _ID.fullmatch(text) else f"must be lower-case letters, digits and hyphens, not {text!r}"


def host(text: str) -> str:
    """A host name or IPv4 address, without scheme and port."""
    return "" if _HOST.fullmatch(text) else f"must be a lower-case host name without scheme and port, not {text!r}"


def host_template(text: str) -> str:
    """A host name with {region} in it."""
    if text.count("{region}") != 1:
        return "must hold {region} once"
    return host(text.replace("{region}", "region"))


def domain(text: str) -> str:
    """A domain name with at least one dot."""
    return "" if _DOMAIN.fullmatch(text) else f"must be a lower-case domain name, not {text!r}"


def spf_domain(text: str) -> str:
    """A domain name whose labels may begin with an underscore."""
    return "" if _SPF.fullmatch(text) else f"must be a domain name as in an SPF include, not {text!r}"


def selector(text: str) -> str:
    """A DKIM selector: one label or several (RFC 6376 section 3.1)."""
    return "" if _HOST.fullmatch(text.lower()) else f"must be a DKIM selector such as s1, not {text!r}"


def dkim_type(text: str) -> str:
    """The type of a record that publishes a DKIM key."""
    return "" if text in ("CNAME", "TXT") else f"must be CNAME or TXT, not {text!r}"


def dkim_target(text: str) -> str:
    """A domain name, with {domain} or {dashed} in it where it depends on the sender's domain."""
    plain = text.replace("{domain}", "a.example").replace("{dashed}", "a-example")
    return "" if _SPF.fullmatch(plain.lower()) else f"must be a domain name, {{domain}} and {{dashed}}, not {text!r}"


def url(text: str) -> str:
    """A web address."""
    return "" if _URL.fullmatch(text) else f"must be a web address (https://…), not {text!r}"


def source(text: str) -> str:
    """Where a fact can be looked up: a web address or `owner/repository:path`, and a remark in brackets if need be."""
    if _SOURCE.fullmatch(text):
        return ""
    return f"must be a web address or owner/repository:path, with a remark in brackets if need be, not {text!r}"


def iso_date(text: str) -> str:
    """A day of the calendar as YYYY-MM-DD."""
    match = _DATE.fullmatch(text)
    if match:
        year, month, day = (int(part) for part in match.groups())
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        if year >= 1970 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]:
            return ""
    return f"must be a date as YYYY-MM-DD, not {text!r}"


def regex(text: str) -> str:
    """A regular expression that Python can compile."""
    try:
        re.compile(text)
    except re.error as error:
        return f"is not a regular expression: {error.msg}"
    return ""


def reply_code(text: str) -> str:
    """An SMTP reply code of three digits, or an error name of the app's client."""
    return "" if _CODE.fullmatch(text) else f"must be three digits or an error name such as ESOCKET, not {text!r}"


def enhanced_code(text: str) -> str:
    """An enhanced status code (RFC 3463)."""
    return "" if _ENHANCED.fullmatch(text) else f"must be an enhanced status code such as 5.7.8, not {text!r}"


def true_or_false(text: str) -> str:
    """The words that the app understands."""
    return "" if text in ("true", "false") else f'must be "true" or "false", not {text!r}'


def variable(text: str) -> str:
    """The name of an environment variable."""
    return "" if _VARIABLE.fullmatch(text) else f"must be the name of a variable, not {text!r}"


def folder(text: str) -> str:
    """A folder below another, parts joined by slashes."""
    parts = text.split("/")
    right = all(re.fullmatch(r"[\w.-]+", part) and part.strip(".") for part in parts)
    return (
        "" if right else f"must be a folder such as src/templates, without .. and a slash at either end, not {text!r}"
    )


def template(text: str) -> str:
    """A file name under presets/mails."""
    return (
        "" if re.fullmatch(r"[a-z0-9-]+\.hbs", text) else f"must be a file name such as verification.hbs, not {text!r}"
    )


def region_kind(text: str) -> str:
    """What a choice of hosts is about."""
    return "" if text in REGION_KINDS else f"must be one of {', '.join(REGION_KINDS)}, not {text!r}"


def link_path(text: str) -> str:
    """A path below ADMIN_WEB_URL."""
    return "" if text.startswith("/") else f"must begin with a slash, not {text!r}"


def carried(text: str) -> str:
    """What the reader of a mail must act on."""
    return "" if text in ("code", "link") else f'must be "code" or "link", not {text!r}'


RESERVED_IDS: Final = frozenset({"custom"})
"""Made in code; no file may take it."""


def own_id(top: Table, stem: str) -> str:
    """The key `id`, which must be the file's name without `.toml`."""
    value = top.text("id", check=identifier)
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
    region = Region(item.text("id", check=identifier), item.text("label"), item.text("host", check=host))
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
        url=item.text("url", "", check=url),
        optional=item.flag("optional"),
        label=item.text("label", ""),
        pattern=item.text("pattern", "", check=regex),
        shape=item.text("shape", ""),
        strip_spaces=item.flag("strip_spaces"),
        mistakes=tuple(_mistake(mistake) for mistake in item.tables("mistakes")),
    )
    if spec.pattern and not spec.shape:
        item.complain("shape", "is missing: it says in words what the pattern wants")
    item.close()
    return spec


def _mistake(item: Table) -> Mistake:
    mistake = Mistake(item.text("pattern", check=regex), item.text("message"))
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
        code=item.text("code", check=reply_code),
        enhanced=item.text("enhanced", "", check=enhanced_code),
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
        selector=item.text("selector", check=selector),
        type=item.text("type", check=dkim_type),
        target=item.text("target", "", check=dkim_target),
        alternative=item.flag("alternative"),
        verified=item.flag("verified", True),
    )
    if entry.target and entry.type != "CNAME":
        item.complain("target", "is for the type CNAME")
    item.close()
    return entry


def build_provider(data: Mapping[str, Any], stem: str) -> tuple[Provider, list[Issue]]:
    """Return the provider of the file `<stem>.toml`, and what is wrong with it.

    With issues the provider is not to be used.
    """
    issues: list[Issue] = []
    top = Table(data, (), issues)
    provider = Provider(
        id=own_id(top, stem),
        name=top.text("name"),
        kind=top.choice("kind", Kind),
        tier=top.number("tier", 1, 3),
        status=top.choice("status", ProviderStatus),
        status_note=top.text("status_note", ""),
        aliases=top.texts("aliases"),
        guide=top.flag("guide"),
        host=top.text("host", check=host),
        host_template=top.text("host_template", "", check=host_template),
        alt_hosts=top.texts("alt_hosts", check=host),
        old_hosts=top.texts("old_hosts", check=host),
        recommended_port=top.number("recommended_port", 1, 65535),
        opportunistic_tls=top.text("opportunistic_tls", "", check=true_or_false),
        ports=tuple(port(item) for item in top.tables("ports", required=True)),
        region_kind=top.text("region_kind", "", check=region_kind),
        regions=tuple(region(item) for item in top.tables("regions")),
        regions_without_smtp=top.texts("regions_without_smtp", check=identifier),
        password_auth=top.flag("password_auth", True),
        oauth2_offered=top.flag("oauth2_offered"),
        docs_url=top.text("docs_url", "" if data.get("kind") == Kind.PRACTICE else None, check=url),
        activity_url=top.text("activity_url", "", check=url),
        web_ui=top.text("web_ui", "", check=url),
        docker_image=top.text("docker_image", ""),
        nodemailer_service=top.text("nodemailer_service", ""),
        limits=top.texts("limits"),
        caveats=top.texts("caveats"),
        mail_domains=top.texts("mail_domains", check=domain),
        mx_suffixes=top.texts("mx_suffixes", check=domain),
        inbound_mx_suffixes=top.texts("inbound_mx_suffixes", check=domain),
        mx_note=top.text("mx_note", ""),
        spf_include=top.texts("spf_include", check=spf_domain),
        spf_note=top.text("spf_note", ""),
        spf_envelope=spf_envelope(top),
        dkim=dkim(top),
        username=username(top.table("username")),
        password=password(top.table("password")),
        sender=sender(top.table("sender")),
        errors=tuple(error(item) for item in top.tables("errors")),
        checked=top.text("checked", check=iso_date),
        verified=top.flag("verified", None),
        unverified=top.texts("unverified"),
        sources=top.texts("sources", check=source, required=True),
    )
    top.close()
    _agreement(top, provider)
    return provider, issues


def _agreement(top: Table, provider: Provider) -> None:
    """What keys say must fit together."""
    ports = [choice.port for choice in provider.ports]
    if ports and provider.recommended_port not in ports:
        top.complain("recommended_port", f"{provider.recommended_port} is not among the ports")
    for index, port in enumerate(ports):
        if port in ports[:index]:
            top.complain(("ports", index, "port"), f"{port} is listed twice")
    names = [region.id for region in provider.regions]
    for index, name in enumerate(names):
        if name in names[:index]:
            top.complain(("regions", index, "id"), f"{name} is listed twice")
    if bool(provider.regions) != bool(provider.region_kind):
        top.complain("region_kind", "goes together with regions: give both or neither")
    if bool(provider.status_note) != (provider.status is not ProviderStatus.OK):
        top.complain("status_note", 'is for a status other than "ok", and wanted there')


def build_app(data: Mapping[str, Any], stem: str) -> tuple[ConsumingApp, list[Issue]]:
    """Return the consuming app of the file `<stem>.toml`, and what is wrong with it."""
    issues: list[Issue] = []
    top = Table(data, (), issues)
    app = ConsumingApp(
        id=own_id(top, stem),
        name=top.text("name"),
        service=top.text("service"),
        images=top.texts("images"),
        from_name=top.text("from_name"),
        docs_url=top.text("docs_url", check=url),
        variables=tuple(_variable(item) for item in top.tables("variables", required=True)),
        mails=tuple(_mail(item) for item in top.tables("mails", required=True)),
        sources=top.texts("sources", check=source, required=True),
        checked=top.text("checked", check=iso_date),
        templates_path=top.text("templates_path", "", check=folder),
        partials=top.flag("partials"),
    )
    top.close()
    return app, issues


def build_gateways(data: Mapping[str, Any]) -> tuple[tuple[str, ...], list[Issue]]:
    """Return the MX suffixes of gateways.toml, and what is wrong with the file."""
    issues: list[Issue] = []
    top = Table(data, (), issues)
    suffixes = top.texts("suffixes", check=domain, required=True)
    top.text("checked", check=iso_date)
    top.texts("sources", check=source, required=True)
    top.texts("unverified")
    top.close()
    return suffixes, issues


def _variable(item: Table) -> AppVariable:
    entry = AppVariable(
        name=item.text("name", check=variable),
        required=item.flag("required", None),
        help=item.text("help"),
        secret=item.flag("secret"),
        default=item.text("default", ""),
        example=item.text("example", ""),
    )
    item.close()
    return entry


def _mail(item: Table) -> AppMail:
    mail = AppMail(
        name=item.text("name", check=identifier),
        title=item.text("title"),
        subject=item.text("subject"),
        template=item.text("template", check=template),
        carries=item.text("carries", check=carried),
        link_path=item.text("link_path", "", check=link_path),
    )
    if bool(mail.link_path) != (mail.carries == "link"):
        item.complain("link_path", "is for a mail that carries a link, and wanted there")
    item.close()
    return mail
