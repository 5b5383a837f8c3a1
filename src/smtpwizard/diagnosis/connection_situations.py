"""Situations of a connection that does not come about or ends: what was connected to, and which name was looked up.

See `situations`, whose table holds those of who sends, and of addresses and settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from smtpwizard.addresses import is_private_address
from smtpwizard.diagnosis.client_terms import client_of
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.server_logs import course
from smtpwizard.diagnosis.situations import LARGE_PROVIDERS, Situation, near, told
from smtpwizard.presets.values import IMPLICIT_PORTS


def _by(client: str) -> Callable[[Event], str]:
    """Return a function that says whether the text shows a client of that kind."""
    return lambda event: client if (event.client or client_of(event.raw)) == client else ""


_ADDRESS_AND_PORT: Final = r"((?:\d{1,3}\.){3}\d{1,3})\]?(?::\d{1,5})?(?!\d|\]?:\d|->)"

_TARGET: Final = rf"(?:->|\bE[A-Z]{{4,20}} |dial tcp4? |connect(?:ing|ion)? to \[?|host:? |\w\[){_ADDRESS_AND_PORT}"


def _private_target(event: Event) -> str:
    """The address that the client connected to, where it is one of a private network and not the machine's own."""
    found = re.search(_TARGET, event.raw)
    address = found[1] if found and not (event.relayed or course(event.raw, event.program)) else ""
    own = address.startswith(("127.", "0."))
    return address if address and not own and is_private_address(address) else ""


def _mistyped_port(event: Event) -> str:
    """A port that is nearly 587 or 465."""
    found = re.search(_PORT_SETTING, event.around or event.raw)
    port = str(event.port or (found[1] if found else ""))
    meant = {"578", "586", "589", "597", "857", "875", "785", "758", "456", "464", "466", "564", "645", "546", "5587"}
    return port if port in meant else ""


_PORT_SETTING: Final = r"(?i)\bport\W{1,4}(\d{2,5})\b"


def _no_mail_port(event: Event) -> str:
    """A port that is reserved for something else than mail."""
    cut = re.search(r"\]?:(\d{2,3}): (?:connect|i/o|dial|read)", event.raw)  # Go's, behind which a reason follows
    port = event.port or (int(cut[1]) if cut else 0)
    return str(port) if 0 < port < _FREE_PORTS and port not in _PORTS_OF_MAIL else ""


_FREE_PORTS: Final = 1024
"""From here on anybody may choose a port for anything."""
_PORTS_OF_MAIL: Final = frozenset({24, 25, 26, 465, 587, 588})


def _port_25(event: Event) -> str:
    """Port 25 of a server that is neither on this machine nor in its network, and was not called by IPv6."""
    own = re.search(_NOT_PUBLIC, event.raw) or _private_target(event)
    return "25" if event.port == 25 and not event.relayed and not own else ""


_NOT_PUBLIC: Final = (
    r"(?i)localhost|\b127\.|(?:[0-9a-f]{0,4}:){3}|\w\.(?:intra|intranet|internal|corp|lan|local|home|priv)\b"
)


def _inside(event: Event) -> str:
    """A host that its name places in an organisation's own network."""
    return told(r"(?i)\b([\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.(?:intra|intranet|internal|corp|lan)(?:\.[\w.-]{2,60})?)")(
        event
    )


def _cut_at_25(event: Event) -> str:
    """Port 25 of a server elsewhere, where the app's connection to it was made and then cut."""
    if event.relayed or event.port not in (None, 25) or re.search(r"(?i)time", event.raw) or _private_target(event):
        return ""
    return "25" if event.port == 25 else near(r"->\S{1,80}:25\b|\bvia [\w.-]{1,80}:25\b")(event)


_SENDING: Final = (
    r"smtplib\.py[^\n]{0,40}in (?:sendmail|mail|rcpt|data|send_message)\b|self\.mail\(|in send_messages?\b"
)
"""Python's frames of a mail that is being sent."""

_IN_THE_MAIL: Final = frozenset({"mail", "rcpt", "data"})
"""Stages that are reached only with the right port and TLS mode."""


