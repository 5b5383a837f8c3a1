"""Ignore rules that keep a file with a secret out of git and out of images: finds what is missing, and plans it.

For images only what a Dockerfile beside the file really copies counts. Reads names and Dockerfiles, writes nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError
from smtpwizard.problems import Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.secret import environment_without_secrets
from smtpwizard.targets.change import Change
from smtpwizard.targets.diff import masked_diff
from smtpwizard.targets.files import decode, read_bytes, repository_of, resolve

DEADLINE: Final = 2.0
"""Seconds for each question: a repository on a hanging network mount must not hang the Save step."""


class GitState(NamedTuple):
    """What git says about one path."""

    tracked: bool = False
    ignored: bool = False
    """An ignore rule covers it. Always False for a tracked file, which ignore rules do not concern."""
    in_repository: bool = False
    """False also where git is missing or did not answer in time."""
    refused: bool = False
    """There is a repository, and git does not answer this user: it belongs to another one (`dubious ownership`)."""


def git_state(path: Path) -> GitState:
    """Ask git about `path`, links resolved. Takes at most 2 × DEADLINE seconds; never raises."""
    real = Path(os.path.realpath(path))
    if not repository_of(real.parent):
        return GitState()
    listed = _git(real, "ls-files", "--error-unmatch")
    if listed == 0:
        return GitState(tracked=True, in_repository=True)
    ignored = _git(real, "check-ignore", "-q") if listed == 1 else None
    if ignored not in (0, 1):  # 128: refused or no repository after all; None: no git, or too slow
        return GitState(refused=listed == _REFUSED and _foreign(real) is not None)
    return GitState(ignored=ignored == 0, in_repository=True)


_REFUSED: Final = 128
"""What git ends with where it answers nothing."""


def _foreign(path: Path) -> int | None:
    """Return who owns the repository of `path`, where that is not this user."""
    repository = repository_of(path.parent)
    try:
        owner = os.stat(repository / ".git").st_uid if repository else os.geteuid()
    except OSError:
        return None
    return owner if owner != os.geteuid() else None


def _git(path: Path, *command: str) -> int | None:
    """Return git's exit status. Root asks as the repository's owner, whom git answers."""
    # core.fsmonitor may name a program in a foreign repository's configuration; ls-files would start it.
    line = ["git", "-c", "core.fsmonitor=false", "-C", str(path.parent), *command, "--", path.name]
    inherited = environment_without_secrets()  # the owner of a foreign repository may look into a process of his
    environment = {key: value for key, value in inherited.items() if not key.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    owner = _foreign(path) if os.geteuid() == 0 else None
    if owner is not None:  # root's own configuration is not for him to read
        environment |= {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
    try:
        return subprocess.run(  # noqa: S603  # a fixed program; the path stands behind `--`
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=DEADLINE,
            check=False,
            user=owner,
            extra_groups=None if owner is None else [],
        ).returncode
    except (OSError, subprocess.SubprocessError):
        return None


_COPY: Final = re.compile(r"[ \t]*(?:COPY|ADD)[ \t]+(?P<words>.*)", re.IGNORECASE)
_NEW_MODE: Final = 0o644
"""Of an ignore file that is made: it holds no secret, and git must read it."""


_GIT: Final = "git-does-not-ignore"
_DOCKER: Final = "dockerignore-missing"
RULES: Final = frozenset({_GIT, _DOCKER})
"""Ids of the findings that an ignore rule repairs."""


def image_findings(path: Path, variable: str) -> list[Problem]:
    """Return that an image would hold the secret `variable` in `path`, where a Dockerfile beside it copies it."""
    copied = _copied(path)
    if copied is None:
        return []
    dockerfile, line, rules = copied
    message = (
        f"{dockerfile.name} copies {path.name} into the image (line {line}), and {rules.name} has no rule for it: "
        f"whoever gets the image gets the password. Add the line {path.name} to {rules.name}."
    )
    return [Problem.of(_DOCKER, Severity.WARNING, variable, message)]


def with_ignore_rules(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the missing ignore rules and, after them, `changes`: so the secret never lies there without its rule.

    The findings about those rules are taken out: they are no longer true then. FileError as any plan.
    """
    rules: list[Change] = []
    rest: list[Change] = []
    for change in changes:
        ids = {finding.id for finding in change.findings}
        copied = _copied(change.real_path) if _DOCKER in ids else None
        names = [*([".gitignore"] if _GIT in ids else []), *([copied[2].name] if copied else [])]
        rules += [plan_ignore_rule(change.real_path, name) for name in names]
        kept = tuple(finding for finding in change.findings if finding.id not in RULES)
        rest.append(replace(change, findings=kept))
    return (*rules, *rest)


