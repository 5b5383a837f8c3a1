"""Situations of a program that fails by itself: what its language or library lacks, and where it keeps the reason.

Many apps tell their users only that a mail was not sent. What stands here says where that app has the server's words,
and what it mostly is. See `situations` for the form.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.diagnosis.client_terms import client_of
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.situations import Situation, near, told

_FAULT: Final = ("client-fault",)


def _plain_go(event: Event) -> str:
    """Go's own client, and no app whose settings are known."""
    return "net/smtp" if event.app is None and client_of(event.raw) == "go" else ""


def _without_inner(event: Event) -> str:
    """.NET's outer sentence alone: what is inside would name the reason."""
    inner = re.search(r"--->|Exception \(|\d{5}|timed out|[Ii]nner", f"{event.raw}\n{event.around}")
    return "" if inner else near(r"Failure sending mail\b")(event)


_ALLOWED: Final = (
    r"(?i)(?:one of(?: the following)?(?: options| values)?|either|any of|(?:allowed|valid|possible|permitted|"
    r"supported|acceptable) (?:values|options|choices)(?: are)?|allowed are|permitted|choose from|input should be|"
    r"expected)(?: one of)?[:=]? {0,2}[\[({]{0,2}([\w'\"`][^\n\])}]{2,160}?)"
    r"(?= \[|,? (?:received|input|got|but|at)\b|[\])}.;`]?(?:\s*$|[\n\])}]|\. ))"
)
"""The values that a program takes, as it lists them."""

