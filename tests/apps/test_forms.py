"""What a form writes, it reads back as the same texts; what people write is taken apart as the apps do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.apps.parse import FORMS
from smtpwizard.apps.schema import Value, holds
from support.values import examples

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
HOST = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?|[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}", fullmatch=True)
PORT = st.integers(1, 65535).map(str)
SCHEME = st.sampled_from(["smtp", "smtps", "submission", "submissions"])
VALUES = {
    "host": HOST, "port": PORT, "security": SCHEME, "username": TEXT, "password": TEXT,
    "client_name": HOST, "require_tls": st.sampled_from(["true", "1"]), "ignore_tls": st.just("true"),
    "starttls": st.just("0"), "verify": st.just("false"), "options": st.just("pool=true&x=%20"),
    "sender": st.builds("{}@{}".format, st.from_regex(r"[a-z+.]{1,6}", fullmatch=True), HOST),
    "url": st.builds("https://{}".format, st.from_regex(r"[a-z]{1,9}(\.[a-z]{2,3})?", fullmatch=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=examples(20), deadline=None)
@given(data=st.data())
def test_what_a_form_writes_it_reads_back(name: str, data: st.DataObject) -> None:
    form = FORMS[name]
    must = {"host", "security"} & set(form.roles) if len(form.roles) > 1 else set(form.roles)
    chosen = data.draw(st.sets(st.sampled_from(form.roles))) | must
    if "password" in chosen:
        chosen.add("username")
    parts = {role: data.draw(VALUES[role]) for role in sorted(chosen)}
    texts = form.write(parts)
    assert len(texts) == form.variables
    assert form.read(texts) == parts


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=examples(20), deadline=None)
@given(st.lists(st.text(max_size=20), min_size=3, max_size=3))
def test_a_form_reads_any_text_and_writes_again_what_means_the_same(name: str, texts: list[str]) -> None:
    form = FORMS[name]
    parts = form.read(texts[: form.variables])
    assert set(parts) <= set(form.roles)
    form.write(parts)


@pytest.mark.parametrize(
    ("form", "texts", "parts"),
    [
        ("host-port", ["mail.acme.dev:587"], {"host": "mail.acme.dev", "port": "587"}),
        ("host-port", ["mail.acme.dev"], {"host": "mail.acme.dev"}),
        ("host-port", ["[2001:db8::1]:25"], {"host": "2001:db8::1", "port": "25"}),
        ("address-url", ["submission://a.dev:587"], {"security": "submission", "host": "a.dev", "port": "587"}),
        (
            "symfony-dsn",
            ["smtp://me%40acme.dev:p%2Fw@mail.acme.dev:587?require_tls=1&max_per_second=2"],
            {
                "security": "smtp", "username": "me@acme.dev", "password": "p/w", "host": "mail.acme.dev",
                "port": "587", "require_tls": "1", "options": "max_per_second=2",
            },
        ),
        ("symfony-dsn", ["native://default"], {"security": "native", "host": "default"}),
        ("symfony-dsn", ["not a url"], {"host": "not a url"}),
        (
            "nodemailer-url",
            ["smtps://u:p@h.dev/?tls.rejectUnauthorized=false"],
            {"security": "smtps", "username": "u", "password": "p", "host": "h.dev", "verify": "false"},
        ),
        ("local-domain", ["noreply", "acme.dev"], {"sender": "noreply@acme.dev"}),
        ("local-domain", ["noreply", None], {"sender": "noreply"}),
        ("bare-host", ["forum.acme.dev"], {"url": "https://forum.acme.dev"}),
        ("host-port-https", ["t.acme.dev", "8080", "false"], {"url": "http://t.acme.dev:8080"}),
    ],
)  # fmt: skip
def test_what_people_write_is_taken_apart(form: str, texts: list[str | None], parts: dict[str, str]) -> None:
    assert FORMS[form].read(texts) == parts


def test_an_address_of_an_app_loses_its_scheme_where_it_is_a_bare_host() -> None:
    assert FORMS["bare-host"].write({"url": "https://forum.acme.dev/"}) == ("forum.acme.dev",)
    assert FORMS["host-port-https"].write({"url": "http://t.acme.dev:9000"}) == ("t.acme.dev", "9000", "false")


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ("on", Value("true", True, "true"), True),
        ("off", Value("", False, ""), True),
        ("off", Value("x", None, "x"), False),
        ("absent", Value(None, None, ""), True),
        ("absent", Value("", None, ""), False),
        ("empty", Value("", None, ""), True),
        ("missing", Value("", None, ""), True),
        ("!missing", Value("x", None, "x"), True),
        ("=tls|ssl", Value("SSL", None, "ssl"), True),
        ("!=465", Value("587", None, "587"), True),
        ("~\\d+", Value("12345", None, "12345"), True),
        ("~\\d+", Value(None, None, ""), False),
    ],
)
def test_a_test_holds_or_does_not(test: str, value: Value, expected: bool) -> None:
    assert holds(test, value) is expected
