"""Mozilla's roots, as certifi has them: found, and read while a command still reads its own code and presets.

To parse them takes OpenSSL 17 ms, a fifth of a whole `check`, beside Python and without its lock. Whether TLS comes
about is not known yet, and how the context is set up is `trust`'s work.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.app.hosts import is_loopback

if TYPE_CHECKING:
    import ssl

EXTRA_VARIABLE: Final = "NODE_EXTRA_CA_CERTS"

_lock = threading.Lock()
_reading: _Reading | None = None


class _Reading(threading.Thread):
    """Makes one context. No daemon: OpenSSL takes itself down at exit, under the feet of who still uses it."""

    def __init__(self) -> None:
        super().__init__(name="smtpwizard-roots", daemon=False)
        self.made: ssl.SSLContext | None = None

    def run(self) -> None:
        try:
            self.made = context()
        except Exception:  # who needs the roots reads them again, and tells why that fails
            self.made = None


def expects_tls(host: str, *, implicit: bool, authorities: bool) -> bool:
    """Say whether TLS is likely: everywhere but on this machine, and there where somebody names an authority for it."""
    return implicit or authorities or not is_loopback(host)


def begin() -> None:
    """Begin to read the roots; once is enough."""
    global _reading
    with _lock:
        if _reading is None:
            _reading = _Reading()
            _reading.start()


def take() -> ssl.SSLContext:
    """Return a context with the roots and otherwise as OpenSSL makes it: the one that was begun, else a new one."""
    global _reading
    with _lock:
        reading, _reading = _reading, None
    if reading is not None:
        reading.join()
    return (reading.made if reading else None) or context()


def context() -> ssl.SSLContext:
    """Return a new context with the roots. OSError where they cannot be read."""
    import ssl

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cafile=path())
    return made


def path() -> str:
    """Return the file with the roots, without importing certifi, which costs 12 ms for importlib.resources."""
    from importlib.machinery import PathFinder  # importlib.util is 1 ms more

    found = PathFinder.find_spec("certifi")
    for folder in (found.submodule_search_locations or ()) if found else ():
        file = Path(folder) / "cacert.pem"
        if file.is_file():
            return str(file)
    import certifi  # packed in some other way: it knows how to unpack itself

    return certifi.where()
