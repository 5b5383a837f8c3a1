"""What a text shows of a login and of addresses: who refused it, whose certificate came, what is wrong by sight.

Functions for the situations in presets/failures, as `connection_situations` has them for connections and servers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from smtpwizard.addresses import domain_of, fault_of, is_freemail, is_placeholder
from smtpwizard.diagnosis.conditions import private_client
from smtpwizard.diagnosis.connection_situations import own_refusal
from smtpwizard.diagnosis.event import (
    Event,
    Refused,
    Side,
    certificate_names,
    near,
    refused_address,
    told,
    verbatim,
    wanted_name,
)
from smtpwizard.diagnosis.pasted_settings import RELAY, shown_by, the_one
from smtpwizard.diagnosis.schema import Situation
from smtpwizard.secret import MASK, hide_secrets
from smtpwizard.text import safe


def _microsofts_refusal(event: Event) -> str:
    """A refusal that says no more, of Microsoft 365 and not of an Exchange server in house."""
    if "5.7.3" not in event.enhanced or re.search(r"(?i)oauth", f"{event.raw}\n{event.around}"):
        return ""
    return near(r"(?i)prod\.outlook\.com|smtp\.office365\.com|smtp(?:-mail)?\.outlook\.com", event)


def _same_address(event: Event) -> str:
    """The sender that is refused for a login, where the two are the same address."""
    found = re.search(
        r"<([^<>\s]{3,254})>: Sender address rejected: not (?:owned by|logged in as)\D{0,6}<?(\S{3,254})", event.raw
    )
    same = found and found[1].lower() == found[2].strip(">;,.").lower()
    return found[1] if found and same else ""


def _lone_host(event: Event) -> str:
    """A mail server that is called by one word, as only machines and containers of the same network are."""
    host = the_one(shown_by(event), "host")
    port = the_one(shown_by(event), "port")
    if host is not None and host.value and (port is None or port.value in _OF_A_RELAY):
        return host.value if re.fullmatch(RELAY, host.value) else ""
    found = re.search(_RELAY_AND_PORT, event.around or event.raw)
    return found[1] if found else ""


_OF_A_RELAY: Final = frozenset({"", "25", "1025"})
_RELAY_AND_PORT: Final = rf"(?<![\w.@/-])({RELAY}):(?:25|1025)(?!\d)"


_DIVERTIBLE: Final = (
    ("google|gmail", r"\b(smtp(?:-relay)?\.gmail\.com)"),
    ("outlook|office365|microsoft", r"\b(smtp\.office365\.com|smtp-mail\.outlook\.com)"),
    ("zoho", r"\b(smtp(?:pro)?\.zoho\.(?:com|eu|in))"),
    ("yahoo", r"\b(smtp\.mail\.yahoo\.com)"),
    ("sendgrid|ismtpd", r"\b(smtp\.sendgrid\.net)"),
)
"""What a provider's greeting or certificate has in it → its hosts."""
_FULL_NAME: Final = r"([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})"
_GREETING: Final = rf"(?<![\w.])220[ -]{_FULL_NAME} E?SMTP[^\n]{{0,60}}(?:Exim|Postfix|Sendmail|cPanel)"
_CALLED: Final = rf"(?i)(?:opening to|connect(?:ed|ing|ion)? to|trying) \W{{0,2}}(?:\w{{3,5}}://)?{_FULL_NAME}"


def diverted(event: Event) -> str:
    """Another server that greets in the place of a large provider's, or shows its certificate; empty where none."""
    names = certificate_names(event)
    if names and "." in names[0] and _is_providers(wanted_name(event), " ".join(names)):
        return names[0]
    text = event.around
    greeting = re.search(_GREETING, text) if "220" in text else None
    if greeting is None:
        return ""
    host = the_one(shown_by(event), "host")
    called = [*re.findall(_CALLED, text), *([host.bare] if host else [])]
    return greeting[1] if any(_is_providers(name, greeting[1]) for name in called) else ""


def _is_providers(name: str, seen: str) -> bool:
    """Say whether a name is of a large provider, and none of its in `seen`."""
    return any(re.match(host, name.lower()) and not re.search(words, seen.lower()) for words, host in _DIVERTIBLE)


