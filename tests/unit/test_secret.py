"""A Secret gives its text to nobody who does not ask for it by name, and redaction finds it in every form."""

from __future__ import annotations

import base64
import copy
import html
import json
import logging
import pickle
import quopri
import re
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard import secret
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import MASK, Secret, redact
from smtpwizard.settings import Settings
from support.apps import ABC

WORD = "S3cret-Wörd $1"
USER = "ops@acme.example"

secrets = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=8, max_size=120)
"""Eight characters at least: shorter ones are looked for only where they stand alone."""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def qp(text: str) -> str:
    return quopri.encodestring(text.encode()).decode("ascii")


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda word: b64(word.encode()),
    "base64 without padding": lambda word: b64(word.encode()).rstrip("="),
    "base64 for URLs": lambda word: base64.urlsafe_b64encode(word.encode()).decode("ascii"),
    "AUTH PLAIN": lambda word: b64(f"\0{USER}\0{word}".encode()),
    "AUTH PLAIN as somebody": lambda word: b64(f"{USER}\0{USER}\0{word}".encode()),
    "URL": lambda word: quote(word, safe=""),
    "URL in small letters": lambda word: quote(word, safe="").replace("%C3%B6", "%c3%b6"),
    "form field": quote_plus,
    "quoted-printable": qp,
    "quoted-printable with CRLF": lambda word: qp(word).replace("\n", "\r\n"),
    "hexadecimal": lambda word: word.encode().hex(),
    "hexadecimal in capitals": lambda word: word.encode().hex().upper(),
    "JSON": lambda word: json.dumps(word)[1:-1],
    "JSON as UTF-8": lambda word: json.dumps(word, ensure_ascii=False)[1:-1],
    "HTML": html.escape,
    "repr": lambda word: repr(word)[1:-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_redaction_finds_every_form(form: str) -> None:
    for word in (WORD, 'quo"te\\&<back', "x" * 100 + "ö" * 100):
        encoded = FORMS[form](word)
        assert redact(f"<{encoded}>", [Secret(word)], username=USER) == f"<{MASK}>"


@pytest.mark.parametrize("form", ["plain", "base64", "AUTH PLAIN", "URL", "quoted-printable", "hexadecimal", "JSON"])
@given(word=secrets, before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_form_of_any_secret_is_left(form: str, word: str, before: str, after: str) -> None:
    encoded = FORMS[form](word)
    assert encoded not in redact(before + encoded + after, [Secret(word)], username=USER)


@given(word=secrets, text=st.text(max_size=60))
def test_text_without_the_secret_stays(word: str, text: str) -> None:
    secret = Secret(word)
    if redact(text, [secret]) != text:
        assert any(form(word) in text for form in FORMS.values())


def test_a_short_secret_is_cleared_only_where_it_stands_alone() -> None:
    assert redact("pass abc, not abcdef", [Secret("abc")]) == f"pass {MASK}, not abcdef"
    assert redact("anything", [Secret("")]) == "anything"


def test_several_secrets_are_cleared_the_longest_first() -> None:
    assert redact("long-secret and long", [Secret("long"), Secret("long-secret")]) == f"{MASK} and {MASK}"


def test_the_mask_tells_no_length() -> None:
    assert str(Secret("ab")) == str(Secret("a" * 100)) == f"{Secret('abc')}" == MASK
    assert str(Secret("")) == ""


@given(secrets.map("Ω".__add__))  # so that it is no word of what is printed around it
def test_no_way_of_printing_gives_the_text(word: str) -> None:
    secret = Secret(word)
    settings = Settings(ABC, password=secret)
    finding = Problem.of("id", Severity.INFO, "SMTP_PASSWORD", "message", {"SMTP_PASSWORD": secret})
    printed = [
        repr(secret), str(secret), f"{secret:>30}", f"{secret!s} {secret!r}", repr([secret]), repr({secret: secret}),
        repr(settings), repr(finding), json.dumps(finding.as_finding()), str(settings.masked()),
    ]  # fmt: skip
    for text in printed:
        assert word not in text.replace(MASK, "")


def test_an_exception_or_log_line_does_not_hold_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(WORD)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").warning("login with %s", secret)
    try:
        raise ValueError(secret)
    except ValueError as error:
        told = "".join(traceback.format_exception(error))
    assert WORD not in told + caplog.text
    assert MASK in told
    assert MASK in caplog.text


def test_it_is_not_pickled_and_not_turned_into_json() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(WORD))
    with pytest.raises(TypeError):
        copy.deepcopy(Settings(ABC, password=Secret(WORD)).password)
    with pytest.raises(TypeError):
        json.dumps(Secret(WORD))


def test_secrets_compare_by_their_text_and_with_secrets_only() -> None:
    assert Secret(WORD) == Secret(WORD)
    assert Secret(WORD) != Secret("other")
    assert Secret(WORD) != WORD
    assert len({Secret(WORD), Secret(WORD)}) == 1
    assert (bool(Secret("")), bool(Secret(" ")), len(Secret("ab"))) == (False, True, 2)
    assert Secret(WORD).reveal() == WORD


@given(st.text(st.characters(max_codepoint=0x7F)) | st.text())
def test_what_is_unseen_is_left_out_of_plain_text_as_of_any_other(text: str) -> None:
    assert secret._bare(text) == re.sub(secret._UNSEEN, "", text)


@given(st.text(st.characters(max_codepoint=0x7F)) | st.text())
def test_how_a_text_stands_in_json_is_as_the_library_has_it(text: str) -> None:
    assert {*secret._as_json(text)} == {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
