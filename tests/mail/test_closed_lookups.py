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
from smtpwizard.mail.templates import MissingVariableError, render
from support.mail_oracle import Handlebars, HandlebarsError

HELPERS = ("helperMissing", "blockHelperMissing", "lookup", "concat", "if", "each", "with", "unless", "log")
CONTEXT: dict[str, Any] = {"a": "text", "n": 3, "xs": ["1"], "o": {"k": "v"}, **dict.fromkeys(HELPERS, "given")}

INSIDES = [
    "constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty",
    "__lookupGetter__", "__lookupSetter__", "__defineGetter__", "__defineSetter__",
    "__class__", "__globals__", "__dict__", "__init__", "__mro__", "__subclasses__", "append", "upper", "keys", "items",
    "json", "path", "context", "parent", "index",
]  # fmt: skip
HOLDERS = ["", "a.", "n.", "xs.", "o.", "this.", "@root.", "@root.o."]
"""What a path may go through; all are looked into by one function, so not every name is printed through each."""


def ours(folder: Path, source: str, context: dict[str, Any]) -> str:
    (folder / "main.hbs").write_text(source)
    return render("main", context, directory=folder)


@pytest.mark.parametrize("name", INSIDES)
def test_no_inside_of_a_value_is_printed(tmp_path: Path, name: str) -> None:
    for holder in HOLDERS if name in ("constructor", "__class__") else ("", "o."):
        with pytest.raises(MissingVariableError):
            ours(tmp_path, f"{{{{{holder}{name}}}}}", CONTEXT)


@pytest.mark.parametrize("holder", HOLDERS)
def test_no_inside_of_a_value_is_entered_or_handed_on(tmp_path: Path, holder: str) -> None:
    paths = [holder + name for name in INSIDES]
    blocks = (f"{{{{#if {paths[0]}}}}}x{{{{/if}}}}", f"{{{{#each {paths[1]}}}}}x{{{{/each}}}}")
    assert ours(tmp_path, f"{{{{concat {' '.join(paths)}}}}}{''.join(blocks)}", CONTEXT) == ""


def test_a_value_named_like_a_helper_never_becomes_one(tmp_path: Path) -> None:
    assert ours(tmp_path, "{{concat a}} {{#if a}}yes{{/if}}", CONTEXT) == "text yes"
    source = "{{this.concat}} {{concat if log}} {{this.helperMissing}} {{#if each}}yes{{/if}}"
    assert ours(tmp_path, source, CONTEXT) == "given givengiven given yes"


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
