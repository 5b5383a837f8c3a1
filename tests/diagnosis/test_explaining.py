"""Steps of a probe and messages that did not arrive: what is said of each, and what is not."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.explain import explain, explain_steps, not_arrived
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.presets.catalogue import Presets
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Reply, Status, Step, StepResult, TlsFacts
from support.apps import ABC

PRESETS = Presets.open()
EHLO = Reply(250, None, "mail.example.com", ("250-mail.example.com", "250-SIZE 1000", "250 AUTH PLAIN LOGIN"))
CLEAR = Settings.from_variables(
    ABC, {"SMTP_PORT": "587", "SMTP_TLS": "false", "SMTP_USERNAME": "a", "SMTP_PASSWORD": "b"}
)


def step(name: Step, status: Status, text: str = "", **fields: object) -> StepResult:
    reply = Reply(int(text[:3]), None, text[4:], (text,)) if text[:3].isdigit() else None
    return StepResult(name, status, text, **({"reply": reply} | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(Step))
def test_every_failed_step_gets_an_answer(name: Step) -> None:
    found = explain(step(name, Status.FAILED, "something that nobody has seen before"))
    assert len(found) == 1
    assert found[0].generic
    assert found[0].ref is None
    assert found[0].title
    assert found[0].remedy
    assert "ref" not in found[0].as_diagnosis()
    assert found[0].as_diagnosis()["generic"] is True


@pytest.mark.parametrize("name", [name for name in Step if name is not Step.LINT])
def test_a_step_that_passed_needs_no_explanation(name: Step) -> None:
    assert explain(step(name, Status.PASSED, "250 2.0.0 Ok")) == ()
    assert explain(step(name, Status.SKIPPED)) == ()


def test_a_generic_answer_restates_the_stage_and_the_kind_of_reply() -> None:
    later = explain(step(Step.AUTH, Status.FAILED, "454 4.3.0 xyzzy"))[0]
    never = explain(step(Step.AUTH, Status.FAILED, "535 xyzzy"))[0]
    assert later.title == "Login not checked (454 4.3.0)"
    assert "password" not in later.remedy
    assert "temporary" in later.cause
    assert "final" in never.cause
    assert "Wait" in later.remedy
    assert "Wait" not in never.remedy


def test_a_generic_answer_repeats_what_the_preset_says_of_the_field() -> None:
    provider = PRESETS.provider("mailgun")
    found = explain(step(Step.AUTH, Status.FAILED, "535 5.7.0 xyzzy"), provider=provider)[0]
    assert found.generic
    assert provider.password.hint.rstrip(".") in found.remedy


def test_a_practice_server_has_no_failures_of_a_provider() -> None:
    found = explain(step(Step.AUTH, Status.FAILED, "535 5.7.8 xyzzy"), provider=PRESETS.provider("practice"))
    assert found[0].generic


def test_the_last_enhanced_code_counts_too() -> None:
    text = "550-5.7.1 something that nobody knows\n550 5.7.26 the rest of it"
    reply = Reply(550, "5.7.1", "…", tuple(text.split("\n")))
    assert explain(StepResult(Step.DATA, Status.FAILED, text, reply=reply))[0].ref == "S36"


def test_success_with_bad_news_is_told() -> None:
    found = explain(step(Step.DATA, Status.PASSED, "254 4.7.1 Suppressing someone@example.org"))
    assert [item.ref for item in found] == ["D5"]


def test_starttls_that_is_missing_in_clear_is_told_and_inside_tls_is_not() -> None:
    hello = StepResult(Step.EHLO, Status.PASSED, "", reply=EHLO)
    assert [item.ref for item in explain(hello, settings=CLEAR)] == ["T4"]
    tls = StepResult(Step.STARTTLS, Status.PASSED, "", tls=TlsFacts("TLSv1.3", "x", verified=True))
    offered = Reply(250, None, "", ("250-mail.example.com", "250 STARTTLS"))
    first = StepResult(Step.EHLO, Status.PASSED, "", reply=offered)
    assert explain_steps([first, tls, hello], settings=CLEAR) == ()
    assert explain_steps([hello], settings=CLEAR)[0].ref == "T4"


def test_a_login_that_was_not_offered_explains_the_refusal_after_it() -> None:
    steps = [
        step(Step.AUTH, Status.WARNED, "the app goes on without it"),
        step(Step.MAIL, Status.FAILED, "530 5.7.0 Authentication required"),
    ]
    assert [item.ref for item in explain_steps(steps, settings=CLEAR)][:2] == ["A42", "A37"]


def test_a_refused_ehlo_is_explained_although_helo_was_taken() -> None:
    refused = "504 5.5.2 <4f1c2a9e77d3>: Helo command rejected: need fully-qualified hostname"
    hello = step(Step.EHLO, Status.WARNED, "250 mail.example.com", detail=(refused,))
    assert [item.ref for item in explain(hello, settings=CLEAR)] == ["E2"]


def test_at_most_three_causes_are_told() -> None:
    words = "relay access denied, mailbox full, user unknown, greylisted"
    for code in (550, 554, 421):
        for name in (Step.RCPT, Step.DATA):
            assert len(explain(step(name, Status.FAILED, f"{code} {words}"))) == 3


def test_a_mail_that_did_not_arrive_leads_to_what_is_likely_then_to_what_is_usual() -> None:
    sender = Settings.from_variables(ABC, {"SMTP_HOST": "smtp.gmail.com", "SMTP_SENDER": "you@gmail.com"})
    found = not_arrived(provider=PRESETS.provider("gmail"), settings=sender, recipient="You@gmail.com")
    assert [item.ref for item in found] == ["D7", "D1", "D2", "D5", "D9"]
    caught = not_arrived(provider=PRESETS.provider("mailpit"))
    assert caught[0].ref == "D4"
    assert [item.ref for item in not_arrived()] == ["D1", "D2", "D5", "D9"]


UNSPOKEN = {
    "a reply behind a client's arrow": ("Response from server: < 530 Authentication required", "login-wanted"),
    "an API's own fault": (
        "[500] Server error: `POST https://api.sendinblue.com/v3/smtp/email` resulted in a `500 Internal Server Error`",
        "server-trouble",
    ),
    "an API out of service": ("POST https://api.resend.com/emails 503 Service Unavailable", "server-trouble"),
    "an API's key": ("Error: 401 Unauthorized from https://api.mailersend.com/v1/email", "provider-key-wanted"),
    "an API's limit": ("https://api.sparkpost.com/api/v1/transmissions returned 429 Too Many Requests", "rate-limited"),
    "an API that reads the request": (
        "Request to https://api.postmarkapp.com/email failed with status code 422",
        "policy-refused",
    ),
    "an app that hides the reason": (
        "Message: Impossible to send message to: someone\nModule: Kernel::System::Ticket::Article::Backend::Email::"
        "ArticleSend Line: 306",
        "client-fault",
    ),
    "an allowance without a code": ("Exception: Service invoked too many times for one day: email.", "daily-quota"),
    "JMAP's From": ('{"notCreated":{"k1":{"type":"forbiddenFrom"}}}', "sender-not-logins"),
    "JMAP's account": ('{"notCreated":{"k1":{"type":"forbiddenToSend"}}}', "account-blocked"),
    "JMAP's recipients": ('{"notCreated":{"k1":{"type": "noRecipients"}}}', "recipient-malformed"),
    "a URL that cannot be read": (
        "ERROR - Unparseable E-Mail URL mailto://smtp_service:25/?from=a@b",
        "host-value-wrong",
    ),
    "an adapter of another library": (
        'mobilizon[5]: Swoosh.Adapters.SMTP.handle_config(%{adapter: Swoosh.Adapters.SMTP, relay: "127.0.0.1"})\n'
        "mobilizon[5]: (bamboo 2.2.0) lib/bamboo/mailer.ex:382: Bamboo.Mailer.handle_adapter_config/1",
        "client-fault",
    ),
    "an empty From in a dialogue": (
        'CLIENT -> SERVER: To: a@example.com\nCLIENT -> SERVER: From: "" \nCLIENT -> SERVER: Subject: Test Email',
        "sender-malformed",
    ),
}


@pytest.mark.parametrize("shown", UNSPOKEN)
def test_a_failure_is_known_though_no_reply_stands_at_the_lines_beginning(shown: str) -> None:
    text, kind = UNSPOKEN[shown]
    assert explain_text(text)[0].kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.acme.io/v1/orders 503 Service Unavailable",
        "POST https://graph.microsoft.com/v1.0/me/events 401 Unauthorized",
        "threshold: < 550 ms, p95: < 500 ms",
        "Exception: Service invoked too many times for one day: urlfetch.",
        "it is impossible to send a message to the queue worker",
        "TypeError: render is not a function\n    at Page (/app/pages/index.js:5:30)",
        'From: ""',
    ],
)
def test_what_is_not_of_mail_stays_unspoken(text: str) -> None:
    assert not explain_text(text)


def test_a_library_that_does_not_fit_is_no_empty_setting() -> None:
    first = explain_text("Failed to send an email: Class 'SmtpClient' has no instance getter 'CryptoUtils'.")[0]
    assert "versions do not fit" in first.cause
    assert "setting" not in first.remedy
