"""What is said of a whole file is what the real programs make of it: before a write, after it, and of every line."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smtpwizard.docker.compose import app_service
from smtpwizard.errors import FileError
from smtpwizard.secret import Secret
from smtpwizard.targets.change import Change
from smtpwizard.targets.compose.services import read_compose_file
from smtpwizard.targets.env.edit import scan
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.env.plan import plan_env_file
from smtpwizard.targets.env.readers import EASY_LINE, parse
from smtpwizard.targets.env.whole import compose_file, shell_file, systemd_file
from support import env_readers

LINES = (
    "A=1", "Z=2", "K=old", "# c", "", "  ", "KEY=<YOUR-KEY>", "NAME=O'Brien", "K='Let\\'s go'", "GREETING='don't'",
    'A="x" "y"', 'X="a" b', "just words", "DIR='C:\\data\\'", 'DIR="C:\\data\\"', "A=pa$word", 'A="pa$word"',
    "A=pa$$word", "A=${OTHER}", 'A="a\\$b\'c"', "A: 465", "K = 5", "export Z='x y' # c", 'K="l1\nl2" ', "A='a\nb'",
    "K=`a`", "A=b c", "A=a;b", "A=(x)", "K=a&b", "A=${", "A=${a b}", "A=${Q:-x}", 'A="${Q:-x} y"', 'A="a`b"', "A=x#y",
    "A= # c", "A[0]=1", "1A=2", "éa=1", "FOO", "export FOO", "; x", "K=\\", "K=a\\", "K='", 'K="', "Z=' '#x",
    'K="a\\nb"', 'Z="x" # c', "A='x'y", "if x", "K=a<b", "K=a|b", "A=it's", "A=#x", "Z=a'b'c", 'K=a"b c"d',
    '{"a": 1}', 'K={"a": 1}', "[s]", "K=x;", 'A="don\'t"', "K='a' # it's", "# don't", "Z=\\'a",
)  # fmt: skip
"""The shapes of lines that were found in other people's files, and their neighbours."""

TEXTS = st.builds(
    lambda lines, eol, end: eol.join(lines) + (eol if end else ""),
    st.lists(st.sampled_from(LINES), min_size=1, max_size=6),
    st.sampled_from(["\n", "\n", "\n", "\r\n"]),
    st.booleans(),
)
PASSWORDS = st.sampled_from(
    ["plain", "it's", 'say "hi"', "pa$word", "pa${HOME}x", "a`b", 'it\'s "a" `b` $c', "a#b", "a b", "back\\slash", "#1"]
)
BATCH = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large],
)
"""A few examples of many files each, so that a program is started once for all of them."""


@BATCH
@given(st.lists(TEXTS, min_size=30, max_size=30))
def test_compose_refuses_a_file_exactly_where_it_is_said_to_and_reads_what_is_promised(texts: list[str]) -> None:
    for text, real in zip(texts, env_readers.compose_env_file(texts), strict=True):
        said = compose_file(text)
        assert bool(said.stops) == (real is None), text
        for name, value in said.variables.items() if real is not None else ():
            assert value is None or real[name] == value, (text, name)


@BATCH
@given(st.lists(TEXTS, min_size=300, max_size=300))
def test_bash_dash_and_systemd_set_what_is_promised_of_a_file(texts: list[str]) -> None:
    shells = [env_readers.shell(texts, program) for program in ("bash", "dash")]
    for text, *real in zip(texts, *shells, strict=True):
        promised = {name: value for name, value in shell_file(text).variables.items() if value is not None}
        for name in promised.keys() & set(env_readers.KEYS):
            assert [one[name] for one in real] == [promised[name]] * 2, (text, name)
    for text, found in zip(texts, env_readers.systemd(texts), strict=True):
        for name, value in systemd_file(text).variables.items():
            assert value is None or (found or {}).get(name) == value, (text, name)


@pytest.mark.parametrize("line", LINES)
def test_a_shell_that_is_said_to_stop_sets_nothing_below(line: str) -> None:
    text = f"{line}\n\nPROBE=1\n"
    probed = [env_readers.shell([text], program, ("PROBE",))[0]["PROBE"] for program in ("bash", "dash")]
    assert bool(shell_file(text).stops) == ("" in probed)


def _plan(text: str, password: str) -> Change | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".env")
        path.write_bytes(text.encode())
        try:
            return plan_env_file(path, {"SMTP_HOST": "smtp.new.example", "SMTP_PASSWORD": Secret(password)})
        except FileError:
            return None


def _claimed(change: Change) -> str:
    return change.notes[0] if change.notes else ""


