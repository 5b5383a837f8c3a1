"""Renders Handlebars templates with pybars3, byte for byte as the app's Handlebars 4.7.8. Reads files; sends nothing.

A template may hold text, `{{name}}`, `{{{name}}}`, `{{concat a "b"}}`, comments, and the blocks `#if`, `#unless`,
`#each` and `#with` with or without `{{else}}`. Names may have dots and begin with `this` or `@root`; inside `#each`
there are `@index`, `@key`, `@first` and `@last`. Every other construct is refused with its name and line.

The app's mailer (@nestjs-modules/mailer 2.0.2, dist/adapters/handlebars.adapter.js) compiles with `strict: true`, so a
missing variable is an error; it registers the helper `concat`, no other, and no partials.

pybars3 0.9.7 parses the tags, looks names up and runs the blocks. By itself it prints a missing variable as nothing,
calls functions that it finds in a context, does not escape `=`, has Python's truth and text of a value, and treats the
line of a block tag differently. So `_rewritten` checks the source and changes it, `_Value` answers the look-ups, and
`_Helpers` print and decide.

No other module imports pybars3. The import compiles grammars for 0.4 to 0.6 s: `warm()` does it in a thread once the
first frame stands. The compiler keeps state, so a lock guards both.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from smtpwizard.errors import BugError, FileError, InputError
from smtpwizard.files import read_regular
from smtpwizard.presets.files import presets_root
from smtpwizard.text import safe

SIZE_LIMIT: Final = 1_000_000
"""Octets of a template: the app's largest has 29,000."""

DEPTH_LIMIT: Final = 20
"""Blocks inside blocks: mails have two or three, and pybars3 needs some fifteen stack frames for each."""

CODE_LIMIT: Final = 10_000
"""Characters that pybars3 is given to parse, texts not counted: some 300 tags. It takes 0.15 ms for each."""

STEPS_LIMIT: Final = 50_000
"""Tags that are filled in and items that are walked in one rendering: `#each` in `#each` multiplies them."""

RESULT_LIMIT: Final = 1_000_000
"""Characters of a rendered mail; readers cut a mail off after 100,000 (Gmail)."""

CONTEXT_DEPTH: Final = 50
"""Levels of a context: keeps its walk far from Python's recursion limit."""

_EXACT: Final = 2**53
"""From here on JavaScript's numbers are not exact (ECMA-262, Number.MAX_SAFE_INTEGER)."""

_TITLE: Final = "Mail template"
_LOCK: Final = threading.RLock()

_Compiled: TypeAlias = tuple[Callable[..., Any], list[str]]
"""What pybars3 made of a source, and the texts between its tags."""

_CACHE: Final[dict[tuple[str, str], _Compiled]] = {}


class TemplateError(FileError):
    """A template with a construct that is wrong or not supported here."""

    def __init__(self, template: str, line: int, problem: str) -> None:
        super().__init__(f"{safe(template, limit=120)}, line {line}: {problem}", _TITLE)
        self.template = template
        self.line = line


class MissingVariableError(TemplateError):
    """The template uses a variable that the app does not give it; the app's mailer fails there too."""

    def __init__(self, template: str, line: int, variable: str) -> None:
        super().__init__(template, line, f"the variable {safe(variable, limit=120)} is missing.")
        self.variable = variable


def warm() -> None:
    """Import pybars3: call it in a thread, any number of times."""
    with _LOCK:
        import pybars  # noqa: F401


def templates_dir() -> Path:
    """Return the folder of the shipped templates."""
    return presets_root() / "mails"


def folder(directory: Path | None, below: str) -> Path | None:
    """Return where the templates of `--templates DIR` are: in DIR itself, or in the folder `below` of a checkout.

    DIR may also be a folder on the way to it, such as `apps/api`. Where neither has templates the answer is DIR, and
    `render` says what is missing.
    """
    if directory is None or any(directory.glob("*.hbs")):
        return directory
    parts = below.split("/") if below else []
    ways = (directory.joinpath(*parts[start:]) for start in range(len(parts)))
    return next((way for way in ways if way.is_dir()), directory)


