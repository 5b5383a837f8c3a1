"""The places in the catalogue's sentences, and what stands there for any client, for the default app, and for a relay.

`client_terms` has what stands there for the client that a text shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OF_ANY_SERVER: Final[Mapping[str, str]] = {
    "own_domains": (
        "Postfix: mydestination, virtual_mailbox_domains or relay_domains; Exim: local_domains or relay_to_domains; "
        "sendmail: local-host-names"
    ),
    "own_networks": "Postfix: mynetworks; Exim: relay_from_hosts",
    "login_first": "Postfix: permit_sasl_authenticated before the check; Exim: `accept authenticated = *` before it",
    "let_pass": "Postfix: check_client_access; Exim: `accept hosts = …` before the check",
    "ptr_check": "Postfix: reject_unknown_client_hostname; Exim: `verify = reverse_host_lookup`",
}

ANY: Final[Mapping[str, str]] = {
    "host": "the SMTP host",
    "port": "the port",
    "username": "the user name",
    "password": "the password",
    "sender": "the From address",
    "sender_setting": "{sender}",
    "sender_name": "the sender's name",
    "security": "the TLS setting",
    "opportunistic": "the setting for opportunistic TLS",
    "ciphers": "the cipher list",
    "client_name": "the name for EHLO",
    "auth": "the switch for authentication",
    "url": "the SMTP address",
    "implicit": "SSL/TLS (from the first byte)",
    "starttls": "STARTTLS",
    "tls_skipped": "it was not told to upgrade with STARTTLS",
    "tls_on": "Switch STARTTLS on in the mail settings where the port is 587 or 25, or use {encrypted}",
    "login_on": "Switch authentication on in the mail settings and give user name and password, on port 587 or 465",
    "dialogue": "in a log at debug level",
    "blocked": "ask the hosting provider to open them, or use the mail provider's HTTP API",
    "reason_at": "in the lines around it: a reply with a number such as 535 or 550",
    "ehlo_name": (
        "Give the client a full host name for EHLO in its settings, or give its machine or container one "
        "(app.example.com; compose: `hostname:`)"
    ),
    "look_up": (
        "Look the name up where the program runs, in its container if it has one (`getent hosts {looked_up}` or "
        "`nslookup {looked_up}`). If no name is found there, correct that machine's name server or the container's "
        "network and `dns:`; then try again"
    ),
    "own_machine": (
        "Put the real name of the mail server into {host} (from a container the service's name, or "
        "`host.docker.internal` for the host), or start the mail server that should listen on this machine"
    ),
    "renew": "and start the program anew",
    "ipv4": "or let the client connect by IPv4 only",
    "trust": "add the certificate to the machine's own store (update-ca-certificates)",
    **_OF_ANY_SERVER,
}
"""Words that fit any client."""

NODE: Final[Mapping[str, str]] = {
    "sender_setting": "{sender}",
    "tls_skipped": "it was not told to, STARTTLS was not offered to it, or something in between took the offer away",
    "tls_on": (
        "Use {encrypted}. On a port with STARTTLS, switch it on in the client (EnableSsl, use_tls, starttls), and "
        "check that the server offers it"
    ),
    "login_on": (
        "Set {username} and {password}, and make sure that both reach the app; on port 25 change to the submission "
        "port 587 or 465"
    ),
    "dialogue": "in the app's log",
    "blocked": "ask the cloud to open them or use the provider's HTTP API",
    "reason_at": "in the lines around it: a reply with a number such as 535 or 550",
    "ehlo_name": "Give the app's service a dotted name in compose: `hostname: app.example.com`",
    "look_up": (
        "Look the name up inside the container (`docker compose exec api getent hosts {looked_up}`) and on the "
        "host. Where only the container fails, check its network and give the service `dns:` entries; then try again"
    ),
    "own_machine": (
        "Put the compose service's name into {host} where the mail server is another container, "
        "`host.docker.internal` where it runs on the host, or the real host name"
    ),
    "renew": "and make new containers (`docker compose up -d`)",
    "ipv4": "or make Node prefer IPv4: set NODE_OPTIONS=--dns-result-order=ipv4first for the app",
    "trust": "mount the certificate into the app's container and set NODE_EXTRA_CA_CERTS to the file",
    **_OF_ANY_SERVER,
}
"""Words for the default app's client, and for a named app. What stands in braces is filled in its turn."""

