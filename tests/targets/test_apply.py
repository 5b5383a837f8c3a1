"""Applying a change leaves the old file or the new one, keeps what belongs to the file, and reads it back."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smtpwizard.errors import FileError
from smtpwizard.secret import Secret
from smtpwizard.targets.apply import apply, apply_all
from smtpwizard.targets.backups import list_backups
from smtpwizard.targets.change import Change, Conflict, Consent, ConsentRequired
from smtpwizard.targets.env.plan import plan_env_file
from smtpwizard.targets.replace import Staged, write_all

VALUES: dict[str, str | Secret | None] = {"SMTP_HOST": "new.example", "SMTP_PASSWORD": Secret("it's $HOME")}


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "state" / "backups"


def file_with(folder: Path, data: bytes = b"A=1\nSMTP_HOST=old\n", mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_bytes(data)
    path.chmod(mode)
    return path


@contextmanager
def mounted(*arguments: str) -> Iterator[None]:
    """Mount, and unmount again; skip where this user may not."""
    target = arguments[-1]
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)


def as_nobody(script: str, *arguments: str) -> str:
    """Run `script` without root's rights; for a user who has none it runs as that user."""
    drop = (
        "import os, shlex, dotenv, smtpwizard.targets.apply, smtpwizard.targets.env.plan\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", drop + script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def reachable(folder: Path) -> None:
    """Let another user enter pytest's private folders."""
    for parent in (folder, *folder.parents):
        if parent == Path(tempfile.gettempdir()) or parent == parent.parent:
            break
        parent.chmod(0o755)


APPLY_AS_NOBODY = (
    "import sys, os; from pathlib import Path; from smtpwizard.targets.env.plan import plan_env_file\n"
    "from smtpwizard.targets.apply import apply\n"
    "from smtpwizard.errors import FileError\n"
    "from smtpwizard.targets.change import Consent\n"
    "path, backups = Path(sys.argv[1]), Path(sys.argv[2])\n"
    "consents = [Consent.IN_PLACE] if len(sys.argv) > 3 else []\n"
    "change = lambda: plan_env_file(path, {'SMTP_HOST': 'new.example'})\n"
    "try: print(apply(change(), consents, backup_dir=backups).in_place)\n"
    "except FileError as error: print(type(error).__name__, error.message)\n"
)


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path, backups: Path) -> None:
    applied = apply(plan_env_file(tmp_path / ".env", VALUES), backup_dir=backups)
    assert applied.backup is None
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_mode_and_content_of_everything_else_stay(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path, mode=0o640)
    apply(plan_env_file(path, {"SMTP_HOST": "new.example"}), backup_dir=backups)
    assert path.read_bytes() == b"A=1\nSMTP_HOST=new.example\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_old_file_is_kept_in_a_private_folder(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    applied = apply(plan_env_file(path, VALUES), backup_dir=backups)
    assert applied.backup is not None
    assert applied.backup.read_bytes() == b"A=1\nSMTP_HOST=old\n"
    assert stat.S_IMODE(applied.backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backups.stat().st_mode) == 0o700
    assert list_backups(backups)[0].original == path.resolve()


