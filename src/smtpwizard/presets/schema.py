"""What a provider preset is, typed. Must not read files: `presets` does.

The sources of the facts: the files under presets/providers, each with `sources` and `checked`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


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


class TlsMode(StrEnum):
    """How a port speaks TLS: from the first byte (SMTP_TLS=true), upgraded with STARTTLS, or never."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


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
    """The domain of SMTP_SENDER, as the app's client gives it."""
    SUBDOMAIN = "subdomain"
    """A name below the sender's domain, set up with the provider and looked after by it."""
    PROVIDER = "provider"
    """A domain of the provider's own."""


class PortChoice(NamedTuple):
    """A port that the provider offers."""

    port: int
    tls: TlsMode
    verified: bool = True
    """False where no vendor page or established library confirms it."""


class Region(NamedTuple):
    """One of several hosts of a provider."""

    id: str
    label: str
    host: str


class UsernameSpec(NamedTuple):
    """The rule for SMTP_USERNAME, and the sentence that explains it."""

    rule: UsernameRule
    hint: str
    value: str = ""
    """The fixed word where the rule is LITERAL."""


class Mistake(NamedTuple):
    """A credential that people paste here by mistake, recognised by its shape."""

    pattern: str
    """Regular expression that matches the whole credential."""
    message: str
    """What it is, and what is wanted instead. Holds nothing of the credential."""


class PasswordSpec(NamedTuple):
    """The rule for SMTP_PASSWORD."""

    type: PasswordType
    hint: str
    url: str = ""
    """The page where the credential is made."""
    optional: bool = False
    label: str = ""
    """What the provider calls it, for the field: `App password`, `API key`. Empty: taken from `type`."""
    pattern: str = ""
    """Regular expression that a right credential matches as a whole (after spaces are removed, if `strip_spaces`)."""
    shape: str = ""
    """The same in words: `16 letters`."""
    strip_spaces: bool = False
    """The provider shows the credential in groups; the spaces are not part of it (failure C7)."""
    mistakes: tuple[Mistake, ...] = ()


class SenderSpec(NamedTuple):
    """The rule for SMTP_SENDER."""

    rule: SenderRule
    hint: str


class ErrorReply(NamedTuple):
    """A reply that this provider is known to give."""

    code: str
    enhanced: str
    text: str
    meaning: str
    verified: bool


class DkimSelector(NamedTuple):
    """A name under which the provider's DKIM key for a sender's domain is published (RFC 6376 section 3.1)."""

    selector: str
    """`s1`: the key is at `s1._domainkey.<domain>`."""
    type: str
    """`CNAME` or `TXT`: what the provider asks the operator to publish."""
    target: str = ""
    """What the CNAME points to, with {domain} and {dashed} (the domain with hyphens for dots); empty: the account's."""
    alternative: bool = False
    """In place of the others, on older accounts or by another way of setting up: never missed where one is there."""
    verified: bool = True
    """False where no page of the vendor's confirms it."""

    def target_for(self, domain: str) -> str:
        """Return the target for a domain in ASCII; empty where only the provider's page can tell it."""
        return self.target.replace("{domain}", domain).replace("{dashed}", domain.replace(".", "-"))


class DkimSpec(NamedTuple):
    """How the provider signs for a sender's domain."""

    selectors: tuple[DkimSelector, ...] = ()
    """Fixed ones; empty where the provider makes one up for each domain."""
    where: str = ""
    """A sentence: where the provider shows the records to publish."""


