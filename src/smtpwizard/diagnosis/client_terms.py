"""The terms of the client that a text shows: what its settings are called, and how it is made to do what a remedy says.

They speak where somebody has pasted a text and nobody has named the app. The default app's own names stand only where
its client (nodemailer) has left its signs: what the text does not show, the answer does not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from smtpwizard.apps.loading import names_an_app, shipped
from smtpwizard.diagnosis.event import Event, Side, bound
from smtpwizard.diagnosis.pasted_settings import places, shown_by
from smtpwizard.diagnosis.sentence_places import ANY, BOUNCED, EXIM_ONWARD, IN_CODE, OF_SERVERS, RELAY
from smtpwizard.diagnosis.server_logs import server_of
from smtpwizard.records import NamedTuple


class Terms(NamedTuple):
    """A kind of client."""

    id: str
    hints: tuple[str, ...]
    """Lower-case words, without one of which the pattern cannot be found: most patterns are never compiled."""
    signs: str
    """A pattern that no other kind's text has."""
    words: Mapping[str, str]
    """A place in a sentence → its words, where they differ from those that fit any client."""


OWN: Final = "own"
"""The default app, whose own names hold."""


def _of_the_default_app(lower: str) -> bool:
    """Say whether a text of nodemailer's can be the default app's: by the marks of its log, or for want of any other.

    A path, a stack or a log of a program that is not named is some program's, and mostly another's.
    """
    if re.search(r"\[nest\]|nestjs|user-?feedback", lower):
        return True
    alone = lower.count("\n") < _FEW_LINES and not re.search(r"(?<!\w)/\w+/|\n {4}at |\(node:\d", lower)
    return alone and not names_an_app(lower)


_FEW_LINES: Final = 4