RELAY: Final[Mapping[str, str]] = {
    "host": "the mail server's relay host",
    "port": "its port",
    "username": "the user name of your mail server at that relay",
    "password": "the password of your mail server at that relay",
    "implicit": "TLS from the first byte",
    "starttls": "STARTTLS",
    "security": "its TLS mode",
    "encrypted": "a port with TLS",
    "tls_skipped": "your mail server did not ask for STARTTLS",
    "tls_on": "Let your mail server use TLS towards that server (Postfix: smtp_tls_security_level = may, or encrypt)",
    "login_on": (
        "Give your mail server a user name and password for that relay (Postfix: smtp_sasl_auth_enable and "
        "smtp_sasl_password_maps), on port 587 or 465"
    ),
    "dialogue": "in the mail server's log",
    "blocked": "ask the hosting provider to open them",
    "ehlo_name": "Give your mail server a full host name that DNS knows (Postfix: myhostname, or smtp_helo_name)",
    "look_up": "Look the name up on the mail server; if no name is found there, correct its name server",
    "own_machine": "Start what should listen there (a filter, another mail server), or correct the relay host",
    "renew": "and reload the mail server",
    "ipv4": "or let the mail server use IPv4 only (Postfix: inet_protocols = ipv4)",
    "trust": "add its authority to the mail server's list (Postfix: smtp_tls_CAfile)",
}
"""Where a mail server hands mail on, its settings are concerned and not the app's. Only the sender is the app's."""

BOUNCED: Final[Mapping[str, str]] = {
    **RELAY,
    "tls_skipped": "the sending mail server did not ask for STARTTLS",
    "tls_on": (
        "If you run the mail server that sent it, let it use TLS towards that server (Postfix: smtp_tls_security_level "
        "= may, or encrypt); otherwise tell its operator"
    ),
    "login_on": (
        "If you run the mail server that sent it and it hands mail on through a relay, give it a user name and "
        "password for that relay (Postfix: smtp_sasl_auth_enable and smtp_sasl_password_maps), on port 587 or 465; "
        "otherwise tell its operator"
    ),
    "ehlo_name": (
        "Whoever runs the mail server that sent it has to give it a full host name that DNS knows (Postfix: "
        "myhostname, or smtp_helo_name)"
    ),
}
"""What a bounce's reader mostly does not run is the mail server that sent the mail."""

OF_SERVERS: Final[Mapping[str, Mapping[str, str]]] = {
    "exim": {
        "own_domains": (
            "Exim: local_domains where it has the mailboxes, relay_to_domains where it passes the mail on; Debian: "
            "dc_other_hostnames and dc_relay_domains; cPanel: /etc/localdomains"
        ),
        "own_networks": "Exim: relay_from_hosts; Debian: dc_relay_nets",
        "login_first": "Exim: `accept authenticated = *` before the check, in acl_check_rcpt",
        "ptr_check": "Exim: `verify = reverse_host_lookup`",
        "let_pass": "Exim: `accept hosts = …` before the check; Debian: /etc/exim4/local_host_whitelist",
    },
    "postfix": {
        "own_domains": ("Postfix: mydestination or virtual_mailbox_domains; relay_domains where it passes the mail on"),
        "own_networks": "Postfix: mynetworks",
        "login_first": "Postfix: permit_sasl_authenticated before the check",
        "let_pass": "Postfix: check_client_access",
        "ptr_check": "Postfix: reject_unknown_client_hostname",
    },
}
"""A mail server's program → what its settings are called."""