class Provider(NamedTuple):
    """One provider preset."""

    id: str
    name: str
    kind: Kind
    tier: int
    status: ProviderStatus
    host: str
    ports: tuple[PortChoice, ...]
    recommended_port: int
    username: UsernameSpec
    password: PasswordSpec
    sender: SenderSpec
    docs_url: str
    checked: str
    """ISO date on which the facts were last compared with their sources."""
    sources: tuple[str, ...]
    status_note: str = ""
    """In a few words why `status` is not OK: `takes no password since 2024-09-16`. Empty where it is OK."""
    aliases: tuple[str, ...] = ()
    """Other names under which people look for it."""
    regions: tuple[Region, ...] = ()
    region_kind: str = ""
    host_template: str = ""
    regions_without_smtp: tuple[str, ...] = ()
    alt_hosts: tuple[str, ...] = ()
    """Other names of a local server, by where the app runs: `localhost`, `host.docker.internal`."""
    old_hosts: tuple[str, ...] = ()
    """Names that the provider has given up but old settings still hold: recognised, never offered."""
    password_auth: bool = True
    oauth2_offered: bool = False
    opportunistic_tls: str = ""
    """The value of SMTP_OPPORTUNISTIC_TLS that the app's guide gives for this provider; empty: the line is left out."""
    guide: bool = False
    """Whether the app's guide has values for it; then they are the default (587), and 465 is the stricter choice."""
    limits: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    mail_domains: tuple[str, ...] = ()
    mx_suffixes: tuple[str, ...] = ()
    inbound_mx_suffixes: tuple[str, ...] = ()
    mx_note: str = ""
    spf_include: tuple[str, ...] = ()
    spf_note: str = ""
    spf_envelope: SpfEnvelope = SpfEnvelope.SENDER
    dkim: DkimSpec = DkimSpec()
    errors: tuple[ErrorReply, ...] = ()
    nodemailer_service: str = ""
    activity_url: str = ""
    """The page on which the provider shows what became of a message."""
    web_ui: str = ""
    docker_image: str = ""
    verified: bool = False
    unverified: tuple[str, ...] = ()

    def port_choice(self, port: int | None = None) -> PortChoice:
        """Return the choice for `port` (default: the recommended one); for a port not listed, a guess by number."""
        wanted = self.recommended_port if port is None else port
        for choice in self.ports:
            if choice.port == wanted:
                return choice
        return PortChoice(wanted, TlsMode.IMPLICIT if wanted in (465, 2465) else TlsMode.STARTTLS, verified=False)

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

    def defaults(self, *, region: str | None = None, port: int | None = None) -> dict[str, str]:
        """Return the variables that the preset decides: host, port, TLS, and a literal user name.

        KeyError for an unknown region.
        """
        choice = self.port_choice(port)
        values = {"SMTP_HOST": self.region_host(region), "SMTP_PORT": str(choice.port)}
        if self.username.rule is UsernameRule.LITERAL:
            values["SMTP_USERNAME"] = self.username.value
        values["SMTP_TLS"] = "true" if choice.tls is TlsMode.IMPLICIT else "false"
        if self.opportunistic_tls:
            values["SMTP_OPPORTUNISTIC_TLS"] = "false" if choice.tls is TlsMode.IMPLICIT else self.opportunistic_tls
        return values


class AppVariable(NamedTuple):
    """A variable that the consuming app reads."""

    name: str
    required: bool
    help: str
    secret: bool = False
    default: str = ""
    example: str = ""


class AppMail(NamedTuple):
    """A mail that the app sends."""

    name: str
    """As in `--mail`: verification, reset-password, invitation."""
    title: str
    subject: str
    template: str
    """File name under presets/mails."""
    carries: str
    """What the reader must act on: `code` or `link`."""
    link_path: str = ""
    """Path and query of the link below ADMIN_WEB_URL, with {code} and {email}."""


class ConsumingApp(NamedTuple):
    """The app for which settings are made."""

    id: str
    name: str
    service: str
    """The compose service that sends the mails."""
    images: tuple[str, ...]
    from_name: str
    """The display name that the app puts before SMTP_SENDER."""
    docs_url: str
    variables: tuple[AppVariable, ...]
    mails: tuple[AppMail, ...]
    sources: tuple[str, ...]
    checked: str
    templates_path: str = ""
    """Where the app's own mail templates lie, below the root of its source tree."""
    partials: bool = False
    """Whether the app's mailer knows partials, `{{> name}}`; a template that uses one fails there otherwise."""


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
