"""A saved log read to its end, or as much of it as is read at one time: of a file its latest part."""

from __future__ import annotations

import os
import stat
from typing import Final

from smtpwizard.container.log_reader import LogReader
from smtpwizard.container.recent import MOST_BYTES

_CHUNK: Final = 65_536


def read_saved(fd: int, reader: LogReader, most: int = MOST_BYTES) -> str:
    """Read a log into `reader`, at most `most` octets; return what was left out, as a sentence, or nothing. OSError."""
    note = ""
    size = os.fstat(fd).st_size if stat.S_ISREG(os.fstat(fd).st_mode) else 0
    if size - os.lseek(fd, 0, os.SEEK_CUR) > most if size else False:
        os.lseek(fd, size - most, os.SEEK_SET)
        note = f"Only the last {_size(most)} were read, and lines are counted from there."
        _skip_line(fd)
    taken = 0
    while data := os.read(fd, _CHUNK):
        if taken >= most:
            note = note or f"Only the first {_size(most)} were read. Cut the log to the time that matters."
            break
        taken += len(data)
        for _ in reader.feed(data):
            pass
    for _ in reader.close():
        pass
    return note


def _skip_line(fd: int) -> None:
    """Leave out the line in whose middle the reading begins, if it ends soon."""
    ahead = os.read(fd, _CHUNK)
    end = ahead.find(b"\n")
    os.lseek(fd, end + 1 - len(ahead) if end >= 0 else -len(ahead), os.SEEK_CUR)


def _size(octets: int) -> str:
    return f"{octets // 1_000_000} MB" if octets >= 1_000_000 else f"{octets} octets"