def render(name: str, context: dict[str, Any], *, directory: Path | None = None) -> str:
    """Return the template `name` filled with `context`, as the app's Handlebars would.

    `name` is that of the file without `.hbs`; `reset-password` also finds `resetPassword.hbs`, the app's own name.
    TemplateError for what is not supported, MissingVariableError for a missing variable, InputError for a context that
    is not plain data or a name that is a path, FileError for a file that cannot be read.
    """
    _check(context, "the context", 0)
    path = _find(name, directory or templates_dir())
    source = _read(path)
    with _LOCK:
        key = (path.name, source)
        if key not in _CACHE:
            _CACHE[key] = _compiled(path.name, source)
        template, texts = _CACHE[key]
    return str(template(_Value(context), helpers=_Helpers(path.name, texts).by_name()))


def _find(name: str, directory: Path) -> Path:
    if not name or name.startswith((".", "/")) or "\\" in name or "/." in name:
        raise InputError("A template is named by a word such as verification, not by a path.", _TITLE)
    first, *rest = name.split("-")
    names = tuple(dict.fromkeys((f"{name}.hbs", f"{first}{''.join(part.title() for part in rest)}.hbs")))
    for candidate in names:
        if (directory / candidate).is_file():
            return directory / candidate
    raise FileError(f"There is no {' or '.join(names)} in {directory}.", _TITLE)


def _read(path: Path) -> str:
    try:
        return read_regular(path, most=SIZE_LIMIT).decode("utf-8")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.", _TITLE) from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text.", _TITLE) from error


def _check(value: object, where: str, depth: int) -> None:
    """Refuse, with InputError, what a template must not see: objects, callables, fractions, keys that are no text."""
    kind = type(value)
    if depth > CONTEXT_DEPTH:
        raise InputError(f"{where} nests more than {CONTEXT_DEPTH} levels.", _TITLE)
    if isinstance(value, dict) and kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise InputError(f"a key in {where} is not a text.", _TITLE)
            _check(item, safe(key, limit=80), depth + 1)
    elif isinstance(value, list) and kind is list:
        for item in value:
            _check(item, where, depth + 1)
    elif isinstance(value, int) and kind is int:
        if abs(value) >= _EXACT:
            raise InputError(f"{where} is a number that JavaScript cannot hold exactly.", _TITLE)
    elif value is not None and kind not in (str, bool):
        raise InputError(f"{where} is of a kind that a mail cannot show ({kind.__name__}).", _TITLE)


# The source of a template: checked, and rewritten for pybars3

_S: Final = r"[ \t\r\n]"
_NAME: Final = r"(?!else(?![A-Za-z0-9_])|(?:true|false|null|undefined|this)(?![\w-]))[^\W\d][\w-]*"
"""What both engines read as one name: no literal, and not the start of `{{else …}}`."""

_PATH: Final = rf"(?:@(?:index|key|first|last)|(?:@root|this(?![\w-])|{_NAME})(?:\.{_NAME})*)"
_OPERAND: Final = rf"""(?:{_PATH}|"[^"\\{{}}]*"|'[^'\\{{}}]*')"""
_OPERANDS: Final = re.compile(_OPERAND)
_EXPRESSION: Final = rf"(?:concat(?:{_S}+{_OPERAND})+|{_PATH})"
_TAG: Final = re.compile(
    rf"""\{{\{{(?:
      (?P<comment>!(?:(?=--)(?:(?!--~\}}\}}).)*?--|(?!--)(?:(?!~\}}\}}).)*?)\}}\}})
    | (?P<otherwise>{_S}*else{_S}*\}}\}})
    | (?P<value>(?P<raw>\{{)?{_S}*(?P<expression>{_EXPRESSION}){_S}*(?(raw)\}}\}}\}}|\}}\}})(?!\}}))
    | (?P<open>\#{_S}*(?P<block>if|unless|each|with){_S}+(?P<subject>{_PATH}){_S}*\}}\}}(?!\}}))
    | (?P<close>/{_S}*(?P<closed>[\w-]+){_S}*\}}\}}(?!\}}))
    )""",
    re.DOTALL | re.VERBOSE,
)

_HELPERS: Final = ("if", "unless", "each", "with", "concat", "lookup", "log", "helperMissing", "blockHelperMissing")
"""What Handlebars and the app's mailer register: alone in a tag, such a name is a call and not a variable."""