def _no_login_wanted(event: Event) -> bool:
    """Whether a person says beside the error that the server wants no login, or that its fields are left empty."""
    text = f"{event.raw}\n{event.around}".lower().replace("’", "'")
    return any(sign in text for sign in _NO_LOGIN_SIGNS) and re.search(_NO_LOGIN_WANTED, text) is not None


_NO_LOGIN_SIGNS: Final = (
    *(f"{no} {verb}" for no in ("n't", "not") for verb in ("require", "need", "want")),
    *("require no", "requires no", "need no", "needs no", "wants no", " ip", "left ", "kept "),
)
_NO_LOGIN_WANTED: Final = (
    r"(?:n't|\bnot) (?:require|need|want)(?: any| an?)?(?: smtp)? (?:auth\w{0,12}|login|credentials)|"
    r"\b(?:requires?|needs?|wants?) no (?:auth\w{0,12}|login|credentials)|"
    r"\bauthenticat\w{1,5} (?:via|by|through|based on) (?:the |its |my |our )?ip\b|"
    r"\b(?:user|login|pass)\w{0,12}(?: and (?:user|login|pass)\w{0,12})? (?:fields? )?(?:are |is |were )?"
    r"(?:left|kept) (?:empty|blank)\b"
)


def _login_set(event: Event) -> str:
    """Whether the settings in the text have user name and password, both filled."""
    login = [item for item in shown_by(event) if item.role in ("user", "password")]
    return "set" if {item.role for item in login} == {"user", "password"} and all(item.filled for item in login) else ""


def _alias(event: Event) -> str:
    """The name in the certificate of a server that was called by another one."""
    names = [name.lower() for name in certificate_names(event) if re.fullmatch(_PUBLIC_NAME, name.lower())]
    own = [name for name in names if re.match("smtp|mail|mx", name) or f"*.{name}" not in certificate_names(event)]
    wanted = wanted_name(event)
    return own[0] if own and wanted not in names and re.fullmatch(_PUBLIC_NAME, wanted) else ""


def _sister(event: Event) -> str:
    """The same, where both names are of one domain, or the certificate is a large provider's."""
    name = _alias(event)
    same = name.split(".")[-2:] == wanted_name(event).split(".")[-2:]
    return name if name and (same or any(re.match(host, name) for _, host in _DIVERTIBLE)) else ""


def _alias_of_many(event: Event) -> str:
    """The domain for whose names a certificate is, where it names no server itself."""
    wild = [name[2:] for name in certificate_names(event) if re.fullmatch(rf"\*\.{_PUBLIC_NAME}", name.lower())]
    return wild[0] if wild and re.fullmatch(_PUBLIC_NAME, wanted_name(event)) and not _alias(event) else ""


def _same_name(event: Event) -> str:
    """The name by which the server was called, where the certificate has it, too."""
    wanted = wanted_name(event)
    return wanted if wanted and wanted in map(str.lower, certificate_names(event)) else ""


def _below_wildcard(event: Event) -> str:
    """A wildcard and a name that has a label too many for it: `*.example.org does not cover smtp.mail.example.org`."""
    text = f"{event.raw}\n{event.around}".lower()
    wild = list(dict.fromkeys(re.findall(rf"\*\.({_PUBLIC_NAME})", text)))
    deeper = (
        (base, name)
        for base in wild[:_FEW_WILDCARDS]
        for name in re.findall(rf"(?<![\w.@*-])({_PUBLIC_NAME})(?![\w@-])", text)
        if name.endswith(f".{base}") and "." in name.removesuffix(f".{base}")
    )
    return next((f"*.{base} does not cover {name}" for base, name in deeper), "")


_FEW_WILDCARDS: Final = 4


def _with_port(event: Event) -> str:
    """A host with a port behind it that was looked for in a certificate, as Go tells it."""
    found = re.search(r"certificate is valid for [^\n]{1,2000}?, not ([\w.-]{3,253}):\d{2,5}\b", event.raw)
    return found[1] if found else ""


_PUBLIC_NAME: Final = r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,6}[a-z]{2,18}"


_RELAYING: Final = r"Relay access denied|relay(?:ing)? (?:not permitted|denied|not allowed)|Recipient address rejected"