EXIM_ONWARD: Final[Mapping[str, str]] = {
    "tls_on": "Let your mail server use TLS towards that server (Exim: hosts_require_tls on its smtp transport)",
    "login_on": (
        "Give your mail server a user name and password for that relay (Exim: a client authenticator, and "
        "hosts_require_auth on the smtp transport; Debian: /etc/exim4/passwd.client), on port 587 or 465"
    ),
    "ehlo_name": (
        "Give your mail server a full host name that DNS knows (Exim: primary_hostname, or helo_data on the smtp "
        "transport)"
    ),
    "ipv4": "or let the mail server use IPv4 only (Exim: disable_ipv6 = true)",
    "trust": "add its authority to the mail server's list (Exim: tls_verify_certificates on the smtp transport)",
}
"""What differs from RELAY where Exim hands mail on. Exim's specification, chapters 14, 30, 33 and 43."""

IN_CODE: Final[Mapping[str, Mapping[str, str]]] = {
    "perl": {
        "dialogue": "with Net::SMTP's Debug => 1",
    },
    "phpmailer": {
        "implicit": "SMTPSecure = 'ssl'",
        "starttls": "SMTPSecure = 'tls'",
        "tls_skipped": "mostly SMTPSecure is empty",
        "tls_on": "Set SMTPSecure to 'tls' with port 587, or to 'ssl' with port 465 where the provider has it",
        "login_on": "Set SMTPAuth to true, and Username and Password, on port 587 or 465",
        "dialogue": "with SMTPDebug = 2",
        "reason_at": "in the output that SMTPDebug = 2 gives",
        "ehlo_name": "Set Helo (PHPMailer) to the server's full host name, such as app.example.com",
    },
    "java": {
        "implicit": "mail.smtp.ssl.enable=true",
        "starttls": "mail.smtp.starttls.enable=true",
        "tls_skipped": "mostly mail.smtp.starttls.enable is not set",
        "tls_on": (
            "Set mail.smtp.starttls.enable=true (in an app's form: enable StartTLS) with port 587, or "
            "mail.smtp.ssl.enable=true with port 465 where the provider has it"
        ),
        "login_on": (
            "Set mail.smtp.auth=true (in an app's form: authentication) with user name and password, on port 587 or 465"
        ),
        "dialogue": "with mail.debug=true",
    },
    "net": {
        "implicit": "MailKit's SslOnConnect (System.Net.Mail cannot)",
        "starttls": "EnableSsl = true (MailKit: StartTls)",
        "tls_skipped": "mostly EnableSsl is false",
        "tls_on": "Set EnableSsl to true (MailKit: SecureSocketOptions.StartTls) with port 587",
        "login_on": "Set UseDefaultCredentials to false and Credentials to user name and password, on port 587",
        "dialogue": "with MailKit's ProtocolLogger",
        "reason_at": "in the inner exception (PowerShell: $Error[0].Exception.InnerException)",
    },
    "ruby": {
        "implicit": "tls: true",
        "starttls": "enable_starttls: true",
        "tls_skipped": "mostly enable_starttls is off",
        "tls_on": "Set enable_starttls_auto: true with port 587, or tls: true with port 465 where the host has it",
        "login_on": "Give the app user_name, password and authentication (:plain or :login), on port 587 or 465",
    },
    "python": {
        "implicit": "SMTP_SSL (Django: EMAIL_USE_SSL=True; aiosmtplib: use_tls=True)",
        "starttls": "starttls() (Django: EMAIL_USE_TLS=True; aiosmtplib: start_tls=True)",
        "tls_skipped": "mostly starttls() was not called",
        "tls_on": (
            "Call starttls() before the login (Django: EMAIL_USE_TLS=True) with port 587, or use SMTP_SSL "
            "(EMAIL_USE_SSL=True) with port 465 where the provider has it"
        ),
        "dialogue": "with set_debuglevel(1)",
        "ehlo_name": "Give smtplib a full host name (local_hostname=), or the machine or container one",
    },
    "erlang": {
        "implicit": "ssl: true",
        "starttls": "tls: :always",
        "tls_on": "Set tls: :always with port 587, or ssl: true with port 465 where the provider has it",
        "login_on": "Set username, password and auth: :always, on port 587 or 465",
    },
    "indy": {
        "implicit": "utUseImplicitTLS",
        "starttls": "utUseExplicitTLS",
        "tls_on": "Set UseTLS to utUseExplicitTLS with port 587",
    },
}
"""A kind of client (see `client_terms`) → what a programmer does, where the text shows code of the reader's own."""
