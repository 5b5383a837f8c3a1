"""User name, password and sender: what the app ignores, and what the provider will not take."""

from __future__ import annotations

import pytest

from smtpwizard.problems import Severity
from support.traps import LEFT_OUT, judge, make, of, plain, preset

SENDGRID_KEY = "SG.abcdefghijklmnopqrstuv.wxyzABCDEFGHIJ"


def test_half_a_login_is_no_login() -> None:
    found = judge(make(PASSWORD=LEFT_OUT))["password-missing"]
    assert (found.severity, found.variable) == (Severity.WARNING, "SMTP_PASSWORD")
    found = judge(make(USERNAME=""))["username-missing"]
    assert (found.severity, found.variable) == (Severity.WARNING, "SMTP_USERNAME")


def test_half_a_login_is_an_error_where_the_provider_demands_one() -> None:
    settings, sendgrid = of("sendgrid", USERNAME=LEFT_OUT, PASSWORD=SENDGRID_KEY)
    found = judge(settings, sendgrid)["username-missing"]
    assert found.severity is Severity.ERROR
    assert plain(found) == {"SMTP_USERNAME": "apikey"}


def test_no_login_at_all_is_an_error_only_for_providers_that_demand_one() -> None:
    nothing = {"USERNAME": LEFT_OUT, "PASSWORD": LEFT_OUT}
    settings, gmail = of("gmail", **nothing)
    assert judge(settings, gmail)["login-missing"].severity is Severity.ERROR
    assert judge(make(**nothing))["no-login"].severity is Severity.INFO
    for name in ("mailpit", "google-workspace-relay"):
        settings, provider = of(name, **nothing)
        assert not {"login-missing", "no-login"} & set(judge(settings, provider))


def test_one_token_for_both_fields_is_filled_in() -> None:
    settings, postmark = of("postmark", USERNAME=LEFT_OUT, PASSWORD="0a1b2c3d-0000-4000-8000-000000000000")
    found = judge(settings, postmark)["username-missing"]
    assert plain(found) == {"SMTP_USERNAME": "0a1b2c3d-0000-4000-8000-000000000000"}
    assert "0a1b" not in repr(found) + found.label + str(found.as_finding())


@pytest.mark.parametrize(
    ("provider", "user", "word"),
    [
        ("gmail", "abcdefghijklmnop", "you@gmail.com"),
        ("sendgrid", SENDGRID_KEY, "apikey"),
        ("sendgrid", SENDGRID_KEY, "x"),
    ],
)
def test_swapped_user_name_and_password_are_swapped_back(provider: str, user: str, word: str) -> None:
    settings, found_provider = of(provider, USERNAME=user, PASSWORD=word)
    found = judge(settings, found_provider)
    assert plain(found["login-swapped"]) == {"SMTP_USERNAME": word, "SMTP_PASSWORD": user}
    assert user not in str([item.as_finding() for item in found.values()])
    assert not {"password-shape", "password-mistake", "username-not-literal"} & set(found)
    assert "login-swapped" not in judge(settings.with_changes(found["login-swapped"].changes), found_provider)


def test_a_fixed_user_name_is_put_in() -> None:
    settings, sendgrid = of("sendgrid", USERNAME="me@acme.dev", PASSWORD=SENDGRID_KEY)
    assert plain(judge(settings, sendgrid)["username-not-literal"]) == {"SMTP_USERNAME": "apikey"}


def test_a_user_name_without_its_domain_is_completed() -> None:
    settings, gmail = of("gmail", USERNAME="you", PASSWORD="abcdefghijklmnop", SENDER="you@gmail.com")
    assert plain(judge(settings, gmail)["username-not-address"]) == {"SMTP_USERNAME": "you@gmail.com"}
    settings, workspace = of("google-workspace", USERNAME="app", SENDER="app@acme.dev")
    assert plain(judge(settings, workspace)["username-not-address"]) == {"SMTP_USERNAME": "app@acme.dev"}
    settings, workspace = of("google-workspace", USERNAME="other", SENDER="app@acme.dev")
    assert plain(judge(settings, workspace)["username-not-address"]) == {}


def test_an_account_of_another_mailbox_provider_is_told() -> None:
    settings, gmail = of("gmail", USERNAME="you@yahoo.com")
    assert "username-other-provider" in judge(settings, gmail)
    settings, gmail = of("gmail", USERNAME="app@acme.dev")  # a Workspace account at the same host
    assert "username-other-provider" not in judge(settings, gmail)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("Gnail.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("iclod.com", "icloud.com"),
        *((right, "") for right in ("gmail.com", "mail.com", "ymail.com", "gmx.com", "yahoo.co.uk", "protonmail.ch")),
        *((right, "") for right in ("gmail.acme.dev", "acme.dev", "hotmail.de", "outlook.fr")),
    ],
)
def test_a_slip_in_a_large_providers_domain_is_told_and_put_right(domain: str, meant: str) -> None:
    user = f"kim@{domain}"
    settings, provider = of("gmail", USERNAME=user, SENDER=user, PASSWORD="abcdefghijklmnop")
    found = judge(settings, provider)
    right = {"SMTP_USERNAME": f"kim@{meant}", "SMTP_SENDER": f"kim@{meant}"}
    assert plain(found["username-domain-misspelt"]) == right if meant else "username-domain-misspelt" not in found
    assert "sender-domain-misspelt" not in found
    settings, provider = of("gmail", USERNAME="kim@acme.dev", SENDER=user)
    found = judge(settings, provider)
    alone = {"SMTP_SENDER": f"kim@{meant}"}
    assert plain(found["sender-domain-misspelt"]) == alone if meant else "sender-domain-misspelt" not in found


