"""Templates and contexts made at random within what the program supports, for comparison with the real Handlebars."""

from __future__ import annotations

from random import Random
from typing import Any

_TEXT = [
    "a", "b ", "  ", "\n", "\n\n", " \n", "\r\n", "\t", "<b>", "=", "x\n  ", "\n  y", " \n \n", "}", "{ ", "\\", "\\\\",
    "é", "'\"`&", "\u00a0", "\n\u00a0",
]  # fmt: skip
_NAMES = ["a", "b", "c", "xs", "o", "n", "z", "long_name", "k-k", "$d"]
_SCOPED = ["this", ".", "this.a", "./a", "this/b"]
_SPECIAL = ["@root.a", "@index", "@key", "@first", "@last", "@root.o.b", "o.[b]", "[a]", "xs.[0]", "xs.[0].a", "o.a.b"]
_PARAMETERS = ["v", "v", "k", "v.a", "v.a.b", "v.[0]", "k.length", "this.v", "../v"]
_LITERALS = ['"s<"', "'t\"'", '"a\\"b"', "1", "0", "-3", "true", "false", "null", "undefined", '""']
_STRINGS = ["", "x", "<&>", "a=b", "`'\"", "1", "é", "\U0001f600z", "true"]
_PARTIALS = [
    "[{{a}}]\n",
    "l1\n  {{b}}\n\n",
    "{{#if a}}x{{/if}}",
    "{{this}}",
    "{{@index}}q\r\nz",
    "{{> q}}",
    " {{>q }} \n",
]

PARTIALS = ("p", "q")
"""The names of the partials that a template may use; `q` uses none itself."""


class Grammar:
    """Draws from `random`."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._named = 0
        """Blocks with parameters that are open."""

    def partials(self) -> dict[str, str]:
        """Return the source of each partial."""
        return {
            "p": self._random.choice(_PARTIALS),
            "q": self._random.choice(["Q", "{{a}}\n", "\n {{#each xs}}\n.\n{{/each}}"]),
        }

    def context(self) -> dict[str, Any]:
        """Return a context that mostly has the names that templates use."""
        found: dict[str, Any] = {"s": "a<b", "t": "`=`"}  # only texts are printed unescaped: see the refusals
        found |= {name: self._value(0) for name in _NAMES if self._chance(0.95)}
        if self._chance(0.8):
            found["xs"] = [self._value(1) for _ in range(self._random.randint(0, 3))]
        if self._chance(0.8):
            found["o"] = {name: self._value(1) for name in self._random.sample(_NAMES, self._random.randint(2, 8))}
        return found

    def template(self, nesting: int = 0, levels: int = 0, budget: int = 4) -> str:
        """Return a template; `levels` is how many `../` may climb."""
        return "".join(self._piece(nesting, levels, budget) for _ in range(self._random.randint(0, max(budget, 0))))

    def _piece(self, nesting: int, levels: int, budget: int) -> str:
        kind = self._random.randint(0, 19)
        if kind < 8:
            return "".join(self._random.choice(_TEXT) for _ in range(self._random.randint(1, 3)))
        if kind < 11:
            return self._tag(self._space() + self._path(levels) + self._space())
        if kind == 11:
            return (
                f"{{{{{self._tilde()}{{@root.s}}{self._tilde()}}}}}" if self._chance(0.5) else self._tag("@root.t", "&")
            )
        if kind == 12:
            return self._random.choice([self._tag(" x ", "!"), self._tag("-- {{x}} --", "!")])
        if kind == 13:
            return self._tag(f"concat {self._param(levels)} {self._param(levels)}")
        if kind == 14:
            arguments = self._random.choice(["", " o", " this", " a=1", " a=b", " o b='x'"])
            return self._tag(f" {self._random.choice(['p', 'q', chr(39) + 'p' + chr(39)])}{arguments}", ">")
        return self._block(nesting, levels, budget) if nesting < 3 else ""

    def _block(self, nesting: int, levels: int, budget: int) -> str:
        name = self._random.choice(["if", "unless", "each", "with", "#", "^"])
        inner = levels
        if name in ("#", "^"):
            path = self._path(levels)
            opening, closing = name + path, path
            inner += name == "#"
        else:
            zero = " includeZero=true" if name == "if" and self._chance(0.2) else ""
            opening, closing = f"#{name} {self._param(levels)}{zero}", name
            inner += name in ("each", "with")
        names = name in ("each", "with") and self._chance(0.3)
        opening += self._random.choice([" as |v|", " as |v k|", " as |k v|", " as |v v|", " as |v k z|"]) * names
        self._named += names
        parts = [self._tag(opening), self.template(nesting + 1, inner, budget - 1)]
        self._named -= names
        while name != "^" and self._chance(0.15):
            condition = self._random.choice(
                [f"if {self._param(levels)}", f"unless {self._param(levels)}", "each xs", "a"]
            )
            parts += [self._tag(f"else {condition}"), self.template(nesting + 1, levels, budget - 2)]
        if self._chance(0.4):
            otherwise = self._random.choice(["else", " else ", "^"])
            parts += [self._tag(otherwise), self.template(nesting + 1, levels, budget - 1)]
        return "".join([*parts, self._tag(closing, "/")])

    def _path(self, levels: int) -> str:
        if self._named and self._chance(0.5):
            return self._random.choice(_PARAMETERS)
        kind = self._random.randint(0, 9)
        if kind < 6:
            return self._random.choice(_NAMES)
        if kind == 6:
            return self._random.choice(_SCOPED)
        if kind == 7:
            return f"{self._random.choice(_NAMES)}.{self._random.choice([*_NAMES, 'length'])}"
        if kind == 8 and levels:
            return "../" * self._random.randint(1, levels) + self._random.choice(_NAMES)
        return self._random.choice(_SPECIAL)

    def _param(self, levels: int, nesting: int = 0) -> str:
        kind = self._random.randint(0, 9)
        if kind == 0:
            return self._random.choice(_LITERALS)
        if kind == 1 and nesting < 2:
            params = (self._param(levels, nesting + 1) for _ in range(self._random.randint(1, 3)))
            return f"(concat {' '.join(params)})"
        if kind == 2 and nesting < 2:
            return f"(lookup {self._param(levels, nesting + 1)} {self._param(levels, nesting + 1)})"
        return self._path(levels)

    def _value(self, depth: int) -> Any:
        kind = self._random.randint(0, 9)
        if kind < 4 or depth == 3:
            return self._random.choice(_STRINGS)
        if kind < 6:
            return self._random.choice([True, False, None, 0, 1, -5, 42])
        if kind < 8:
            return [self._value(depth + 1) for _ in range(self._random.randint(0, 3))]
        names = self._random.sample([*_NAMES, "2", "1", "10"], self._random.randint(0, 6))
        return {name: self._value(depth + 1) for name in names}

    def _tag(self, inner: str, prefix: str = "") -> str:
        return f"{{{{{self._tilde()}{prefix}{inner}{self._tilde()}}}}}"

    def _tilde(self) -> str:
        return "~" if self._chance(0.15) else ""

    def _space(self) -> str:
        return self._random.choice(["", "", "", " ", "\n"])

    def _chance(self, share: float) -> bool:
        return self._random.randint(0, 99) < share * 100