def _at_the_domain_itself(event: Event) -> str:
    """The recipient's domain, where the server that was asked answers for it by its name, or mail from outside came."""
    refused = re.search(rf"(?i)<?\b[\w.+-]{{1,64}}@([\w.-]{{3,253}})>?(?:: |\.\.\. )(?:{_RELAYING})", event.raw)
    if not refused:
        return ""
    domain = refused[1].lower()
    if re.search(
        rf"(?i)\b(?:telnet|Trying|Connected to|server for the domain) {re.escape(domain)}(?![\w-])",
        event.around,
    ):
        return domain
    if event.side is not Side.REFUSING or is_freemail(domain) or _own_client(event):
        return ""
    bounced = re.search(r"; from=<> |\bF=<> |\barg1=<>", event.raw)
    return domain if bounced or re.search(_OUTSIDE, event.raw) else ""


_OUTSIDE: Final = (
    r"(?i)(?:\b[A-Z]{4} from |\bH=|\brelay=)\(?[\w.-]{0,200}\b(?:google|outlook|amazonses|sendgrid|mailgun|mandrillapp|"
    r"mcsv|sparkpostmail|mtasv|mailjet|yahoo|aol|icloud|apple|qq|163|mail|yandex|gmx|web|kundenserver|zoho|protonmail|"
    r"proton|messagingengine|pphosted|mimecast|messagelabs|hotmail|github|facebook|linkedin)\.[a-z]{2,4}\)?[ \[]"
)
"""A client of a mail server that is another's mail server for certain: it can neither log in nor be let in."""


def _own_client(event: Event) -> bool:
    """Say whether the client that a server refused is near it: a private address, or one that came to submit mail."""
    near_it = re.search(r"\[(?:127\.|::1\])|\blocalhost\[", event.raw)
    return near_it is not None or private_client(event) or "submission" in event.program


def _strangers_mail(event: Event) -> str:
    """Whether the server that refused to relay may have been asked by a client of its own or by another server."""
    return "" if _own_client(event) else own_refusal(event)


def _own_clients_mail(event: Event) -> str:
    return own_refusal(event) if _own_client(event) else ""


def with_faulty_address(kind: str, event: Event) -> Situation | None:
    """Return what to say where the refused address is in the text, and one sees what is wrong with it."""
    role = kind.partition("-")[0]
    for whose in (role, "recipient" if role == "sender" and event.stages != {"mail"} else ""):
        found = refused_address(event, whose) if whose else None
        fault = fault_of(found.address) if found else ""
        if found and fault:
            break
    else:
        found = _lone_address(event) if kind == "sender-malformed" else None
        fault = fault_of(found.address) if found else ""
    if found is None or (not kind.endswith("-malformed") and (found.role != role or not re.search(_NO_ADDRESS, fault))):
        return None
    shown = safe(hide_secrets(found.address), limit=_LONG_ADDRESS).strip()
    said = f", “{verbatim(shown)}”," if shown and MASK not in shown else ""
    owner = found.role or ("" if event.code is None else role)
    title, subject = _OWNERS[owner]
    to_sender, to_recipient = next(remedies for words, *remedies in _BY_FAULT if re.search(words, fault))
    remedy = to_recipient if owner == "recipient" else to_sender
    if not owner:
        remedy += " If it is not the sender's, look for it among the recipients."
    return Situation((kind,), title=title, cause=f"{subject}{said} {fault}.", remedy=remedy)


_NO_ADDRESS: Final = r"no @|is empty|nothing|two @|more than one"
"""Faults with which a server that looks for a domain or a mailbox finds none."""


def _lone_address(event: Event) -> Refused | None:
    """The one address of a text that cannot be sent from, where the server's words have none."""
    if event.code is None or refused_address(event, "sender"):
        return None
    found = {item.lower(): item for item in re.findall(_SHORT_ADDRESS, event.around)}
    return Refused(found.popitem()[1], "sender") if len(found) == 1 else None


_SHORT_ADDRESS: Final = (
    r"(?<![\w@./:+<-])[`'\"<(]?([\w.+=-]{2,64}@(?:localhost|[a-z][\w-]{2,40}|\$\w{2,40}))(?![\w.@:~-])"
)
"""An address whose domain has no dot. Before a colon or tilde it is a shell's, behind a slash a package's."""

