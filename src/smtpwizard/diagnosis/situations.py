"""Situations: what a pasted text shows about who sends, from where and to whom, and what a cause then asks for.

A cause has one kind whoever meets it, and its remedy is not the same for all: a refused connection means one thing for
a server on the Internet and another for a bridge on one's own machine. What stands here replaces the sentences of any
entry or general answer of that kind. Pure functions of an event; the kind itself never changes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from smtpwizard.addresses import domain_of, fault_of, is_placeholder
from smtpwizard.diagnosis.event import Event, refused_address
from smtpwizard.records import NamedTuple
from smtpwizard.secret import MASK, hide_secrets
from smtpwizard.text import safe


class Situation(NamedTuple):
    """What holds for some kinds of cause where the text shows something."""

    kinds: tuple[str, ...]
    shows: Callable[[Event], str]
    """Returns what the text shows, to stand in the place {shown}; empty where it does not."""
    remedy: str
    """Empty: the entry's own."""
    cause: str = ""
    """Empty: the entry's own; so the title."""
    title: str = ""
    hint: str = ""
    """What stands behind the remedy."""


def situation_of(kind: str, event: Event, situations: Iterable[Situation]) -> Situation | None:
    """Return the first of `situations` of a cause of `kind` that `event` shows, with what it shows put in.

    Before them goes an address that is none by sight: then nothing else need be asked.
    """
    if kind in _OF_ADDRESSES and (faulty := _with_faulty_address(kind, event)):
        return faulty
    for item in situations:
        if kind in item.kinds and (shown := item.shows(event)):
            return item._replace(
                remedy=item.remedy.replace("{shown}", shown),
                cause=item.cause.replace("{shown}", shown),
                hint=item.hint.replace("{shown}", shown),
            )
    return None


def told(pattern: str) -> Callable[[Event], str]:
    """Return a function that finds a pattern in an event's own words."""
    return lambda event: _found(pattern, event.raw)


def near(pattern: str) -> Callable[[Event], str]:
    """Return a function that finds a pattern in an event's own words or in the text around it."""
    return lambda event: _found(pattern, f"{event.raw}\n{event.around}")


def _found(pattern: str, text: str) -> str:
    """Return the group of a pattern that holds something, else all that it matches; empty where it does not."""
    found = re.search(pattern, text)
    return next(filter(None, (*found.groups(), found[0])), "") if found else ""


_OF_ADDRESSES: Final = frozenset({"sender-malformed", "recipient-malformed"})


def _with_faulty_address(kind: str, event: Event) -> Situation | None:
    """Return what to say where the refused address is in the text, and one sees what is wrong with it."""
    role = kind.partition("-")[0]
    for whose in (role, "recipient" if role == "sender" and event.stages != {"mail"} else ""):
        found = refused_address(event, whose) if whose else None
        fault = fault_of(found.address) if found else ""
        if found and fault:
            break
    else:
        return None
    shown = safe(hide_secrets(found.address), limit=_LONG_ADDRESS).strip()
    said = f", “{shown}”," if shown and MASK not in shown else ""
    default = _DEFAULTS.get(found.address.lower(), "")
    owner = found.role or ("" if event.code is None else role)
    title, subject = _OWNERS[owner]
    to_sender, to_recipient = next(remedies for words, *remedies in _BY_FAULT if re.search(words, fault))
    remedy = to_recipient if owner == "recipient" else to_sender
    if not owner:
        remedy += " If it is not the sender's, look for it among the recipients."
    return Situation((kind,), lambda _: fault, remedy, f"{subject}{said} {fault}. {default}".strip(), title)


