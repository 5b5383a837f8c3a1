"""Named conditions of catalogue entries (`when`): pure functions of an event: settings, EHLO, a pasted line.

A condition says that something is so, not that it is the cause; the entry's `by` decides what else must hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import bare_address, domain_of, is_address, is_private_host
from smtpwizard.apps.profile import Role, Security
from smtpwizard.clients.transport import implicit_tls, security
from smtpwizard.diagnosis.event import Event, Side, login_methods, looked_up, server_in
from smtpwizard.diagnosis.server_logs import own_error, program_of, stopped
from smtpwizard.presets.values import IMPLICIT_PORTS
from smtpwizard.secret import Secret

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider

# Patterns stay texts, and `re` compiles and keeps the few that are asked for: all of them took 10 ms of a start.
_IPV6: Final = r"(?i)(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w])"
_LOOPBACK: Final = r"(?i)(?<![\w.])(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)(?![\w.]*\w\.)"
_GROUPS: Final = r"(?i)[a-z]{4}(?: [a-z]{4}){3}"
_GROUPS_LINE: Final = r"(?m)^[ \t]{0,20}LINE=[\"']?([^\n\"']{19})[\"']?[ \t\r]{0,20}$"
_INVISIBLE: Final = "[\r\u00a0\u200b-\u200f\u202a-\u202e\u2060\ufeff“”‘’\u00ad]|^[ \t]|[ \t]$"
_JUNK: Final = r"[\s'\"`;,<>()\\]|^\w+:/|:\d+$|/$"
_LINE: Final = r"(?m)^[ \t]{0,20}(?:export )?LINE"
_UNQUOTED_HASH: Final = _LINE + r"=[^\s'\"`#\n]{1,200}#[^\n]{1,200}$"
_VARIABLE: Final = r"\"?\$\{\w{1,60}(?::?[-?][^}\n]{0,100})?\}\"?\s*$"
"""A value that is one variable: what compose is for."""
_DOLLAR: Final = _LINE + rf"(?:=|: )(?!'|{_VARIABLE})[^'\n]{{0,200}}(?<!\$)\$(?:\w|\{{)"
_ESCAPED_QUOTE: Final = _LINE + r"=\"[^\n]{0,200}\\\"[^\n]{0,200}"
_KEPT_QUOTES: Final = _LINE + r"=\\?\\?[\"']\\?[\"'][^\n]{1,200}|\"LINE=\\\"[^\n]{1,200}\\\""
_QUOTED_HOST: Final = r"(?:ENOTFOUND|EBADNAME|host, port:|SMTP host:|dial tcp: lookup) [\"'][^\s\"']{1,253}[\"']"
"""Clients that put no quotes around a name: those that are there came from the setting."""
_LOOKED_UP: Final = (
    r"(?:\b(?:getaddrinfo|query\w{1,6}) (?:EAI_AGAIN|ESERVFAIL|EREFUSED|ETIMEOUT)|dial tcp: lookup|hostname: ')\s?"
    r"([A-Za-z][\w.-]{0,252})"
)
_WELL_KNOWN: Final = (
    r"(?i)(?:ENOTFOUND|lookup|unknown(?: SMTP)? ?host(?:Exception)?:?) (?:smtp\.gmail\.com|smtp\.office365\.com|"
    r"smtp-mail\.outlook\.com|smtp\.sendgrid\.net|smtp\.mailgun\.org|smtp\.mail\.yahoo\.com|smtp\.zoho\.com|"
    r"smtp-relay\.brevo\.com|smtp\.(?:qq|163)\.com|email-smtp\.[a-z0-9-]{5,20}\.amazonaws\.com|"
    r"api\.(?:mailjet|mailgun|sendgrid|postmarkapp|resend|brevo|sparkpost|mailersend|smtp2go|elasticemail)\.(?:com|net)|"
    r"login\.microsoftonline\.com|graph\.microsoft\.com|oauth2\.googleapis\.com)"
    r"(?![\w.-]|, |:\d|\s*://)"
)
_INLINE_COMMENT: Final = _LINE + r"=[^\n]{0,200}\s#[^\n]{0,200}"
_TLS_WORD: Final = r"(?m)^[ \t\"]{0,20}LINE\"?(?:=|: )[\"']?(?:True|TRUE|False|FALSE|1|0|yes|no|on|off|Yes|On)\b"
_RISKY: Final = r"[$#'\"`\\ ]"
_SETTING: Final = (
    r"\b(?:[A-Z0-9]{1,30}_){0,6}(?:SMTP|MAIL|MAILER|EMAIL)_[A-Z_]{2,40}\b|\b(?:smtp|email|mail)(?:Host|Port|User|Pass|From|Smtp|"
    r"Server|Sender|Address)\w{0,30}|\b(?:smtp|mail)\.(?:host|port|user|username|password|from|sender|server)\b"
)
"""A mail setting's name, as apps tell it that miss one."""
_PLACEHOLDER: Final = r"\$\{[A-Za-z_]\w{0,60}\}|\{\{ ?[\w.]{1,60} ?\}\}|%[A-Z_]{4,40}%|(?<![\w$])\$[A-Z][A-Z_]{2,40}\b"
_EMPTY_HOST: Final = (
    r"unable to connect to (?:\w{3}://)?:\d|"
    r"established with host (?: ?\[|\"?:(?!\w)|\":\d|\"\")|[Hh]ost: , port|\bto host: ?(?:,|\"\"|'')|#10049|"
    r"\bdial tcp :\d|(?:ssl|tls|tcp)://:\d{2,5}\b"
)
_SHORT_WAIT: Final = r"\b(?:in|after) [2-6](?:\.\d{1,6})? ?s(?:ec|econds)?\b|\b[2-6]\d{3}(?:\.\d{1,3})? ?ms\b"
_LOGIN_OF_NOTHING: Final = (
    r"AHVuZGVmaW5lZAB1bmRlZmluZWQ=|AUTH LOGIN dW5kZWZpbmVk|AG51bGwAbnVsbA==|AE5vbmUATm9uZQ==|"
    r"AUTH PLAIN AAA=|sasl_username=(?:[\s,;)]|$)"
)
_EMPTY_LINE: Final = (
    r"(?i)334 (?:VXNlcm5hbWU6|UGFzc3dvcmQ6|Username:|Password:)[^\n]{0,20}\n"
    r"[^\n]{0,40}?(?:\b(?:client|sent)(?: ?-> ?server)?:|\bC:|SMTP>>|>>>?|[-=~]>)[ \t]*\n"
    r"(?=[^\n]{0,60}(?:[45]\d\d|334)[ -])"
)
"""A question for the login that was answered with a line in which nothing stands."""
_HELLO_ANSWERED: Final = "the port answers a TLS hello"
"""The probe's own words about a port that owed its greeting."""
_TLS_AT_ONCE: Final = r"(?i)\bssl://|\bsmtps?\+?tls://|\bsmtps://|secure\W{1,4}true"
_TLS_TO_587: Final = r"(?i)\b(?:ssl|tls|smtps)://[\w.-]{1,253}:(?:587|2587)\b"
_SSL_WITH_587: Final = (
    r"(?i)\bport\W{1,4}(?:587|2587)\W{1,20}(?:encrypt\w*|secur\w*|crypto|protocol)\W{1,10}(?:ssl|smtps)\b"
    r"|\b(?:encrypt\w*|secur\w*|crypto|protocol)\W{1,10}(?:ssl|smtps)\b\W{1,20}port\W{1,4}(?:587|2587)\b"
)
_CATCHER_PORT: Final = r"(?i)\bport\w{0,8}[\"']?(?: ?=>|:|=)? ?[\"']?1025\b|:1025\b"
_TLS_IN_SETTINGS: Final = (
    r"(?i)\btls: wrapper|\bsmtps://|smtp_ssl\(|"
    r"\b(?:ssl|use_ssl|email_use_ssl|secure|smtp_ssl|smtp_secure)[\"']?(?: ?=>|:|=) ?[\"']?(?:true|1|yes|ssl|smtps)\b"
)
_CONNECTING: Final = (
    r"(?i)unable to connect|connect(?:ion)? tim|dial tcp|connect etimedout|failed to connect to \S{1,200}\s\(port|"
    r"could not connect(?!.{0,200}response: -1)"
)
_OF_A_CLIENT: Final = r"SSL_accept|client_hello|CLIENT_HELLO|TLS handshaking: |TLS error on connection from "
"""What only the side says that was called."""
_LARGE_SENDER: Final = (
    r"(?i)(?:\bH=|\b(?:RCPT|MAIL|CONNECT) from |\brelay=)[\w.-]{1,200}\.(?:google|outlook|hotmail|yahoo|apple|icloud|"
    r"facebook|linkedin|github|gmx|kundenserver|messagingengine|protonmail)\.(?:com|net|de|ch)"
    r"(?: \([^()\n]{1,200}\))? ?\["
)
"""Exim puts a name that it has not checked into brackets, Postfix writes `unknown`."""
_ROUND_TIME: Final = r"(?:Delivered|Sent) mail\b[^\n]{0,200} \((?:5|10|15|20|30|60)0\d\d(?:\.\d+)?ms\)"
_TO_ITSELF: Final = (
    r"(?:connect to |lost connection with |conversation with |relay=)(?:localhost|127\.\d+\.\d+\.\d+|::1)"
    r"\[[\d.:]+\]:?(?!25\b)|postfix/lmtp"
)
"""A mail server hands a mail to a program on its own machine; port 25 there is a mail server again."""
_HTTP_STATUS: Final = (
    r"(?i)(?<![\w.:/-])([45]\d\d):? (?:internal server error|bad gateway|service (?:temporarily )?unavailable|"
    r"gateway time|unauthorized|forbidden|too many requests|unprocessable|bad request|payment required|not found|"
    r"method not allowed|payload too large|unsupported media)"
    r"|\b(?:status(?:[ _]?code)?|http(?:/[\d.]+| error| status)?|code|returned|responded with)[\"']?\s{0,2}[:=]?\s{0,2}"
    r"[\[(]?([45]\d\d)\b"
    r"|\(([45]\d\d)\)\s{1,3}reason: [a-z]"  # OpenAPI's clients
)
_APPLE: Final = ("icloud.com", "me.com", "mac.com")


