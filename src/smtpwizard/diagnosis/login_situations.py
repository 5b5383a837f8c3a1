"""Situations of a login: whose server refused it or misses it, how it was made, and with which values.

See `situations`, whose table holds those of who sends, and of addresses and settings.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.addresses import is_freemail
from smtpwizard.diagnosis.conditions import private_client
from smtpwizard.diagnosis.event import Event, Side, certificate_names, wanted_name
from smtpwizard.diagnosis.pasted_settings import NOT_TAKEN_UP, RELAY, fits, modes_at, shown_by, the_one
from smtpwizard.diagnosis.server_situations import own_refusal, reported
from smtpwizard.diagnosis.situations import LARGE_PROVIDERS, Situation, near, told


def _microsofts_refusal(event: Event) -> str:
    """A refusal that says no more, of Microsoft 365 and not of an Exchange server in house."""
    if "5.7.3" not in event.enhanced or re.search(r"(?i)oauth", f"{event.raw}\n{event.around}"):
        return ""
    return near(r"(?i)prod\.outlook\.com|smtp\.office365\.com|smtp(?:-mail)?\.outlook\.com")(event)


_EXAMPLE_LOGIN: Final = (
    r"(?i)user(?:[ _-]?name)?[\"']?(?: is)?[\s:='\"(\[\\]{1,5}((?:your|my)[-_]?(?:user(?:name)?|login|e?-?mail)\w{0,20}"
    r"(?:@[\w.-]{1,100})?|you@example\.\w{2,3}|user@example\.\w{2,3}|example[-_]?user|changeme)\b"
)


def _neteases_words(event: Event) -> str:
    """A refusal in the words that 163, 126 and yeah.net have, without an enhanced code."""
    return "" if event.enhanced else told(r"535 (Error: authentication failed)")(event)


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


def _with_port(event: Event) -> str:
    """A host with a port behind it that was looked for in a certificate, as Go tells it."""
    found = re.search(r"certificate is valid for [^\n]{1,2000}?, not ([\w.-]{3,253}):\d{2,5}\b", event.raw)
    return found[1] if found else ""


_PUBLIC_NAME: Final = r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,6}[a-z]{2,18}"


_BY_ANOTHER: Final = (
    "wrong-password", "app-password-wanted", "mechanism-mismatch", "auth-not-offered", "wrong-name", "sender-refused",
    "relay-denied", "self-signed", "untrusted-issuer", "basic-auth-disabled",
)  # fmt: skip
"""What a server says, or shows, that the connection was led to instead of the provider's."""
_NO_LOGIN_HERE: Final = ("auth-not-offered", "mechanism-mismatch")


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


