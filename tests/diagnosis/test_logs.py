"""Mail errors found in logs: told from everything else, grouped as they were printed, each explained once."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.log_entries import clean, records
from smtpwizard.diagnosis.logs import explain_log, explain_text
from smtpwizard.diagnosis.replies import properties
from support.reply_variants import error_dump, error_json, nest_log

GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials abc12345 - gsmtp"
)
DATABASE = """\
Error: connect ECONNREFUSED 172.18.0.2:3306
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect',
  address: '172.18.0.2',
  port: 3306
}"""


@pytest.mark.parametrize(
    ("line", "text", "fresh"),
    [
        ("api-1  | hello", "hello", False),
        ("abc-user-feedback-api-1  | [Nest] 29  - 11/22/2026, 7:20:09 AM   ERROR [Mailer] bad +3ms", "bad", True),
        (
            "\x1b[31mapi-1  |\x1b[0m \x1b[32m[Nest] 29  - \x1b[39m11/22/2026, 7:20:09 AM \x1b[31m  ERROR\x1b[39m bad",
            "bad",
            True,
        ),
        ("2026-11-22T07:20:01.123456789Z bad", "bad", True),
        ("api-1  | 2026-11-22 07:20:01,123 ERROR bad", "bad", True),
        ("Nov 22 07:20:01 web1 app[812]: bad", "bad", True),
        ("[2026-11-22 07:20:01] error: bad", "bad", True),
        ("<** 535 no", "535 no", False),
        ("S: 535 no", "535 no", False),
        ("535 5.7.8 no", "535 5.7.8 no", False),
    ],
)
def test_a_line_loses_what_tools_put_around_it(line: str, text: str, fresh: bool) -> None:
    assert clean(line)[:2] == (text, fresh)


def test_what_the_client_said_is_no_part_of_a_reply() -> None:
    assert clean(" -> AUTH PLAIN AGFwaWtleQBTRy54").client == "AUTH PLAIN AGFwaWtleQBTRy54"
    assert clean("C: EHLO x").client == "EHLO x"
    assert clean("-> owner <owner@example.com> R=local").client == ""


def test_the_properties_of_an_error_are_read_in_every_form() -> None:
    wanted = ("EAUTH", GMAIL, 535, "AUTH PLAIN", None)
    assert properties(error_dump(GMAIL, "auth")) == wanted
    assert properties(error_json(GMAIL, "auth")) == wanted
    assert properties("connect ECONNREFUSED { code: 'ESOCKET', port: 587, command: 'CONN' }").port == 587


def test_an_error_with_stack_and_properties_is_one_entry() -> None:
    found = list(records([*error_dump(GMAIL, "auth").split("\n"), "", "another line"]))
    assert [record.number for record in found] == [1, 13]
    assert found[0].mail
    assert "at SMTPConnection" not in found[0].text


def test_mail_errors_are_found_among_other_lines_and_told_once() -> None:
    log = "\n".join([nest_log(f"Invalid login: {GMAIL}"), DATABASE, error_dump(GMAIL, "auth"), nest_log("all is well")])
    explained = explain_log(log)
    assert [(item.diagnoses[0].ref, item.line, item.times) for item in explained] == [("A2", 2, 2)]
    assert explained[0].said.startswith("535-5.7.8 Username and Password not accepted.")


def test_several_errors_are_told_in_the_order_of_their_lines() -> None:
    log = "\n".join(
        f"api-1  | {line}"
        for text in ("Error: connect ECONNREFUSED 127.0.0.1:587", f"Error: Invalid login: {GMAIL}")
        for line in text.split("\n")
    )
    assert [item.diagnoses[0].ref for item in explain_log(log)] == ["N3", "A2"]
    assert [item.ref for item in explain_text(log)][:2] == ["N3", "A2"]


def test_a_dialogue_is_read_with_the_command_before_the_reply() -> None:
    dialogue = """\
=== Connected to mail.example.com.
<-  220 mail.example.com ESMTP Postfix
 -> EHLO app.example.com
<-  250-mail.example.com
<-  250 AUTH PLAIN LOGIN
 -> AUTH PLAIN AGFwcABzZWNyZXQ=
<-  235 2.7.0 Authentication successful
 -> MAIL FROM:<noreply@example.com>
<** 550 xyzzy
 -> QUIT