def test_two_backups_in_one_second_do_not_overwrite_each_other(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    for host in ("one", "two", "three"):
        apply(plan_env_file(path, {"SMTP_HOST": host}), backup_dir=backups)
    assert len({item.file.read_bytes() for item in list_backups(backups)}) == 3


def test_without_a_backup_nothing_is_written(tmp_path: Path) -> None:
    path = file_with(tmp_path)
    blocked = tmp_path / "state"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(FileError, match="backup"):
        apply(plan_env_file(path, VALUES), backup_dir=blocked / "backups")
    assert path.read_bytes() == b"A=1\nSMTP_HOST=old\n"


def test_nothing_to_change_touches_nothing(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path, b"SMTP_HOST=new.example\n")
    before = path.stat()
    applied = apply(plan_env_file(path, {"SMTP_HOST": "new.example"}), backup_dir=backups)
    assert not applied.changed
    assert path.stat() == before
    assert not backups.exists()


def test_a_link_stays_a_link(tmp_path: Path, backups: Path) -> None:
    real = file_with(tmp_path)
    link = tmp_path / "link.env"
    link.symlink_to(".env")
    apply(plan_env_file(link, {"SMTP_HOST": "new.example"}), backup_dir=backups)
    assert link.is_symlink()
    assert b"new.example" in real.read_bytes()


def test_a_change_by_another_program_is_a_conflict_and_loses_nothing(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    change = plan_env_file(path, {"SMTP_HOST": "new.example"})
    path.write_bytes(b"A=2\nSMTP_HOST=old\n")
    with pytest.raises(Conflict):
        apply(change, backup_dir=backups)
    assert path.read_bytes() == b"A=2\nSMTP_HOST=old\n"
    apply(plan_env_file(path, {"SMTP_HOST": "new.example"}), backup_dir=backups)
    assert path.read_bytes() == b"A=2\nSMTP_HOST=new.example\n"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, backups: Path) -> None:
    change = plan_env_file(tmp_path / ".env", VALUES)
    (tmp_path / ".env").write_bytes(b"mine")
    with pytest.raises(Conflict):
        apply(change, backup_dir=backups)
    assert (tmp_path / ".env").read_bytes() == b"mine"


def test_a_link_turned_elsewhere_meanwhile_is_a_conflict(tmp_path: Path, backups: Path) -> None:
    (tmp_path / "one").write_bytes(b"SMTP_HOST=old\n")
    (tmp_path / "two").write_bytes(b"SMTP_HOST=old\n")
    link = tmp_path / ".env"
    link.symlink_to("one")
    change = plan_env_file(link, {"SMTP_HOST": "new.example"})
    link.unlink()
    link.symlink_to("two")
    with pytest.raises(Conflict):
        apply(change, backup_dir=backups)
    assert (tmp_path / "two").read_bytes() == b"SMTP_HOST=old\n"


def test_extended_attributes_stay(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    try:
        os.setxattr(path, "user.note", b"keep")
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error}")
    apply(plan_env_file(path, VALUES), backup_dir=backups)
    assert os.getxattr(path, "user.note") == b"keep"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    os.chown(path, 1234, 2345)
    apply(plan_env_file(path, VALUES), backup_dir=backups)
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_a_full_disk_leaves_the_old_file_and_no_leftovers(tmp_path: Path, backups: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)):
        path = file_with(disk, b"SMTP_HOST=old\n")
        change = plan_env_file(path, {"SMTP_HOST": "new.example", "SMTP_PASSWORD": Secret("x" * 30_000)})
        with pytest.raises(FileError, match="disk is full"):
            apply(change, backup_dir=backups)
        assert path.read_bytes() == b"SMTP_HOST=old\n"
        assert [item.name for item in disk.iterdir()] == [".env"]


