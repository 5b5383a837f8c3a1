"""The index of parsed presets: never stale, never another user's, and never missed where it cannot be."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

import pytest

from smtpwizard import files
from smtpwizard.presets import files as module
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import Index, Table, parse, presets_root, provider_files
from smtpwizard.presets.toml import load_provider

HOUR = 3600 * 10**9


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of indexes, empty, an hour from now: then no file is too young to be kept."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    now = time.time_ns
    monkeypatch.setattr(files.time, "time_ns", lambda: now() + HOUR)
    return folder / "smtpwizard"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file."""
    made = tmp_path / "providers"
    made.mkdir()
    (made / "a.toml").write_text("id = 1\n")
    return made


def parses(folder: Path, name: str = "a.toml") -> tuple[Table, int]:
    """Return a table in a new run, and how often its file was parsed."""
    count = 0

    def counted(path: Path) -> Table:
        nonlocal count
        count += 1
        return parse(path)

    index = Index(folder)
    found = index.table(name, counted)
    index.keep()
    return found, count


def test_a_file_is_parsed_once(cache: Path, folder: Path) -> None:
    assert parses(folder) == ({"id": 1}, 1)
    assert parses(folder) == ({"id": 1}, 0)


def test_index_and_folder_are_for_this_user_alone(cache: Path, folder: Path) -> None:
    old = os.umask(0)
    try:
        parses(folder)
    finally:
        os.umask(old)
    (file,) = cache.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [stat.S_IMODE(path.stat().st_mode) for path in (cache, cache.parent)] == [0o700, 0o700]


def test_a_change_that_keeps_size_and_times_is_seen(cache: Path, folder: Path) -> None:
    parses(folder)
    path = folder / "a.toml"
    before = path.stat()
    for text in ("id = 2\n", "id = 3\n"):
        path.write_text(text)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert parses(folder)[0] == {"id": int(text[5])}


def test_a_file_put_in_place_of_another_is_seen(cache: Path, folder: Path) -> None:
    parses(folder)
    (folder / "new").write_text("id = 2\n")
    os.replace(folder / "new", folder / "a.toml")
    assert parses(folder) == ({"id": 2}, 1)


