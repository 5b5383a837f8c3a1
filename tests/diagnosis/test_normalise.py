"""A reply made comparable: codes, lines, case and quotes."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.catalogue import PhraseIndex
from smtpwizard.diagnosis.event import LIMIT, bound, plain, reply_words
from smtpwizard.diagnosis.schema import GAP, Phrase


@pytest.mark.parametrize(
    ("text", "code", "enhanced", "words"),
    [
        ("535 5.7.8 Bad Login", 535, {"5.7.8"}, "bad login"),
        ("535-5.7.8 Bad\r\n535 5.7.8  Login", 535, {"5.7.8"}, "bad login"),
        ("535-5.7.8 Bad 535 5.7.8 Login", 535, {"5.7.8"}, "bad login"),
        ("550-5.7.1 One\n550 5.7.26 Two", 550, {"5.7.1", "5.7.26"}, "one two"),
        ("550-One\n550-Two\n550 Three", 550, set(), "one two three"),
        ("550-One 550-Two 550 Three", 550, set(), "one two 550 three"),
        ("535 #5.7.8 Sorry", 535, {"5.7.8"}, "sorry"),
        ("550 Denied; 5.7.60", 550, {"5.7.60"}, "denied; 5.7.60"),
        ("554 5.7.1 <a@10.1.2.3>: no", 554, {"5.7.1"}, "<a@10.1.2.3>: no"),
        ("554 see 10.1.2.3", 554, set(), "see 10.1.2.3"),
        ("no code at all", None, set(), "no code at all"),
        ("535", 535, set(), ""),
        ("", None, set(), ""),
    ],
)
def test_a_reply_is_taken_apart(text: str, code: int | None, enhanced: set[str], words: str) -> None:
    assert reply_words(text) == (code, enhanced, words)


def test_quotes_blanks_and_hyphens_of_the_web_become_plain() -> None:
    assert plain("You’ve\u00a0 “SMTP”\tmulti‑line\n text") == 'you\'ve "smtp" multi-line text'


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    cut = bound("a" * 10_000 + "z")
    assert len(cut) == LIMIT + 1
    assert cut.startswith("aaa")
    assert cut.endswith("z")
    assert bound("short") == "short"


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("relay * denied", "relay access denied", True),
        ("relay * denied", "relay " + "x" * GAP + " denied", False),
        ("relay * denied", "relay one, relay " + "x" * 100 + " denied", True),
        ("relay * denied", "denied relay", False),
        ("a * b * c", "a b a b c", True),
        ("not logged in", "sender: not logged in", True),
        ("not logged in", "not logged", False),
        ("eset", "connection reset", False),
        ("eset", "reset by eset", True),
    ],
)
def test_a_phrase_is_found_with_its_parts_in_order(phrase: str, text: str, found: bool) -> None:
    assert Phrase.parse(phrase).found_in(text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("error: unauthenticated senders not allowe", True),
        ("error: unauthenticated senders not allo", True),
        ("error: unauthenticated senders not", False),
        ("unauthenticated senders not allowe to go on", False),
        ("senders not allowe", False),
    ],
)
def test_a_last_word_may_be_cut_off(text: str, found: bool) -> None:
    phrase = Phrase.parse("unauthenticated senders not allowed")
    assert phrase.found_in(text) is found
    assert bool(PhraseIndex([("list", [phrase])]).found_in(text)) is found


@pytest.mark.parametrize("text", [" * * ", "", "Relay denied"])
def test_a_phrase_has_words_in_lower_case(text: str) -> None:
    with pytest.raises(ValueError, match="lower case words"):
        Phrase.parse(text)