def plan_ignore_rule(path: Path, ignore_file: str) -> Change:
    """Plan one line for `path` at the end of `.gitignore` or `.dockerignore` beside it. FileError as any plan."""
    target = path.with_name(ignore_file)
    real, mode = resolve(target)
    existing = read_bytes(real)
    raw = existing or b""
    eol = b"\r\n" if b"\r\n" in raw else b"\n"
    rule = path.name.encode("utf-8", "surrogateescape")
    there = rule in [line.strip() for line in raw.splitlines()]
    after = raw if there else raw + (eol if raw and not raw.endswith(b"\n") else b"") + rule + eol
    diff = masked_diff(decode(raw), decode(after), target.name, values=False)
    return Change(target, real, existing, after, diff, _NEW_MODE if mode is None else mode)


def _copied(path: Path) -> tuple[Path, int, Path] | None:
    """Return the Dockerfile that copies `path`, the line, and the ignore file that lacks the rule."""
    for dockerfile in _dockerfiles(path.parent):
        line, rules = _copying_line(dockerfile, path.name), _rules_for(dockerfile)
        if line is not None and not _ignored(path.name, rules):
            return dockerfile, line, rules
    return None


def _dockerfiles(folder: Path) -> list[Path]:
    try:
        names = sorted(item.name for item in folder.iterdir() if "dockerfile" in item.name.lower())
    except OSError:
        return []
    wanted = re.compile(r"(?:dockerfile(?:\..+)?|.+\.dockerfile)", re.IGNORECASE)
    return [folder / name for name in names if wanted.fullmatch(name) and not name.endswith(".dockerignore")]


def _rules_for(dockerfile: Path) -> Path:
    """Return the ignore file that docker takes: the Dockerfile's own, if there is one, else the folder's."""
    own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    return own if own.exists() else dockerfile.with_name(".dockerignore")


def _copying_line(dockerfile: Path, name: str) -> int | None:
    """Return the number of the line that copies `name` from the build context, if there is one."""
    try:
        raw = read_bytes(dockerfile)
    except FileError:
        return None
    for number, line in _instructions(decode(raw or b"")):
        found = _COPY.match(line)
        if found is None:
            continue
        words = found["words"].replace("[", " ").replace("]", " ").replace('"', " ").replace(",", " ").split()
        if any(word.startswith("--from=") for word in words):
            continue  # out of another image, not out of the folder
        sources = [word for word in words if not word.startswith("--")][:-1]
        if any(_takes(source, name) for source in sources):
            return number
    return None


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Yield the instructions with the number of their first line; a backslash at the end joins lines."""
    start, parts = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        start = start or number
        parts += line.rstrip().removesuffix("\\") + " "
        if not line.rstrip().endswith("\\"):
            yield start, parts
            start, parts = 0, ""


def _takes(source: str, name: str) -> bool:
    bare = source.removeprefix("./").strip("/")
    return bare in ("", ".") or fnmatchcase(name, bare)


def _ignored(name: str, rules: Path) -> bool:
    """Say whether the last rule that fits keeps `name` out; docker's `*` takes a leading dot as well."""
    try:
        raw = read_bytes(rules)
    except FileError:
        return True  # rules that cannot be read: nothing can be said
    ignored = False
    for line in decode(raw or b"").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        keep = rule.startswith("!")
        if _fits(name, rule.removeprefix("!").strip()):
            ignored = not keep
    return ignored


def _fits(name: str, rule: str) -> bool:
    parts: Sequence[str] = [part for part in rule.removeprefix("./").strip("/").split("/") if part != "**"]
    return len(parts) <= 1 and fnmatchcase(name, parts[0] if parts else "*")
