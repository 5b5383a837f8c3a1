"""Planning a change of a `.env` file: the new bytes, the diff, and what the operator should know before agreeing.

Lines are told by number and never by text, readers by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError, InputError
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.targets.change import PRIVATE, Change, Values, secrets_in
from smtpwizard.targets.diff import is_mail_setting, is_secret_name, masked_diff
from smtpwizard.targets.env.edit import (
    Kind,
    Merged,
    Placed,
    Statement,
    Surroundings,
    encode,
    line_ends,
    line_obstacles,
    merge,
    scan,
)
from smtpwizard.targets.env.file import has_mac_line_ends, read_twice, refuse_no_text
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader, name_list
from smtpwizard.targets.env.whole import Cause, Reading, read_whole
from smtpwizard.targets.files import BOM, decode, left_project, other_names, read_bytes, resolve
from smtpwizard.targets.git import GitState, git_state, image_findings
from smtpwizard.text import command_line, listed

_LISTED = 5
"""Line numbers in one sentence at most."""


def reader_findings(placed: Iterable[Placed], readers: Sequence[Reader]) -> list[Problem]:
    """Return who would misread which variable and why, and where a part of a value would run as a command."""
    found: list[Problem] = []
    for item in placed:
        inexact = tuple(reader for reader in readers if reader in item.inexact_in)
        if inexact:
            found.append(
                Problem.of("readers-differ", Severity.WARNING, item.variable, _inexact(item.variable, inexact))
            )
        found.extend(_stumbling(item, readers))
        runs = [reader for reader in item.runs_command_in if reader in readers or reader is Reader.EXPAND_1000]
        if runs:
            message = (
                f"{name_list(runs)} would run a part of {item.variable} as a command, and no quoting prevents it. "
                "Make a new password of letters and digits."
            )
            found.append(Problem.of("value-runs-command", Severity.WARNING, item.variable, message))
        if item.duplicates:
            lines = line_list(item.duplicates)
            message = f"{item.variable} also stands on {lines}; the last one counts, and only that one is written."
            found.append(Problem.of("duplicate-variable", Severity.INFO, item.variable, message))
    return found


def value_findings(variables: Mapping[str, str | Secret], readers: Sequence[Reader]) -> list[Problem]:
    """Return the same for values alone, on fresh lines: a block to copy. InputError as `encode`."""
    placed = []
    for name, value in variables.items():
        encoded = encode(value.reveal() if isinstance(value, Secret) else value, readers)
        missed = tuple(reader for reader in Reader if reader not in encoded.read_by)
        placed.append(Placed(name, Surroundings(f"{name}="), missed, missed, encoded.runs_command_in))
    return reader_findings(placed, readers)


def _inexact(variable: str, readers: Sequence[Reader]) -> str:
    return (
        f"No way of writing {variable} is read alike by all: {name_list(readers)} would read something else. "
        "Ways out: leave it so if they do not read this file; put the value into the compose file (write --print "
        "compose-map); or make a new password of letters and digits."
    )


def _stumbling(item: Placed, readers: Sequence[Reader]) -> list[Problem]:
    sentences = []
    for affected, cause in line_obstacles(item.surroundings):
        names = [reader for reader in readers if reader in affected]
        if names:
            sentences.append(f"Because of {cause}, {name_list(names)} would not read {item.variable} right.")
    return [Problem.of("line-not-read-alike", Severity.INFO, item.variable, " ".join(sentences))] if sentences else []


def file_findings(
    name: str, raw: bytes, readings: Mapping[Reader, Reading], statements: Iterable[Statement]
) -> list[Problem]:
    """Return what is wrong with the file itself, for those of its readers that mind."""
    found: list[Problem] = []
    compose = readings[Reader.COMPOSE].stops if Reader.COMPOSE in readings else ()
    for cause in dict.fromkeys(stop.cause for stop in compose):
        message = (
            f"{name}, {line_list(stop.line for stop in compose if stop.cause is cause)}: {cause}. "
            "docker compose refuses the whole file."
        )
        id_ = "env-quote-open" if cause is Cause.QUOTE else "env-line-refused"
        found.append(Problem.of(id_, Severity.WARNING, None, message))
    garbage = [item.line for item in statements if item.kind is Kind.GARBAGE]
    if garbage and Reader.DOCKER_RUN in readings:
        message = f"{name}, {line_list(garbage)}: {Cause.NAME}. docker run would refuse the whole file."
        found.append(Problem.of("env-line-refused", Severity.WARNING, None, message))
    one_line = has_mac_line_ends(raw)
    shell = _NOTHING if one_line else readings.get(Reader.SHELL, _NOTHING)
    for stop in shell.stops:
        message = f"{name}, line {stop.line}: {stop.cause}. A shell that sources the file sets nothing from there on."
        found.append(Problem.of("env-shell-stops", Severity.INFO, None, message))
    if shell.commands and b"\r" not in raw:
        lines = line_list(shell.commands)
        message = f"{name}, {lines}: a shell that sources the file would run a part of it as a command."
        found.append(Problem.of("env-shell-runs", Severity.INFO, None, message))
    if raw.startswith(BOM) and (Reader.SHELL in readings or Reader.SYSTEMD in readings):
        message = f"{name} starts with a byte order mark: shells and systemd lose its first variable."
        found.append(Problem.of("env-byte-order-mark", Severity.INFO, None, message))
    if one_line:
        message = (
            f"{name} has line ends of CR alone, of which docker compose and shells make one line. Save it with LF."
        )
        found.append(Problem.of("env-mac-line-ends", Severity.WARNING, None, message))
    elif b"\r" in raw and Reader.SHELL in readings:
        message = f"{name} has Windows line ends, which stay: a shell would take them for a part of every value."
        found.append(Problem.of("env-windows-line-ends", Severity.INFO, None, message))
    if not _is_utf8(raw):
        message = f"{name} holds bytes that are not UTF-8: they stay as they are, but systemd would refuse the file."
        found.append(Problem.of("env-not-utf8", Severity.INFO, None, message))
    return found


_NOTHING: Final = Reading({})


def link_findings(path: Path, real: Path) -> list[Problem]:
    """Return that the file is reached through a link, and that it has other names, where that is so."""
    found: list[Problem] = []
    project = left_project(path, real)
    how = f"is a link to {real}" if path.is_symlink() else f"lies behind a link, at {real}"
    if project is not None:
        message = (
            f"{path.name} {how}, outside {project}, where it may belong to something else. It is written only with "
            "your word (--follow-link); the link stays."
        )
        found.append(Problem.of("target-link-leaves-folder", Severity.WARNING, None, message))
    elif path.is_symlink():
        message = f"{path.name} {how}. That file is changed; the link stays."
        found.append(Problem.of("target-is-link", Severity.INFO, None, message))
    names = other_names(real)
    if names:
        message = (
            f"{path.name} has {names} other {'name' if names == 1 else 'names'} (hard links). The new file gets this "
            "name only; what is read under the others stays as it was."
        )
        found.append(Problem.of("hard-links", Severity.WARNING, None, message))
    return found


def exposure_findings(path: Path, state: GitState, mode: int, *, secret: str, exists: bool) -> list[Problem]:
    """Return who else could read the variable `secret` (empty: there is none): git, and other users of the machine."""
    found: list[Problem] = []
    name = path.name
    git = ["git"] if path.parent.absolute() == Path.cwd() else ["git", "-C", str(path.parent)]
    if secret and state.tracked:
        message = (
            f"git tracks {name}: the password would go into the history with the next commit. Take it out of git "
            f"({command_line([*git, 'rm', '--cached', name])}) and add it to .gitignore, or write to another file."
        )
        found.append(Problem.of("git-tracks-file", Severity.WARNING, secret, message))
    elif secret and state.in_repository and not state.ignored:
        message = f"No ignore rule covers {name}, so git would add the password. Add the line {name} to .gitignore."
        found.append(Problem.of("git-does-not-ignore", Severity.WARNING, secret, message))
    elif secret and state.refused:
        message = (
            f"git does not say here whether it tracks {name}, since the repository belongs to another user. Ask as its "
            f"owner: {command_line([*git, 'ls-files', name])}. If it prints the name, the password would go into the "
            "history."
        )
        found.append(Problem.of("git-does-not-answer", Severity.WARNING, secret, message))
    if secret and exists and mode & 0o077:
        message = (
            f"{name} has mode {mode:04o}, so other users of this machine may read the password. The mode stays; "
            f"{command_line(['chmod', '600', str(path)])} closes it, if no other user must read the file."
        )
        found.append(Problem.of("file-open-to-others", Severity.WARNING, secret, message))
    return found


def line_list(lines: Iterable[int]) -> str:
    """Return `line 4` or `lines 4, 9 and 12`."""
    numbers = [str(line) for line in lines]
    more = [f"{len(numbers) - _LISTED} more"] if len(numbers) > _LISTED else []
    return f"line{'' if len(numbers) == 1 else 's'} {listed([*numbers[:_LISTED], *more])}"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def differences(
    before: bytes, after: bytes, changes: Mapping[str, str | None], placed: Iterable[Placed]
) -> tuple[str, ...]:
    """Return the variables that `after` does not hold as planned: a changed one read wrong, or any other one changed.

    A reader that was said to misread a variable is not asked for it.
    """
    missed = {item.variable: item.misread_by for item in placed}
    wrong: set[str] = set()
    views = zip((Reader.NPM, Reader.PYTHON_PLAIN), read_twice(decode(before)), read_twice(decode(after)), strict=True)
    for reader, old, new in views:
        wrong |= {key for key, _ in old.items() ^ new.items()} - changes.keys()
        for variable, value in changes.items():
            if value is None:
                wrong |= {variable} & new.keys()
            elif reader not in missed.get(variable, ()) and new.get(variable) != value:
                wrong.add(variable)
    return tuple(sorted(wrong))


def refuse_differences(
    path: Path, raw: bytes, merged: Merged, values: Mapping[str, str | None], readers: Sequence[Reader]
) -> None:
    """Raise FileError where the merged file is not read as planned, with the line that is the cause."""
    wrong = differences(raw, merged.data, values, merged.placed)
    if not wrong:
        return
    line = _culprit(raw, merged.statements, values, readers)
    cause = (
        f"Line {line} holds a quote that never closes or is escaped, or is no assignment, and programs differ on what "
        "follows."
        if line
        else "Its lines are read differently by different programs."
    )
    raise FileError(
        f"{path} cannot be changed safely: {', '.join(wrong[:3])} would be read wrong afterwards. {cause} "
        f"Repair {'that line' if line else 'its lines'} by hand, then run again. Nothing was written.",
        "File read differently by its readers",
    )


_ODD: Final = re.compile(r"['\"`\\]")
_SUSPECTS: Final = 64
"""Lines that are tried at most: each costs a merge of the whole file."""


def _culprit(
    raw: bytes, statements: Iterable[Statement], values: Mapping[str, str | None], readers: Sequence[Reader]
) -> int | None:
    """Return the first line without which the file would be read as planned; None where no single one is to blame."""
    text = decode(raw)
    odd = [
        item
        for item in statements
        if item.kind is Kind.GARBAGE or (item.key not in values and _ODD.search(text, item.start, item.end))
    ]
    for item in odd[:_SUSPECTS]:
        without = (text[: item.start] + text[item.end :]).encode("utf-8", "surrogateescape")
        merged = merge(without, values, readers)
        if not differences(without, merged.data, values, merged.placed):
            return item.line
    return odd[0].line if odd else None


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MORE_LINES: Final = re.compile(r"[\r\n]")


def plan_env_file(path: Path, changes: Values, *, readers: Sequence[Reader] = DEFAULT_READERS) -> Change:
    """Plan `changes` (a variable's new value, or None to take its lines out) for the file at `path`.

    The file need not exist. `readers` stand in order of weight. InputError for a value that cannot be written, or a
    name that is none; FileError for a path that cannot be read or is no regular file, and for a file that its readers
    would not read as planned.
    """
    _check_names(changes)
    real, mode = resolve(path)
    existing = read_bytes(real)
    raw = existing or b""
    refuse_no_text(path, raw)
    values = {name: value.reveal() if isinstance(value, Secret) else value for name, value in changes.items()}
    merged = merge(raw, values, readers)
    refuse_differences(path, raw, merged, values, readers)
    before, after = decode(raw), decode(merged.data)
    diff = masked_diff(
        before,
        after,
        path.name,
        secrets=_secrets(changes, merged, before),
        ours=changes.keys(),
        covered_before=covered(before, merged.statements),
    )
    readings = {reader: read_whole(reader, after) or _NOTHING for reader in readers}
    secret = next(reversed(secrets_in(changes)), "")
    bits = PRIVATE if mode is None else mode
    findings = (
        *reader_findings(merged.placed, readers),
        *file_findings(path.name, raw, readings, merged.statements),
        *link_findings(path, real),
        *exposure_findings(path, git_state(real), bits, secret=secret, exists=existing is not None),
        *(image_findings(real, secret) if secret else ()),
    )
    missed = {reader for item in merged.placed for reader in item.misread_by}
    missed |= {reader for reader in readers if _misses(reader, readings[reader], values)}
    alike = [reader for reader in readers if reader not in missed]
    notes = (f"Read alike by {name_list(alike)}.",) if alike and merged.placed else ()
    return Change(path, real, existing, merged.data, diff, bits, findings, notes)


def _misses(reader: Reader, reading: Reading, values: Mapping[str, str | None]) -> bool:
    """Say whether `reader`, of which the whole file is modelled, would not have `values` in the end."""
    if reading is _NOTHING:
        return False
    wanted = {name: value for name, value in values.items() if value is not None}
    refused = reader is Reader.COMPOSE and reading.stops
    return bool(refused) or any(reading.variables.get(name) != value for name, value in wanted.items())


def _check_names(changes: Values) -> None:
    for name in changes:
        if not _NAME.fullmatch(name):
            raise InputError("A variable's name is made of letters, digits and underscores.", "Not a variable name")


def _secrets(changes: Values, merged: Merged, text: str) -> list[Secret]:
    """Return the secrets that may show in the diff: the new ones, and the old value of every secret-named variable."""
    new = [value for value in changes.values() if isinstance(value, Secret)]
    new += [Secret(value) for name, value in changes.items() if isinstance(value, str) and is_secret_name(name)]
    old = [
        Secret(text[item.value_start : item.value_end].strip("'\"`"))
        for item in merged.statements
        if item.kind is Kind.ASSIGNMENT
        and (item.key in changes or is_mail_setting(item.key))
        and is_secret_name(item.key)
    ]
    return [secret for secret in (*new, *old) if len(secret) > 3]


def covered(text: str, statements: Iterable[Statement] | None = None) -> frozenset[int]:
    """Return the lines that are never shown: the inside of values of several lines, and what is no assignment."""
    lines: set[int] = set()
    for item in statements or scan(text):
        if item.kind in (Kind.GARBAGE, Kind.BARE, Kind.ODD):
            lines.add(item.line)
        elif item.kind is Kind.ASSIGNMENT and _MORE_LINES.search(text, item.value_start, item.value_end):
            lines.update(range(item.line + 1, item.line + 1 + line_ends(text, item.value_start, item.value_end)))
    return frozenset(lines)
