"""SOURCE: the flags that say where settings come from, turned into Settings. Judges no value, prints nothing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from smtpwizard.app import Origin
from smtpwizard.errors import FileError
from smtpwizard.findings import Finding, Severity
from smtpwizard.settings import FIELDS, LEGACY, Settings

if TYPE_CHECKING:
    from smtpwizard.outputs.env_file import EnvFile

DEFAULT_ENV_FILE: Final = Path(".env")


class Source(NamedTuple):
    """Settings, and where they were found."""

    settings: Settings
    origin: Origin
    path: Path | None
    """The file; None for the environment."""
    description: str
    """The place in words, for a sentence: `.env`, `service api of compose.yaml`, `the environment`."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the file itself: lines and values that not all of its readers read alike."""

    @property
    def empty(self) -> bool:
        """Whether not one variable of mail settings is there; ADMIN_WEB_URL alone is none."""
        return not self.settings.legacy and set(self.settings.to_variables()) <= {"ADMIN_WEB_URL"}


def load(args: argparse.Namespace) -> Source:
    """Read the settings from the place that the SOURCE flags name, by default `.env` in the current folder.

    FileError: there is no such file, or it cannot be read. InputError: a compose file has no such service, or several
    that could be meant. A place without mail settings is no error here; its Source is `empty`.
    """
    if getattr(args, "environ", False):
        return _source(os.environ, Origin.ENVIRON, None, "the environment")
    if getattr(args, "compose", None) is not None:
        from smtpwizard.commands.source_compose import read_compose  # with PyYAML 15 ms

        found, place, about = read_compose(args)
        return _source(found.variables, Origin.COMPOSE, Path(args.compose), place, about)
    return _env_file(getattr(args, "env_file", None))


def _env_file(given: Path | None) -> Source:
    from smtpwizard.outputs.env_file import read_env_file  # not needed for --environ, and not free

    path = given or DEFAULT_ENV_FILE
    file = read_env_file(path)
    if not file.exists:
        hint = (
            ""
            if given
            else (
                " Give another with --env-file FILE, a compose file with --compose FILE, or take the environment with "
                "--environ."
            )
        )
        raise FileError(f"There is no file {path}.{hint}", "No such file")
    return _source(file.variables, Origin.ENV_FILE, path, str(path), tuple(_file_findings(file)))


def _source(
    variables: Mapping[str, str], origin: Origin, path: Path | None, description: str, found: tuple[Finding, ...] = ()
) -> Source:
    return Source(Settings.from_variables(variables), origin, path, description, found)


def _file_findings(file: EnvFile) -> Iterator[Finding]:
    for problem in file.problems:
        message = f"Line {problem.line}: {problem.message}. Correct the line."
        yield Finding("env-line", Severity.WARNING, None, message)
    for name in file.disagreements:
        if name in FIELDS or name in LEGACY:
            message = f"Not all readers of .env files read the same value for {name}. Put the value in single quotes."
            yield Finding("readers-differ", Severity.WARNING, name, message)
