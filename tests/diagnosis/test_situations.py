"""An answer fits the one who reads it: what sends, whose server it is, which address, what was connected to."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.catalogue import default
from smtpwizard.diagnosis.conditions import CONDITIONS
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.wording import functions
from support.patterns import is_bounded, proves, signs_of

REJECTED = "mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from mail.example.net[198.51.100.7]: "

SHOWN = {
    "a shell command": ("mail: cannot send message: Process exited with a non-zero status", "msmtp"),
    "PHP on Windows": (
        'Warning: mail(): Failed to connect to mailserver at "localhost" port 25, verify your "SMTP" and "smtp_port" '
        "setting in php.ini or use ini_set()",
        "plug-in or library",
    ),
    "PHP's mail()": ("Possible reason: your host may have disabled the mail() function.", "sendmail_path"),
    "sendmail's queue": ("vBNGqq 1442 app@example.com\n (Deferred: Connection refused by [127.0.0.1])", "mail daemon"),
    "a computer's name": (
        "504 5.5.2 <DESKTOP-7L10I2>: Helo command rejected: need fully-qualified hostname",
        "HELO name",
    ),
    "a container's id": ("504 5.5.2 <4f1c2a9e77d3>: Helo command rejected: need fully-qualified hostname", "compose"),
    "one's own mailboxes": (
        f"{REJECTED}550 5.1.1 <b@example.com>: Recipient address rejected: User unknown; from=<a@example.net>",
        "virtual_mailbox_domains",
    ),
    "one's own check of names": (
        f"{REJECTED}450 4.7.25 Client host rejected: cannot find your hostname, [198.51.100.7]; from=<a@example.net>",
        "reject_unknown_client_hostname",
    ),
    "one's own list": (
        f"{REJECTED}554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using bl.spamcop.net; "
        "from=<a@example.net> to=<b@example.com>",
        "check_client_access",
    ),
    "one's own check": (
        f"{REJECTED}450 4.7.1 <srv.example.net>: Helo command rejected: Host not found; from=<a@example.net>",
        "reject_unknown_helo_hostname",
    ),
    "one's own resolver": (
        f"{REJECTED}450 4.1.2 <someone@gmail.com>: Recipient address rejected: Domain not found",
        "dig MX",
    ),
    "SPF asked about the container's network": (
        "Message rejected due to: SPF fail - not authorized.\nmail postfix/postscreen[4]: CONNECT from "
        "[172.24.0.1]:58126 to [172.24.0.2]:25",
        "userland proxy",
    ),
    "a user that nobody names": (
        'The test of the notification mails shows the SMTP error "No Such User".',
        "both addresses",
    ),
    "a mail exchanger": (
        "The connection to the mail server has timed out : Timeout connecting to mail-exchanger",
        "a mail exchanger has no other port",
    ),
    "a port of the web": (
        "{ Error: Greeting never received\n    code: 'ETIMEDOUT', command: 'CONN' }\n\nnc -vz outlook.example.org 443",
        "host for SMTP",
    ),
    "a server that is busy": (
        "An error occurred while sending mail: Outgoing server (SMTP) error. The server responded:  Server busy, too "
        "many connections.",
        "raise its limit",
    ),
    "Odoo's bounces": (
        "SMTPSenderRefused: 553\n5.7.1 Sender address rejected: not owned by auth user.\n"
        "bounce-11-res.partner-4@example.com",
        "alias domain",
    ),
    "a name that reads the same": (
        "Hostname/IP does not match certificate's altnames: Host: mx.example.org. is not in the cert's altnames: "
        "DNS:mx.example.org (SMTP)",
        "without copying it",
    ),
    "a wildcard for a deeper name": (
        "SMTP: Hostname/IP does not match certificate's altnames: Host: smtp.mail.example.org. is not in the cert's "
        "altnames: DNS:*.example.org",
        "one part before the wildcard",
    ),
    "two names for the server": (
        "Failed to send mail: getaddrinfo(3): Name does not resolve\nsmtp_address: mail.acme-post.net\n"
        "The settings in force:\naddress: smtp.acme-post.net\nport: 465",
        "the one in force",
    ),
    "a relay that knows its clients": (
        "Our smart host authenticates via IP.\nFailed to send mail: (435, 'Unable to authenticate at present')",
        "Switch authentication off",
    ),
    "fields that are left empty": (
        "User and password are left empty, since it doesn't require authentication.\n"
        "SMTP error: Authentication failed: 501 5.7.3 Cannot decode arguments",
        "Switch authentication off",
    ),
    "a freemail address at a service": (
        "550 5.7.1 Unconfigured Sending Domain <gmail.com>",
        "Reply-To",
    ),
    "a header twice": (
        "550-5.7.1 This message is not RFC 5322 compliant. There are multiple Reply-To headers.\n550 5.7.1 - gsmtp",
        "Leave one Reply-To",
    ),
    "a header that is missing": ("550 MIME message is missing 'From' header", "write a From line"),
    "a parameter": ("501 Parameter AUTH is not recognised", "confAUTH_OPTIONS"),
    "another parameter": ("555 5.5.4 Unsupported option: BODY", "leave BODY out"),
    "a session that begins anew": ("503 EHLO/HELO first please, on long-standing connections", "greet (EHLO)"),
    "a hello of TLS": (
        "SMTP Connection Handshake was not possible\nExim: SMTP protocol synchronization error (input sent without "
        "waiting for greeting): rejected connection",
        "Match port and TLS mode in the client: ",
    ),
    "a library that cannot write an address": (
        "UnicodeEncodeError: 'ascii' codec can't encode character\n"
        '  File "smtplib.py", line 718, in sendmail\n    (code, resp) = self.rcpt(each)\n'
        '  File "smtplib.py", line 470, in rcpt\n    self.putcmd("rcpt", quoteaddr(recip))',
        "Punycode",
    ),
    "a plug-in among others": (
        'E-mail works with other plugins.\nThis one shows: "SMTP Error: data not accepted"',
        "the others send",
    ),
    "a list of the next server": (
        "postfix/smtp[7]: 1A2B: to=<a@example.com>, relay=mx.example.com[203.0.113.7]:25, dsn=5.7.1, status=bounced "
        "(host mx.example.com[203.0.113.7] said: 554 5.7.1 <SRS0=x=y=example.net=b@example.org>: Sender address "
        "rejected: Access denied (in reply to RCPT TO command))",
        "Only the operator of that server",
    ),
    "a queue that is put off": (
        "postfix/smtp[7]: 1A2B: to=<a@example.com>, relay=mx.example.com[203.0.113.7]:25, dsn=4.2.0, status=deferred "
        "(host mx.example.com[203.0.113.7] said: 450 4.2.0 <a@example.com>: Recipient address rejected: Greylisted)",
        "Nothing need be done",
    ),
    "spam at the recipient's": (
        "<a@example.com>: host mx.yandex.net[77.88.21.249] said: 554 5.7.1 Message rejected under suspicion of SPAM",
        "Write it differently",
    ),
    "a receiver without TLS": (
        "The response from the remote server was:\n454 4.7.0 TLS not available due to local problem",
        "Only that server's operator",
    ),
    "a database of users": (
        "Temporary lookup failure\nwarning: connect to mysql server mariadb: Unknown MySQL server host 'mariadb'",
        "the same container network",
    ),
    "a direct delivery": (
        "File \"calibre/utils/smtp.py\", line 143, in sendmail_direct\nSMTPRecipientsRefused({'a@example.com': (550, "
        "b'5.7.1 IP address blacklisted by recipient')})",
        "calibre: Preferences",
    ),
    "an end at EHLO": (
        "MailKit.Net.Smtp.SmtpProtocolException: The SMTP server has unexpectedly disconnected.\n"
        "   at MailKit.Net.Smtp.SmtpStream.ReadResponse(CancellationToken cancellationToken)\n"
        "   at MailKit.Net.Smtp.SmtpClient.SendEhloAsync(Boolean ehlo)",
        "filters SMTP",
    ),
    "port and encryption that fit": (
        "port 587\nencryption STARTTLS\nSMTP connect() failed. https://github.com/PHPMailer/PHPMailer/wiki",
        "debug output",
    ),
    "a host in `service`": (
        "{ [Error: connect ECONNREFUSED]\n  code: 'ECONNREFUSED' }\ntransport: {\n  service: 'smtp.yandex.ru',\n"
        "  secure: true }",
        "host: 'smtp.yandex.ru'",
    ),
    "nodemailer's old form": (
        "nodemailer.createTransport('SMTP', { host: 'smtp.163.com' })\n{ [Error: connect EADDRNOTAVAIL]\n"
        "  code: 'EADDRNOTAVAIL' }",
        "Update nodemailer",
    ),
    "a filter": (
        "postfix/smtp[7]: 1A2B: to=<a@example.com>, relay=127.0.0.1[127.0.0.1]:10024, status=deferred "
        "(connect to 127.0.0.1[127.0.0.1]:10024: Connection refused)",
        "that program",
    ),
    "a bounce domain": (
        "553 5.1.8 Domain of sender address <bounce+ae49a3.2923e@send.example.org> does not exist",
        "MX (or A) record",
    ),
    "a bounce tag": (
        "553 5.7.1 <support+bounce_692a43@example.org>: Sender address rejected: not owned by user support@example.org",
        "smtpd_sender_login_maps",
    ),
    "a placeholder": (
        "554 Message rejected: Email address is not verified. The following identities failed the check: "
        "your-email@example.net",
        "your-email@example.net",
    ),
    "two @": (
        "Address in mailbox given [app@example.org@localhost.localdomain] does not comply with RFC 2822, 3.6.2.",
        "before the @",
    ),
    "a bounce's sender": ("550 5.1.1 <MAILER-DAEMON@example.com>: User unknown", "bounced first"),
    "the recipient's own server that does not relay": (
        "postfix/smtp[1]: E: to=<a@me.com>, relay=mx02.mail.icloud.com[17.56.9.19]:25, dsn=5.0.0, status=bounced (host "
        "mx02.mail.icloud.com[17.56.9.19] said: 550 Relay not permitted (in reply to RCPT TO command))",
        "who greets there",
    ),
    "the relay of the mail server": (
        "<a@example.net>: host email-smtp.eu-west-1.amazonaws.com[18.138.111.200] said: 530 Authentication required ("
        "in reply to MAIL FROM command)",
        "smtp_sasl_password_maps",
    ),
    "the login that is not the sender": (
        "553 5.7.1 a@example.org: Sender address rejected: not owned by user b@acme-post.net",
        "to b@acme-post.net",
    ),
    "McAfee's proxy": ("451 Request action aborted on MFE proxy, SMTP server is not available.", "gateway"),
    "a slip for smtp": ("Error: getaddrinfo ENOTFOUND stmp.acme-post.net", "smtp.acme-post.net"),
    "a user name in the host's place": ("Error: getaddrinfo ENOTFOUND MAILUSER MAILUSER:587", "%40"),
    "a host in quotes": ('Error: getaddrinfo ENOTFOUND "smtp.acme-post.net";', "semicolons"),
    "localhost, which a certificate does not name": (
        "Host: localhost. is not in the cert's altnames: DNS:a.example.org, DNS:b.example.org (smtp)",
        "name that the certificate lists",
    ),
    "SPF alone": (
        "550 5.7.515 Access denied, sending domain EXAMPLE.JP doesn't meet the required authentication level. "
        "Spf= Fail , Dkim= Pass , DMARC= Pass",
        "one SPF record",
    ),
    "DKIM alone": (
        "550 5.7.515 Access denied, sending domain EXAMPLE.JP doesn't meet the required authentication level. "
        "Spf= Pass , Dkim= None , DMARC= Pass",
        "Switch DKIM on",
    ),
    "spam or virus": ("552: Message rejected for spam or virus content", "without attachment"),
    "no secure renegotiation": (
        "write EPROTO 0:error:0A000152:SSL routines:final_renegotiate:unsafe legacy renegotiation disabled: (smtp)",
        "UnsafeLegacyServerConnect",
    ),
    "a return path": ("550 5.1.0 Domain of sender address abc123@psrp.acme-post.net does not exist", "return-path"),
    "a return path that is asked back": (
        "550 Verification failed for <abc@psrp.acme-post.net> 550 sender verification failed",
        "return-path",
    ),
    "a name that a client could not look up": (
        "Error sending mail: Could not resolve host 'mail.acme-post.net'",
        "working name server or network",
    ),
    "a name server that refuses": ("Error: queryA EREFUSED smtp.example.com", "resolv.conf"),
    "a freemail domain that is not found": (
        "450 4.1.8 <someone@gmail.com>: Sender address rejected: Domain not found",
        "correct its name server",
    ),
    "the module sendmail": (
        "Error: can not connect to any SMTP server\n    at tryConnect (/srv/node_modules/sendmail/sendmail.js:88:49)",
        "`nodemailer`",
    ),
    "no greeting for Swift Mailer": ("Expected response code 220 but got an empty response", "`-bs`"),
    "a host that is not told": (
        "smtplib: ConnectionRefusedError: [Errno 111] Connection refused",
        "environment of its",
    ),
    "Go's handshake": ("failed to send mail: remote error: tls: handshake failure", "tlsrsakex"),
    "a large provider's silence on 587": (
        "Connection established to smtp-mail.outlook.com [52.98.89.34]:587\nError: Greeting never received",
        "Try again",
    ),
    "Debian's own name": ("Error: connect ECONNREFUSED 127.0.1.1:465", "/etc/hosts"),
    "a mail program": ("E-Mail Sending Failed\nFailed to transport message. Connection refused", "bridge"),
    "a service": ("stream_socket_client(): Unable to connect to mailhog:1026 (Connection refused)", "service mailhog"),
    "a mail catcher": ("Error: connect ECONNREFUSED 127.0.0.1:1025", "Mailpit"),
    "no address": ("Error: connect ECONNREFUSED 0.0.0.0:587", "blocker"),
    "a silent neighbour": (
        "gomail: could not send email 1: read tcp 172.20.0.8:42386->10.5.10.16:25: i/o timeout",
        "10.5.10.16",
    ),
    "a private server": ("Error: connect ECONNREFUSED 10.0.0.1:587", "10.0.0.1"),
    "port 25": (
        "Unable to connect to smtp.gmail.com:25 (Connection timed out) in PHPMailer",
        "submission port",
    ),
    "a wrong name": ("dial tcp: lookup smtp.google.com on 127.0.0.11:53: no such host (SMTP)", "smtp.gmail.com"),
    "a slip": ("dial tcp: lookup smtp.gmial.com on 127.0.0.11:53: no such host (SMTP)", "smtp.gmail.com"),
    "a cluster's service": ("SMTP: DNS lookup failed: postfix.mail.svc.cluster.local.", "kubectl"),
    "no dot": ("Error: getaddrinfo ENOTFOUND mailserver mailserver:587", "compose service"),
    "a good reply that came late": (
        "CLIENT -> SERVER: .\nSERVER -> CLIENT:\nSMTP ERROR: DATA END command failed:\nSMTP Error: data not accepted.\n"
        "CLIENT -> SERVER: QUIT\nSERVER -> CLIENT: 250 OK id=1dKauY-0006oj-4k",
        "do not send it again",
    ),
    "a message without a reply": (
        ">> DATA\n<< 354 End data with <CR><LF>.<CR><LF>\n>> Subject: test\n>> .\n<< 421 Timeout - closing connection",
        "Look whether the mail arrived",
    ),
    "a copy for the Sent folder": (
        'WARN smtp: server replied with code 451 reason="Timeout waiting for data from client."\n'
        "Error: cannot add IMAP message: request timed out",
        "Do not send the mail again",
    ),
    "QUIT": ("Last Error Message    Bad Quit: 500 5.5.1 Invalid command", "again and again"),
    "no sender at DATA": (
        'Expected response code 354 but got code "503", with message "503 MAIL first (#5.5.1)"',
        "MAIL FROM",
    ),
    "no recipient at DATA": ("smtplib.SMTPDataError: (503, '5.5.1 RCPT first. wb11 - gsmtp')", "may be empty"),
    "a rule for the message": (
        "smtplib.SMTPDataError: (550, b'5.7.1 Reject for policy reason RULE3_2.')",
        "plain words",
    ),
    "a parameter that the server knows": (
        "S: 250-DSN\nS: 501 5.5.4 Error: Bad NOTIFY parameter syntax",
        "NOTIFY=SUCCESS",
    ),
    "a user name that was not sent": (
        "CLIENT -> SERVER: AUTH LOGIN\nSERVER -> CLIENT: 334 VXNlcm5hbWU6\nCLIENT -> SERVER: \n"
        "SERVER -> CLIENT: 535 Incorrect authentication data",
        "fill both in",
    ),
    "a login that is no fault of the server": (
        "Error: Invalid login: 553 5.3.0 Auth failure",
        "app password",
    ),
    "a provider's own server that is refused": (
        "Failed to connect to smtp.gmail.com:587 [SMTP: Failed to connect socket: Connection refused (code: -1)]",
        "hosting provider",
    ),
    "Django without a host": (
        "[Errno 111] Connection refused\nRequest URL: http://www.example.com/accounts/register/\nDjango Version: 1.7.1",
        "EMAIL_HOST",
    ),
    "Windows": (
        "PHPMailer: unable to connect to mail.example.net:2525 (php_network_getaddresses: getaddrinfo failed: No such "
        "host is known. ) [C:\\xampp\\htdocs\\class.smtp.php line 292]",
        "`nslookup` and the name",
    ),
    "STARTTLS in a stack": (
        '  File "/srv/notify.py", line 59, in notification\n    s.starttls()\n'
        "ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:777)",
        "port 465 begins otherwise",
    ),
    "Java's list of authorities": (
        "javax.mail.MessagingException: Could not connect to SMTP host: smtp.163.com, port: 465\n  nested exception: "
        "javax.net.ssl.SSLException: the trustAnchors parameter must be non-empty",
        "ca-certificates-java",
    ),
    "the name of a header line": ("554 Missing required header 'From'.", "whole From line"),
    "a signature more than once": ("554 Transaction failed: Duplicate header 'DKIM-Signature'.", "goes through SES"),
    "an address at SES that is not named": ("554 Message rejected: Email address is not verified.", "Reply-To"),
    "Google's own server on a list": (
        "2023-02-12 16:28:33 H=mail-wm1-f47.google.com [209.85.128.47] F=<a@gmail.com> rejected RCPT <b@example.com>: "
        "209.85.128.47 is in a black list at zen.spamhaus.org",
        "a name server of its own",
    ),
    "a webmail's own server": (
        'SMTP Error (550): Failed to add recipient "b@example.com" (Error: No such user)',
        "take the domain out of its own ones",
    ),
    "recipients that are not named": ("SMTP Error: The following recipients failed:", "has an address"),
    "several providers": (
        "with smtp.goneo.de: `Error 535 5.7.8 Error: authentication failed:`\n"
        "with mail.gmx.net: `Error 535 Authentication credentials invalid`",
        "stored or decrypted wrongly",
    ),
    "a client's bare word": ("Error, send header failed", "debug output"),
    "an empty greeting": ('SMTPClientError: invalidGreeting(code: -1, greeting: "")', "587 with"),
    "Postfix's words for no recipient": ("503 5.5.1 Error: need RCPT command", "may be empty"),
    "a copy alone": ("Could not save message to Sent folder", "Do not send the mail again"),
    "a time-out at QUIT": ("QUIT command failed: 421 4.4.2 timeout", "Look whether the mail arrived"),
    "a step without a reply": (
        "Swift_BadResponseException: Expected response code(s) [250] but got response [] in Swift.php:250 "
        "Swift->command('EHLO [203.0.113.9]', 250)",
        "full host name for EHLO",
    ),
    "Amavis": (
        "was considered unsolicited bulk e-mail (UBE).\n\nOur internal reference code for your message is 25431-06/Q8",
        "reference code of this notice",
    ),
    "another's filter": ("mailsec.protonmail.ch:25 --> 554 5.7.1 rejected by rspamd filter", "postmaster"),
    "a provider without 465": (
        "connect smtp-mail.outlook.com:587\n530 5.7.0 Must issue a STARTTLS command first",
        "no port for TLS from the first byte",
    ),
    "Node without an app": (
        "(node:5764) UnhandledPromiseRejectionWarning: Error: Greeting never received",
        "nodemailer: secure: true",
    ),
    "a provider's own server that is silent": (
        "Connection timed out, host: smtp.gmail.com, port: 587",
        "Try port 465 from",
    ),
    "a line that says it was sent": (
        "WARN smtp: 451 4.4.2 Timeout - closing connection\nINFO mail sent successfully",
        "nothing is to be done",
    ),
    "two words": ("Login incorrect.", "app password"),
    "an empty reply": ("smtplib.SMTPResponseException: (-1, b'')", "Compare the port and the TLS setting"),
    "a machine's short name": (
        "SMTP error from remote mail server after MAIL FROM:<admin@zzz>: 550 unroutable sender address",
        "give it a full one",
    ),
    "a service behind the server": ("554 5.5.0 Error: transaction timeout", "what it hands the mail to"),
    "a name misspelt": ('Missing credentials for "PLAIN"\nSMPT_HOST = smtp.gmail.com\nSMTP_PASSWORD = "x"', "SMPT"),
    "one's own domain": (
        "mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from mail-ed1-f52.google.com[209.85.208.52]: 454 4.7.1 "
        "<info@example.com>: Relay access denied; from=<someone@gmail.com> to=<info@example.com> proto=ESMTP",
        "virtual_mailbox_domains",
    ),
    "a session in the middle": (
        "status=deferred (lost connection with mta7.am0.yahoodns.net[98.136.216.22] while sending RCPT TO)",
        "421",
    ),
    "a mail in the middle": ("SMTPServerDisconnected: Connection unexpectedly closed: after RCPT TO", "one recipient"),
    "a cut at port 25": ("write tcp 10.0.0.5:504->203.0.113.9:25: write: connection reset by peer (smtp)", "firewalls"),
    "a blocked port 25": (
        "postfix/smtp[692]: connect to gmail-smtp-in.l.google.com[2a00:1450:400c:c0a::1b]:25: Network is unreachable\n"
        "postfix/smtp[692]: connect to gmail-smtp-in.l.google.com[64.233.167.26]:25: Connection timed out",
        "open port 25",
    ),
    "a next server without TLS": ("(TLS error from 'mx.example.net': STARTTLS not advertised by host.)", "optional"),
    "a broken handshake onward": ("<a@example.net> (TLS error from 'mx.example.net': tls handshake eof)", "clear text"),
    "a slow delivery": ('Delivery attempt failed, reason: "context deadline exceeded"', "which step"),
    "the machine's own account": (
        "<root@host.example.com> (expanded from <root>): Host or domain name not found. Name service error for "
        "name=host.example.com type=A: Host not found",
        "/etc/aliases",
    ),
    "the hoster's filter": (
        "host eig-east.smtp.a.cloudfilter.net [18.215.58.191]\nSMTP error from remote mail server after end of data:\n"
        "550 eKqgqwhcolWFfeKq - <info@example.com> sender rejected AUP#CDRBL",
        "hosts the site",
    ),
    "telnet to this machine": (
        "Trying ::1...\ntelnet: connect to address ::1: Connection refused\nTrying 127.0.0.1...\n"
        "Connected to localhost.\nEscape character is '^]'.\nConnection closed by foreign host.",
        "docker logs",
    ),
    "an old connection": (
        'SMTPServerDisconnected: please run connect() first\n  File "python2.7/smtplib.py", line 733, in sendmail\n'
        "    (code, resp) = self.mail(from_addr, esmtp_opts)",
        "Connect anew",
    ),
    "a reset": ("smtp: failed to send RSET: 500 Expected MAIL FROM:<addr> or QUIT", "whether the mail has arrived"),
    "Java": ("com.sun.mail: java.net.UnknownHostException: smtp.example.com", "nslookup"),
    "a catcher spoken to in TLS": ("[SSL: WRONG_VERSION_NUMBER] wrong version number, smtp port: 1025", "TLS off"),
    "a login by token": (
        "email-oauth2-proxy: <-- b'535 5.7.3 Authentication unsuccessful [NT0PR01.prod.outlook.com]'",
        "Authorise the account anew",
    ),
    "a login at Microsoft 365": (
        "535 5.7.3 Authentication unsuccessful [FR3P281CA0150.DEUP281.PROD.OUTLOOK.COM]",
        "switch on authenticated SMTP for this mailbox",
    ),
    "an example's login": (
        'Failed to authenticate on SMTP server with username "YOURUSERNAME": 535 Authentication Credentials Invalid',
        "Put the real user name and password",
    ),
    "Amazon's own words": ("*smtp.plainAuth auth: 535 Authentication Credentials Invalid", "SES console"),
    "a mailbox of NetEase's": ("Invalid login: 535 Error: authentication failed\n163邮箱认证不通过", "授权码"),
    "PHP's mail() on Windows": (
        "PHP Warning:  mail(): SMTP server response: 530 Authentication required to send mail",
        "make that its way to send",
    ),
    "Postfix without an entry for its relay": (
        "postfix/smtp[9]: smtp_sasl_passwd_lookup: no auth info found (sender=`', host=`smtp.office365.com')\n"
        "postfix/smtp[9]: < smtp.office365.com[203.0.113.4]:587: 530 5.7.57 Client not authenticated to send mail",
        "smtp_sasl_password_maps, run postmap",
    ),
    "an empty recipient": (
        "all recipients were rejected: 501 <>: missing or malformed local part",
        "arrives as nothing",
    ),
    "a recipient in another form": ("501 5.1.3 Bad recipient address syntax", "one plain address"),
    "a login that failed before": (
        "postfix/smtpd[9]: warning: unknown[203.0.113.4]: SASL CRAM-MD5 authentication failed: xxx==\n"
        "postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[203.0.113.4]: 554 5.7.1 <unknown[203.0.113.4]>: Client "
        "host rejected: Access denied; from=<a@example.com> to=<b@example.org> proto=ESMTP helo=<c>",
        "Repair the login",
    ),
    "a login by CRAM-MD5": (
        "postfix/smtpd[9]: warning: x.example.net[203.0.113.5]: SASL CRAM-MD5 authentication failed: PDUxMzM5MD",
        "Where no client gets in by CRAM-MD5",
    ),
    "SPF that does not name the server": (
        "550 5.7.23 Message rejected due to: SPF fail - not authorized",
        "one SPF record of the sender's domain",
    ),
    "SPF asked about a container's network": (
        "550 5.7.1 Recipient address rejected: Message rejected due to: domain owner discourages use of this host. "
        "Please see http://www.openspf.net/Why?s=helo;id=mail.example.us;ip=172.18.0.1;r=someone@example.de",
        "userland proxy",
    ),
    "a proxy that may not pass an address on": (
        'lost connection after XCLIENT from front.nginx\n\nupstream sent invalid response: "550 5.7.0 Error: '
        'insufficient authorization" while reading response',
        "smtpd_authorized_xclient_hosts",
    ),
    "the sender's address alone": (
        "failed to issue MAIL command: 555 5.5.2 Syntax error, cannot decode response - gsmtp",
        "which writes the command",
    ),
    "a client that is not on the list": (
        'Expected response code 220 but got code "554", with message "554 5.7.1 <unknown[203.0.113.11]:52491>: Client '
        "host rejected: Access denied",
        "smtpd_delay_reject",
    ),
    "the machine's own name": (
        '  File "/usr/lib/python2.4/smtplib.py", line 258, in __init__\n    addr = '
        "socket.gethostbyname(socket.gethostname())\nsocket.gaierror: (-2, 'Name or service not known')",
        "127.0.1.1",
    ),
    "a port of something else": (
        "establish connection to server: dial tcp 203.0.113.4:259: connect: connection timed out",
        "If 259 was not typed",
    ),
    "a forwarding's target": (
        "user@example.de (expanded from\n    user@example.com): host smtpin.rzone.de[81.169.145.97] said:\n    550 "
        "5.1.2 No such mailbox (in reply to RCPT TO command)",
        "Correct the forwarding or alias",
    ),
    "an envelope sender without a domain, at the own server": (
        "postfix/smtpd[1521]: NOQUEUE: reject: RCPT from a27.example.net[54.240.27.190]: 450 4.1.8 "
        "<01@email.example.com>: Sender address rejected: Domain not found; from=<01@email.example.com>",
        "Is email.example.com yours",
    ),
    "an envelope sender without a domain, elsewhere": (
        "450 4.1.8 <f2@psrp.example.club>: Sender address rejected: Domain not found",
        "Give psrp.example.club",
    ),
    "an envelope sender with a null MX": (
        "550 5.7.27 <app@news.example.com>: Sender address rejected: Domain news.example.com "
        "does not accept mail (nullMX)",
        "replace its MX record `0 .`",
    ),
    "greylisting by the own server": (
        "postfix/smtpd[7]: NOQUEUE: reject: RCPT from a.example.net[203.0.113.8]: 450 4.2.0 <b@example.org>: Recipient "
        "address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.org.html",
        "whitelist_clients",
    ),
    "NetEase's words": ("535 Error: authentication failed", "yeah.net switch SMTP on"),
    "a Postfix as it comes": ("454 4.7.1 <a@example.com>: Relay access denied", "into mynetworks of that"),
    "a login as the sender": (
        "554 5.7.1 Relay access denied. Not authenticated to send as <sales@example.com>",
        "with sales@example.com as the user name",
    ),
    "a token of MailKit's": (
        "MailKit.Security.AuthenticationException: 535 5.7.8 Username and Password not accepted - gsmtp\n   at "
        "MailKit.Net.Smtp.SmtpClient.Authenticate(SaslMechanism mechanism)",
        "Authorise the account anew",
    ),
    "a reverse name towards another server": (
        "Diagnostic-Code: smtp; 450 4.7.1 Client host rejected: cannot find your reverse hostname, [203.0.113.7]",
        "owner of the address (the hosting provider) set its PTR",
    ),
    "a filter's policy": (
        "Final-Recipient: rfc822; a@example.fr\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 Policy "
        "reason",
        "as a filter does",
    ),
    "Exim's retry time": (
        "1hhvrT-0006kr-BK == a@example.com R=send_via T=remote_smtp defer (-53): retry time not reached for any host "
        "for 'example.com'",
        "first failure with this host",
    ),
    "a list of senders": (
        "(550, '5.1.0 <noreply@example.com>: Sender address rejected: User unknown in relay recipient table')",
        "an address that this server has",
    ),
    "a list of recipients": (
        "550 5.1.1 <a@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
        "virtual_mailbox_domains",
    ),
    "a server of one's organisation": (
        "MailConnectException: Couldn't connect to host, port: smtp02.intra.example.fr, 25; timeout -1; "
        "java.net.ConnectException: Connection timed out",
        "ask who runs smtp02.intra.example.fr",
    ),
    "an MX as the host": (
        "Connect failed: Network is unreachable, error number: 101, host: gmail-smtp-in.l.google.com:465",
        "host for submission",
    ),
    "a firewall that rejects": (
        "NoRouteToHostException: No route to host, smtp mail.example.com, 587",
        "rule that rejects",
    ),
    "no IPv6": ("smtp: dial tcp [2001:db8::1]:587: connect: network is unreachable", "Let the client use IPv4"),
    "localhost in EHLO": (
        "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
        "permit_mynetworks",
    ),
    "a sender that is the login": (
        "553 5.7.1 <app@example.com>: Sender address rejected: not owned by user app@example.com",
        "give app@example.com to this login",
    ),
    "a signature that does not verify": (
        "550 5.7.1 Email rejected since it has an invalid DKIM signature",
        "Compare selector and public key",
    ),
    "a Java that switches old TLS off": (
        "javax.mail.MessagingException: Could not convert socket to TLS;\n  nested exception is:\n\t"
        "javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or cipher suites are "
        "inappropriate)",
        "mail.smtp.ssl.protocols=TLSv1.2",
    ),
    "a mistyped port": ("Sending mail failed: Host not reachable. host smtp.gmail.com port 589", "587"),
    "a large provider's certificate": (
        "smtp.gmail.com:465: certificate verify failed: unable to get local issuer certificate",
        "virus scanner",
    ),
    "an Exim limit": (
        "rejected RCPT <b@example.com>: Email account a@example.com is sending too many emails - rate overlimit = 83.6",
        "HestiaCP",
    ),
    "a parameter that is not understood": (
        "C: MAIL FROM:<a@example.com> BODY=7BIT AUTH=<a>\nS: 501 Was expecting MAIL arg syntax of FROM:<address>",
        "EHLO reply",
    ),
    "a login that the server cuts off": (
        '  File "smtplib.py", line 635, in auth\n    (code, resp) = self.docmd("AUTH", mechanism)\n'
        "smtplib.SMTPServerDisconnected: Connection unexpectedly closed",
        "set_debuglevel",
    ),
    ".NET on 465": (
        "System.Net.Mail.SmtpException: The operation has timed out.\n   at System.Net.Mail.SmtpClient.Send()",
        "MailKit",
    ),
    "Go on 465": ('level=error msg="failed to send email" error="EOF" smtp=smtp.example.com:465', "tls.Dial"),
    "a command for the password": (
        "msmtp: cannot read output of 'gpg --quiet -d ~/.msmtp-password.gpg'",
        "gpg --quiet -d ~/.msmtp-password.gpg",
    ),
    "a function that PHP's host forbids": (
        "PHP Warning: fsockopen() has been disabled for security reasons in /var/www/class.smtp.php on line 234",
        "allow fsockopen()",
    ),
    "PHP without OpenSSL": ("PHPMailer: Extension missing: openssl", "extension=openssl"),
    "a mail without a body": ("Mailer Error: Message body empty", "AllowEmpty"),
    "a mailer that PHPMailer does not know": ("Mailer Error: smpt mailer is not supported.", "isSMTP()"),
    "a mailer that Laravel does not know": (
        "InvalidArgumentException: Mailer [smpt] is not defined.",
        "config/mail.php",
    ),
    "a package that Symfony lacks": (
        'Unable to send emails via "gmail+smtp" as the bridge is not installed; try running "composer require '
        'symfony/google-mailer".',
        "composer require symfony/google-mailer",
    ),
    "a scheme that nobody knows": (
        'UnsupportedSchemeException: The "tls" scheme is not supported; supported schemes are: "smtp".',
        "smtps://",
    ),
    "Java without its mailcap": (
        "UnsupportedDataTypeException: no object DCH for MIME type multipart/mixed",
        "mailcap",
    ),
    "Java without an implementation": ("javax.mail.NoSuchProviderException: No provider for smtp", "angus-mail"),
    "a closed Transport": (
        "java.lang.IllegalStateException: Not connected\n\tat com.sun.mail.smtp.SMTPTransport.checkConnected",
        "connect()",
    ),
    "Python 3.12": ("TypeError: SMTP.starttls() got an unexpected keyword argument 'keyfile'", "4.2.8"),
    "Go without a name for TLS": (
        "tls: either ServerName or InsecureSkipVerify must be specified in the tls.Config (smtp)",
        "ServerName",
    ),
    "Perl without a module": ("Can't locate Net/SMTP/SSL.pm in @INC", "libnet-smtp-ssl-perl"),
    "an old sendEmail": (
        "invalid SSL_version specified at /usr/share/perl5/IO/Socket/SSL.pm line 575.",
        "SSLv23:!SSLv2",
    ),
    "two mails at once": ("SmtpClient: An asynchronous call is already in progress.", "await SendMailAsync"),
    "Erlang without ssl": (
        '{:error, :no_more_hosts, {:permanent_failure, "smtp.example.com", :ssl_not_started}}',
        ":ssl",
    ),
    "a SOCKS proxy": (
        "Error: Socks module not loaded\n    at Mail.getSocket (nodemailer/lib/mailer)",
        "proxy_socks_module",
    ),
    "Keycloak's page": ("Error when trying to send email: Failed to send email. See server.log.", "Caused by:"),
    "Supabase's answer": ('{"code":"unexpected_failure","message":"Error sending confirmation email"}', "Auth logs"),
    "Symfony's failover": (
        "Symfony\\Component\\Mailer\\Exception\\TransportException: All transports failed.",
        "getDebug()",
    ),
    "Moodle's page": ("Error: Test email could not be sent", "debugsmtp"),
    "Nextcloud's page": ("Email could not be sent. Check your mail server log", "mail_smtpdebug"),
    "Drupal's page": (
        "Unable to send email. Contact the site administrator if the problem persists.",
        "Recent log messages",
    ),
    "WordPress's page": (
        "The email could not be sent. Your site may not be correctly configured to send emails.",
        "WP Mail SMTP",
    ),
    "Frappe's queue": ("frappe.exceptions.OutgoingEmailError: Failed to send email", "Error Log"),
    "Ghost's page": ("Please verify your email settings. Failed to send magic link email", "ghost log"),
    "Bamboo's sentence": (
        "** (Bamboo.SMTPAdapter.SMTPError) There was a problem sending the email through SMTP.",
        "`raw`",
    ),
    ".NET's outer sentence": ("System.Net.Mail.SmtpException: Failure sending mail.", "InnerException"),
    "dma without TLS": ("dma: non-encrypted SMTP login is disabled in config, so skipping it.", "SECURETRANSFER"),
    "Oracle's access list": ('ORA-24247: network access denied by access control list (ACL) "SYS.UTL_SMTP"', "ACE"),
    "git send-email": ("Unable to initialize SMTP properly. Check config and use --smtp-debug.", "smtpEncryption"),
    "Android's main thread": (
        "android.os.NetworkOnMainThreadException at com.sun.mail.smtp.SMTPTransport.protocolConnect",
        "background thread",
    ),
    "Home Assistant's warning": (
        "WARNING [homeassistant.components.smtp.notify] SMTPException sending mail: retrying connection",
        "debug: true",
    ),
    "Odoo's test": ("An SMTP exception occurred. Check port number and connection security type.", "Debugging"),
    "nullmailer's sentence": ("nullmailer-send: Sending failed:  Temporary error in sending the message", "journalctl"),
    "a device's page": ("Failed to send test mail. Please check your email notification settings.", "app password"),
}
"""What a text shows → the text, and words of its remedy that fit there."""


@pytest.mark.parametrize("shown", SHOWN)
def test_a_remedy_fits_what_the_text_shows(shown: str) -> None:
    text, words = SHOWN[shown]
    first = explain_text(text)[0]
    assert words in first.remedy, f"{first.ref}: {first.message}"
    assert "{" not in first.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Error: connect ECONNREFUSED 203.0.113.25:587", "203.0.113.25"),
        ("read tcp 10.0.0.8:42386->203.0.113.9:587: i/o timeout (smtp)", "10.0.0.8"),
        ("504 5.5.2 <4f1c2a9e77d3>: Helo command rejected: need fully-qualified hostname", "Thunderbird"),
        (f"{REJECTED}550 5.1.2 <someone@example.com>: Recipient address rejected: Domain not found", "dig MX"),
        ("550 5.1.8 <noreply@app.invalid>: Sender address rejected: Domain not found", "bounce"),
        ("dial tcp: lookup mail.example.com on 127.0.0.11:53: no such host (SMTP)", "smtp.gmail.com"),
        ("Error: connect ECONNREFUSED 127.0.0.1:587\nhost: smtp.gmail.com", "hosting provider"),
        ("stream_socket_client(): unable to connect to smtp.gmail.com:25 (Connection refused)", "listens on that port"),
        (
            "CLIENT -> SERVER: .\nSERVER -> CLIENT: 554 spam\nSMTP Error: data not accepted.\nCLIENT -> SERVER: RSET\n"
            "SERVER -> CLIENT: 250 OK",
            "do not send it again",
        ),
        ("<< 354 Go ahead\n>> .\n<< 250 OK id=1\n>> NOOP\n<< 421 Timeout - closing connection", "arrived"),
        ("554 5.7.1 Client host [203.0.113.9] blocked using zen.spamhaus.org", "a name server of its own"),
        (
            "H=(mail-wm1-f47.google.com) [203.0.113.9] F=<a@gmail.com> rejected RCPT <b@example.com>: listed at "
            "zen.spamhaus.org",
            "a name server of its own",
        ),
        (
            "CLIENT -> SERVER: AUTH LOGIN\nSERVER -> CLIENT: 334 VXNlcm5hbWU6\nCLIENT -> SERVER: <credentials hidden>\n"
            "SERVER -> CLIENT: 535 Incorrect authentication data",
            "empty name",
        ),
        ("550 5.1.1 The email account that you tried to reach does not exist. - gsmtp", "take the domain out"),
        ("Connection timed out, host: mail.example.com, port: 587", "Try port"),
        ("Connection timed out, host: smtp.gmail.com, port: 25", "Try port"),
        (
            "SMTP error from remote mail server after MAIL FROM:<admin@zzz.example>: 550 unroutable sender address",
            "give it a full one",
        ),
        ("Error: Message failed: 550 5.7.1 Unauthorized", "The login needs no change"),
        ("550 5.1.1 copy to sent folder: no such user", "Do not send the mail again"),
        ("smtp.gmail.com: 535 5.7.8 Username and Password not accepted\nsmtp.gmail.com: 535 5.7.8", "decrypted"),
    ],
)
def test_what_the_text_does_not_show_is_not_said(text: str, words: str) -> None:
    assert words not in explain_text(text)[0].message


FAULTY = {
    "smtplib's sender": (
        "smtplib.SMTPSenderRefused: (501, b'5.1.7 Invalid address', 'svc-reports')",
        "The sender's address, “svc-reports”, has no @",
    ),
    "smtplib's recipient": ("{'': (501, b'5.1.3 Invalid address')}", "The recipient's address is empty"),
    "smtplib's recipient, and the server's sender": (
        "{'a@example.org': (504, b'5.5.2 <webmaster@localhost>: Sender address rejected: need fully-qualified "
        "address')}",
        "The sender's address, “webmaster@localhost”, has a domain without a dot. This address is Django's own default",
    ),
    "the command before the reply": (
        "EHLO web\n250 ok\nMAIL FROM: <dev@localhost>\n501 MAIL FROM requires valid email address",
        "“dev@localhost”, has a domain without a dot",
    ),
    "a client's log of commands": (
        "C: MAIL FROM:<app@example.org>\nS: 250 2.1.0 OK\nC: RCPT TO:<team@>\nS: 501 5.1.3 Bad recipient address "
        "syntax",
        "The recipient's address, “team@”, has no domain behind the @",
    ),
    "JavaMail's nested exception": (
        "javax.mail.SendFailedException: Invalid Addresses;\n  nested exception is:\n"
        "\tcom.sun.mail.smtp.SMTPAddressFailedException: 501 <null>: recipient address must contain a domain",
        "“null”, is a program's word for nothing",
    ),
    "JavaMail's parser": (
        "jakarta.mail.internet.AddressException: Missing final '@domain' in string ``info''",
        "The address, “info”, has no @",
    ),
    "Go's parser, and a name that is an address": (
        'error="gomail: could not send email 1: gomail: invalid address \\"a@example.com <a@example.com>\\": mail: '
        'expected single address"',
        "has an address in the place of its name",
    ),
    "PHPMailer's empty sender": (
        "Invalid address: (From):\nand the mails are not sent",
        "The sender's address is empty",
    ),
    "a forwarder's variable": (
        "mx1 postfix/smtp[15]: 37B4: to=<a@example.com>, relay=mx.example.com[203.0.113.9]:25, status=bounced "
        "(host mx.example.com[203.0.113.9] said: 501 5.1.7 Invalid address (in reply to MAIL FROM command))\n"
        "mx1 postsrsd[9]: srs_forward: <b@example.net> rewritten as <SRS0=Oj1Z=YU=example.net=b@$myhostname>",
        "has a variable for its domain",
    ),
    "a short address beside the reply": (
        "The sender became `noreply@localhost`.\nThe server says `504 Sender address rejected: need fully-qualified "
        "address`",
        "“noreply@localhost”, has a domain without a dot",
    ),
    "a user name for a recipient": (
        "SMTPRecipientsRefused: {u'user8': (553, \"5.1.2 We weren't able to find the recipient domain. - gsmtp\")}",
        "“user8”, has no @",
    ),
    "several in one pair of brackets": (
        "553 5.1.3 The recipient address <[a]@example.com,[b]@example.com> is not a valid RFC 5321 address.",
        "is more than one address",
    ),
    "no sender for a look-up": (
        "550 <> Sender Rejected - MAILFROM must be a valid domain.",
        "The sender's address is empty",
    ),
    "Symfony's parser": ('Email "info@@example.com" does not comply with addr-spec of RFC 2822.', "has two @"),
    "Go's parser": ('failed to send mail: failed to parse address "": mail: no address', "The address is empty"),
    "Pear's Mail": (
        "Failed to set sender: www-data [SMTP: Invalid response code received from server (code: 501, response: 5.1.7 "
        "Bad sender address syntax)]",
        "The sender's address, “www-data”",
    ),
    "Exim's relay": (
        "SMTP error from remote mail server after RCPT TO:<root@web01>: 504 5.5.2 <root@web01>: Recipient address "
        "rejected: need fully-qualified address",
        "The recipient's address, “root@web01”",
    ),
}


@pytest.mark.parametrize("shown", FAULTY)
def test_a_refused_address_is_named_with_what_is_wrong_with_it(shown: str) -> None:
    text, words = FAULTY[shown]
    assert words in explain_text(text)[0].cause


@pytest.mark.parametrize(
    "text",
    [
        "501 5.5.4 Syntax: MAIL FROM:<address>",
        "501 Was expecting MAIL arg syntax of FROM:<address>",
        "{'******': (501, b'5.1.3 Bad recipient address syntax')}",
        "smtplib.SMTPSenderRefused: (501, b'5.1.7 Invalid address', '\"App\" <app@example.com>')",
        "SMTPSenderRefused: (501, b'5.1.7 Invalid address', 'Zm9vYmFyc2VjcmV0cGFzc3dvcmQxMjM0NTY3ODk=')",
    ],
)
def test_of_an_address_that_is_in_order_or_unreadable_no_fault_is_told(text: str) -> None:
    said = explain_text(text)[0].message
    assert not [word for word in ("“", "is empty.") if word in said], said


NOT_FOUND = (
    "postfix/smtp[1]: A1: to=<a@{}>, relay=none, status=bounced (Host or domain name not found. Name service error for "
)
NAMES = {
    "a comma": ("dial tcp: lookup smtp.gmail.com, on 127.0.0.11:53: no such host", "ends in a comma"),
    "two names": ("dial tcp: lookup smtp.gmail.com,smtp2.example.net: no such host", "more than one name"),
    "a blank": ("[Error: getaddrinfo ENOTFOUND smtp.gmail.com ]\n  hostname: 'smtp.gmail.com ' }", "a blank"),
    "a scheme": ("Error: getaddrinfo ENOTFOUND smtp://smtp.gmail.com", "scheme in front"),
    "an address": ("dial tcp: lookup smtp@mail.com: no such host", "an @ in it"),
    "a port": ("java.net.UnknownHostException: smtp.acme.io:587", "a port behind it"),
    "a number": ("getaddrinfo ENOTFOUND 1234 1234:465", "a bare number"),
    "a whole name": ("Error: getaddrinfo ENOTFOUND smtp.acme-mail.io", "No name server knows smtp.acme-mail.io:"),
    "a placeholder": ("dial tcp: lookup smtp.example.com on 10.0.0.2:53: no such host", "If it really stands so"),
    "a search domain": (
        "Error: getaddrinfo EAI_AGAIN smtp.gmail.com.default.svc.cluster.local",
        "smtp.gmail.com with the search domain default.svc.cluster.local",
    ),
    "a target without its final dot": (
        "450 4.1.7 Sender address rejected: unverified address: Host or domain name not found. Name service error for "
        "name=mxa.mailgun.org.acme.io type=A: Host not found",
        "mxa.mailgun.org with acme.io behind it",
    ),
    "a slip": (
        NOT_FOUND.format("gmial.com") + "name=gmial.com type=MX: Host not found)",
        "one letter away from gmail.com",
    ),
    "a recipient's domain": (
        NOT_FOUND.format("acme.io") + "name=acme.io type=A: Host not found)",
        "acme.io, the domain of the recipient, does not exist",
    ),
    "a relay or an MX": (
        NOT_FOUND.format("acme.io") + "name=mx.acme-relay.net type=A: Host not found)",
        "mx.acme-relay.net has no address in DNS",
    ),
    "a sender's domain": (
        "450 4.1.8 <a@acme.io>: Sender address rejected: unverified address: Host or domain name not found. Name "
        "service error for name=acme.io type=MX: Host not found",
        "acme.io has neither an MX record",
    ),
}


@pytest.mark.parametrize("shown", NAMES)
def test_a_name_that_was_not_found_is_named_with_what_is_wrong_with_it(shown: str) -> None:
    text, words = NAMES[shown]
    assert words in explain_text(text)[0].cause


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("java.net.UnknownHostException: smtp.gmail.com", "letter by letter"),
        ("Error: getaddrinfo EAI_AGAIN smtp.gmail.com:587", "a port behind it"),
        ("Error: getaddrinfo ENOTFOUND smtp.acme.com.au smtp.acme.com.au:465", "search domain"),
        ("dial tcp: lookup postfix.mail.svc.cluster.local: no such host (smtp)", "search domain"),
        ("dial tcp: lookup smtp.xxxxx.xxx on 10.0.0.2:53: no such host", "knows smtp.xxx"),
        (NOT_FOUND.format("acme.io") + "name=acme.io type=MX: Host not found, try again)", "does not exist in DNS"),
    ],
)
def test_of_a_name_that_is_in_order_no_fault_is_told(text: str, words: str) -> None:
    assert words not in explain_text(text)[0].message


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (
            "`SMTP_SECURITY` is invalid. It needs to be one of: starttls, force_tls or off`",
            "starttls, force_tls or off",
        ),
        ("Error: SMTP_ENCRYPTION must be one of [none, ssl, starttls]", "none, ssl, starttls"),
        (
            "1 validation error for Settings\nMAIL_ENCRYPTION\n  Input should be 'ssl', 'tls' or 'none' [type=enum]",
            "'ssl', 'tls' or 'none'",
        ),
        ("EMAIL_TYPE: Invalid enum value. Expected 'smtp' | 'resend', received 'SMTP'", "'smtp' | 'resend'"),
        (
            'invalid value "yes" for flag -smtp_auth_protocol: must be one of: plain, login, cram-md5, none',
            "plain, login, cram-md5, none",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_no_missing_one(text: str, allowed: str) -> None:
    first = explain_text(text)[0]
    assert first.kind == "value-mangled"
    assert f"none of those that it knows: {allowed}." in first.cause


def test_the_head_of_a_marked_mail_has_one_answer() -> None:
    head = "X-VR-SPAMSTATE: SPAM\nX-Ovh-Spam-Status: SPAM\nX-Ovh-Spam-Reason: vr: SPAM; dkim: disabled\nX-Spam-Tag: YES"
    (only,) = explain_text(head)
    assert only.title == "Mail that was taken, and marked as spam"
    assert not explain_text("X-Spam-Status: No, score=-0.1 required=5.0\nX-Spam-Level: ")


def test_words_lead_over_an_enhanced_code_that_contradicts_them() -> None:
    assert "this message" in explain_text("521 5.2.1 :  AOL will not accept delivery of this message.")[0].cause
    table = explain_text("550 5.1.1 <a@example.com>: Recipient address rejected: [smtp.example.net]:587; from=<b@c.de>")
    assert "transport_maps" in table[0].remedy
    assert "mailbox" in explain_text("550 5.1.1 <a@example.com>: Recipient address rejected: undeliverable")[0].cause


def test_an_ambiguous_login_reply_is_told_with_both_causes() -> None:
    first = explain_text("535 5.7.8 Error: authentication failed: generic failure")[0]
    assert "filled" in first.remedy.split(".")[0]
    assert "not judged" not in first.cause


def test_an_empty_reply_that_dotnet_shows_is_clear_text_to_a_tls_port() -> None:
    said = "Syntax error, command unrecognized. The server response was:"
    assert "587 with EnableSsl" in explain_text(said)[0].remedy
    assert "587 with EnableSsl" not in explain_text(f"{said} bad command 'foo'")[0].remedy


def test_a_placeholder_may_be_what_its_owner_has_put_there_before_showing_it() -> None:
    said = explain_text("553 Relaying disallowed as myemail@example.com")[0].remedy
    assert said.startswith("Set ")
    assert "If myemail@example.com really stands in one of the app's settings" in said
    blotted = "553 5.7.1 <app@example.org>: Sender address rejected: not owned by user me@example.com"
    assert "placeholder" not in explain_text(blotted)[0].message


def test_every_situation_is_of_kinds_that_answers_have() -> None:
    kinds = {item.kind for item in (*default().rules, *default().general)}
    every = [*default().situations]
    assert len(every) >= 200
    assert not {kind for item in every for kind in item.kinds} - kinds


def test_what_a_situation_shows_is_words_wherever_its_sentences_have_a_place_for_it() -> None:
    """A condition of `conditions` says that something is so, and shows nothing."""
    for item in default().situations:
        last = item.when[-1] if item.when else ""
        if any("{shown}" in text for text in (item.cause, item.remedy, item.hint)):
            assert item.told or item.near or last not in CONDITIONS, item


def test_every_function_of_situations_has_a_name_of_its_own_and_a_situation() -> None:
    *own, conditions = functions()
    names = [name for known in own for name in known]
    assert len({*names, *conditions}) == len(names) + len(conditions)
    assert set(names) <= {name for item in default().situations for name in (*item.when, *item.unless)}


def test_a_pattern_has_an_end_and_signs_of_which_one_is_wherever_it_is_found() -> None:
    """Most texts show no sign of a situation, and its pattern then need not even be compiled."""
    for item in default().situations:
        patterns = [pattern for pattern in (item.told, item.near) if pattern]
        assert all(map(is_bounded, patterns)), patterns
        wanted = [signs for pattern in patterns if (signs := signs_of(pattern))]
        if item.signs or wanted:
            assert any(proves(pattern, item.signs) for pattern in patterns), f"{patterns}: signs = {wanted[:1]}"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (
            "550 5.7.1 your IP is blacklisted, see https://bl.example.net/q?ip=203.0.113.9.",
            "at https://bl.example.net/q?ip=203.0.113.9 and",
        ),
        ("554 5.7.1 Client host [203.0.113.9] blocked using zen.example.com", "multirbl.valli.org"),
        ("550 203.0.113.9 is listed in bl.spamcop.net", "at bl.spamcop.net and"),
        ("554 203.0.113.9 - dynamic IP is blacklisted. Contact admin@rx.example.net", "with admin@rx.example.net and"),
    ],
)
def test_the_list_that_a_reply_names_is_named(reply: str, told: str) -> None:
    assert told in explain_text(reply)[0].remedy


def test_a_link_with_something_like_a_key_in_it_is_not_repeated() -> None:
    reply = "550 5.7.1 spam, see https://example.net/?token=hunter2hunter2hunter2"
    assert "hunter2" not in explain_text(reply)[0].remedy


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("webmaster@localhost", "Django's own default"),
        ("wordpress@example.org", "WordPress' own default"),
        ("www-data@web01.example.org", "an account of the machine"),
        ("hello@example.com", "Laravel's default"),
    ],
)
def test_a_sender_that_nobody_has_chosen_is_known(address: str, owner: str) -> None:
    first = explain_text(f"553 5.7.1 <{address}>: Sender address rejected: not owned by user app@example.net")[0]
    assert owner in first.cause


@pytest.mark.parametrize(
    "text",
    [
        "553 5.7.1 <app@example.org>: Sender address rejected: not owned by user wordpress@example.org",
        "550 5.1.1 <wordpress@example.org>: Recipient address rejected: User unknown",
    ],
)
def test_a_login_or_recipient_of_such_a_name_is_not_taken_for_the_sender(text: str) -> None:
    assert "default" not in explain_text(text)[0].cause


@pytest.mark.parametrize(
    "text",
    [
        "535 5.7.8 Error: authentication failed: the server does not permit to send without authentication",
        "SMTP error: the user name is empty\n535 5.7.8 Authentication failed",
    ],
)
def test_a_server_that_wants_a_login_is_not_taken_for_one_that_wants_none(text: str) -> None:
    assert "Switch authentication off" not in explain_text(text)[0].remedy


def test_a_section_of_an_rfc_is_no_status_code() -> None:
    assert "4.1.3" not in explain_text("550 Access denied - Invalid HELO name (See RFC2821 4.1.3)")[0].title
