"""Templates and contexts at random, of what the program supports and spoilt ones, for comparison with Handlebars."""

from __future__ import annotations

from random import Random
from typing import Any

_TEXT = [
    "a", "b ", "  ", "\n", "\n\n", " \n", "\r\n", "\t", "\r", "<b>", "=", "x\n  ", "\n  y", " \n \n", " }", " }}", "{ ",
    "é", "'\"`&", "\u00a0", "\n\u00a0", "\u00a0\n", "\ufeff", "\x1c\n", "\x85", "\u2028", "\\n", "\\x ", "%s", "#{x}",
]  # fmt: skip
_NAMES = ["a", "b", "c", "xs", "o", "n", "z", "long_name", "k-k", "größe", "iffy", "elsewhere", "trueish", "null1"]
_PATHS = [
    "this", "this.a", "this.b.a", "@root.a", "@root.o.b", "@root", "@index", "@key", "@first", "@last", "o.a", "o.b",
    "o.a.b", "xs.length", "a.length", "o.length", "if.a", "this.each", "this.concat", "o.if", "n.a", "z.a",
]  # fmt: skip
_STRINGS = ["", "x", "<&>", "a=b", "`'\"", "1", "0", "é", "\U0001f600z", "true", " ", "{{a}}", "\r\n", "\ud83d", "null"]
_NUMBERS = [0, 1, -1, 7, 10, 2**53 - 1, -(2**53) + 1]
_SPOILERS = [
    "{", "}", "{{", "}}", "~", "#", "/", "^", "!", "!--", "--", "&", ">", "@", "../", "./", ".", "..", "[a]", "[",
    "(a)", "|", " as |x|", "=", "'", '"', "\\", " ", "\n", "\u00a0", "else", " else ", "else if a", "if ", "this", "1",
    "1.5", "-", "true", " null", "a=1", "é", "\0", "lookup ", "log ", "each ", "$", "%", "a b", "length", "@level",
]  # fmt: skip


class Grammar:
    """Draws from `random`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def template(self, nesting: int = 0) -> str:
        """Return a template that Handlebars compiles."""
        return "".join(self._piece(nesting) for _ in range(self._random.randint(0 if nesting else 1, 4 - nesting)))

    def spoilt(self) -> str:
        """Return a template with something put in, or taken out, where it may matter."""
        template = self.template()
        tags = [at for at, letter in enumerate(template) if letter in "{}#/! "] or [0]
        at = self._random.choice(tags) + self._random.randint(0, 2)
        return template[:at] + self._random.choice(_SPOILERS) + template[at + self._random.randint(0, 1) :]

    def context(self) -> dict[str, Any]:
        """Return a context that mostly has the names that templates use, with values of every kind."""
        found: dict[str, Any] = {name: self._value(0) for name in _NAMES if self._chance(0.95)}
        if self._chance(0.8):
            found["xs"] = [self._value(1) for _ in range(self._random.randint(0, 3))]
        if self._chance(0.8):
            found["o"] = self._object(1)
        return found | {"if": {"a": 1}, "each": "each", "concat": "concat", "@index": "no", "this": "no", "@root": "no"}

    def _piece(self, nesting: int) -> str:
        kind = self._random.randint(0, 9)
        if kind < 3:
            return "".join(self._random.choice(_TEXT) for _ in range(self._random.randint(1, 3)))
        if kind < 6:
            inner = self._path() if self._chance(0.75) else self._concat()
            inner = self._space() + inner + self._space()
            return f"{{{{{{{inner}}}}}}}" if self._chance(0.2) else f"{{{{{inner}}}}}"
        if kind == 6:
            return self._random.choice(["{{! x }}", "{{!-- {{x}} ~ --}}", "{{!--}}", "{{!a~b}}", "{{!\n}}", "{{!}}"])
        return self._block(nesting) if nesting < 3 else ""

    def _block(self, nesting: int) -> str:
        name = self._random.choice(["if", "unless", "each", "each", "with"])
        parts = [f"{{{{#{self._space()}{name} {self._path()}{self._space()}}}}}", self.template(nesting + 1)]
        if self._chance(0.4):
            parts += [self._random.choice(["{{else}}", "{{ else }}"]), self.template(nesting + 1)]
        return "".join([*parts, f"{{{{/{self._space()}{name}}}}}"])

    def _concat(self) -> str:
        operands = [
            self._random.choice(['"s<"', "'t\"'", "''", '"a\nb"', '"é\r\n"']) if self._chance(0.5) else self._path()
            for _ in range(self._random.randint(1, 3))
        ]
        return self._random.choice([" ", "  ", "\n"]).join(["concat", *operands])

    def _path(self) -> str:
        return self._random.choice(_NAMES if self._chance(0.6) else _PATHS)

    def _space(self) -> str:
        return self._random.choice(["", "", "", " ", "\n", "\t"])

    def _value(self, depth: int) -> Any:
        kind = self._random.randint(0, 9 if depth < 3 else 6)
        if kind < 4:
            return self._random.choice(_STRINGS)
        if kind < 7:
            return self._random.choice([True, False, None, *_NUMBERS])
        if kind == 7:
            return [self._value(depth + 1) for _ in range(self._random.randint(0, 3))]
        return self._object(depth + 1)

    def _object(self, depth: int) -> dict[str, Any]:
        keys = ["a", "b", "if", "length", "10", "9", "01", "", "@index", *_NAMES[:4]]
        return {key: self._value(depth + 1) for key in self._random.sample(keys, self._random.randint(0, 8))}

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
