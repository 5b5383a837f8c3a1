"""Hostile text: whatever is pasted ends in a clear result, quickly, and comes back harmless."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.diagnosis.event import LIMIT, plain, reply_words
from smtpwizard.diagnosis.logs import explain_log, explain_text
from smtpwizard.diagnosis.schema import Phrase
from smtpwizard.problems import Problem
from smtpwizard.secret import hide_secrets
from support.values import examples

SECONDS = 5.0
"""Processor time far above what such a text takes (0.1 s), far below that of a quadratic search: a minute."""

LONG = {
    "one letter": "a" * 125_000,
    "blanks": " " * 125_000,
    "line ends": "\n" * 25_000,
    "a reply without end": "535 " + "authentication failed " * 6_250,
    "endless continuation": "535-5.7.8 and on\n" * 2_500,
    "codes only": "535-5.7.8 " * 12_500,
    "many replies": "\n".join(f"550 {number} xyzzy" for number in range(1_875)),
    "many different errors": "\n".join(f"Error: connect ECONNREFUSED 10.{n % 250}.{n // 250}.1:25" for n in range(750)),
    "dots": "a." * 25_000,
    "colons": ":" * 25_000,
    "hexadecimal": "ab:" * 25_000,
    "quotes": "response: '" + "\\'" * 12_500,
    "pieces": "response: 'a' + " * 6_250,
    "properties": "code: 'EAUTH', " * 6_250,
    "braces": "{\n" * 6_250,
    "frames": "    at x (y:1:1)\n" * 6_250,
    "prefixes": "[Nest] 1  - " * 6_250,
    "escapes": "\x1b[31m" * 12_500,
    "settings": "SMTP_PASSWORD=" * 6_250,
    "tokens": "AUTH PLAIN " * 6_250,
    "addresses": "a://" * 12_500,
    "first part of a phrase": "domain of sender address " * 2_500,
    "zero bytes": "\0" * 62_500,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_hostile_text_ends_quickly(text: str) -> None:
    started = time.thread_time()
    explain_log(text)
    hide_secrets(text[: LIMIT * 10])
    assert time.thread_time() - started < SECONDS


REPLIES = [
    "535",
    "550-",
    "5.7.8",
    "4.7.0",
    "Invalid login: ",
    "relay",
    "denied",
    "gsmtp",
    "ECONNREFUSED",
    "127.0.0.1:587",
]
OBJECTS = ["code: 'EAUTH',", "response: '", "command: 'CONN'", "{", "}", "    at ", "SMTP_TLS=True", "\\n", "'", '"']
AROUND = ["\n", "\r\n", "api-1  | ", "[Nest] 1 - ", "\x1b[31m", "\x1b]8;;x\x07", "[/]", "[@click=app.quit]"]
ODD = ["\0", "\u202e", " * ", "²", "İ"]
WORDS = st.sampled_from([*REPLIES, *OBJECTS, *AROUND, *ODD])
TEXTS = st.one_of(st.text(max_size=300), st.lists(st.one_of(WORDS, st.text(max_size=20)), max_size=40).map(" ".join))


@settings(max_examples=examples(100), deadline=None)
@given(TEXTS)
def test_any_text_is_explained_or_left_alone(text: str) -> None:
    for diagnosis in explain_text(text):
        assert isinstance(diagnosis, Problem)
        assert diagnosis.generic is (diagnosis.ref is None)
        assert 0 <= diagnosis.confidence <= 100
    for item in explain_log(text):
        assert item.diagnoses
        assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e]", item.said)
        assert len(item.said) <= 400


@settings(max_examples=examples(100), deadline=None)
@given(TEXTS)
def test_any_reply_is_taken_apart_into_one_line(text: str) -> None:
    words = reply_words(text)
    assert "\n" not in words.text
    assert "  " not in words.text
    assert all(re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", code) for code in words.enhanced)
    assert plain(plain(text)) == plain(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab *", max_size=12), st.text(alphabet="ab ", max_size=60))
def test_a_phrase_finds_what_its_regular_expression_finds(phrase: str, text: str) -> None:
    if phrase.strip("* "):
        parsed = Phrase.parse(phrase)
        pattern = ".{0,200}?".join(map(re.escape, parsed.parts))
        pattern = rf"(?<![^\W\d_]){pattern}" if pattern[0].isalpha() else pattern
        assert parsed.found_in(text) is bool(re.search(pattern, text))
