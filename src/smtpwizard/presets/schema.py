"""What a preset file may hold, as types: providers, consuming apps, mail gateways. Must not read files.

The sources of the facts: the files under presets/providers, each with `sources` and `checked`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from smtpwizard.presets.values import (
    IMPLICIT_PORTS,
    Bounds,
    Day,
    EnhancedCode,
    Faults,
    Identifier,
    OneOf,
    Port,
    Shape,
    Source,
    Title,
    Url,
    listed_twice,
    pattern,
    rule,
    shown,
)  # fmt: skip
from smtpwizard.presets.values import TlsMode as TlsMode  # part of the schema, and wanted without the rest
from smtpwizard.records import NamedTuple


def _host_template(text: str) -> str:
    if text.count("{region}") != 1:
        return "must hold {region} once"
    return _HOST(text.replace("{region}", "region"))


def _dkim_target(text: str) -> str:
    plain = text.replace("{domain}", "a.example").replace("{dashed}", "a-example")
    right = re.fullmatch(_SPF.pattern, plain.lower())
    return "" if right else f"must be a domain name, {{domain}} and {{dashed}}, not {shown(text)}"


_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = Shape(rf"{_LABEL}(\.{_LABEL})*", "a lower-case host name without scheme and port")
_SPF: Final = Shape(rf"_?{_LABEL}(\._?{_LABEL})+", "a domain name as in an SPF include")

Pattern = Annotated[str, pattern]
Host = Annotated[str, _HOST]
"""A host name or IPv4 address."""
HostTemplate = Annotated[str, _host_template]
Domain = Annotated[str, Shape(rf"{_LABEL}(\.{_LABEL})+", "a lower-case domain name")]
SpfDomain = Annotated[str, _SPF]
"""A domain name whose labels may begin with an underscore."""
ReplyCode = Annotated[str, Shape(r"\d{3}|E[A-Z]+", "three digits or an error name such as ESOCKET")]
Selector = Annotated[str, Shape(rf"(?i:{_HOST.pattern})", "a DKIM selector such as s1")]
"""One label or several (RFC 6376 section 3.1)."""
DkimTarget = Annotated[str, _dkim_target]
RegionKind = Annotated[str, OneOf(("region", "stream", "domain", "country", "product", "host"))]
"""What a choice of hosts is about."""


class Kind(StrEnum):
    """The group in which a provider is listed."""

    RELAY = "relay"
    MAILBOX = "mailbox"
    HOSTING = "hosting"
    TEST = "test"
    LOCAL = "local"
    PRACTICE = "practice"
    CUSTOM = "custom"


class ProviderStatus(StrEnum):
    """Whether the provider works with an app that logs in with user and password."""

    OK = "ok"
    WARN = "warn"
    BLOCKED = "blocked"


class UsernameRule(StrEnum):
    """What the user name is."""

    LITERAL = "literal"
    EMAIL = "email"
    EMAIL_OPTIONAL = "email_optional"
    LOCALPART = "localpart"
    KEY = "key"
    FREE = "free"
    CUSTOM = "custom"
    SAME_AS_PASSWORD = "same_as_password"  # noqa: S105  # the name of a rule
    NONE = "none"


class PasswordType(StrEnum):
    """What kind of secret the provider wants."""

    APP_PASSWORD = "app_password"  # noqa: S105
    ACCOUNT_PASSWORD = "account_password"  # noqa: S105
    API_KEY = "api_key"
    SMTP_CREDENTIAL = "smtp_credential"
    OAUTH2_ONLY = "oauth2_only"
    NONE = "none"


class SenderRule(StrEnum):
    """Which sender addresses the provider accepts."""

    ACCOUNT = "account"
    DOMAIN = "domain"
    VERIFIED = "verified"
    ANY = "any"


class SpfEnvelope(StrEnum):
    """Whose domain is in the envelope sender (return path) of the mail that a provider sends on: its SPF counts."""

    SENDER = "sender"
    """The domain of the sender, as the app's client gives it."""
    SUBDOMAIN = "subdomain"
    """A name below the sender's domain, set up with the provider and looked after by it."""
    PROVIDER = "provider"
    """A domain of the provider's own."""


class PortChoice(NamedTuple):
    """A port that the provider offers."""

    port: Port
    tls: TlsMode
    verified: bool = True
    """False where no vendor page or established library confirms it."""


class Region(NamedTuple):
    """One of several hosts of a provider."""

    id: Identifier
    label: str
    host: Host


class UsernameSpec(NamedTuple):
    """The rule for the user name, and the sentence that explains it."""

    rule: UsernameRule
    hint: str
    value: str = ""
    """The fixed word where the rule is LITERAL."""


@rule(UsernameSpec)
def _a_literal_has_its_value(spec: UsernameSpec) -> Faults:
    if bool(spec.value) != (spec.rule is UsernameRule.LITERAL):
        yield ("value",), 'is for the rule "literal", and wanted there'


