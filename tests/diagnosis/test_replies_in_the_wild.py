"""Replies that are in no example: known from issues and servers, or made up. None may be explained wrongly.

`None` stands for a generic answer: the catalogue does not know the cause, and must say so.
"""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.logs import explain_text

KNOWN = [
    (
        "535-5.7.8 Username and Password not accepted. Learn more at\r\n535 5.7.8 https://x.example - gsmtp",
        "",
        "A2",
    ),
    ("535 5.7.8 Username and Password not accepted", "", "A2"),
    ("535 5.7.1 Username and Password not accepted 8KkMx", "naver", "A34"),
    ("550 5.7.1 Unable to relay", "", "W8"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied [ABC.eurprd02.prod.outlook.com]", "microsoft365", "S31"),
    ("454 4.7.1 <x@y.example>: Relay access denied", "", "S31"),
    ("550 5.1.1 <noreply@x.example>: Sender address rejected: User unknown in local recipient table", "", "O16"),
    ("550 Sender verify failed", "", "O16"),
    ("550-5.7.1 [192.0.2.4] Messages with multiple addresses in From:\n550 5.7.1 header are not accepted.", "", "S28"),
    ("530-5.7.0 Must issue a STARTTLS command first. For more information, go to\n530 5.7.0  https://x", "", "T3"),
    ("queryA ETIMEOUT smtp.gmail.com", "", "N2"),
    ("535 5.7.0 NEOBHODIM parol prilozheniya https://help.mail.ru/mail/security/protection/external", "mailru", "G12"),
    ("450 4.7.1 Client host rejected: cannot find your hostname", "", "E6"),
    ("550 No Such User Here", "", "S39"),
    ("530 SMTP authentication is required.", "", "A37"),
    ("530 5.7.1 Authentication required", "", "A37"),
    ("535 5.7.3 Authentication unsuccessful", "sendgrid", "A10"),
    ("534-5.7.9 Application-specific password required. https://support.google.com/mail/?p=x", "sendgrid", "A1"),
    ("535 Authentication failed: Bad username / password", "gmail", "A13"),
    ("535 Login Fail. Please enter your authorization code to login.", "resend", "A32"),
    ("550 5.7.60 SMTP; Client does not have permissions to send as this sender [AM.prod.outlook.com]", "", "S23"),
    ("140735:error:1408F10B:SSL routines:ssl3_get_record:wrong version number:s3_pkt.c:827:", "", "T1"),
    ("Error: self signed certificate in certificate chain", "", "T8"),
    ("Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: ", "", "T9"),
    ("Error: connect ECONNREFUSED ::1:587", "", "N3"),
    ("Error: connect ECONNREFUSED 10.1.2.3:25", "", "N4"),
    ("Error: connect ETIMEDOUT 192.0.2.4:465", "microsoft365", "N6"),
    ("535 5.7.8 Error: authentication failed: Invalid user or password! 1732259591-Xh0B", "yandex", "G2"),
    ("550 5.1.8 Access denied, bad outbound sender AS(42004)", "microsoft365", "L20"),
    ("550-5.7.30 DKIM authentication didn't pass. 5.7.30 - gsmtp", "gmail", "S36"),
    ("554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org", "", "B1"),
    ("550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", "microsoft365", None),
    ("535 5.7.0 Invalid login or password", "mailgun", "G1"),
    ("535 Error: authentication failed", "", "G2"),
    ("535 5.7.8 Error: authentication failed", "", "G2"),
    ("535 5.7.8 Authentication credentials invalid", "oracle-email-delivery", "G1"),
    ("535 Authentication failed: account disabled", "", "G11"),
    ("535 5.7.0 (#MBR1212) Incorrect username or password entered.", "", "G1"),
    ("421 4.3.2 Service not available, closing transmission channel", "", "L25"),
    ("421 Timeout - closing connection", "", "L23"),
    ("452 4.3.1 Insufficient system storage", "", "L24"),
    ("451 4.4.1 Error: queue file write error", "", "L24"),
    (
        "552-5.7.0 This message was blocked because of\n552 5.7.0 its content.",
        "",
        None,
    ),
    ("550 5.4.1 Recipient address rejected: Access denied.", "", "R2"),
    ("550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", "", "F17"),
    ("550 Administrative prohibition", "", None),
    ("550 5.7.0 Local Policy Violation", "", "F17"),
    ("501 5.5.4 Invalid argument", "", None),
    ("503 5.5.1 Error: need MAIL command", "", "X5"),
    ("556 5.1.10 RESOLVER.ADR.RecipientNotFound", "", "R1"),
    ("559 9.9.9 Xyzzy", "", None),
    ('Missing credentials for "PLAIN"', "", "W1"),
    ("Connection closed unexpectedly", "", "K3"),
    ("connect EHOSTUNREACH 10.0.0.5:25", "", "K17"),
    ("read ECONNRESET", "", "K3"),
    ("write EPIPE", "", "K3"),
]

NOTHING = [
    "api-1  | [Nest] 1 - 11/22/2026, 7:20:01 AM LOG Mail sent to a@b.example in 250 ms",
    "GET /api/404 404 - 5ms",
    "POST /api/auth/login 401 12ms",
    "Error: connect ECONNREFUSED 127.0.0.1:3306",
    "Error: connect ECONNREFUSED 172.18.0.5:5432",
    "redis: Error: getaddrinfo ENOTFOUND redis",
    "MongoServerSelectionError: connect ECONNREFUSED 10.0.0.1:27017",
    "npm ERR! code ETIMEDOUT",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "HTTP 503 Service Unavailable",
    "AxiosError: Request failed with status code 535",
    "User login failed for bob",
    "[Nest] 1 - ERROR [AuthService] authentication failed for user 5",
    "db-1 | ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)",
    "certificate for example.com renewed",
    "TLS handshake error from 10.0.0.1:4433: EOF",
    "UnauthorizedException: Unauthorized",
    "2026-11-22 535 items processed",
    "220 mx.example.com ESMTP Postfix",
    "235 2.7.0 Authentication successful",
    "221 2.0.0 Bye",
    "354 End data with <CR><LF>.<CR><LF>",
    "hello world",
    "Authorization failed for user 12",
    "authentication to database failed",
    "PermissionError: [Errno 13] Permission denied: '/data/config.yml'",
    'java.lang.NullPointerException: Cannot invoke "String.length()" because "name" is null',
    "sqlalchemy.exc.OperationalError: server closed the connection unexpectedly",
    "jwt: token expired",
    "Login attempts: 3",
    "User quota exceeded: limit reached",
    "queue is full",
    "zip file created",
]

CLOTHED = [
    ("> AUTH XOAUTH2\n< 334\n> dXNlcj1zb21lb25l\n< 501 5.5.2 Cannot Decode response x - gsmtp", "oauth-token"),
    ("> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> c29tZW9uZQ\n< 501 5.5.2 Cannot Decode response x - gsmtp", "value-mangled"),
    ('554 5.0.0 Error: {"Response":{"Id":"1","Error":{"Code":"NotAuthenticatedSender"}}}', "sender-not-verified"),
    ("Could not send message: Server is not accepting SMTP connections.", "greeting-refused"),
    ("failed to send email: dial tcp: lookup smtp.example.com: device or resource busy", "dns-no-answer"),
    ("我在使用邮件发送的功能时报错535", "wrong-password"),
    ("Failed to send some messages ; Negative SMTP reply: 501;", "command-unknown"),
    ("_501 Connection rejected by policy [7.7]_", "policy-refused"),
    ("error sending message in campaign 7: timed out waiting for free conn in pool", "connections-too-many"),
    ("<<< 550 5.2.1 The account is disabled.\n550 5.1.1 <someone@example.com>... User unknown", "recipient-disabled"),
    ("Expected response code 220 but got an empty response; File: /srv/Transport.php (445)", "connection-lost"),
    ("{'someone@localhost': (501, 'Bad address syntax')}", "recipient-malformed"),
    ("**Error message:** `` 421 Mail service temporarily unavailable, please try again later. ``", "server-trouble"),
    (
        "{ message: 'bad response on command \\'rset\\'', smtp: '354 Start mail input; end with <CRLF>' }",
        "command-sequence",
    ),
    ("The client was not authenticated, or it sent in clear text: Must issue a STARTTLS\ncommand first.", "tls-first"),
    ('{"msg":"failed","smtp_code":501,"smtp_enchcode":"5.1.7","smtp_msg":"Invalid sender"}', "sender-malformed"),
    ("reply_code: 535, reply: 'Authentication failed'", "wrong-password"),
    ('{"message":"There are too many connections from your internet address.","code":421}', None),
    ('Expected response code 354 but got code "503"', "command-sequence"),
    ('Expected response code 250 but got code "235", with message "235 2.0.0 OK"', "command-sequence"),
    ('Message in web vault "SMTP 5xx error: permanent error (550)"', "policy-refused"),
    ('SMTP Error (550): Failed to add recipient "a@example.com" (5.7.1 <x>: Relay access denied).', "relay-denied"),
    ("└──550-Requested action not taken: mailbox unavailable", "recipient-unknown"),
    ("errors like “550 Requested action not taken: mailbox unavailable” come back", "recipient-unknown"),
    ("550 用户不存在", "recipient-unknown"),
    ("发送失败：535 认证失败", "wrong-password"),
    ("550 Почтовый ящик не найден", "recipient-unknown"),
    ("550 5.5.0\n\nRequested action not taken: mailbox unavailable", "recipient-unknown"),
    ('I get the error "too many login attempts"\n\nis that a limit of my smtp server?', "login-locked"),
    ("sender@example.com: 550 xyzzy", "policy-refused"),
    ("554 xyzzy in /srv/blacklist/mail.php", "policy-refused"),
    (">> RCPT TO:<a@example.com>  << 550 5.1.1 no such user  !! Expected response code 250", "recipient-unknown"),
    ("RCPT TO:<a@example.com>\n550 relaying denied\nDATA\n503 no valid recipients", "relay-denied"),
    ("{ code: 'ESOCKET', errno: 'ETIMEDOUT', syscall: 'connect', port: 465, command: 'CONN' }", "port-blocked"),
    ("smtpd[9]: 0A: milter-reject: END-OF-MESSAGE: 5.7.1 Spam; proto=ESMTP helo=<x.example.com>", "spam-content"),
    ("Sender address rejected: not logged in (Diagnostic-Code: smtp; 553 5.7.1)", "login-wanted"),
    ("发送邮件就会出现554错误", "policy-refused"),
    ("451 Error getting LDAP results in map", "server-trouble"),
    ("error at after DATA: Relaying disallowed as <sender@example.com>", "sender-not-logins"),
    ("554 blocked, see https://www.spamhaus.org/query/domain/example.com", "sender-domain-blocklisted"),
    ("501 Invalid command or cannot parse to address", "recipient-malformed"),
]
"""A text → the kind of its first cause, None where there is none."""


@pytest.mark.parametrize(("text", "kind"), CLOTHED)
def test_a_reply_is_read_in_every_clothing_and_by_its_own_words(text: str, kind: str | None) -> None:
    found = explain_text(text)
    assert (found[0].kind if found else None) == kind


@pytest.mark.parametrize(("text", "provider", "ref"), KNOWN)
def test_a_reply_of_the_wild_is_recognised_or_answered_generically(text: str, provider: str, ref: str | None) -> None:
    found = explain_text(text, provider=provider or None)
    assert found
    assert found[0].ref == ref
    assert found[0].generic is (ref is None)


@pytest.mark.parametrize("line", NOTHING)
def test_a_line_that_is_no_mail_error_is_left_alone(line: str) -> None:
    assert explain_text(f"the first line\n{line}\nthe last line") == ()
    assert explain_text(line) == ()


@pytest.mark.parametrize(("text", "provider", "ref"), KNOWN)
def test_case_does_not_matter(text: str, provider: str, ref: str | None) -> None:
    for changed in (text.upper(), text.lower()) if text[:3].isdigit() and "routines" not in text else (text,):
        found = explain_text(changed, provider=provider or None)
        assert found[0].ref == ref
