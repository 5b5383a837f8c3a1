"""Planning a change of a `.env` file: read, merge, prove, compare, and say what is to be known. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from smtpwizard.errors import FileError, InputError
from smtpwizard.outputs.change import Change, backup_name
from smtpwizard.outputs.diff import masked_diff
from smtpwizard.outputs.env_file import decode, read_bytes
from smtpwizard.outputs.env_findings import exposure_findings, file_findings, link_findings, reader_findings
from smtpwizard.outputs.env_merge import Merged, merge
from smtpwizard.outputs.env_scan import Kind, Statement, line_ends, scan
from smtpwizard.outputs.env_verify import differences, refuse_differences
from smtpwizard.outputs.git import git_state
from smtpwizard.outputs.ignoring import image_findings
from smtpwizard.outputs.masking import is_secret_name
from smtpwizard.outputs.paths import resolve
from smtpwizard.outputs.readers import DEFAULT_READERS, Reader, name_list
from smtpwizard.outputs.uncollected import uncollected
from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, LEGACY, SECRET_VARIABLES

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MORE_LINES: Final = re.compile(r"[\r\n]")
_NEW_MODE: Final = 0o600


@uncollected()
def plan_env_file(
    path: Path, changes: Mapping[str, str | Secret | None], *, readers: Sequence[Reader] = DEFAULT_READERS
) -> Change:
    """Plan `changes` (a variable's new value, or None to take its lines out) for the file at `path`.

    The file need not exist. `readers` stand in order of weight. InputError for a value that cannot be written, or a
    name that is none; FileError for a path that cannot be read or is no regular file, and for a file that its readers
    would not read as planned.
    """
    _check_names(changes)
    real, mode = resolve(path)
    existing = read_bytes(real)
    raw = existing or b""
    if b"\0" in raw:
        raise FileError(f"{path} holds NUL bytes: no text, or UTF-16. Save it as UTF-8.", "Not a text file")
    values = {name: value.reveal() if isinstance(value, Secret) else value for name, value in changes.items()}
    merged = merge(raw, values, readers)
    refuse_differences(path, differences(raw, merged.data, values, merged.placed), merged.statements)
    before, after = decode(raw), decode(merged.data)
    diff = masked_diff(
        before,
        after,
        path.name,
        secrets=_secrets(changes, merged, before),
        covered_before=covered(before, merged.statements),
    )
    secret = any(values.get(name) for name in SECRET_VARIABLES)
    bits = _NEW_MODE if mode is None else mode
    return Change(
        path=path,
        real_path=real,
        before=existing,
        after=merged.data,
        diff=diff.text,
        lines_changed=diff.lines_changed,
        lines_kept=diff.lines_kept,
        mode=bits,
        findings=(
            *reader_findings(merged.placed, readers),
            *file_findings(path.name, raw, merged.statements, readers),
            *link_findings(path, real),
            *exposure_findings(path.name, git_state(real), bits, secret=secret, exists=existing is not None),
            *(image_findings(real) if secret else ()),
        ),
        notes=_notes(merged, readers),
        backup_name=backup_name(path, datetime.now()) if raw != merged.data and existing is not None else "",
        replan=partial(plan_env_file, path, changes, readers=readers),
        check=lambda data: () if data == merged.data else differences(raw, data, values, merged.placed),
    )


def _check_names(changes: Mapping[str, str | Secret | None]) -> None:
    for name, value in changes.items():
        if not _NAME.fullmatch(name):
            raise InputError("A variable's name is made of letters, digits and underscores.", "Not a variable name")
        if value is None and name not in FIELDS and name not in LEGACY:
            raise InputError(f"{name} is not one of the SMTP variables, so it is not taken out.", "Not our variable")


def _secrets(changes: Mapping[str, str | Secret | None], merged: Merged, text: str) -> list[Secret]:
    """Return the secrets that may show in the diff: the new ones, and the old value of every secret-named variable."""
    new = [value for value in changes.values() if isinstance(value, Secret)]
    new += [Secret(value) for name, value in changes.items() if isinstance(value, str) and is_secret_name(name)]
    ours = {*changes, *SECRET_VARIABLES}
    old = [
        Secret(text[item.value_start : item.value_end].strip("'\"`"))
        for item in merged.statements
        if item.kind is Kind.ASSIGNMENT and item.key in ours and is_secret_name(item.key)
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


def _notes(merged: Merged, readers: Sequence[Reader]) -> tuple[str, ...]:
    missed = {reader for item in merged.placed for reader in item.misread_by}
    alike = [reader for reader in readers if reader not in missed]
    return (f"Read alike by {name_list(alike)}.",) if alike and merged.placed else ()