class Mistake(NamedTuple):
    """A credential that people paste here by mistake, recognised by its shape."""

    pattern: Pattern
    """Regular expression that matches the whole credential."""
    message: str
    """What it is, and what is wanted instead. Holds nothing of the credential."""


class PasswordSpec(NamedTuple):
    """The rule for the password."""

    type: PasswordType
    hint: str
    url: Url = ""
    """The page where the credential is made."""
    optional: bool = False
    label: str = ""
    """What the provider calls it, for the field: `App password`, `API key`. Empty: taken from `type`."""
    pattern: Pattern = ""
    """Regular expression that a right credential matches as a whole (after spaces are removed, if `strip_spaces`)."""
    shape: str = ""
    """The same in words: `16 letters`."""
    strip_spaces: bool = False
    """The provider shows the credential in groups; the spaces are not part of it (failure C7)."""
    mistakes: tuple[Mistake, ...] = ()


@rule(PasswordSpec)
def _a_pattern_has_its_words(spec: PasswordSpec) -> Faults:
    if spec.pattern and not spec.shape:
        yield ("shape",), "is missing: it says in words what the pattern wants"


class SenderSpec(NamedTuple):
    """The rule for the sender."""

    rule: SenderRule
    hint: str
    url: Url = ""
    """The page where a sender is verified."""


class ErrorReply(NamedTuple):
    """A reply that this provider is known to give."""

    code: ReplyCode
    text: str
    meaning: str
    verified: bool
    enhanced: EnhancedCode = ""


class DkimSelector(NamedTuple):
    """A name under which the provider's DKIM key for a sender's domain is published (RFC 6376 section 3.1)."""

    selector: Selector
    """`s1`: the key is at `s1._domainkey.<domain>`."""
    type: Annotated[str, OneOf(("CNAME", "TXT"))]
    """`CNAME` or `TXT`: what the provider asks the operator to publish."""
    target: DkimTarget = ""
    """What the CNAME points to, with {domain} and {dashed} (the domain with hyphens for dots); empty: the account's."""
    alternative: bool = False
    """In place of the others, on older accounts or by another way of setting up: never missed where one is there."""
    verified: bool = True
    """False where no page of the vendor's confirms it."""

    def target_for(self, domain: str) -> str:
        """Return the target for a domain in ASCII; empty where only the provider's page can tell it."""
        return self.target.replace("{domain}", domain).replace("{dashed}", domain.replace(".", "-"))


@rule(DkimSelector)
def _only_a_cname_has_a_target(entry: DkimSelector) -> Faults:
    if entry.target and entry.type != "CNAME":
        yield ("target",), "is for the type CNAME"


class DkimSpec(NamedTuple):
    """How the provider signs for a sender's domain."""

    selectors: tuple[DkimSelector, ...] = ()
    """Fixed ones; empty where the provider makes one up for each domain."""
    where: str = ""
    """A sentence: where the provider shows the records to publish."""


@rule(DkimSpec)
def _a_selector_is_listed_once(spec: DkimSpec) -> Faults:
    yield from listed_twice("selectors", (entry.selector for entry in spec.selectors), "selector")


@rule(DkimSpec)
def _one_selector_is_no_alternative(spec: DkimSpec) -> Faults:
    if spec.selectors and all(entry.alternative for entry in spec.selectors):
        yield ("selectors",), "must have one that is no alternative"


@rule(DkimSpec)
def _dkim_is_told_somehow(spec: DkimSpec) -> Faults:
    if not spec.selectors and not spec.where:
        yield ("where",), "is wanted where there are no selectors"


