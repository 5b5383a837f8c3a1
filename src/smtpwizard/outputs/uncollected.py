"""Pausing Python's cycle collector while a large file is read: what is built there only grows.

Looking through it again and again was a fifth of the time for a 10,000-line file. Knows nothing about files.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the collector, also as a decorator. Nested or already paused, it stays so until the outermost one ends."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
