"""Situations of a login: whose server refused it, how it was made, and with which values.

See `situations`, whose table holds those of who sends, and of addresses and settings.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.diagnosis.event import Event
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


LOGIN_SITUATIONS: Final = (
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