<-  221 2.0.0 Bye"""
    (only,) = explain_log(dialogue)
    assert only.diagnoses[0].id == "generic-mail"
    assert only.said == "550 xyzzy"


def test_the_login_methods_of_old_clients_take_nothing_away_from_those_offered() -> None:
    dialogue = """\
250-AUTH LOGIN PLAIN
250-AUTH=LOGIN
250 8BITMIME
> AUTH PLAIN
< 535 Login Fail. Please enter your authorization code"""
    assert explain_text(dialogue)[0].kind == "app-password-wanted"


def test_a_server_that_refuses_and_then_closes_has_told_why() -> None:
    log = 'level=warn msg="smtp: use of closed network connection"\nlevel=error msg="535 5.7.8 xyzzy"'
    assert explain_text(log)[0].id == "generic-auth"


def test_a_log_of_a_day_is_read_in_seconds() -> None:
    line = "api-1  | [Nest] 29  - 11/22/2026, 7:20:01 AM     LOG [HTTP] GET /api/projects/7 200 12ms\n"
    (only,) = explain_log(line * 20_000 + f"api-1  | Invalid login: {GMAIL.splitlines()[0]}\n" + line * 20_000)
    assert only.line == 20_001


def test_an_unknown_reply_in_a_log_is_answered_generically_at_its_stage() -> None:
    (only,) = explain_log(nest_log("Mail command failed: 550 5.9.9 xyzzy"))
    assert (only.diagnoses[0].id, only.diagnoses[0].generic) == ("generic-mail", True)


def test_the_stage_that_was_named_counts() -> None:
    reply = "454 xyzzy"
    assert explain_text(reply, stage="starttls")[0].ref == "T5"
    assert explain_text(reply, stage="auth")[0].generic
    assert explain_text(reply)[0].generic


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Connect to SMTP server\nHost > smtp.example.com\nError, the frobnicator is out", ["generic-no-reason"]),
        ("the frobnicator failed", []),
        ("smtp: 3 messages sent", []),
        ("ERROR [ExceptionsHandler] all is well\n    at SMTPConnection._formatError (nodemailer/index.js:8:1)", []),
    ],
)
def test_a_text_that_tells_of_failing_mail_in_unknown_words_is_not_met_with_silence(text: str, told: list[str]) -> None:
    assert [item.id for item in explain_text(text)] == told


_SMTPLIB = """Mail sending operation failed
Traceback (most recent call last):
  File "/usr/lib64/python2.7/smtplib.py", line 255, in __init__
    (code, msg) = self.connect(host, port)
  File "/usr/lib64/python2.7/smtplib.py", line 315, in {function}
    self.frobnicate()"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SMTP: looking up the host of the mail server failed", "generic-resolve-unsaid"),
        (
            '{"email": "someone@example.com", "errors": {"smtp": "smtp error"}, "port_opened": false}',
            "generic-connect-unsaid",
        ),
        (_SMTPLIB.format(function="_get_socket"), "generic-connect-unsaid"),
        (_SMTPLIB.format(function="starttls"), "generic-tls-unsaid"),
        (_SMTPLIB.format(function="auth_plain"), "generic-auth-unsaid"),
        ("< 220 mail.example.com ESMTP\n> EHLO app.example.com\nError: sending mail failed", "generic-greeting-unsaid"),
        ("< 220 mail.example.com\n> EHLO app\n< 250 mail\n> AUTH LOGIN\nError: smtp is down", "generic-auth-unsaid"),
        ("Error sending e-mail: STARTTLS error", "generic-tls-unsaid"),
        ("Send Email fail! Account or SMTP verification error!", "generic-auth-unsaid"),
        ("L’opération n’a pas pu s’achever. (MCOErrorDomain erreur 31.)", "generic-auth-unsaid"),
        (_SMTPLIB.format(function="mail"), "generic-mail-unsaid"),
        ("Failed to send some messages.\nAll RCPT commands were rejected with this error: S...", "generic-rcpt-unsaid"),
        (_SMTPLIB.format(function="data"), "generic-data-unsaid"),
        ("undeliverable to someone@example.com", "generic-after-unsaid"),
        ("KeyError: 'recipient'\n  in the function send_email", "generic-program-error"),
        (
            "S: 220 mx.example.com\nC: QUIT\nS: 221 2.0.0 Bye\nsmtp: a ConnectionLost exception is raised",
            "generic-left-at-greeting",
        ),
        ("The mail server answered: Temporary local problem - please try later.", "generic-local-problem"),
        (
            'Проверьте настройки.\n554 Error: Post "https://api.telegram.example/send": dial tcp: lookup '
            "api.telegram.example on 192.168.1.1:53: i/o timeout",
            "generic-gateway",
        ),
    ],
)
def test_a_step_that_is_named_without_a_reason_has_an_answer_of_its_own(text: str, told: str) -> None:
    assert explain_text(text)[0].id == told