def test_a_file_changed_just_now_is_not_kept(cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = (folder / "a.toml").stat().st_ctime_ns
    monkeypatch.setattr(files.time, "time_ns", lambda: written + 10**9)
    parses(folder)
    assert parses(folder) == ({"id": 1}, 1)


def test_a_file_that_changes_while_it_is_parsed_is_not_kept(cache: Path, folder: Path) -> None:
    def changing(path: Path) -> Table:
        table = parse(path)
        path.write_text("id = 22\n")
        return table

    index = Index(folder)
    index.table("a.toml", changing)
    index.keep()
    assert parses(folder) == ({"id": 22}, 1)


def test_another_version_of_the_program_parses_anew(cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parses(folder)
    monkeypatch.setattr(module, "__version__", "0.0.0")
    assert parses(folder)[1] == 1


def test_where_the_code_that_makes_what_is_kept_has_changed_it_is_made_anew(cache: Path, folder: Path) -> None:
    code = folder.parent / "code.py"
    code.write_text("ONE = 1")

    def made(what: str) -> Table:
        index = Index(folder, [str(code)])
        found = index.table("a.toml", lambda path: {"made": what})
        index.keep()
        return found

    assert [made("first"), made("second")] == [{"made": "first"}] * 2
    code.write_text("ONE = 2")
    assert made("third") == {"made": "third"}


def words_in(text: bytes) -> set[str]:
    return {*re.findall("[a-z0-9]+", text.decode().lower())}


def test_texts_and_names_are_kept_and_never_stale(cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "b.toml").write_text("NAME = 'Id'\n")
    names = ["a.toml", "b.toml"]

    def found() -> tuple[list[bytes], dict[str, str]]:
        index = Index(folder)
        answer = [index.text(name) for name in names], index.names(names, words_in)
        index.keep()
        return answer

    first = [b"id = 1\n", b"NAME = 'Id'\n"], {"id": "\0\1", "1": "\0", "name": "\1"}
    assert found() == first
    with monkeypatch.context() as patched:
        patched.setattr(module, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
        assert found() == first
    (folder / "b.toml").write_text("NAME = 'Is'\n")
    assert found() == ([b"id = 1\n", b"NAME = 'Is'\n"], {"id": "\0", "1": "\0", "name": "\1", "is": "\1"})
    names.reverse()
    assert found()[1] == {"id": "\1", "1": "\1", "name": "\0", "is": "\0"}
    os.rename(folder / "b.toml", folder / "c.toml")
    names[0] = "c.toml"
    assert found()[1] == {"id": "\1", "1": "\1", "name": "\0", "is": "\0"}


def test_what_is_new_is_added_to_what_was_kept(cache: Path, folder: Path) -> None:
    parses(folder)
    (folder / "b.toml").write_text("id = 7\n")
    assert parses(folder, "b.toml")[1] == 1
    assert (parses(folder)[1], parses(folder, "b.toml")[1]) == (0, 0)


@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_an_index_that_others_may_write_to_is_not_believed(cache: Path, folder: Path, what: str, mode: int) -> None:
    parses(folder)
    (file,) = cache.iterdir()
    (file if what == "file" else cache).chmod(mode | 0o700)
    assert parses(folder)[1] == 1


def test_an_index_of_another_user_is_not_believed_and_not_made_in_their_folder(
    cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parses(folder)
    (file,) = cache.iterdir()
    monkeypatch.setattr(files.os, "geteuid", lambda: os.stat(cache).st_uid + 1)
    assert parses(folder)[1] == 1
    file.unlink()
    cache.rmdir()
    parses(folder)
    assert not cache.exists()


def test_a_link_is_not_followed(cache: Path, folder: Path) -> None:
    parses(folder)
    (file,) = cache.iterdir()
    file.rename(cache / "elsewhere")
    file.symlink_to(cache / "elsewhere")
    assert parses(folder)[1] == 1
    assert not file.is_symlink(), "and is replaced, not written through"


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 100, b"\xff" * 1000])
def test_a_broken_index_is_made_anew(cache: Path, folder: Path, content: bytes) -> None:
    parses(folder)
    (file,) = cache.iterdir()
    file.write_bytes(content)
    assert parses(folder)[1] == 1
    assert parses(folder)[1] == 0


def test_every_cut_and_every_flipped_octet_is_noticed(cache: Path, folder: Path) -> None:
    parses(folder)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    for at in range(len(whole)):
        for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            file.write_bytes(broken)
            assert module._read(file, module._key(folder)) == {}


@pytest.mark.parametrize("stands", ["a file", "a folder that cannot be written to", "a pipe"])
def test_where_nothing_can_be_kept_all_goes_on(cache: Path, folder: Path, stands: str) -> None:
    if stands == "a file":
        cache.parent.write_text("")
    elif stands == "a pipe":
        parses(folder)
        (file,) = cache.iterdir()
        file.unlink()
        os.mkfifo(file)
    else:
        parses(folder)
        (file,) = cache.iterdir()
        file.unlink()
        file.mkdir()
        (file / "x").touch()
    assert parses(folder) == ({"id": 1}, 1)
    assert [path.name for path in cache.glob(".*")] == []


def test_a_wrong_file_is_told_each_time_and_not_kept(cache: Path, folder: Path) -> None:
    (folder / "a.toml").write_text("id = \n")
    for _ in range(2):
        with pytest.raises(ValueError, match="Invalid value"):
            parses(folder)
    assert not cache.exists()


def test_shipped_providers_come_out_of_the_index_as_out_of_their_files(cache: Path) -> None:
    for presets in (Presets.open(), Presets.open()):
        assert {item.id: item for item in presets.all()} == {
            path.stem: load_provider(path) for path in provider_files(presets_root())
        }
