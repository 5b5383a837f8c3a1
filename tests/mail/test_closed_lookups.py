"""What a template or a context must not reach: prototypes, Python's insides, helpers that nobody registered, functions.

Handlebars 4.7.8 closes prototypes off too, and then prints nothing; here `strict` counts them as missing. Neither way
does anything come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.errors import InputError
from smtpwizard.mail.handlebars.lexer import TemplateError
from smtpwizard.mail.templates import render
from support.mail_oracle import Handlebars, HandlebarsError

HELPERS = ("helperMissing", "blockHelperMissing", "lookup", "concat", "if", "each", "with", "unless", "log")
CONTEXT: dict[str, Any] = {"a": "text", "n": 3, "xs": ["1"], "o": {"k": "v"}, **dict.fromkeys(HELPERS, "given")}

INSIDES = [
    "constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty",
    "__lookupGetter__", "__lookupSetter__", "__defineGetter__", "__defineSetter__",
    "__class__", "__globals__", "__dict__", "__init__", "__mro__", "__subclasses__", "append", "upper", "keys", "items",
]  # fmt: skip
HOLDERS = ["", "a.", "n.", "xs.", "o.", "this.", "@root.", "@root.o."]

REFUSED = [
    "{{helperMissing}}", "{{helperMissing a}}", "{{#helperMissing}}x{{/helperMissing}}", "{{blockHelperMissing}}",
    "{{#blockHelperMissing}}x{{/blockHelperMissing}}", "{{#blockHelperMissing o}}x{{/blockHelperMissing}}",
    "{{concat (helperMissing a)}}", "{{#if (blockHelperMissing a)}}x{{/if}}", "{{if}}", "{{if a}}", "{{each xs}}",
    "{{log a}}", "{{nosuch a}}", "{{a.k 1}}", "{{#a 1}}x{{/a}}", "{{concat (a)}}", "{{lookup o}}",
    "{{lookup o 'k' 'k'}}",
    "{{* a}}", "{{#* inline 'x'}}y{{/inline}}", "{{#*inline 'x'}}y{{/inline}}", "{{#> x}}y{{/x}}",
    "{{> (lookup . 'a')}}", "{{> (concat 'ma' 'in')}}", "{{> constructor}}", "{{> __proto__}}", "{{> @partial-block}}",
    "{{{{raw}}}}x{{{{/raw}}}}", "{{@partial-block}}", "{{@constructor}}", "{{@level}}",
]  # fmt: skip


def ours(folder: Path, source: str, context: dict[str, Any]) -> str:
    (folder / "main.hbs").write_text(source)
    return render("main", context, directory=folder)


@pytest.mark.parametrize("name", INSIDES)
def test_no_inside_of_a_value_is_printed_or_entered(tmp_path: Path, name: str) -> None:
    for holder in HOLDERS:
        path = holder + name
        for source in (f"{{{{{path}}}}}", f"{{{{{{{path}}}}}}}", f"{{{{#{path}}}}}x{{{{/{path}}}}}"):
            with pytest.raises(TemplateError):
                ours(tmp_path, source, CONTEXT)
        assert ours(tmp_path, f"{{{{#if {path}}}}}x{{{{/if}}}}{{{{#each {path}}}}}x{{{{/each}}}}", CONTEXT) == ""
        assert ours(tmp_path, f"{{{{#with {path}}}}}x{{{{/with}}}}{{{{concat {path}}}}}", CONTEXT) == ""


@pytest.mark.parametrize("name", INSIDES)
@pytest.mark.parametrize("target", ["a", "n", "xs", "o", ".", "@root"])
def test_the_lookup_helper_finds_no_more_than_a_path_does(tmp_path: Path, name: str, target: str) -> None:
    assert ours(tmp_path, f"{{{{lookup {target} '{name}'}}}}", CONTEXT) == ""
    assert ours(tmp_path, f"{{{{lookup (lookup {target} '{name}') 'name'}}}}", CONTEXT) == ""


@pytest.mark.parametrize("source", REFUSED)
def test_helpers_that_nobody_registered_and_ways_to_make_some_are_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(TemplateError):
        ours(tmp_path, source, CONTEXT)


def test_a_value_named_like_a_helper_never_becomes_one(tmp_path: Path) -> None:
    assert ours(tmp_path, "{{concat a}} {{lookup o 'k'}} {{#if a}}yes{{/if}}", CONTEXT) == "text v yes"
    assert ours(tmp_path, "{{this.concat}} {{./if}} {{this.helperMissing}}", CONTEXT) == "given given given"


@pytest.mark.parametrize("value", [print, lambda: "x", len, type, property(), classmethod(print), iter(())])
def test_a_function_in_the_context_is_refused_wherever_it_hides(tmp_path: Path, value: object) -> None:
    for context in ({"x": value}, {"o": {"x": value}}, {"xs": [[value]]}):
        with pytest.raises(InputError):
            ours(tmp_path, "nothing is looked up", context)


@pytest.fixture(scope="module")
def handlebars() -> Iterator[Handlebars]:
    with Handlebars() as running:
        yield running


@pytest.mark.node
@pytest.mark.parametrize("name", INSIDES)
def test_handlebars_prints_nothing_either(handlebars: Handlebars, name: str) -> None:
    for holder in HOLDERS:
        try:
            printed = handlebars.render(f"{{{{{holder}{name}}}}}", CONTEXT)
        except HandlebarsError:
            continue
        assert printed == ""