_LONG_ADDRESS: Final = 100
_OWNERS: Final = {
    "sender": ("Sender that is not an address", "The sender's address"),
    "recipient": ("Recipient that is not an address", "The recipient's address"),
    "": ("Address that is none", "The address"),
}
_BY_FAULT: Final = (
    (
        "variable for its domain",
        "Write the real domain where the program or the forwarding takes it from (postsrsd: SRS_DOMAIN): there such a "
        "variable is not replaced by its value.",
        "Write the real domain where the program takes it from: there such a variable is not replaced by its value.",
    ),
    (
        r"^is empty|nothing",
        "Put one plain address (name@example.com) into {sender}, and see that it reaches the app: under the name that "
        "it reads, and after a new start.",
        "Give that user or field an address, and leave out recipients without one: an empty field, or a setting that "
        "the app does not find, arrives as nothing.",
    ),
    (
        "[ni]n its name|of its name",
        "Put an ordinary name, without @ and comma, into {sender_name}, and the bare address into {sender}.",
        "Hand over the bare address, or put the name in double quotes.",
    ),
    (
        "a name or angle|quotes around|scheme|encoded",
        "Put the bare address (name@example.com) into {sender}; a name goes into its own setting.",
        "Hand over the bare address (name@example.com): without a name, quotes or angle brackets.",
    ),
    (
        "two @",
        "Where sender and domain have a setting each, put only the part before the @ into the sender's, and the "
        "domain into its own.",
        "Correct the recipient, or the two settings or fields that the app joins to one address.",
    ),
    (
        "no domain$",
        "Set {sender} to a whole address in a domain of the Internet, mostly the one that logs in.",
        "Correct the recipient to a whole address, such as name@example.com. A short one such as root needs an alias "
        "on the machine that sends.",
    ),
    (
        "domain without",
        "Set {sender} to a whole address in a domain of the Internet, mostly the one that logs in. Mails of the "
        "machine itself (root, cron) get theirs in the set-up of its mail program.",
        "Correct the recipient to a whole address, such as name@example.com. A short one such as root needs an alias "
        "on the machine that sends.",
    ),
    ("more than one", "Put one address alone into {sender}.", "Hand the recipients over one by one, or as a list."),
    (
        "",
        "Set {sender} to one plain, whole address, such as name@example.com.",
        "Correct the recipient, or the field that the app takes it from: one plain, whole address.",
    ),
)
"""What is wrong with an address → what to do about a sender's, and about a recipient's. The last fits any."""
_DEFAULTS: Final = (
    (r"webmaster@localhost$", "Django's own default (DEFAULT_FROM_EMAIL)"),
    (
        r"root@localhost$",
        "the default of Django's SERVER_EMAIL and Sentry's mail.from, and the address of a machine's root",
    ),
    (r"wordpress@", "WordPress' own default, made of the site's name: no plug-in or theme has set another sender"),
    (r"please-change-me[\w-]{0,60}@|please-change@", "Devise's example (config.mailer_sender in its initializer)"),
    (r"from@example\.com$", "Rails' example (`default from:` in application_mailer.rb)"),
    (r"hello@example\.com$", "Laravel's default (MAIL_FROM_ADDRESS)"),
    (r"admin@grafana\.localhost$", "Grafana's default (from_address in [smtp], GF_SMTP_FROM_ADDRESS)"),
    (r"alertmanager@(?:example\.\w{2,4}|localhost)$", "the example of Alertmanager's documentation (smtp_from)"),
    (r"airflow@(?:example|airflow)\.com$", "Airflow's default (smtp_mail_from)"),
    (r"superset@superset\.com$", "Superset's default (SMTP_MAIL_FROM)"),
    (r"redmine@example\.net$", "Redmine's default (Administration > Settings > Email notifications)"),
    (r"noreply@unconfigured\.discourse\.org$", "Discourse's default (notification_email in its settings)"),
    (r"notifications@localhost$", "Mastodon's default (SMTP_FROM_ADDRESS)"),
    (r"bounce[-+]\d{1,9}-", "one for bounces, which Odoo makes of its alias domain (general settings)"),
    (
        r"srs[01][=+-].*@\$",
        "made by a server that forwards mail (SRS), whose domain is not set there (postsrsd: SRS_DOMAIN)",
    ),
    (r"srs[01][=+-]", "made by a server that forwards mail (SRS)"),
    (
        r"(?:www-data|apache|nginx|httpd|daemon|nobody|www|root|ubuntu|ec2-user|debian)@",
        "that of an account of the machine, which a program sends from that was given no sender",
    ),
)
"""How senders begin that nobody has chosen → what they are."""


