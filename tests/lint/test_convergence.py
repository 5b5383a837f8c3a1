"""Repairs never contradict, always change something, take their finding away, and come to rest: for any text at all."""

from __future__ import annotations

from functools import cache, partial

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from smtpwizard.clients.transport import Origin, transport
from smtpwizard.lint.check import findings
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Provider
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from support.apps import ABC, FIELDS, LEGACY
from support.traps import of, plain
from support.values import examples

ROUNDS = 5


@cache
def providers() -> tuple[Provider, ...]:
    return Presets.open().all()


def words(*near: str) -> st.SearchStrategy[str]:
    """Anything at all, and the things that people really write, with debris around them."""
    debris = st.sampled_from(["", " ", "\r\n", '"', "'", "“", "\u00a0", "\u200b", "\ufeff", ",", ";", ".", "/", "<"])
    wrapped = st.builds(lambda left, text, right: left + text + right, debris, st.sampled_from(near), debris)
    return st.one_of(wrapped, st.sampled_from(near), st.text(max_size=24))


# fmt: off
HOSTS = words("smtp.gmail.com", "smtp://smtp.gmail.com:465", "localhost", "127.0.0.1", "mail:587", "imap.gmail.com",
              "you@gmail.com", "bücher.example", "[::1]:25", "https://mail.acme.example/x", "ｓmtp.acme.example",
              "email-smtp.me-south-1.amazonaws.com", "user:word@smtp.acme.example", "pop.imap.acme.example")
PORTS = words("587", "465", "25", "2525", "993", "443", "587abc", "5.87e2", "0x24B", "587.5", "0", "-587", "99999",
              "1e-7", "tcp://x:587", "0587", "５８７", ".9e3", "0" * 5000 + "587", "9" * 5000)
BOOLEANS = words("true", "false", "True", "yes", "0", "starttls", "ssl")
SENDERS = words("you@gmail.com", "Acme <app@acme.example>", "a@b, c@d", "noreply", "x@localhost", "ä@acme.example",
                "app@example.com", "mailto:a@acme.example", "<a@b", "a@b.", "é@gmail.com")
USERS = words("you@gmail.com", "you", "apikey", "SG.abcdefghijklmnopqrstuvwx", "api", "app@yahoo.com",
              "abcd efgh ijkl mnop")
PASSWORDS = words("abcd efgh ijkl mnop", "SG.abcdefghijklmnopqrstuvwx", "apikey", "you@gmail.com", "your-password",
                  "x" * 1001)
CIPHERS = words("TLSv1.2", "TLSv1.3", "HIGH:!aNULL", "TLS_AES_128_GCM_SHA256", "nonsense")
LINKS = words("http://localhost:3000", "https://feedback.acme.example/", "feedback.acme.example", "ftp://x.y",
              "http://[::1]:3000", "https://a.b/?x=1", "//a.b", "http://10.0.0.1/", "localhost:3000")
# fmt: on

VALUES = {
    "SMTP_HOST": HOSTS, "SMTP_PORT": PORTS, "SMTP_SENDER": SENDERS, "SMTP_USERNAME": USERS, "SMTP_PASSWORD": PASSWORDS,
    "SMTP_TLS": BOOLEANS, "SMTP_CIPHER_SPEC": CIPHERS, "SMTP_OPPORTUNISTIC_TLS": BOOLEANS, "ADMIN_WEB_URL": LINKS,
}  # fmt: skip
VARIABLES = st.fixed_dictionaries({}, optional=VALUES | {old: VALUES[right] for old, right in LEGACY.items()})
CASES = st.tuples(
    VARIABLES.map(partial(Settings.from_variables, ABC)),
    st.none() | st.sampled_from(range(200)).map(lambda index: providers()[index % len(providers())]),
    st.sampled_from(Origin),
    st.booleans(),
)
Case = tuple[Settings, Provider | None, Origin, bool]


def judge(case: Case) -> tuple[Problem, ...]:
    settings, provider, origin, in_container = case
    return findings(settings, provider=provider, origin=origin, in_container=in_container)


def repaired(settings: Settings, found: tuple[Problem, ...]) -> Settings:
    changes: dict[str, str | Secret | None] = {}
    for item in found:
        changes |= item.changes
    return settings.with_changes(changes)


@hypothesis_settings(max_examples=examples(60), deadline=None)
@given(CASES)
def test_repairs_applied_together_come_to_rest(case: Case) -> None:
    settings = case[0]
    for _ in range(ROUNDS):
        after = repaired(settings, judge((settings, *case[1:])))
        if after == settings:
            break
        settings = after
    left = judge((settings, *case[1:]))
    assert repaired(settings, left) == settings, [item.id for item in left if item.changes]
    assert not any(item.changes for item in left)


@hypothesis_settings(max_examples=examples(60), deadline=None)
@given(CASES)
def test_each_repair_changes_something_and_ends_its_finding(case: Case) -> None:
    for item in judge(case):
        if item.changes:
            after = case[0].with_changes(item.changes)
            assert after != case[0], item.id
            again = judge((after, *case[1:]))
            assert (item.id, item.variable) not in {(other.id, other.variable) for other in again}, item.id


@hypothesis_settings(max_examples=examples(75), deadline=None)
@given(CASES)
def test_no_two_repairs_set_a_variable_differently(case: Case) -> None:
    decided: dict[str, str | None] = {}
    for item in judge(case):
        for name, value in plain(item).items():
            assert decided.setdefault(name, value) == value, (item.id, name)


def test_a_repair_that_would_contradict_comes_back_once_the_graver_one_is_made() -> None:
    settings, sendgrid = of("sendgrid", USERNAME=" someone", PASSWORD="SG.abcdefghijklmnopqrstuv.wxyz")
    found = {item.id: item for item in judge((settings, sendgrid, Origin.ANSWERS, True))}
    assert plain(found["username-not-literal"]) == {"SMTP_USERNAME": "apikey"}
    assert (found["username-blanks"].changes, found["username-blanks"].label) == ({}, "")


@hypothesis_settings(max_examples=examples(75), deadline=None)
@given(CASES)
def test_findings_are_well_formed(case: Case) -> None:
    found = judge(case)
    order = [list(Severity).index(item.severity) for item in found]
    assert order == sorted(order)
    for item in found:
        assert item.variable in FIELDS or item.variable in LEGACY
        assert bool(item.label) == bool(item.changes), item.id
        assert item.message.endswith((".", ")", "…")) or "http" in item.message, item.message
        assert item.message.isprintable(), item.message
        assert len(item.label) <= 90
    if transport(case[0], origin=case[2]) is None:
        assert any(item.severity is Severity.ERROR for item in found)


@hypothesis_settings(max_examples=examples(60), deadline=None)
@given(CASES, st.text("abcdefgh0123456789", min_size=9, max_size=20).map("S3cret".__add__))
def test_no_message_or_label_holds_the_password(case: Case, secret: str) -> None:
    settings = case[0].with_changes({"SMTP_PASSWORD": secret})
    for item in judge((settings, *case[1:])):
        assert secret not in item.message + item.label + repr(item) + str(item.as_finding())
