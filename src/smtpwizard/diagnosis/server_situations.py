"""Situations of a mail server: its own log, its delivery to the next one, the programs beside it.

What an app would do, choose another port, log in, ask its provider, is no remedy there: a server that hands mail on
speaks to the recipient's server on port 25, and the one that refused may be the reader's own.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.addresses import appended, domain_of, is_freemail, meant_mailbox
from smtpwizard.diagnosis.conditions import private_client
from smtpwizard.diagnosis.event import Event, Side, refused_address
from smtpwizard.diagnosis.situations import Situation, near, told


def own_refusal(event: Event) -> str:
    """The log is that of the server that refused, and the client had not logged in."""
    refused = re.search(r"\bNOQUEUE: (?:milter-)?reject|\brejected (?:RCPT|MAIL|EHLO|HELO|connection)\b", event.raw)
    return "refused" if refused and "sasl_username=" not in event.raw else ""


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
    return event.program if event.program.endswith("lmtp") else told(r"\[(?:127\.[\d.]{5,11}|::1)\]|\[private/")(event)


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


_TABLE: Final = r"(?i)User unknown in (relay recipient|local recipient|virtual \w+) table"
_EXPIRED: Final = r"(?i)expired|repeated attempts|retry time(?:out)? (?:is )?exceeded|too long|in the queue"
_REFUSED_BY_IT: Final = r"(?i)\b5[0-5]\d\b|\b5\.\d\.\d{1,3}"


def _judged_by_receiver(event: Event) -> str:
    """The receiver that found no proof of the sender, where nothing says more."""
    if event.receiver or event.relayed:
        known = re.search(r"(?i)dmarc|\b(?:invalid|bad) DKIM|selector|not authori[sz]ed", event.raw)
        return "" if known else event.receiver or "the recipient's"
    return ""


_MIDDLE: Final = r"(?i)while (?:sending|receiving) (?:MAIL FROM|RCPT TO|DATA command|message body|end of data)"


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


SERVER_SITUATIONS: Final = (
    # Which name was not found
    Situation(
        ("sender-unverifiable", "sender-domain-unknown", "recipient-domain-unroutable", "sender-not-verified"),
        _without_final_dot,
        "In the zone of that domain end the target of the MX or CNAME record with a full stop. If the domain is not "
        "yours, tell its owner.",
        "{shown}",
    ),
    Situation(
        ("recipient-domain-unroutable", "recipient-unknown"),
        _slip,
        "Correct the recipient's address; {shown} is probably meant.",
        "The recipient's domain is one letter away from {shown}, and nobody takes this mail there.",
    ),
    Situation(
        ("recipient-unknown",),
        told(r"Recipient address rejected: (\[?[\w.-]{3,253}\]?:\d{2,5}|\[[\w.-]{3,253}\])(?=[;\s]|$)"),
        "On that Postfix look where {shown} stands: as a next hop it belongs into relayhost or transport_maps "
        "(`smtp:{shown}`), and into no access or virtual table; a line `error:{shown}` refuses. Then run postmap on "
        "the table and reload.",
        "The reason that the server gives is {shown}, the name of a next server, and not that the mailbox is unknown: "
        "a table of that Postfix holds it where the text of a refusal is expected.",
        "Recipient refused by a table of the mail server",
    ),
    Situation(
        ("recipient-unknown",),
        own_refusal,
        "Create the mailbox or alias on this server if it should be there, or look whether the domain is among those "
        "for which it has mailboxes (Postfix: mydestination, virtual_mailbox_domains). Otherwise the sender has to "
        "correct the address.",
        "The log is that of the server that refused: it takes mail for that domain, and knows no such mailbox.",
    ),
    Situation(
        ("recipient-unknown", "recipient-domain-unroutable"),
        near(r"\((expanded from\b)(?! <root>)"),
        "Correct the forwarding or alias on the server that expanded it, or look whether its target still exists; "
        "where the target's domain should be served by your own machine, its MX must lead there.",
        "The address that failed is the target of a forwarding or list, and not the one that was written to: the "
        "next server knows no such mailbox.",
    ),
    Situation(
        ("sender-domain-unknown",),
        _existing_domain,
        "On a server or container of your own correct its name server (/etc/resolv.conf, in compose `dns:`), and try "
        "again. Where the server is another's, tell its operator; with 450 a later try may get through.",
        "{shown} exists for certain, so the server that refused cannot look up names just now. The sender is right.",
    ),
    Situation(
        ("sender-domain-unknown",),
        told(r"<[^@\s<>]{0,100}@([\w.-]{3,253})>: Sender address rejected: Domain \S{3,253} does not accept mail"),
        "Send with an address whose domain takes mail. If {shown} is yours and should take mail, replace its MX record "
        "`0 .` by one that names a mail server.",
        "{shown}, the domain of the envelope sender, says in DNS that it takes no mail (a null MX record, RFC 7505). "
        "The server takes no mail from such a domain, because nothing could be returned to it.",
        "Sender's domain that takes no mail",
    ),
    Situation(
        ("sender-domain-unknown",),
        lambda event: own_refusal(event) and told(r"<[^@\s<>]{0,100}@([\w.-]{3,253})>: Sender")(event),
        "Is {shown} yours, or a service's for bounces, give it the MX or A record that the service's page names. "
        "Is it another's, its owner has to do that; to take the mail nevertheless, let the address pass "
        "(check_sender_access). If others find {shown}, see to this server's name server.",
        "The log is that of the server that refused: it finds neither an MX nor an A record for {shown}, the domain "
        "of the envelope sender. With 450 the look-up itself may have failed.",
    ),
    Situation(
        ("sender-domain-unknown",),
        told(r"<[^@\s<>]{0,100}@([\w.-]{3,253})>: Sender address rejected"),
        "Give {shown} an MX or A record in DNS (for a service's own subdomain the one that its page names), or send "
        "with an address whose domain has one. With 450 the look-up may only have failed: then a later try gets "
        "through.",
        "The server looked up {shown}, the domain of the envelope sender, which can be another than that of From, "
        "and found neither an MX nor an A record.",
    ),
    Situation(
        ("greylisted",),
        own_refusal,
        "Nothing is wrong: the other server tries again and is let in. For a sender that comes from many addresses, "
        "or must not wait, put it on the list of exceptions (postgrey: whitelist_clients; Rspamd and policyd have one "
        "too).",
        "The log is that of the server that refused: it greylists, so a sender that it has not seen yet is asked to "
        "come again later.",
    ),
    Situation(
        ("ptr-missing",),
        lambda event: "" if private_client(event) else own_refusal(event),
        "A client of yours should send on port 587 with a login and be let pass before this check. To take another "
        "server's mail nevertheless, let its address pass ({let_pass}) or take the check out ({ptr_check}).",
        "The log is that of the server that refused: it wants the client's address to have a name in reverse DNS, "
        "and finds none.",
    ),
    Situation(
        ("client-ip-blocklisted",),
        own_refusal,
        "A client of yours should send on port 587 with a login and be let pass before the lists are asked "
        "({login_first}). To take another server's mail nevertheless, let its address pass ({let_pass}), or take the "
        "list out; having the address removed from it is for its owner.",
        "The log is that of the server that refused: it asks a blocklist itself, and the address that connected is "
        "on it.",
    ),
    Situation(
        ("helo-rejected",),
        lambda event: own_refusal(event) and told(r"<([^<>@\s]{1,100})>: Hel|helo=<([^<>\s]{1,100})>")(event),
        "A program of yours needs a full host name for EHLO, or should log in and be let pass before this check "
        "(Postfix: permit_sasl_authenticated first). To take the mail of another's server, let its address pass "
        "(check_client_access) or take the check out (reject_non_fqdn_helo_hostname where a full name is wanted, "
        "reject_unknown_helo_hostname where it is looked up in DNS); its name is for its operator to repair.",
        "The log is that of the server that refused: it checks the name with which clients introduce themselves, and "
        "does not take {shown}.",
    ),
    Situation(
        ("recipient-domain-unroutable",),
        _existing_domain,
        "Look the domain up where that server runs (`getent hosts {shown}`, `dig MX {shown}`), and give its machine "
        "or container a working name server and a network with a way out (Postfix in a chroot: /etc/resolv.conf in "
        "its queue folder, too).",
        "{shown} exists. The server that refused could not look it up: its own name service does not work, as in a "
        "container without a network to the outside.",
    ),
    Situation(
        ("connection-refused", "connection-lost", "plain-on-tls-port", "port-blocked", "not-smtp"),
        _own_program,
        "Look whether that program runs and listens at this address and port, read its own log, and reload the mail "
        "server; the queue then goes on by itself.",
        "The mail server hands the mail to another program on its own machine or beside it: a filter, or one that "
        "stores or takes mail by LMTP (Dovecot, Mailman, amavis). That one does not answer or ends the connection.",
    ),
    Situation(
        ("ptr-missing",),
        lambda event: "onward" if event.relayed else "",
        "Let the owner of the address (the hosting provider) set its PTR record to the mail server's host name, whose "
        "A record leads back to it. Until then hand mail on through a relay with a login.",
        "The recipient's server wants the address of your mail server to have a name in reverse DNS, and finds none.",
    ),
    Situation(
        ("policy-refused", "server-trouble"),
        lambda event: _filtered(event) if event.relayed else "",
        "Look at the refused mail as a filter does: its content and links, SPF and DKIM of the sender's domain, the "
        "reputation of your mail server's address. Then ask the postmaster of that server, with the line and its time.",
        "The recipient's server, or a filter in front of it, refuses the mail by a policy of its own. A login and the "
        "app's settings play no part there.",
    ),
    Situation(
        ("server-trouble",),
        told(r"(retry time not reached) for any host"),
        "Look in Exim's main log for the first failure with this host: it has the reason (connection, TLS, login). "
        "After mending it force a try with `exim -M` and the message's id, or clear the retry data (exim_tidydb).",
        "Exim does not try now, since an earlier try with the same host failed and its retry time is not over.",
    ),
    Situation(
        ("sender-unverifiable", "sender-refused", "sender-not-verified"),
        told(r"(?i)sender address rejected: User unknown in (relay recipient|local recipient|virtual \w+) table"),
        "Use as {sender} an address that this server has, or add it to its list ({shown} table). If the domain's mail "
        "lives elsewhere, take the domain out of the server's own ones.",
        "The server holds the sender's domain for its own, and its list of addresses ({shown} table) does not have "
        "this one.",
    ),
    Situation(
        ("recipient-unknown",),
        lambda event: reported(event) and told(_TABLE)(event),
        "Correct the address. If it is right, only the operator of its server can repair it: tell them or the "
        "recipient by another way. Where that server is yours, create the mailbox or alias there.",
        "The recipient's server holds the domain for one of its own, and its {shown} table does not have this address.",
    ),
    Situation(
        ("recipient-unknown",),
        reported,
        "Correct the address. If it is right, only the operator of its server can repair it: tell them or the "
        "recipient by another way.",
    ),
    Situation(
        ("recipient-domain-unroutable",),
        lambda event: reported(event) and told(_EXPIRED)(event),
        "Check what stands behind the @, and read the reply after these words: it says why. If the other server could "
        "not be reached, tell the recipient by another way; whoever runs the mail server that sent it looks in its "
        "log, and whether port 25 is open on its way out.",
        "The mail server that sent it tried for hours or days; the other side did not answer, or put it off each time.",
    ),
    Situation(
        ("recipient-domain-unroutable",),
        lambda event: "" if _existing_domain(event) else reported(event) and told(_REFUSED_BY_IT)(event),
        "Check what stands behind the @. If it is right, only the operator of that domain can repair this (its MX "
        "record, or the domain on the server that it names): tell them by another way.",
    ),
    Situation(
        ("line-form",),
        lambda event: told(r"(?i)lines? too long for (transport)|message_(linelength)_limit")(event),
        "Raise message_linelength_limit on that transport of Exim (T= names it; the default is 998), where the "
        "receiving servers take longer lines. A mail of your own goes through as quoted-printable or base64.",
        "Exim as the sending server does not hand on a message with a line of more than 998 characters (RFC 5321 "
        "section 4.5.3.1.6). No other server has refused it.",
    ),
    Situation(
        ("sender-unauthenticated",),
        _judged_by_receiver,
        "Let the SPF record of the From address's domain name the server that sends (its IPv4 and IPv6 addresses, or "
        "the provider's `include:`), and let that server or provider sign with DKIM for the domain. From a freemail "
        "address send only through that provider itself.",
    ),
    Situation(
        ("ptr-missing",),
        lambda event: "reported" if event.side is Side.BOUNCE else "",
        "Whoever runs the sending mail server has to have its address's owner (the hosting provider) set a PTR record "
        "to the server's host name, whose A record leads back to it. Until then send through a provider with a login.",
        "The recipient's server wants the address of the mail server that sent it to have a name in reverse DNS, and "
        "finds none.",
    ),
    Situation(
        ("recipient-unknown",),
        told(_TABLE),
        "Correct the address, or create the mailbox or alias on that server. If the domain's mail lives elsewhere, "
        "take it out of the server's own domains (Postfix: virtual_mailbox_domains, relay_domains, mydestination).",
        "The server holds the recipient's domain for one of its own, and its {shown} table does not have this address.",
    ),
    Situation(
        ("recipient-domain-unroutable",),
        told(
            r"(?i)<((?:root|www-data|postmaster|cron|nagios|logcheck|apache|nobody)@[\w.-]{3,253})> \(expanded from|"
            r"(\S{1,80}) \(expanded from <?(?:root|www-data|cron|nobody)"
        ),
        "Send the machine's own mail to a real mailbox (`root: you@example.com` in /etc/aliases, then newaliases), or "
        "make its name a local one of the mail server (Postfix: mydestination) or one that DNS knows.",
        "The mail is for an account of the machine itself, which the mail server has made into {shown}; the name of "
        "that machine does not exist in DNS. SMTP host and login are not concerned.",
    ),
    Situation(
        ("relay-ip-blocked", "client-ip-blocklisted"),
        near(r"[\w.-]{1,100}\.cloudfilter\.net"),
        "Ask the support of the company that hosts the site or mailbox, with the reply and its code: it can have the "
        "sender or its server taken off. Look meanwhile whether the account has sent spam.",
        "The refusal comes from the outgoing filter of the hosting company ({shown}), which has the sender or the "
        "sending server on a list of its own. The recipient's server was not asked.",
    ),
    Situation(
        ("connection-lost",),
        lambda event: told(_MIDDLE)(event) if event.relayed else "",
        "Leave it in the queue: the mail server tries again. Look in its log for a 421 or 451 of the same server, "
        "send less to it at once, and check the sending address: its reverse name, SPF, DKIM and the blocklists.",
        "The session with the next server stood, so port and TLS mode are right, and that server ended it in the "
        "middle of the mail. Large providers slow and refuse so senders whose address they do not trust or that send "
        "too much.",
    ),
    Situation(
        ("port-blocked",),
        lambda event: told(r"(?i)context deadline exceeded")(event) if event.relayed else "",
        "Leave it in the queue: the mail server tries again. Look in its log at debug level which step was slow, and "
        "try from its machine a look-up of the domain's MX record and port 25 of that server.",
        "The mail server's attempt took longer than it allows, and the line does not say at what: the look-up of the "
        "domain, the connection (port 25 blocked on the way out) or the other server's answers.",
    ),
    Situation(
        ("port-blocked",),
        lambda event: "25" if _onward(event) and (event.port == 25 or ":25" in event.raw) else "",
        "Try from the mail server's machine `nc -vz gmail-smtp-in.l.google.com 25`. If that hangs too, ask the hosting "
        "provider to open port 25, or let the mail server send everything through a relay on port 587 with a login.",
        "Nothing came back from port 25 of the next server. Where that is so for every domain, the hosting or Internet "
        "provider blocks port 25 on the way out; where it is one domain only, its server is down.",
    ),
    Situation(
        ("connection-refused",),
        lambda event: "25" if _onward(event) and event.port in (None, 25) else "",
        "Leave it in the queue: the mail server tries again. Look where the domain's MX record leads (`dig MX` and the "
        "domain) and try that server's port 25 from elsewhere; where it is your own, start it and open its firewall.",
        "The server to which the recipient's domain leads turned the connection to port 25 away: no mail server "
        "listens there, or a firewall refuses. Between mail servers there is no other port to choose.",
    ),
    Situation(
        ("starttls-not-offered",),
        lambda event: told(r"TLS error from '([^']{3,253})'")(event) or _onward(event),
        "Make TLS optional for this destination in the mail server's rules for outgoing mail (Postfix: "
        "smtp_tls_security_level = may; Stalwart: the queue's TLS strategy), or leave it and tell that server's "
        "operator. See that no firewall on your side takes STARTTLS out of its EHLO reply.",
        "The mail server is set to hand mail to this server only with TLS, and that one did not offer STARTTLS. "
        "Between mail servers there is no other port to choose.",
    ),
    Situation(
        ("tls-versions", "connection-lost"),
        lambda event: (
            _onward(event) if re.search(r"(?i)handshake|TLS error from|SSL_connect|Cannot start TLS", event.raw) else ""
        ),
        "Look what that server speaks (`openssl s_client -starttls smtp -connect HOST:25`). Let the mail server go on "
        "in clear text towards it (Postfix: smtp_tls_security_level = may; Stalwart: the queue's TLS strategy), or "
        "ask its operator to repair its TLS.",
        "The recipient's server offers STARTTLS and the handshake with it fails: it knows only old versions or other "
        "ciphers, or something in between breaks it off. Another port is no way out between mail servers.",
    ),
    Situation(
        ("connection-lost",),
        _onward,
        "Leave it in the queue: the mail server tries again. Look whether all domains are concerned or this one only; "
        "for all look at the firewall and at your address on blocklists, for one ask its operator.",
        "The next server, or a firewall before it, ended the connection and gave no reason: mostly it does not want "
        "this server's address, or is overloaded.",
    ),
    Situation(
        ("recipient-domain-unroutable", "dns-unknown"),
        _no_address,
        "If {shown} is the relay of your mail server, correct it there (Postfix: relayhost, transport_maps). If the MX "
        "record of the recipient's domain names it, only that domain's owner can mend it. Where another machine finds "
        "it, repair the mail server's name service.",
        "{shown} has no address in DNS: it is the relay host in the mail server's settings, or the host that the MX "
        "record of the recipient's domain names.",
    ),
    Situation(
        ("recipient-domain-unroutable",),
        _no_domain,
        "Correct the recipient's address. If the domain is right, its owner must publish an MX record; where another "
        "machine finds one, repair the mail server's name service.",
        "{shown}, the domain of the recipient, does not exist in DNS.",
    ),
    Situation(
        ("sender-unverifiable",),
        _no_domain,
        "Send from an address in a domain that takes mail, or give {shown} an MX record that names its mail server.",
        "The receiving server wanted to ask the sender's domain whether the mailbox exists, and {shown} has neither an "
        "MX record nor an address in DNS.",
    ),
)
"""By the surest first. They are asked before those of apps."""
