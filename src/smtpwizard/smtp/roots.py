"""Mozilla's roots, which Node bundles and a container's ca-certificates has: certifi's file, of which a connection
decodes the roots that its server's chain asks for.

OpenSSL takes 13 ms to decode all of them. So they are kept, a file each, in a folder in which OpenSSL looks a root up
by its subject (X509_LOOKUP_hash_dir(3)): `$XDG_CACHE_HOME/smtpwizard/roots-….kept`. The folder is an index and nothing
to trust. It counts only where it is this user's, nobody else may write to it, and certifi's file is the very one that
it was made of. And whatever lies in it: a chain that is accepted ends in a root that stands in certifi's file, octet
for octet, and where one is refused, all files are those that were written; otherwise the folder is taken away and the
run ends. Where there is no such folder, and where an authority of the operator's has the name of a root, all roots are
decoded.
"""

from __future__ import annotations

import binascii
import marshal
import os
import re
import sys
import time
from _thread import allocate_lock
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import MachineError
from smtpwizard.files import Stamp, is_ours, is_settled, make_folder, own_folder, stamp
from smtpwizard.records import NamedTuple
from smtpwizard.smtp.certificate import subject, without_roots

if TYPE_CHECKING:
    import ssl

_BLOCK: Final = rb"-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n"
_LIST: Final = "list"
"""The file that names the others; it is written last."""
_REST: Final = "rest.pem"
"""Roots whose subject is not plain: they are decoded each time."""
_LARGEST: Final = 1_000_000
_OLD_SECONDS: Final = 30 * 24 * 3600.0
"""Age from which the folder of another file of roots is taken away, when a new one is made."""


class _Kept(NamedTuple):
    """A folder that counts."""

    folder: str
    files: dict[str, Stamp | None]
    subjects: frozenset[bytes]
    unplain: int
    """How many roots are in _REST."""


_lock = allocate_lock()
_reading: _Reading | None = None
_opened: dict[str, _Kept | None] = {}
"""What was found for a file of roots, in this process."""
_decoded: dict[str, int] = {}
"""Files of which all roots were decoded in this process, and how many there were: what `keep` has to do."""


class _Reading:
    """Makes one context; where the roots are kept, it loads OpenSSL alone, which takes 7 ms.

    Not in a daemon thread: at exit, OpenSSL frees its memory while one might still use it.
    """

    def __init__(self) -> None:
        from threading import Thread

        self.made: ssl.SSLContext | None = None
        self.thread = Thread(target=self._run, name="smtpwizard-roots", daemon=False)
        self.thread.start()

    def _run(self) -> None:
        try:
            if are_kept():
                import ssl

                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            else:
                self.made = _all()
        except Exception:  # `context` reads the roots again and raises what is wrong with them
            self.made = None


def begin() -> None:
    """Begin what takes long before a first context: to load OpenSSL, and to decode roots that are not kept."""
    global _reading
    with _lock:
        if _reading is None:
            _reading = _Reading()


def are_kept() -> bool:
    """Say whether a context is made in 1 ms, once OpenSSL is loaded."""
    return _kept(path()) is not None


def context(authorities: tuple[str, ...] = ()) -> ssl.SSLContext:
    """Return a new context that trusts the roots and `authorities` (PEM texts), with OpenSSL's defaults else.

    A text that cannot be read is passed over. MachineError where the roots cannot be read.
    """
    kept = _kept(path())
    made = _by_name(kept, authorities) if kept is not None else None
    if made is None:
        made = _taken()
        for text in authorities:
            _add(made, text)
    return made


def _taken() -> ssl.SSLContext:
    """Return a context with all roots: the one that `begin` has begun, else a new one."""
    global _reading
    with _lock:
        reading, _reading = _reading, None
    if reading is not None:
        reading.thread.join()
    return (reading.made if reading else None) or _all()


def _all() -> ssl.SSLContext:
    import ssl

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file = path()
    try:
        made.load_verify_locations(cafile=file)
    except OSError as error:
        raise without_roots(file, error) from error
    _decoded[file] = made.cert_store_stats()["x509"]
    return made


def _add(made: ssl.SSLContext, text: str) -> None:
    import ssl

    try:
        made.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return  # Node and OpenSSL's other users, too, go on without a certificate that they cannot read


@cache
def path() -> str:
    """Return the file with the roots, without importing certifi, which costs 12 ms for importlib.resources."""
    for folder in sys.path:
        if os.path.isfile(f"{folder}/certifi/__init__.py"):
            if os.path.isfile(file := f"{folder}/certifi/cacert.pem"):
                return file
            break
    import certifi

    return certifi.where()


def _by_name(kept: _Kept, authorities: tuple[str, ...]) -> ssl.SSLContext | None:
    """Return a context that looks roots up; None where an authority is in the way of that, or cannot be judged.

    OpenSSL looks into the folder for no name that it has a certificate of already.
    """
    import ssl

    own: set[bytes] = set()
    for block in re.findall(r"-----BEGIN [^-]+-----[^-]+-----END [^-]+-----", "\n".join(authorities)):
        try:
            own.add(ssl.PEM_cert_to_DER_cert(block))
        except ValueError:
            return None
    subjects = {subject(der) for der in own}
    if None in subjects or not kept.subjects.isdisjoint(subjects):
        return None
    checked = _checked(path(), kept, own)
    if checked is None:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        made.load_verify_locations(capath=kept.folder)
        if kept.unplain:
            made.load_verify_locations(cafile=f"{kept.folder}/{_REST}")
    except OSError:
        return None
    for text in authorities:
        _add(made, text)
    if made.cert_store_stats()["x509"] != kept.unplain + len(own):  # read otherwise than here
        return None
    made.sslobject_class = checked
    return made


