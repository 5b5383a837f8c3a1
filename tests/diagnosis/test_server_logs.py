"""A mail server's own log: what is routine counts for nothing, what a client's visit shows only where somebody asks."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.logs import LogStream, explain_text

HEALTHY = """\
Jun  5 12:09:30 mail postfix/postfix-script[71]: starting the Postfix mail system
Jun  5 12:09:32 mail postfix/postscreen[15215]: CONNECT from [10.0.0.101]:39774 to [10.0.0.109]:25
Jun  5 12:09:38 mail postfix/postscreen[15215]: PASS NEW [10.0.0.101]:39774
Jun  5 12:09:38 mail postfix/smtpd[15218]: connect from app.example.com[10.0.0.101]
Jun  5 12:09:38 mail postfix/smtpd[15218]: Anonymous TLS connection established from app.example.com[10.0.0.101]: TLS
Jun  5 12:09:38 mail postfix/smtpd[15218]: disconnect from app.example.com[10.0.0.101] ehlo=2 starttls=1 quit=1
Jun  5 12:09:38 mail postfix/smtpd[15218]: warning: hostname a.example.com does not resolve to address 10.0.0.101
Jun  5 12:09:38 mail postfix/smtp[15220]: certificate verification failed for mx.example.org[203.0.113.7]:25: untrusted
Jun  5 12:09:38 mail postfix/anvil[1]: statistics: max connection rate 1/60s for (smtp:10.0.0.5) at Nov  1 10:00:00
Jun  5 12:09:38 mail postfix/smtpd[1]: warning: restriction `reject_foo' ignored: no SASL support"""
OTHERS = """\
2024-01-05 10:00:00 1tEXaM-0001Ab-2C <= a@example.com H=app [10.0.0.5] P=esmtpsa X=TLS1.3 A=plain:you S=1024
2024-01-05 10:00:00 1tEXaM-0001Ab-2C => b@example.org R=dns T=remote_smtp H=mx.example.org [203.0.113.7] C="250 OK"
2024-01-05 10:00:00 1tEXaM-0001Ab-2C Completed
2024-01-05 10:00:00 no host name found for IP address 203.0.113.5
2024-01-05 10:00:00 SMTP connection from (app) [10.0.0.5]:49974 lost D=0s
2024-01-05 10:00:00 TLS error on connection from [10.0.0.5] (gnutls_handshake): An unexpected TLS packet was received.
Jan  5 10:00:00 mx sm-mta[12]: x1: to=<b@example.org>, relay=mx.example.org. [203.0.113.7], dsn=2.0.0, stat=Sent (OK)
Jan  5 10:00:00 mx sendmail[123]: x1: app [10.0.0.5] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA
Jan  5 10:00:00 mx smtpd[123]: 08a0 smtp connected address=10.0.0.5 host=app
Jan  5 10:00:00 mx smtpd[123]: 08a0 smtp disconnected reason=quit
Jan  5 10:00:00 mx smtpd[123]: 0000 mta delivery evpid=64 to=<b@example.org> result="Ok" stat="250 Ok"
delivery 4: success: 203.0.113.7_accepted_message./Remote_host_said:_250_ok_1234_qp_55/
Apr 19 12:03:51 mail amavis[1448]: (01448-01) Passed CLEAN {RelayedInbound}, <a@example.com> -> <b@example.org>, Hits: 2
Jan  5 10:00:00 mx dovecot: submission-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=10.0.0.5
Jan  5 10:00:00 mx dovecot: lmtp(b@example.org)<12><abc>: msgid=<x@example.com>: saved mail to INBOX"""
VISITS = [
    ("postfix/smtpd[15218]: lost connection after EHLO from unknown[10.0.0.101]", "connection-lost"),
    ("postfix/smtpd[15218]: lost connection after CONNECT from unknown[10.0.0.101]", "connection-lost"),
    ("postfix/submission/smtpd[15218]: lost connection after STARTTLS from unknown[10.0.0.101]", "connection-lost"),
    ("postfix/smtpd[15218]: timeout after END-OF-MESSAGE from unknown[10.0.0.101]", "idle-timeout"),
    ("postfix/smtpd[15218]: SSL_accept error from unknown[10.0.0.101]: -1", "connection-lost"),
    ("postfix/postscreen[15215]: PREGREET 14 after 0.03 from [10.0.0.101]:39774: EHLO app", "command-sequence"),
]


def kinds_in_a_log(text: str) -> list[str]:
    stream = LogStream()
    seen = [*map(stream.add, text.splitlines()), stream.flush()]
    return [item.explained.diagnoses[0].kind for item in seen if item]


def test_what_a_healthy_server_notes_is_no_failure() -> None:
    assert kinds_in_a_log(HEALTHY) == []
    assert kinds_in_a_log(OTHERS) == []
    assert explain_text(HEALTHY) == ()


@pytest.mark.parametrize(("line", "kind"), VISITS)
def test_how_a_visit_went_is_told_only_to_somebody_who_asks(line: str, kind: str) -> None:
    line = f"Jun  5 12:09:38 mail {line}"
    assert kinds_in_a_log(f"{HEALTHY}\n{line}") == []
    assert explain_text(f"{HEALTHY}\n{line}")[0].kind == kind


def test_what_a_session_had_is_no_sign_of_what_failed() -> None:
    passed = (
        "mail amavis[1448]: (01448-01) Passed CLEAN {Inbound}, <a@example.com> -> <b@example.com>, Queue-ID: 3E\n"
        "mail postfix/smtp[1517]: 3E2B: to=<b@example.com>, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent "
        "(250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 1A60113BF2D)"
    )
    assert [found.kind for found in explain_text(passed)] == ["mail-fine"]
    exim = (
        'H=a.example [203.0.113.4] X=TLS1.3:AES_128_GCM:128 CV=no SNI="mx" F=<a@b.example> rejected RCPT <c@d.example>'
    )
    assert explain_text(f"{exim}: relay not permitted")[0].kind == "relay-denied"
    assert explain_text(f"{exim}: lowest numbered MX record points to local host")[0].kind == "mail-loop"


def test_an_obstacle_that_was_gone_round_does_not_lead() -> None:
    blocked = (
        "connect to mx.example.com[104.47.21.36]:25: Connection timed out\n"
        "connect to mx.example.net[2607:f8b0:4024:c02::1b]:25: Cannot assign requested address"
    )
    assert explain_text(blocked)[0].kind == "port-blocked"
    refused = "recipient domain <a.example> rejected: 521 Service not available\nError: write ECONNRESET"
    assert explain_text(refused)[0].kind == "greeting-refused"


def test_a_visit_gives_way_to_whatever_else_is_told() -> None:
    refused = (
        "Jun  5 12:09:38 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[10.0.0.5]: 554 5.7.1 Relay access denied"
    )
    left = "Jun  5 12:09:38 mail postfix/smtpd[1]: lost connection after RCPT from a[10.0.0.5]"
    assert explain_text(f"{refused}\n{left}")[0].kind in ("login-wanted", "relay-denied")


@pytest.mark.parametrize("word", ["fatal", "panic"])
def test_a_program_that_stops_is_the_servers_trouble_whatever_its_words_are(word: str) -> None:
    for words in ("open smtpd_tls_foo: No such file", "host smtp.example.com: Name or service not known"):
        line = f"Feb 22 23:17:39 mail postfix/smtpd[4194]: {word}: {words}"
        assert kinds_in_a_log(line) == [found.kind for found in explain_text(line)[:1]] == ["server-trouble"]


@pytest.mark.parametrize(
    "text",
    [
        "220 mx.example.com ESMTP\nEHLO app\n250 mx.example.com\n354 go on\n.\n250 2.0.0 Ok: queued as F21133DA3\nQUIT",
        "It says 250 Ok: queued as nhIMmON9SFOPcT0ii4nt2A and the mail never arrived.",
        "postfix/smtp[12]: 4F1: to=<a@example.com>, relay=mx.example.com[192.0.2.4]:25, status=sent (250 2.0.0 OK)",
        "response: '250 2.6.0 <1@example.com> [InternalId=1, Hostname=a.example.com] Queued mail for delivery'",
        "response: '250 2.0.0 OK  1732259591 ffacd0b85a97d-382 - gsmtp'",
        "250 OK id=1tEXaM-0001Ab-2C",
        '{"event":"delivered","response":"250 OK","email":"b@example.org"}',
        "C: DATA\nS: 354 go ahead\nC: .\nS: 250 thanks, done\nC: QUIT\nS: 221 bye",
    ],
)
def test_a_message_that_was_taken_is_no_failure_and_leads_to_the_servers_log(text: str) -> None:
    assert [found.kind for found in explain_text(text)] == ["mail-fine"]
    assert kinds_in_a_log(text) == []


def test_a_dialogue_without_a_refusal_is_read_by_its_course() -> None:
    dialogue = "220 mx.example.com ESMTP\nEHLO app\n250 STARTTLS\nSTARTTLS\n220 Ready to start TLS\nQUIT"
    assert [found.id for found in explain_text(dialogue)] == ["client-left-in-tls"]
    assert explain_text(dialogue.replace("QUIT", "EHLO app\n250 AUTH PLAIN\nQUIT\n221 Bye")) == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (
            "2024-01-05 10:00:00 1tEXaM-0001Ab-2C ** b@nowhere.example: Unrouteable address",
            "recipient-domain-unroutable",
        ),
        ("delivery 4: failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/", "recipient-unknown"),
        ("delivery 4: deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/", "port-blocked"),
        (
            "Jan  5 10:00:00 mx sm-mta[1]: SYSERR(root): cannot bind: Address already in use",
            "server-trouble",
        ),
        (
            "Jan  5 10:00:00 mx dovecot: lmtp(b)<12><abc>: Error: Failed to autocreate INBOX: Permission denied",
            "server-trouble",
        ),
        (
            "Jan  5 10:00:00 mx dovecot: auth: Error: Could not connect to mysql(db): Can't connect",
            "login-server-trouble",
        ),
        (
            "postfix/lmtp[1]: 4A1B: dsn=4.4.1, status=deferred (connect to d[172.18.0.3]:24: Connection refused)",
            "connection-refused",
        ),
    ],
)
def test_what_a_server_cannot_do_is_told_to_whoever_asks(line: str, kind: str) -> None:
    assert explain_text(line)[0].kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Untrusted TLS connection established to mx.example.com[203.0.113.5]:25", "mail-fine"),
        (
            "SMTP-login failed\nS: 250-STARTTLS\nS: 250 AUTH LOGIN\nC: STARTTLS\nS: 220 Ready to start TLS\n"
            "C: EHLO app\nS: 250-SIZE 1000\nS: 250 AUTH LOGIN\nC: QUIT\nS: 221 goodbye",
            "mechanism-mismatch",
        ),
        ("postfix/smtpd[7]: lost connection after UNKNOWN from app[10.0.0.5]", "tls-on-plain-port"),
    ],
)
def test_what_a_server_notes_is_read_by_what_it_shows(text: str, kind: str) -> None:
    assert explain_text(text)[0].kind == kind


def test_a_web_page_that_was_not_reached_is_no_mail() -> None:
    assert (
        explain_text("Get resource from http://mail.example.com/home: Connection refused (cause: ConnectException)")
        == ()
    )


@pytest.mark.parametrize(
    ("more", "told"),
    [("", "generic-ehlo-offers-nothing"), ("< 250-AUTH PLAIN LOGIN\n", ""), ("< 250-STARTTLS\n", "")],
)
def test_a_reply_to_ehlo_that_offers_nothing_is_told(more: str, told: str) -> None:
    text = f"> EHLO app.example.com\n< 250-mail.example.com\n{more}< 250-PIPELINING\n< 250-SIZE 31457280\n< 250 DSN"
    assert [problem.id for problem in explain_text(text)] == ([told] if told else [])


REFUSED = (
    "Mar  3 01:33:30 mail postfix/smtpd[2430]: NOQUEUE: reject: RCPT from {}: 554 5.7.1 <b@example.org>: Relay access "
    "denied; from=<{}> to=<b@example.org> proto=ESMTP helo=<x>"
)
EXIM = "2024-01-05 10:00:00 H={} F=<{}> rejected RCPT <b@example.org>: relay not permitted"


@pytest.mark.parametrize(
    ("client", "sender"),
    [
        ("mail-wg0-f44.google.com[192.0.2.4]", "a@gmail.com"),
        ("mail-eopbgr10.outbound.protection.outlook.com[192.0.2.4]", "a@example.com"),
        ("a192-79.smtp-out.amazonses.com[192.0.2.4]", "bounce@eu.amazonses.com"),
        ("o1.ptr123.sendgrid.net[192.0.2.4]", "a@example.com"),
        ("mx.example.net[192.0.2.4]", ""),
    ],
)
def test_another_servers_mail_that_is_not_relayed_lacks_its_domain(client: str, sender: str) -> None:
    for line in (REFUSED, EXIM):
        first = explain_text(line.format(client.replace("[", " [") if line is EXIM else client, sender))[0]
        assert first.kind == "relay-denied"
        assert "add example.org to its own domains" in first.remedy
        assert ("Exim: local_domains" in first.remedy) == (line is EXIM)
        assert ("Postfix: mydestination" in first.remedy) == (line is REFUSED)


@pytest.mark.parametrize(
    "client", ["unknown[172.19.0.3]", "localhost[::1]", "app.lan[192.168.1.7]", "localhost[127.0.0.1]"]
)
def test_a_client_of_ones_own_that_is_not_relayed_for_logs_in_or_is_trusted(client: str) -> None:
    first = explain_text(REFUSED.format(client, "app@example.com"))[0]
    assert "log in" in first.remedy
    assert "Postfix: mynetworks" in first.remedy
    assert "own domains" not in first.remedy


def test_a_client_that_may_be_anybodys_gets_both() -> None:
    for line, client, words in (
        (REFUSED, "host.example.net[198.51.100.7]", "mynetworks"),
        (EXIM, "host.example.net [198.51.100.7]", "relay_from_hosts"),
    ):
        remedy = explain_text(line.format(client, "a@example.com"))[0].remedy
        assert "add the domain to its own" in remedy
        assert words in remedy


def test_exchange_gets_no_unix_command() -> None:
    told = explain_text("452 4.3.1 Insufficient system resources (UsedDiskSpace[D:\\Exchange\\Queue])")[0]
    assert "df -h" not in told.remedy
    assert "15004" in told.remedy
    assert "df -h" in explain_text("452 4.3.1 Insufficient system storage")[0].remedy


def test_exims_own_limit_of_a_line_is_exims_to_raise() -> None:
    line = (
        "2024-01-05 10:00:00 1tEXaM-0001Ab-2C ** a@example.com R=dnslookup T=remote_smtp: message has lines too long "
        "for transport"
    )
    assert "message_linelength_limit" in explain_text(line)[0].remedy


def test_a_relays_name_for_a_refusal_is_a_table_of_the_servers_own() -> None:
    line = REFUSED.format("localhost[127.0.0.1]", "a@example.com").replace(
        "554 5.7.1 <b@example.org>: Relay access denied",
        "550 5.1.1 <b@example.org>: Recipient address rejected: [smtp.example.net]:587",
    )
    first = explain_text(line)[0]
    assert "transport_maps" in first.remedy
    assert "smtp.example.net" in first.remedy


def test_exims_log_gets_exims_words_and_postfixs_its_own() -> None:
    listed = "554 5.7.1 Service unavailable; Client host [192.0.2.4] blocked using zen.spamhaus.org"
    exim = "2024-01-05 10:00:00 H=(mx.example.net) [192.0.2.4] F=<a@example.net> rejected RCPT <b@example.org>: "
    postfix = "Mar  3 01:33:30 mail postfix/smtpd[24]: NOQUEUE: reject: RCPT from mx.example.net[192.0.2.4]: "
    for line, own, other in ((f"{exim}{listed}", "Exim", "Postfix"), (f"{postfix}{listed}", "Postfix", "Exim")):
        remedy = explain_text(line)[0].remedy
        assert own in remedy
        assert other not in remedy
    defer = (
        "2024-01-05 10:00:00 1tEXaM-0001Ab-2C ** a@example.org R=smarthost T=remote_smtp H=mx.example.net [192.0.2.4]: "
    )
    remedy = explain_text(f"{defer}SMTP error from remote mail server after EHLO mail: 504 5.5.2 <mail>: Helo rejected")
    assert "primary_hostname" in remedy[0].remedy