CLIENT_SITUATIONS: Final = (
    Situation(
        _FAULT,
        lambda event: "235" if "auth" in event.passed and near(r"\b235\b")(event) else "",
        "Update the app or its mail library, and report this line there. Host, port, TLS mode, user name and password "
        "need no change.",
        "{shown} is the server's word that the login succeeded. The app fails after it, or takes the good reply for an "
        "error.",
        "Failure after a login that succeeded",
    ),
    # What a client cannot do
    Situation(
        ("port-blocked", "connection-lost", "plain-on-tls-port"),
        near(r"SmtpException: The operation has timed out|net_io_connectionclosed"),
        "Use port 587 with EnableSsl = true. Where the provider has 465 alone, use MailKit with "
        "SecureSocketOptions.SslOnConnect. If 587 is silent, too, a firewall or the hosting provider closes it.",
        "System.Net.Mail got no answer that it can use. It cannot speak TLS from the first byte: on port 465 it waits "
        "for a greeting until its time is over, or the server hangs up.",
    ),
    Situation(
        ("port-blocked",),
        _without_inner,
        "Log the whole exception (ex.ToString(); PowerShell: $Error[0].Exception.InnerException): the inner one says "
        "refused, timed out, not resolved or certificate. From that machine try `Test-NetConnection HOST -Port 587`.",
        "System.Net.Mail puts this sentence around every failure of the connection, and the reason into the inner "
        "exception: the port is closed or is 465, the name is wrong, or the certificate is not trusted.",
    ),
    Situation(
        ("plain-on-tls-port",),
        _plain_go,
        "Use port 587, where smtp.SendMail upgrades with STARTTLS by itself. For 465 the program needs tls.Dial and "
        "smtp.NewClient, or a library (go-mail WithSSL, gomail SSL); in an app look for its setting for TLS or SSL.",
        "The port speaks TLS from the first byte, and Go's smtp.SendMail and smtp.Dial cannot: they wait for a "
        "greeting in clear text until the server hangs up.",
    ),
    Situation(
        ("login-empty",),
        told(r"cannot (?:read output of|evaluate) '([^'\n]{3,200})'"),
        "Run `{shown}` by hand as the user that sends: it must print the password and nothing else, without asking "
        "(under cron gpg-agent has no terminal to ask on).",
        "msmtp gets the password from a command (passwordeval), and that gave none.",
    ),
    Situation(
        ("forbidden-locally",),
        told(r"ORA-24247"),
        "Let a DBA grant the schema access to the mail server's host and port: "
        "DBMS_NETWORK_ACL_ADMIN.APPEND_HOST_ACE with the privilege smtp or connect.",
        "Oracle's access control list for the network does not let this schema connect to the mail server. No server "
        "was asked.",
    ),
    Situation(
        ("connection-refused",),
        told(r"Unable to initialize SMTP properly"),
        "Run it again with --smtp-debug=1, and compare sendemail.smtpServerPort and sendemail.smtpEncryption: 587 goes "
        "with tls (STARTTLS), 465 with ssl.",
        "git send-email could not begin the connection and does not say why: the port is closed, or does not fit the "
        "kind of encryption.",
    ),
    Situation(
        ("settings-missing",),
        told(r"non-encrypted SMTP login is disabled"),
        "In /etc/dma/dma.conf switch SECURETRANSFER on, and STARTTLS too where the port is 587. INSECURE lets the "
        "password go in clear text, which only a server on the same machine may see.",
        "dma does not send a password over a connection without TLS, and TLS is off.",
    ),
    Situation(
        ("command-unknown",),
        near(r"(?i)Syntax error, command unrecognized\.? The server response was:?(\s{0,3})[`'\"]{0,2}\s*(?:$|\n)"),
        "Use port 587 with EnableSsl = true (in an app: STARTTLS, or SSL switched on); System.Net.Mail cannot speak "
        "TLS from the first byte, so 465 needs another library, such as MailKit.",
        ".NET's SmtpClient got an answer without words to its first command. Mostly it spoke clear text to a port that "
        "wants TLS from the first byte (465).",
    ),
    Situation(
        ("value-mangled",),
        told(_ALLOWED),
        "Write one of them exactly so, without quotes, blanks or a comment behind it, and start the app anew so that "
        "it reads it.",
        "The app finds the setting that the line names, and its value is none of those that it knows: {shown}.",
    ),
    # What a language or a library lacks
    Situation(
        _FAULT,
        told(r"\b((?:p?fsockopen|stream_socket_client|proc_open)\(\)) has been disabled for security reasons"),
        "Ask the hosting provider to allow {shown} (disable_functions in php.ini), or send through the mail "
        "provider's HTTP API, which needs no such function.",
        "The host of this site has switched PHP's {shown} off, and the mail library cannot open a connection without "
        "it. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"Unable to find the socket transport \"?(?:ssl|tls)|Extension missing: openssl"),
        "Switch the extension on (`extension=openssl` in php.ini, or the distribution's package), start PHP-FPM or the "
        "web server anew, and look for it in `php -m`.",
        "PHP runs here without its OpenSSL extension, so that it can speak no TLS. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"Message body empty"),
        "Fill Body before send(), and look whether the template or form field that it comes from is empty "
        "(AllowEmpty = true lets empty mails pass).",
        "PHPMailer sends no mail without a body, and this one has none. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"([\w-]{1,30}) mailer is not supported"),
        "Set the mailer to `smtp` (PHPMailer: isSMTP()).",
        "PHPMailer knows the mailers smtp, mail, sendmail and qmail, and was given {shown}. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"Mailer \[(\w{1,40})\] is not defined|Unsupported mail (?:transport|driver) \[(\w{1,40})\]"),
        "Set the mailer to one that config/mail.php describes, such as smtp, and run `php artisan config:clear`. A "
        "provider's own transport needs its Composer package first.",
        "Laravel was told to send with {shown}, which its configuration does not describe or for which no package is "
        "installed. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"running \"(composer require [^\"\n]{3,80})\""),
        "Run `{shown}`, or use a DSN with smtp:// and the provider's SMTP server.",
        "The DSN begins with a provider's own scheme, and the package that knows it is not installed.",
    ),
    Situation(
        _FAULT,
        told(r"The \"([\w+-]{1,30})\" scheme is not supported|\b(\w{1,20}) is unsupported SSL type"),
        "In a DSN write smtp:// (it upgrades with STARTTLS by itself) or smtps:// for port 465. Laminas' and Zend's "
        "option `ssl` takes `tls` (STARTTLS, 587) or `ssl` (465).",
        "The library does not know {shown} as a kind of connection. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"no object DCH|UnsupportedDataTypeException"),
        "Keep META-INF/mailcap when jars are packed into one, use one set of libraries (angus-mail with "
        "angus-activation, or javax.mail with javax.activation), and send from a thread whose context class loader "
        "finds them.",
        "Java's activation library found no handler for the parts of the message: the mail library's mailcap file is "
        "out of the class loader's reach, was lost in packing, or two generations of the libraries are mixed.",
    ),
    Situation(
        _FAULT,
        told(r"No provider for smtp|NoSuchProviderException"),
        "Add the implementation (org.eclipse.angus:angus-mail or com.sun.mail:jakarta.mail) beside the API, of the "
        "same generation, and keep META-INF/services and META-INF/javamail.providers when jars are packed into one.",
        "Java has the mail API and no implementation of SMTP for it. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        told(r"IllegalStateException: Not connected"),
        "Call connect() on the Transport before sendMessage(), and make a new one after it was closed; "
        "Transport.send() does both by itself.",
        "The program sends over a Transport that is not connected, or no longer: it was never opened, or was closed "
        "after an earlier failure.",
    ),
    Situation(
        _FAULT,
        told(r"unexpected keyword argument '(keyfile|certfile)'"),
        "Update the app and its mail library (Django 4.2.8 or newer), or run it with Python 3.11.",
        "Python 3.12 has taken {shown} out of smtplib, and the library still hands it over. No password was sent.",
    ),
    Situation(
        _FAULT,
        told(r"either ServerName or InsecureSkipVerify must be specified"),
        "Set ServerName in the tls.Config to the mail server's host name.",
        "The program begins TLS without saying which name the certificate must have, and Go does not go on then.",
    ),
    Situation(
        _FAULT,
        told(
            r"Can't locate (\S{3,60}\.pm)|requires (Net::SSLeay)|requires (MIME::Base64 and Authen::SASL)|"
            r"SendEmail can't load required libraries"
        ),
        "Install Perl's modules for TLS and login (Debian, Ubuntu: libio-socket-ssl-perl, libnet-ssleay-perl, "
        "libauthen-sasl-perl, libnet-smtp-ssl-perl; elsewhere `cpan` with the module's name).",
        "A Perl module that the program needs for mail is not installed. No password was sent.",
    ),
    Situation(
        _FAULT,
        told(r"invalid SSL_version specified"),
        "In the sendEmail script change `SSL_version => 'SSLv3 TLSv1'` to `SSL_version => 'SSLv23:!SSLv2'`, or send "
        "with swaks or msmtp, which are maintained.",
        "sendEmail asks IO::Socket::SSL for TLS versions in a form that newer ones do not know.",
    ),
    Situation(
        _FAULT,
        told(r"asynchronous call is already in progress"),
        "Make an SmtpClient for each message, or await SendMailAsync before the next one: a client sends one at a "
        "time.",
        "The program began a second mail on an SmtpClient that was still sending the first.",
    ),
    Situation(
        _FAULT,
        told(r"ssl_not_started"),
        "Start Erlang's ssl application before (`:ssl` in extra_applications, or `:ssl.start()`).",
        "gen_smtp was to speak TLS, and the ssl application does not run.",
    ),
    Situation(
        _FAULT,
        told(r"Socks module not loaded"),
        "Install the package `socks` and hand it over with `transporter.set('proxy_socks_module', require('socks'))`, "
        "or leave the proxy out of the settings.",
        "A SOCKS proxy is set, and nodemailer brings no client for it.",
    ),
    Situation(
        _FAULT,
        told(r"NetworkOnMainThreadException"),
        "Send the mail from a background thread (a coroutine on Dispatchers.IO, WorkManager, an executor).",
        "Android lets no app use the network on its main thread. No mail server was asked.",
    ),
    Situation(
        ("host-value-wrong",),
        near(r"(?i)\b(?:smtps?|mailtos?)://(?:[^@\s/?]{0,200}@)?([a-z0-9-]{1,60}_[\w-]{0,60})(?=[:/?.\s]|$)"),
        "Give that service or host a name without an underscore, or an alias in the container network "
        "(`networks: default: aliases:`), and put that into the address.",
        "The host in the address, {shown}, has an underscore. A host name may have none (RFC 1123 section 2.1), so "
        "that the program takes the address for no URL. No mail server was asked.",
    ),
    Situation(
        _FAULT,
        near(r"\b(handle_(?:adapter_)?config)[/(]|(?i:no such adapter)"),
        "Name in the app's configuration an adapter of the mailer that this version of the app uses "
        "(Bamboo.SMTPAdapter for Bamboo, Swoosh.Adapters.SMTP for Swoosh), or take the version of the app for which "
        "that configuration was written.",
        "The mailer asked the adapter that the configuration names for its settings, and failed there: adapter and "
        "mailer are of two libraries, or a setting that the adapter needs is missing. No mail server was asked.",
        "Mailer and adapter that do not fit",
    ),
    Situation(
        _FAULT,
        told(
            r"(has no instance (?:getter|method)|NoSuchMethodError|AbstractMethodError|UndefinedFunctionError|"
            r"is not a (?:function|constructor)|cannot import name|module '[\w.]{1,80}' has no attribute)"
        ),
        "Update the app and its mail library together, or go back to the version of the library for which the app was "
        "written, and install anew. In code of your own compare the call with the library's current documentation.",
        "The program calls a function or class that its mail library, or a package below it, does not have: two "
        "versions do not fit together. No server has refused anything.",
        "Program and mail library that do not fit",
    ),
    # Where an app keeps the reason
    Situation(
        _FAULT,
        near(r"\b(?:OTOBO|OTRS|Znuny)\b|Kernel::System::"),
        "Open Admin > Communication Log at that time, and read the lines before in the log: they have the server's "
        "words. Compare SendmailModule with its ::Host, ::Port, ::AuthUser and ::AuthPassword in the system "
        "configuration, and the sender's address of the queue.",
        "OTOBO, Znuny and OTRS say here only that the mail was not sent. Their communication log has the reason.",
    ),
    Situation(
        _FAULT,
        near(r"homeassistant\.components\.smtp|SMTPException sending mail: retrying"),
        "Set `debug: true` for this notifier in configuration.yaml and restart: the whole dialogue, with the server's "
        "reply, then stands in what Home Assistant prints (the container's log, `journalctl`), though not in "
        "home-assistant.log. Mostly it is the sender, which must belong to the login.",
        "Home Assistant tries a second time and leaves out what the server said.",
    ),
    Situation(
        _FAULT,
        near(r"An SMTP exception occurred\. Check port number"),
        "Switch on Debugging in that outgoing mail server (developer mode) and read Odoo's log. Mostly port and "
        "Connection Security do not belong together: 465 with SSL/TLS, 587 with TLS (STARTTLS).",
        "Odoo shows only that the test failed in the mail library.",
    ),
    Situation(
        _FAULT,
        near(
            r"KC-SERVICES0029|See server\.log|org\.keycloak\.email|Failed to send email, please try again later|"
            r"More information is available in the server log"
        ),
        "Find `KC-SERVICES0029` in Keycloak's server log and read its last `Caused by:`; then use Realm settings > "
        "Email > Test connection. Mostly it is the login, a port that does not fit Enable SSL or StartTLS, or an "
        "empty From.",
        "Keycloak shows its users only that a mail failed. Its server log has the reason.",
    ),
    Situation(
        _FAULT,
        near(r"(?i)Error sending (?:confirmation|recovery|magic link|invite|email change|reauthentication) e?mail"),
        "Open the project's Auth logs (dashboard: Logs > Auth; self-hosted: the log of the auth container) and read "
        "`error` of that moment. Mostly host, port or password of the SMTP settings are wrong, or the provider has not "
        "verified the sender.",
        "Supabase's Auth answers the app only that the mail failed, and writes what the mail server said into its log.",
    ),
    Situation(
        _FAULT,
        near(r"All transports failed"),
        "Read what the exception's getDebug() returns, or the log lines before it: they have each transport's own "
        "reason. To see one alone, set the DSN to that transport for a moment.",
        "Symfony tried one transport after the other (failover or roundrobin), and this sentence stands for all of "
        "them.",
    ),
    Situation(
        _FAULT,
        near(r"(?i)email_to_user|\bmoodle|Test email could not be sent"),
        "Use Site administration > Server > Email > Test outgoing mail configuration: it prints the whole dialogue. "
        "For mails that cron or a user's action sends switch on debugsmtp (Development > Debugging).",
        "Moodle keeps what the mail server said to itself until its debugging is on.",
    ),
    Situation(
        _FAULT,
        near(r"(?i)Please revise your settings|Check your mail server log|\bnextcloud|owncloud"),
        "Set mail_smtpdebug to true and loglevel to 0 in config.php, send the test mail again, and read nextcloud.log. "
        "Mostly host, port and encryption do not belong together, or the login or the From address is refused.",
        "Nextcloud shows only that sending failed; its log has the reason once it may write it.",
    ),
    Situation(
        _FAULT,
        near(r"(?i)Unable to send e-?mail\. Contact the site administrator|Error sending e-?mail \(from"),
        "Look under Reports > Recent log messages (type mail). Drupal's core hands mail to PHP's mail(): where that "
        "has no mail program, install the module SMTP or Symfony Mailer and enter a server there.",
        "Drupal shows only that the mail was not sent, and writes a little more into its own log.",
    ),
    Situation(
        _FAULT,
        near(r"The e-?mail could not be sent|wp_mail_failed|wp-mail\.php|There was a problem while sending the test"),
        "Send a test with an SMTP plug-in, which shows the reason (WP Mail SMTP: Tools > Email Test; FluentSMTP: Email "
        "Logs). Without one WordPress calls PHP's mail(), for which most hosts have no mail program: enter an SMTP "
        "server with a login in the plug-in.",
        "WordPress tells its visitors only that the mail was not sent.",
    ),
    Situation(
        _FAULT,
        near(r"\bfrappe\.|OutgoingEmailError|\bEmail Queue\b"),
        "Open the lists Email Queue and Error Log: the entry of that mail has the traceback with the server's words.",
        "Frappe and ERPNext send from a queue, and keep the reason with the mail there.",
    ),
    Situation(
        _FAULT,
        near(r"Please verify your email settings|Failed to send magic link|TryGhost|ghost/core"),
        "Read Ghost's log (`ghost log`, or the container's) for the line before. Mostly no SMTP server is set: Ghost "
        "then delivers straight to the recipient's server, which most hosts block.",
        "Ghost tells only that the mail failed; its log has the reason.",
    ),
    Situation(
        _FAULT,
        near(r"Bamboo\.SMTPAdapter\.SMTPError"),
        "Log the error's `raw` field: it has the host and the reason, such as auth_failed, tls_failed or econnrefused.",
        "Bamboo's sentence is the same for every failure. Its error holds the reason beside it.",
    ),
    Situation(
        _FAULT,
        near(r"nullmailer(?:-send)?(?:\[|:)"),
        "Read the line before it in `journalctl -u nullmailer` (or mail.log): `smtp: Failed:` has the server's words. "
        "The mail stays in the queue and is tried again.",
        "nullmailer-send says only whether it will try again; its smtp program has said why.",
    ),
    Situation(
        _FAULT,
        near(r"(?i)check your e-?mail notification settings|Failed to send (?:a )?test (?:e-?)?mail\.? Please"),
        "Try the same host, port and login from a computer of that network (swaks, a mail program). Google and many "
        "others want an app password here; Microsoft wants the sign-in by OAuth that the device offers.",
        "The device shows no reason: mostly it is the password, a port that does not fit its SSL/TLS switch, or a "
        "sender that is not the login's address.",
    ),
)