def test_a_line_of_the_program_that_a_crash_prints_is_no_message() -> None:
    crash = "/app/mail.js:95\n    if (error.errno === 'ENOTFOUND') {\n              ^\nTypeError: nothing to read\n"
    assert "N1" not in [item.ref for item in explain_text(f"smtp: sending\n{crash}")]


def test_the_only_port_that_a_text_names_holds_for_each_of_its_lines() -> None:
    lines = "opening to mail.example.com:465\nEOF: the server has closed the connection unexpectedly, smtp error: EOF"
    assert explain_text(lines)[0].ref == "T2"
    assert explain_text(f"secure: true\n{lines}")[0].ref == "K3"


@pytest.mark.parametrize(
    "text",
    [
        # a program tells what it does, and something else fails
        'level=debug msg="Notifier SMTP client connected successfully"\n'
        'level=debug msg="Notifier SMTP connection is already encrypted, skipping STARTTLS"\n'
        'level=error msg="Failure running the startup check: the system clock is not synchronized"',
        "Error: connect ECONNREFUSED 127.0.0.1:6379",
        "Sending notifications\nERROR    Telegram Error: Timed out.",
        "The channel was not read (telegram):\n451 Unavailable For Legal Reasons\n550 is the number of the chat",
        "WordPress: 4.9.1\nPython Version: 2.7.3\nInstalled Applications: api",
        "bower Request to https://registry.example.org/a failed: getaddrinfo EAI_AGAIN registry.example.org:443",
    ],
)
def test_no_failure_of_mail_is_made_of_anothers_or_of_none(text: str) -> None:
    assert explain_log(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("connecting to server: dial tcp: lookup smtp.example.org: i/o timeout", "dns-no-answer"),
        (
            '{"code": 422, "message": "SMTP Error: Could not connect to SMTP host. Connection timed out"}',
            "port-blocked",
        ),
        (
            '{"msg":"SendMail failed: tls: first record does not look like a TLS handshake","http_code":500}',
            "tls-on-plain-port",
        ),
        (
            "Connection: opened\nSERVER -> CLIENT:\nConnection: closing due to error\nSMTP connect() failed.",
            "connection-lost",
        ),
        (
            "[C] EHLO app.example.com\n> Setting read timeout to: 5 seconds\n"
            "Winsock error[10060]: A connection attempt failed because the connected party did not properly respond",
            "server-trouble",
        ),
        (
            "  278 delivering 1gwq-TX\n  278   == a@example.com R=dnslookup defer (-1): host lookup did not complete",
            "dns-no-answer",
        ),
        ("SMTP: error:140770FC:SSL routines:SSL23_GET_SERVER_HELL", "tls-on-plain-port"),
    ],
)
def test_what_is_said_around_the_cause_does_not_stand_for_it(text: str, kind: str) -> None:
    assert explain_text(text)[0].kind == kind


SESSION = """S: 220 mx.example.com ESMTP
C: EHLO app
S: 250-mx.example.com
S: 250 STARTTLS
C: STARTTLS
S: 220 go ahead
{}C: {}
S: 503 AUTH command used when not advertised"""


def test_an_offer_of_tls_that_was_taken_up_is_not_advised_again() -> None:
    before = explain_text(SESSION.format("", "AUTH PLAIN ***").replace("C: STARTTLS\nS: 220 go ahead\n", ""))[0]
    after = explain_text(SESSION.format("C: EHLO app\nS: 250 SIZE 1\n", "AUTH PLAIN ***"))[0]
    assert before.kind == after.kind == "auth-not-offered"
    assert "encrypted" in after.cause
    assert "encrypted" not in before.cause


def test_a_new_greeting_begins_a_new_session() -> None:
    text = SESSION.format("C: EHLO app\nS: 250 SIZE 1\nC: QUIT\nS: 220 mx.example.com ESMTP\n", "AUTH PLAIN ***")
    assert "encrypted" not in explain_text(text)[0].cause


@pytest.mark.parametrize(
    "text",
    [
        "error: expected 354 after sending DATA, got 250 OK",
        'Expected response code "250" but got code "354", with message "354 go ahead"',
        "SmtpError: expected 250, received 220 mx.example.com",
    ],
)
def test_a_good_reply_to_another_command_is_out_of_step(text: str) -> None:
    assert explain_text(text)[0].kind == "command-sequence"