@pytest.mark.node
@BATCH
@given(st.lists(st.tuples(TEXTS, PASSWORDS), min_size=15, max_size=15))
def test_a_write_leaves_every_other_variable_and_is_read_by_all_that_it_names(pairs: list[tuple[str, str]]) -> None:
    planned = [(text, password, change) for text, password in pairs if (change := _plan(text, password))]
    befores = [text for text, _, _ in planned]
    afters = [change.after.decode() for _, _, change in planned]
    own = {"SMTP_HOST", "SMTP_PASSWORD"}
    readers = {
        "npm dotenv": lambda texts: env_readers.npm_dotenv(texts, "dotenv16"),
        "npm dotenv ": env_readers.npm_dotenv,
        "python-dotenv": lambda texts: env_readers.python_dotenv(texts),
        "docker compose": env_readers.compose_env_file,
        "shells": lambda texts: env_readers.shell(texts, "bash", (*env_readers.KEYS, *sorted(own))),
    }
    for label, read in readers.items():
        for (text, password, change), before, after in zip(planned, read(befores), read(afters), strict=True):
            claimed = label.strip() in _claimed(change)
            if label != "shells" and before is not None and after is not None:
                foreign = [{name: value for name, value in one.items() if name not in own} for one in (before, after)]
                if text.rstrip("\r\n").split("\n")[-1].strip() not in {"FOO", "export FOO"}:  # read with the next line
                    assert foreign[0] == foreign[1], (label, text)
            wanted = {"SMTP_HOST": "smtp.new.example", "SMTP_PASSWORD": password}
            got = {name: (after or {}).get(name) for name in own}
            assert not claimed or got == wanted, (label, text, password)


def test_a_reader_that_refuses_the_file_is_not_said_to_read_it(tmp_path: Path) -> None:
    for text in ("DIR='C:\\data\\'\n", "GREETING='don't'\n", 'A="x" "y"\n', "just words\n", "A=${\n"):
        change = _plan(text + "SMTP_HOST=old\n", "plain")
        assert change is not None
        assert "docker compose" not in _claimed(change), text
        found = [item.message for item in change.findings if item.id in ("env-line-refused", "env-quote-open")]
        assert ["line 1" in message for message in found] == [True], text
        assert env_readers.compose_env_file([change.after.decode()]) == [None]


def test_a_quote_that_closes_is_no_alarm() -> None:
    change = _plan('X="a" b\nSMTP_HOST=old\n', "plain")
    assert change is not None
    assert "docker compose" in _claimed(change)
    assert not [item for item in change.findings if "refuses" in item.message]
    assert env_readers.compose_env_file([change.after.decode()]) != [None]


@pytest.mark.parametrize("line", ["KEY=<YOUR-KEY>", "NAME=O'Brien", "K='Let\\'s go'"])
def test_a_line_at_which_a_shell_stops_is_told_and_shells_are_not_said_to_read_the_file(line: str) -> None:
    change = _plan(f"{line}\nSMTP_HOST=old\n", "plain")
    assert change is not None
    assert "shells" not in _claimed(change)
    (stop,) = [item for item in change.findings if item.id == "env-shell-stops"]
    assert "line 1: " in stop.message


def test_a_password_that_breaks_off_a_shell_is_told_with_its_line() -> None:
    change = _plan("A=1\nSMTP_HOST=old\nB=2\n", 'it\'s "a" `b $c')
    assert change is not None
    (stop,) = [item for item in change.findings if item.id == "env-shell-stops"]
    assert "line 3" in stop.message
    assert "sets nothing from there on" in stop.message


def test_line_ends_of_cr_alone_are_told_and_compose_is_not_said_to_read_them() -> None:
    change = _plan("A=1\rB=2\r", "plain")
    assert change is not None
    assert "docker compose" not in _claimed(change)
    assert "env-mac-line-ends" in [item.id for item in change.findings]


def test_the_line_that_keeps_a_file_from_being_changed_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("B=1\nDIR='C:\\data\\'\nSMTP_HOST=old\nSMTP_PASSWORD=x\nB=2\n")
    with pytest.raises(FileError, match=r"Line 2 .*Repair that line"):
        plan_env_file(path, {"SMTP_PASSWORD": Secret("it's")})


ADVICE = [
    ("SMTP_PASSWORD=pa$word", "single quotes", "SMTP_PASSWORD='pa$word'"),
    ('SMTP_PASSWORD="pa$word"', "single quotes", "SMTP_PASSWORD='pa$word'"),
    ("SMTP_PASSWORD=pa$$word", "single quotes", "SMTP_PASSWORD='pa$$word'"),
    ("SMTP_PASSWORD=ab#cd", "single quotes", "SMTP_PASSWORD='ab#cd'"),
    ("SMTP_PORT: 465", "= in the place of the colon", "SMTP_PORT=465"),
    ('SMTP_PASSWORD="say \\"hi\\" it\'s"', "without quotes", 'SMTP_PASSWORD=say "hi" it\'s'),
    ("SMTP_PASSWORD=${OTHER}", "write the value itself", "SMTP_PASSWORD=other"),
    ('SMTP_PASSWORD="a\\$b\'c"', "No way of quoting", "SMTP_PASSWORD=abc"),
]


