"""The questions as data: what is asked for which provider, what counts as an answer, what follows from it."""

from __future__ import annotations

import re

import pytest

from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import CUSTOM, Kind, PasswordType, Provider, UsernameRule
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard.questions import CA_FILE, REGION, Question, answer, begin, clean, missing, questions
from support.apps import ABC, FIELDS

PRESETS = Presets.open()
ALL = PRESETS.all()


def question(provider: Provider | None, variable: str) -> Question:
    """Return one question of a provider."""
    return next(item for item in questions(provider, ABC) if item.id == variable)


def asked(provider: Provider | None) -> list[str]:
    """Return the variables that are asked openly."""
    return [item.id for item in questions(provider, ABC) if not item.advanced]


@pytest.mark.parametrize("provider", ALL, ids=lambda provider: provider.id)
def test_a_preset_asks_each_variable_at_most_once_and_explains_it_and_nothing_required_is_missing(
    provider: Provider,
) -> None:
    found = questions(provider, ABC)
    ids = [item.id for item in found]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {*FIELDS, REGION, CA_FILE}
    assert all(item.label and item.help for item in found)
    assert all(item.placeholder or item.choices for item in found)
    settings = begin(provider, Settings(ABC))
    for item in found:
        if not item.advanced and not item.optional:
            text = {"SMTP_PORT": "587", "SMTP_TLS": "false"}.get(item.id, "you@example.com")
            settings = answer(settings, item, text, provider)
    assert missing(settings, found) == ()
    assert settings.host
    assert settings.port_number
    assert settings.sender


def test_what_the_preset_knows_is_not_asked() -> None:
    assert asked(PRESETS.provider("sendgrid")) == ["SMTP_PASSWORD", "SMTP_SENDER", "ADMIN_WEB_URL"]
    assert asked(PRESETS.provider("mailpit")) == ["SMTP_SENDER", "ADMIN_WEB_URL"]
    assert asked(PRESETS.provider("gmail")) == ["SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_SENDER", "ADMIN_WEB_URL"]
    assert asked(CUSTOM)[:3] == ["SMTP_HOST", "SMTP_PORT", "SMTP_TLS"]
    assert asked(None) == asked(CUSTOM)


def test_a_password_is_called_what_the_provider_calls_it() -> None:
    assert question(PRESETS.provider("gmail"), "SMTP_PASSWORD").label == "App password"
    for provider in ALL:
        if provider.password.type is not PasswordType.NONE and provider.kind is not Kind.CUSTOM:
            assert question(provider, "SMTP_PASSWORD").label == provider.password.label or not provider.password.label


def test_optional_is_only_what_the_provider_leaves_open() -> None:
    gmail = PRESETS.provider("gmail")
    optional = [item.id for item in questions(gmail, ABC) if item.optional and not item.advanced]
    assert optional == ["SMTP_SENDER", "ADMIN_WEB_URL"]
    assert not question(PRESETS.provider("sendgrid"), "SMTP_SENDER").optional


def test_a_format_that_cannot_work_is_said_in_one_short_line() -> None:
    address = question(PRESETS.provider("gmail"), "SMTP_USERNAME")
    assert address.check("notanaddress") == "The account is a whole mail address: name@domain."
    assert address.check("you@gmail.com") is None
    assert question(CUSTOM, "SMTP_USERNAME").check("notanaddress") is None, "a server may have any names"
    authority = next(item for item in questions(CUSTOM, ABC) if item.id == CA_FILE)
    assert authority.check("/nowhere/ca.pem") == "There is no such file."
    assert authority.check(__file__) is None


def test_no_foreign_value_stands_where_a_value_could() -> None:
    for item in (item for provider in (*ALL, CUSTOM) for item in questions(provider, ABC)):
        assert "example" not in item.placeholder.replace("@example.com", ""), item.placeholder
        assert not re.search(r"\w@\w", item.placeholder), item.placeholder


def test_the_sender_follows_the_account_until_it_is_given_itself() -> None:
    gmail = PRESETS.provider("gmail")
    user, sender = question(gmail, "SMTP_USERNAME"), question(gmail, "SMTP_SENDER")
    settings = answer(begin(gmail, Settings(ABC)), user, "a@gmail.com", gmail)
    assert settings.sender == "a@gmail.com"
    assert answer(settings, user, "b@gmail.com", gmail).sender == "b@gmail.com"
    own = answer(settings, sender, "alias@gmail.com", gmail)
    assert answer(own, user, "b@gmail.com", gmail).sender == "alias@gmail.com"
    assert answer(own, sender, "", gmail).sender == "a@gmail.com"


def test_an_account_without_an_at_sign_is_no_sender() -> None:
    gmail = PRESETS.provider("gmail")
    assert answer(begin(gmail, Settings(ABC)), question(gmail, "SMTP_USERNAME"), "ops", gmail).sender is None


def test_a_token_that_is_both_goes_into_user_and_password() -> None:
    postmark = PRESETS.provider("postmark")
    assert postmark.username.rule is UsernameRule.SAME_AS_PASSWORD
    settings = answer(begin(postmark, Settings(ABC)), question(postmark, "SMTP_PASSWORD"), "token-1", postmark)
    assert settings.username == "token-1"
    assert settings.password == Secret("token-1")
    assert "token-1" not in "".join(settings.masked().values())