def test_a_full_disk_in_place_brings_the_old_bytes_back(tmp_path: Path, backups: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    target = tmp_path / "mounted.env"
    target.touch()
    with mounted("-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)):
        source = disk / "source.env"
        source.write_bytes(b"SMTP_HOST=old\n")
        with mounted("--bind", str(source), str(target)):
            change = plan_env_file(target, {"SMTP_PASSWORD": Secret("x" * 30_000)})
            with pytest.raises(FileError, match="disk is full"):
                apply(change, [Consent.IN_PLACE], backup_dir=backups)
            assert source.read_bytes() == b"SMTP_HOST=old\n"


def test_a_file_size_limit_leaves_the_old_file(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from smtpwizard.targets.env.plan import plan_env_file\n"
        "from smtpwizard.targets.apply import apply; from smtpwizard.errors import FileError\n"
        "import dotenv\n"
        "change = plan_env_file(Path(sys.argv[1]), {'SMTP_HOST': 'x' * 5000})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "try: apply(change, backup_dir=Path(sys.argv[2]))\n"
        "except FileError as error: sys.stdout.write(error.message)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path), str(backups)], capture_output=True, text=True)
    assert "ulimit" in done.stdout, done.stderr
    assert path.read_bytes() == b"A=1\nSMTP_HOST=old\n"
    assert sorted(item.name for item in tmp_path.iterdir()) == [".env"]


def test_a_bind_mount_is_overwritten_only_with_consent(tmp_path: Path, backups: Path) -> None:
    source, target = tmp_path / "source.env", tmp_path / ".env"
    source.write_bytes(b"SMTP_HOST=a-much-longer-old-name\nA=1\n")
    target.touch()
    with mounted("--bind", str(source), str(target)):
        change = plan_env_file(target, {"SMTP_HOST": "b"})
        with pytest.raises(ConsentRequired, match="bind mount"):
            apply(change, backup_dir=backups)
        assert source.read_bytes() == b"SMTP_HOST=a-much-longer-old-name\nA=1\n"
        applied = apply(change, [Consent.IN_PLACE], backup_dir=backups)
        assert applied.in_place
        assert source.read_bytes() == b"SMTP_HOST=b\nA=1\n"


def test_a_read_only_folder_asks_for_in_place(tmp_path: Path) -> None:
    folder, backups = tmp_path / "ro", tmp_path / "backups"
    folder.mkdir()
    backups.mkdir()
    path = file_with(folder)
    reachable(tmp_path)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        os.chown(backups, 65534, 65534)
    folder.chmod(0o555)
    assert as_nobody(APPLY_AS_NOBODY, str(path), str(backups)).startswith("ConsentRequired The folder")
    assert path.read_bytes() == b"A=1\nSMTP_HOST=old\n"
    assert as_nobody(APPLY_AS_NOBODY, str(path), str(backups), "in-place").strip() == "True"
    assert path.read_bytes() == b"A=1\nSMTP_HOST=new.example\n"
    folder.chmod(0o755)


def test_a_new_file_in_a_read_only_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "ro"
    folder.mkdir()
    reachable(tmp_path)
    folder.chmod(0o555)
    said = as_nobody(APPLY_AS_NOBODY, str(folder / ".env"), str(tmp_path / "backups"))
    assert said.startswith("FileError")
    assert "folder is not writable" in said
    assert list(folder.iterdir()) == []
    folder.chmod(0o755)


def test_a_write_protected_file_is_not_replaced_behind_its_owners_back(tmp_path: Path) -> None:
    folder, backups = tmp_path / "rw", tmp_path / "backups"
    folder.mkdir()
    backups.mkdir()
    path = file_with(folder, mode=0o444)
    reachable(tmp_path)
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        os.chown(backups, 65534, 65534)
    said = as_nobody(APPLY_AS_NOBODY, str(path), str(backups))
    assert "write-protected" in said
    assert path.read_bytes() == b"A=1\nSMTP_HOST=old\n"


def test_a_killed_runs_temporary_file_is_swept_away(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    leftover = tmp_path / "..env.smtpwizard-abc123.tmp"
    leftover.write_bytes(b"SMTP_PASSWORD=secret\n")
    apply(plan_env_file(path, VALUES), backup_dir=backups)
    assert not leftover.exists()


def test_the_errors_and_results_hold_no_secret(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path)
    change: Change = plan_env_file(path, {"SMTP_PASSWORD": Secret("hunter2-hunter2")})
    assert "hunter2" not in repr(change)
    path.write_bytes(b"B=1\n")
    with pytest.raises(Conflict) as conflict:
        apply(change, backup_dir=backups)
    assert "hunter2" not in str(conflict.value)


def test_the_description_of_a_backup_tells_where_it_came_from(tmp_path: Path, backups: Path) -> None:
    path = file_with(tmp_path, mode=0o640)
    applied = apply(plan_env_file(path, VALUES), backup_dir=backups)
    about = json.loads(Path(f"{applied.backup}.about.json").read_text())
    assert about["original"] == str(path.resolve())
    assert about["mode"] == "0640"


def pair(folder: Path) -> tuple[Change, Change]:
    """Return the plans for two files of one run."""
    for name in ("one.env", "two.env"):
        (folder / name).write_bytes(b"SMTP_HOST=old\n")
    one, two = (plan_env_file(folder / name, {"SMTP_HOST": "new.example"}) for name in ("one.env", "two.env"))
    return one, two


def never(change: Change, consent: Consent) -> bool:
    return False


def test_several_files_are_written_together_and_their_copies_say_so(tmp_path: Path, backups: Path) -> None:
    one, two = pair(tmp_path)
    apply_all([one, two], never, backup_dir=backups)
    assert b"new.example" in one.path.read_bytes()
    assert b"new.example" in two.path.read_bytes()
    later, earlier = list_backups(backups)
    assert later.run == earlier.run != ""
    assert (earlier.original, earlier.beside) == (one.path, (two.path,))


def test_a_full_disk_for_the_second_file_leaves_the_first_as_it_was(tmp_path: Path, backups: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)):
        env = file_with(tmp_path)
        (disk / "compose.env").write_bytes(b"SMTP_HOST=old\n")
        changes = [plan_env_file(env, VALUES), plan_env_file(disk / "compose.env", {"SMTP_PASSWORD": "x" * 30_000})]
        with pytest.raises(FileError, match=r"compose\.env cannot be written: the disk is full.*Nothing was changed\."):
            apply_all(changes, never, backup_dir=backups)
    assert env.read_bytes() == b"A=1\nSMTP_HOST=old\n"
    assert list(backups.glob("*")) == []


def test_a_bind_mount_for_the_second_file_has_the_first_put_back(tmp_path: Path, backups: Path) -> None:
    one, two = pair(tmp_path)
    made = plan_env_file(tmp_path / "new.env", VALUES)
    one.path.chmod(0o640)
    with mounted("--bind", str(two.path), str(two.path)):
        with pytest.raises(ConsentRequired, match="bind mount") as asked:
            apply_all([made, one, two], never, backup_dir=backups)
        assert asked.value.path == two.path
        assert not made.path.exists()
        assert one.path.read_bytes() == b"SMTP_HOST=old\n"
        assert stat.S_IMODE(one.path.stat().st_mode) == 0o640
        assert list(backups.glob("*")) == []
        assert sorted(item.name for item in tmp_path.iterdir()) == ["one.env", "state", "two.env"]


def test_what_cannot_be_put_back_is_told_and_its_copy_kept(
    tmp_path: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair(tmp_path)
    replace = Staged.replace

    def another_program_comes_between(self: Staged) -> None:
        if b"new.example" in one.path.read_bytes():
            one.path.write_bytes(b"SMTP_HOST=another\n")
            raise OSError(errno.EIO, "Input/output error")
        replace(self)

    monkeypatch.setattr(Staged, "replace", another_program_comes_between)
    with pytest.raises(FileError, match="Changed before that, and not to be put back") as told:
        apply_all([one, two], never, backup_dir=backups)
    kept = next(item for item in list_backups(backups) if item.original == one.path)
    assert str(one.path) in told.value.message
    assert str(kept.file) in told.value.message
    assert one.path.read_bytes() == b"SMTP_HOST=another\n"


@pytest.mark.parametrize("size", [1, 500, 100_000])
def test_a_copy_that_cannot_be_finished_does_not_stay(tmp_path: Path, size: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)):
        (disk / "filler").write_bytes(b"x" * (16 * 1024 - min(size, 4096)))
        path = file_with(tmp_path, b"SMTP_HOST=old\nA=" + b"x" * size)
        with pytest.raises(FileError, match="The backup cannot be written"):
            apply(plan_env_file(path, VALUES), backup_dir=disk / "backups")
        assert [item for item in disk.rglob("*") if item.is_file()] == [disk / "filler"]


def test_on_a_file_system_without_unnamed_files_it_is_the_same(
    tmp_path: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_TMPFILE")
    path = file_with(tmp_path, mode=0o644)
    seen: list[tuple[int, str]] = []

    def look(descriptor: int, data: bytes) -> None:
        write_all(descriptor, data)
        seen.extend((stat.S_IMODE(item.stat().st_mode), item.name) for item in tmp_path.glob("*.tmp"))

    monkeypatch.setattr("smtpwizard.targets.replace.write_all", look)
    apply(plan_env_file(path, VALUES), backup_dir=backups)
    assert [mode for mode, _ in seen] == [0o600] * len(seen) != []
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    apply(plan_env_file(tmp_path / "new.env", VALUES), backup_dir=backups)
    assert sorted(item.name for item in tmp_path.iterdir()) == [".env", "new.env", "state"]
    assert len(list_backups(backups)) == 1


def test_a_killed_runs_temporary_file_of_another_file_is_swept_away_too(tmp_path: Path, backups: Path) -> None:
    (tmp_path / ".compose.yaml.smtpwizard-abc123.tmp").write_bytes(b"SMTP_PASSWORD=secret\n")
    (tmp_path / ".smtpwizard-0a1b2c3d.tmp").write_bytes(b"SMTP_PASSWORD=secret\n")
    apply(plan_env_file(file_with(tmp_path), VALUES), backup_dir=backups)
    assert sorted(item.name for item in tmp_path.iterdir()) == [".env", "state"]
