"""Rendering: what is refused and how it is told, what a context may hold, where templates are found."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.errors import ExitCode, FileError, InputError
from smtpwizard.mail.templates import (
    DEPTH_LIMIT,
    SIZE_LIMIT,
    MissingVariableError,
    TemplateError,
    folder,
    render,
    templates_dir,
    warm,
)

SHIPPED = sorted(path.name for path in templates_dir().glob("*.hbs"))


def render_source(folder: Path, source: str, context: dict[str, Any]) -> str:
    (folder / "main.hbs").write_text(source)
    return render("main", context, directory=folder)


def test_a_missing_variable_is_told_with_template_line_and_name(tmp_path: Path) -> None:
    with pytest.raises(MissingVariableError) as caught:
        render_source(tmp_path, "one\n{{here}}\n  {{#if here}}{{user.name}}{{/if}}", {"here": "x", "user": {}})
    assert (caught.value.template, caught.value.line, caught.value.variable) == ("main.hbs", 3, "user.name")
    assert caught.value.message == "main.hbs, line 3: the variable user.name is missing."
    assert caught.value.exit_code is ExitCode.FILE


def test_a_variable_missing_in_one_item_of_a_list_is_found_there(tmp_path: Path) -> None:
    source = "{{#each people}}\n{{name}}\n{{/each}}"
    with pytest.raises(MissingVariableError, match="line 2: the variable name is missing"):
        render_source(tmp_path, source, {"people": [{"name": "a"}, {}]})


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("{{{{raw}}}}x{{{{/raw}}}}", "raw blocks"),
        ("{{~a}}", "white space control"),
        ("{{a~}}", "white space control"),
        ("{{{a~}}}", "white space control"),
        ("{{!~ x }}{{!-- x --~}}", "white space control"),
        ("{{!-- no end", "no end"),
        ("{{!-- no end }} x", "no end"),
        ("{{a", "no end"),
        ("{{#> layout}}x{{/layout}}", "partial blocks"),
        ("{{#*inline 'x'}}y{{/inline}}", "inline partials"),
        ("{{* decorate}}", "decorators"),
        ("{{> foot}}", "partials ({{> name}})"),
        ("{{> (lookup . 'x')}}", "partials ({{> name}})"),
        ("{{& a}}", "values after &"),
        ("{{^a}}x{{/a}}", "inverted blocks"),
        ("{{#if a}}x{{^}}y{{/if}}", "inverted blocks"),
        ("{{#if a}}x{{else if b}}y{{/if}}", "{{else …}} with a condition"),
        ("{{else if a}}", "{{else …}} with a condition"),
        ("{{../a}}", "parent names"),
        ("{{#each xs}}{{../a}}{{/each}}", "parent names"),
        ("{{#if ../a}}{{/if}}", "parent names"),
        ("{{[a]}}", "brackets"),
        ("{{xs.[0]}}", "brackets"),
        ("{{concat (concat a)}}", "helpers inside helpers"),
        ("{{#if (concat a)}}x{{/if}}", "helpers inside helpers"),
        ("{{#each xs as |x|}}{{x}}{{/each}}", "block parameters"),
        ("{{#if a includeZero=true}}x{{/if}}", "name=value"),
        ("{{concat a sep=','}}", "name=value"),
        ("{{a b=1}}", "name=value"),
        ("{{#if a b}}x{{/if}}", "exactly one argument"),
        ("{{#if}}x{{/if}}", "exactly one argument"),
        ("{{#if 'a'}}x{{/if}}", "exactly one argument"),
        ("{{#if true}}x{{/if}}", "exactly one argument"),
        ("{{#xs}}x{{/xs}}", "blocks other than"),
        ("{{#nosuch a}}x{{/nosuch}}", "blocks other than"),
        ("{{concat 1}}", "concat takes"),
        ("{{concat 'a\\'b'}}", "concat takes"),
        ("{{concat true}}", "concat takes"),
        ("{{nosuch a}}", "helpers other than concat"),
        ("{{lookup o 'k'}}", "helpers other than concat"),
        ("{{log a}}", "helpers other than concat"),
        ("{{concat}}", "concat is a helper"),
        ("{{if}}", "if is a helper"),
        ("{{{helperMissing}}}", "helperMissing is a helper"),
        ("{{'a'}}", "literal as a variable"),
        ("{{12}}", "literal as a variable"),
        ("{{null}}", "literal as a variable"),
        ("{{@level}}", "only @root"),
        ("{{a}}}", "differ in number"),
        ("{{{a}}", "differ in number"),
        ("{{#if a}}}x{{/if}}", "differ in number"),
        ("\\{{a}}", "backslash"),
        ("{{}}", "the tag {{}} is"),
        ("{{a.0}}", "the tag {{a.0}} is"),
        ("{{a.this}}", "the tag {{a.this}} is"),
        ("{{./a}}", "the tag {{./a}} is"),
        ("{{a/b}}", "the tag {{a/b}} is"),
        ("{{$a}}", "the tag {{$a}} is"),
        ("{{a\u00a0}}", "the tag {{a"),
        ("{{#if a}}x", "the block if has no end {{/if}}"),
        ("{{#if a}}x{{/unless}}", "{{/unless}} stands where {{/if}} must"),
        ("{{/if}}", "outside of any block"),
        ("{{else}}", "outside of any block"),
        ("{{#if a}}{{else}}{{else}}{{/if}}", "second {{else}}"),
        ("\0", "NUL"),
        ("{{{n}}}", "number or boolean"),
        ("{{#if a}}" * (DEPTH_LIMIT + 1) + "{{/if}}" * (DEPTH_LIMIT + 1), "20 blocks"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_and_line(tmp_path: Path, source: str, word: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render_source(tmp_path, f"{{{{a}}}}\n{source}", {"a": "x", "b": "y", "n": 1, "xs": ["1"], "o": {}})
    assert word in caught.value.message
    assert caught.value.message.startswith("main.hbs, line 2: ")
    assert caught.value.line == 2


def test_a_line_is_counted_through_tags_comments_and_windows_line_ends(tmp_path: Path) -> None:
    source = "{{! one\ntwo }}\r\n{{#if\n a}}\r\n{{else}}{{concat 'x\ny'\n'z'}}{{nothing}}{{/if}}"
    with pytest.raises(MissingVariableError, match="line 7: the variable nothing is missing"):
        render_source(tmp_path, source, {"a": ""})


def test_blocks_may_stand_inside_each_other_to_the_limit(tmp_path: Path) -> None:
    source = "{{#if a}}" * DEPTH_LIMIT + "{{a}}" + "{{/if}}" * DEPTH_LIMIT
    assert render_source(tmp_path, source, {"a": "x"}) == "x"


def test_a_template_of_a_megabyte_is_read_in_one_go(tmp_path: Path) -> None:
    source = "{{#if a}}" + "\n" * (SIZE_LIMIT - 21) + "{{/if}}"
    assert len(render_source(tmp_path, source, {"a": "x"})) == SIZE_LIMIT - 22


class Sly(str):
    """A text with an attribute and a method that a template might reach."""

    __slots__ = ()

    def secret(self) -> str:
        raise AssertionError("a template called this")


@pytest.mark.parametrize("value", [print, object(), Sly("x"), 1.5, b"x", ("x",), {1: "x"}, {"deep": [print]}, 2**53])
def test_a_context_of_anything_but_plain_data_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(InputError):
        render_source(tmp_path, "{{x}}", {"x": value})


@pytest.mark.parametrize("path", ["x.upper", "x.__class__", "xs.append", "__class__", "o.keys", "constructor"])
def test_no_attribute_or_method_can_be_reached(tmp_path: Path, path: str) -> None:
    with pytest.raises(MissingVariableError):
        render_source(tmp_path, f"{{{{{path}}}}}", {"x": "text", "xs": [], "o": {}})


def test_nothing_python_like_in_a_template_is_run(tmp_path: Path) -> None:
    source = '\'"); raise SystemExit #\\\n{{x}}\n""" + str(1/0) + """'
    assert render_source(tmp_path, source, {"x": "'\\"}) == source.replace("{{x}}", "&#x27;\\")


@pytest.mark.parametrize("name", ["", "../verification", "/etc/passwd", ".hidden", "a/../../b", "a\\b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="not by a path"):
        render(name, {}, directory=tmp_path)


def test_the_apps_own_file_names_are_found(tmp_path: Path) -> None:
    (tmp_path / "resetPassword.hbs").write_text("<a href='{{link}}'>{{baseUrl}}</a>")
    context = {"link": "http://x/?a=b", "baseUrl": "http://x"}
    assert render("reset-password", context, directory=tmp_path) == "<a href='http://x/?a&#x3D;b'>http://x</a>"


def test_a_template_that_is_not_there_is_told_with_both_names(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"no reset-password\.hbs or resetPassword\.hbs in"):
        render("reset-password", {}, directory=tmp_path)


def test_a_template_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.hbs").write_bytes(b"caf\xe9")
    (tmp_path / "long.hbs").write_bytes(b"x" * (SIZE_LIMIT + 1))
    (tmp_path / "folder.hbs").mkdir()
    with pytest.raises(FileError, match="not UTF-8"):
        render("latin", {}, directory=tmp_path)
    with pytest.raises(FileError, match="1,000,000 octets"):
        render("long", {}, directory=tmp_path)
    with pytest.raises(FileError, match=r"no folder\.hbs"):
        render("folder", {}, directory=tmp_path)


@pytest.mark.parametrize("template", SHIPPED)
def test_shipped_templates_load_nothing_from_elsewhere_and_escape_every_value(template: str) -> None:
    source = (templates_dir() / template).read_text()
    assert "<img" not in source
    assert "url(" not in source
    assert "@import" not in source
    assert "<link" not in source
    assert "{{{" not in source
    assert "{{&" not in source


def test_a_changed_template_is_read_anew(tmp_path: Path) -> None:
    assert render_source(tmp_path, "one {{x}}", {"x": "a"}) == "one a"
    assert render_source(tmp_path, "two {{x}}", {"x": "a"}) == "two a"


def test_many_threads_may_warm_and_render_at_once(tmp_path: Path) -> None:
    results: list[str] = []

    def work(number: int) -> None:
        warm()
        folder = tmp_path / str(number)
        folder.mkdir()
        results.append(render_source(folder, f"{number % 3} {{{{x}}}}", {"x": "a"}))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == sorted(f"{number % 3} a" for number in range(8))


def test_pybars_is_imported_by_rendering_and_not_before() -> None:
    code = (
        "import sys, smtpwizard.mail.messages, smtpwizard.mail.templates as templates\n"
        "assert 'pybars' not in sys.modules and 'css_inline' not in sys.modules\n"
        "templates.warm()\n"
        "assert 'pybars' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("block", ["style", 'style data-css-inline="keep"'])
def test_the_shipped_templates_share_one_look(block: str) -> None:
    """They repeat it, since the app's mailer knows no partials: each can be put into the app's folder as it is."""
    element = re.compile(rf"<{block}>.*?</style>", re.DOTALL)
    found = {match.group() for name in SHIPPED if (match := element.search((templates_dir() / name).read_text()))}
    assert len(found) == 1


def test_the_templates_of_a_checkout_are_found_from_its_root_or_on_the_way(tmp_path: Path) -> None:
    below = "apps/api/templates"
    place = tmp_path / below
    place.mkdir(parents=True)
    (place / "verification.hbs").touch()
    for given in (tmp_path, tmp_path / "apps", tmp_path / "apps/api", place):
        assert folder(given, below) == place
    assert folder(None, below) is None
    assert folder(tmp_path, "") == tmp_path
    assert folder(tmp_path / "nowhere", below) == tmp_path / "nowhere"


def test_a_folder_with_templates_of_its_own_is_the_one_meant(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "mine.hbs").touch()
    assert folder(tmp_path, "apps/api/templates") == tmp_path
