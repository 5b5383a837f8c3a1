"""Situations: what a pasted text shows about who sends, from where and to whom, and what a cause then asks for.

A cause has one kind whoever meets it, and its remedy is not the same for all: a refused connection means one thing for
a server on the Internet and another for a bridge on one's own machine. What stands here replaces the sentences of any
entry or general answer of that kind. Pure functions of an event; the kind itself never changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from smtpwizard.addresses import is_private_address
from smtpwizard.diagnosis.client_terms import client_of
from smtpwizard.diagnosis.conditions import well_known_host
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.server_logs import course
from smtpwizard.records import NamedTuple


class Situation(NamedTuple):
    """What holds for some kinds of cause where the text shows something."""

    kinds: tuple[str, ...]
    shows: Callable[[Event], str]
    """Returns what the text shows, to stand in the place {shown}; empty where it does not."""
    remedy: str
    cause: str = ""
    """Empty: the entry's own."""


def situation_of(kind: str, event: Event, situations: Iterable[Situation]) -> Situation | None:
    """Return the first of `situations` of a cause of `kind` that `event` shows, with what it shows put in."""
    if event.settings is not None or event.status:
        return None  # what a probe has met is known from the settings
    for item in situations:
        if kind in item.kinds and (shown := item.shows(event)):
            return item._replace(
                remedy=item.remedy.replace("{shown}", shown), cause=item.cause.replace("{shown}", shown)
            )
    return None


def told(pattern: str) -> Callable[[Event], str]:
    """Return a function that finds a pattern in an event's own words."""

    def shows(event: Event) -> str:
        found = re.search(pattern, event.raw)
        return next(filter(None, (*found.groups(), found[0])), "") if found else ""

    return shows


def near(pattern: str) -> Callable[[Event], str]:
    """Return a function that finds a pattern in an event's own words or in the text around it."""
    return lambda event: told(pattern)(Event(raw=f"{event.raw}\n{event.around}"))


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


def _port_25(event: Event) -> str:
    """Port 25 of a server that is neither on this machine nor in its network, and was not called by IPv6."""
    near = re.search(r"(?i)localhost|\b127\.|(?:[0-9a-f]{0,4}:){3}", event.raw) or _private_target(event)
    return "25" if event.port == 25 and not event.relayed and not near else ""


def _cut_at_25(event: Event) -> str:
    """Port 25 of a server elsewhere, where the app's connection to it was made and then cut."""
    if event.relayed or event.port not in (None, 25) or re.search(r"(?i)time", event.raw) or _private_target(event):
        return ""
    return "25" if event.port == 25 else near(r"->\S{1,80}:25\b|\bvia [\w.-]{1,80}:25\b")(event)


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
    near = [match for name in names for match in get_close_matches(name, right, 1, 0.9)]
    return near[0] if near else ""


def _bounce_address(event: Event) -> str:
    """The envelope sender, where it is one that a provider or an app makes for bounces."""
    found = re.search(
        r"(?i)<((?:[^@\s<>]{0,60}[+_.-])?(?:bounces?|prvs)[+_=.-][^@\s<>]{1,100}@[^\s<>]{1,253})>", event.raw
    )
    return found[1] if found else ""


_PLACEHOLDER: Final = (
    r"(?i)\b((?:your|my|the|an|some)[-_.]?e?-?mail(?:[-_.]?address)?@[\w.-]{1,253}|"
    r"[\w.+-]{1,64}@(?:your|my)[-_]?(?:domain|company|site|server)\.\w{2,10})"
)


def _mixed_names(event: Event) -> str:
    """A setting's name with SMTP misspelt."""
    found = re.search(r"\b((?:\w{1,30}_)?(?:SMPT|STMP)_\w{1,40})\b", event.around or event.raw)
    return found[1] if found else ""


