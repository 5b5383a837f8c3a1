"""The model of the app's reader gives what the real npm dotenv 17 gives, for whole files, however odd."""

from __future__ import annotations

import random

import pytest

from smtpwizard.targets.env import readers as npm_dotenv
from support import env_readers
from support.values import nasty_values

LINES = (
    "A=1", "# c", "", "   ", "export B='x y' # c", 'C="l1\nl2" ', "<<<<", "D = 5", "K=old", "K='o\\'ld' # t", "\tK=",
    'K="a\nb"', "K= # c", "K=#c", "E=it's", "=", "é=ü", "F: 1", "F:1", "export", "export\nG=1", 'H="open', "I=`a\nb`",
    "J='x' y'",
    "L=\u2028x", "M=a\u00a0", "\ufeffN=1", "O=\n'below'", 'P="a\\nb\\r\\"c"', "K", "Q='", "R=\"'`", "a.b-c=1",
    "S\n=1", "T=1 #", "U='a'#b", "V=\x1cx", "W=\x85",
)  # fmt: skip


def random_files(count: int, seed: int = 1) -> list[str]:
    """Return texts put together from odd lines, with all line ends there are."""
    source = random.Random(seed)
    made = []
    for _ in range(count):
        eol = source.choice(["\n", "\r\n", "\r"])
        made.append(eol.join(source.choice(LINES) for _ in range(source.randint(0, 8))) + source.choice(["", eol]))
    return made


@pytest.mark.node
@pytest.mark.parametrize("package", ["dotenv16", "dotenv", "dotenv-latest"])
def test_odd_files_read_as_the_real_package_reads_them(package: str) -> None:
    texts = random_files(3000)
    for text, real in zip(texts, env_readers.npm_dotenv(texts, package), strict=True):
        assert npm_dotenv.parse(text) == real, repr(text)


@pytest.mark.node
def test_odd_values_read_as_the_real_package_reads_them() -> None:
    texts = [f"A=1\nK={value}\nZ=2\n" for value in nasty_values(2000, seed=3)]
    for text, real in zip(texts, env_readers.npm_dotenv(texts), strict=True):
        assert npm_dotenv.parse(text) == real, repr(text)


def test_ten_thousand_blank_lines_are_read_in_linear_time() -> None:
    text = "A=1\n" + "\n" * 200_000 + "B=2\n"
    assert npm_dotenv.parse(text) == {"A": "1", "B": "2"}


def test_a_backslash_before_a_closing_quote_is_no_promise_since_what_follows_decides() -> None:
    assert npm_dotenv.parse('K="a\\\\"\n')["K"] == r"a\\"
    assert npm_dotenv.parse('K="a\\\\"\nB="#x"\n')["K"] != r"a\\"
    assert npm_dotenv.npm('"a\\\\"') is None