_REFUSED: Final = tuple(
    (re.compile(pattern, re.DOTALL), problem)
    for pattern, problem in (
        (r"\{\{\{\{", "raw blocks ({{{{name}}}}) are not supported."),
        (r"\{\{!", "the comment has no end, or one with white space control (~), which is not supported."),
        (r"\{\{\{[^{}]*\}\}(?!\})|\{\{[^{}]*\}\}\}", "the braces that open and close the tag differ in number."),
        (r"\{\{~|.*~\}", "white space control (~) is not supported."),
        (r"\{\{#>", "partial blocks ({{#> name}}) are not supported."),
        (r"\{\{#?\s*\*", "decorators and inline partials (*) are not supported."),
        (r"\{\{>", "partials ({{> name}}) are not supported: put the partial's text into the template."),
        (r"\{\{&", "values after & are not supported: write {{{name}}}."),
        (r"\{\{\^", "inverted blocks ({{^…}}) are not supported: use #unless or {{else}}."),
        (r"\{\{\s*else\b", "{{else …}} with a condition is not supported: put a block into the {{else}} branch."),
        (r".*\.\.", "parent names (../name) are not supported: use @root.name."),
        (r".*\[", "names in brackets ([name]) are not supported."),
        (r".*\(", "helpers inside helpers ((name …)) are not supported."),
        (r".*\sas\s+\|", "block parameters (as |name|) are not supported."),
        (r"[^\"']*=", "arguments with a name (name=value) are not supported."),
        (r"\{\{#\s*(?:if|unless|each|with)\b", "a block takes exactly one argument, the name of a variable."),
        (r"\{\{#", "blocks other than #if, #unless, #each and #with are not supported."),
        (r"\{\{\{?\s*concat\b", "concat takes names, and strings without a backslash or brace."),
        (r"\{\{\{?\s*[\w.-]+\s+[^\s}]", "helpers other than concat are not supported."),
        (r"\{\{\{?\s*[\"'\d]|\{\{\{?\s*(?:true|false|null|undefined)\b", "a literal as a variable is not supported."),
        (r".*@", "only @root, @index, @key, @first and @last are supported."),
    )
)
"""Why a tag is none of the above: the first that fits."""

_SPACES: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript's `\\s` matches (ECMA-262, WhiteSpace and LineTerminator)."""

_REST_OF_LINE: Final = re.compile(r"\A[ \t]*\r?\n?")


def _rewritten(template: str, source: str) -> tuple[str, list[str]]:
    """Return the source that pybars3 compiles, and the texts between the tags, which it calls by number. TemplateError.

    `{{a}}` on line 3 becomes `{{{show 3 this.a}}}`. A text becomes `{{{text 5}}}`: pybars3 would read it character by
    character, and lose a carriage return behind a tag.
    """
    if (nul := source.find("\0")) >= 0:  # no rule of Handlebars' lexer matches it
        raise TemplateError(template, source.count("\n", 0, nul) + 1, "a NUL character stands in the text.")
    texts, tags, codes = [""], [], [""]
    opened: list[tuple[str, int, bool]] = []
    position, line, length = 0, 1, 0
    while (start := source.find("{{", position)) >= 0:
        texts[-1] = source[position:start]
        line += texts[-1].count("\n")
        tag = _TAG.match(source, start)
        if tag is None or texts[-1].endswith("\\"):
            raise TemplateError(template, line, _reason(source, start))
        if problem := _misplaced(tag, opened, line):
            raise TemplateError(template, line, problem)
        texts.append("")
        tags.append(tag.lastgroup)
        codes.append(_code(tag, line))
        length += len(codes[-1])
        if length > CODE_LIMIT:
            raise TemplateError(template, line, "the template has more tags than are rendered here.")
        position = tag.end()
        line += tag.group().count("\n")
    texts[-1] = source[position:]
    if opened:
        block, at, _ = opened[-1]
        raise TemplateError(template, at, f"the block {block} has no end {{{{/{block}}}}}.")
    _take_lines(texts, [kind != "value" for kind in tags])
    calls = (f"{{{{{{text {number}}}}}}}" if text else "" for number, text in enumerate(texts))
    return "".join(code + call for code, call in zip(codes, calls, strict=True)), texts


def _reason(source: str, start: int) -> str:
    """Return why the tag that begins at `start` is refused."""
    if source.endswith("\\", 0, start):
        return "a backslash before a tag is not supported."
    end = source.find("}}", start)
    if end < 0:
        return "the tag has no end }}."
    tag = source[start : end + 3]
    known = (problem for pattern, problem in _REFUSED if pattern.match(tag))
    return next(known, f"the tag {safe(tag, limit=80)} is not supported.")


