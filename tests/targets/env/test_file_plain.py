"""Plain files are read without the readers' own code, and exactly as they read them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtpwizard.targets.env import readers as npm_dotenv
from smtpwizard.targets.env.file import bindings, read_env_file, read_plain
from support.values import examples

USUAL = """# Mail
SMTP_HOST=smtp.example.com

SMTP_PORT=587\r
export SMTP_USERNAME='a b#c'
SMTP_PASSWORD=correct horse\x20
"""

pieces = st.sampled_from(
    ["A", "B_1", "export ", "=", "'", '"', "`", " ", "\t", "#", "\\", "$", "x", "smtp.example.com", "\n", "\r\n", "\r",
     ":", "\ufeff", "\u2028", "\x85", "\x0b", "\x1c", "\u00a0", "ü", "\udc80", "0", "-", "", "{", "\x00"]
)  # fmt: skip
lines = st.builds(
    "{}{}={}{}{}".format,
    st.sampled_from(["", "export ", " ", "#", "export  "]),
    st.sampled_from(["A", "B", "_", "export", "1", "a.b", ""]),
    st.sampled_from(["", "'", '"', " ", "'\""]),
    st.text(st.characters(max_codepoint=0x2030, exclude_categories=["Cs"]), max_size=6)
    | st.text("ab #$'\\=", max_size=6),
    st.sampled_from(["", "'", '"', " ", "\t", " # c", "' x", "\n'", "\n#"]),
)
texts = st.lists(pieces, max_size=25).map("".join) | st.lists(lines, max_size=5).map("\n".join)


@given(texts)
@example(USUAL)
@example("A=\n'below'")
@example("A='x'#b\nB=1\u2028C=2")
@settings(max_examples=examples(300), deadline=None)
def test_what_is_plain_is_read_as_both_readers_read_it(text: str) -> None:
    plain = read_plain(text)
    if plain is None:
        return
    found = bindings(text)
    assert plain == npm_dotenv.parse(text)
    assert plain == {item.key: item.value for item in found if item.key}
    assert not any(item.error for item in found)


def test_a_usual_file_is_plain() -> None:
    assert read_plain(USUAL) == {
        "SMTP_HOST": "smtp.example.com",
        "SMTP_PORT": "587",
        "SMTP_USERNAME": "a b#c",
        "SMTP_PASSWORD": "correct horse",
    }


@pytest.mark.parametrize(
    "line",
    ["A=it's", "A=a # b", "A=a#b", 'A="a\\nb"', "A=`a`", "A: 1", "A", "A =1", "A='a' b", "A='a", "A=ü", "A=a\tb"],
)
def test_a_line_that_readers_could_take_differently_is_left_to_them(line: str) -> None:
    assert read_plain(f"B=1\n{line}\n") is None


def test_a_plain_file_costs_no_import_of_python_dotenv(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(USUAL.encode())
    code = (
        "import sys; from pathlib import Path; from smtpwizard.targets.env.file import read_env_file;"
        f"print(len(read_env_file(Path({str(path)!r})).variables), 'dotenv' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["4", "False"]


def test_other_files_are_still_compared_with_python_dotenv(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=a#b\nB=1\nC='open\n")
    file = read_env_file(path)
    assert "A" in file.disagreements
    assert [problem.line for problem in file.problems] == [3]
