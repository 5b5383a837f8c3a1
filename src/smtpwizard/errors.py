"""The error tree and the exit codes: one class for each party that must act.

Library exceptions are translated into these once, at the edge of the core. No front end builds error texts of its own,
and no message may carry a secret: exceptions are printed.
"""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import ClassVar, Final


class ExitCode(IntEnum):
    """What the process tells the script that called it."""

    OK = 0
    """Done; for `check` and `send`: the app will work."""

    FAILED = 1
    """The test ran and the app will not work: it fails, leaks, crashes or hangs."""

    USAGE = 2
    """A bad flag, no terminal, an unknown preset."""

    CONFIG = 3
    """Settings are missing, or such that the app would refuse to start."""

    FILE = 4
    """A file cannot be read, parsed or written; nothing was changed."""

    INTERRUPTED = 130
    """Ctrl-C."""


class SmtpWizardError(Exception):
    """Base of all errors that are told to the operator: a title (a noun phrase) and a message that says what to do."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, title: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.title = title

    @property
    def text(self) -> str:
        """The error as one text: its title, then what to do."""
        return f"{self.title}: {self.message}" if self.title else self.message


class InputError(SmtpWizardError):
    """The operator's input cannot be used: a flag, a preset id, a value."""

    exit_code = ExitCode.USAGE


class ConfigError(SmtpWizardError):
    """Settings are missing, or such that the app would refuse to start."""

    exit_code = ExitCode.CONFIG


class FileError(SmtpWizardError):
    """A file cannot be read, parsed or written; nothing was changed."""

    exit_code = ExitCode.FILE


class NetworkError(SmtpWizardError):
    """Something on the network did not answer as it must."""


class MachineError(FileError):
    """This machine lacks what a run takes: descriptors, memory, a file of a library. It says nothing of the app."""


_LACKING: Final = {
    errno.EMFILE: "this process may not open any more files (ulimit -n)",
    errno.ENFILE: "the system has no file handles left",
    errno.ENOMEM: "there is no memory left",
    errno.ENOBUFS: "there is no memory left for sockets",
}


def lacking(error: BaseException) -> MachineError | None:
    """Return what to tell of an error that comes from a lack of this machine; None where it is another one."""
    reason = _LACKING.get(error.errno or 0) if isinstance(error, OSError) else None
    if isinstance(error, MemoryError):
        reason = _LACKING[errno.ENOMEM]
    if reason is None:
        return None
    return MachineError(f"{reason}. That says nothing of the settings: try again with less at a time.", "This machine")


class BugError(SmtpWizardError):
    """A state that this program should never reach: ours to repair."""
