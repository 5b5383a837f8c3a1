"""What a text shows of a connection: to what, how far the session came, by which name and client, whose server speaks.

Functions for the situations in presets/failures that a pattern alone cannot tell. What they return is shown to the
reader in the place {shown}; empty, or False, where the text does not show it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from smtpwizard.addresses import (
    appended,
    domain_of,
    fault_of_host,
    is_freemail,
    is_placeholder,
    is_private_address,
    meant_mailbox,
)
from smtpwizard.diagnosis.client_terms import client_of
from smtpwizard.diagnosis.conditions import owner_of, well_known_host
from smtpwizard.diagnosis.event import Event, Side, looked_up, near, refused_address, server_in, told
from smtpwizard.diagnosis.server_logs import course
from smtpwizard.presets.values import IMPLICIT_PORTS, MTA_PORT
from smtpwizard.text import safe

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


def _cut_at_25(event: Event) -> str:
    """Port 25 of a server elsewhere, where the app's connection to it was made and then cut."""
    if event.relayed or event.port not in (None, 25) or re.search(r"(?i)time", event.raw) or _private_target(event):
        return ""
    return "25" if event.port == 25 else near(r"->\S{1,80}:25\b|\bvia [\w.-]{1,80}:25\b", event)


_IN_THE_MAIL: Final = frozenset({"mail", "rcpt", "data"})
"""Stages that are reached only with the right port and TLS mode."""


def _host_untold(event: Event) -> str:
    """A refused connection in a program's own words that name no host or port."""
    bare = re.search(
        r"\[(?:Errno|WinError) \d{3,5}\] (?:Connect call|Connection|No connection)|ConnectionRefusedError",
        f"{event.raw}\n{event.around}",
    )
    named = event.port or re.search(_SOME_HOST, f"{event.raw}\n{event.around}") or server_in(event.around)[0]
    return "" if named or not bare or event.relayed else "bare"


_SOME_HOST: Final = (
    r"(?i)\b(?:smtp|mail|relay|mx)[\w-]{0,30}\.[\w-]+\.\w|localhost|\b\d{1,3}(?:\.\d{1,3}){3}\b|host['\"]?\s?[=:]"
)


def _known_server(event: Event) -> str:
    """The provider's host that turned the connection away, by its own name and on a port that it has."""
    refused = "ECONNREFUSED" in event.errors or re.search(_REFUSED, event.raw)
    return _called(event)[0] if refused else ""


def _known_ports(event: Event) -> str:
    """The other ports of a provider whose own host gives no answer on one that it has."""
    host, others = _called(event)
    return " or ".join(map(str, others)) if host and "ETIMEDOUT" in event.errors else ""


def _called(event: Event) -> tuple[str, tuple[int, ...]]:
    """Return the provider's own host that was called on a port for submission that it has, and its other such ports."""
    host, port = server_in(event.raw)
    host, port = (host, port) if host else server_in(event.around)
    if not host or port in (None, MTA_PORT) or re.search(_ELSEWHERE, event.raw) or _private_target(event):
        return "", ()
    provider = owner_of(host)
    ports = [item.port for item in provider.ports] if provider is not None else []
    if port not in ports:
        return "", ()
    return host, tuple(other for other in ports if other not in (port, MTA_PORT))


_REFUSED: Final = r"(?i)\bactively refused|\b10061\b|\bconnection\W{1,3}refused"
_ELSEWHERE: Final = r"(?i)localhost|(?<![\d.])(?:127|0)\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1\b"


def _taken_late(event: Event) -> str:
    """The good reply to a whole message that stands behind a client's word that it failed."""
    found = re.search(_DOT_AND_REPLY, event.around) if "250 " in event.around else None
    return safe(found[1], limit=_LONG_REPLY).strip() if found else ""


_DOT_AND_REPLY: Final = (
    r"(?im)^[^\n]{0,60}(?:client(?: ?-> ?server)?:|\bC:|>>>?|[-=~]>) {0,2}\. *\n"
    r"(?:(?![^\n]{0,60}(?:<|:) ?[2-5]\d\d[ -])[^\n]{0,400}\n){1,12}"
    r"[^\n]{0,60}(?:<|:) ?(250 [^\n]{2,120})"
)
"""A dot, lines in which no reply stands, and the reply that takes the message: `250 OK id=…`."""
_LONG_REPLY: Final = 60


def _at_quit(event: Event) -> bool:
    """The reply answers QUIT."""
    return event.sent.upper().startswith("QUIT") or re.search(_QUIT, event.raw) is not None


