"""Each parse kind makes of a text what the code makes of it that it is named after: run here where it can be."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from environ import Env
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.apps.parse import BOOLEANS, CHECKS, PORTS, WORDS, Reason, python_int
from support.node import node_json

TEXTS = [
    "true",
    "TRUE",
    "True",
    " true ",
    "false",
    "FALSE",
    "False",
    "",
    " ",
    "1",
    "0",
    "yes",
    "YES",
    "no",
    "on",
    "off",
    "t",
    "f",
    "y",
    "n",
    "null",
    "undefined",
    "none",
    "[]",
    "{}",
    '""',
    '"x"',
    '"false"',
    "0.0",
    "-0",
    "1e3",
    "00",
    "NaN",
    "Infinity",
    "'false'",
    "trüe",
    "enabled",
    "ok",
]
JS_BOOLEANS = {
    "exact-true": "v === 'true'",
    "not-false-not-empty": "!!(v === 'false' ? false : v)",
    "true-or-one": "v === 'true' || v === '1'",
    "one": "v === '1'",
    "not-false": "v !== 'false'",
    "not-zero": "v !== '0'",
    "not-false-not-zero": "v !== 'false' && v !== '0'",
    "non-empty": "Boolean(v)",
    "lower-true": "v.toLowerCase() === 'true'",
    "lower-true-or-one": "v === '1' || v.toLowerCase() === 'true'",
    "lower-not-false": "v.toLowerCase() !== 'false'",
    "trim-lower-true": "v.trim().toLowerCase() === 'true'",
    "true-words": "['true', 'on', 'yes', '1'].includes(v.toLowerCase())",
    "json": "(() => { try { return Boolean(JSON.parse(v)) } catch { return Boolean(v) } })()",
    "json-not-false": "(() => { try { return JSON.parse(v) !== false } catch { return v !== false } })()",
}
JS_CHECKS = {
    "non-empty": "v.length > 0",
    "true-false": "v === 'true' || v === 'false'",
    "one-zero": "v === '1' || v === '0'",
    "true-false-one-zero": "['true', '1', 'false', '0'].includes(v)",
    "json": "(() => { try { JSON.parse(v); return true } catch { return false } })()",
    "parse-int": "!Number.isNaN(parseInt(v))",
    "json-number": "(() => { try { return typeof JSON.parse(v) === 'number' } catch { return false } })()",
}
ON, OFF, NEITHER = True, False, None
WIDE = dict.fromkeys(["true", "TRUE", "True", "1", "yes", "YES", "t", "y"], ON)
WIDE |= dict.fromkeys(["false", "FALSE", "False", "0", "no", "f", "n"], OFF)
READ_IN_SOURCE: dict[str, dict[str, bool | None]] = {
    # vaultwarden src/util.rs get_env_bool: both lists in any case, None for the rest
    "wide": WIDE,
    # plausible config/runtime.exs: the same with on and off
    "wide-on-off": {**WIDE, "on": ON, "off": OFF},
    # n8n @n8n/config: lower-cased, `true` and `1`, `false` and `0`; a warning and the default for the rest
    "true-one": {"true": ON, "TRUE": ON, "True": ON, "1": ON, "false": OFF, "FALSE": OFF, "False": OFF, "0": OFF},
    # Go strconv/atob.go ParseBool
    "go": {
        **dict.fromkeys(["1", "t", "true", "TRUE", "True"], ON),
        **dict.fromkeys(["0", "f", "false", "FALSE", "False"], OFF),
    },
    # Django settings of Healthchecks: exactly True
    "python-true": {**dict.fromkeys(TEXTS, OFF), "True": ON},
    # ActiveModel::Type::Boolean: a list of false values, nil for an empty text
    "rails": {**dict.fromkeys(TEXTS, ON), "": NEITHER, **dict.fromkeys(["0", "f", "false", "FALSE", "off"], OFF)},
    # discourse lib GlobalSetting: `false` becomes false, an empty text nil, the rest stays a text and is true
    "exact-else-true": {**dict.fromkeys(TEXTS, ON), "": NEITHER, "false": OFF},
}


@pytest.mark.node
def test_kinds_of_javascript_are_javascripts() -> None:
    expressions = {
        **{("read", kind): js for kind, js in JS_BOOLEANS.items()},
        **{("check", kind): js for kind, js in JS_CHECKS.items()},
    }
    script = f"output(input.map((v) => [{', '.join(expressions.values())}]))"
    for text, results in zip(TEXTS, node_json(script, TEXTS), strict=True):
        for (what, kind), result in zip(expressions, results, strict=True):
            ours = BOOLEANS[kind](text) if what == "read" else not isinstance(CHECKS[kind](text), Reason)
            assert ours is result, f"{what} {kind} of {text!r}: {ours}, JavaScript has {result}"


@pytest.mark.node
def test_words_are_compared_as_javascript_does() -> None:
    script = "output(input.map((v) => [v, v.toLowerCase(), v.trim().toLowerCase()]))"
    for text, results in zip(TEXTS, node_json(script, TEXTS), strict=True):
        assert [WORDS[kind](text) for kind in ("exact", "lower", "trim-lower")] == results


@pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed")
def test_phps_kind_is_phps() -> None:
    script = "foreach (json_decode(stream_get_contents(STDIN)) as $v) $out[] = filter_var($v, FILTER_VALIDATE_BOOL);"
    texts = [text for text in TEXTS if text == text.strip()]
    done = subprocess.run(
        ["php", "-r", f"{script} echo json_encode($out);"],
        input=json.dumps(texts),
        text=True,
        capture_output=True,
        check=True,
    )
    for text, result in zip(texts, json.loads(done.stdout), strict=True):
        assert BOOLEANS["php"](text) is result, f"{text!r}: PHP has {result}"


@settings(deadline=None)
@given(st.sampled_from(["", " ", "\t"]), st.sampled_from(TEXTS) | st.text("tTrueyYsOnK+-_01 ٥", max_size=4))
def test_environs_kind_is_django_environs(blank: str, text: str) -> None:
    assert BOOLEANS["environ"](blank + text + blank) is Env.parse_value(blank + text + blank, bool)


@pytest.mark.parametrize("kind", READ_IN_SOURCE)
def test_kinds_that_do_not_run_here_are_as_their_source_says(kind: str) -> None:
    rows = READ_IN_SOURCE[kind]
    for text in TEXTS:
        assert BOOLEANS[kind](text) is rows.get(text), text


def test_every_kind_is_held_against_something() -> None:
    assert set(BOOLEANS) == {*JS_BOOLEANS, *READ_IN_SOURCE, "php", "environ"}
    named_elsewhere = {
        "joi-string",
        "joi-boolean",
        "joi-number",
        "js-number",
        "zod-email",
        "zod-url",
    }  # test_*_conformance
    assert set(CHECKS) == {
        *JS_CHECKS,
        *named_elsewhere,
        "python-bool",
        "wide-boolean",
        "wide-boolean-on-off",
        "integer",
    }
    assert set(PORTS) == {"parse-int", "js-number", "integer"}


@pytest.mark.parametrize(
    "text",
    ["587", " 587 ", "5_8_7", "+587", "-1", "", " ", "587.0", "0x10", "587a", "５８７", "1e3", "__", "5__8", "\t25\n"],
)
def test_an_integer_is_pythons(text: str) -> None:
    try:
        theirs: int | None = int(text) if text.isascii() else None  # a port in other digits is beyond what we read
    except ValueError:
        theirs = None
    assert python_int(text) == theirs
    assert isinstance(CHECKS["integer"](text), Reason) is (theirs is None)


def test_checks_of_words_refuse_all_others() -> None:
    assert [text for text in TEXTS if not isinstance(CHECKS["python-bool"](text), Reason)] == ["True", "False", ""]
    assert [text for text in TEXTS if not isinstance(CHECKS["wide-boolean"](text), Reason)] == [
        text for text in TEXTS if WIDE.get(text) is not None
    ]
    assert CHECKS["wide-boolean"]("") is Reason.EMPTY
    assert CHECKS["wide-boolean-on-off"]("off") == "off"