TERMS: Final = (
    Terms(
        "meteor",
        ("packages/email", "mail_url", "email.send ("),
        r"packages/email(?:\.js|/)|\bMAIL_URL\b|Object\.Email\.send",
        {
            "host": "the host in MAIL_URL",
            "port": "the port in MAIL_URL",
            "implicit": "`smtps://` in MAIL_URL",
            "starttls": "`smtp://` in MAIL_URL",
            "security": "`smtp://` or `smtps://`",
        },
    ),
    Terms(
        "node",
        ("node", "smtp-connection", "code:", "altnames", " e", "first certificate"),
        r"node_modules|nodemailer|smtp-connection|node:internal|\bcode: ?'E[A-Z]+'|\(node:|certificate's altnames|"
        r"\b(?:connect|getaddrinfo|query[A-Za-z]{1,6}|spawn) E[A-Z_]{4,}|unable to verify the first certificate",
        {
            "implicit": "TLS from the first byte (nodemailer: secure: true)",
            "starttls": "STARTTLS (nodemailer: secure: false)",
            "tls_on": (
                "Use port 465 with TLS from the first byte (nodemailer: secure: true) where the provider has it, or "
                "587, where nodemailer upgrades by itself (requireTLS: true insists on it)"
            ),
            "login_on": "Fill user name and password in the app's mail settings, on port 587 or 465",
            "dialogue": "with nodemailer's logger: true and debug: true",
            "client_name": "nodemailer's `name`",
            "ipv4": "or make Node prefer IPv4 (NODE_OPTIONS=--dns-result-order=ipv4first)",
            "trust": "set NODE_EXTRA_CA_CERTS to a file with the certificate, inside the container if there is one",
        },
    ),
    Terms(
        "mail-program",
        (
            "0x800",
            "thunderbird",
            "windows live",
            "outlook express",
            "k9",
            "k-9",
            "error occurred while",
            "outgoing server",
            "postausgang",
            "failed to transport",
            "e-mail sending failed",
        ),
        r"0x800[0-9A-Fa-f]{5}|Thunderbird|Windows Live Mail|Outlook Express|fsck[./]k9|\bK-9\b|"
        r"An (?:Outgoing server \(SMTP\) )?error occurred while sending mail[.:]|Outgoing server|"
        r"Postausgangsserver|Failed to transport message|E-Mail Sending Failed",
        {
            "implicit": "SSL/TLS as connection security",
            "host": "the account's outgoing server (SMTP)",
            "port": "its port",
            "sender": "the account's e-mail address",
            "security": "its connection security",
            "tls_skipped": "mostly the account's connection security is None",
            "tls_on": "Set the outgoing server's connection security to STARTTLS with port 587, or SSL/TLS with 465",
            "login_on": (
                "In the account's settings for the outgoing server switch authentication on (\"My outgoing server "
                "requires authentication\") with the mailbox's user name and password, on port 587 or 465"
            ),
            "look_up": "Look whether this computer opens a web page; if so, correct the name of the outgoing server",
            "own_machine": (
                "Enter the provider's server as outgoing server; where a virus scanner or bridge listens on this "
                "computer, start it"
            ),
            "renew": "in the account's settings",
            "blocked": (
                "look at the firewall and virus scanner of this computer, and ask the Internet provider, which often "
                "blocks port 25"
            ),
            "ehlo_name": (
                "Send over port 587 with a login, where servers do not ask for the name, or give the computer a full "
                "name (Thunderbird: mail.smtpserver.default.hello_argument)"
            ),
            "trust": "import its authority into the mail program or the system",
        },
    ),
    Terms(
        "mail-server",
        ("smtpd", "noqueue", "submission", "rejected rcpt", "dovecot: ", "saslauthd"),
        r"postfix(?:/[\w-]{1,20})?/smtpd\b|\bNOQUEUE: reject|postfix/submission|\brejected RCPT\b|"
        r"\bdovecot: (?:auth|submission)|saslauthd",
        {
            "host": "the sending client's SMTP host",
            "username": "the client's user name",
            "password": "the client's password",
            "sender": "the client's sender address",
            "login_on": (
                "Let the client that sends log in (user name and password, port 587 or 465); a client without a login "
                "must be in the networks that the server trusts ({own_networks})"
            ),
            "dialogue": "in the mail server's log",
            "ehlo_name": (
                "Give the sending client a full host name for EHLO. Where this server is yours, let it take clients "
                "that are logged in before it asks for the name (Postfix: permit_sasl_authenticated first)"
            ),
        },
    ),
    Terms(
        "perl",
        (".pm", ".pl", "io::socket", "email::sender"),
        r"\.p[lm] line \d|\bat \S{1,200}\.p[lm]\b|IO::Socket::|Email::Sender",
        {
            "tls_on": "Switch STARTTLS on (Net::SMTP: starttls before auth) for port 587, or SSL for port 465",
            "dialogue": ("in a log at debug level, or with Net::SMTP's Debug => 1"),
            "trust": "add it to Mozilla::CA or set SSL_ca_file",
        },
    ),
    Terms(
        "phpmailer",
        ("phpmailer", "smtp connect()", "smtp error: ", "client -> ", "smtp -> ", "class.smtp", "data end command"),
        r"(?i:phpmailer)|SMTP connect\(\) failed|SMTP Error: |CLIENT -> SERVER|SMTP -> |class\.smtp\.php|"
        r"DATA END command",
        {
            "implicit": ("SSL"),
            "starttls": ("TLS, which means STARTTLS"),
            "tls_skipped": ("mostly the encryption in its mail settings is none"),
            "tls_on": (
                "In the app's mail settings set the encryption to TLS with port 587, or to SSL with port 465 where "
                "the provider has it (PHPMailer: SMTPSecure)"
            ),
            "login_on": (
                "In the app's mail settings switch authentication on and give user name and password, on port 587 "
                "or 465 (PHPMailer: SMTPAuth)"
            ),
            "dialogue": ("in a log at debug level, or with SMTPDebug = 2"),
            "reason_at": ("in the debug output of the app's mail settings, or of SMTPDebug = 2"),
            "ehlo_name": (
                "Give the app a full host name for HELO or EHLO in its mail settings (PHPMailer: Helo), such as "
                "app.example.com"
            ),
            "trust": "set openssl.cafile in php.ini to a file with the certificate",
        },
    ),
    Terms(
        "laminas",
        ("zend", "laminas", "magento"),
        r"Zend[_\\]{1,2}Mail|Laminas[\\/]{1,2}Mail|(?i:magento)",
        {
            "implicit": "`ssl`",
            "starttls": "`tls`",
            "tls_on": "Set the encryption to `tls` with port 587, or to `ssl` with port 465 where the provider has it",
            "login_on": (
                "Switch authentication on (`login`) in the shop's mail settings or its SMTP extension, with user name "
                "and password, on port 587 or 465"
            ),
            "trust": "set openssl.cafile in php.ini to a file with the certificate",
        },
    ),
    Terms(
        "php",
        (
            "swift_",
            "expected response code",
            "symfony",
            "illuminate",
            "stream_socket_",
            "php",
            "zend\\mail",
            "codeigniter",
            "wordpress",
            "> ehlo [",
            "mail() function",
        ),
        r"Swift_|Expected response code|Symfony\\|Illuminate\\|stream_socket_|php_network|\bPHP \w+: |\.php\b|"
        r"Zend\\Mail|CodeIgniter|(?i:\bwordpress)|> EHLO \[127\.0\.0\.1\]|\bmail\(\) function",
        {
            "implicit": "`ssl` (in a DSN smtps://)",
            "starttls": "`tls` (in a DSN smtp://)",
            "ehlo_name": (
                "Give the mailer a full host name for EHLO (Symfony: local_domain; Laravel: MAIL_EHLO_DOMAIN; in other "
                "apps HELO or local domain in the mail settings), such as app.example.com"
            ),
            "tls_skipped": "mostly its encryption setting is empty",
            "tls_on": "Set the encryption to `tls` with port 587, or to `ssl` with port 465 where the provider has it",
            "login_on": (
                "Give the mailer user name and password (Laravel: MAIL_USERNAME and MAIL_PASSWORD), on port 587 or 465"
            ),
            "renew": "and clear the app's cached configuration",
            "trust": "set openssl.cafile in php.ini to a file with the certificate",
        },
    ),
    Terms(
        "java",
        ("javax.", "jakarta.", "commons.mail", "simplejavamail", "angus.mail", "sun.", "pkix", ".java:"),
        r"javax\.|jakarta\.|commons\.mail|simplejavamail|angus\.mail|com\.sun\.mail|sun\.security|PKIX|\.java:\d",
        {
            "implicit": ("SSL"),
            "starttls": ("StartTLS"),
            "tls_skipped": ("mostly StartTLS is off"),
            "tls_on": (
                "Enable StartTLS in the app's mail settings with port 587, or SSL with port 465 where the provider "
                "has it (as properties: mail.smtp.starttls.enable=true, mail.smtp.ssl.enable=true)"
            ),
            "login_on": (
                "Enable authentication in the app's mail settings and give user name and password, on port 587 or "
                "465 (as a property: mail.smtp.auth=true)"
            ),
            "dialogue": ("in a log at debug level, or with mail.debug=true"),
            "reason_at": "in the `Caused by:` lines below it, as a reply with a number such as 535 or 550",
            "ehlo_name": "Set mail.smtp.localhost to a full host name, such as app.example.com",
            "ipv4": "or start Java with -Djava.net.preferIPv4Stack=true",
            "trust": "import the certificate into the JVM's trust store (keytool -importcert)",
        },
    ),
    Terms(
        "net",
        (
            "system.",
            "mailkit",
            "smtpexception",
            "smtpcommand",
            "server response was",
            "failure sending",
            "remote certificate",
        ),
        r"System\.(?:Net|Security|IO)\.|MailKit|SmtpException|SmtpCommandException|The server response was|"
        r"Failure sending mail\.|remote certificate",
        {
            "tls_skipped": ("mostly TLS is off in its mail settings"),
            "tls_on": (
                "Switch TLS (STARTTLS) on in the app's mail settings, with port 587 (.NET: EnableSsl; MailKit: "
                "StartTls)"
            ),
            "login_on": (
                "Fill in user name and password in the app's mail settings, with TLS and port 587 (.NET: Credentials)"
            ),
            "dialogue": ("in a log at debug level, or with MailKit's ProtocolLogger"),
            "reason_at": ("in the lines around it, at the inner exception"),
            "trust": "add the certificate to the machine's own store of authorities",
        },
    ),
    Terms(
        "ruby",
        ("net::smtp", "openssl::", "net/smtp", "actionmailer", ".rb:", "jobs::", "problem sending the test email"),
        r"Net::SMTP|OpenSSL::SSL|net/smtp|ActionMailer|\.rb:\d|\bJobs::\w+Email|problem sending the test email",
        {
            "tls_skipped": ("mostly STARTTLS is off in its mail settings"),
            "tls_on": (
                "Switch STARTTLS on in the app's mail settings with port 587 (in Ruby: enable_starttls_auto: true), "
                "or TLS with port 465 where the host has it (tls: true)"
            ),
            "login_on": (
                "Give the app user name, password and login method in its mail settings, on port 587 or 465 (in "
                "Ruby: user_name, password, authentication)"
            ),
            "trust": "set SSL_CERT_FILE to a file with the certificate",
            "dialogue": "in log/production.log",
            "reason_at": "in log/production.log, and among the failed jobs (Sidekiq's page)",
        },
    ),
    Terms(
        "python",
        ("smtp", "ssl.", "traceback", "(4", "(5"),
        r"smtplib|_ssl\.c|ssl\.SSL|aiosmtplib|\bSMTP(?:Recipients|Sender|Data|Authentication|Server|Connect|Hello|"
        r"NotSupported|Response|Heloe?)[A-Z]\w{1,30}|Traceback \(most recent|\(\d{3}, ?b?['\"]",
        {
            "implicit": ("SSL (Django: EMAIL_USE_SSL=True)"),
            "starttls": ("STARTTLS (Django: EMAIL_USE_TLS=True)"),
            "tls_skipped": ("mostly STARTTLS is off in its mail settings"),
            "tls_on": (
                "Switch STARTTLS on in the app's mail settings with port 587 (Django: EMAIL_USE_TLS=True; a script: "
                "starttls() before the login), or SSL with port 465 where the provider has it (EMAIL_USE_SSL=True; "
                "SMTP_SSL)"
            ),
            "login_on": (
                "Give the app user name and password (Django: EMAIL_HOST_USER and EMAIL_HOST_PASSWORD; a script: "
                "login() before the mail), on port 587 or 465"
            ),
            "sender_setting": "the From address (Django: DEFAULT_FROM_EMAIL and SERVER_EMAIL)",
            "dialogue": ("in a log at debug level, or with set_debuglevel(1)"),
            "reason_at": "in the last line of the traceback, or in the output of set_debuglevel(1)",
            "ehlo_name": (
                "Give the machine or container a full host name, or the app one in its mail settings (smtplib: "
                "local_hostname=)"
            ),
            "trust": "set SSL_CERT_FILE to a file with the certificate",
        },
    ),
    Terms(
        "go",
        ("x509:", "tls: ", "dial tcp", "gomail", ".go:", "level=", "read tcp", "caller="),
        r"x509:|tls: (?:failed|first|handshake)|dial tcp|gomail|\.go:\d|\blevel=\w+ |\bread tcp |caller=",
        {
            "trust": "put the certificate into /etc/ssl/certs where the program runs, or set SSL_CERT_FILE",
            "dialogue": "in the app's log at debug level",
        },
    ),
    Terms(
        "rust",
        ("rustls", "peer certificate", "lettre", "onnection error: ", "response error: "),
        r"rustls|invalid peer certificate|\blettre|[Cc]onnection error: |Response error: ",
        {"security": "the TLS setting (SMTP security)"},
    ),
    Terms(
        "erlang",
        ("gen_smtp", "bamboo.", "swoosh", "no_more_hosts", "permanent_failure", "['tls'"),
        r"gen_smtp|Bamboo\.|Swoosh|no_more_hosts|\{:?permanent_failure|\['TLS', 32",
        {
            "tls_on": (
                "Switch STARTTLS on in the app's mail settings with port 587 (as configuration: tls: :always), or "
                "SSL with port 465 where the provider has it (ssl: true)"
            ),
            "login_on": (
                "Give the app user name and password in its mail settings, on port 587 or 465 (as configuration: "
                "username, password, auth: :always)"
            ),
        },
    ),
    Terms(
        "sendmail",
        ("msmtp", "ssmtp", "errormsg=", "sendmail: ", "mailsend v"),
        r"\bmsmtp|\bssmtp|errormsg='|sendmail: (?:server|cannot|could|recipient)|mailsend v",
        {
            "implicit": "`tls on` and `tls_starttls off`",
            "starttls": "`tls on` and `tls_starttls on`",
            "host": "`host`",
            "port": "`port`",
            "username": "`user`",
            "password": "`password`",
            "sender": "`from`",
            "tls_on": "Set `tls on` and `tls_starttls on` with port 587, or `tls_starttls off` with port 465",
            "login_on": "Set `auth on`, `user` and `password`, on port 587 or 465",
            "dialogue": "with --debug",
            "renew": "in ~/.msmtprc or /etc/msmtprc, readable for the user that sends",
        },
    ),
    Terms(
        "indy",
        ("indy", "eids", "tidsmtp"),
        r"\bEIdS|\bIndy\b|TIdSMTP",
        {
            "tls_on": ("Switch STARTTLS (explicit TLS) on in the app's mail settings, with port 587 (Indy: UseTLS)"),
        },
    ),
)
"""By the surest signs first."""

