"""The shipped catalogue is complete and sound, and a wrong entry is told by file, line and key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from smtpwizard.diagnosis.catalogue import Catalogue, by_ref, shipped
from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.schema import STAGES, FailureFile
from smtpwizard.errors import FileError
from smtpwizard.presets.toml import read
from support.failure_examples import catalogue as full

FULL = full()

KINDS = Path(__file__).parent.parent / "corpus" / "kinds.toml"

ENTRY = """\
[[failure]]
ref = "X1"
id = "an-entry"
stages = ["auth"]
codes = [535]
text = ["the words"]
by = [["text"]]
title = "A title"
cause = "A cause."
remedy = "A remedy."
source = "a source"
checked = "2026-11-22"
evidence = "I"

[[failure.examples]]
stage = "auth"
reply = "535 the words"
"""


def catalogue_of(tmp_path: Path, text: str, name: str = "auth.toml") -> Catalogue:
    (tmp_path / name).write_text(text, "utf-8")
    return Catalogue.read(tmp_path)


def test_every_entry_has_a_reference_and_a_name_of_its_own() -> None:
    refs, names = [failure.ref for failure in FULL.rules], [failure.id for failure in FULL.rules]
    assert len(set(refs)) == len(refs) == len(set(names)) >= 270
    for letter in {ref[0] for ref in refs}:  # scripts name an entry by its reference: none is missing in between
        numbers = [int(failure.ref[1:]) for failure in by_ref(FULL.rules) if failure.ref[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1)), letter


def test_every_entry_and_general_answer_has_a_kind_of_the_closed_list() -> None:
    kinds = {kind["id"] for kind in tomllib.loads(KINDS.read_text("utf-8"))["kind"]}
    assert {failure.kind for failure in FULL.rules} <= kinds
    assert {answer.kind for answer in FULL.general} - {""} <= kinds


def test_the_shipped_files_have_no_problem() -> None:
    assert FULL.problems == ()


def test_what_is_read_unchecked_is_the_whole_entry_without_examples() -> None:
    lean = Catalogue.open()
    assert lean.rules == tuple(failure._replace(examples=()) for failure in FULL.rules)
    assert lean.proofs.lists == FULL.proofs.lists
    assert lean.clients.lists == FULL.clients.lists
    assert lean.general == tuple(answer._replace(examples=()) for answer in FULL.general)
    assert [*lean.situations] == [*FULL.situations]


def test_every_file_is_named_after_a_stage_and_short() -> None:
    for path in shipped().glob("*.toml"):
        assert path.stem == "words" or path.stem.split("-")[0] in (*STAGES, "answers", "clients", "situations")
        assert len(path.read_text("utf-8").splitlines()) <= 800, path.name


def test_an_entry_says_fact_cause_and_action_in_words() -> None:
    for failure in FULL.rules:
        assert not failure.title.endswith((".", "!")), failure.ref
        assert failure.cause.endswith((".", "`")), failure.ref
        assert failure.remedy.endswith("."), failure.ref
        assert "!" not in failure.title + failure.cause.replace("`!`", "") + failure.remedy, failure.ref
        assert failure.examples, failure.ref


def test_the_words_of_the_guide_are_found_in_titles() -> None:
    titles = " ".join(failure.title for failure in FULL.rules)
    assert "ECONNREFUSED" in titles
    assert "ETLS" in titles


def test_an_own_entry_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "auth.toml").write_text(ENTRY.replace("an-entry", "exim-login-refused"), "utf-8")
    catalogue = Catalogue.open(tmp_path)
    assert catalogue.get("exim-login-refused").ref == "X1"
    assert len(catalogue.rules) == len(FULL.rules)


def test_an_entry_is_got_by_reference_and_by_name() -> None:
    assert FULL.get("A1") is FULL.get("gmail-app-password-required")
    with pytest.raises(KeyError):
        FULL.get("A99")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ('id = "an-entry"', 'id = "An Entry"', 3, "id", "kebab-case"),
        ('title = "A title"', "title = 5", 8, "title", "text in quotes"),
        ('stages = ["auth"]', 'stages = ["login"]', 4, "stages[0]", "must be one of lint, resolve"),
        ('stages = ["auth"]', 'stages = ["mail"]', 4, "stages", "must hold 'auth'"),
        ('remedy = "A remedy."\n', "", 1, "remedy", "is missing"),
        ('evidence = "I"', 'evidence = "I"\nsauce = "a source"', 14, "sauce", "is not a key"),
        ('checked = "2026-11-22"', 'checked = "today"', 12, "checked", "a date as YYYY-MM-DD"),
        ('text = ["the words"]', 'text = ["The Words"]', 6, "text[0]", "lower case"),
        ('text = ["the words"]', 'text = [" * "]', 6, "text[0]", "is a gap"),
        ("codes = [535]", "codes = [35]", 5, "codes[0]", "between 200 and 599"),
        ("codes = [535]", 'enhanced = ["5.7"]', 5, "enhanced[0]", "an enhanced status code"),
        ('by = [["text"]]', 'by = [["words"]]', 7, "by[0][0]", "must be one of stage, code"),
        ('by = [["text"]]', 'by = [["provider"]]', 7, "by[0]", "needs the key 'providers'"),
        ('by = [["text"]]', 'by = ["text"]', 7, "by[0]", "must be a list of texts"),
        ('evidence = "I"', 'evidence = "Q"', 13, "evidence", "letters of"),
        ('evidence = "I"', 'evidence = "I"\nwhen = "raining"', 14, "when", "not 'raining'"),
        ('evidence = "I"', 'evidence = "I"\nrepair = "hammer"', 14, "repair", "not 'hammer'"),
        ('evidence = "I"', 'evidence = "I"\nrank = "high"', 14, "rank", "first, last, least"),
        ('evidence = "I"', 'evidence = "I"\nchanges = { HOST = "x" }', 14, "changes.HOST", "must be one of host"),
        ('stage = "auth"\nreply', 'stage = "login"\nreply', 16, "examples[0].stage", "must be one of"),
        ('reply = "535 the words"', 'event = "rain"', 17, "examples[0].event", "must be one of"),
        ('reply = "535 the words"', 'provider = "gmail"', 15, "examples[0].reply", "exactly one of"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, key: str, words: str
) -> None:
    assert old in ENTRY
    problems = catalogue_of(tmp_path, ENTRY.replace(old, new, 1)).problems
    assert [(problem.file.name, problem.line, problem.key) for problem in problems] == [
        ("auth.toml", line, f"failure[0].{key}")
    ]
    assert words in problems[0].message
    assert str(problems[0]).startswith(f"{tmp_path / 'auth.toml'}:{line}: failure[0].{key}: ")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("told = '(a'", "not a regular expression: missing )"),
        ('when = ["raining"]', "not 'raining'"),
        ('unless = ["relayed"]', "one of them must be given"),
        ('told = "a"\nkind = "wrong-password"', "is not a key"),
    ],
)
def test_a_mistake_in_a_situation_is_told(key: str, words: str) -> None:
    _, issues = read(FailureFile, tomllib.loads(f'[[situation]]\nkinds = ["wrong-password"]\n{key}\nremedy = "Do."\n'))
    assert [issue.message for issue in issues if words in issue.message] == [issue.message for issue in issues]
    assert len(issues) == 1


def test_situations_are_the_programs_own(tmp_path: Path) -> None:
    """Their patterns are searched for in any text: one that nobody has checked could take for ever."""
    text = '[[situation]]\nkinds = ["wrong-password"]\ntold = "(a+)+b"\nremedy = "Do."\n'
    catalogue = catalogue_of(tmp_path, text, "situations-1-own.toml")
    assert [problem.message for problem in catalogue.problems] == ["may stand only in the program's own files"]
    assert not [*catalogue.situations]


def test_a_broken_entry_leaves_the_others_alone(tmp_path: Path) -> None:
    good = ENTRY.replace("an-entry", "good-one").replace("X1", "X2")
    catalogue = catalogue_of(tmp_path, ENTRY.replace('id = "an-entry"', "id = 1") + good)
    assert [failure.id for failure in catalogue.rules] == ["good-one"]
    assert [problem.line for problem in catalogue.problems] == [3]


def test_a_name_used_twice_in_a_folder_is_told(tmp_path: Path) -> None:
    problems = catalogue_of(tmp_path, ENTRY + ENTRY).problems
    assert [(problem.line, problem.key) for problem in problems] == [(19, "failure[1].ref"), (20, "failure[1].id")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[[failure]\n", 1, "Expected"),
        ('\nfailure = "x"\n', 2, "must be a list of tables"),
        ("[extra]\n" + ENTRY, 1, "not a key"),
    ],
)
def test_a_file_of_another_form_is_told(tmp_path: Path, text: str, line: int, words: str) -> None:
    problems = catalogue_of(tmp_path, text).problems
    assert problems[0].line == line
    assert words in problems[0].message


def test_bytes_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    (tmp_path / "auth.toml").write_bytes(b'[[failure]]\nref = "\xff"\n')
    assert [problem.file.name for problem in Catalogue.read(tmp_path).problems] == ["auth.toml"]


def test_a_file_that_is_named_after_no_stage_is_told(tmp_path: Path) -> None:
    assert "named after a stage" in catalogue_of(tmp_path, ENTRY, "login.toml").problems[0].message


def test_a_folder_that_does_not_exist_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        Catalogue.read(tmp_path / "missing")


def test_an_entry_is_not_told_beside_words_that_speak_against_it(tmp_path: Path) -> None:
    known = catalogue_of(tmp_path, ENTRY.replace('by = [["text"]]', 'by = [["text"]]\nbut = ["of * another"]'))
    told = explain_text("535 the words", catalogue=known)
    assert [item.ref for item in told][:1] == ["X1"]
    assert "X1" not in [item.ref for item in explain_text("535 the words of quite another", catalogue=known)]


def test_no_words_of_a_client_stand_for_two_happenings() -> None:
    names: dict[str, set[str]] = {}
    for name, phrases in FULL.clients.lists:  # of two that are equally long neither counts
        for phrase in phrases:
            names.setdefault(phrase, set()).add(name)
    assert {phrase: both for phrase, both in names.items() if len(both) > 1} == {}
