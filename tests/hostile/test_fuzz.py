"""Whatever a server says or an operator pastes: a report or an answer, never an exception, and safe to show.

The counts are bounded for CI; `--hypothesis-seed` and the printed example bring a failure back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpwizard.diagnosis.catalogue import default
from smtpwizard.diagnosis.explain import explain, explain_steps
from smtpwizard.diagnosis.logs import explain_log, explain_text
from smtpwizard.problems import Problem
from smtpwizard.report.lines import problem_lines, symbols
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Reply, Report, Status, Step, StepResult, parse_reply, response_code
from support.apps import ABC, FIELDS
from support.failure_examples import all_examples, as_text
from support.fake_net import Source, probed
from support.hostile import SPICE, unsafe
from support.values import examples

FEW = settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])

WORDS = [
    "220 ", "250-", "250 ", "235 ", "334 ", "354 ", "421 ", "454 4.7.0 ", "535-5.7.8 ", "535 5.7.8 ", "550 5.7.1 ",
    "AUTH PLAIN LOGIN", "AUTH=", "AUTH XOAUTH2", "STARTTLS", "SIZE 9", "SMTPUTF8", "\r\n", "\n", "\r", "\r\n\r\n",
    "\t", "\x00", "2", "-", "=", SPICE, "٢٥٠ ", "9" * 40, "HTTP/1.1 400 Bad Request", "SSH-2.0-x", "VXNlcm5hbWU6",
    "queued as 4ZQK1T",
]  # fmt: skip
octets = st.lists(st.sampled_from(WORDS).map(str.encode) | st.binary(max_size=12), max_size=12).map(b"".join)
pieces = st.lists(octets, max_size=8)
ends = st.sampled_from(
    [None, TimeoutError(), ConnectionResetError(104, "reset"), BrokenPipeError(32, "pipe"), OSError(5, "io")]
)
SOUND = {
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "25",
    "SMTP_SENDER": "app@acme.example",
    "SMTP_USERNAME": "app@acme.example",
    "SMTP_PASSWORD": "correct-horse-9",
}
LINES = [as_text(example) for _, example in all_examples()]


def safe_report(report: Report) -> None:
    texts = [line.line for line in report.transcript] + [report.app.sentence, *report.not_proved]
    texts += [text for step in report.steps for text in (step.summary, str(step.reply), *step.detail)]
    texts += [message.response for message in report.messages]
    assert not unsafe(" ".join(texts), allowed="")
    assert len(report.steps) >= 7
    assert all(step.summary for step in report.steps)


def safe_answers(found: Iterable[Problem]) -> None:
    answers = tuple(found)
    for item in answers:
        assert item.title
        assert item.cause
        assert item.remedy
        assert not unsafe("".join((item.title, item.cause, item.remedy)), allowed="")
    assert not unsafe("\n".join(symbols(problem_lines(answers))))
    json.dumps([item.as_diagnosis() for item in answers])


@given(pieces, st.lists(pieces, max_size=10), ends, st.booleans())
@FEW
def test_a_probe_of_any_server_ends_with_a_safe_report(
    greeting: list[bytes], answers: list[list[bytes]], end: Exception | None, send: bool
) -> None:
    left = [greeting, *answers]
    report = probed(Settings.from_variables(ABC, SOUND), lambda said: left.pop(0) if left else [], end, send=send)
    safe_report(report)
    safe_answers(explain_steps(report.steps, settings=Settings.from_variables(ABC, SOUND)))


def answering(cut: Iterable[int]) -> Source:
    """Return a sound server whose replies come in pieces of the sizes in `cut`, over and over."""
    sizes = tuple(cut) or (10_000,)
    replies = {
        b"": b"220-one\r\n220 two\r\n",
        b"EHLO": b"250-host\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n",
        b"AUTH": b"235-2.7.0 yes\r\n235 2.7.0 indeed\r\n",
        b"DATA": b"354 go on\r\n",
        b"QUIT": b"221 bye\r\n",
    }

    def source(said: bytes) -> Iterable[bytes]:
        octets = replies.get(said[:4], b"250 2.0.0 Ok: queued as 4ZQK1T\r\n")
        at = number = 0
        while at < len(octets):
            size = sizes[number % len(sizes)]
            yield octets[at : at + size]
            at, number = at + size, number + 1

    return source


def told(report: Report) -> tuple[object, ...]:
    steps = [(step.step, step.status, step.summary, step.reply) for step in report.steps]
    return steps, report.transcript, report.app, report.not_proved, [item.response for item in report.messages]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.booleans())
@FEW
def test_how_a_sound_servers_octets_are_cut_changes_nothing(cut: list[int], send: bool) -> None:
    sound = Settings.from_variables(ABC, SOUND)
    assert told(probed(sound, answering(cut), send=send)) == told(probed(sound, answering([]), send=send))


@given(octets.map(lambda data: data.decode("latin-1")) | st.text(max_size=200))
@FEW
def test_a_reply_is_parsed_whatever_it_is(text: str) -> None:
    reply = parse_reply(text, lambda line: line)
    assert reply.code == response_code(text)
    assert not unsafe(str(reply) + "".join(reply.lines), allowed="")


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """Return a text of the catalogue with parts taken out, doubled, replaced."""
    text = draw(st.sampled_from(LINES))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 20)))
        put = draw(st.sampled_from([*WORDS, "", text[start:stop] * 3]) | st.text(max_size=10))
        text = text[:start] + put + text[stop:]
    return text


@given(
    st.lists(mangled() | st.text(max_size=80), min_size=1, max_size=4).map("\n".join), st.sampled_from([None, *Step])
)
@settings(FEW, max_examples=examples(80))
def test_any_text_is_explained_or_not_but_never_breaks_the_matcher(text: str, stage: Step | None) -> None:
    safe_answers(explain_text(text, stage=stage.value if stage else None))
    for item in explain_log(text):
        assert not unsafe(item.said, allowed="")
        assert item.diagnoses


@given(
    step=st.sampled_from(Step),
    status=st.sampled_from(Status),
    text=mangled(),
    code=st.none() | st.integers(-1, 10**9),
    enhanced=st.none() | st.sampled_from(["5.7.8", "4.7.0", "9.9.9", ""]),
    error=st.none() | st.sampled_from(["ECONNREFUSED", "CERT_HAS_EXPIRED", "ETIMEDOUT", "", "X" * 300]),
    variables=st.dictionaries(
        st.sampled_from([*FIELDS]), st.sampled_from(["", "465", "true", "x" * 300, SPICE, "a@b.example"])
    ),
)
@FEW
def test_any_step_is_explained_without_an_exception(
    step: Step,
    status: Status,
    text: str,
    code: int | None,
    enhanced: str | None,
    error: str | None,
    variables: dict[str, str],
) -> None:
    reply = Reply(code, enhanced, text, tuple(text.splitlines()))
    result = StepResult(step, status, text[:200], 1.0, reply, None, error, tuple(text.splitlines()))
    found = explain(result, settings=Settings.from_variables(ABC, variables))
    safe_answers(found)
    assert found or status is not Status.FAILED


@given(st.text(max_size=3000))
@settings(FEW, max_examples=examples(30))
def test_what_the_catalogue_does_not_know_is_answered_generically(text: str) -> None:
    known = {rule.id for rule in default().rules}
    for item in explain_text(f"550 {text}"):
        assert item.generic is (item.id not in known)
