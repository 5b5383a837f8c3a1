"""What the program renders is, byte for byte, what the app's Handlebars 4.7.8 renders; the rest it refuses, by line."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smtpwizard.mail.templates import MissingVariableError, TemplateError, render, templates_dir
from support.mail_grammar import Grammar
from support.mail_oracle import Handlebars, HandlebarsError
from support.values import examples

pytestmark = pytest.mark.node

MAILS = ("verification", "reset-password", "invitation")
HOSTILE = "<a href=\"x\" onclick='y'>`&amp;=\u00a0é\U0001f600{{code}}\r\n</a>"
HAS_LONG_LINES = re.compile(r"\{\{[^}]*\n|\r(?!\n)")
"""Where Handlebars counts otherwise: a name on a later line than its tag's, and a carriage return as a line's end."""


@pytest.fixture(scope="module")
def handlebars() -> Iterator[Handlebars]:
    with Handlebars() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


def ours(folder: Path, template: str, context: dict[str, Any]) -> str:
    (folder / "main.hbs").write_bytes(template.encode())
    return render("main", context, directory=folder)


def compared(handlebars: Handlebars, folder: Path, template: str, context: dict[str, Any]) -> str:
    """Render with both and return what came of it: what Handlebars refuses is refused, what both render is the same."""
    try:
        expected = handlebars.render(template, context)
    except HandlebarsError as error:
        with pytest.raises(TemplateError) as caught:
            ours(folder, template, context)
        where = re.search(r" - (\d+):\d+$", str(error))
        if where and isinstance(caught.value, MissingVariableError) and not HAS_LONG_LINES.search(template):
            assert caught.value.line == int(where[1])
        return "refused by both"
    try:
        assert ours(folder, template, context) == expected
    except TemplateError as error:
        return error.message.partition(": ")[2]
    return "rendered"


def test_the_real_handlebars_is_the_apps_version(handlebars: Handlebars) -> None:
    assert handlebars.version == "4.7.8"


@pytest.mark.parametrize("mail", MAILS)
def test_each_shipped_template_renders_the_same_with_hostile_values_too(handlebars: Handlebars, mail: str) -> None:
    source = (templates_dir() / f"{mail}.hbs").read_text()
    sample = tomllib.loads((templates_dir() / "contexts.toml").read_text())[mail]
    for context in (sample, sample | {"testCode": "418205"}, dict.fromkeys([*sample, "testCode"], HOSTILE)):
        rendered = render(mail, context)
        assert rendered == handlebars.render(source, context)
        assert HOSTILE not in rendered


def test_generated_templates_and_contexts_render_the_same(handlebars: Handlebars, folder: Path) -> None:
    """Nothing of the supported constructs is refused but what cannot be printed without escaping."""
    outcomes: Counter[str] = Counter()
    for seed in range(examples(60)):
        grammar = Grammar(Random(seed))
        template = grammar.template()
        outcomes.update(compared(handlebars, folder, template, grammar.context()) for _ in range(6))
    assert outcomes.total() >= 360
    assert outcomes.pop("rendered") >= 220
    assert outcomes.pop("refused by both") >= 20
    assert set(outcomes) == {"a number or boolean without escaping is not supported."}


def test_spoilt_templates_are_refused_or_render_the_same(handlebars: Handlebars, folder: Path) -> None:
    """Something that matters to Handlebars is put into a tag or taken out of it."""
    outcomes: Counter[str] = Counter()
    for seed in range(1000, 1000 + examples(100)):
        grammar = Grammar(Random(seed))
        outcomes[compared(handlebars, folder, grammar.spoilt(), grammar.context())] += 1
    assert outcomes.pop("rendered") >= 15
    assert outcomes.pop("refused by both") >= 50
    assert len(outcomes) >= 3  # what Handlebars renders, and is refused here by name


@pytest.mark.parametrize(
    "source",
    [
        "a\n{{#if a}}\n  yes\n{{else}}\n  no\n{{/if}}\nb\n",
        "{{#each xs}}\n- {{this}}\n{{/each}}\n",
        "{{#each xs}}\r\n- {{this}}\r\n{{/each}}\r\nend\r\n",
        "{{#with o}}\n{{#each @root.xs}}\n  {{#unless @first}}\n, {{/unless}}{{@index}}{{@last}}\n{{/each}}\n{{/with}}",
        "{{#each o}}{{@key}}={{this}};{{#with this}}{{@key}}{{@last}}{{/with}}{{else}}none{{/each}}",
        "{{#each missing}}x{{else}}none{{/each}}{{#each a}}x{{else}}none{{/each}}{{#with missing}}x{{else}}z{{/with}}",
        "  {{! alone }}  \nx{{!--}}x{{!-- }} --}}y\n  {{!-- {{a}} ~ --}}",
        "{{#if a}}{{#if b}}x{{/if}}\n{{/if}}\n {{#if c}} \n\n {{/if}} \n",
        "<style>a{color:red}</style>{{a}}{ {{c}} }}",
        "\ufeff{{#if c}}\n\ufeff{{a}}\n\u00a0{{/if}}\u00a0\n",
        "{{concat a 'x=' \"'\" b c xs null1}}{{{concat c '<'}}}",
        "{{#if zero}}1{{else}}2{{/if}}{{#if text}}1{{/if}}{{#if o}}1{{/if}}{{#if none}}1{{/if}}",
        "{{#with zero}}{{this}}{{/with}}{{#with text}}{{this}}{{/with}}{{#with none}}1{{else}}2{{/with}}",
        "{{#each nulls}}{{this}}{{#if @root.c}}{{this}}{{/if}}{{#unless @root.a}}{{this}}{{/unless}};{{/each}}",
        "",
        "\n",
    ],
)
def test_white_space_truth_and_repetition_are_handlebars(handlebars: Handlebars, folder: Path, source: str) -> None:
    context = {
        **{"a": "", "b": 0, "c": "x=y", "xs": ["1", "<2>"], "o": {"z": 1, "10": True, "2": None, "é": "<"}},
        **{"zero": 0, "text": "0", "none": [], "nulls": [None, 0, [None, [1, "x"]], {}], "null1": None},
    }
    assert compared(handlebars, folder, source, context) == "rendered"


@pytest.mark.parametrize("space", ["\u00a0", "\x0b", "\x1c", "\x85", "\u2028", "\ufeff", "\u200b", "\r", "\t"])
def test_what_counts_as_white_space_around_a_tag_is_javascripts(
    handlebars: Handlebars, folder: Path, space: str
) -> None:
    source = f"a\n{space}{{{{#if a}}}}{space}\n{space}b{space}\n{space}{{{{/if}}}}{space}\n{space}{{{{! c }}}}{space}"
    assert compared(handlebars, folder, source, {"a": 1}) == "rendered"