_QUIT: Final = r"(?i)\bbad quit\b|\bquit(?: command)? (?:failed|error)|\b(?:to|after) QUIT\b"


def _own_server_refused(event: Event) -> bool:
    """The server through which an app sends has refused a recipient itself, and no receiving provider."""
    own = event.side is Side.APP or "Failed to add recipient" in event.raw
    return own and event.stages == {"rcpt"} and event.code is not None and not (event.receiver or event.relayed)


def _stood(event: Event) -> str:
    """How far the session had come that no reply has ended: to its end, into a mail, or past EHLO."""
    if event.code is not None or event.relayed:
        return ""
    if "quit" in event.passed:
        return "quit"
    if (event.stages and event.stages <= _IN_THE_MAIL) or "mail" in event.passed:
        return "mail"
    return "ehlo" if "ehlo" in event.passed else ""


_HOST_NAME: Final = r"(?<![\w@./-])([A-Za-z][\w-]{0,62}(?:\.[\w-]{1,63}){1,6})(?![\w/]|\.\w)"

RIGHT_HOSTS: Final = {
    "google.com": "smtp.gmail.com", "smtp.google.com": "smtp.gmail.com", "mail.google.com": "smtp.gmail.com",
    "mail.gmail.com": "smtp.gmail.com", "smpt.gmail.com": "smtp.gmail.com", "smtp.office.com": "smtp.office365.com",
    "smtp.365.com": "smtp.office365.com", "smtp.microsoft.com": "smtp.office365.com",
    "smtp.outlook365.com": "smtp.office365.com", "smtp.yahoo.com": "smtp.mail.yahoo.com",
    "smtp.icloud.com": "smtp.mail.me.com", "smtp.sendgrid.com": "smtp.sendgrid.net",
    "smtp.mailgun.com": "smtp.mailgun.org", "smtp.mailgun.net": "smtp.mailgun.org",
    "smtp.mailjet.com": "in-v3.mailjet.com", "smtp.brevo.com": "smtp-relay.brevo.com",
    "smtp.sendinblue.com": "smtp-relay.brevo.com", "smtp.postmark.com": "smtp.postmarkapp.com",
    "smtp.mailtrap.io": "live.smtp.mailtrap.io (or sandbox.smtp.mailtrap.io)",
    "smtp.sparkpost.com": "smtp.sparkpostmail.com", "smtp.proton.me": "smtp.protonmail.ch",
}  # fmt: skip
"""Names that people take for a provider's mail server, and the right one."""


def _right_host(event: Event) -> str:
    """The server that is meant by a name that is known to be none, or that is a letter away from a large provider's."""
    from difflib import get_close_matches

    names = [name.lower() for name in re.findall(_HOST_NAME, event.raw)]
    for name in names:
        if name in RIGHT_HOSTS:
            return RIGHT_HOSTS[name]
    right = {*RIGHT_HOSTS.values(), "smtp-mail.outlook.com"}
    if not right.isdisjoint(names):
        return ""
    close = (match for name in names for match in get_close_matches(name, right, 1, 0.9))
    return next(close, "")


def _unknown_host(event: Event) -> str:
    """The whole name that was looked up, where the text has it."""
    name = looked_up(event.raw).strip()
    whole = re.fullmatch(r"(?!.*xxx)(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,20}", name, re.ASCII)
    return name if whole and not well_known_host(event) else ""


def _placeholder_host(event: Event) -> str:
    """The same where it is in a domain of guides."""
    name = _unknown_host(event)
    return name if is_placeholder(name.partition(".")[2]) else ""


def _searched(event: Event) -> str:
    """What to say of a name that was looked up with a search domain behind it."""
    name = looked_up(event.raw)
    host, domain = appended(name)
    return host and (
        f"{name} is {host} with the search domain {domain} behind it. That is tried where the name itself "
        "was not found, mostly because the network's name server does not know names outside."
    )


def _unsaid(event: Event) -> str:
    """The name that a client could not look up, in words that do not say whether it exists."""
    if not re.search(_NAME_UNSAID, event.raw) or well_known_host(event):
        return ""
    return server_in(event.raw)[0] or "the mail server's name"


def _unsaid_on_windows(event: Event) -> str:
    """The same, where the text shows Windows by a path or its own sentence."""
    return _unsaid(event) if re.search(_WINDOWS, f"{event.raw}\n{event.around}") else ""


