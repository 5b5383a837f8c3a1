"""Whatever a server sends ends in a clear result, in bounded memory, as text that is safe to show."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from smtpwizard.sandbox.scripted import SILENCE, UPGRADE, Script, Stage, drip, endless, raw, reply
from smtpwizard.smtp.results import Report, Status, Step, Verdict
from support.probing import MESSAGE, probed, serving

NASTY = "\x1b[31m\x1b]0;title\x07\0\u202e[/][@click=app.quit]<b>\x9b31m"
STAGES = (Stage.GREETING, Stage.EHLO, Stage.PASSWORD, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT)


def all_text(report: Report) -> str:
    parts = [line.line for line in report.transcript]
    parts += [step.summary for step in report.steps]
    parts += [text for step in report.steps for text in step.detail]
    parts += [line for step in report.steps if step.reply for line in (step.reply.text, *step.reply.lines)]
    parts += [message.response for message in report.messages]
    return "\n".join([*parts, report.app.sentence])


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", ["250", "554"])
def test_control_characters_never_reach_the_report(stage: Stage, code: str) -> None:
    good = {Stage.GREETING: "220", Stage.PASSWORD: "235", Stage.DATA: "354"}.get(stage, "250")
    text = (good if code == "250" else code) + f" {NASTY}"
    shown = all_text(probed(Script().but(stage, reply(text)), MESSAGE))
    assert not {char for char in shown if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char == "\u202e"} - {"\n"}


@pytest.mark.parametrize("stage", STAGES)
def test_octets_that_are_no_utf8_end_in_a_result(stage: Stage) -> None:
    report = probed(Script().but(stage, raw(bytes(range(128, 256)) + b"\r\n")), MESSAGE)
    assert report.failed is not None or stage is Stage.EHLO  # which falls back to HELO


@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.EHLO, Stage.PASSWORD, Stage.MAIL, Stage.DOT])
@pytest.mark.parametrize("play", [raw("250-" + "x" * (1 << 20)) + SILENCE, endless("250-more\r\n" * 1000)])
def test_an_endless_reply_ends_within_the_deadline(stage: Stage, play: tuple) -> None:  # type: ignore[type-arg]
    began = time.monotonic()
    report = probed(Script().but(stage, play), MESSAGE, _timeout=0.5)  # type: ignore[arg-type]
    assert time.monotonic() - began < 20
    assert report.app.verdict in (Verdict.FAILS, Verdict.HANGS)
    assert len(all_text(report)) < 200_000


def test_one_octet_at_a_time_is_waited_for_until_the_deadline() -> None:
    slow = drip("220 a very slow greeting\r\n", pause=0.1)
    report = probed(Script().but(Stage.GREETING, slow), _timeout=0.5)  # type: ignore[arg-type]
    assert (report.app.verify.code, report.failed and report.failed.step) == ("ETIMEDOUT", Step.GREETING)


def test_a_reply_that_drips_beyond_the_deadline_keeps_the_app_waiting() -> None:
    slow = drip("250-" + "x" * 500, pause=0.02)
    report = probed(Script().but(Stage.EHLO, slow), _timeout=0.6)  # type: ignore[arg-type]
    assert report.app.verdict is Verdict.HANGS
    assert report.failed is not None
    assert "did not end within 0.6 s" in report.failed.summary


MEMORY = """
import resource, sys
from smtpwizard.probe.verdict import Options; from smtpwizard.probe.engine import Probe
from smtpwizard.apps.loading import shipped
from smtpwizard.settings import Settings
def probe(port):
    settings = Settings(shipped(), host="127.0.0.1", port=port, sender="a@example.com")
    return Probe(settings, Options(timeout=2.0)).run_blocking()
probe(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = probe(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, report.app.verdict.value)
"""


def test_an_endless_reply_takes_at_most_20_mb() -> None:
    flood = Script().but(Stage.EHLO, endless("250-" + "x" * 65536 + "\r\n"))
    with serving(Script()) as tame, serving(flood) as wild:
        command = [sys.executable, "-c", MEMORY, str(tame.port), str(wild.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    kilobytes, verdict = done.stdout.split()
    assert int(kilobytes) < 20 * 1024
    assert verdict == "hangs"


def test_plaintext_injected_with_the_220_is_told() -> None:
    report = probed(Script(starttls=True).but(Stage.STARTTLS, raw("220 go\r\n250-AUTH LOGIN "), UPGRADE))
    step = report.step(Step.STARTTLS)
    assert step is not None
    assert step.status is Status.WARNED
    assert "clear text came with the reply to STARTTLS" in step.summary