def _values(event: Event) -> dict[Role, str]:
    if event.settings is None:
        return {}
    found = {item.role: event.settings.of(item.role) for item in event.settings.app.variables}
    texts = {role: value.reveal() if isinstance(value, Secret) else value for role, value in found.items()}
    return {role: text for role, text in texts.items() if text is not None}


def _in_lines(event: Event, pattern: str, name: str = "") -> re.Match[str] | None:
    """Search for lines of a settings file: `LINE` stands for a name of the app's, or for the one that is given."""
    own = re.escape(name) if name else rf"{re.escape(event.profile.prefix)}\w{{1,40}}"
    return re.search(pattern.replace("LINE", own), event.raw)


def _password(event: Event) -> str:
    return _values(event).get(Role.PASSWORD, "")


def loopback(event: Event) -> bool:
    """The address is the machine's, or the container's, own."""
    host = _values(event).get(Role.HOST, "")
    return bool(re.search(_LOOPBACK, event.raw) or re.fullmatch(_LOOPBACK, host))


def ipv6_address(event: Event) -> bool:
    """An IPv6 address is named."""
    return any(found[0].count(":") >= 3 or "::" in found[0] for found in re.finditer(_IPV6, event.raw))


def port_not_offered(event: Event) -> bool:
    """The provider has no such port."""
    return bool(event.provider and event.port and event.port not in {item.port for item in event.provider.ports})


