"""A plan shows what will happen, masked, and what there is to know; it writes nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from smtpwizard.errors import FileError, InputError
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.change import Change
from smtpwizard.targets.env.plan import plan_env_file
from smtpwizard.targets.env.readers import Reader
from support import env_readers

PASSWORD = "hunter2-hunter2"


def planned(folder: Path, data: bytes | None, **values: str | Secret | None) -> Change:
    path = folder / ".env"
    if data is not None:
        path.write_bytes(data)
        path.chmod(0o600)
    return plan_env_file(path, values)


def ids(change: Change) -> list[str]:
    return [finding.id for finding in change.findings]


def test_a_plan_writes_nothing(tmp_path: Path) -> None:
    change = planned(tmp_path, None, SMTP_HOST="a.b")
    assert change.changed
    assert change.mode == 0o600
    assert list(tmp_path.iterdir()) == []


def test_the_diff_shows_the_change_with_two_lines_around_it(tmp_path: Path) -> None:
    change = planned(tmp_path, b"A=1\nB=2\nC=3\nSMTP_PORT=25\nD=4\nE=5\nF=6\n", SMTP_PORT="587")
    assert change.diff.splitlines() == [
        "--- .env", "+++ .env", "@@ -2,5 +2,5 @@", " B=********", " C=********",
        "-SMTP_PORT=25", "+SMTP_PORT=587", " D=********", " E=********",
    ]  # fmt: skip
    assert change.masked.counted == "1 line changes, 6 stay"


def test_the_diff_is_a_patch_that_the_real_patch_program_takes(tmp_path: Path) -> None:
    data = b"MAIL_A=1\nMAIL_B=2\nSMTP_PORT=25\nMAIL_C=3\n" + b"MAIL_X=1\n" * 9 + b"SMTP_HOST=h # c"
    change = planned(tmp_path, data, SMTP_PORT="587", SMTP_HOST="new.example")
    done = subprocess.run(
        ["git", "apply", "--unsafe-paths", "-p0", "-"], input=change.diff, text=True, cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".env").read_bytes() == change.after


def test_a_changed_password_shows_as_two_equal_masks(tmp_path: Path) -> None:
    change = planned(tmp_path, b"SMTP_PASSWORD=old-secret-word # mine\n", SMTP_PASSWORD=Secret(PASSWORD))
    assert f"-SMTP_PASSWORD={MASK}" in change.diff
    assert f"+SMTP_PASSWORD={MASK}" in change.diff
    assert "old-secret" not in change.diff


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD=hunter2-hunter2",
        "export API_TOKEN='hunter2-hunter2' # note",
        "# SMTP_PASS: hunter2-hunter2",
        "STRIPE_SECRET_KEY=hunter2-hunter2",
        "DATABASE_URL=postgres://user:hunter2-hunter2@db/x",
        "REDIS_URL=redis://:hunter2-hunter2@redis",
        "hunter2-hunter2",
        'CERT="line\nhunter2-hunter2\nend"',
        "JWT_KEY = hunter2-hunter2 # c",
    ],
)
def test_secrets_of_others_never_show_in_the_lines_around(tmp_path: Path, line: str) -> None:
    change = planned(tmp_path, f"{line}\nSMTP_PORT=25\n".encode(), SMTP_PORT="587")
    assert "hunter2" not in change.diff
    assert MASK in change.diff
    assert "hunter2" not in repr(change)
    assert not any("hunter2" in finding.message for finding in change.findings)


def test_a_token_that_is_user_name_and_password_is_masked_in_both(tmp_path: Path) -> None:
    change = planned(tmp_path, None, SMTP_USERNAME=PASSWORD, SMTP_PASSWORD=Secret(PASSWORD))
    assert "hunter2" not in change.diff


def test_control_characters_in_the_file_do_not_reach_the_screen(tmp_path: Path) -> None:
    change = planned(tmp_path, b"A=\x1b[2J\nSMTP_PORT=25\n", SMTP_PORT="587")
    assert "\x1b" not in change.diff


def test_a_second_run_plans_nothing(tmp_path: Path) -> None:
    change = planned(tmp_path, b"SMTP_HOST=a.b\n", SMTP_HOST="a.b")
    assert not change.changed
    assert change.diff == ""
    assert change.backup_name == ""


def test_taking_out_what_is_not_there_creates_no_file(tmp_path: Path) -> None:
    assert not planned(tmp_path, None, SMTP_USERNAME=None).changed


def test_readers_that_differ_are_named_on_the_variable(tmp_path: Path) -> None:
    change = planned(tmp_path, None, SMTP_PASSWORD=Secret("pa${HOME}x"))
    (finding,) = [item for item in change.findings if item.id == "readers-differ"]
    assert finding.variable == "SMTP_PASSWORD"
    assert "python-dotenv" in finding.message
    assert "HOME" not in finding.message


def test_a_command_in_a_password_is_told(tmp_path: Path) -> None:
    change = planned(tmp_path, None, SMTP_PASSWORD=Secret("pa$(id)x"))
    (finding,) = [item for item in change.findings if item.id == "value-runs-command"]
    assert "dotenv-expand 1000" in finding.message


def test_an_inline_comment_is_told_to_those_who_take_it_for_value(tmp_path: Path) -> None:
    change = planned(tmp_path, b"SMTP_HOST=x # c\n", SMTP_HOST="a.b")
    (finding,) = [item for item in change.findings if item.id == "line-not-read-alike"]
    assert "systemd" in finding.message
    assert "docker run" not in finding.message


def test_docker_run_is_told_of_everything_that_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"export SMTP_HOST = x\n")
    change = plan_env_file(path, {"SMTP_HOST": "a.b"}, readers=(Reader.DOCKER_RUN,))
    (finding,) = [item for item in change.findings if item.id == "line-not-read-alike"]
    assert "`export`" in finding.message
    assert "blanks" in finding.message


def test_what_compose_refuses_in_the_file_is_told_by_line_number(tmp_path: Path) -> None:
    change = planned(tmp_path, b"A=1\nhunter2 hunter2\nB='x\nSMTP_PORT=1\n", SMTP_PORT="587")
    messages = {finding.id: finding.message for finding in change.findings}
    assert "line 2" in messages["env-line-refused"]
    assert "line 3" in messages["env-quote-open"]


LINES = (
    "foo bar", "; x", "K='open", 'K="open', "FOO", "K=`a b`", "export FOO", "1=2", "é=1", "=x", "A B=1", "K: v", "A'=1",
    "# c", "K='a' # b", "a.b-c=1",
)  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_compose_refuses_a_line_exactly_where_it_is_said_to(tmp_path: Path, line: str) -> None:
    change = planned(tmp_path, f"{line}\nZ=1\n".encode(), SMTP_PORT="587")
    said = {"env-line-refused", "env-quote-open"} & set(ids(change))
    (refused,) = env_readers.compose_env_file([f"{line}\nZ=1\n"])
    assert bool(said) == (refused is None)


def test_earlier_lines_of_the_same_variable_are_reported(tmp_path: Path) -> None:
    change = planned(tmp_path, b"SMTP_HOST=1\nA=1\nSMTP_HOST=2\n", SMTP_HOST="a.b")
    assert any("line 1" in item.message for item in change.findings if item.id == "duplicate-variable")


def test_windows_line_ends_and_byte_order_mark_are_told(tmp_path: Path) -> None:
    assert {"env-windows-line-ends", "env-byte-order-mark"} <= set(
        ids(planned(tmp_path, b"\xef\xbb\xbfA=1\r\n", SMTP_HOST="a.b"))
    )


def test_a_file_open_to_others_is_told_when_the_password_goes_in(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\n")
    path.chmod(0o644)
    assert "file-open-to-others" in ids(plan_env_file(path, {"SMTP_PASSWORD": Secret("x")}))
    assert "file-open-to-others" not in ids(plan_env_file(path, {"SMTP_HOST": "x"}))


def test_ten_kilobytes_of_password_are_planned_exactly(tmp_path: Path) -> None:
    change = planned(tmp_path, None, SMTP_PASSWORD=Secret("x" * 10240))
    assert b"SMTP_PASSWORD=" + b"x" * 10240 in change.after
    assert "xxx" not in change.diff


@pytest.mark.parametrize("value", ["a\nSMTP_TLS=false", "a\0b", "a\x1bb"])
def test_what_could_break_out_of_its_line_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError):
        planned(tmp_path, None, SMTP_PASSWORD=Secret(value))


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        plan_env_file(tmp_path / ".env", {"A\nB": "x"})


def test_a_file_that_would_read_wrong_afterwards_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="Line 1 holds a quote") as refused:
        planned(tmp_path, b'A="hunter2\nSMTP_PASSWORD="y\nB=1\n', SMTP_PASSWORD=Secret("a'b"))
    assert "hunter2" not in refused.value.message


def test_utf16_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="UTF-8"):
        planned(tmp_path, "SMTP_HOST=a\n".encode("utf-16"), SMTP_HOST="b")


def test_a_folder_and_a_dangling_link_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="folder"):
        plan_env_file(tmp_path, {"SMTP_HOST": "x"})
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(FileError, match="does not exist"):
        plan_env_file(tmp_path / "link", {"SMTP_HOST": "x"})
    with pytest.raises(FileError, match="Create it"):
        plan_env_file(tmp_path / "no" / ".env", {"SMTP_HOST": "x"})


def test_a_link_is_followed_and_told(tmp_path: Path) -> None:
    inside, outside = tmp_path / "project", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    (outside / "real.env").write_bytes(b"SMTP_HOST=x\n")
    (inside / "near.env").write_bytes(b"SMTP_HOST=x\n")
    (inside / "a.env").symlink_to(outside / "real.env")
    (inside / "b.env").symlink_to("near.env")
    far = plan_env_file(inside / "a.env", {"SMTP_HOST": "a.b"})
    near = plan_env_file(inside / "b.env", {"SMTP_HOST": "a.b"})
    assert "target-link-leaves-folder" in ids(far)
    assert "target-is-link" in ids(near)
    assert far.real_path == (outside / "real.env").resolve()
    assert far.through_link
