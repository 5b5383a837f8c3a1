"""Where microseconds decide, ours decides as nodemailer does, every time: 50 runs of each, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from conformance.behaviour import NO_LOGIN, Behaviour
from conformance.comparison import Comparison
from conformance.tls_behaviours import OFFERED
from smtpwizard.sandbox.scripted import GONE, RESET, SILENCE, Play, Script, ScriptedServer, Stage, raw, reply, wait
from smtpwizard.smtp.results import Report
from support.nodemailer import Outcome

pytestmark = [pytest.mark.node]

RUNS = 50
ATTEMPTS = 3
"""Another process may get the processor between two segments of the server; then all runs are made again."""
MOST = 40
"""Of our runs. nodemailer's must end so more often than not: where the processor is taken away between two segments of
the server, it ends the other way, and on a busy machine every fourth run does."""
GO_AHEAD, WORDS = raw("220 go ahead\r\n"), ("hello\r\n", "how\r\n", "are you\r\n")


def after_starttls(name: str, *plays: Play) -> Behaviour:
    return Behaviour(f"STARTTLS: {name}", OFFERED.but(Stage.STARTTLS, *plays, SILENCE))


def at_data(name: str, *plays: Play) -> Behaviour:
    return Behaviour(f"DATA: {name}", Script().but(Stage.DATA, *plays))


CASES = (
    (after_starttls("220 and words in one segment", raw("220 go ahead\r\n" + "".join(WORDS))), "EPROTOCOL CONN"),
    (after_starttls("220, words in segments of their own", GO_AHEAD, *map(raw, WORDS)), "EPROTOCOL CONN"),
    (after_starttls("220, words 5 ms later", GO_AHEAD, wait(0.005), raw("".join(WORDS))), "ESOCKET CONN"),
    (at_data("gone without 354", GONE), "ECONNECTION CONN"),
    (at_data("354, then gone", reply("354 go ahead"), GONE), "ESOCKET CONN write EPIPE"),
    (at_data("354, then reset", reply("354 go ahead"), RESET), "ESOCKET CONN write ECONNRESET"),
)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    with Comparison(tmp_path_factory.mktemp("timing")) as made:
        yield made


@pytest.mark.parametrize(("item", "end"), CASES, ids=[item.name for item, _ in CASES])
def test_ours_ends_as_nodemailer_ends(
    item: Behaviour, end: str, comparison: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(ATTEMPTS):
        with ScriptedServer(item.script, tls=comparison.context(item.certificate)) as server:
            theirs = Counter(theirs_of(comparison.real_client(server, item, NO_LOGIN)) for _ in range(RUNS))
            ours = Counter(ours_of(comparison.our_client(server, item, NO_LOGIN)) for _ in range(RUNS))
        if ours[end] >= MOST and theirs[end] > RUNS / 2:
            break
    with capsys.disabled():
        print(f"\n{item.name}: {end}, nodemailer {theirs[end]} and ours {ours[end]} of {RUNS}")
    assert ours[end] >= MOST
    assert theirs[end] > RUNS / 2


def theirs_of(outcome: Outcome) -> str:
    return told(str(outcome), outcome.message or "")


def ours_of(report: Report) -> str:
    failed, outcome = report.failed, report.app.send
    assert failed is not None
    return told(f"{outcome.code} {outcome.command}", failed.summary)


def told(outcome: str, words: str) -> str:
    """Return the outcome with the operation that failed, where the socket's own error says it."""
    return f"{outcome} {words}" if words.startswith(("read ", "write ")) else outcome