def test_display_blanks_of_an_app_password_are_removed() -> None:
    for text in ("abcd efgh ijkl mnop", "abcd\u00a0efgh\u00a0ijkl\u00a0mnop\n"):
        settings, gmail = of("gmail", USERNAME="you@gmail.com", SENDER="you@gmail.com", PASSWORD=text)
        found = judge(settings, gmail)
        assert plain(found["password-spaces"]) == {"SMTP_PASSWORD": "abcdefghijklmnop"}
        assert not {"password-shape", "password-blanks"} & set(found)


@pytest.mark.parametrize(
    ("text", "id", "right"),
    [
        (" word ", "password-blanks", "word"),
        ("word\r\n", "password-blanks", "word"),
        ("\ufeffword", "password-blanks", "word"),
        ('"word"', "password-quotes", "word"),
        ("‘word’", "password-quotes", "word"),
        ("wo\nrd", "password-invisible", "word"),
        ("wo\u200brd", "password-invisible", "word"),
    ],
)
def test_debris_around_a_password_is_taken_off_unseen(text: str, id: str, right: str) -> None:  # noqa: A002
    found = judge(make(PASSWORD=text))[id]
    assert found.severity is Severity.WARNING
    assert plain(found) == {"SMTP_PASSWORD": right}
    assert "word" not in found.message + found.label + repr(found.changes)


def test_blanks_and_curly_quotes_within_a_password_are_told_and_left() -> None:
    assert judge(make(PASSWORD="wo\u00a0rd"))["password-blank-inside"].changes == {}
    assert judge(make(PASSWORD="wo”rd"))["password-smart-quotes"].changes == {}
    assert judge(make(PASSWORD="two plain words with 'quotes\" in them")) == {}


def test_a_credential_of_another_shape_is_told_with_the_presets_sentence() -> None:
    settings, brevo = of("brevo", USERNAME="me@smtp-brevo.com", PASSWORD="xkeysib-0123456789abcdef")
    found = judge(settings, brevo)["password-mistake"]
    assert found.message == brevo.password.mistakes[0].message
    settings, gmail = of("gmail", USERNAME="you@gmail.com", PASSWORD="hunter2")
    found = judge(settings, gmail)["password-shape"]
    assert gmail.password.shape in found.message
    assert "hunter2" not in found.message


@pytest.mark.parametrize("text", ["your-email-app-password", "changeme", "<password>", "********", "••••••••", "xxxxx"])
def test_a_placeholder_is_recognised(text: str) -> None:
    settings, gmail = of("gmail", USERNAME="you@gmail.com", PASSWORD=text)
    assert "password-placeholder" in judge(settings, gmail)


def test_an_endless_password_is_told() -> None:
    assert "password-long" in judge(make(PASSWORD="x" * 10_000))


@pytest.mark.parametrize(
    ("text", "id", "right"),
    [
        ("Acme <app@acme.dev>", "sender-display-name", "app@acme.dev"),
        ('"Acme" <app@acme.dev>', "sender-display-name", "app@acme.dev"),
        ("mailto:app@acme.dev", "sender-display-name", "app@acme.dev"),
        (" app@acme.dev\n", "sender-blanks", "app@acme.dev"),
        ('"app@acme.dev"', "sender-quotes", "app@acme.dev"),
        ("app@acme.dev.", "sender-display-name", "app@acme.dev"),
    ],
)
def test_a_sender_becomes_a_bare_address(text: str, id: str, right: str) -> None:  # noqa: A002
    found = judge(make(SENDER=text))[id]
    assert found.severity is Severity.WARNING
    assert plain(found) == {"SMTP_SENDER": right}


def test_a_sender_that_is_no_address_is_refused_by_public_servers() -> None:
    assert judge(make(SENDER="noreply"))["sender-not-address"].severity is Severity.ERROR
    assert judge(make(SENDER="noreply", HOST="mailer"))["sender-not-address"].severity is Severity.WARNING
    assert judge(make(SENDER="a@acme.dev, b@acme.dev"))["sender-several"].severity is Severity.ERROR


def test_an_example_domain_is_refused_by_receivers_but_fine_on_a_test_server() -> None:
    assert "sender-example" in judge(make(SENDER="noreply@yourdomain.com"))
    assert "sender-local" in judge(make(SENDER="root@localhost1"))
    for name in ("mailpit", "mailtrap-sandbox"):
        settings, provider = of(name, SENDER="app@example.com")
        assert not [found for found in judge(settings, provider) if found.startswith("sender")]


def test_a_mailbox_sends_as_its_own_account() -> None:
    settings, gmail = of("gmail", USERNAME="you@gmail.com", SENDER="noreply@acme.dev")
    assert plain(judge(settings, gmail)["sender-not-account"]) == {"SMTP_SENDER": "you@gmail.com"}


def test_a_relay_cannot_send_for_a_freemail_domain() -> None:
    settings, sendgrid = of("sendgrid", PASSWORD=SENDGRID_KEY, SENDER="me@gmail.com")
    found = judge(settings, sendgrid)["sender-freemail"]
    assert (found.severity, found.changes) == (Severity.WARNING, {})


def test_a_blocked_provider_is_an_error_and_a_fading_one_a_warning() -> None:
    assert judge(make(), preset("outlook-com"))["provider-blocked"].severity is Severity.ERROR
    assert judge(make(), preset("microsoft365"))["provider-warning"].severity is Severity.WARNING


def test_a_provider_without_password_login_is_blocked_whatever_its_status() -> None:
    oauth_only = preset("gmail")._replace(password_auth=False)
    assert judge(make(), oauth_only)["provider-blocked"].severity is Severity.ERROR