@pytest.mark.node
@pytest.mark.parametrize(("line", "advice", "followed"), ADVICE)
def test_a_value_that_readers_take_differently_comes_with_advice_that_helps(
    tmp_path: Path, line: str, advice: str, followed: str
) -> None:
    name = line[: line.index("=") if "=" in line else line.index(":")]
    path = tmp_path / ".env"
    path.write_text(f"A=1\n{line}\n")
    told = read_env_file(path).disagreements
    assert advice in told[name]
    path.write_text(f"A=1\n{followed}\n")
    assert name not in read_env_file(path).disagreements
    text = f"A=1\n{followed}\n"
    (npm,), (python,) = env_readers.npm_dotenv([text]), env_readers.python_dotenv([text], interpolate=False)
    assert env_readers.compose_env_file([text]) == [npm] == [python]


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkfifo, r"is a FIFO.*Save what it gives in one"),
        (_socket, r"is a socket.*Save what it gives in one"),
        (Path.mkdir, r"is a folder\. Name the "),
        (lambda path: path.symlink_to("nowhere"), r"is a link to .*nowhere, which does not exist"),
    ],
    ids=["FIFO", "socket", "folder", "link"],
)
def test_the_wrong_kind_of_file_is_told_alike_whoever_meets_it(
    make: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    make(tmp_path / "it")
    for read in (
        read_env_file,
        read_compose_file,
        lambda path: plan_env_file(path, {"A": "1"}),
        lambda path: app_service("web", path, tmp_path, images=(), default="web"),
    ):
        with pytest.raises(FileError, match=told) as refused:
            read(tmp_path / "it")
        assert "--environ" not in refused.value.message  # `write` has no such flag


def test_a_compose_file_is_no_env_file_and_the_other_way_round(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services:\n  web:\n    image: x\n")
    (tmp_path / ".env").write_text("A=1\nB=2\n")
    with pytest.raises(FileError, match="with --compose"):
        read_env_file(tmp_path / "compose.yml")
    with pytest.raises(FileError, match="with --compose"):
        plan_env_file(tmp_path / "compose.yml", {"A": "1"})
    with pytest.raises(FileError, match="with --env-file"):
        read_compose_file(tmp_path / ".env")


@pytest.mark.parametrize("data", ["SMTP_HOST=x\r\n".encode("utf-16"), "A=1\n".encode("utf-16-be"), b"A=\0\n"])
def test_what_is_no_text_is_told_when_it_is_read(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".env").write_bytes(data)
    with pytest.raises(FileError, match="UTF-8"):
        read_env_file(tmp_path / ".env")


PIECES = st.sampled_from(
    ["A", "B_1", "export ", "export", "=", "==", "'", '"', "`", " ", "\t", "#", "# c", "\\", "$", "${A}", "x", "a.b",
     "\n", "\n", "\r\n", "\r", ":", ";", "&", "~", "(", "{", "\x85", "\u00a0", "\u2028", "ü", "\udc80", "0", "!", "*"]
)  # fmt: skip
MIXED = st.lists(PIECES, max_size=30).map("".join) | TEXTS
NEVER = re.compile(r"(?!)")


@given(MIXED)
@example("A='b' # c\nexport B=1\n\n#\\\nC=d\n")
@example("A='b' c\nB='x'\nC=1\n")
@example("A=\n'below'\n")
@settings(max_examples=300, deadline=None)
def test_an_easy_line_is_read_as_a_look_at_every_character_reads_it(text: str) -> None:
    models = (compose_file, shell_file, systemd_file, parse)
    quick = [model(text) for model in models]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smtpwizard.targets.env.readers.EASY_LINE", NEVER)
        assert quick == [model(text) for model in models]


@given(MIXED)
@settings(max_examples=300, deadline=None)
def test_a_usual_line_is_the_statement_that_a_closer_look_finds(text: str) -> None:
    quick = [*scan(text)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smtpwizard.targets.env.edit._USUAL", NEVER)
        assert quick == [*scan(text)]


def test_most_lines_of_a_usual_file_are_easy() -> None:
    lines = ("\n", "# mail\n", "A=b\n", "A='b c'\n", 'A="b c"\n', "URL=https://h/1?a=b,c\n", "A='b' # c\n")
    for line in lines:
        assert EASY_LINE.fullmatch(line)
    assert EASY_LINE.match("A=\nB=c\n")
