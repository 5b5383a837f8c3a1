"""A password that is piped into a command. It is never an argument: other users can read a process's arguments."""

from __future__ import annotations

import sys
from typing import Final

from smtpwizard.errors import InputError
from smtpwizard.secret import Secret

_LIMIT: Final = 64 * 1024
"""Octets that are read: no password is longer, and a file piped in by mistake is told."""


def read_password() -> Secret:
    """Return what stdin holds, without the line end that closes it. InputError where that can be no password."""
    raw = sys.stdin.buffer.read(_LIMIT + 1)
    if len(raw) > _LIMIT:
        raise InputError(f"stdin holds more than {_LIMIT // 1024} KiB, which is no password.", "Not a password")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("The password on stdin is not UTF-8.", "Not a password") from None  # the cause would hold it
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise InputError(
            "stdin is empty. Pipe the password into the command, with or without a line end.", "No password"
        )
    return Secret(text)
