"""The words of one tag → a path, its arguments and hash. Knows which helpers the app's mails have, and no others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from smtpwizard.mail.handlebars.errors import TemplateError
from smtpwizard.mail.handlebars.lexer import Word
from smtpwizard.mail.handlebars.nodes import Argument, Call, Literal, Path

BLOCKS: Final = frozenset({"if", "unless", "each", "with"})
"""The block helpers of Handlebars itself."""

INLINE: Final = frozenset({"concat", "lookup"})
"""`concat` is what the app's mailer registers (@nestjs-modules/mailer 2.0.2); `lookup` is Handlebars' own."""

_RESERVED: Final = BLOCKS | {"log", "helperMissing", "blockHelperMissing"}
_NESTING: Final = 10
"""Helper calls inside helper calls."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What a tag says: a path or helper name, then arguments, and in the opening tag of a block the names it gives."""

    path: Path
    params: tuple[Argument, ...]
    hash: tuple[tuple[str, Argument], ...]
    names: tuple[str, ...] = ()
    """Block parameters: `as |item index|`."""

    @property
    def is_call(self) -> bool:
        """Whether it calls a helper: it has arguments, or names one."""
        return bool(self.params or self.hash) or (self.path.text in INLINE)

    def variable(self) -> Path:
        """Return the path as a variable. TemplateError where it names a helper that cannot stand there."""
        if self.path.text in _RESERVED | INLINE:
            raise TemplateError(f"{self.path.text} is a helper and cannot stand here.", self.path.line)
        return self.path

    def call(self) -> Call:
        """Return the call. TemplateError for a helper that does not exist."""
        name, line = self.path.text, self.path.line
        if name not in INLINE:
            raise TemplateError(f"there is no helper {name}.", line)
        if self.hash:
            raise TemplateError(f"the argument {self.hash[0][0]}= of {name} is not supported.", line)
        if name == "lookup" and len(self.params) != 2:
            raise TemplateError("lookup takes exactly two arguments.", line)
        return Call(name, self.params, line)


def parse_expression(words: tuple[Word, ...], line: int, *, partial: bool = False, block: bool = False) -> Expression:
    """Return what the words of a tag say. TemplateError.

    A partial's name may be a string or have dots and slashes in it; only the opening tag of a block has parameters.
    """
    reader = _Reader(words, line)
    path = reader.partial_name() if partial else reader.path()
    params, named = reader.arguments(0)
    names = reader.names() if block else ()
    if reader.current is not None:
        raise reader.error()
    return Expression(path, params, named, names)


class _Reader:
    def __init__(self, words: tuple[Word, ...], line: int) -> None:
        self._words = words
        self._line = line
        self._next = 0

    @property
    def current(self) -> Word | None:
        return self._words[self._next] if self._next < len(self._words) else None

    def error(self) -> TemplateError:
        word = self.current
        if word is None:
            return TemplateError("a name is missing in the tag.", self._line)
        if word.kind in ("string", "number", "boolean", "null"):
            return TemplateError(
                f"{word.text} cannot stand there: a literal as a variable is not supported.", self._line
            )
        return TemplateError(f"{word.text!r} cannot stand there.", self._line)

    def _take(self, *kinds: str) -> Word | None:
        word = self.current
        if word is None or word.kind not in kinds:
            return None
        self._next += 1
        return word

    def partial_name(self) -> Path:
        if word := self._take("string"):
            return Path((), 0, data=False, text=_unquoted(word.text), line=self._line)
        if self.current is not None and self.current.kind == "open":
            raise TemplateError("partials with a computed name are not supported.", self._line)
        return self.path()

    def path(self) -> Path:
        data = self._take("at") is not None
        parts: list[str] = []
        depth = 0
        text = "@" if data else ""
        first = self.current.text if self.current is not None else ""
        while True:
            word = self._take("id", "bracket", "up", "dot")
            if word is None:
                raise self.error()
            text += word.text
            if word.kind == "bracket":
                parts.append(re.sub(r"\\([\\\]])", r"\1", word.text[1:-1]))
            elif word.kind != "id" or word.text == "this":
                if parts:
                    raise TemplateError(f"the path {text} is wrong: {word.text} can only begin it.", self._line)
                depth += word.kind == "up"
            else:
                parts.append(word.text)
            separator = self._take("separator")
            if separator is None:
                break
            text += separator.text
        if data and (depth or (parts[:1] and parts[0] not in ("root", "index", "key", "first", "last")) or not parts):
            raise TemplateError(f"{text} is not supported: only @root, @index, @key, @first and @last are.", self._line)
        scoped = first in (".", "..", "this") and not data
        return Path(tuple(parts), depth, data, text, self._line, scoped)

    def arguments(self, nesting: int) -> tuple[tuple[Argument, ...], tuple[tuple[str, Argument], ...]]:
        params: list[Argument] = []
        named: list[tuple[str, Argument]] = []
        while self.current is not None and self.current.kind not in ("shut", "as"):
            following = self._words[self._next + 1].kind if self._next + 1 < len(self._words) else ""
            if self.current.kind == "id" and following == "equals":
                key = self.current.text
                self._next += 2
                named.append((key, self._argument(nesting)))
            elif named:
                raise TemplateError("an argument without a name stands after one with a name.", self._line)
            else:
                params.append(self._argument(nesting))
        return tuple(params), tuple(named)

    def names(self) -> tuple[str, ...]:
        """Take `as |item index|`, if it stands there."""
        if not self._take("as"):
            return ()
        names: list[str] = []
        while word := self._take("id"):
            if word.text in _RESERVED | INLINE | {"this"}:
                raise TemplateError(
                    f"the block parameter {word.text} is not supported: it is a word of Handlebars.", self._line
                )
            names.append(word.text)
        if not names or not self._take("pipe"):
            raise self.error()
        return tuple(names)

    def _argument(self, nesting: int) -> Argument:
        if word := self._take("string"):
            return Literal(_unquoted(word.text), self._line)
        if word := self._take("boolean"):
            return Literal(word.text == "true", self._line)
        if word := self._take("null"):
            return Literal(None, self._line)
        if word := self._take("number"):
            if "." in word.text or len(word.text) > 15:
                raise TemplateError(f"the number {word.text} is not supported: only whole ones are.", self._line)
            return Literal(int(word.text), self._line)
        if self._take("open"):
            if nesting >= _NESTING:
                raise TemplateError(f"more than {_NESTING} helpers inside each other are not supported.", self._line)
            name = self.path()
            params, named = self.arguments(nesting + 1)
            if not self._take("shut"):
                raise self.error()
            return Expression(name, params, named).call()
        return self.path()


def _unquoted(text: str) -> str:
    return text[1:-1].replace("\\" + text[0], text[0])