def plain_on_implicit_port(event: Event) -> bool:
    """The port speaks TLS from the first byte, by its number or since it was asked, and the settings do not."""
    asked = _HELLO_ANSWERED in event.raw
    if event.settings is None:
        spoken = re.search(_TLS_AT_ONCE, event.raw)
        connecting = not event.stages and re.search(_CONNECTING, event.raw)
        return asked or (event.port in IMPLICIT_PORTS and not (spoken or connecting))
    return (asked or event.settings.port_number in IMPLICIT_PORTS) and not implicit_tls(event.settings)


def _keywords(event: Event) -> list[str]:
    return [re.sub(r"^250[ -]", "", line).strip() for line in event.lines]


def _is_ehlo(event: Event) -> bool:
    return event.code == 250 and ("ehlo" in event.stages or (not event.stages and len(event.lines) > 1))


def starttls_missing(event: Event) -> bool:
    """The reply to EHLO, given in clear, offers no STARTTLS, and the app goes on without it."""
    settings = event.settings
    strict = (Security.IMPLICIT, Security.STARTTLS)
    known_clear = settings is not None and security(settings) not in strict
    offered = any(word.upper() == "STARTTLS" for word in _keywords(event))
    if not (_is_ehlo(event) and known_clear) or event.encrypted or offered:
        return False
    values = _values(event)
    return bool(values.get(Role.PASSWORD)) or not is_private_host(values.get(Role.HOST, "").strip())