_WINDOWS: Final = r"(?i)\b[C-Z]:\\{1,2}[\w .-]{2,40}\\|No such host is known|\bWinError\b|\[Errno 1100[1-4]\]"
_NAME_UNSAID: Final = (
    r"(?i)could not resolve host|(?:could not|cannot|unable to|failed to) resolve|name could not be resolved|"
    r"\bgetaddrinfo failed|unknown host\b|getaddrinfo: Name or service not known|"
    r"Errno -[25]\] (?:Name or service|No address)|Name does not resolve"
)


def _plain_go(event: Event) -> str:
    """Go's own client, and no app whose settings are known."""
    return "net/smtp" if event.app is None and client_of(event.raw) == "go" else ""


def own_refusal(event: Event) -> str:
    """The log is that of the server that refused, and the client had not logged in."""
    refused = re.search(r"\bNOQUEUE: (?:milter-)?reject|\brejected (?:RCPT|MAIL|EHLO|HELO|connection)\b", event.raw)
    refused = refused or (re.search(_VISIT, event.around) if "disconnect from" in event.around else None)
    return "refused" if refused and "sasl_username=" not in event.raw else ""


_VISIT: Final = r"\bdisconnect from [\w.-]{1,253}\[[\da-fA-F.:]{3,45}\] (?:ehlo|helo)=\d[^\n]{0,60}(?:rcpt|mail)=0"
"""Postfix's account of a client's visit, in which what it refused is counted."""


def _existing_domain(event: Event) -> str:
    """The sender's or recipient's domain, where it is a large provider's and is said not to be found."""
    if not re.search(
        r"(?i)not found|no mx|name service|unrout|look-?up|nxdomain|unknown domain|host unknown", event.raw
    ):
        return ""
    domains = re.findall(r"<[^@\s<>]{1,100}@([\w.-]{3,253})>", event.raw)
    return next((domain for domain in domains if is_freemail(domain)), "")


_RELAY_OF_ITS_OWN: Final = (
    r"[\]\w]:(?:465|587|2525|2587)\b|relayhost|smart-?host|\bSASL|\bemail-smtp\.|\bsmtp-relay\.|"
    r"\bsmtp\.(?:sendgrid\.net|gmail\.com|office365\.com|(?:eu\.)?mailgun\.org|postmarkapp\.com|mandrillapp\.com)"
)
"""What shows that the server which refused is the one through which the sending mail server sends."""


def reported(event: Event) -> str:
    """A bounce, and no relay that the sending server logs in to is in it."""
    if event.side is not Side.BOUNCE:
        return ""
    own = re.search(_RELAY_OF_ITS_OWN, event.around or event.raw)
    return "" if own else "reported"


def _own_program(event: Event) -> str:
    """The program on a mail server's own machine, or beside it, to which the server hands a mail."""
    if not event.relayed:
        return ""
    return event.program if event.program.endswith("lmtp") else told(r"\[(?:127\.[\d.]{5,11}|::1)\]|\[private/", event)


def _onward(event: Event) -> str:
    """A delivery to the recipient's server: no port for submission and no login is in the text."""
    if not event.relayed or event.port in (465, 587, 2525, 2587):
        return ""
    return (
        ""
        if re.search(r":(?:465|587|2525|2587)\b|relayhost|smart-?host|\bSASL|sasl_", event.around or event.raw)
        else "onward"
    )


def _filtered(event: Event) -> str:
    """A refusal by policy of which the words say nothing that is known."""
    by_policy = any(status.split(".")[1] == "7" for status in event.enhanced)
    return "policy" if by_policy and not re.search(r"(?i)auth|relay|spf|dkim|dmarc|block|list", event.text) else ""


def _judged_by_receiver(event: Event) -> str:
    """The receiver that found no proof of the sender, where nothing says more."""
    if event.receiver or event.relayed:
        known = re.search(r"(?i)dmarc|\b(?:invalid|bad) DKIM|selector|not authori[sz]ed", event.raw)
        return "" if known else event.receiver or "the recipient's"
    return ""


def _asked(event: Event, kind: str) -> str:
    """The name for which the record `kind` (`A`, `MX`) was not found, in the words of Postfix."""
    found = re.search(_NOT_FOUND, event.raw)
    return found[1].rstrip(".").lower() if found and found[2] == kind else ""


_NOT_FOUND: Final = (
    r"(?i)name service error for name=([\w.-]{3,253}) type=(\w{1,5}): Host (?:not found(?!, try)|found but no data)"
)


def _no_address(event: Event) -> str:
    """The host whose address was not found, where it is not the recipient's own domain."""
    name = _asked(event, "A")
    return "" if "@" not in event.raw or re.search(rf"@{re.escape(name)}\b", event.raw) else name