LOGIN_SITUATIONS: Final = (
    # What a relay offers
    Situation(
        (*_NO_LOGIN_HERE, "starttls-not-offered"),
        _lone_host,
        "For {shown} leave user name and password empty and TLS off; or enter the provider's server as {host}, with "
        "its port and TLS mode (mostly 587 with STARTTLS) and the login.",
        "{shown} is a name without a dot: a relay or mail catcher in the program's own network, which knows its "
        "clients by their address and offers neither a login nor, mostly, TLS.",
    ),
    Situation(
        _NO_LOGIN_HERE,
        lambda event: modes_at(frozenset({"25"}), on=("upgrade", "tls", "at-once"))(event._replace(code=None)),
        "Leave {username} and {password} empty where this server knows the machine by its address; otherwise use the "
        "submission server's port 587, where logins are offered.",
        "TLS is on already. {port_set} is the port between mail servers, and this server takes no login there, or not "
        "this kind.",
    ),
    Situation(
        _NO_LOGIN_HERE[:1],
        lambda event: fits(event._replace(code=None)),
        f"{NOT_TAKEN_UP}. Where the server wants no login, leave {{username}} and {{password}} empty.",
        "The settings have TLS on ({port_set}, {security}), and the server offers no login: the program did not take "
        "them up, or this server offers none to this machine.",
    ),
    Situation(
        _BY_ANOTHER,
        diverted,
        "Ask the hosting provider to let this account send to other mail servers (cPanel and WHM: SMTP Restrictions), "
        "or send through its own mail server or the mail provider's HTTP API. No change of the login helps before.",
        "Not the server of the provider answered but {shown}: the hosting provider, or a firewall, leads outgoing mail "
        "connections to its own mail server, which does not know this login.",
        "Connection diverted to another mail server",
    ),
    Situation(
        ("login-server-trouble",),
        told(r"(?i)(sasl: connect to|cannot connect to saslauthd|connect to private/auth|private/auth: connection)"),
        "On that server look whether saslauthd or Dovecot's auth socket runs, at the path that Postfix is told "
        "(smtpd_sasl_path); where it is not yours, tell its operator.",
        "Postfix could not ask its login service (Cyrus SASL or Dovecot): the password was not judged.",
        "Login service of the server not reached",
    ),
    Situation(
        ("relay-denied",),
        _at_the_domain_itself,
        "On that server add {shown} to its own domains ({own_domains}), and reload it. If you did not mean this "
        "server, see where the MX record and the published port 25 of {shown} lead.",
        "The server that is asked for {shown} does not hold that domain for one of its own, so this is mail for "
        "strangers to it. A login is not what is missing.",
    ),
    Situation(
        ("relay-denied",),
        _own_clients_mail,
        "Let that client log in (user name and password, port 587 or 465), or put its address or network among those "
        "that the server trusts ({own_networks}).",
        "The log is that of the server that refused: the mail is for a domain that is not its own, and such mail it "
        "takes only from clients that log in or whose address it trusts.",
    ),
    Situation(
        ("relay-denied",),
        _strangers_mail,
        "Should the server have mailboxes for the recipient's domain, or pass its mail on, add the domain to its own "
        "ones ({own_domains}). If the client is one of yours, let it log in on port 587 or 465, or put its address "
        "among those that the server trusts ({own_networks}). Strangers that try are refused rightly.",
        "The log is that of the server that refused: it does not hold the recipient's domain for one of its own, and "
        "the client did not log in.",
    ),
    Situation(
        ("relay-denied",),
        reported,
        "Check the recipient's address. If it is right, only the operator of that domain can repair this (the domain "
        "at the mail service, or the MX record): tell them by another way. Only where you run the sending mail server "
        "and the refusing host is its relay, see to its login there.",
        "The server that was asked takes no mail for the recipient's domain: mostly the domain's MX record names it, "
        "and the domain is not, or no longer, set up there.",
        "Recipient's domain that its mail server does not take mail for (relay denied)",
    ),
    Situation(
        ("login-wanted",),
        lambda event: told(r"(?i)(sender address rejected: not logged in)")(event) if event.relayed else "",
        "If the mail was forwarded there, let the forwarding server put an address of its own into the envelope (SRS; "
        "postsrsd for Postfix), or exempt it on the server that refused. If the server that refused is the sending "
        "one's relay, give the sending server the login of that mailbox.",
        "The server that refused holds the sender's domain for one of its own, and takes mail from such an address "
        "only after a login: another server may not bring it.",
    ),
    Situation(
        ("login-wanted",),
        reported,
        "If you run the mail server that sent it and the refusing host is its relay (smarthost), give it the relay's "
        "user name and password (Postfix: relayhost and smtp_sasl_password_maps); otherwise tell its operator. If the "
        "host is the recipient's own, only the operator of that domain can repair it: tell them by another way.",
        "The server that was asked takes mail only after a login, and the mail server that sent this one made none.",
    ),
    Situation(
        ("login-wanted",),
        _login_set,
        "See that the program reads these names and this file, {renew}, and switch authentication on where it has a "
        "switch for it. If it does, look whether TLS is on, without which many programs send no login.",
        "The settings have a login ({username}, {password}), and the server saw none: the program did not take it up, "
        "or sends none on this connection.",
    ),
    Situation(
        ("wrong-name",),
        _with_port,
        "Put {shown} alone into {host}; the port has a setting of its own.",
        "The app looked for the name with the port behind it, which no certificate has.",
    ),
    Situation(
        ("wrong-name",),
        _sister,
        "Put {shown} into {host}. Where the server is yours, its certificate can be given the other name, too.",
        "{certificate} for the name that the app calls the server by, which is another name of the same provider or "
        "domain.",
    ),
    Situation(
        ("wrong-name",),
        _alias,
        "Put {shown} into {host} if both names lead to one server (`nslookup`), as on shared hosting. If {shown} "
        "belongs to the host of your app and not to the mail provider, that host diverts outgoing mail: ask it to "
        "let it through.",
        "{certificate} for the name that the app calls the server by: that name is an alias, or the connection was led "
        "to another server.",
    ),
    Situation(
        ("wrong-name",),
        _alias_of_many,
        "Put the server's own name into {host}, as the provider's page has it: it ends in .{shown}. If {shown} "
        "belongs to the host of your app and not to the mail provider, that host diverts outgoing mail: ask it to "
        "let it through.",
        "{certificate} for the name that the app calls the server by: that name is an alias, as a domain of one's own "
        "is, or the connection was led to another server.",
    ),
    Situation(
        ("sender-not-logins",),
        _same_address,
        "On that server give {shown} to this login (Postfix: smtpd_sender_login_maps, or the query behind it; in a "
        "panel the mailbox must be active and own the address). Where the server is not yours, tell its operator.",
        "Sender and login are the same address, {shown}: the app's settings fit. The server's table of who may send as "
        "whom has no line for it, or under another spelling.",
    ),
    Situation(
        ("wrong-password",),
        _microsofts_refusal,
        "Check {username} (the full address) and {password}, and have an administrator switch on authenticated SMTP "
        "for this mailbox. Where the organisation takes no passwords any more (security defaults), log in by OAuth "
        "with the scope SMTP.Send, or use a relay.",
        "Microsoft 365 refused the login: the password is wrong, authenticated SMTP is off for the mailbox or the "
        "organisation, or only OAuth is taken; then the token is expired or has the wrong scope.",
        "Login refused by Microsoft 365",
    ),
    Situation(
        ("wrong-password", "app-password-wanted"),
        near(_EXAMPLE_LOGIN),
        "Put the real user name and password into the mail settings, clear a configuration cache if the app has one, "
        "and start it anew.",
        "The login was tried with {shown}, which is an example's value: nobody has replaced it, or the program does "
        "not read the setting that was changed.",
        "Login with an example's user name",
    ),
    Situation(
        ("wrong-password",),
        near(r"Authentication Credentials Invalid|email-smtp\.[\w-]+\.amazonaws"),
        "Create SMTP credentials in the SES console of the very region that {host} names, and use these as "
        "{username} and {password}: the access key and the secret of an IAM user are others.",
        "Amazon SES does not know this user name, or not with this password, in this region.",
    ),
    Situation(
        ("wrong-password",),
        near(r"(?i)\b(163|126|yeah)(?:\.net|\.com)?\s?(?:邮箱|mail)|smtp\.(163|126|qq)\.com|(QQ)邮箱"),
        "Switch SMTP on in the mailbox's settings on the web and make an authorisation code (授权码) there; that "
        "code is {password}, and the full address {username}.",
        "This provider does not take the account's own password from programs, only an authorisation code, and only "
        "where SMTP is switched on for the mailbox.",
    ),
    Situation(
        ("login-wanted", "relay-denied"),
        near(r"(?i)\bmail\(\): SMTP server response|mail\(\):.{0,80}SMTP"),
        "Set up SMTP with user name and password in the app itself or through a plug-in or library (PHPMailer), and "
        "make that its way to send. Else php.ini's SMTP must name a server that takes this machine's mail without a "
        "login.",
        "The app calls PHP's mail(), which on Windows speaks to the server in php.ini and cannot log in.",
    ),
    Situation(
        ("login-wanted",),
        near(r"smtp_sasl_passwd_lookup: (no auth info found)"),
        "Add a line for exactly this relay ([host]:port, as in relayhost) with user name and password to "
        "smtp_sasl_password_maps, run postmap on it and reload. If it depends on the sender "
        "(smtp_sender_dependent_authentication), bounces with their empty sender need a line of the host's, too.",
        "Postfix looked for the login of this relay and found none, so it sent the mail without one.",
    ),
    Situation(
        ("login-wanted", "relay-denied"),
        near(r"SASL ([\w-]{4,20}) authentication failed"),
        "Repair the login: check user name and password. Where the server offers CRAM-MD5 or DIGEST-MD5, it needs "
        "the passwords stored in clear; take these methods off its list, so that PLAIN over TLS is used.",
        "The client did try to log in, by {shown}, and that failed; so the server treated it as one without a login.",
    ),
    Situation(
        ("mechanism-mismatch", "wrong-password"),
        told(r"SASL ((?:CRAM|DIGEST)-MD5) authentication failed"),
        "Check user name and password. Where no client gets in by {shown}, take it off the server's list of methods "
        "(Dovecot: auth_mechanisms = plain login), so that PLAIN over TLS is used.",
        "A login by {shown} failed: the password is wrong, or the server offers this method without having the "
        "passwords in clear, which it needs for that.",
        "Login failed",
    ),
    Situation(
        ("policy-refused", "command-unknown", "connection-lost"),
        near(r"\b(XCLIENT|XFORWARD)\b"),
        "Put the address or network of the proxy into the mail server's list of those that may do so (Postfix: "
        "smtpd_authorized_xclient_hosts; Mailu: SUBNET is the network of its containers), and reload it.",
        "The proxy in front passes the real client's address on with {shown}, and this mail server does not allow "
        "that to the proxy's own address. Login and sender are not concerned.",
    ),
    Situation(
        ("wrong-password", "app-password-wanted"),
        near(r"XOAuth2Authenticator->authenticate"),
        "Authorise the app anew at the provider, with the scope for mail (Google: https://mail.google.com/; Microsoft: "
        "SMTP.Send), for exactly the account that is {username}. Where the app is to log in with a password, set "
        "its login method to LOGIN or PLAIN and use an app password.",
        "The stack shows a login by XOAUTH2: what the server refused is an OAuth token, expired, for another account "
        "or without the scope for mail. An account's password plays no part in it.",
    ),
    Situation(
        ("command-unknown", "command-sequence"),
        told(r"(?i)(?:send(?:ing)?|sent|smtp|command:?|>>) [\"'`]?(RSET|RESET|NOOP|VRFY|HELP)\b"),
        "See whether the mail has arrived: it may have been taken before. Use a mail server that speaks the whole of "
        "SMTP, or update the one that answered; where the app can keep connections open or tests them, switch that "
        "off.",
        "The server does not know the command {shown}, or not at this point, though every mail server must (RFC 5321 "
        "section 4.5.1): it is a small relay or a test server. Sender, recipient and password are not refused by that.",
    ),
    Situation(
        ("wrong-password", "basic-auth-disabled"),
        near(
            r"email-oauth2-proxy|Authenticate\(SaslMechanism|ConnectionIdentifier: oauth|"
            r"(?i:auth:? {1,2}xoauth2|method=xoauth2|\bAUTH XOAUTH2)"
        ),
        "Authorise the account anew with the scope for mail (Microsoft: SMTP.Send, in the right cloud; Google: "
        "https://mail.google.com/) and the consent that the tenant wants, for exactly this mailbox. At Microsoft let "
        "the administrator allow authenticated SMTP for it, which OAuth needs, too.",
        "The login is made with an OAuth token, and the server does not take it: it has another scope or account, or "
        "authenticated SMTP is off for the mailbox. The account's password plays no part in it.",
    ),
    Situation(
        ("auth-not-offered",),
        lambda event: "tls" if "tls" in event.passed and event.port not in (465, 587) else "",
        "Use the submission port, 587 with {starttls} or 465 with {implicit}. Where that server is a relay that takes "
        "this machine's mail as it is, leave {username} and {password} empty.",
        "The connection was encrypted, and the server offers no login there all the same: the port is one for mail "
        "between servers (25), or the server is a relay that wants no login.",
    ),
    Situation(
        ("auth-not-offered",),
        near(LARGE_PROVIDERS),
        "{tls_on}. Then use an app password where the provider wants one.",
        "{shown} offers a login only once TLS is on, and the connection was still in clear text.",
    ),
    Situation(
        ("mechanism-mismatch",),
        near(r"offered no compatible authentication mechanisms|SASL authentication failure: No worthy mechs"),
        "On that Postfix set smtp_sasl_security_options = noanonymous (or smtp_sasl_tls_security_options, with "
        "smtp_tls_security_level = encrypt), empty smtp_sasl_mechanism_filter, install libsasl2-modules and reload.",
        "Postfix as the client found no login method that the relay offers and that it may use: by its default it "
        "sends no PLAIN or LOGIN, or the package with these methods is missing. No password was sent.",
    ),
    Situation(
        ("wrong-password",),
        _neteases_words,
        "Compare {username} (mostly the full address) and {password} with the provider's page. At 163, 126 and "
        "yeah.net switch SMTP on in the mailbox's settings, and use the authorisation code (授权码) as {password}.",
        "The server refused the login and says no more. So worded, without an enhanced code, it is mostly NetEase "
        "(163, 126), which takes no account password from programs; an old Postfix answers so to a wrong password.",
    ),
    Situation(
        ("relay-denied",),
        told(r"454 (?:4\.7\.1 )?[^\n]{0,200}Relay access denied"),
        "Let the app log in on port 587 or 465, or put its address or container network into mynetworks of that "
        "Postfix, and reload it.",
        "A Postfix with its usual settings answers so (454): the app neither logged in nor stands in its mynetworks. "
        "Mostly it is one's own server.",
    ),
    Situation(
        ("sender-not-logins", "login-wanted", "relay-denied"),
        told(r"(?i)not authenticated to send as\W{1,3}([\w.+-]{1,64}@[\w.-]{3,253})"),
        "Switch authentication on in the mail settings, with {shown} as {username} and its password; or make {sender} "
        "an address of the login that is used.",
        "The server takes mail from {shown} only after a login of that address, and there was none, or another's.",
    ),
)