_JAVA_LOOKED_UP: Final = r"UnknownHostException: ((?:smtp|mail|mx|relay)[\w-]{0,40}\.[\w-]{1,63}\.[\w.-]{2,60})\s*$"
_SENDING: Final = (
    r"smtplib\.py[^\n]{0,40}in (?:sendmail|mail|rcpt|data|send_message)\b|self\.mail\(|in send_messages?\b"
)
"""Python's frames of a mail that is being sent."""
_PARAMETER: Final = r"(?i)MAIL FROM: ?<[^<>@\s]{1,64}@[^<>\s]{3,254}> (?:\S+ )*?((?:BODY|AUTH|SMTPUTF8|RET)\b)"
"""What a client adds to the sender's address, which is in order."""
_LARGE: Final = (
    r"(?i)\b(smtp\.gmail\.com|smtp\.office365\.com|smtp-mail\.outlook\.com|smtp\.mail\.yahoo\.com|smtp\.sendgrid\.net|"
    r"smtp\.mail\.me\.com|smtp\.zoho\.com|smtp\.mailgun\.org)\b"
)
"""Servers of providers whose certificates are in order, and that offer a login only under TLS."""
_IN_THE_MAIL: Final = frozenset({"mail", "rcpt", "data"})
"""Stages that are reached only with the right port and TLS mode."""
_LOOKING_UP: Final = ("dns-unknown", "dns-no-answer")

