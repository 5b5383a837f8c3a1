"""A preset file that means harm: it is left out and told with its line, soon and in few words; no command stops."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.apps.loading import DEFAULT, check_folder, profile
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import PresetFileError, PresetProblem, presets_root, provider_files
from smtpwizard.presets.schema import Provider
from smtpwizard.presets.toml import load_provider
from smtpwizard.presets.values import MATCHED, RULES, pattern
from support.preset_files import GOOD, changed, line, named, put
from support.program import run
from support.values import examples

SECONDS = 5.0
"""For a file of the largest size, on a machine that does other things too."""
LETTERS = 400
"""Characters that a message may have; the path of the file not counted."""
SIZE = 60_000

HOSTILE = {
    "a huge count in a pattern": changed(("'key-\\d+'", "'a{99999999999}'")),
    "thousands of groups in a pattern": changed(("'key-\\d+'", f"'{'(' * 2000}{')' * 2000}'")),
    "a pattern without end": changed(("'key-\\d+'", "'(a+)+b'")),
    "a long pattern": changed(("'key-\\d+'", f"'{'a?' * 20_000}'")),
    "thousands of brackets": changed(("tier = 2", f"tier = {'[' * 2000}")),
    "hundreds of brackets": changed(("tier = 2", f"tier = {'[' * 300}{']' * 300}")),
    "tables in tables": changed(("tier = 2", f"tier = {'{a=' * 200}1{'}' * 200}")),
    "a number of 5000 digits": changed(("tier = 2", f"tier = {'9' * 5000}")),
    "a number of 4000 digits": changed(("tier = 2", f"tier = {'9' * 4000}")),
    "a hexadecimal number of 5000 digits": changed(("tier = 2", f"tier = 0x{'f' * 5000}")),
    "a key of 30,000 parts": changed(("tier = 2", f"a{'.a' * (SIZE // 2)} = 1")),
    "a table of 30,000 parts": changed(("[username]", f"[{'a.' * (SIZE // 2)}a]\n[username]")),
    "thousands of unknown keys": "".join(f"k{number} = 1\n" for number in range(SIZE // 10)) + GOOD,
    "thousands of tables": changed(("[[errors]]\n", "[[errors]]\n" * (SIZE // 11))),
    "a key of 60,000 letters": changed(("tier = 2", f"{'tier_' * (SIZE // 5)} = 1")),
    "a text of 50,000 letters": changed(("smtp.acme.example", "A" * (SIZE - 5000))),
    "a word of 50,000 letters": changed(('"hosting"', f'"{"hosting" * (SIZE // 8)}"')),
    "a host of 20,000 labels": changed(("smtp.acme.example", "a." * (SIZE // 3))),
    "a list of 50,000 letters": changed(('kind = "hosting"', f"kind = [{'1, ' * (SIZE // 4)}]")),
}
AT = {
    name: [old == new for old, new in zip(GOOD.split("\n"), text.split("\n"), strict=False)].index(False) + 1
    for name, text in HOSTILE.items()
}
"""Name → the first line in which the file differs from the good one."""


def told(folder: Path, text: str) -> tuple[PresetProblem, ...]:
    with pytest.raises(PresetFileError) as caught:
        load_provider(put(folder, "acme", text))
    return caught.value.problems


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_told_with_its_line_in_few_words(tmp_path: Path, name: str) -> None:
    start = time.thread_time()
    problems = told(tmp_path, HOSTILE[name])
    assert time.thread_time() - start < SECONDS
    assert AT[name] in [problem.line for problem in problems]
    assert len(problems) <= 51
    assert all(len(problem.key) + len(problem.message) < LETTERS for problem in problems)


def test_no_hostile_file_stops_a_command(tmp_path: Path, own_folder: Path) -> None:
    for number, text in enumerate(HOSTILE.values()):
        put(own_folder, f"h{number}", text.replace('id = "acme"', f'id = "h{number}"'))
    put(own_folder, "gmail", HOSTILE["thousands of brackets"])
    put(own_folder, "acme", GOOD)
    (tmp_path / ".env").write_text(f"SMTP_HOST=smtp.gmail.com\nSMTP_PASSWORD={'a' * 36}\n")
    env = os.environ | {"XDG_CONFIG_HOME": str(own_folder.parents[1])}
    for command, code in ((("presets", "list"), 0), (("lint", "--env-file", ".env"), 3)):
        done = run(command, cwd=tmp_path, env=env, text=True)
        assert done.returncode == code, done.stderr
        assert "bug" not in done.stderr
    put(own_folder / "apps", DEFAULT, HOSTILE["thousands of brackets"])
    presets = Presets.open()
    assert profile(presets).id == DEFAULT, "the shipped one steps in"
    assert presets.provider("gmail").host == "smtp.gmail.com", "the shipped one steps in"
    assert len(presets.all()) == len(provider_files(presets_root())) + 1
    assert {problem.file.name for problem in presets.problems} == {
        "gmail.toml", *(f"h{number}.toml" for number in range(len(HOSTILE)))
    }  # fmt: skip


def test_whatever_a_check_raises_is_told_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> object:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setitem(RULES, Provider, [broken])
    put(tmp_path, "acme", GOOD)
    put(tmp_path, "other", named("other"))
    problems = check_folder(tmp_path)
    assert {problem.file.stem for problem in problems} == {"acme", "other"}
    assert all("ZeroDivisionError by nothing" in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(a+)+b", "could take too long"),
        ("(a|a)*b", "could take too long"),
        ("(a?){30}b", "could take too long"),
        ("((a{1,9}){1,9}){1,9}", "could take too long"),
        (".*.*.*x", "could take too long"),
        ("a{99999999999}", "not supported"),
        ("a{301}", "from 1 to 300"),
        ("(a{0}){300}", "from 1 to 300"),
        ("a{5,2}", "from 1 to 300"),
        ("(|a){9}", "nothing in it"),
        ("()", "nothing in it"),
        ("a||b", "nothing in it"),
        ("(a", "without an end"),
        ("a)", "not supported"),
        ("[a", "not supported"),
        ("a**", "not supported"),
        ("a+?", "not supported"),
        (r"(a)\1", "not supported"),
        ("(?=a)b", "not supported"),
        ("(?P<x>a)", "not supported"),
        (r"a\b", "not supported"),
        (r"\Aa", "not supported"),
        ("a$b", "not supported"),
        ("[[a]", "not supported"),
        ("[a--b]", "not supported"),
        ("[z-a]", "bad character range"),
        ("(" * 9 + "a" + ")" * 9, "more than 8 groups"),
        ("a" * 501, "more than 500 characters"),
    ],
)
def test_a_pattern_of_another_grammar_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    broken = changed(("'key-\\d+'", f"'{text}'"))
    (problem,) = told(tmp_path, broken)
    assert (problem.line, problem.key) == (line(broken, "pattern ="), "password.mistakes[0].pattern")
    assert words in problem.message


@pytest.mark.parametrize(
    "text",
    [
        r"SG\.[A-Za-z0-9_.=-]{16,}", r"(?i)zoho-enczapikey\s.+", "[A-Za-z]{4}(-?[A-Za-z]{4}){3}",
        "(AKIA|ASIA)[A-Z0-9]{16}",
        "^key-[0-9a-f]{32}$", r"[^@\s]+@[^@\s]+", "(?:ab)+", r"price\$", r"a\]\\b[\]\-]", "[ab]*|c", "é+",
    ],
)  # fmt: skip
def test_a_pattern_of_everyday_is_taken(tmp_path: Path, text: str) -> None:
    assert (
        load_provider(put(tmp_path, "acme", changed(("'key-\\d+'", f"'{text}'")))).password.mistakes[0].pattern == text
    )


_ITEMS = st.recursive(
    st.sampled_from(["a", ".", "[ab]", "[^b]", r"\w"]),
    lambda inner: st.tuples(
        st.lists(inner, min_size=1, max_size=3).map("".join) | st.tuples(inner, inner).map("|".join),
        st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{2,}", "{300}", "{9}"]),
    ).map(lambda pair: f"({pair[0]}){pair[1]}"),
    max_leaves=6,
)


@given(st.lists(_ITEMS, min_size=1, max_size=5).map("".join))
@settings(max_examples=examples(150), deadline=None)
def test_no_pattern_that_is_taken_takes_long(text: str) -> None:
    if pattern(text):
        return
    start = time.thread_time()
    re.fullmatch(text, "a" * (MATCHED - 1) + "!")
    re.fullmatch(text + "~", "a" * MATCHED)
    assert time.thread_time() - start < 2.0


@pytest.mark.parametrize("name", ["apps/abc-user-feedback", "providers/gmail"])
def test_a_command_says_once_that_a_broken_file_of_the_operators_was_left_out(tmp_path: Path, name: str) -> None:
    file = tmp_path / "config/smtpwizard/presets" / f"{name}.toml"
    file.parent.mkdir(parents=True)
    file.write_text("broken")
    (tmp_path / ".env").write_text("SMTP_HOST=smtp.gmail.com\nSMTP_PORT=587\nSMTP_SENDER=a@gmail.com\n")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    words = ["--preset", "gmail", "--set", "username=a@gmail.com", "--set", "sender=a@gmail.com", "--password-stdin"]
    for command in (
        ["lint"],
        ["lint", "--json"],
        ["check", "--timeout", "1"],
        ["write", "--env-file", ".env", "--dry-run", *words],
        ["presets", "check"],
    ):
        done = run(command, cwd=tmp_path, env=environment, input="abcdefghijklmnop", text=True)
        assert (done.stdout + done.stderr).count(str(file)) == 1, command
        assert ("`smtpwizard presets check` says why" in done.stderr) == (command[0] != "presets")
    file.unlink()
    assert "Left out" not in run(["lint"], cwd=tmp_path, env=environment, text=True).stderr