def test_the_line_that_tells_the_cause_is_quoted_and_numbered() -> None:
    text = "Sending it\nat 10:15\nException in mailer:\n    while sending:\n    getaddrinfo ENOTFOUND smtp.exmpl.com"
    item = explain_log(text)[0]
    assert (item.line, item.said) == (5, "getaddrinfo ENOTFOUND smtp.exmpl.com")


def test_the_same_answer_to_several_lines_is_told_once_and_counted() -> None:
    text = "X-Spam-Status: Yes, score=8\nX-Spam-Flag: YES\nX-Spam-Level: ********\n550 5.7.1 message looks like spam"
    told = [(item.diagnoses[0].kind, item.diagnoses[0].remedy) for item in explain_log(text)]
    assert len(told) == len(set(told))


def test_the_lines_of_one_reply_are_one_reply() -> None:
    text = (
        '{"error":"534 5.7.14 <https://accounts.google.com/signin/continue?sarp=1\n5.7.14 Please log in via your web '
        'browser and\n5.7.14 then try again.\n5.7.14 78754 - gsmtp (utils.sendMail : 1431)"}'
    )
    assert [item.times for item in explain_log(text)] == [1]


def test_what_follows_from_a_refused_command_is_left_out() -> None:
    text = (
        "C: MAIL FROM:<a b>\nS: 501 5.1.7 Bad sender address syntax\nC: RCPT TO:<c@example.com>\nS: 503 5.5.1 need MAIL"
    )
    assert [item.diagnoses[0].kind for item in explain_log(text)] == ["sender-malformed"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Error: Recipient command failed: 550 Invalid email address", "recipient-malformed"),
        ("Timeout connecting to mail-exchanger", "port-blocked"),
        ("said:\n550-X-Host-Lookup-Failed: Reverse DNS lookup does not match\n<relay> 550 (deferred)", "ptr-missing"),
        (
            "Temporary lookup failure\nwarning: connect to mysql server mariadb: Unknown MySQL server host",
            "server-trouble",
        ),
        ("#0 SmtpTransport.php(182): Symfony\\Smtp\\SmtpTransport->doMailFromCommand()", "sender-refused"),
        ("421 4.7.0 [TSS04] Messages from 203.0.113.4 temporarily deferred due to user complaints", "relay-ip-blocked"),
        ("Failed - Unable to connect to SMTP Server - Net::ReadTimeout", "connection-lost"),
        ("Error: getaddrinfo ENOTFOUND smtp-relay.sendinblue.com", "dns-unknown"),
        (
            "Outgoing server (SMTP) error. The server responded:  Server busy, too many connections.",
            "connections-too-many",
        ),
        ('502 Command "AUTH PLAIN AHVzZXIAcGFzcw==" not implemented', "auth-not-offered"),
        ('503, "5.5.1", MAIL first - error', "command-sequence"),
        ("mail is being deferred - connect to imap[192.168.203.2]:2525: Operation timed out", "port-blocked"),
        ("Recipient address rejected: Please try again later!", "greylisted"),
        ("550 5.4.310 no; 451 4.3.0 <a@example.com>: Address lookup failed", "server-trouble"),
        ("450 4.1.0 Please try again in a new SMTP session.", "connections-too-many"),
        ("554 5.6.0 Invalid message content when handling MIME exception. IMC53", "header-not-standard"),
        (
            "A sender (Return-Path, Sender or From) required to send a message\n  mail (2.2.5) lib/mail/network",
            "sender-malformed",
        ),
    ],
)
def test_words_of_a_reply_in_other_clothes(text: str, kind: str) -> None:
    assert explain_text(text)[0].kind == kind


def test_an_apps_own_request_with_an_empty_body_is_no_mail() -> None:
    line = '{"level":"warn","msg":"Error decoding the config","path":"/api/v4/email/test","error":"EOF"}'
    assert explain_text(line) == ()


def test_a_name_that_a_preset_has_is_right_and_the_look_up_at_fault() -> None:
    first = explain_text("Error: getaddrinfo ENOTFOUND smtp-relay.sendinblue.com")[0]
    assert first.id == "known-host-not-found"
    assert explain_text("Error: getaddrinfo ENOTFOUND smtp-relay.sendinblue.con")[0].id != "known-host-not-found"