def default_sender(event: Event) -> str:
    """Return the sentence that says where the refused sender comes from, if it is one that nobody has chosen."""
    refused = refused_address(event, "sender")
    shown = {found.lower() for found in re.findall(_ANY_SENDER, event.raw)}
    address = refused.address.lower() if refused else shown.pop() if len(shown) == 1 else ""
    what = next((what for begins, what in _DEFAULTS if re.match(begins, address)), "")
    return f"This address is {what}." if what else ""


_ANY_SENDER: Final = r"(?<![\w.+-])([\w.+=-]{2,100}@[\w.-]{3,253})"


def _blotted_sender(event: Event) -> str:
    """The refused sender, where it is in a domain of guides and the only such address of the text."""
    refused = refused_address(event, "sender")
    address = refused.address if refused else told(_PLACEHOLDER, event)
    shown = {found.lower() for found in re.findall(_ANY_ADDRESS, f"{event.raw}\n{event.around}")}
    guides = {found for found in shown if is_placeholder(domain_of(found)) or re.match(_PLACEHOLDER, found)}
    return safe(address, limit=_LONG_ADDRESS) if address and guides == {address.lower()} else ""


_ANY_ADDRESS: Final = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"


def _bounce_address(event: Event) -> str:
    """The envelope sender, where it is one that a provider or an app makes for bounces."""
    return told(_BOUNCES, event) or ("" if refused_address(event, "sender") else near(rf"(?m)^(?:{_BOUNCES})$", event))


_BOUNCES: Final = (
    r"(?i:(?<![\w.+=-])((?:[^@\s<>]{0,60}[+_.-])?(?:bounces?|prvs)[+_=.-][^@\s<>]{1,100}@[^\s<>]{1,252}\w)|"
    r"(?:sender address|verification failed for|mail from)\W{1,4}"
    r"([\w.+=-]{1,64}@(?:psrp|rp|return|bounces?|em\d{2,5}|mailer)\.[\w.-]{2,240}\w))"
)
"""Postal's psrp, SendGrid's em1234 and others: domains that carry nothing but the return path."""


def _freemail_sender(event: Event) -> str:
    """The domain of the sender, or the one that a sending service has refused, where it is a mailbox provider's."""
    if "identities failed" in event.raw or "address is not verified" in event.raw:
        return ""  # Amazon SES's list, in which recipients stand, too
    refused = refused_address(event, "sender")
    domains = [domain_of(refused.address)] if refused else re.findall(r"[@<\s]([\w-]{1,40}\.[\w.]{2,20})\b", event.raw)
    return next((domain for domain in domains if is_freemail(domain)), "")


_PLACEHOLDER: Final = (
    r"(?i)\b((?:your|my|the|an|some)[-_.]?e?-?mail(?:[-_.]?address)?@[\w.-]{1,253}|"
    r"[\w.+-]{1,64}@(?:your|my)[-_]?(?:domain|company|site|server)\.\w{2,10})"
)


def _misnamed(event: Event) -> str:
    """A setting whose name differs by a letter or a prefix from those around it, and what it should be."""
    if mixed := re.search(r"\b((?:\w{1,30}_)?(?:SMPT|STMP)_\w{1,40})\b", event.around or event.raw):
        return mixed[1]  # nobody knows which of the two the program reads
    names = list(dict.fromkeys(re.findall(_UPPER_NAME, event.around or event.raw)))
    begins = Counter(name.split("_")[0] for name in names)
    for name in names:
        first, _, rest = name.partition("_")
        meant = [other for other, times in begins.items() if times > 1 and _a_letter_off(first, other)]
        if meant and begins[first] == 1 and re.search(_OF_MAIL, name + meant[0]):
            return f"{name}, probably for {meant[0]}_{rest}"
        words = name.split("_")
        slip = next((word for word in words if any(_a_letter_off(word, right) for right in _RIGHT_WORDS)), "")
        if slip and re.search(_OF_MAIL, name):
            right = next(right for right in _RIGHT_WORDS if _a_letter_off(slip, right))
            return f"{name}, probably for {name.replace(slip, right)}"
    return ""


