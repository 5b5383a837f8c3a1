"""Octets of a log in, mail trouble out: joined, counted, timed, in bounded memory."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from smtpwizard.docker.logs import LINE_MOST, LogReader
from support.docker_stand_in import BLANK, stamped
from support.reply_variants import error_dump

GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials abc12345 - gsmtp"
)
DUMP = error_dump(GMAIL, "auth")
PRETTY = f"""\
[17:49:14.926] INFO (29): {{"req":{{"method":"POST","url":"/api/admin/auth/email/code"}},"res":{{"statusCode":500}}}}
[17:49:15.941] ERROR (29): Invalid login: {GMAIL} {{"context":"ExceptionsHandler"}}
    err: {{
      "type": "Error",
      "message": "Invalid login: {GMAIL.replace(chr(10), chr(92) + "n")}",
      "stack":
          Error: Invalid login: {GMAIL.replace(chr(10), chr(10) + "          ")}
              at SMTPConnection._formatError (/app/node_modules/nodemailer/lib/smtp-connection/index.js:887:19)
      "code": "EAUTH",
      "responseCode": 535,
      "command": "AUTH PLAIN"
    }}
[17:49:16.000] INFO (29): hello
"""
"""As pino-pretty 13 with singleLine prints it, which is what the app logs with."""


def read(data: bytes, *, stamped: bool = False, piece: int = 0) -> LogReader:
    reader = LogReader(stamped=stamped)
    for start in range(0, len(data), piece or len(data) or 1):
        list(reader.feed(data[start : start + (piece or len(data))]))
    list(reader.close())
    return reader


@pytest.mark.parametrize("piece", [0, 1, 7, 4096])
def test_an_error_with_stack_and_properties_is_one_however_it_comes(piece: int) -> None:
    reader = read(stamped(*DUMP.split("\n"), "all is well"), stamped=True, piece=piece)
    (only,) = reader.troubles
    assert (only.times, only.first_line, only.diagnoses[0].ref) == (1, 1, "A2")
    assert only.moment is not None
    assert only.moment.text == "2026-11-25T17:49:00Z"


def test_the_apps_own_loggers_error_is_one() -> None:
    (only,) = read(PRETTY.encode()).troubles
    assert (only.times, only.first_line, only.diagnoses[0].ref, only.moment and only.moment.text) == (
        1,
        2,
        "A2",
        "17:49:15",
    )


def test_each_kind_is_counted_and_the_latest_comes_first() -> None:
    lines = [*DUMP.split("\n"), "Error: connect ECONNREFUSED 127.0.0.1:587", *DUMP.split("\n")]
    reader = read(stamped(*lines[:40]) + stamped("Error: connect ECONNREFUSED 127.0.0.1:587", minute=50), stamped=True)
    assert [(item.diagnoses[0].ref, item.times) for item in reader.troubles] == [("N3", 2), ("A2", 2)]
    assert reader.troubles[0].last_line == reader.lines
    first, last = reader.span
    assert (first and first.text, last and last.text) == ("2026-11-25T17:49:00Z", "2026-11-25T17:50:00Z")


def test_what_docker_says_itself_is_no_line_of_the_log() -> None:
    reader = read(f"{BLANK}\n".encode() + stamped("535 5.7.8 no") + b"api-1 exited with code 0\n", stamped=True)
    assert (reader.lines, reader.words) == (1, [BLANK, "api-1 exited with code 0"])


def test_an_error_is_told_when_nothing_follows_for_a_while() -> None:
    reader = LogReader(stamped=True)
    assert list(reader.feed(stamped(*DUMP.split("\n")))) == []
    assert reader.open
    (told,) = reader.idle()
    assert told.diagnoses[0].ref == "A2"
    assert not reader.open
    assert list(reader.close()) == []


def test_dockers_own_json_files_are_read() -> None:
    lines = [
        json.dumps({"log": f"{line}\n", "stream": "stderr", "time": "2026-11-25T17:49:14.12Z"}, separators=(",", ":"))
        for line in DUMP.split("\n")
    ]
    (only,) = read("\n".join(lines).encode()).troubles
    assert (only.times, only.diagnoses[0].ref, only.moment and only.moment.text) == (1, "A2", "2026-11-25T17:49:14Z")
    assert read(b'{"log":"broken\n{"log":"x","time":7}\n').lines == 2


def test_no_line_end_and_invalid_utf8_are_read() -> None:
    (only,) = read(b"\xff\xfe noise\nInvalid login: 535 5.7.8 \xc3\x28 bad").troubles
    assert only.first_line == 2


def test_control_characters_are_made_safe_and_secrets_hidden() -> None:
    (only,) = read(
        b"Error: Invalid login: 535 5.7.8 \x1b]0;x\x07 AUTH PLAIN AGFwcABjb3JyZWN0LWhvcnNlLTk= refused"
    ).troubles
    assert "\x1b" not in only.said
    assert "AGFwcABjb3JyZWN0LWhvcnNlLTk" not in only.said


@pytest.mark.parametrize(
    "junk", [b"x" * 2_000_000, b"\x00\xff" * 1_000_000, b"\n" * 40_000, b"\r" * 2_000_000], ids=["x", "0", "n", "r"]
)
def test_memory_is_bounded(junk: bytes) -> None:
    """The second half of what comes takes no more than the first has left: 20,000 lines kept would be 800 kB."""
    reader = LogReader()
    half = len(junk) // 2
    for start in range(0, len(junk), 4_096):
        if start <= half < start + 4_096:
            tracemalloc.start()
        list(reader.feed(junk[start : start + 4_096]))
        assert len(reader._rest) <= LINE_MOST
    try:
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    list(reader.feed(b"\n535 5.7.8 no\n"))
    list(reader.close())
    assert peak < 400_000
    assert len(reader.troubles) == 1


def test_dockers_words_are_bounded() -> None:
    reader = read(b"".join(b"word %d\n" % number for number in range(10_000)), stamped=True)
    assert (reader.lines, len(reader.words), reader.words[-1]) == (0, 50, "word 9999")
