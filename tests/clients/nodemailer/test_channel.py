"""Replies are cut as the app's client cuts them, not as the RFC would; what is kept is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.clients.nodemailer.channel import MAX_PENDING, Overflow, ReplyQueue, decode
from smtpwizard.smtp.results import parse_reply, response_code


def cut(*chunks: bytes) -> list[str | None]:
    queue = ReplyQueue()
    ready = [queue.feed(chunk) for chunk in chunks]
    return [queue.take() for _ in range(len(queue))] if ready[-1] else []


def test_a_reply_in_pieces_is_one_reply() -> None:
    assert cut(b"22", b"0 he", b"llo\r", b"\n") == ["220 hello"]


def test_lines_with_a_hyphen_belong_to_what_follows() -> None:
    assert cut(b"250-a\r\n250-b\r\n250 c\r\n") == ["250-a\n250-b\n250 c"]


def test_a_hyphen_joins_even_a_line_of_another_code_or_none() -> None:
    assert cut(b"250-a\r\nAUTH PLAIN\r\n") == ["250-a\nAUTH PLAIN"]


def test_an_empty_line_is_a_reply() -> None:
    assert cut(b"\r\n220 a\r\n") == ["", "220 a"]


def test_nothing_is_ready_while_the_last_reply_goes_on() -> None:
    queue = ReplyQueue()
    assert not queue.feed(b"220 a\r\n250-b\r\n")
    assert queue.feed(b"250 c\r\n")
    assert (queue.take(), queue.take()) == ("220 a", "250-b\n250 c")


def test_an_incomplete_reply_that_is_taken_is_lost() -> None:
    queue = ReplyQueue()
    queue.feed(b"250-b\r\n")
    assert queue.take() is None
    assert len(queue) == 0


def test_what_follows_the_last_line_end_is_the_rest() -> None:
    queue = ReplyQueue()
    queue.feed(b"250 a\r\n 421 by")
    assert queue.rest == "421 by"


def test_a_line_without_end_is_given_up() -> None:
    queue = ReplyQueue()
    for _ in range(MAX_PENDING // 65536):
        queue.feed(b"x" * 65536)
    with pytest.raises(Overflow):
        queue.feed(b"x")


def test_replies_that_were_taken_no_longer_count() -> None:
    queue = ReplyQueue()
    line = b"250 " + b"x" * 100_000 + b"\r\n"
    for _ in range(MAX_PENDING // len(line) + 10):
        assert queue.feed(line)
        queue.take()


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_how_octets_are_cut_into_chunks_changes_nothing(chunks: list[bytes]) -> None:
    whole, pieces = ReplyQueue(), ReplyQueue()
    whole.feed(b"".join(chunks))
    for chunk in chunks:
        pieces.feed(chunk)
    assert whole.rest == pieces.rest
    assert [whole.take() for _ in range(len(whole))] == [pieces.take() for _ in range(len(pieces))]


def test_utf8_is_read_as_such_and_anything_else_as_latin_1() -> None:
    assert decode("220 Grüße".encode()) == "220 Grüße"
    assert decode("220 Grüße".encode("latin-1")) == "220 Grüße"


@pytest.mark.parametrize(
    ("reply", "code"),
    [("535 no", 535), ("5355", 5355), ("no", None), ("", None), ("000 x", None), (" 535", None), ("9" * 400, None)],
)
def test_the_response_code_is_all_leading_digits(reply: str, code: int | None) -> None:
    assert response_code(reply) == code


def test_a_reply_for_people_has_its_codes_once() -> None:
    shown = parse_reply("534-5.7.9 Application-specific password required.\n534 5.7.9 Learn more", str)
    assert (shown.code, shown.enhanced) == (534, "5.7.9")
    assert shown.text == "Application-specific password required. Learn more"
    assert str(shown) == "534 5.7.9 Application-specific password required. Learn more"


def test_the_last_enhanced_code_counts() -> None:
    assert parse_reply("550-5.7.1 one\n550 5.7.26 two", str).enhanced == "5.7.26"


@pytest.mark.parametrize("text", ["550 1.2.3.4 is blocked", "550 5.7 no", "550 5.7.1.2 no"])
def test_what_only_looks_like_an_enhanced_code_is_none(text: str) -> None:
    assert parse_reply(text, str).enhanced is None


def test_a_reply_for_people_is_bounded_and_safe() -> None:
    shown = parse_reply("\n".join(["250-\x1b[31m" + "x" * 5000] * 500), str)
    assert len(shown.lines) == 64
    assert all(len(line) <= 1000 and "\x1b" not in line for line in shown.lines)
