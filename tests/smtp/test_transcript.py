"""A transcript is bounded."""

from __future__ import annotations

from smtpwizard.smtp.results import MAX_LINES, Transcript


def test_a_transcript_is_bounded_and_says_so() -> None:
    transcript = Transcript(str)
    transcript.server("\n".join(["250-x" * 1000] * 2 * MAX_LINES))
    for _ in range(10):
        transcript.client("NOOP")
    lines = transcript.lines()
    assert len(lines) == MAX_LINES + 1
    assert max(len(line.line) for line in lines) <= 1000
    assert "not kept" in lines[-1].line