SITUATIONS: Final = (
    # Who sends
    Situation(
        ("no-sendmail",),
        told(r"(?m)^(?:mail|mailx|s-nail|sendmail): |\| ?mailx? "),
        "Install and set up a program that sends for this machine: msmtp with its sendmail (msmtp-mta), or Postfix "
        "with a relay host and a login. Then try the `mail` command again.",
        "The `mail` command does not speak SMTP itself: it hands the message to the machine's sendmail program, and "
        "that is missing or fails.",
    ),
    Situation(
        ("no-sendmail",),
        told(r"verify your .{0,10}SMTP.{0,20} and .{0,10}smtp_port"),
        "Switch the app to SMTP with a login in its own mail settings, or through a plug-in or library such as "
        "PHPMailer. Without that php.ini's SMTP must name a mail server that takes mail from this machine without a "
        "login.",
        "The app does not speak SMTP itself: it calls PHP's mail(), which on Windows goes to the server in php.ini "
        "(SMTP, smtp_port), without TLS and without a login. None answers there.",
    ),
    Situation(
        ("no-sendmail",),
        told(r"(?i)\bmail\(\)|instantiate mail function|\bwordpress|\bwp[_-]mail|\bsh: \d: -t: not found"),
        "Send by SMTP: WordPress needs a plug-in for it (WP Mail SMTP, FluentSMTP), other apps have it in their mail "
        "settings. Or install a sendmail program where PHP runs (msmtp-mta, Postfix) and name it in php.ini as "
        "sendmail_path.",
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
        ("helo-rejected",),
        told(r"(?i)<?\b((?:DESKTOP|LAPTOP|NOTEBOOK|WIN)-?[A-Z0-9]{5,15}|[\w-]{1,40}-(?:PC|LAPTOP|MACBOOK)|[\w-]{1,60}\.local)>"),
        "Have the program that sends give a full host name for EHLO (a setting such as HELO name or local domain; "
        "Thunderbird: mail.smtpserver.default.hello_argument). Where the server is yours, let it not ask this of "
        "clients that have logged in (Postfix: permit_sasl_authenticated before the check).",
        "The server wants the client to introduce itself with a full host name. The client gives the name of a "
        "computer, {shown}.",
    ),
    Situation(
        ("helo-rejected",),
        told(r"<([0-9a-f]{12})>"),
        "Give the app's container a full host name (compose: `hostname: app.example.com`), or the app one for EHLO "
        "in its mail settings. Where the server is yours, let it not ask this of clients that have logged in or are "
        "in its own networks.",
        "The server wants the client to introduce itself with a full host name that DNS knows. The client gives "
        "{shown}, the id of its container.",
    ),
    # Which address it is
    Situation(
        ("sender-domain-unknown",),
        _bounce_address,
        "Add the MX (or A) record that the provider names for its bounce or return-path domain. {sender} can stay.",
        "The refused address is not the From address but the one for bounces ({shown}), which the provider or the "
        "app puts into the envelope: its domain has no MX or A record.",
    ),
    Situation(
        ("sender-not-logins",),
        _bounce_address,
        "Let the mail server take this login's addresses with such a tag (Postfix: smtpd_sender_login_maps), or "
        "switch the tag off in the app (VERP, bounce address).",
        "The refused address is the one for bounces ({shown}): the app adds a tag to the envelope sender, and the "
        "server lets a login send only from addresses that it owns.",
    ),
    Situation(
        ("sender-not-verified", "sender-refused", "sender-not-logins"),
        told(_PLACEHOLDER),
        "Find the setting that still has {shown} (the site's, the administrator's or the bounce address; it can "
        "differ from the From address), and put an address there that this login may send from.",
        "The refused sender is {shown}, a placeholder that the app came with.",
    ),
    Situation(
        ("sender-malformed",),
        told(r"[\w.+-]{1,64}@[\w.-]{1,253}@[\w.-]{1,253}"),
        "Where sender and domain have a setting each, put only the part before the @ into the sender's, and the "
        "domain into its own.",
        "The sender has two @ ({shown}): the app puts it together from two settings, and the first has a whole "
        "address.",
    ),
    Situation(
        ("recipient-unknown",),
        told(r"(?i)<?(mailer-daemon@[\w.-]{1,253})"),
        "Give the mail server that made this bounce a real host name (Postfix: myhostname, myorigin), and look in "
        "its log for the mail that bounced first: that is the failure to repair.",
        "The recipient is {shown}, the sender of bounces: a bounce or an answer to one was sent there, and no such "
        "mailbox exists.",
    ),
    # What it was connecting to
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
        near(r"email-oauth2-proxy|(?i:auth:? {1,2}xoauth2|method=xoauth2|\bAUTH XOAUTH2)|ConnectionIdentifier: oauth"),
        "Authorise the account anew with the scope for mail (Microsoft: SMTP.Send, in the right cloud; Google: "
        "https://mail.google.com/) and the consent that the tenant wants, for exactly this mailbox. At Microsoft let "
        "the administrator allow authenticated SMTP for it, which OAuth needs, too.",
        "The login is made with an OAuth token, and the server does not take it: it has another scope or account, or "
        "authenticated SMTP is off for the mailbox. The account's password plays no part in it.",
    ),
    Situation(
        ("auth-not-offered",),
        near(_LARGE),
        "{tls_on}. Then use an app password where the provider wants one.",
        "{shown} offers a login only once TLS is on, and the connection was still in clear text.",
    ),
    Situation(
        ("untrusted-issuer",),
        near(_LARGE),
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
        ("mechanism-mismatch",),
        near(r"offered no compatible authentication mechanisms|SASL authentication failure: No worthy mechs"),
        "On that Postfix set smtp_sasl_security_options = noanonymous (or smtp_sasl_tls_security_options, with "
        "smtp_tls_security_level = encrypt), empty smtp_sasl_mechanism_filter, install libsasl2-modules and reload.",
        "Postfix as the client found no login method that the relay offers and that it may use: by its default it "
        "sends no PLAIN or LOGIN, or the package with these methods is missing. No password was sent.",
    ),
    Situation(
        ("rate-limited",),
        told(r"(?i)rate overlimit|rejected RCPT\b.{0,200}too many|ratelimit \S+ \S+ \(max"),
        "Wait, or raise the limit where the server is yours: HestiaCP and cPanel have one for each account or domain, "
        "Exim's own is in its ACL (`ratelimit`). Look first whether the account sends what it should.",
        "The mail server counts what each account sends in an hour, and this one is above its limit.",
    ),
    Situation(
        ("rate-limited",),
        told(r"(?i)because of previous errors|retrying too fast"),
        "Wait some minutes without a try, and look for the first refusal in the log, which has the reason (HELO name, "
        "reverse DNS, blocklist). Send through a mail server with a login instead of straight to the recipient's.",
        "The recipient's server (policyd-weight) shuts this machine out for a while, since it tried again too fast "
        "after an earlier refusal. No quota of an account is concerned.",
    ),
    Situation(
        ("client-ip-blocklisted", "helo-rejected", "ptr-missing"),
        told(r"MTA helo: ([^,\s]{1,100})"),
        "Send through a mail server with a login on port 587 or 465. To send from this machine, give it {shown} or "
        "another name for EHLO that DNS leads to its address and back (PTR), and have it taken off the blocklists.",
        "The recipient's server adds up what it dislikes about the machine: the name {shown} in EHLO, its reverse name "
        "and address, and blocklists. Together they were too much.",
    ),
    Situation(
        ("recipient-unknown",),
        near(r"(?i)no such user\.? Please check the message and try again"),
        "With Proton Mail Bridge set {sender} and {username} to an address of an account that is signed in to it. "
        "Otherwise check the recipient's address.",
        "The server knows no such user, and does not say whom it means: the sender, the login or a recipient.",
    ),
    Situation(
        ("sender-malformed",),
        lambda event: near(_PARAMETER)(event) if re.search(r"syntax|param|\barg|option", event.text) else "",
        "Update the server (or bridge), or let the client leave out what its EHLO reply does not offer (BODY=, AUTH=, "
        "SIZE=).",
        "The address is in order. The server does not understand the parameter behind it ({shown}), which a client "
        "may send only where the EHLO reply offers it.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: near(r"(?s)self\.docmd\(\"AUTH\"|in login\n(?:(?!\n\S).)*in (?:auth|getreply|docmd)")(event)
        if event.code is None else "",
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
        lambda event: told(r"(?i)connection closed by foreign host|connection to host lost")(event)
        if re.search(r"Escape character", event.around) else "",
        "Try the same from another network, and look into that server's log if it is yours. On port 465 telnet gets "
        "no greeting: test it with `openssl s_client -connect`.",
        "The server, or a firewall before it, took the connection and ended it without a word: it does not serve this "
        "address, or its program stops. A setting of the app is not concerned by this test.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: "shown" if event.stages and event.stages <= _IN_THE_MAIL and not event.relayed else "",
        "Try one short mail to one recipient. If that goes through, send more slowly or in smaller pieces; if it ends "
        "at the same command, ask the server's operator what its log says of it.",
        "The session stood, with port and TLS mode right, and the server ended it in the middle of a mail: a limit of "
        "its own (messages or recipients for one session, pace, size), a time-out, or a filter that does not want this "
        "sender or address.",
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
        lambda event: _private_target(event) if event.port not in (465, 2465) else "",
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
        ("connection-refused", "port-blocked"),
        _private_target,
        "See that the mail server runs at {shown}, listens there on this port for others than itself, and lets this "
        "machine's or container's network connect; then look at the firewalls between them.",
        "{shown} is an address of a private network: no provider and no TLS setting is concerned before that server "
        "answers. It does not listen there, or it, a firewall or a proxy in between keeps this machine out.",
    ),
    Situation(
        ("connection-refused", "port-blocked", "plain-on-tls-port"),
        _port_25,
        "Send through a provider's submission port with a login: 587 with {starttls}, or 465 with {implicit}; where "
        "both are silent, 2525 or 2587 if the provider has it.",
        "Port 25 is the one between mail servers: many clouds and Internet providers block it on the way out, and a "
        "connection fails or hangs then.",
    ),
    # Which name it looked up
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
            r"(?:getaddrinfo ENOTFOUND|getaddrinfo for|dial tcp: lookup|UnknownHostException:|Unknown SMTP host:) "
            r"([A-Za-z][\w-]{0,62})(?![\w.@-]|://)"
        ),
        "Put the mail server's full name into {host}, and nothing else. Where a container or compose service is "
        "meant, see that it runs and is in the same network as the app.",
        "No name server knows {shown}. A name without a dot is a placeholder or a setting's name, a piece of a URL "
        "(`smtp://`, a user name whose special characters are not encoded), or the name of a container, which only "
        "containers in the same network can look up.",
    ),
    # How the settings are written
    Situation(
        ("login-empty", "settings-missing"),
        _mixed_names,
        "Write each name exactly as the code or the app reads it (SMTP or SMPT, _USER or _MAIL), the same in the "
        "file and there, and start the program anew.",
        "The program found no user name or password, although the file has some: a name in it is {shown}, and a "
        "setting under another name is not read.",
    ),
)  # fmt: skip
"""By the surest first."""
