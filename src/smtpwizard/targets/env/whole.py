"""What a program makes of a whole `.env` file: the variables it sets, and the lines at which it gives up.

`readers` knows what stands in one value; here a quote that swallows the lines below, or a line that makes a program
refuse the file, counts as well. tests/targets/env compares each model with the real program. Pure text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Final

from smtpwizard.records import NamedTuple
from smtpwizard.targets.env.readers import Reader, compose_dollars, parse, shell, take_easy_lines


class Cause(StrEnum):
    """Why a program gives up at a line."""

    QUOTE = "a quote opens and does not close"
    REST = "something else follows the closing quote"
    NAME = "not an assignment"
    DOLLAR = "`${` begins no variable"
    SYNTAX = "not a line that a shell can read"


class Stop(NamedTuple):
    """A line at which a program gives up."""

    line: int
    cause: Cause


class Reading(NamedTuple):
    """What a program makes of a file."""

    variables: Mapping[str, str | None]
    """None where the value cannot be promised. Of a file that is refused: what would be read without those lines."""
    stops: tuple[Stop, ...] = ()
    commands: tuple[int, ...] = ()
    """Lines of which a shell would run a part as a command."""


Substitute = Callable[[str, Mapping[str, str | None], str], str | None]
"""Of a variable, those above it, and its text: fills the `${…}` in; None where that cannot be promised."""

_GO_BLANK: Final = "\t\v\f\r \x85\xa0"
_GO_SPACE: Final = _GO_BLANK + "\n\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_INK: Final = re.compile(f"[^{_GO_SPACE}]")
_EXPORT: Final = re.compile(rf"export(?=[\t\n\f\r ])[{_GO_BLANK}]*")
_NAME: Final = re.compile(rf"[\w.\-\[\]{_GO_BLANK}]*")
_BAD_BRACES: Final = re.compile(r"(?i)(?<!\$)(?:\$\$)*\$\{(?![_a-z][_a-z0-9]*(?:\}|:?[-+?][^\n]*\}))")
_GO_ESCAPE: Final = re.compile(r'\\([abcfnrtv$"\\0])')
_GO_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$"}


def compose_file(text: str, substitute: Substitute | None = None) -> Reading:
    """Return what docker compose makes of a file under `env_file:` or beside the compose file (compose-go's dotenv)."""
    variables: dict[str, str | None] = {}
    stops: list[Stop] = []
    at = after_quote = counted = 0
    line = 1
    while ink := _INK.search(text, take_easy_lines(text, at, variables)):
        at = start = ink.start()
        line_end = text.find("\n", at) % (len(text) + 1)
        if text[at] == "#":
            at = line_end
            continue
        export = _EXPORT.match(text, at)
        name = _NAME.match(text, export.end() if export else at)
        assert name is not None  # it matches everywhere
        sign = text[name.end() : name.end() + 1]
        key, at = (name.group().rstrip(_GO_SPACE), name.end() + 1) if sign else ("", name.start())
        cause = None if (not sign or sign in "=:\n") and " " not in key else Cause.NAME
        if cause and after_quote and "\n" not in text[after_quote:start]:
            cause = Cause.REST
        if cause is None and sign != "\n":
            value, at = _compose_value(text, at)
            if value is None:
                cause = Cause.QUOTE
            elif value[0] != "'" and _BAD_BRACES.search(value[1].replace("\\$", "$$") if value[0] else value[1]):
                cause = Cause.DOLLAR
            else:
                after_quote = at if value[0] else 0
                variables[key] = _expanded(*value, partial(substitute, key, variables) if substitute else None)
        if cause:
            line, counted = line + text.count("\n", counted, start), start
            stops.append(Stop(line, cause))
            at = line_end
    return Reading(variables, tuple(stops))


def _compose_value(text: str, at: int) -> tuple[tuple[str, str] | None, int]:
    """Return quote and content of the value at `at`, None where its quote does not close, and where it ends."""
    while at < len(text) and text[at] in _GO_BLANK:
        at += 1
    quote = text[at : at + 1]
    if quote not in ("'", '"'):
        end = text.find("\n", at) % (len(text) + 1)
        return ("", text[at:end].split(" #", 1)[0].rstrip(_GO_SPACE)), end
    found = re.compile(rf"{quote}((?:[^\\{quote}]|\\.)*){quote}", re.DOTALL).match(text, at)
    if found is None:
        return None, at
    return (quote, found[1].replace(f"\\{quote}", quote)), found.end()


def _expanded(quote: str, text: str, substitute: Callable[[str], str | None] | None) -> str | None:
    if quote == "'":
        return text
    if quote and _GO_ESCAPE.search(text):
        if re.search(r"\\[c0]", re.sub(r'\\[\\"$]', "", text)):
            return None
        text = _GO_ESCAPE.sub(lambda found: _GO_ESCAPES.get(found[1], found[1]), text)
    plain = compose_dollars(text)
    return plain if plain is not None or substitute is None else substitute(text)


_BLANKS: Final = re.compile(r"(?:[ \t]|\\\n)+")
_MORE: Final = re.compile(r";[ \t]*[^\s#]")
_FOLLOWING: Final = re.compile(r"[ \t]*([^ \t]?)")
_ASSIGNS: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(=|\+=|\[|\Z)")
_RESERVED: Final = re.compile(
    r"[!{}]|\[\[|case|do|done|elif|else|esac|fi|for|function|if|select|then|time|until|while"
    r"|exit|return|exec|break|continue|set|unset|export|readonly"
)
"""Words that begin more than one line, or that end or change the shell itself: no promise for what stands below."""


def shell_file(text: str) -> Reading:
    """Return what bash and dash have set after `. file`, as far as both agree."""
    variables: dict[str, str | None] = {}
    commands: list[int] = []
    at = counted = 0
    line = 1
    while (at := take_easy_lines(text, at, variables)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        end, words, operator = _command(text, at)
        exported = words[:1] == ["export"]
        own = words[exported:]
        names = [found for word in own if (found := _ASSIGNS.match(word))]
        plain = len(names) == len(own) and all(found[2] == "=" or (exported and not found[2]) for found in names)
        for word, found in zip(own, names, strict=False) if plain and not operator and end >= 0 else ():
            if found[2]:
                variables[found[1]] = None if "\\\n" in word else shell(word[found.end() :])
        if not plain or operator or end < 0:
            variables.update({found[1]: None for found in names})
            stop = Cause.QUOTE if end == -1 else Cause.SYNTAX if end < 0 or _RESERVED.fullmatch(words[0]) else None
            if stop:  # where only one of them stops, the other has read on
                variables.update(dict.fromkeys(re.findall(r"([A-Za-z_][A-Za-z0-9_]*)\+?=", text[at:])))
                return Reading(variables, (Stop(line, stop),), tuple(commands))
            commands.append(line)
        at = end
    return Reading(variables, (), tuple(commands))


def _command(text: str, at: int) -> tuple[int, list[str], bool]:
    """Return where the line's commands end (-1: a quote is open, -2: no syntax), their words, and if operators join."""
    words: list[str] = []
    operator = False
    while at < len(text):
        blanks = _BLANKS.match(text, at)
        at = blanks.end() if blanks else at
        char = text[at : at + 1]
        if char in ("", "\n"):
            return at + 1, words, operator
        if char == "#":
            end = text.find("\n", at)
            return (len(text) if end < 0 else end + 1), words, operator
        if char in "()" or (char in "|&;" and (not words or text[at : at + 2] == ";;")):
            return -2, words, operator
        if char in "|&;<>":
            operator = operator or char != ";" or bool(_MORE.match(text, at))
            doubled = 2 if char in "|&>" and text[at + 1 : at + 2] == char else 1
            at += doubled
            following = _FOLLOWING.match(text, at)
            follows = following[1] if following else ""
            if (
                (char in "<>" and follows in ("", "\n", "#", "<", ">", "|", "&", ";", "(", ")"))
                or (char == "|" and follows in ("", "\n", "|", "&", ";", ")"))
                or (char in "|&" and doubled == 2 and follows in ("", "\n"))
            ):
                return -2, words, operator
            if char in "&;" and follows in ("&", "|", ";"):
                return -2, words, operator
            continue
        end = _word_end(text, at)
        if end < 0:
            return end, words, operator
        words.append(text[at:end])
        at = end
    return at, words, operator


def _word_end(text: str, at: int) -> int:
    """Return where the word at `at` ends; -1 where a quote or a substitution in it does not close, -2: no syntax."""
    while at < len(text) and text[at] not in " \t\n|&;<>()":
        char = text[at]
        if char == "\\":
            at += 2
        elif char == "'":
            at = text.find("'", at + 1) + 1
        elif char == '"':
            at = _double_end(text, at + 1)
        elif char == "`" or text[at : at + 2] in ("$(", "${"):
            at = _substitution_end(text, at)
        else:
            at += 1
        if at <= 0:
            return at or -1
    return min(at, len(text))


def _double_end(text: str, at: int) -> int:
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text[at] == "`" or text[at : at + 2] in ("$(", "${"):
            at = _substitution_end(text, at)
            if at <= 0:
                return at
        else:
            at += 1
    return at + 1 if at < len(text) else 0


_SHELL_BRACES: Final = re.compile(r"\$\{[A-Za-z_]\w*(?:\}|:?[-+=])", re.ASCII)


def _substitution_end(text: str, at: int) -> int:
    """Return where a substitution ends; 0: nowhere, -2: it is none, at which a shell gives up as well."""
    if text[at : at + 2] == "${" and not _SHELL_BRACES.match(text, at):
        return -2
    closing = "`" if text[at] == "`" else ")" if text[at + 1] == "(" else "}"
    end = re.compile(rf"(?:\\.|[^\\{closing}])*\{closing}", re.DOTALL).match(text, at + (1 if closing == "`" else 2))
    return end.end() if end else 0


def systemd_file(text: str) -> Reading:
    """Return what `EnvironmentFile=` sets: a line without `=` is passed over, a value goes on in open quotes."""
    variables: dict[str, str | None] = {}
    if re.search(r"[\ud800-\udfff]", text):
        return Reading(variables)  # bytes that are not UTF-8: it refuses the file
    at = 0
    while (at := take_easy_lines(text, at, variables, bare=True)) < len(text):  # else it is all name or value
        if text[at] in " \t\r\n":
            at += 1
        elif text[at] in "#;":
            at = _matched(_SYSTEMD_COMMENT, text, at)
        else:
            start, at = at, _matched(_SYSTEMD_KEY, text, at)
            if text[at : at + 1] == "=":
                start, key, at = at + 1, text[start:at].strip(" \t"), _matched(_SYSTEMD_VALUE, text, at + 1)
                joined = re.search(r"\\[\r\n]", text[start:at])
                variables[key] = None if joined else Reader.SYSTEMD.read(text[start:at])
    return Reading(variables)


_SYSTEMD_COMMENT: Final = re.compile(r"(?:\\.|[^\n\r\\])*", re.DOTALL)
_SYSTEMD_KEY: Final = re.compile(r"[^=\n\r]*")
_SYSTEMD_VALUE: Final = re.compile(
    r"""[ \t]*(?:(?:'[^']*'|"(?:\\.|[^"\\])*")[ \t]*)*(?:['"].*|(?:\\.|[^\n\r\\])*)""", re.DOTALL
)
"""Quoted parts one after another, then the rest of the line; an open quote takes the rest of the file."""


def _matched(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else len(text)


_WHOLE: Final[Mapping[Reader, Callable[[str], Reading]]] = {
    Reader.COMPOSE: compose_file,
    Reader.NPM: lambda text: Reading(parse(text)),
    Reader.SHELL: shell_file,
    Reader.SYSTEMD: systemd_file,
}


def read_whole(reader: Reader, text: str) -> Reading | None:
    """Return what `reader` makes of the whole `text` (without a BOM); None where only single values are modelled."""
    model = _WHOLE.get(reader)
    return model(text) if model else None