def _host_untold(event: Event) -> str:
    """A refused connection in a program's own words that name no host or port."""
    bare = re.search(
        r"\[(?:Errno|WinError) \d{3,5}\] (?:Connect call|Connection|No connection)|ConnectionRefusedError", event.raw
    )
    named = event.port or re.search(_SOME_HOST, f"{event.raw}\n{event.around}")
    return "" if named or not bare or event.relayed else "bare"


_SOME_HOST: Final = (
    r"(?i)\b(?:smtp|mail|relay|mx)[\w-]{0,30}\.[\w-]+\.\w|localhost|\b\d{1,3}(?:\.\d{1,3}){3}\b|host['\"]?\s?[=:]"
)


def _stood(event: Event) -> str:
    """How far the session had come that no reply has ended: to its end, into a mail, or past EHLO."""
    if event.code is not None or event.relayed:
        return ""
    if "quit" in event.passed:
        return "quit"
    if (event.stages and event.stages <= _IN_THE_MAIL) or "mail" in event.passed:
        return "mail"
    return "ehlo" if "ehlo" in event.passed else ""


CONNECTION_SITUATIONS: Final = (
    Situation(
        ("connection-refused", "port-blocked", "connection-lost", "no-route"),
        near(r"node_modules/(sendmail)/sendmail\.js"),
        "Switch the app from `{shown}` to SMTP with a provider's host, port and login (Strapi: the provider "
        "`nodemailer` in config/plugins).",
        "The app sends with the module `{shown}`, which knows no mail server: it goes straight to the recipient's on "
        "port 25, which most networks block and many servers refuse.",
    ),
    Situation(
        ("connection-lost", "plain-on-tls-port"),
        told(r"(?i)expected response code \W?220\W? but got (?:an empty response|code \W{1,4},)"),
        "Where the app is to send by SMTP, set it so (driver or transport smtp, with host, port, user and "
        "encryption), and match port and mode: 465 with {implicit}, 587 with {starttls}. A sendmail program that is "
        "to be used must be installed and know `-bs`.",
        "No greeting came. Either the app starts a local program (`sendmail -bs`, Swift Mailer's way without SMTP "
        "settings) that is missing, or the server ended the connection, as it does for the wrong TLS mode.",
    ),
    Situation(
        ("connection-refused",),
        _host_untold,
        "Look {dialogue} which host and port the program really has, where it runs (a worker or container has an "
        "environment of its own). If it is not localhost, compare them with the provider's page (587 or 465); a server "
        "of your own must run and listen there.",
        "Nothing listens where the program tried, and the text does not say where that was. Mail libraries take "
        "localhost, port 25, where no host from the settings reaches them.",
    ),
    Situation(
        ("plain-on-tls-port",),
        lambda event: near(LARGE_PROVIDERS)(event) if re.search(r":587\b", event.around or event.raw) else "",
        "Try again: one server of the provider's many may hang. If it stays, look for a firewall or virus scanner that "
        "inspects mail, try from another network, and let the app wait longer for the greeting (a minute).",
        "The connection to {shown} on 587 was made, where it begins in clear text, and no greeting came in time. A "
        "wrong TLS mode is unlikely.",
    ),
    Situation(
        ("connection-refused",),
        told(r"Deferred: Connection refused by (?:\w[\w.-]{0,60} )?\[127\.|mqueue-client"),
        "Start the mail daemon on the machine or in the container where the app runs (and give it a relay), or "
        "switch the app from sendmail to SMTP in its mail settings.",
        "The app handed its mail to the sendmail program, whose queue waits for the mail daemon of the same machine: "
        "that is not running. The app's SMTP settings are not used.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: (
            near(r"(?s)self\.docmd\(\"AUTH\"|in login\n(?:(?!\n\S).)*in (?:auth|getreply|docmd)")(event)
            if event.code is None
            else ""
        ),
        "Check {username} and {password} once by hand (with set_debuglevel(1) or swaks), and look into the server's "
        "log for that time. Where it happens now and then, send more slowly, over one connection for several mails.",
        "The greeting and EHLO went well, so port and TLS mode are right. The server ended the connection at the login "
        "without a reply, as some do for a wrong login, or for too many logins in a short time.",
    ),
    Situation(
        ("port-blocked", "plain-on-tls-port"),
        near(r"(?s)in connect\n[^\n]*self\.getreply\(\)"),
        "See what that port says at once to `nc` and host and port: it must greet with 220. Where it is silent, take "
        "a port without PROXY protocol, or TLS from the first byte where the port is one for that (465).",
        "The connection was made, and no greeting came: the server waits for something else first (TLS from the "
        "first byte, HAProxy's PROXY line), or is too slow.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: told(r"(?i)broken pipe|\bEPIPE\b")(event) if event.code is None and not event.relayed else "",
        "Try again: the program has to connect anew. If it happens with a new connection too, compare {port} and "
        "{security} (465 with {implicit}, 587 with {starttls}), and look for an earlier refusal in the log.",
        "The connection stood once and was gone when the program wrote to it: the network changed or was lost, or the "
        "server had closed it after a pause or a refusal.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: told(r"please run connect\(\) first")(event) and near(_SENDING)(event),
        "Connect anew before each mail, or catch SMTPServerDisconnected and connect once more (Django: a new "
        "connection for each batch). If it fails with a new connection too, look for the first error before this line.",
        "The app wanted to send over a connection that is no longer open: the server has closed it after a pause or "
        "after an earlier failure, and the program went on with it.",
    ),
    Situation(
        ("connection-lost",),
        near(r"(?i)Trying (?:127\.[\d.]{5,11}|::1|0\.0\.0\.0)\.{3}[^~]{0,200}Connection closed by foreign host"),
        "Look whether the mail server or its container runs and what its log says (`docker ps`, `docker logs`, `ss "
        "-ltnp`), and whether the published port leads to the port on which it listens.",
        "On this machine something takes the connection and ends it before a greeting: a container's published port "
        "behind which nothing listens (yet), or a mail server whose program stops at once. No app's setting is "
        "concerned.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: (
            told(r"(?i)connection closed by foreign host|connection to host lost")(event)
            if re.search(r"Escape character", event.around)
            else ""
        ),
        "Try the same from another network, and look into that server's log if it is yours. On port 465 telnet gets "
        "no greeting: test it with `openssl s_client -connect`.",
        "The server, or a firewall before it, took the connection and ended it without a word: it does not serve this "
        "address, or its program stops. A setting of the app is not concerned by this test.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: _stood(event) if _stood(event) == "mail" else "",
        "Try one short mail to one recipient. If that goes through, send more slowly or in smaller pieces; if it ends "
        "at the same command, ask the server's operator what its log says of it.",
        "The session stood, with port and TLS mode right, and the server ended it in the middle of a mail: a limit of "
        "its own (messages or recipients for one session, pace, size), a time-out, or a filter that does not want this "
        "sender or address.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: _stood(event) if _stood(event) == "quit" else "",
        "Look whether the mail has arrived. If it has not, a refusal came before and is not shown: look for it "
        "{dialogue}, and set {sender} to the login's address, without which some servers (QQ's among them) just close.",
        "The session stood, so port and TLS mode are right. The server had gone when the client ended it with QUIT.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: _stood(event) if _stood(event) == "ehlo" else "",
        "Look {dialogue} at which command it ended. At the login check {username} and {password}; at STARTTLS look "
        "for a proxy or virus scanner in between; at MAIL FROM set {sender} to the login's address.",
        "The greeting and EHLO went well, so the port is right and the server speaks SMTP there. It ended the session "
        "without a reply at what came next.",
    ),
    Situation(
        ("not-smtp",),
        lambda event: "greeting" if "greeting" in event.passed else "",
        "Look at what really comes {dialogue} or with {try_tls}. Update the mail library, and try from a network "
        "without a proxy, firewall or virus scanner that looks into mail.",
        "The greeting was read, so port and TLS mode fit. What came as the answer to EHLO cannot be read as SMTP: "
        "something in between changes it, or the library misreads the server's lines.",
    ),
    Situation(
        ("connection-lost",),
        _cut_at_25,
        "Look into that server's log, and let it and the firewalls before it take this machine's address. To send "
        "through a provider use its submission port with a login instead: 587 with {starttls}, or 465 with {implicit}.",
        "The connection to port 25 was made and then cut: the server, or a firewall or Internet provider in between, "
        "does not take mail from this machine there. TLS from the first byte does not exist on port 25.",
    ),
    Situation(
        ("connection-refused",),
        told(r"\b127\.0\.1\.1\b"),
        "Give {host} the name or address at which the mail server really listens, or correct the line in /etc/hosts "
        "that leads the name to 127.0.1.1.",
        "The name of the mail server leads to 127.0.1.1, which is this machine: Debian and Ubuntu put the machine's "
        "own name there in /etc/hosts. Nothing listens on that port at that address.",
    ),
    Situation(
        ("connection-refused",),
        _by("mail-program"),
        "Compare host and port of the outgoing server with the provider's page (587 or 465). Where the server is your "
        "own, see that it listens there (`ss -ltn`) and that its firewall lets the port in; where it is a bridge on "
        "this computer (Proton Mail Bridge, hydroxide, DavMail), start it and take the port that it shows, mostly "
        "1025.",
    ),
    Situation(
        ("connection-refused",),
        told(r"(?:Unable to connect to|could not connect to) (?:\w{3,4}://)?(?!localhost)([a-z][\w-]{1,62}):\d"),
        "See that the service {shown} runs, and give {port} the port on which it listens inside its container, not "
        "the one that compose publishes on the host.",
        "{shown} was found, so it is a container or machine in the same network, and nothing listens there on that "
        "port: it does not run yet, or has another port inside.",
    ),
    Situation(
        ("connection-refused",),
        lambda event: "1025" if event.port == 1025 else "",
        "Start what listens on 1025 (Mailpit, MailHog, Proton Mail Bridge, hydroxide), or correct the port. From a "
        "container it is reached by its service's name, or by `host.docker.internal` where it runs on the host.",
        "Nothing listens on port 1025, which mail catchers for tests and mail bridges use.",
    ),
    Situation(
        ("tls-on-plain-port",),
        lambda event: "1025" if event.port == 1025 else near(r"(?i)\bport\W{1,4}1025\b|\w:1025\b")(event),
        "Switch TLS off for this server (Proton Mail Bridge: STARTTLS); where it offers no login, take user name and "
        "password out as well.",
        "The client speaks TLS from the first byte, and on port 1025 mail catchers for tests (Mailpit, MailHog) and "
        "mail bridges answer in clear text.",
    ),
    Situation(
        ("connection-refused",),
        told(r"(?<![\d.])(0\.0\.0\.0)(?![\d.])"),
        "Look whether {host} is set to the mail server's name and reached the app, and what the name leads to where "
        "the app runs (`getent hosts` and the name); take it off the blocker's list.",
        "0.0.0.0 is no server's address: {host} is empty or was set to it, or a blocker in the name service "
        "(Pi-hole, AdGuard) answers so for the mail server's name.",
    ),
    Situation(
        ("plain-on-tls-port", "connection-lost"),
        lambda event: _private_target(event) if event.port not in IMPLICIT_PORTS else "",
        "Look at the firewalls and proxies between this machine or container and {shown}, and whether that server "
        "lets this network's connections speak to it; its log says whether they arrive.",
        "The connection to {shown}, an address of a private network, was made, and then nothing was said or it "
        "ended. Something in between holds the answers back, or the server does not serve this network.",
    ),
    Situation(
        ("connection-refused", "port-blocked", "no-route"),
        _mistyped_port,
        "Set {port} to 587 with {starttls}, or 465 with {implicit}.",
        "No provider takes mail on port {shown}: probably 587 or 465 is meant.",
    ),
    Situation(
        ("connection-refused", "port-blocked", "connection-lost", "not-smtp"),
        _no_mail_port,
        "Set {port} to 587 with {starttls}, or 465 with {implicit}; between mail servers it is 25. If {shown} was not "
        "typed on purpose, look where it comes from.",
        "Port {shown} is none on which mail servers listen.",
    ),
    Situation(
        ("connection-refused", "port-blocked"),
        _private_target,
        "See that the mail server runs at {shown}, listens there on this port for others than itself, and lets this "
        "machine's or container's network connect; then look at the firewalls between them.",
        "{shown} is an address of a private network: no provider and no TLS setting is concerned before that server "
        "answers. It does not listen there, or it, a firewall or a proxy in between keeps this machine out.",
    ),
    Situation(
        ("connection-refused", "port-blocked", "no-route"),
        _inside,
        "Try the port from the machine or container that sends, and ask who runs {shown}: whether it is up, the name "
        "leads to the right address there, and the firewalls between the networks let this machine through.",
        "{shown} is a mail server of the organisation's own network. It does not answer: it is down, its name leads "
        "elsewhere, or a firewall between the networks keeps this machine out.",
    ),
    Situation(
        ("no-route",),
        near(
            r"(?i)([\w.-]{0,60}gmail-smtp-in\.l\.google\.com|aspmx\.l\.google\.com|[\w-]{1,60}\.mail\.protection\.outlook\.com)"
        ),
        "Set {host} to the provider's host for submission (Gmail: smtp.gmail.com), with a login on 587 or 465, and let "
        "the connection use IPv4 where this machine has no IPv6.",
        "{shown} takes mail for its own domain from other servers, on port 25 only. No way led to its address: mostly "
        "it was an IPv6 address, and this machine has no IPv6.",
    ),
    Situation(
        ("no-route",),
        told(r"(?i)(no route to host|EHOSTUNREACH|Host unreachable)"),
        "Look at the firewall of the mail server's machine and of the container host (a rule that rejects, for the "
        "container's network, too), and whether that machine is up; try the port from inside the container.",
        "The machine, or one on the way, was told that the host cannot be reached: mostly a firewall rejects this "
        "network or port, or that host is down. The way to other hosts can be open.",
    ),
    Situation(
        ("no-route",),
        told(r"(?i)(network is unreachable|ENETUNREACH)"),
        "Let the client use IPv4 (an IPv4 address or a name that has no other as {host}), or give the machine or "
        "container IPv6. If IPv4 fails in the same way, give its network a way out.",
        "The machine has no way at all towards that address. Mostly it is an IPv6 address and the machine or container "
        "has no IPv6; else its network is an internal one.",
    ),
    Situation(
        ("connection-refused", "port-blocked", "plain-on-tls-port"),
        _port_25,
        "Send through a provider's submission port with a login: 587 with {starttls}, or 465 with {implicit}; where "
        "both are silent, 2525 or 2587 if the provider has it.",
        "Port 25 is the one between mail servers: many clouds and Internet providers block it on the way out, and a "
        "connection fails or hangs then.",
    ),
    Situation(
        ("greeting-refused",),
        told(r"(?i)client host rejected: access denied|not (?:in|on) (?:the )?(?:allowed|whitelist)"),
        "Compare {host} and {port} with the provider's page, and use 587 or 465 with a login. Where the server is "
        "yours, put this machine's address on its list (Postfix: mynetworks, check_client_access), or let those pass "
        "first who log in (permit_sasl_authenticated, with smtpd_delay_reject = yes).",
        "The server lets only the clients in that are on its list, and turns this machine's address away before a "
        "login could be sent: user name and password play no part in it.",
    ),
    Situation(
        ("tls-versions",),
        told(r"(remote error: tls: handshake failure)"),
        "Have the server take TLS 1.2 with ECDHE, or use another host or port of the provider. Until then "
        "GODEBUG=tlsrsakex=1 in the program's environment brings the older key exchange back (Go 1.22 and later).",
        "The server ended the handshake: it takes no TLS version or cipher that the Go program offers. Newer Go leaves "
        "out TLS 1.0, 1.1 and RSA key exchange.",
    ),
    Situation(
        ("tls-versions",),
        told(r"No appropriate protocol|(protocol) is disabled"),
        "Let the client offer TLS 1.2: mail.smtp.ssl.protocols=TLSv1.2 (JavaMail), a newer JavaMail or Java, and no "
        "older version in the app's own settings. The server need not be changed.",
        "The client itself has no TLS version left that it may use: its Java switches the old ones off "
        "(jdk.tls.disabledAlgorithms), and the mail library or the app asks for one of them. The server was not heard.",
    ),
    Situation(
        ("tls-versions",),
        told(r"Received fatal alert: (protocol_version|handshake_failure)"),
        "Let the client offer TLS 1.2: update Java and the mail library, or set mail.smtp.ssl.protocols=TLSv1.2. Where "
        "the server is your own, look which versions and which certificate it has on that port.",
        "The server ended the handshake ({shown}): the client offers no TLS version or cipher that it takes, or it has "
        "no certificate on that port.",
    ),
)
