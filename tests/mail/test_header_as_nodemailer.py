"""From, To and Subject, and the lines of the envelope, are nodemailer's own, octet for octet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpwizard.clients.nodemailer import headers as header
from smtpwizard.clients.nodemailer.dialogue import from_header, normalise
from smtpwizard.clients.nodemailer.headers import AddressError, envelope
from support.mail_client import MailClient
from support.values import examples

pytestmark = pytest.mark.node

ADDRESSES = [
    "ops@acme.example",
    "Ops@ACME.Example",
    "büro@acme.example",
    "ops@bücher.example",
    "büro@Bücher.EXAMPLE",
    "例え@例え.テスト",
    "例え@例え。テスト",
    "👩‍🚀".replace("\u200d", "") + "@acme.example",
    "a+b@acme.example",
    "o'brien{}|~=?^_`#$%&*/!@acme.example",
    "x" * 64 + "@" + "y" * 60 + ".example",
    "ü" * 32 + "@" + ("z" * 50 + ".") * 3 + "example",
    "a@" + "b" * 63 + ".c",
    "σ@ΟΔΟΣ.example",
    "i@İstanbul.example",
]
SUBJECTS = [
    "User feedback Email Verification",
    "User Feedback Invitation",
    'A "quoted" word',
    "Größe",
    "Größe " * 20,
    "確認コード",
    "確認コードをお送りします。" * 6,
    "Ein sehr langer Betreff ohne Umlaute, der mit Sicherheit nicht in eine Zeile von 76 Zeichen passt, oder doch",
    "e" * 200,
    "ends with a blank and ü ",
    "under_score, tab-free; ü = ü?",
    "grin 😀😀😀😀😀😀😀😀😀😀😀😀",
]
NAMES = ["User feedback", "User_feedback 2", "Feedback, Inc.", "Nutzer-Rückmeldung", "フィードバック", "Back\\slash"]
LETTERS = st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd"), max_codepoint=0x9FFF)
ATOMS = st.text(st.one_of(LETTERS, st.sampled_from("!#$%&'*+/=?^_`{|}~-")), min_size=1, max_size=20)
LABELS = st.text(st.one_of(LETTERS, st.just("-")), min_size=1, max_size=20)
TEXT = st.characters(codec="utf-8", min_codepoint=33, max_codepoint=0x9FFF, exclude_categories=("Cc", "Zs", "Cs"))
GENERATED = st.builds(
    lambda atoms, labels: f"{'.'.join(atoms)}@{'.'.join(labels)}",
    st.lists(ATOMS, min_size=1, max_size=3),
    st.lists(LABELS, min_size=1, max_size=4),
)


@pytest.fixture(scope="module")
def client() -> Iterator[MailClient]:
    with MailClient() as made:
        yield made


def agree(client: MailClient, sender: str, to: str) -> None:
    """Compare what the client makes of both addresses with what we make of them."""
    said = client.says(name="User feedback", sender=sender, to=to, subject="Hello", extensions=("SMTPUTF8",))
    ours, theirs = envelope(sender), envelope(to)
    assert header.from_field("User feedback", ours) == said.fields["From"]
    assert header.to_field(theirs) == said.fields["To"]
    # And what the probe says on the wire, which reads the addresses anew.
    assert (from_header(sender), normalise(theirs)) == (ours, theirs)
    extension = "" if (ours + theirs).isascii() else " SMTPUTF8"
    assert said.lines == (f"MAIL FROM:<{ours}>{extension}", f"RCPT TO:<{theirs}>", "DATA")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_written_as_the_client_writes_it(client: MailClient, address: str) -> None:
    agree(client, address, "reader@example.net")
    agree(client, "ops@acme.example", address)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sender=GENERATED, to=GENERATED)
def test_generated_addresses_are_written_as_the_client_writes_them(client: MailClient, sender: str, to: str) -> None:
    try:
        envelope(sender), envelope(to)
    except AddressError:
        return
    agree(client, sender, to)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_is_written_as_the_client_writes_it(client: MailClient, subject: str) -> None:
    said = client.says(name="a", sender="a@b.example", to="c@d.example", subject=subject)
    assert header.subject_field(subject) == said.fields["Subject"]


@settings(max_examples=examples(70), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(TEXT | st.just(" "), min_size=1, max_size=120).filter(str.strip))
def test_generated_subjects_are_written_as_the_client_writes_them(client: MailClient, subject: str) -> None:
    said = client.says(name="a", sender="a@b.example", to="c@d.example", subject=subject)
    assert header.subject_field(subject) == said.fields["Subject"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_written_as_the_client_writes_it(client: MailClient, name: str) -> None:
    escaped = name.replace("\\", "\\\\")
    said = client.says(name=escaped, sender="ops@acme.example", to="c@d.example", subject="Hello")
    assert header.from_field(name, "ops@acme.example") == said.fields["From"]


def test_smtputf8_is_asked_for_only_where_it_is_offered_and_never_8bitmime_or_size(client: MailClient) -> None:
    known = ("SMTPUTF8", "8BITMIME", "SIZE", "PIPELINING")
    for extensions, wanted in ((known, " SMTPUTF8"), (("8BITMIME", "SIZE"), "")):
        said = client.says(
            name="a", sender="büro@acme.example", to="reader@example.net", subject="ü", extensions=extensions
        )
        assert said.lines[0] == f"MAIL FROM:<büro@acme.example>{wanted}"
    said = client.says(name="a", sender="ops@acme.example", to="c@d.example", subject="ü", extensions=known)
    assert said.lines[0] == "MAIL FROM:<ops@acme.example>"
