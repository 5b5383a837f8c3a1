"""Situations of names: which one was looked up and not found, and whose certificate came.

See `situations`, whose table holds those of who sends, and of addresses and settings.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.addresses import appended, fault_of_host, is_placeholder
from smtpwizard.diagnosis.conditions import well_known_host
from smtpwizard.diagnosis.event import Event, looked_up, server_in
from smtpwizard.diagnosis.situations import LARGE_PROVIDERS, Situation, near, told

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


_JAVA_LOOKED_UP: Final = r"UnknownHostException: ((?:smtp|mail|mx|relay)[\w-]{0,40}\.[\w-]{1,63}\.[\w.-]{2,60})\s*$"

_LOOKING_UP: Final = ("dns-unknown", "dns-no-answer")


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
    if not re.search(_NAME_UNSAID, event.raw):
        return ""
    return server_in(event.raw)[0] or "the mail server's name"


_NAME_UNSAID: Final = (
    r"(?i)could not resolve host|(?:could not|cannot|unable to|failed to) resolve|name could not be resolved|"
    r"\bgetaddrinfo failed|unknown host\b|getaddrinfo: Name or service not known"
)


NAME_SITUATIONS: Final = (
    # What is wrong by sight with a name
    Situation(
        ("dns-unknown", "dns-no-answer"),
        lambda event: fault_of_host(looked_up(event.raw)),
        "Put only the host name into {host}, as on the provider's page: no quotes, blanks, `smtp://` or `:587`. The "
        "port and the kind of TLS have settings of their own.",
        "The name that was looked up {shown}; there is no such host.",
        "Unknown host name",
    ),
    Situation(
        ("dns-unknown", "dns-no-answer"),
        _searched,
        "Let the name server of that network or cluster pass on questions for names outside. Until then a full stop "
        "behind the name in {host} keeps the search domain away (Kubernetes: or lower ndots in dnsConfig).",
        "{shown}",
    ),
    Situation(
        ("untrusted-issuer",),
        near(LARGE_PROVIDERS),
        "Look whose certificate really comes (`openssl s_client -connect` and host and port): if a virus scanner or "
        "firewall is its issuer, exempt the mail port there. Otherwise update the machine's or container's list of "
        "authorities (ca-certificates) and its clock.",
        "The certificate of {shown} is in order, so either something in between (a virus scanner, a firewall) "
        "shows another one, or the machine's list of authorities is missing or old.",
    ),
    Situation(
        ("untrusted-issuer",),
        near(r"(?i)xampp|wamp|laragon|[C-Z]:\\\\?\S{1,100}\.php"),
        "Download a current cacert.pem, name its path in php.ini as openssl.cafile (and curl.cainfo) and restart the "
        "web server. If it stays, the server's certificate is self-signed, expired or for another name: look at it "
        "with `smtpwizard check`.",
        "PHP on Windows (XAMPP, WAMP) often has no list of authorities, and trusts no certificate then.",
    ),
    Situation(
        ("wrong-name",),
        near(r"(?i)(?:wanted to match|smtp_server=|host:? )['\" ]?(localhost|127\.0\.0\.1)\b"),
        "Leave STARTTLS off for the server on this machine (in Ory: `disable_starttls=true`), or give that server a "
        "certificate with the name that the app calls it by.",
        "The mail server is on the same machine ({shown}) and shows a certificate that was made for no public name. "
        "Between two programs of one machine TLS protects nothing.",
    ),
    Situation(
        ("dns-no-answer",),
        told(r"\b(EREFUSED)\b"),
        "Look at /etc/resolv.conf where the program runs (in a container at `dns:` and the host's), and enter a name "
        "server that serves this machine; then try again.",
        "The name server that was asked refuses to answer this machine ({shown}). The host name may be right.",
    ),
    Situation(
        ("dns-unknown", "dns-no-answer"),
        told(
            r"(?:E(?:NOTFOUND|AI_AGAIN)|lookup|resolve host:?|UnknownHostException:) ['\"]?"
            r"(https?|smtps?|ssl|tls|tcp)\b(?![.-])"
        ),
        "Enter only the host name there, as on the provider's page: without `{shown}://` before it and a port or "
        "path behind it.",
        "The name that was looked up is `{shown}`: the setting for {host} holds a URL, of which the client took the "
        "beginning for the name.",
    ),
    # Which name it looked up
    Situation(
        _LOOKING_UP,
        near(r"gethostby\w+\((?:socket\.)?(gethostname)\(\)|\bgetfqdn\(\)|getLocalHost"),
        "Put the machine's own name into /etc/hosts (`127.0.1.1` and the name that `hostname` prints; in compose "
        "`hostname:`) or into DNS, and start the program anew.",
        "The name that was not found is this machine's own, which the program looks up to introduce itself. The mail "
        "server's name was not asked for yet.",
    ),
    Situation(
        ("dns-unknown",),
        lambda event: "" if well_known_host(event) else told(_JAVA_LOOKED_UP)(event),
        "Look the name up where the app runs (`getent hosts {shown}` or `nslookup {shown}`, inside its container). If "
        "another machine finds it, give that machine or container a working name server; if none does, correct {host}.",
        "Java could not look up {shown}. Its message is the same whether the name does not exist or no name server "
        "answered.",
    ),
    Situation(
        ("dns-unknown",),
        _right_host,
        "Set {host} to {shown}, and nothing around it; the port has a setting of its own.",
        "There is no host of that name. {shown} is probably meant.",
    ),
    Situation(
        _LOOKING_UP,
        told(r"\b([\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\.(?:svc|cluster)\.[\w.-]{1,60})"),
        "Compare the name with the service and its namespace (`kubectl get svc -A`), and look it up inside the app's "
        "pod. A client that asks for IPv4 only needs a service with an IPv4 address.",
        "{shown} is the name of a service in the cluster, and the cluster's name server does not know it: another "
        "name, another namespace, or a service that is not there.",
    ),
    Situation(
        ("dns-unknown",),
        told(
            r"(?:getaddrinfo ENOTFOUND|getaddrinfo for|established with host|not resolve host:? ['\"]?|"
            r"dial tcp: lookup|UnknownHostException:|Unknown SMTP host:) "
            r"([A-Za-z][\w-]{0,62})(?![\w.@-]|://)"
        ),
        "Put the mail server's full name into {host}, and nothing else. Where a container or compose service is "
        "meant, see that it runs and is in the same network as the app.",
        "No name server knows {shown}. A name without a dot is a placeholder or a setting's name, a piece of a URL "
        "(`smtp://`, a user name whose special characters are not encoded), or the name of a container, which only "
        "containers in the same network can look up.",
    ),
    Situation(
        ("dns-unknown",),
        _placeholder_host,
        "Put the real name of your mail server into {host}, as on the provider's page. If a real name stands there "
        "already, compare it letter by letter, and look it up where the app runs (`nslookup`).",
        "No name server knows {shown}. If it really stands so in the settings, it is a placeholder from a guide.",
    ),
    Situation(
        ("dns-unknown",),
        _unsaid,
        "Compare {host} with the provider's page: the host name alone, without scheme, port, quotes or blanks. If it "
        "is right, look it up where the program runs (`getent hosts` and the name, inside its container): if it is "
        "found elsewhere and not there, give that machine or container a working name server or network.",
        "The client could not look up {shown}, and does not say whether no such name exists or no name server "
        "answered.",
    ),
    Situation(
        ("dns-unknown",),
        _unknown_host,
        "Compare {shown} with the provider's page letter by letter, and look it up where the app runs (`nslookup "
        "{shown}`, inside its container). Put the right name into {host}, without a port.",
        "No name server knows {shown}: it is misspelt, exists no longer, or only inside another network.",
    ),
)
