"""The merge keeps every byte that is not ours, puts new lines where a person would, and changes nothing twice."""

from __future__ import annotations

import difflib
import random

import pytest

from smtpwizard.targets.env import readers as npm_dotenv
from smtpwizard.targets.env.edit import HEADING, merge, scan
from smtpwizard.targets.env.plan import differences
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader
from support import env_readers
from support.values import nasty_values

NEW: dict[str, str | None] = {"SMTP_HOST": "new.example"}


def merged(raw: bytes, changes: dict[str, str | None] | None = None) -> bytes:
    return merge(raw, NEW if changes is None else changes, DEFAULT_READERS).data


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"A=1\nSMTP_HOST=old # keep\nB=2\n", b"A=1\nSMTP_HOST=new.example # keep\nB=2\n"),
        (b"  export SMTP_HOST = 'o' # c\r\nB=2\r\n", b"  export SMTP_HOST = new.example # c\r\nB=2\r\n"),
        (b"\xef\xbb\xbfSMTP_HOST=\r\n", b"\xef\xbb\xbfSMTP_HOST=new.example\r\n"),
        (b"A=caf\xe9\nSMTP_HOST=old", b"A=caf\xe9\nSMTP_HOST=new.example"),
        (b'CERT="x\nSMTP_HOST=in\ny"\nSMTP_HOST=o\n', b'CERT="x\nSMTP_HOST=in\ny"\nSMTP_HOST=new.example\n'),
        (b"SMTP_HOST=1\nSMTP_HOST=2\n", b"SMTP_HOST=1\nSMTP_HOST=new.example\n"),
        (b"SMTP_HOST= # c\n", b"SMTP_HOST=new.example # c\n"),
        (b"SMTP_HOST: old\n", b"SMTP_HOST=new.example\n"),
        (b"SMTP_HOST='new.example'\n", b"SMTP_HOST='new.example'\n"),
        (b'SMTP_HOST="open\nB=1\n', b"SMTP_HOST=new.example\nB=1\n"),
        (b"SMTP_HOST=a\rB=1\r", b"SMTP_HOST=new.example\rB=1\r"),
    ],
)
def test_only_the_value_changes_in_place(raw: bytes, expected: bytes) -> None:
    assert merged(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"A=1\nSMTP_PORT=25\n\nB=2\n", b"A=1\nSMTP_PORT=25\nSMTP_HOST=new.example\n\nB=2\n"),
        (b"export SMTP_PORT=25\r\nB=2\r\n", b"export SMTP_PORT=25\r\nexport SMTP_HOST=new.example\r\nB=2\r\n"),
        (b"#SMTP_HOST=\n#SMTP_PORT=\nB=2\n", b"#SMTP_HOST=\nSMTP_HOST=new.example\n#SMTP_PORT=\nB=2\n"),
        (b"# SMTP_PORT=587\nB=2\n", b"# SMTP_PORT=587\nSMTP_HOST=new.example\nB=2\n"),
        (b"A=1\n", b"A=1\n\n# Outgoing mail (SMTP)\nSMTP_HOST=new.example\n"),
        (b"A=1\n\n", b"A=1\n\n# Outgoing mail (SMTP)\nSMTP_HOST=new.example\n"),
        (b"A=1", b"A=1\n\n# Outgoing mail (SMTP)\nSMTP_HOST=new.example"),
        (b"A=1\r\nB=2", b"A=1\r\nB=2\r\n\r\n# Outgoing mail (SMTP)\r\nSMTP_HOST=new.example"),
        (b"", b"# Outgoing mail (SMTP)\nSMTP_HOST=new.example\n"),
        (b"A=1\nSMTP_PORT=25", b"A=1\nSMTP_PORT=25\nSMTP_HOST=new.example"),
    ],
)
def test_a_new_variable_goes_where_a_person_would_put_it(raw: bytes, expected: bytes) -> None:
    assert merged(raw) == expected


def test_new_variables_stay_together_in_their_order() -> None:
    data = merged(b"A=1\n", {"SMTP_HOST": "h", "SMTP_PORT": "587", "ADMIN_WEB_URL": "https://x.example"})
    assert data.decode().splitlines()[2:] == [
        HEADING,
        "SMTP_HOST=h",
        "SMTP_PORT=587",
        "ADMIN_WEB_URL=https://x.example",
    ]


def test_taking_a_variable_out_takes_all_its_lines_and_no_other() -> None:
    raw = b"A=1\nSMTP_USERNAME=x # c\n# SMTP_USERNAME=\nSMTP_USERNAME=y\nB=2\n"
    assert merged(raw, {"SMTP_USERNAME": None}) == b"A=1\n# SMTP_USERNAME=\nB=2\n"


def test_a_value_that_is_already_read_right_is_left_as_it_is_written() -> None:
    raw = b"SMTP_HOST=\"new.example\"\nSMTP_USERNAME='a b'   # who\n"
    assert merged(raw, {"SMTP_HOST": "new.example", "SMTP_USERNAME": "a b"}) == raw


