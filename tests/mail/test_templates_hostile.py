"""Templates that mean harm: refused soon and in words, in the program as it runs; none hangs it or brings it down."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from smtpwizard.errors import FileError
from smtpwizard.mail.messages import BRACKETS, ELEMENTS, inline
from smtpwizard.mail.templates import RESULT_LIMIT, TemplateError, render
from support.program import run

SECONDS = 20.0
"""For one of them, the start of the program and a busy machine included; before, they had no end."""

TAGS = "more tags than are rendered here"
LONG = "longer than is rendered here"
HOSTILE = {
    "each in each": ("{{#each @root}}" * 20 + "x" + "{{/each}}" * 20, LONG),
    "each in each of a list": ("{{#each @root.many}}" * 4 + "x" + "{{/each}}" * 4, LONG),
    "a long value in a loop": ("{{#each many}}{{@root.long}}{{/each}}", LONG),
    "a long value put together": ("{{concat" + " long" * 100 + "}}", LONG),
    "100,000 values": ("{{code}}" * 100_000, TAGS),
    "100,000 blocks": ("{{#if code}}x{{/if}}" * 50_000, TAGS),
    "a name of 400,000 parts": ("{{" + "a." * 400_000 + "a}}", TAGS),
    "a call of 100,000 values": ("{{concat " + "code " * 100_000 + "}}", TAGS),
    "50,000 elements inside each other": ("<div>" * 50_000 + "{{code}}", "more elements than 2,000"),
    "50,000 elements of a drawing": ("<svg>" + "<g>" * 50_000, "more elements than 2,000"),
    "5,000 selectors inside each other": (f"<style>{':not(' * 5000}b{')' * 5000}{{c:d}}</style><b>", "than 1,000"),
    "a rule of 3,000 declarations": (
        f"<style>p{{{';'.join(f'a{n}:b' for n in range(3000))}}}</style>{'<p>' * 1500}",
        "rules",
    ),
    "a list of 100,000 selectors": (f"<style>{'p,' * 100_000}p{{c:d}}</style>{'<p>' * 1500}", "rules"),
}
CONTEXT = json.dumps({"code": "1", "many": list(range(40)), "long": "y" * 50_000})


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_soon_and_in_words(tmp_path: Path, name: str) -> None:
    source, words = HOSTILE[name]
    (tmp_path / "verification.hbs").write_text(source)
    start = time.monotonic()
    command = ("preview", "--mail", "verification", "--templates", ".", "--context", CONTEXT)
    done = run(command, cwd=tmp_path, text=True, timeout=SECONDS)
    assert time.monotonic() - start < SECONDS
    assert (done.returncode, done.stdout) == (4, ""), done.stderr[-500:]
    assert words in done.stderr


def test_a_comment_without_end_does_not_hang_the_text(tmp_path: Path) -> None:
    (tmp_path / "verification.hbs").write_text("<!--" * 30_000)
    command = ("preview", "--mail", "verification", "--templates", ".", "--raw", "--text")
    assert run(command, cwd=tmp_path, text=True, timeout=SECONDS).returncode == 0


def test_the_line_is_told_at_which_a_mail_grows_too_long(tmp_path: Path) -> None:
    (tmp_path / "main.hbs").write_text("\n\n{{#each xs}}\n{{@root.text}}\n{{/each}}")
    with pytest.raises(TemplateError) as caught:
        render("main", {"xs": [1, 2, 3], "text": "x" * (RESULT_LIMIT // 2)}, directory=tmp_path)
    assert caught.value.line == 4


def test_a_rendering_does_not_count_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "main.hbs").write_text("{{text}}")
    for _ in range(3):
        assert len(render("main", {"text": "x" * (RESULT_LIMIT // 2)}, directory=tmp_path)) == RESULT_LIMIT // 2


def test_what_is_just_small_enough_is_inlined() -> None:
    assert inline("<div>" * ELEMENTS).count("<div>") == ELEMENTS
    assert "x" in inline(f"<style>{':not(' * (BRACKETS - 1)}b{')' * (BRACKETS - 1)}{{c:d}}</style>x")
    with pytest.raises(FileError):
        inline("<div>" * (ELEMENTS + 1))