class Provider(NamedTuple):
    """One provider preset."""

    id: Identifier
    name: Title
    kind: Kind
    tier: Annotated[int, Bounds(1, 3)]
    status: ProviderStatus
    host: Host
    ports: tuple[PortChoice, ...]
    recommended_port: Port
    username: UsernameSpec
    password: PasswordSpec
    sender: SenderSpec
    checked: Day
    """When the facts were last compared with their sources."""
    sources: tuple[Source, ...]
    verified: bool
    docs_url: Url = ""
    """Empty for the practice server alone."""
    status_note: str = ""
    """In a few words why `status` is not OK: `takes no password since 2024-09-16`. Empty where it is OK."""
    aliases: tuple[str, ...] = ()
    """Other names under which people look for it."""
    regions: tuple[Region, ...] = ()
    region_kind: RegionKind = ""
    host_template: HostTemplate = ""
    regions_without_smtp: tuple[Identifier, ...] = ()
    alt_hosts: tuple[Host, ...] = ()
    """Other names of a local server, by where the app runs: `localhost`, `host.docker.internal`."""
    old_hosts: tuple[Host, ...] = ()
    """Names that the provider has given up but old settings still hold: recognised, never offered."""
    password_auth: bool = True
    oauth2_offered: bool = False
    limits: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    mail_domains: tuple[Domain, ...] = ()
    mx_suffixes: tuple[Domain, ...] = ()
    inbound_mx_suffixes: tuple[Domain, ...] = ()
    mx_note: str = ""
    spf_include: tuple[SpfDomain, ...] = ()
    spf_note: str = ""
    spf_envelope: SpfEnvelope = SpfEnvelope.SENDER
    dkim: DkimSpec = DkimSpec()
    errors: tuple[ErrorReply, ...] = ()
    nodemailer_service: str = ""
    activity_url: Url = ""
    """The page on which the provider shows what became of a message."""
    web_ui: Url = ""
    docker_image: str = ""
    unverified: tuple[str, ...] = ()

    def port_choice(self, port: int | None = None) -> PortChoice:
        """Return the choice for `port` (default: the recommended one); for a port not listed, a guess by number."""
        wanted = self.recommended_port if port is None else port
        for choice in self.ports:
            if choice.port == wanted:
                return choice
        return PortChoice(wanted, TlsMode.IMPLICIT if wanted in IMPLICIT_PORTS else TlsMode.STARTTLS, verified=False)

    def stricter_port(self) -> PortChoice | None:
        """Return the implicit-TLS choice where the recommended one is STARTTLS: it cannot fall back to clear text."""
        if self.port_choice().tls is TlsMode.IMPLICIT:
            return None
        return next((choice for choice in self.ports if choice.tls is TlsMode.IMPLICIT), None)

    def region_host(self, region: str | None) -> str:
        """Return the host of a region id, or the default host. KeyError for an id that it does not have."""
        if region is None:
            return self.host
        for item in self.regions:
            if item.id == region:
                return item.host
        raise KeyError(region)


def provider_of(table: Mapping[str, Any]) -> Provider:
    """Return the provider that a checked table holds, 100 times faster than checking it anew."""
    row = _row(table)
    row["kind"], row["status"] = Kind(row["kind"]), ProviderStatus(row["status"])
    row["ports"] = tuple([PortChoice(**{**port, "tls": TlsMode(port["tls"])}) for port in row["ports"]])
    row["username"] = UsernameSpec(**{**row["username"], "rule": UsernameRule(row["username"]["rule"])})
    password = _row(row["password"])
    password["type"] = PasswordType(password["type"])
    password["mistakes"] = tuple([Mistake(**item) for item in password.get("mistakes", ())])
    row["password"] = PasswordSpec(**password)
    row["sender"] = SenderSpec(**{**row["sender"], "rule": SenderRule(row["sender"]["rule"])})
    row["regions"] = tuple([Region(**item) for item in row.get("regions", ())])
    row["errors"] = tuple([ErrorReply(**item) for item in row.get("errors", ())])
    row["spf_envelope"] = SpfEnvelope(row.get("spf_envelope", SpfEnvelope.SENDER))
    dkim = row.get("dkim", {})
    row["dkim"] = DkimSpec(**{**dkim, "selectors": tuple([DkimSelector(**item) for item in dkim.get("selectors", ())])})
    return Provider(**row)


def _row(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if type(value) is list else value for key, value in table.items()}


@rule(Provider)
def _a_port_is_listed_once(provider: Provider) -> Faults:
    yield from listed_twice("ports", (choice.port for choice in provider.ports), "port")


@rule(Provider)
def _the_recommended_port_is_offered(provider: Provider) -> Faults:
    if provider.recommended_port not in [choice.port for choice in provider.ports]:
        yield ("recommended_port",), f"{provider.recommended_port} is not among the ports"


@rule(Provider)
def _a_region_is_listed_once(provider: Provider) -> Faults:
    yield from listed_twice("regions", (region.id for region in provider.regions), "id")


@rule(Provider)
def _regions_have_a_kind(provider: Provider) -> Faults:
    if bool(provider.regions) != bool(provider.region_kind):
        yield ("region_kind",), "goes together with regions: give both or neither"


@rule(Provider)
def _a_status_is_explained(provider: Provider) -> Faults:
    if bool(provider.status_note) != (provider.status is not ProviderStatus.OK):
        yield ("status_note",), 'is for a status other than "ok", and wanted there'


@rule(Provider)
def _a_page_tells_more(provider: Provider) -> Faults:
    if not provider.docs_url and provider.kind is not Kind.PRACTICE:
        yield ("docs_url",), "is missing"


class Gateways(NamedTuple):
    """MX hosts of mail filters, behind which the mailboxes may be anywhere."""

    suffixes: tuple[Domain, ...]
    checked: Day
    sources: tuple[Source, ...]
    unverified: tuple[str, ...] = ()


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
    checked="",
    sources=(),
    verified=False,
    aliases=(
        *("own server", "our server", "my server", "another server", "smtp server", "other"),
        *("company", "company server", "company relay", "relay", "smtp relay", "postfix", "exim"),
        *("직접 입력", "회사 서버", "자체 서버", "自社サーバー", "独自サーバー", "公司服务器", "自定义"),
    ),
)
"""Any other server: the wizard asks for host and port."""