def test_an_empty_answer_leaves_the_variable_out() -> None:
    item = question(CUSTOM, "SMTP_CIPHER_SPEC")
    assert answer(Settings(ABC, ciphers="X"), item, "  ", CUSTOM).ciphers is None


def test_tls_turns_the_variable_with_it_that_the_guide_writes() -> None:
    gmail = PRESETS.provider("gmail")
    tls = question(gmail, "SMTP_TLS")
    settings = answer(begin(gmail, Settings(ABC)), tls, "true", gmail)
    assert (settings.security, settings.opportunistic) == ("true", "false")
    assert answer(settings, tls, "false", gmail).opportunistic == "true"
    assert answer(Settings(ABC), tls, "true", gmail).opportunistic is None


def test_a_region_changes_the_host_only() -> None:
    amazon = PRESETS.provider("amazon-ses")
    before = begin(amazon, Settings(ABC))
    after = answer(before, question(amazon, REGION), "eu-west-1", amazon)
    assert after == before._replace(host="email-smtp.eu-west-1.amazonaws.com")
    with pytest.raises(KeyError):
        answer(before, question(amazon, REGION), "mars", amazon)


def test_another_provider_gets_neither_user_nor_password_nor_the_accounts_sender() -> None:
    gmail, resend = PRESETS.provider("gmail"), PRESETS.provider("resend")
    before = Settings(ABC, 
        host="smtp.gmail.com", username="a@gmail.com", password=Secret("x" * 16), sender="a@gmail.com",
        url="https://f.example", old_names=(("SMTP_PASS", Secret("old")),),
    )  # fmt: skip
    after = begin(resend, before, previous=gmail)
    assert (after.username, after.password, after.sender) == ("resend", None, None)
    assert after.url == "https://f.example"
    assert after.old_names == before.old_names
    assert begin(CUSTOM, before, previous=gmail).password is None


def test_the_same_provider_again_keeps_every_answer() -> None:
    gmail = PRESETS.provider("gmail")
    before = Settings(
        ABC, host="smtp.gmail.com", port="465", security="true", username="a@gmail.com", password=Secret("x" * 16)
    )
    assert begin(gmail, before, previous=gmail) == before


def test_the_practice_servers_sender_does_not_outlive_it() -> None:
    practice, resend = PRESETS.provider("practice"), PRESETS.provider("resend")
    before = Settings(ABC, host="127.0.0.1", username="practice@example.com", sender="other@example.com")
    assert begin(resend, before, previous=practice).sender is None


def test_a_typed_address_fills_in_account_and_sender_where_they_are_addresses() -> None:
    assert begin(PRESETS.provider("gmail"), Settings(ABC), address="a@gmail.com").username == "a@gmail.com"
    sendgrid = begin(PRESETS.provider("sendgrid"), Settings(ABC), address="a@acme.example")
    assert (sendgrid.username, sendgrid.sender) == ("apikey", "a@acme.example")
    assert begin(CUSTOM, Settings(ABC), address="a@acme.example").sender == "a@acme.example"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("SMTP_HOST", "  mail.example.com ", "mail.example.com"),
        ("SMTP_PASSWORD", " with blanks ", " with blanks "),
        ("SMTP_SENDER", "a@b.example\t", "a@b.example"),
    ],
)
def test_blanks_around_are_no_part_of_an_answer_but_of_a_typed_password(variable: str, text: str, value: str) -> None:
    cleaned, said = clean(question(CUSTOM, variable), text)
    assert cleaned == value
    assert bool(said) is (cleaned != text)


def test_the_groups_of_a_google_app_password_are_for_reading_only() -> None:
    item = question(PRESETS.provider("gmail"), "SMTP_PASSWORD")
    assert clean(item, "abcd efgh ijkl mnop") == ("abcdefghijklmnop", "3 blanks were removed.")


@pytest.mark.parametrize("text", ["0", "65536", "99999", "-1", "5e2", "٢٥", "25 25", "1" * 400])
def test_what_is_no_port_is_told_so(text: str) -> None:
    assert question(CUSTOM, "SMTP_PORT").check(text) == "A port is a number from 1 to 65535."


@pytest.mark.parametrize("text", ["1", "25", "587", "65535"])
def test_a_port_is_taken(text: str) -> None:
    assert question(CUSTOM, "SMTP_PORT").check(text) is None


@pytest.mark.parametrize(("text", "right"), [("a@b.example", True), ("a", False), ("a b@c", False), ("", False)])
def test_a_sender_is_an_address(text: str, right: bool) -> None:
    assert (question(CUSTOM, "SMTP_SENDER").check(text) is None) is right


def test_a_display_name_is_left_to_the_finding_that_repairs_it() -> None:
    assert question(CUSTOM, "SMTP_SENDER").check("Ops <ops@acme.example>") is None


@pytest.mark.parametrize(("text", "right"), [("https://f.example", True), ("f.example", False), ("http://", False)])
def test_the_admin_url_is_a_web_address(text: str, right: bool) -> None:
    assert (question(CUSTOM, "ADMIN_WEB_URL").check(text) is None) is right


def test_no_sentence_about_an_answer_repeats_it() -> None:
    secret = question(PRESETS.provider("gmail"), "SMTP_PASSWORD")
    _, said = clean(secret, "zq 7 zq")
    assert "zq" not in said
