"""IMAP's words: responses, literals, quoting, modified UTF-7; and which folders are chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.mailbox.imap import (
    MOST,
    Folder,
    ImapSyntaxError,
    Listed,
    Response,
    _moment,
    choose,
    folder_word,
    from_utf7,
    listed,
    literal_ahead,
    pairs,
    parse,
    quoted,
    to_utf7,
    values,
)
from smtpwizard.mailbox.model import Place

MARK = b'* LIST (\\HasNoChildren \\Junk) "/" {9}'


def test_responses_of_every_kind_are_taken_apart() -> None:
    status = parse([b'W1 NO [AUTHENTICATIONFAILED] Authentication failed (".'])
    assert status == Response("W1", "NO", code="AUTHENTICATIONFAILED", text='Authentication failed (".')
    assert parse([b"* ok ready ["]) == Response("*", "OK", text="ready [")
    assert parse([b"+ go on"]) == Response("+", "", text="go on")
    assert parse([b"+"]).tag == "+"
    assert parse([b"* SEARCH 2 84 882"]).values == (b"2", b"84", b"882")
    assert parse([b"* SEARCH"]) == Response("*", "SEARCH")
    assert parse([b"* CAPABILITY IMAP4rev1 AUTH=PLAIN"]).values == (b"IMAP4rev1", b"AUTH=PLAIN")


def test_a_fetch_with_literals_gives_its_items_by_name() -> None:
    parts = [b"* 12 FETCH (UID 7 BODY[HEADER.FIELDS (DATE)]<0> {4}", b"a) (", b' INTERNALDATE "17-Jul-2026 x" X NIL)']
    response = parse(parts)
    assert (response.kind, response.number) == ("FETCH", 12)
    assert pairs(response.values[0]) == {
        "UID": b"7",
        "BODY[HEADER.FIELDS (DATE)]": b"a) (",
        "INTERNALDATE": b"17-Jul-2026 x",
        "X": None,
    }


def test_a_folder_named_in_a_literal_is_listed() -> None:
    assert literal_ahead(MARK) == 9
    found = listed(parse([MARK, b'a"\\ &AOQ-', b""]).values)
    assert found == Listed('a"\\ ä', frozenset({r"\hasnochildren", r"\junk"}), "/")


@pytest.mark.parametrize("text", [b"(a", b"a)", b"(" * 100, b'"a', b"\x00\n(", b'a "b" )'])
def test_what_is_no_data_is_refused(text: bytes) -> None:
    with pytest.raises(ImapSyntaxError):
        values([text])


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_octets_are_a_response_or_a_syntax_error(parts: list[bytes]) -> None:
    for prefix in (b"", b"* ", b"* 1 FETCH ", b"* LIST "):
        try:
            response = parse([prefix + (parts[0] if parts else b""), *parts[1:]])
        except ImapSyntaxError:
            continue
        listed(response.values)
        for value in response.values:
            pairs(value)


NESTED = st.recursive(st.binary(max_size=8) | st.none(), lambda inner: st.lists(inner, max_size=4), max_leaves=12)


@given(st.lists(NESTED, max_size=4))
def test_what_is_written_as_imap_is_read_back(data: list[object]) -> None:
    parts = [b""]

    def write(value: object) -> None:
        if value is None:
            parts[-1] += b"NIL"
        elif isinstance(value, bytes):
            parts[-1] += b"{%d}" % len(value)
            parts.extend((value, b""))
        else:
            parts[-1] += b"("
            for index, item in enumerate(value if isinstance(value, list) else []):
                parts[-1] += b" " if index else b""
                write(item)
            parts[-1] += b")"

    for index, value in enumerate(data):
        parts[-1] += b" " if index else b""
        write(value)
    assert values(parts) == data


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_folders_name_survives_modified_utf_7(name: str) -> None:
    coded = to_utf7(name)
    assert coded.isascii()
    assert coded.isprintable()
    assert from_utf7(coded.encode("ascii")) == name
    (read,) = values([folder_word(name)])
    assert isinstance(read, bytes)
    assert from_utf7(read) == name


@given(st.binary(max_size=40))
def test_any_octets_name_a_folder(raw: bytes) -> None:
    assert isinstance(from_utf7(raw), str)


def test_folder_names_are_as_in_the_rfc() -> None:
    assert to_utf7("~peter/mail/台北/日本語") == "~peter/mail/&U,BTFw-/&ZeVnLIqe-"  # RFC 3501 section 5.1.3
    assert to_utf7("R&D") == "R&-D"
    assert from_utf7(b"&V4NXPpCuTvY-") == "垃圾邮件", "as the servers of NetEase name it"
    assert from_utf7("Größe".encode()) == "Größe", "UTF-8 as RFC 9051 has it"


@given(st.text(max_size=30))
def test_a_quoted_string_is_one_word(text: str) -> None:
    word = quoted(text)
    if word is None:
        assert not text.isascii() or not all(char.isprintable() for char in text)
    else:
        assert values([word]) == [text.encode("ascii")]


def folders(*rows: tuple[str, str]) -> list[Listed]:
    return [Listed(name, frozenset(flags.lower().split()), "/") for name, flags in rows]


def test_junk_is_what_the_server_calls_so_else_what_has_its_name() -> None:
    gmail = folders(("INBOX", ""), ("[Gmail]/All Mail", r"\All"), ("[Gmail]/Spam", r"\Junk"), ("Spam", ""))
    assert choose(gmail) == (
        Folder("[Gmail]/All Mail", Place.OTHER),
        Folder("[Gmail]/Spam", Place.JUNK),
        Folder("INBOX", Place.INBOX),
    )
    for name in ("Junk", "INBOX/junk e-mail", "垃圾邮件", "[Gmail]/Spam", "Bulk", "스팸메일함", "Junk Email"):
        assert choose(folders(("INBOX", ""), (name, ""), ("Sent", r"\Sent"))) == (
            Folder(name, Place.JUNK),
            Folder("INBOX", Place.INBOX),
        )


def test_the_operators_folder_is_looked_in_besides_and_many_are_cut_off() -> None:
    assert choose([], "App") == (Folder("App", Place.OTHER), Folder("INBOX", Place.INBOX))
    assert choose([], "inbox") == (Folder("INBOX", Place.INBOX),)
    assert choose(folders(("Spam", "")), "Spam") == (Folder("Spam", Place.JUNK), Folder("INBOX", Place.INBOX))
    many = choose(folders(*((f"{number}/Spam", "") for number in range(50))))
    assert len(many) == MOST
    assert many[-1] == Folder("INBOX", Place.INBOX)


def test_a_folder_that_cannot_be_opened_is_not_listed() -> None:
    assert listed(([b"\\Noselect"], b"/", b"[Gmail]")) is None
    assert listed(([b"\\NonExistent"], b"/", b"x")) is None
    assert listed((b"x",)) is None
    assert listed(([], None, b"x")) == Listed("x", frozenset(), "")


def test_a_time_of_arrival_is_read_with_its_zone() -> None:
    at = _moment(b" 7-Jul-1996 02:44:25 -0730")
    assert at is not None
    assert at.isoformat() == "1996-07-07T02:44:25-07:30"
    for wrong in (
        None,
        [],
        b"",
        b"31-Feb-2026 00:00:00 +0000",
        b"01-Xxx-2026 00:00:00 +0000",
        b"1-Jan-2026 0:0:0 +9999",
    ):
        assert _moment(wrong) is None
    assert _moment(b"01-Jan-2026 00:00:00 +9999") is None