def _misplaced(tag: re.Match[str], opened: list[tuple[str, int, bool]], line: int) -> str | None:
    """Return what is wrong with the place of a tag, if anything; update `opened`: name, line, whether it has else."""
    if tag["expression"] in _HELPERS:
        return f"{tag['expression']} is a helper and cannot stand here."
    if tag["block"]:
        opened.append((tag["block"], line, False))
        if len(opened) > DEPTH_LIMIT:
            return f"more than {DEPTH_LIMIT} blocks inside each other are not supported."
    elif tag["otherwise"] or tag["close"]:
        if not opened:
            return "a closing or {{else}} tag stands outside of any block."
        block, at, has_else = opened.pop()
        if tag["close"] and tag["closed"] != block:
            return f"{{{{/{tag['closed']}}}}} stands where {{{{/{block}}}}} must."
        if tag["otherwise"] and has_else:
            return f"the block {block} has a second {{{{else}}}}."
        if tag["otherwise"]:
            opened.append((block, at, True))
    return None


def _code(tag: re.Match[str], line: int) -> str:
    """Return a tag for pybars3: a call of one of the `_Helpers` with the line. No path can be taken for a helper."""
    kind = tag.lastgroup
    if kind in ("comment", "otherwise"):
        return "" if kind == "comment" else "{{else}}"
    if kind == "close":
        return f"{{{{/{tag['closed']}}}}}"
    if kind == "open":
        return f"{{{{#{tag['block']} {line} {_operand(tag['subject'])}}}}}"
    first, *others = map(_operand, _OPERANDS.findall(tag["expression"]))
    value = f"(concat {line} {' '.join(others)})" if others else first
    return f"{{{{{{{'raw' if tag['raw'] else 'show'} {line} {value}}}}}}}"


def _operand(text: str) -> str:
    return text if text[0] in "@\"'" or text.split(".")[0] == "this" else f"this.{text}"


def _take_lines(texts: list[str], removable: list[bool]) -> None:
    """Cut the lines on which a block tag or comment stands alone out of `texts`, as Handlebars' WhitespaceControl."""
    blank_before = [text[len(text.rstrip(_SPACES)) :] for text in texts]
    blank_after = [text[: len(text) - len(text.lstrip(_SPACES))] for text in texts]
    ends = ["\n" in blank for blank in blank_before]
    ends[0] = ends[0] or blank_before[0] == texts[0]
    begins = ["\n" in blank for blank in blank_after]
    begins[-1] = begins[-1] or blank_after[-1] == texts[-1]
    for number, may_go in enumerate(removable):
        if may_go and ends[number] and begins[number + 1]:
            texts[number] = texts[number].rstrip(" \t")
            texts[number + 1] = _REST_OF_LINE.sub("", texts[number + 1])


# What pybars3 calls