def _no_domain(event: Event) -> str:
    """The domain of the recipient, or of the sender that is asked back, where it was not found."""
    return _asked(event, "MX") or ("" if _no_address(event) or "@" not in event.raw else _asked(event, "A"))


def _slip(event: Event) -> str:
    """The large mailbox provider's domain that the recipient's is a slip away from."""
    refused = refused_address(event, "recipient")
    return meant_mailbox(domain_of(refused.address) if refused else _asked(event, "MX"))


def _without_final_dot(event: Event) -> str:
    """What to say of a name that was put together from two."""
    name = _asked(event, "A") or _asked(event, "MX")
    host, domain = appended(name)
    return host and (
        f"{name} does not exist. It reads as {host} with {domain} behind it: mostly the MX or CNAME record in the zone "
        f"of {domain} lacks its final dot."
    )


LARGE_PROVIDERS: Final = (
    r"(?i)\b(smtp\.gmail\.com|smtp\.office365\.com|smtp-mail\.outlook\.com|smtp\.mail\.yahoo\.com|smtp\.sendgrid\.net|"
    r"smtp\.mail\.me\.com|smtp\.zoho\.com|smtp\.mailgun\.org)\b"
)
"""Servers of providers whose certificates are in order, and that offer a login only under TLS."""


_INNER: Final = r"--->|Exception \(|\d{5}|timed out|[Ii]nner"
"""What names the reason inside an exception of .NET's, whose outer sentence has none."""


SHOWS: Final[Mapping[str, Callable[[Event], str | bool]]] = {
    # Connections
    "at-587": lambda event: re.search(r":587\b", event.around or event.raw) is not None,
    "at-quit": _at_quit,
    "cut-at-25": _cut_at_25,
    "enhanced-code": lambda event: bool(event.enhanced),
    "ended-at-ehlo": lambda event: "greeting" in event.passed and "ehlo" not in event.passed,
    "greeted": lambda event: "greeting" in event.passed,
    "host-untold": _host_untold,
    "implicit-port": lambda event: event.port in IMPLICIT_PORTS,
    "in-telnet": lambda event: "Escape character" in event.around,
    "known-ports": _known_ports,
    "known-server": _known_server,
    "large-provider": lambda event: near(LARGE_PROVIDERS, event),
    "logged-in": lambda event: "auth" in event.passed,
    "mistyped-port": _mistyped_port,
    "no-mail-port": _no_mail_port,
    "own-server-refused": _own_server_refused,
    "port-1025": lambda event: event.port == 1025,
    "port-1025-named": lambda event: event.port == 1025 or near(r"(?i)\bport\W{1,4}1025\b|\w:1025\b", event),
    "private-target": _private_target,
    "public-port-25": _port_25,
    "stood-in-a-mail": lambda event: _stood(event) == "mail",
    "stood-past-ehlo": lambda event: _stood(event) == "ehlo",
    "stood-to-quit": lambda event: _stood(event) == "quit",
    "taken-late": _taken_late,
    "unanswered": lambda event: event.code is None,
    # Names
    "host-with-fault": lambda event: fault_of_host(looked_up(event.raw)),
    "not-resolved": _unsaid,
    "not-resolved-on-windows": _unsaid_on_windows,
    "placeholder-host": _placeholder_host,
    "right-host": _right_host,
    "search-domain": _searched,
    "unknown-host": _unknown_host,
    # Clients
    "mail-program": lambda event: (event.client or client_of(event.raw)) == "mail-program",
    "no-inner-exception": lambda event: not re.search(_INNER, f"{event.raw}\n{event.around}"),
    "plain-go": _plain_go,
    # Mail servers
    "bounce": lambda event: event.side is Side.BOUNCE,
    "existing-domain": _existing_domain,
    "filtered": _filtered,
    "judged-by-receiver": _judged_by_receiver,
    "no-address": _no_address,
    "no-domain": _no_domain,
    "no-port-but-25": lambda event: event.port in (None, 25),
    "onward": _onward,
    "onward-or-tls-error": lambda event: told(r"TLS error from '[^']{3,253}'", event) or _onward(event),
    "own-program": _own_program,
    "own-refusal": own_refusal,
    "port-25-named": lambda event: event.port == 25 or ":25" in event.raw,
    "reported": reported,
    "slip-of-domain": _slip,
    "without-final-dot": _without_final_dot,
}
"""Name in a situation's `when` → whether the text shows it, or what it shows."""