_READ: Final = 20_000
"""Characters of a text in which its client is looked for."""


def client_of(text: str) -> str:
    """Return the kind of client that `text` shows; empty where it shows none."""
    text = bound(text, _READ)
    lower = text.lower()
    for terms in TERMS:
        if any(hint in lower for hint in terms.hints) and re.search(terms.signs, text):
            return OWN if terms.id == "node" and _of_the_default_app(lower) else terms.id
    return ""


_OF_THE_LIBRARY: Final = ("trust", "dialogue", "ipv4")
"""Places whose words depend on the mail library alone, whatever the app calls its settings."""


def words_of(event: Event) -> Mapping[str, str]:
    """Return the words for the client that the event shows; few or none where the app's own names hold.

    Settings that stand in the text are called by their names, save where the app is known that has its own.
    """
    kind = event.client or client_of(event.raw)
    own = {} if event.status or kind in _NO_PROGRAM else places(event)
    if own and kind == OWN and event.app is None and not all(map(shipped().is_mail_setting, _names(event))):
        kind = "node"
    shown = next((terms.words for terms in TERMS if terms.id == kind), {})
    if kind in IN_CODE and re.search(_OWN_CODE, event.around or event.raw):
        shown = {**shown, **IN_CODE[kind]}
    if event.settings is not None or event.app is not None:
        words: Mapping[str, str] = {place: shown[place] for place in _OF_THE_LIBRARY if place in shown}
        own = {place: said for place, said in own.items() if place.endswith(("_set", "_off"))}
    else:
        words = {} if kind == OWN or event.status else {**ANY, **shown}
        own = own if words else {}
    words = {**words, **own}
    if event.relayed:
        words = {**words, **(BOUNCED if event.side is Side.BOUNCE else RELAY)}
    server = server_of(event)
    if server == "exim" and event.relayed:
        words = {**words, **EXIM_ONWARD}
    return {**words, **OF_SERVERS[server]} if server else words


_OWN_CODE: Final = (
    r"\$\w{1,30}->\w|\bnew (?:SmtpClient|MailMessage|MimeMessage|PHPMailer|NetworkCredential|JavaMailSenderImpl|"
    r"Properties|MailAddress)\b|\b(?:SMTPSecure|SMTPAuth|EnableSsl|UseDefaultCredentials|Credentials|UseTLS) *:?= |"
    r"New-Object|Send-MailMessage|smtplib\.SMTP(?:_SSL)?\(|Net::SMTP[.>-]{1,2}(?:start|new)\b|\bsmtp_settings\b|"
    r"\bprops?\.(?:put|setProperty)\(|\bdelivery_method\b|(?m:^[ \t]{0,40}(?:from [\w.]{1,80} )?import [\w.]{1,80};?$)|"
    r"(?i:\b(?:my|this|the following|here's the) (?:code|script)\b)|\bconfig :\w+, "
)
"""Source lines of the reader's own, or words about them: who has none sets an app up and calls no library."""

_NO_PROGRAM: Final = ("mail-program", "mail-server")
"""What shows an account or a client by words of its own, which are no names of settings."""


def _names(event: Event) -> Iterator[str]:
    return (f"{item.name}=" for item in shown_by(event))
