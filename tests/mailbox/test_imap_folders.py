"""Which folders of a mailbox are chosen, and how their names are read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.mailbox.imap import MOST, Folder, Listed, choose, folder_name, listed
from smtpwizard.mailbox.model import Place


def test_a_folders_name_is_read_from_modified_utf_7_else_taken_as_it_stands() -> None:
    assert folder_name(b"~peter/mail/&U,BTFw-/&ZeVnLIqe-") == "~peter/mail/台北/日本語"  # RFC 3501 section 5.1.3
    assert folder_name(b"R&-D") == "R&D"
    assert folder_name(b"R&D") == "R&D", "an & that nobody has encoded"
    assert folder_name(b"&V4NXPpCuTvY-") == "垃圾邮件", "as the servers of NetEase name it"
    assert folder_name("Größe".encode()) == "Größe", "UTF-8 as RFC 9051 has it"


@given(st.binary(max_size=40))
def test_any_octets_name_a_folder(raw: bytes) -> None:
    assert isinstance(folder_name(raw), str)


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
    assert listed(((b"\\Noselect",), b"/", b"[Gmail]")) is None
    assert listed(((b"\\NonExistent",), b"/", b"x")) is None
    assert listed((b"x",)) is None
    assert listed(((), None, b"x")) == Listed("x", frozenset(), "")
    assert listed(((b"\\Junk",), b"/", 2026)) == Listed("2026", frozenset({r"\junk"}), "/")
