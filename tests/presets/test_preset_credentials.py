"""The shapes of credentials: right ones pass, the well-known wrong ones are named. All values are made up."""

from __future__ import annotations

import re

import pytest

from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root, provider_files

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
SES = "BIk9z+" + "aB3/" * 9 + "xY"


def verdict(provider_id: str, credential: str) -> str:
    """`right`, `odd`, or the message of the mistake."""
    password = Presets.open().provider(provider_id).password
    value = credential.replace(" ", "") if password.strip_spaces else credential
    for mistake in password.mistakes:
        if re.fullmatch(mistake.pattern, value):
            return mistake.message
    return "right" if not password.pattern or re.fullmatch(password.pattern, value) else "odd"


@pytest.mark.parametrize(
    ("provider_id", "credential"),
    [
        ("gmail", "abcd efgh ijkl mnop"),
        ("gmail", "abcdefghijklmnop"),
        ("google-workspace", "abcd efgh ijkl mnop"),
        ("yahoo", "abcd efgh ijkl mnop"),
        ("icloud", "abcd-efgh-ijkl-mnop"),
        ("sendgrid", "SG." + "a" * 22 + "." + "B" * 43),
        ("amazon-ses", SES),
        ("resend", "re_AbCd1234_efGhIjKlMnOpQrStUv"),
        ("sparkpost", "0123456789abcdef0123456789abcdef01234567"),
        ("mailjet", "0123456789abcdef0123456789abcdef"),
        ("postmark", UUID),
        ("postmark", "secret-of-an-smtp-token"),
        ("scaleway", UUID),
        ("brevo", "xsmtpsib-" + "0a" * 32 + "-AbCdEfGhIjKlMnOp"),
        ("brevo", "an-old-master-password"),
        ("mailgun", "0123456789abcdef0123456789abcdef-01234567-89abcdef"),
        ("qq", "abcdefghijklmnop"),
        ("plunk", "sk_0123456789abcdef"),
        ("azure-communication", "x8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"),
        ("mailersend", "mssp.AbC123.xyz"),
    ],
)
def test_a_right_credential_is_not_doubted(provider_id: str, credential: str) -> None:
    assert verdict(provider_id, credential) == "right"


@pytest.mark.parametrize(
    ("provider_id", "credential", "word"),
    [
        ("brevo", "xkeysib-" + "0a" * 32 + "-AbCdEfGhIjKlMnOp", "API key"),
        ("amazon-ses", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYaa", "IAM secret access key"),
        ("amazon-ses", "AKIAIOSFODNN7EXAMPLE", "access key id"),
        ("sendgrid", "apikey", "user name"),
        ("mailgun", "key-" + "0a" * 16, "API key"),
        ("mandrill", "0a" * 16 + "-us12", "marketing key"),
        ("smtp2go", "api-" + "0A" * 16, "API key"),
        ("mailersend", "mlsn." + "0a" * 32, "API token"),
        ("azure-communication", UUID, "an id"),
        ("scaleway", "SCW0123456789ABCDEFG", "access key"),
        ("plunk", "pk_0123456789abcdef", "public key"),
        ("zeptomail", "Zoho-enczapikey wSsVR60abc==", "Zoho-enczapikey"),
    ],
)
def test_a_well_known_mix_up_is_named(provider_id: str, credential: str, word: str) -> None:
    assert word in verdict(provider_id, credential)


@pytest.mark.parametrize(
    ("provider_id", "credential"), [("gmail", "correct horse"), ("sendgrid", "hunter2"), ("resend", "sk_live_x")]
)
def test_a_credential_of_another_shape_is_doubted(provider_id: str, credential: str) -> None:
    assert verdict(provider_id, credential) == "odd"


def test_a_mistake_is_never_also_a_right_credential_of_its_provider() -> None:
    right = {"amazon-ses": SES, "scaleway": UUID, "plunk": "sk_0123456789abcdef", "sendgrid": "SG." + "a" * 66}
    presets = Presets.open()
    for provider_id, credential in right.items():
        for mistake in presets.provider(provider_id).password.mistakes:
            assert not re.fullmatch(mistake.pattern, credential)


def test_every_pattern_is_told_in_words() -> None:
    for path in provider_files(presets_root()):
        password = Presets.open().provider(path.stem).password
        assert not password.pattern or password.shape, path.stem
