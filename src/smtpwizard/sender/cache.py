"""Answers kept for a short while, so that the wizard can ask twice at no cost. Bounded in number and in time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from smtpwizard.sender.answers import Answer

Key = tuple[str, str, str]
"""The name servers, the name, the type."""

MOST_ENTRIES: Final = 512
LONGEST_SECONDS: Final = 60
"""However long a record may be kept: an operator who has just corrected one asks again, and must see it."""


class Cache:
    """Name-server answers by question, never longer than their TTL. Safe to use from several threads."""

    def __init__(self, *, most: int = MOST_ENTRIES, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Answer | None:
        """Return an answer that is still good, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if found[0] <= self._clock():
                del self._kept[key]
                return None
            return found[1]

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer for its TTL, and LONGEST_SECONDS at most; one without a TTL, or a failure, is not kept."""
        seconds = min(answer.ttl, LONGEST_SECONDS)
        if seconds <= 0 or not answer.known:
            return
        with self._lock:
            self._kept[key] = (self._clock() + seconds, answer)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


SHARED: Final = Cache()
"""The answers of this process."""
