"""Settings that follow a preset to the letter: nothing is held against them but what is really meant."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from smtpwizard.presets.schema import Kind, PasswordType, Provider, ProviderStatus, UsernameRule
from smtpwizard.problems import Severity
from smtpwizard.settings import Settings
from support.apps import ABC
from support.traps import LEFT_OUT, catalogue, judge, of, preset

USABLE = [
    item.id for item in catalogue().all() if item.status is not ProviderStatus.BLOCKED and item.kind is not Kind.CUSTOM
]
KEY_CHARACTERS = string.ascii_letters + string.digits + "+/=_.-"
GUIDE = [item.id for item in catalogue().all() if ABC.guided(item)]


def domain_of(provider: Provider) -> str:
    return provider.mail_domains[0] if provider.mail_domains and provider.kind is Kind.MAILBOX else "acme.dev"


def followed(name: str, password: str, **changed: object) -> tuple[Settings, Provider]:
    """Return the settings of somebody who read the preset and did as it says."""
    provider = preset(name)
    address = f"ops@{domain_of(provider)}"
    users: dict[UsernameRule, object] = {
        UsernameRule.LITERAL: provider.username.value,
        UsernameRule.SAME_AS_PASSWORD: password,
        UsernameRule.EMAIL: address,
        UsernameRule.EMAIL_OPTIONAL: address,
        UsernameRule.NONE: LEFT_OUT,
    }
    given_password = LEFT_OUT if provider.password.type is PasswordType.NONE else password
    user = LEFT_OUT if given_password is LEFT_OUT else users.get(provider.username.rule, "ops")
    return of(name, **{"USERNAME": user, "PASSWORD": given_password, "SENDER": address, **changed})


@pytest.mark.parametrize("name", USABLE)
@hypothesis_settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_following_a_preset_leaves_no_errors_and_no_warnings(name: str, data: st.DataObject) -> None:
    pattern = preset(name).password.pattern or "[A-Za-z0-9]{24}"
    settings, provider = followed(name, data.draw(st.from_regex(pattern, fullmatch=True, alphabet=KEY_CHARACTERS)))
    left = {item.id for item in judge(settings, provider).values() if item.severity is not Severity.INFO}
    assert left <= {"provider-warning"}
    assert ("provider-warning" in left) is (provider.status is ProviderStatus.WARN and provider.kind is not Kind.LOCAL)


@pytest.mark.parametrize("name", GUIDE)
def test_the_guides_values_raise_only_the_links(name: str) -> None:
    passwords = {"gmail": "abcdefghijklmnop", "sendgrid": "SG.abcdefghijklmnopqrstuv.wxyz"}
    settings, provider = followed(name, passwords[name], ADMIN_WEB_URL=LEFT_OUT)
    found = judge(settings, provider)
    assert {item.id for item in found.values() if item.severity is not Severity.INFO} == {"links-localhost"}
    assert set(found) == {"links-localhost", "starttls-fallback"}


def test_the_stricter_port_silences_the_note() -> None:
    settings, gmail = followed("gmail", "abcdefghijklmnop")
    stricter = settings.with_changes(judge(settings, gmail)["starttls-fallback"].changes)
    assert judge(stricter, gmail) == {}
    assert stricter == settings.with_changes(ABC.defaults(gmail, port=465))