_LONG_ADDRESS: Final = 100
_OWNERS: Final = {
    "sender": ("Sender that is not an address", "The sender's address"),
    "recipient": ("Recipient that is not an address", "The recipient's address"),
    "": ("Address that is none", "The address"),
}
_BY_FAULT: Final = (
    (
        r"^is empty|nothing",
        "Put one plain address (name@example.com) into {sender}, and see that it reaches the app: under the name that "
        "it reads, and after a new start.",
        "Give that user or field an address, and leave out recipients without one: an empty field, or a setting that "
        "the app does not find, arrives as nothing.",
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
_DEFAULTS: Final = {
    "webmaster@localhost": "It is Django's own default (DEFAULT_FROM_EMAIL).",
    "root@localhost": "It is Django's default for mails to admins (SERVER_EMAIL), and the address of a machine's root.",
}


def _blotted_sender(event: Event) -> str:
    """The refused sender, where it is in a domain of guides and the only such address of the text."""
    refused = refused_address(event, "sender")
    address = refused.address if refused else _found(_PLACEHOLDER, event.raw)
    shown = {found.lower() for found in re.findall(_ANY_ADDRESS, f"{event.raw}\n{event.around}")}
    guides = {found for found in shown if is_placeholder(domain_of(found)) or re.match(_PLACEHOLDER, found)}
    return safe(address, limit=_LONG_ADDRESS) if address and guides == {address.lower()} else ""


_ANY_ADDRESS: Final = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"


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
    return bool(near(_PARAMETER)(event)) or event.raw.count("@") > 1


_PARAMETER: Final = r"(?i)MAIL FROM: ?<[^<>@\s]{1,64}@[^<>\s]{3,254}> (?:\S+ )*?((?:BODY|AUTH|SMTPUTF8|RET)\b)"
"""What a client adds to the sender's address, which is in order."""

LARGE_PROVIDERS: Final = (
    r"(?i)\b(smtp\.gmail\.com|smtp\.office365\.com|smtp-mail\.outlook\.com|smtp\.mail\.yahoo\.com|smtp\.sendgrid\.net|"
    r"smtp\.mail\.me\.com|smtp\.zoho\.com|smtp\.mailgun\.org)\b"
)
"""Servers of providers whose certificates are in order, and that offer a login only under TLS."""

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
        ("helo-rejected",),
        told(
            r"(?i)<?\b((?:DESKTOP|LAPTOP|NOTEBOOK|WIN)-?[A-Z0-9]{5,15}|[\w-]{1,40}-(?:PC|LAPTOP|MACBOOK)|[\w-]{1,60}\.local)>"
        ),
        "Have the program that sends give a full host name for EHLO (a setting such as HELO name or local domain; "
        "Thunderbird: mail.smtpserver.default.hello_argument). Where the server is yours, let it not ask this of "
        "clients that have logged in (Postfix: permit_sasl_authenticated before the check).",
        "The server wants the client to introduce itself with a full host name. The client gives the name of a "
        "computer, {shown}.",
    ),
    Situation(
        ("helo-rejected",),
        told(r"<(localhost)>: Helo|helo=<(localhost)>"),
        "Set the name for EHLO in the app if it has such a setting, or update the app. Where the server is yours, let "
        "it not ask this of clients in its own networks or that have logged in (Postfix: permit_mynetworks and "
        "permit_sasl_authenticated before the check).",
        "The client introduces itself as {shown}, which many mail libraries do where the app gives no name (Go's "
        "net/smtp among them); the name of the machine or container does not change that.",
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
        _blotted_sender,
        "",
        hint="If {shown} really stands in one of the app's settings, it is a placeholder: nobody may send from it.",
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
    Situation(
        ("sender-malformed",),
        _sender_alone,
        "Put one plain address (name@example.com) into {sender}, without a name, quotes or angle brackets, and see "
        "that it reaches the app; if it is in order there, update the app, which writes the command.",
        "The server could not read the sender's address at MAIL FROM: it is empty, lacks its domain, or has a name, "
        "blanks or quotes around it. The recipient was not named yet.",
        "Sender that is not an address",
    ),
    # What a server says of the message and the commands
    Situation(
        ("server-storage",),
        told(r"(?i)(insufficient system resources)"),
        "Where the Exchange server is yours, look in its Application log for the events 15004 to 15007 (they name "
        "what is short), and free space on the drive that holds its queue database, or memory. Then it takes mail "
        "again. A mail server that sends tries again by itself, an app has to send anew.",
        "Exchange says so when it is in back pressure: disk space, memory or its queue is short, and until that is "
        "over it takes no mail. The message is not at fault.",
        "Exchange in back pressure (452 4.3.1)",
    ),
    Situation(
        ("recipient-malformed",),
        told(r"(?im)(?<!from=)(?<!from:)(?<!from: )(?:^|[\s:'\"])(<>)(?=[\s:;,.'\"]|$)"),
        "See that the recipient reaches the mail library as a plain string: an empty field, or an object with "
        "another key than it reads, arrives as nothing.",
        "The recipient that was sent to the server is empty ({shown}).",
    ),
    Situation(
        ("recipient-malformed",),
        told(r"(?i)bad (?:recipient )?address syntax"),
        "Look at the string that the app hands over: one plain address, without a name, blanks, brackets or a second "
        "address in it.",
        "The server cannot read the recipient as an address.",
    ),
    Situation(
        ("sender-unauthenticated",),
        near(r"openspf\S{0,80};ip=((?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]{3,11})"),
        "Let the mail server's container see the addresses of those who connect: publish its ports without the "
        "userland proxy, give IPv6 its own rules, or use the PROXY protocol of what stands in front.",
        "SPF was asked about {shown}, an address of the container network and not the sender's: all mail seems to "
        "come from there, so that no sender's record can fit.",
    ),
    Situation(
        ("sender-unauthenticated",),
        told(r"(?i)(invalid DKIM[ -]signature|DKIM signature (?:is )?(?:invalid|bad|did not verify))"),
        "Compare selector and public key of the DKIM record in DNS with what the sending provider's page shows, and "
        "look whether something alters the mail after it was signed (a footer, a filter, a relay).",
        "The mail has a DKIM signature, and it does not verify: the record in DNS is missing, old or cut off, or the "
        "mail was changed on its way.",
    ),
    Situation(
        ("sender-unauthenticated",),
        told(r"(?i)\bSPF (?:fail|softfail)[^\n]{0,40}not authori[sz]ed"),
        "Add the server that sent (its address, or the `include:` of the provider) to the one SPF record of the "
        "sender's domain, or send through a server that it names already.",
        "The receiving server checked SPF: the record of the sender's domain does not name the server that sent.",
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
    # How the settings are written
    Situation(
        ("login-empty", "settings-missing", "login-wanted"),
        _misnamed,
        "Write each name exactly as the code or the app reads it (SMTP or SMPT, _USER or _MAIL), the same in the "
        "file and there, and start the program anew.",
        "The program did not find a setting, and the file has a name that looks misspelt: {shown}. What stands under "
        "another name than the program's is not read.",
    ),
)