def _checked(file: str, kept: _Kept, own: set[bytes]) -> type[ssl.SSLObject] | None:
    """Return the class of connections by which what lies in `kept` decides nothing that `file` does not bear out.

    A chain that is accepted ends in a root of `file` or among `own`. Where one is refused, no root was missing. None
    where Python does not tell the chain.
    """
    import ssl

    if not (hasattr(ssl.SSLObject, "get_verified_chain") or hasattr(_inner(ssl), "get_verified_chain")):
        return None

    class Checked(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLCertVerificationError:
                if not _is_whole(kept):
                    raise _changed(file, kept.folder) from None
                raise
            root = _verified_chain(self)[-1]
            if root not in own and ssl.DER_cert_to_PEM_cert(root).encode() not in Path(file).read_bytes():
                raise _changed(file, kept.folder)

    return Checked


def _is_whole(kept: _Kept) -> bool:
    """Say whether the files are still those that were written."""
    return all(stamp(f"{kept.folder}/{name}") == written for name, written in kept.files.items())


def _changed(file: str, folder: str) -> MachineError:
    """Take a folder away in which something else lies than was written, and return what to tell."""
    _opened.pop(file, None)
    discard(folder)
    return MachineError(
        f"{folder}, where public certificate authorities were kept, was changed by something else. It is taken away. "
        "Try again.",
        "This machine",
    )


def _inner(module: object) -> object:
    """Return the class in C behind SSLObject, which has the chain in every Python from 3.10 on."""
    return getattr(getattr(module, "_ssl", None), "_SSLSocket", None)


def _verified_chain(session: ssl.SSLObject) -> list[bytes]:
    """Return the certificates from the server's to the root, as they were verified."""
    public = getattr(session, "get_verified_chain", None)  # from Python 3.13 on
    if public is not None:
        return list(public())
    der = 2  # _ssl.ENCODING_DER
    inner = session._sslobj  # type: ignore[attr-defined]
    return [item.public_bytes(der) for item in inner.get_verified_chain()]


def _kept(file: str) -> _Kept | None:
    """Return the folder for a file of roots; None where there is none that counts."""
    if file not in _opened:
        _opened[file] = _open(file)
    return _opened[file]


def _open(file: str) -> _Kept | None:
    made_of = stamp(file)
    folder = _place(file, made_of)
    try:
        with open(f"{folder}/{_LIST}", "rb") as listed:
            places = os.stat(os.path.dirname(folder)), os.stat(folder, follow_symlinks=False), os.fstat(listed.fileno())
            if not all(map(is_ours, places)):
                return None
            *key, files, subjects, unplain = marshal.loads(listed.read(_LARGEST))  # noqa: S302  # nobody else's
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return _Kept(folder, files, subjects, unplain) if key == [file, made_of] else None


def _place(file: str, made_of: Stamp | None) -> str:
    key = binascii.crc32(repr((file, made_of)).encode("utf-8", "surrogateescape"))
    return str(own_folder("XDG_CACHE_HOME", ".cache") / f"roots-{key:08x}.kept")


def keep() -> None:
    """Keep for the next run the roots that this one has decoded. What cannot be kept is no trouble, and not told."""
    while _decoded:
        file, count = _decoded.popitem()
        if _kept(file) is None:
            try:
                _write(file, count)
            except (OSError, ValueError):
                continue


def _write(file: str, count: int) -> None:
    """Write the folder of a file of roots that has `count` of them. OSError, ValueError where it cannot be."""
    import ssl
    from fcntl import LOCK_EX, LOCK_NB, flock
    from hashlib import sha1

    made_of = stamp(file)
    if not is_settled(made_of):
        return
    blocks = list(dict.fromkeys(re.findall(_BLOCK, Path(file).read_bytes())))
    roots = [ssl.PEM_cert_to_DER_cert(block.decode()) for block in blocks]
    if len(blocks) != count or [ssl.DER_cert_to_PEM_cert(root).encode() for root in roots] != blocks:
        return  # of another form than certifi's: what a chain ends in could not be found again
    files: dict[str, bytes] = {}
    subjects = [subject(root) for root in roots]
    for block, named in zip(blocks, subjects, strict=True):
        if named is None:
            files[_REST] = files.get(_REST, b"") + block
        else:
            hashed = sha1(named, usedforsecurity=False).digest()[3::-1].hex()
            place = next(at for at in range(count) if f"{hashed}.{at}" not in files)
            files[f"{hashed}.{place}"] = block
    folder = _place(file, made_of)
    make_folder(Path(folder).parent)
    alone = os.open(os.path.dirname(folder), os.O_RDONLY | os.O_CLOEXEC)
    try:
        flock(alone, LOCK_EX | LOCK_NB)  # a folder that counts may be in use: no other run takes it away
        if _open(file) is not None:
            return
        new = f"{folder}.new"
        discard(new)
        os.mkdir(new, 0o700)
        for name, data in files.items():
            _create(f"{new}/{name}", data)
        stamps = {name: stamp(f"{new}/{name}") for name in files}
        kept = file, made_of, stamps, frozenset(filter(None, subjects)), subjects.count(None)
        _create(f"{new}/{_LIST}", marshal.dumps(kept, 4))
        if made_of == stamp(file):
            discard(folder)
            os.rename(new, folder)
        _discard_old(Path(folder))
    finally:
        os.close(alone)


def _create(name: str, data: bytes) -> None:
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as made:
        made.write(data)


def _discard_old(folder: Path) -> None:
    for other in folder.parent.glob("roots-*.kept*"):
        if other != folder and other.stat().st_mtime < time.time() - _OLD_SECONDS:
            discard(str(other))


def discard(folder: str) -> None:
    """Take a folder of ours away, as far as that can be."""
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