_OF_MAIL: Final = r"MAIL|SMTP"
_UPPER_NAME: Final = r"(?m)(?<![\w.$])([A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,30}){1,6})[\"']?[ \t]{0,2}(?:=|:[ \t])"
_RIGHT_WORDS: Final = ("PASSWORD", "USERNAME", "SECURE", "SENDER", "SERVER", "ADDRESS")


def _a_letter_off(word: str, right: str) -> bool:
    """Say whether two words differ by one letter that is missing, added, wrong, or has changed places."""
    if word == right or min(len(word), len(right)) < _SHORT or abs(len(word) - len(right)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right)))
    a, b = word[start:], right[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


_SHORT: Final = 4


def _sender_alone(event: Event) -> str:
    """Whether the sender's address is meant and no recipient's: by the stage, the enhanced code or the words."""
    if event.code is None and not event.enhanced:
        return ""  # no server has spoken
    named = event.stages == {"mail"} or not event.enhanced.isdisjoint({"5.1.7", "5.1.8"})
    named = named or re.search(r"(?i)mail from|\bmail command|sender", event.raw) is not None
    return "" if not named or re.search(r"(?i)\brcpt|recipient", event.raw) or _double(event) else "sender"


def _double(event: Event) -> bool:
    return bool(near(_PARAMETER, event)) or event.raw.count("@") > 1


_PARAMETER: Final = r"(?i)MAIL FROM: ?<[^<>@\s]{1,64}@[^<>\s]{3,254}> (?:\S+ )*?((?:BODY|AUTH|SMTPUTF8|RET)\b)"
"""What a client adds to the sender's address, which is in order."""


def _sender_parameter(event: Event) -> str:
    """What stands behind the sender's address, where the server's words speak of it."""
    return near(_PARAMETER, event) if re.search(r"syntax|param|\barg|option", event.text) else ""


def _several_refuse(event: Event) -> str:
    """The mail servers of two or three providers that refuse a login in one short text."""
    if event.around.count("535") < _TWO or event.around.count("\n") > _FEW_LINES:
        return ""
    refused = [line for line in event.around.lower().splitlines() if "535" in line]
    hosts = dict.fromkeys(name for line in refused for name in re.findall(_MAIL_HOST, line))
    domains = {host.split(".", 1)[1] for host in hosts}
    return " and ".join(hosts) if len(domains) == len(hosts) and len(hosts) in (2, 3) else ""


_TWO: Final = 2
_FEW_LINES: Final = 20
_MAIL_HOST: Final = rf"(?<![\w@./-])((?:smtp|mail)[\w-]{{0,20}}\.{_PUBLIC_NAME})(?![\w-])"


SHOWS: Final[Mapping[str, Callable[[Event], str | bool]]] = {
    # Logins and certificates
    "alias": _alias,
    "alias-of-many": _alias_of_many,
    "at-the-domain-itself": _at_the_domain_itself,
    "diverted": diverted,
    "host-with-port": _with_port,
    "login-set": _login_set,
    "lone-host": _lone_host,
    "no-login-wanted": _no_login_wanted,
    "microsofts-refusal": _microsofts_refusal,
    "own-clients-mail": _own_clients_mail,
    "same-address": _same_address,
    "several-servers-refuse": _several_refuse,
    "sister-name": _sister,
    "strangers-mail": _strangers_mail,
    "tls-on-another-port": lambda event: "tls" in event.passed and event.port not in (465, 587),
    "below-wildcard": _below_wildcard,
    "same-name": _same_name,
    # Addresses, and names of settings
    "bounce-address": _bounce_address,
    "freemail-of-sender": _freemail_sender,
    "misnamed": _misnamed,
    "placeholder-sender": _blotted_sender,
    "sender-alone": _sender_alone,
    "sender-parameter": _sender_parameter,
}
"""Name in a situation's `when` → whether the text shows it, or what it shows."""
