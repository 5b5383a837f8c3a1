"""Apps that hand nodemailer more than options by name: all of it in a URL, or a login whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from conformance.comparison import Comparison
from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.sandbox.scripted import Script, Stage, reply
from smtpwizard.secret import Secret

pytestmark = [pytest.mark.node]

LIBRARIES = {"langfuse": "nodemailer-9", "postiz": "nodemailer"}
"""The app → the package: 9.0.5 does what 9.0.3 does, and 8.0.5 what 7.0.13 does."""
USER, PASSWORD = "app@example.com", "p#s/w?r d:+%@ü"
CHECKED = Script(username=USER, password=Secret(PASSWORD), login_required=True)
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
OFFERED, REFUSED = Script(starttls=True), Script().but(Stage.STARTTLS, reply("502 5.5.1 no"))

URLS = {
    "a login with every awkward character": (CHECKED, f"smtp://{LOGIN}localhost:PORT"),
    "implicit TLS": (Script(implicit=True), f"smtps://{LOGIN}localhost:PORT"),
    "no login": (Script(mechanisms=()), "smtp://localhost:PORT"),
    "no login where one is wanted": (CHECKED, "smtp://localhost:PORT"),
    "a user alone": (CHECKED, "smtp://app%40example.com@localhost:PORT"),
    "STARTTLS if offered": (OFFERED, f"smtp://{LOGIN}localhost:PORT"),
    "STARTTLS required, not offered": (REFUSED, f"smtp://{LOGIN}localhost:PORT?requireTLS=true"),
    "STARTTLS required in another word": (REFUSED, f"smtp://{LOGIN}localhost:PORT?requireTLS=1"),
    "STARTTLS required in no word": (REFUSED, f"smtp://{LOGIN}localhost:PORT?requireTLS="),
    "STARTTLS not required, in so many words": (REFUSED, f"smtp://{LOGIN}localhost:PORT?requireTLS=false"),
    "STARTTLS ignored": (OFFERED.but(Stage.STARTTLS, reply("502 no")), f"smtp://{LOGIN}localhost:PORT?ignoreTLS=true"),
    "a name for EHLO": (Script(), f"smtp://{LOGIN}localhost:PORT?name=traces.example.com"),
    "secure=true changes nothing": (OFFERED, f"smtp://{LOGIN}localhost:PORT?secure=true"),
    "a certificate unchecked": (Script(implicit=True), f"smtps://{LOGIN}127.0.0.1:PORT?tls.rejectUnauthorized=false"),
    "a path behind it": (CHECKED, f"smtp://{LOGIN}localhost:PORT/"),
    "a scheme in capitals": (CHECKED, f"SMTP://{LOGIN}localhost:PORT"),
}
POSTIZ = {"EMAIL_PROVIDER": "nodemailer", "EMAIL_HOST": "localhost", "EMAIL_FROM_NAME": "Postiz"}
POSTIZ |= {"EMAIL_FROM_ADDRESS": "app@example.com", "EMAIL_SECURE": "false"}
LOGINS = {
    "both": {"EMAIL_USER": USER, "EMAIL_PASS": PASSWORD},
    "none": {},
    "empty ones": {"EMAIL_USER": "", "EMAIL_PASS": ""},
    "a user alone": {"EMAIL_USER": USER},
}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    with Comparison(tmp_path_factory.mktemp("apps"), tuple(LIBRARIES.values())) as made:
        yield made


def compared(app: str, version: str) -> AppProfile:
    profile = shipped(app)
    return profile._replace(client=profile.client._replace(version=version))


@pytest.mark.parametrize("title", URLS)
def test_a_url_reaches_the_client_as_nodemailer_reads_it(comparison: Comparison, title: str) -> None:
    script, url = URLS[title]

    def variables(port: str) -> dict[str, str]:
        return {
            "SMTP_CONNECTION_URL": url.replace("PORT", port),
            "EMAIL_FROM_ADDRESS": "app@example.com",
            "NEXTAUTH_URL": "https://traces.example.com",
        }

    real, ours = comparison.of_app(compared("langfuse", "9.0.5"), "nodemailer-9", script, variables)
    assert ours == real


@pytest.mark.parametrize("mechanisms", [("PLAIN",), ("LOGIN",), ()])
@pytest.mark.parametrize("title", LOGINS)
def test_a_login_that_is_always_handed_over_fails_where_it_is_empty_and_one_is_offered(
    comparison: Comparison, title: str, mechanisms: tuple[str, ...]
) -> None:
    def variables(port: str) -> dict[str, str]:
        return {**POSTIZ, "EMAIL_PORT": port, **LOGINS[title]}

    script = Script(mechanisms=mechanisms)
    real, ours = comparison.of_app(compared("postiz", "8.0.5"), "nodemailer", script, variables)
    assert ours == real
