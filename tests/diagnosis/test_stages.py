"""How far a session had come, as a stack or a reply in the text shows."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.stages import passed

RUBY = "/usr/lib/ruby/gems/net-smtp-0.4.0/lib/net/smtp.rb:"


@pytest.mark.parametrize(
    ("text", "done"),
    [
        (
            f"EOFError: end of file reached\n{RUBY}945:in `recv_response'\n{RUBY}923:in `quit'",
            {"greeting", "ehlo", "quit"},
        ),
        (f"550 no\n{RUBY}1011:in 'Net::SMTP#check_response'\n{RUBY}956:in 'Net::SMTP#data'", {"ehlo", "mail", "rcpt"}),
        ("   at MailKit.Net.Smtp.SmtpClient.SendEhloAsync(Boolean ehlo)", {"connect", "greeting"}),
        ("#2 Swift_Transport_EsmtpTransport->_doMailFromCommand('x')", {"ehlo"}),
        ("temporary problem, SMTPCode: 235, ErrorMessage:", {"ehlo", "auth"}),
    ],
)
def test_a_stack_or_a_success_shows_what_is_done(text: str, done: set[str]) -> None:
    assert done <= passed(text)


@pytest.mark.parametrize(
    "text",
    [
        'Expected response code "235" but got code "535"',
        "Expected response code 354 but got code 550",
        "   at Example.Action.Mail.sendMail(Mail.java:152)",
        "/srv/app/lib/mail/network/delivery_methods/sendmail.rb:64:in `write'",
        "the queue failed with code 2354",
    ],
)
def test_what_was_only_wanted_or_called_by_the_app_is_not_done(text: str) -> None:
    assert passed(text).isdisjoint({"auth", "mail", "rcpt", "quit"})
