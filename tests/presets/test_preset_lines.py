"""The line of a key: nested tables, arrays of tables, inline tables, strings that look like syntax."""

from __future__ import annotations

import tomllib
from typing import Any

from smtpwizard.presets.files import presets_root, provider_files
from smtpwizard.presets.toml import key_lines, line_of
from support.preset_files import GOOD, line

TEXT = '''\
# a comment with = and [brackets]
id = "x"
"quoted key" = 1
dotted.key.path = true   # [not.a.table]
text = """
[looks.like.a.table]
port = 25
"""
literal = 'C:\\[x] # no comment'
escaped = "a \\" ] } = b"

ports = [
  # a comment, with = and ]
  { port = 465, tls = "implicit" },
  { tls = "starttls",
    port = 587 },
]
flat = [1, 2,
  [3, 4]]

[table]
key = { a = 1, b = [ { c = 2 } ] }
[table.inner]
deep = 1

[[items]]
name = "one"
[[items]]
name = "two"
  [items.part]
  size = 1
  [[items.more]]
  n = 1
[[items]]
name = "three"
'''


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path of a parsed value that a key or an element leads to."""
    found: set[tuple[str | int, ...]] = {path} if path else set()
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found |= paths_of(child, (*path, key))
    return found


def test_keys_of_every_kind_have_their_line() -> None:
    lines = key_lines(TEXT)
    for path, part in [
        (("id",), 'id = "x"'),
        (("quoted key",), "quoted key"),
        (("dotted", "key", "path"), "dotted.key"),
        (("text",), "text ="),
        (("literal",), "literal"),
        (("escaped",), "escaped"),
        (("ports", 0, "tls"), "465"),
        (("ports", 1), 'tls = "starttls"'),
        (("ports", 1, "port"), "587"),
        (("flat", 2, 1), "[3, 4]"),
        (("table",), "[table]"),
        (("table", "key", "b", 0, "c"), "key = {"),
        (("table", "inner", "deep"), "deep"),
        (("items", 0, "name"), '"one"'),
        (("items", 1, "part", "size"), "size"),
        (("items", 1, "more", 0, "n"), "n = 1"),
        (("items", 2, "name"), '"three"'),
    ]:
        assert lines[path] == line(TEXT, part), path


def test_what_stands_within_a_string_is_no_key() -> None:
    lines = key_lines(TEXT)
    assert ("looks", "like", "a", "table") not in lines
    assert ("port",) not in lines


def test_a_missing_key_has_the_line_of_its_table() -> None:
    lines = key_lines(GOOD)
    assert line_of(lines, ("password", "hnit")) == line(GOOD, "[password]")
    assert line_of(lines, ("errors", 0, "nothing")) == line(GOOD, "[[errors]]")
    assert line_of(lines, ("ports", 1, "nothing")) == line(GOOD, "587")
    assert line_of(lines, ("nothing",)) == 1


def test_every_key_of_every_shipped_preset_is_found() -> None:
    for path in provider_files(presets_root()):
        text = path.read_text("utf-8")
        missing = paths_of(tomllib.loads(text)) - set(key_lines(text))
        assert not missing, (path.name, missing)


def test_windows_line_ends_count_alike() -> None:
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_a_text_that_is_not_toml_ends_the_walk() -> None:
    for text in ("=", "[", "[[", "a = [1, =", "a = {b = ", "a = {=}", 'a = "open', "]]]", "a == 1\nb = 2", "\x00"):
        assert isinstance(key_lines(text), dict)