def test_a_value_that_some_reader_misreads_is_written_better() -> None:
    assert merged(b'SMTP_PASSWORD="pa$word"\n', {"SMTP_PASSWORD": "pa$word"}) == b"SMTP_PASSWORD='pa$word'\n"


LINES = (
    "A=1", "# c", "", "   ", "export B='x y' # c", 'C="l1\nl2" ', "<<<<", "D = 5", "SMTP_PORT=25", "SMTP_HOST=old",
    "SMTP_HOST='o\\'ld' # t", "\tSMTP_HOST=", 'SMTP_HOST="a\nb"', "SMTP_HOST= # c", "SMTP_HOST=#c", "=", "é=ü", "F: 1",
    "\udce9", "#SMTP_HOST=x", "# export SMTP_PASSWORD=", "SMTP_PASSWORD=a b # c", "; note", "G",
)  # fmt: skip


def random_file(source: random.Random) -> bytes:
    eol = source.choice(["\n", "\r\n"])
    text = eol.join(source.choice(LINES) for _ in range(source.randint(0, 10))) + source.choice(["", eol])
    return source.choice([b"", b"\xef\xbb\xbf"]) + text.encode("utf-8", "surrogateescape")


def test_random_files_keep_their_lines_read_back_and_never_change_twice() -> None:
    source = random.Random(7)
    values = nasty_values(400, seed=5)
    for _ in range(500):
        raw = random_file(source)
        changes: dict[str, str | None] = {"SMTP_HOST": "new.example", "SMTP_PASSWORD": source.choice(values)}
        result = merge(raw, changes, DEFAULT_READERS)
        assert differences(raw, result.data, changes, result.placed) == (), raw
        assert merge(result.data, changes, DEFAULT_READERS).data == result.data, raw
        _assert_only_our_lines_differ(raw, result.data)


def _assert_only_our_lines_differ(before: bytes, after: bytes) -> None:
    old, new = _statements(before), _statements(after)
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if tag == "equal":
            continue
        for line in (*old[i1:i2], *new[j1:j2]):
            ours = b"SMTP_HOST" in line or b"SMTP_PASSWORD" in line or line.strip() in (b"", HEADING.encode())
            assert ours or i2 == len(old), (before, after, line)


def _statements(raw: bytes) -> list[bytes]:
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [text[item.start : item.end].encode("utf-8", "surrogateescape") for item in scan(text)]


@pytest.mark.node
def test_files_that_were_merged_read_back_in_every_real_reader_that_was_promised() -> None:
    values = [value for value in nasty_values(300, seed=9) if value]
    results = [merge(b"A=before\n# mail\n", {"K": value}, DEFAULT_READERS) for value in values]
    texts = [result.data.decode() for result in results]
    views = {
        "npm": env_readers.npm_dotenv(texts),
        "python-dotenv": env_readers.python_dotenv(texts),
        "shell": env_readers.shell(texts, "bash"),
    }
    for reader, read in views.items():
        for value, result, variables in zip(values, results, read, strict=True):
            assert variables["A"] == "before"
            if reader not in result.placed[0].misread_by:
                assert variables.get("K") == value, (reader, result.data)


def test_the_scanner_covers_every_text_without_gap() -> None:
    source = random.Random(3)
    for _ in range(500):
        text = random_file(source).decode("utf-8", "surrogateescape")
        assert "".join(text[item.start : item.end] for item in scan(text)) == text


def test_a_merged_file_gives_the_app_the_new_value() -> None:
    assert npm_dotenv.parse(merged(b"SMTP_HOST=a\n").decode())["SMTP_HOST"] == "new.example"


@pytest.mark.parametrize(
    "readers", [DEFAULT_READERS, (Reader.NPM,), (Reader.DOCKER_RUN, Reader.COMPOSE), (Reader.SHELL,)]
)
def test_a_value_is_recognised_again_and_leaves_nothing_behind_when_another_takes_its_place(
    readers: tuple[Reader, ...],
) -> None:
    """`"it's \\"x\\" #1"` was taken for a value and a comment: each further run made the line longer."""
    made = random.Random(8)
    pieces = ("'", '"', "`", "\\", "#", " #", " ", "$", "a", "b", "$$", "=")
    values = ['it\'s "x" #1', *("".join(made.choices(pieces, k=made.randint(1, 9))) for _ in range(400))]
    for value, other in zip(values, reversed(values), strict=True):
        first = merge(b"A=1\n", {"SMTP_PASSWORD": value, "B": "1"}, readers).data
        assert merge(first, {"SMTP_PASSWORD": value, "B": "1"}, readers).data == first, value
        anew = merge(b"A=1\n", {"SMTP_PASSWORD": other, "B": "1"}, readers).data
        assert merge(first, {"SMTP_PASSWORD": other, "B": "1"}, readers).data == anew, (value, other)
