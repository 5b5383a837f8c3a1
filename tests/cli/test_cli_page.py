"""docs/cli.md, and that what the commands print is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smtpwizard.cli.main import run
from support.cli_page import JSON, PAGE, members, page, undescribed


def test_the_page_is_as_the_argument_tree_and_the_tables_have_it() -> None:
    again = "write it anew: PYTHONPATH=tests python -m support.cli_page"
    assert PAGE.read_text(encoding="utf-8") == page(), again


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("lint", ["lint", "--json"]),
        ("explain", ["explain", "--json", "535 5.7.8 Error: authentication failed"]),
        ("write", ["write", "--env-file", ".env", "--preset", "gmail", "--json", "--dry-run"]),
        ("restore", ["restore", "--json"]),
        ("scan", ["scan", "127.0.0.1", "--json", "--timeout", "1"]),
        ("logs", ["logs", "--json", "app.log"]),
        ("check", ["check", "--json", "--timeout", "1"]),
    ],
)
def test_a_command_prints_the_members_that_the_page_describes(
    command: str,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / ".env").write_text("SMTP_HOST=127.0.0.1\nSMTP_PORT=1\nSMTP_SENDER=a@example.com\nSMTP_TLS=yes\n")
    (tmp_path / "app.log").write_text("Error: Invalid login: 535 5.7.8 Error: authentication failed\n")
    run(arguments)
    (line,) = capsys.readouterr().out.splitlines()
    printed = json.loads(line)
    assert undescribed(command, printed) == set()
    described = {path for path in JSON[command] if "." not in path and "[" not in path}
    assert described & set(members(printed)), "the tables name nothing that is printed"
