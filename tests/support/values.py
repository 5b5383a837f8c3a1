"""Nasty values for settings files: what the readers of `.env` and compose files are known to stumble on."""

from __future__ import annotations

import os
import random
import string
from typing import Final

NASTY: Final = (
    "",
    "abcDEF123",
    "p@ss:word/w.x-y_z+q,",
    "a=b==",
    "abcd efgh ijkl mnop",
    "ACME Inc. <no-reply@example.com>",
    '"ACME Support" <a@b.example>',
    "pa#ss",
    "#leading",
    "pa ss #notcomment",
    "pa$HOME",
    "pa${HOME}x",
    "x=${nope:-z}y",
    "a${b",
    "pa$$x",
    "cost$5",
    "end$",
    "a$!b$.c",
    "pa$(echo INJ)x",
    "pa`echo INJ`x",
    "pa`x",
    "it's",
    'say "hi"',
    'it\'s "both"',
    "it's $HOME",
    'say "hi" $HOME',
    'it\'s "x" $HOME `y` \\',
    "a\\'b",
    'a\\"b',
    "back\\slash",
    "a\\nb",
    "dbl\\\\bs",
    "trail\\",
    "a\\$HOME",
    "a\\ b",
    "  lead",
    "trail  ",
    "a\tb",
    "pässwörd€密码🔑",
    "abc\u00a0",
    "100%sure%s%",
    "bang!bang!!",
    "a;b&c|d",
    "(x)<y>",
    "~root",
    "*?[a]",
    "{a,b}",
    "'quoted'",
    '"quoted"',
    "`quoted`",
    "export X=1",
    "encrypted:abc",
    "true",
    "0123",
    "null",
    "- a: b",
    "\u200bzero width",
)

_PIECES: Final = (
    *"'\"`\\$#= \t{}()!%&*;|<>~?[],:@/.-_+^",
    *"abcXYZ019",
    *"äß€密🔑\u00a0",
    "$(", "${", "${a:-b}", "$$", "\\\\", "\\'", "\\n", "'\\''", " #", "$HOME", "A=", "\\$", "``",
)  # fmt: skip

UNQUOTED_PUNCTUATION: Final = "".join(char for char in string.punctuation if char not in "'\"`\\")
"""The punctuation that passwords of password managers usually hold: no quotes, backslash or backtick."""


def nasty_values(count: int, seed: int = 1) -> list[str]:
    """Return NASTY and, up to `count` values in all, random mixtures of what readers treat specially."""
    source = random.Random(seed)
    made = ["".join(source.choice(_PIECES) for _ in range(source.randint(1, 14))) for _ in range(count)]
    return [*NASTY, *made][:count]


def passwords(count: int, punctuation: str = UNQUOTED_PUNCTUATION, length: int = 20, seed: int = 1) -> list[str]:
    """Return `count` random passwords over letters, digits and `punctuation`."""
    source = random.Random(seed)
    alphabet = string.ascii_letters + string.digits + punctuation
    return ["".join(source.choice(alphabet) for _ in range(length)) for _ in range(count)]


def examples(usual: int) -> int:
    """Return how many examples a property is tried with: `usual`, or as many as SMTPWIZARD_FUZZ says (`make fuzz`)."""
    return max(usual, int(os.environ.get("SMTPWIZARD_FUZZ", "0")))
