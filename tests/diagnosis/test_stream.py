"""A log explained as its lines come: the same as when it is there as a whole."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.log_entries import clean
from smtpwizard.diagnosis.logs import LogStream, explain_log
from support.reply_variants import error_dump, nest_log

GMAIL = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials abc12345 - gsmtp"
)
REFUSED = "Error: connect ECONNREFUSED 127.0.0.1:587"
PINO = (
    f"[17:49:14.941] ERROR (29): Invalid login: {GMAIL}\n    err: {{\n"
    f'      "code": "EAUTH",\n      "responseCode": 535,\n      "command": "AUTH PLAIN"\n    }}'
)
LOG = "\n".join(
    ["all is well", nest_log(f"Invalid login: {GMAIL}"), error_dump(GMAIL, "auth"), REFUSED, "", PINO, PINO, REFUSED]
)


def test_a_stream_comes_to_what_the_whole_text_comes_to() -> None:
    stream = LogStream()
    seen = [found for line in LOG.splitlines() if (found := stream.add(line))]
    last = stream.flush()
    assert last is not None
    seen.append(last)
    assert stream.flush() is None
    whole = explain_log(LOG)
    assert tuple({item.key: item.explained for item in seen}.values()) == whole
    assert stream.lines == len(LOG.splitlines())
    assert [item.line for item in seen] == sorted(item.line for item in seen)
    assert sum(item.times for item in whole) == len(seen) == 6


def test_an_open_entry_is_known_as_one() -> None:
    stream = LogStream()
    assert stream.entry == 0
    for line in error_dump(GMAIL, "auth").splitlines():
        assert stream.add(line) is None
        assert stream.entry == 1
    assert stream.flush() is not None
    assert stream.entry == 0


def test_a_line_of_a_container_does_not_belong_to_a_reply_before_it() -> None:
    reply = "Invalid login: 535-5.7.8 Username and Password not accepted"
    for contained, lines in ((True, [1, 2]), (False, [1])):
        stream = LogStream()
        found = [stream.add(line, contained=contained) for line in (reply, "Mail command failed: 550 5.7.1 no")]
        seen = [item for item in (*found, stream.flush()) if item]
        assert [item.line for item in seen] == lines


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("[17:49:14.941] ERROR (29): bad", "bad"),
        ("[17:49:14.941] INFO (20889): bad", "bad"),
        ("api-1  | [17:49:14.941] WARN (1): bad", "bad"),
    ],
)
def test_the_apps_own_loggers_prefix_is_taken_off(line: str, text: str) -> None:
    assert clean(line)[:2] == (text, True)


_NODE_FRAMES = """
    at TLSSocket.onConnectSecure (node:_tls_wrap:1677:34)
    at TLSSocket.emit (node:events:518:28)
    at TLSWrap.ssl.onhandshakedone (node:_tls_wrap:871:12)"""


@pytest.mark.parametrize(
    ("words", "ref"),
    [
        ("self-signed certificate", "T7"),
        ("unable to verify the first certificate", "T8"),
        ("certificate has expired", "T10"),
        ("C0671D7A897F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/x.c:355:", "T1"),
    ],
)
def test_a_pooled_connection_that_fails_in_tls_is_told_though_only_nodes_frames_show_it(words: str, ref: str) -> None:
    line = f"[Nest] 1  - 11/22/2026, 7:20:09 AM   ERROR [ExceptionsHandler] {words}{_NODE_FRAMES}"
    stream = LogStream()
    seen = [stream.add(part) for part in (*line.split("\n"), "[Nest] 1  - 11/22/2026, 7:20:11 AM     LOG [HTTP] ok")]
    assert [item.explained.diagnoses[0].ref for item in (*seen, stream.flush()) if item] == [ref]


def test_another_librarys_trouble_with_tls_is_not_taken_for_mail() -> None:
    frames = "\n    at AxiosError.from (/app/node_modules/axios/lib/core/AxiosError.js:99:14)"
    stream = LogStream()
    for part in f"Error: self-signed certificate{_NODE_FRAMES}{frames}".split("\n"):
        assert stream.add(part) is None
    assert stream.flush() is None
