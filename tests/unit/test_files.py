"""Where our own files lie, and how a file is read that may be anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtpwizard.files import NotRegularError, TooLargeError, own_folder, read_regular
from smtpwizard.presets.files import user_root
from smtpwizard.targets.backups import backup_folder


@pytest.mark.parametrize(
    ("xdg", "expected"),
    [
        (None, "/home/ops/.config/smtpwizard"),
        ("", "/home/ops/.config/smtpwizard"),
        ("relative", "/home/ops/.config/smtpwizard"),
        ("/etc/xdg", "/etc/xdg/smtpwizard"),
    ],
)
def test_our_folder_is_where_the_xdg_specification_has_it(
    monkeypatch: pytest.MonkeyPatch, xdg: str | None, expected: str
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", "/home/ops")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if xdg is None:
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CONFIG_HOME", xdg)
    assert own_folder("XDG_CONFIG_HOME", ".config") == Path(expected)
    assert user_root() == Path(expected, "presets")
    assert backup_folder() == Path("/home/ops/.local/state/smtpwizard/backups")


def test_on_macos_it_is_below_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setenv("HOME", "/Users/ops")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert own_folder("XDG_STATE_HOME", ".local/state") == Path("/Users/ops/Library/Application Support/smtpwizard")


def test_only_a_regular_file_of_bounded_size_is_read_and_a_pipe_never_waited_for(tmp_path: Path) -> None:
    file, link, pipe = tmp_path / "file", tmp_path / "link", tmp_path / "pipe"
    file.write_bytes(b"12345")
    link.symlink_to(file)
    os.mkfifo(pipe)
    assert read_regular(link, most=5) == b"12345"
    with pytest.raises(TooLargeError, match="more than 4 octets"):
        read_regular(file, most=4)
    for strange in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(NotRegularError):
            read_regular(strange, most=4)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", most=4)