_ESCAPED: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;"}
)
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_LAST_INDEX: Final = 2**32 - 2
"""Keys up to this number come first in JavaScript, in ascending order (ECMA-262, OrdinaryOwnPropertyKeys)."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of the context for pybars3: it finds the names that JavaScript finds in it, and nothing of Python's."""

    json: Any
    path: str = ""
    """How a template reaches it, from the context or from an item of a list."""
    is_there: bool = True
    """Whether it may be printed under `strict: true`. As an argument, what is missing counts as null."""
    is_lost: bool = False
    """Whether JavaScript fails on the way to it: null and what is missing have no properties."""

    def __getitem__(self, name: str) -> _Value:
        path = f"{self.path}.{name}" if self.path else name
        if isinstance(self.json, dict) and name in self.json and not name.startswith("@"):
            return _Value(self.json[name], path)
        if isinstance(self.json, list) and name == "length":
            return _Value(len(self.json), path)
        if isinstance(self.json, str) and name == "length":  # in UTF-16; `strict: true` knows it as an argument only
            return _Value(len(self.json.encode("utf-16-le", "surrogatepass")) // 2, path, is_there=False)
        return _Value(None, path, is_there=False, is_lost=self.json is None)


def _text(json: Any) -> str:
    """Return what JavaScript prints; nothing for null."""
    if json is None or isinstance(json, bool):
        return {None: "", True: "true", False: "false"}[json]
    if isinstance(json, list):
        return ",".join(map(_text, json))
    return "[object Object]" if isinstance(json, dict) else str(json)


def _is_empty(json: Any) -> bool:
    """Say whether `#with` takes its `{{else}}`; `#if` does for 0 too, and neither for an empty dict."""
    return json is None or json is False or json in ("", [])


def _items(json: Any) -> list[tuple[Any, Any]]:
    """Return keys and items in JavaScript's order; none where there is nothing to walk."""
    if not isinstance(json, dict):
        return list(enumerate(json)) if isinstance(json, list) else []
    first = sorted((key for key in json if _INDEX.fullmatch(key) and int(key) <= _LAST_INDEX), key=int)
    return [(key, json[key]) for key in dict.fromkeys([*first, *json])]


@dataclass(slots=True)
class _Helpers:
    """What the rewritten source calls in one rendering. `scope` is a `Scope` of pybars3 around a `_Value`."""

    template: str
    texts: list[str]
    line: int = 1
    """The last one that a tag was on."""
    steps: int = 0
    length: int = 0

    def by_name(self) -> dict[str, Callable[..., Any]]:
        """Return them by the names that the source has; pybars3 takes them for its own of these names."""
        blocks: dict[str, Callable[..., Any]] = {"if": self.if_, "with": self.with_}
        return blocks | {name: getattr(self, name) for name in ("text", "show", "raw", "concat", "unless", "each")}

    def text(self, _scope: Any, number: int) -> str:
        return self._printed(self.texts[number])

    def show(self, _scope: Any, line: int, value: _Value) -> str:
        return self._printed(_text(self._json(line, value, to_print=True)).translate(_ESCAPED))

    def raw(self, _scope: Any, line: int, value: _Value) -> str:
        json = self._json(line, value, to_print=True)
        if isinstance(json, int):  # Handlebars joins with `+`: `{{{one}}}{{{two}}}` prints the sum of two numbers
            raise TemplateError(self.template, line, "a number or boolean without escaping is not supported.")
        return self._printed(_text(json))

    def concat(self, _scope: Any, line: int, *items: _Value | str) -> _Value:
        texts = (item if isinstance(item, str) else _text(self._json(line, item)) for item in items)
        return _Value("".join(map(self._printed, texts)))

    def if_(self, scope: Any, options: Any, line: int, value: _Value) -> Any:
        json = self._json(line, value)
        return options["inverse" if _is_empty(json) or json == 0 else "fn"](_same(scope))

    def unless(self, scope: Any, options: Any, line: int, value: _Value) -> Any:
        return self.if_(scope, {"fn": options["inverse"], "inverse": options["fn"]}, line, value)

    def with_(self, scope: Any, options: Any, line: int, value: _Value) -> Any:
        json = self._json(line, value)
        return options["inverse"](_same(scope)) if _is_empty(json) else options["fn"](_inside(scope, json))

    def each(self, scope: Any, options: Any, line: int, value: _Value) -> Any:
        items = _items(self._json(line, value))
        self._count(len(items))
        data = ((index, key, index == 0, index == len(items) - 1) for index, (key, _) in enumerate(items))
        scopes = [_inside(scope, item, *map(_Value, at)) for (_, item), at in zip(items, data, strict=True)]
        return [options["fn"](inside) for inside in scopes] or options["inverse"](_same(scope))

    def _json(self, line: int, value: _Value, *, to_print: bool = False) -> Any:
        if value.is_lost or (to_print and not value.is_there):
            raise MissingVariableError(self.template, line, value.path)
        self.line = line
        self._count(1)
        return value.json

    def _printed(self, text: str) -> str:
        self.length += len(text)
        self._count(1)
        return text

    def _count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > STEPS_LIMIT or self.length > RESULT_LIMIT:
            raise TemplateError(self.template, self.line, "from here on the mail is longer than is rendered here.")


def _inside(scope: Any, json: Any, *data: _Value) -> Any:
    """Return the scope in which `this` is `json`; `data` are new `@index`, `@key`, `@first` and `@last`."""
    from pybars import Scope

    return Scope(_Value(json), scope, scope.root, None, *(data or (scope.index, scope.key, scope.first, scope.last)))


def _same(scope: Any) -> Any:
    """Return the scope of a block that keeps `this`. Handlebars turns a `this` that is null into an empty object."""
    return _inside(scope, {}) if scope.context.json is None else scope


def _compiled(template: str, source: str) -> _Compiled:
    rewritten, texts = _rewritten(template, source)
    import pybars

    class Compiler(pybars.Compiler):  # type: ignore[misc]  # pybars ships no types
        def whitespace_control(self, source: str) -> str:
            return source  # `_take_lines` has done it

    try:
        return Compiler().compile(rewritten), texts
    except pybars.PybarsError as error:
        raise BugError(f"pybars3 refuses {safe(template, limit=120)}.", _TITLE) from error
