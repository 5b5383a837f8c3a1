"""Looking for a secret in every byte of an output, in every form in which it could be carried there.

Independent of `smtpwizard.secret`: what looks for leaks must not share the mistakes of what prevents them.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
import quopri
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

SHORTEST: Final = 8
"""Characters below which a secret is not looked for: it would be found in ordinary words."""

_ESCAPES: Final = re.compile(
    rb"\x1b\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_()][0-9A-B]?"
)
_TAGS: Final = re.compile(rb"<[^<>]*>")
_SPACE: Final = re.compile(rb"[\s\xa0\xe2\x94\x82\xe2\x96\x8c|]+")  # also the lines that a screen draws around text


def forms_of(secret: str) -> dict[str, bytes]:
    """Return the secret's forms by name; those in small letters are to be looked for in any case."""
    raw = secret.encode()
    quoted = urllib.parse.quote(secret, safe="")
    found = {
        "plain": raw,
        "Latin-1": secret.encode("latin-1", "replace"),
        "UTF-16": secret.encode("utf-16-le"),
        "backwards": raw[::-1],
        "base64 for URLs": base64.urlsafe_b64encode(raw).rstrip(b"="),
        "URL": quoted.encode(),
        "form field": urllib.parse.quote_plus(secret).encode(),
        "URL, every octet": "".join(f"%{octet:02X}" for octet in raw).encode(),
        "quoted-printable": quopri.encodestring(raw).replace(b"=\n", b"").rstrip(b"\n"),
        "quoted-printable, every octet": "".join(f"={octet:02X}" for octet in raw).encode(),
        "hexadecimal": raw.hex().encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON, other letters": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "HTML": html.escape(secret).encode(),
        "repr": repr(secret)[1:-1].encode(),
        "shell": secret.replace("'", "'\\''").encode(),
    }
    return found | {f"base64, offset {offset}": _aligned(raw, offset) for offset in range(3)}


def _aligned(raw: bytes, offset: int) -> bytes:
    """Return the base64 letters that `raw` alone decides where it stands `offset` octets behind a multiple of three.

    Inside any token, of AUTH PLAIN or LOGIN, with any user name: its letters are these.
    """
    letters = base64.b64encode(bytes(offset) + raw).rstrip(b"=")
    undecided = (offset + len(raw)) % 3 != 0
    return letters[(offset * 8 + 5) // 6 : len(letters) - undecided]


_ANY_CASE: Final = ("URL", "URL, every octet", "quoted-printable", "quoted-printable, every octet", "hexadecimal")


def found_in(data: bytes, secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Return `name of the secret as form` for each that `data` holds: as it is, without escapes, tags, and wrapping."""
    if not data:
        return ()
    key = hashlib.sha256(data).digest(), tuple(secrets.items())
    if key not in _looked_through:  # the same files lie in every home, and are looked at after every command
        _looked_through[key] = tuple(_found(data, secrets))
    return _looked_through[key]


_looked_through: Final[dict[tuple[bytes, tuple[tuple[str, str], ...]], tuple[str, ...]]] = {}


def _found(data: bytes, secrets: Mapping[str, str]) -> Iterator[str]:
    bare = _ESCAPES.sub(b"", data)
    drawn = html.unescape(_text(_TAGS.sub(b"", bare))).replace("\xa0", " ").encode()
    views, wrapped = {data, bare}, {_SPACE.sub(b"", bare), _SPACE.sub(b"", drawn)}
    lowered, wrapped_lowered = ({view.lower() for view in kind} for kind in (views, wrapped))
    for name, secret in secrets.items():
        assert len(secret) >= SHORTEST, f"{name} is too short to be looked for"
        for form, what, joined in _sought(secret):
            where, below = (lowered, wrapped_lowered) if form in _ANY_CASE else (views, wrapped)
            if any(what in view for view in where) or any(joined in view for view in where | below):
                yield f"{name} as {form}"


@functools.cache
def _sought(secret: str) -> tuple[tuple[str, bytes, bytes], ...]:
    """Return each form's name, the form, and what is left of it without blanks."""
    forms = ((name, octets.lower() if name in _ANY_CASE else octets) for name, octets in forms_of(secret).items())
    return tuple((name, octets, _SPACE.sub(b"", octets)) for name, octets in forms)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def assert_no_secret(data: bytes | str, secrets: Mapping[str, str], where: str) -> None:
    """Fail with the name of the secret and its form, and with what stands around it where it is plain."""
    octets = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    found = found_in(octets, secrets)
    assert not found, f"{where} holds {', '.join(found)}: {_around(octets, secrets)}"


def _around(data: bytes, secrets: Mapping[str, str]) -> str:
    for secret in secrets.values():
        for octets in forms_of(secret).values():
            at = data.find(octets)
            if at >= 0:
                return _text(data[max(at - 60, 0) : at]) + "[HERE]" + _text(data[at + len(octets) :][:40])
    return "(across escapes or lines)"


def files_below(*folders: Path, but: Iterable[str] = ()) -> Iterator[Path]:
    """Yield every file below the folders, other than those whose path holds a part named in `but`."""
    left_out = set(but)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not left_out & set(path.parts):
                yield path


def assert_no_secret_in_files(secrets: Mapping[str, str], *folders: Path, but: Iterable[str] = ()) -> None:
    """Fail for a file that holds a secret, in its name or in its bytes."""
    for path in files_below(*folders, but=but):
        assert_no_secret(str(path), secrets, "a file's name")
        assert_no_secret(path.read_bytes(), secrets, str(path))


def echoes(secret: str, username: str) -> tuple[str, ...]:
    """Return what a server could say that repeats a login: each form on a line, in the middle of a sentence."""
    raw, user = secret.encode(), username.encode()
    tokens = {
        b"\0" + user + b"\0" + raw,
        user + b"\0" + user + b"\0" + raw,
        raw,
        user + b":" + raw,
        b"password=" + raw,
    }
    said = {f"command was AUTH PLAIN {base64.b64encode(token).decode()} (rejected)" for token in tokens}
    forms = {name: form for name, form in forms_of(secret).items() if name not in ("Latin-1", "UTF-16", "backwards")}
    said |= {f"you said <{form.decode()}> and not {username}" for form in forms.values()}
    small = re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), urllib.parse.quote(secret, safe=""))
    said.add(f"hexadecimal {secret.encode().hex().upper()} and {small}")
    return tuple(sorted(said))
