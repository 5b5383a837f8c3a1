"""Files that are no presets at all: told in words, read without blocking, and no other preset suffers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtpwizard.errors import ExitCode
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import LIMIT, PresetFileError, presets_root, provider_files
from smtpwizard.presets.toml import load_provider
from support.preset_files import GOOD, named, put


def told(path: Path) -> str:
    with pytest.raises(PresetFileError) as caught:
        load_provider(path)
    assert caught.value.exit_code is ExitCode.FILE
    assert caught.value.title == "Broken preset"
    (problem,) = caught.value.problems
    assert str(problem) == caught.value.message
    return str(problem)


def test_a_link_to_a_preset_is_followed(tmp_path: Path) -> None:
    target = put(tmp_path / "elsewhere", "acme", GOOD)
    link = tmp_path / "acme.toml"
    link.symlink_to(target)
    assert load_provider(link).id == "acme"


def test_a_link_to_nothing_says_so(tmp_path: Path) -> None:
    link = tmp_path / "acme.toml"
    link.symlink_to(tmp_path / "gone")
    assert told(link) == f"{link}: is a link to nothing"


def test_a_ring_of_links_is_told(tmp_path: Path) -> None:
    link = tmp_path / "acme.toml"
    link.symlink_to(link)
    assert "cannot be read" in told(link)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "acme.toml").endswith("does not exist")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    os.mkfifo(path)
    assert told(path).endswith("is not a regular file")


def test_a_folder_named_like_a_preset_is_told(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.mkdir()
    assert told(path).endswith("is not a regular file")


def test_a_device_without_end_is_not_read(tmp_path: Path) -> None:
    link = tmp_path / "acme.toml"
    link.symlink_to("/dev/zero")
    assert told(link).endswith("is not a regular file")


def test_a_huge_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = put(tmp_path, "acme", GOOD)
    with path.open("r+b") as file:
        file.truncate(40 * 1024 * 1024)
    assert f"a preset may have {LIMIT}" in told(path)


def test_text_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = put(tmp_path, "acme", GOOD)
    path.write_bytes(GOOD.encode().replace(b"Acme Mail", b"Acm\xe9 Mail"))
    assert told(path) == f"{path}:3: is not UTF-8: byte 0xe9"


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_provider(path).name == "Acme Mail"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, "acme", GOOD)
    path.chmod(0)
    assert told(path).endswith("may not be read by this user")


def test_one_broken_file_leaves_the_others_alone(own_folder: Path) -> None:
    put(own_folder, "acme", GOOD)
    put(own_folder, "broken", named("broken", ("tier = 2", "tier = 7")))
    put(own_folder, "gmail", "not toml at all")
    (own_folder / "binary.toml").write_bytes(b"\x00\xff" * 100)
    os.mkfifo(own_folder / "pipe.toml")
    (own_folder / "notes.txt").write_text("not a preset")
    (own_folder / ".hidden.toml").write_text("not a preset")
    presets = Presets.open()

    assert presets.provider("acme").name == "Acme Mail"
    assert presets.provider("gmail").host == "smtp.gmail.com", "the shipped one steps in"
    assert len(presets.all()) == len(provider_files(presets_root())) + 1
    assert {problem.file.name for problem in presets.problems} == {
        "binary.toml", "broken.toml", "gmail.toml", "pipe.toml"
    }  # fmt: skip


def test_a_preset_whose_only_file_is_broken_says_what_is_wrong(own_folder: Path) -> None:
    path = put(own_folder, "broken", named("broken", ("tier = 2", "tier = 7")))
    with pytest.raises(PresetFileError) as caught:
        Presets.open().provider("broken")
    assert caught.value.message == f"{path}:5: tier: must lie between 1 and 3, not 7"