def auth_missing(event: Event) -> bool:
    """No login is offered although the settings have one, and no STARTTLS after which it could be."""
    if event.stages == {"auth"} and event.status == "warned" and event.code is None:
        return True  # the probe went on without the login, as the app does
    values = _values(event)
    wanted = bool(values.get(Role.USERNAME) and values.get(Role.PASSWORD))
    offered = any(word.upper().startswith(("AUTH ", "AUTH=", "STARTTLS")) for word in _keywords(event))
    return _is_ehlo(event) and wanted and not offered


def only_oauth(event: Event) -> bool:
    """The server takes OAuth tokens and no password."""
    offered = login_methods(event.lines)
    return bool(offered) and {"XOAUTH2", "OAUTHBEARER", "XOAUTH"}.issuperset(offered)


def handshake_broken(event: Event) -> bool:
    """The handshake began and broke. At once in TLS, an answer in clear text is another failure: the wrong port."""
    stages = event.stages - {"after"}
    if stages == {"starttls"}:
        return True
    known = bool(stages) and stages <= {"tls", "starttls"}
    return known and not event.errors & {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG"}


def login_swapped(event: Event) -> bool:
    """The password is a mail address and the user name is not."""
    user = _values(event).get(Role.USERNAME, "")
    password = _password(event)
    return bool(user) and "@" not in user and is_address(password) and "." in domain_of(password)


def password_in_groups(event: Event) -> bool:
    """The password has the display spaces of an app password."""
    line = _in_lines(event, _GROUPS_LINE, event.profile.variable(Role.PASSWORD))
    return any(re.fullmatch(_GROUPS, text) for text in (_password(event), line[1] if line else ""))


def password_with_special_characters(event: Event) -> bool:
    """The password holds a character that readers of files take differently."""
    return bool(re.search(_RISKY, _password(event)))


def unquoted_hash(event: Event) -> bool:
    """A line of a file has a # in an unquoted value."""
    return bool(_in_lines(event, _UNQUOTED_HASH))


def open_dollar(event: Event) -> bool:
    """A line of a file has a $ that compose replaces."""
    return bool(_in_lines(event, _DOLLAR))


def escaped_quote(event: Event) -> bool:
    """A line of a file has a backslash before a double quote."""
    return bool(_in_lines(event, _ESCAPED_QUOTE))


def quotes_kept(event: Event) -> bool:
    """Quotes have become part of a value."""
    if _in_lines(event, _KEPT_QUOTES) or re.search(_QUOTED_HOST, event.raw):
        return True
    return any(len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" for value in _values(event).values())


def comment_kept(event: Event) -> bool:
    """A comment has become part of a value, or would for a reader that knows none.

    A password may hold ` #` by right, and correctly quoted it is no comment to any reader.
    """
    values = (value for role, value in _values(event).items() if role is not Role.PASSWORD)
    return bool(_in_lines(event, _INLINE_COMMENT)) or any(" #" in value for value in values)


def invisible_characters(event: Event) -> bool:
    """A value holds blanks, line ends or quotes that one does not see or type."""
    lines = [line.partition("=")[2] for line in event.raw.split("\n") if event.profile.is_mail_setting(line)]
    values = _values(event)
    named = [values.get(role, "") for role in (Role.HOST, Role.USERNAME, Role.PASSWORD)]
    return any(re.search(_INVISIBLE, value) for value in (*named, *lines))


def tls_word(event: Event) -> bool:
    """The variable for TLS has a value other than the app's true and false."""
    value = _values(event).get(Role.SECURITY)
    return bool(_in_lines(event, _TLS_WORD, event.profile.variable(Role.SECURITY))) or (
        value is not None and value not in ("true", "false")
    )


def host_with_junk(event: Event) -> bool:
    """The host has something around it that belongs elsewhere."""
    return bool(re.search(_JUNK, _values(event).get(Role.HOST, "")))


def sent_to_self(event: Event) -> bool:
    """Recipient and sender are the same mailbox."""
    sender = _values(event).get(Role.SENDER, "").strip().lower()
    return bool(sender) and event.recipient.strip().lower() == sender


def same_domain(event: Event) -> bool:
    """Recipient and sender are in one domain, and not in one mailbox."""
    domain = domain_of(_values(event).get(Role.SENDER, "").strip())
    return bool(domain) and event.recipient.strip().lower().endswith("@" + domain) and not sent_to_self(event)


def apple_sender_elsewhere(event: Event) -> bool:
    """The sender is an iCloud address and the server is not Apple's."""
    values = _values(event)
    domain = domain_of(values.get(Role.SENDER, "").strip())
    host = values.get(Role.HOST, "").strip().lower()
    return domain in _APPLE and not host.endswith((".me.com", ".icloud.com"))


def mail_variable_unset(event: Event) -> bool:
    """Compose has found no value for a variable of the mail settings."""
    found = re.search(r"[Tt]he \\{0,3}\"?(\w{1,80})\\{0,3}\"? variable is not set", event.raw)
    return found is not None and bool(event.profile.is_mail_setting(f"{found[1]}=") or re.search("SMTP|MAIL", found[1]))


def mail_setting_named(event: Event) -> bool:
    """A mail setting is named: `EMAIL_HOST`, `emailSmtpUrl`, `spring.mail.host`."""
    return bool(re.search(_SETTING, event.raw))


def mechanism_not_offered(event: Event) -> bool:
    """In the dialogue the client has chosen a login method that the server had not offered."""
    sent = re.match(r"(?i)AUTH ([\w-]{2,20})", event.sent)
    offered = login_methods(event.lines)
    return sent is not None and bool(offered) and sent[1].upper() not in offered


def placeholder_kept(event: Event) -> bool:
    """A value is named whose variable nobody has replaced: `${MAIL_HOST}`, `{{ smtp.host }}`, `%MAIL_HOST%`."""
    return bool(re.search(_PLACEHOLDER, event.raw))


def host_empty(event: Event) -> bool:
    """The client names the host to which it connects, and the name is empty."""
    return bool(re.search(_EMPTY_HOST, event.raw))


def login_of_nothing(event: Event) -> bool:
    """In the dialogue the client has logged in as `undefined`, `null` or `None`, or Postfix notes an empty name."""
    said = bool(re.search(_LOGIN_OF_NOTHING, f"{event.sent}\n{event.raw}"))
    return said or ("334 " in event.around and bool(re.search(_EMPTY_LINE, event.around)))


def nameless_hello(event: Event) -> bool:
    """In the dialogue the client has introduced itself without a name."""
    return event.sent.strip().upper() in ("EHLO", "HELO")


def login_only_after_tls(event: Event) -> bool:
    """In the dialogue the server offers STARTTLS and no login, and the client has not asked for TLS."""
    return "STARTTLS" in event.offer and not login_methods(event.offer) and not event.upgraded


def only_windows_login(event: Event) -> bool:
    """In the dialogue the server offers only the login methods of Windows domains."""
    offered = login_methods(event.offer)
    return bool(offered) and {"NTLM", "GSSAPI", "GSS-SPNEGO", "NEGOTIATE", "MSN"}.issuperset(offered)


def short_wait(event: Event) -> bool:
    """The client waited only some seconds, as its own line says, or one near it that tells when the job was done."""
    return bool(re.search(_SHORT_WAIT, f"{event.raw}\n{event.around}"))


def tls_at_a_catcher(event: Event) -> bool:
    """The settings that a text shows ask for TLS from the first byte on port 1025, where test servers listen."""
    shown = event.around or event.raw
    return bool(re.search(_CATCHER_PORT, shown) and re.search(_TLS_IN_SETTINGS, shown))


def tls_at_once_on_587(event: Event) -> bool:
    """The client speaks TLS from the first byte to port 587, where a mail server begins in clear text."""
    return bool(re.search(_TLS_TO_587, event.raw) or re.search(_SSL_WITH_587, event.around or event.raw))


def last_mechanism(event: Event) -> bool:
    """Python's smtplib has tried all login methods, and shows what came of the last one only."""
    return "raise last_exception" in (event.around or event.raw)


def token_refused(event: Event) -> bool:
    """In the dialogue the client has sent an OAuth token, and the server does not take it."""
    sent = re.match(r"(?i)AUTH (?:XOAUTH2?|OAUTHBEARER)\b", event.sent)
    return sent is not None and event.code in {454, 501, 535, 554}


FREEMAIL: Final = (
    r"gmail|googlemail|yahoo|ymail|aol|hotmail|outlook|live|msn|icloud|me|mac|gmx|web|mail|yandex|qq|163|126|proton|"
    r"protonmail|orange|free|laposte|libero|t-online|comcast|naver|daum"
)


def freemail_sender(event: Event) -> bool:
    """The sender's address is at a freemail provider, whose DNS records nobody else can change."""
    sender = domain_of(_values(event).get(Role.SENDER, "").strip()).lower()
    if sender:
        return bool(re.fullmatch(rf"(?:{FREEMAIL})\.(?:com|net|org|de|fr|it|ru|me|co\.\w\w|com\.\w\w|at|ch)", sender))
    found = re.search(rf"(?i)\bfrom (?:the domain )?(?:\w+@)?(?:{FREEMAIL})\.[a-z.]{{2,6}}\b", event.raw)
    return bool(found)


def sender_is_not_login(event: Event) -> bool:
    """The login is a mail address, and the sender is another one."""
    values = _values(event)
    user, sender = values.get(Role.USERNAME, "").strip(), values.get(Role.SENDER, "").strip()
    return is_address(user) and bool(sender) and bare_address(sender).lower() != user.lower()


def relayed(event: Event) -> bool:
    """A mail server speaks of handing the mail on."""
    return event.relayed


def private_client(event: Event) -> bool:
    """The address that a server complains about is a private one: a container's, for one."""
    found = re.findall(r"\[?((?:\d{1,3}\.){3}\d{1,3})\]?", event.raw)
    return any(re.match(r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.", address) for address in found)


def host_without_dot(event: Event) -> bool:
    """The name that a client could not look up has no dot."""
    named = re.findall(_LOOKED_UP, event.raw)
    return bool(named) and not any("." in name for name in named)


def well_known_host(event: Event) -> bool:
    """The name that was not found is one that a provider publishes, alone and as it should be."""
    if re.search(_WELL_KNOWN, event.raw):
        return True
    name = looked_up(event.raw) or server_in(event.raw)[0] or server_in(event.around)[0]
    return re.fullmatch(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", name) is not None and owner_of(name) is not None


def owner_of(host: str) -> Provider | None:
    """Return the provider that publishes `host`; None, too, for a name that just means a local server."""
    from smtpwizard.presets.catalogue import Presets

    provider = Presets.open().for_host(host)
    return None if provider is None or host.lower() in provider.alt_hosts else provider


def _program(event: Event) -> str:
    return event.program or program_of(event.raw)


def server_stopped(event: Event) -> bool:
    """A program of the mail server says that it cannot go on. What somebody calls by hand speaks for itself."""
    program = _program(event)
    return not program.endswith(("sendmail", "postdrop")) and stopped(event.raw, program)


def seen_by_the_server(event: Event) -> bool:
    """The line is of a server's log, and about a client that has come to it."""
    return bool(re.search(_OF_A_CLIENT, event.raw)) or _program(event).endswith(("smtpd", "postscreen"))


def at_the_servers_tls_port(event: Event) -> bool:
    """The server's program serves a port with TLS from the first byte."""
    return bool(re.search("smtps|submissions|465", _program(event)))


def handed_to_itself(event: Event) -> bool:
    """A mail server hands a mail to a program of its own, in clear sight: over LMTP, or to its own machine."""
    own = event.program.endswith("lmtp") or re.search(_TO_ITSELF, event.raw)
    return event.relayed and event.code is None and bool(own) and "lmtp]" not in event.raw


def dovecots_login_fails(event: Event) -> bool:
    """Dovecot's login service tells of an error of its own."""
    return own_error(event.raw, event.program).startswith("auth")


def dovecots_delivery_fails(event: Event) -> bool:
    """Another of Dovecot's services that a mail passes tells of an error of its own."""
    service = own_error(event.raw, event.program)
    return service != "" and not service.startswith("auth")


def no_reply(event: Event) -> bool:
    """No server's reply is in the text."""
    return event.code is None


def sent_whole(event: Event) -> bool:
    """In the dialogue the client has sent the message up to its dot, and no reply has taken it."""
    return "whole" in event.passed


def large_sender(event: Event) -> bool:
    """The log is of the server that refused, and the client a large provider's mail server, by its checked name."""
    return event.side is Side.REFUSING and bool(re.search(_LARGE_SENDER, event.raw))


def postscreen(event: Event) -> bool:
    """Postfix's postscreen speaks, which looks at a client before a mail server does."""
    return _program(event).endswith("postscreen")


def waited_round_time(event: Event) -> bool:
    """Rails counts a delivery that took as long as a time-out of its mail library, to a tenth of a second."""
    return bool(re.search(_ROUND_TIME, event.raw))


def _http_status(event: Event) -> int:
    """The status that an HTTP interface has answered with; 0 where none is told."""
    found = re.search(_HTTP_STATUS, event.raw)
    return int(found[1] or found[2] or found[3]) if found else 0


def http_server_fault(event: Event) -> bool:
    """An HTTP interface answered with a fault of its own."""
    return _http_status(event) // 100 == 5


def http_key_refused(event: Event) -> bool:
    """An HTTP interface did not take the key, or not for this."""
    return _http_status(event) in (401, 403)


def http_too_many(event: Event) -> bool:
    """An HTTP interface was called too often."""
    return _http_status(event) == 429


def http_request_refused(event: Event) -> bool:
    """An HTTP interface did not take what it was sent."""
    return _http_status(event) in (400, 402, 404, 405, 413, 415, 422)


CONDITIONS: Final[Mapping[str, Callable[[Event], bool]]] = {
    "loopback": loopback,
    "ipv6-address": ipv6_address,
    "port-not-offered": port_not_offered,
    "plain-on-implicit-port": plain_on_implicit_port,
    "starttls-missing": starttls_missing,
    "auth-missing": auth_missing,
    "only-oauth": only_oauth,
    "handshake-broken": handshake_broken,
    "login-swapped": login_swapped,
    "password-in-groups": password_in_groups,
    "password-with-special-characters": password_with_special_characters,
    "unquoted-hash": unquoted_hash,
    "open-dollar": open_dollar,
    "escaped-quote": escaped_quote,
    "quotes-kept": quotes_kept,
    "comment-kept": comment_kept,
    "invisible-characters": invisible_characters,
    "tls-word": tls_word,
    "host-with-junk": host_with_junk,
    "sent-to-self": sent_to_self,
    "same-domain": same_domain,
    "apple-sender-elsewhere": apple_sender_elsewhere,
    "mail-variable-unset": mail_variable_unset,
    "mail-setting-named": mail_setting_named,
    "mechanism-not-offered": mechanism_not_offered,
    "tls-at-a-catcher": tls_at_a_catcher,
    "tls-at-once-on-587": tls_at_once_on_587,
    "last-mechanism": last_mechanism,
    "token-refused": token_refused,
    "short-wait": short_wait,
    "placeholder-kept": placeholder_kept,
    "host-empty": host_empty,
    "login-of-nothing": login_of_nothing,
    "nameless-hello": nameless_hello,
    "login-only-after-tls": login_only_after_tls,
    "only-windows-login": only_windows_login,
    "freemail-sender": freemail_sender,
    "sender-is-not-login": sender_is_not_login,
    "relayed": relayed,
    "private-client": private_client,
    "host-without-dot": host_without_dot,
    "well-known-host": well_known_host,
    "server-stopped": server_stopped,
    "seen-by-the-server": seen_by_the_server,
    "at-the-servers-tls-port": at_the_servers_tls_port,
    "handed-to-itself": handed_to_itself,
    "dovecots-login-fails": dovecots_login_fails,
    "dovecots-delivery-fails": dovecots_delivery_fails,
    "no-reply": no_reply,
    "sent-whole": sent_whole,
    "large-sender": large_sender,
    "postscreen": postscreen,
    "waited-round-time": waited_round_time,
    "http-server-fault": http_server_fault,
    "http-key-refused": http_key_refused,
    "http-too-many": http_too_many,
    "http-request-refused": http_request_refused,
}
"""Every value of `when` in entries and answers. Situations may name them, too."""
