"""Secrets, and how text is cleared of them. Must not import anything that could log or print.

A `Secret` is what a password is from the keyboard to the wire and the file. Its text comes out of `reveal()` alone;
repr, str, format and pickling never give it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Final, NoReturn

MASK: Final = "********"
"""What stands for a secret in JSON, transcripts, diffs, reports and previews: one width, so that it tells no length."""

_SHORTEST: Final = 4
"""Forms shorter than this many characters are cleared only where they stand alone: `a` would black out every word."""

_URL_SAFE: Final = {ord("+"): "-", ord("/"): "_"}
_HTML: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#x27;"}

_FEWEST_LETTERS: Final = 6
"""Base64 letters from which a part of a token is looked for: fewer could be part of any word."""


class Secret:
    """A password, key or token. Falsy when empty; equal to another Secret with the same text."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself: for the wire and the file only."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})" if self._value else "Secret('')"

    def __str__(self) -> str:
        return MASK if self._value else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (
            self._value == other._value
        )  # no stranger can time it: secrets of one process, all of them the operator's

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


_NAMED: Final = r"(?i)(?:PASS|PASSWORD|PASSWD|PWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY)\Z"


def environment_without_secrets() -> dict[str, str]:
    """Return this process's environment for a child that needs no password of ours, or is another user's to look into.

    Without what is called a secret, and without values that are known as one.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name == "PWD" or not (re.search(_NAMED, name) or Secret(value) in _known)
    }


def redact(text: str, secrets: Iterable[Secret], *, username: str = "") -> str:
    """Return `text` with every form of every secret replaced by MASK.

    Forms: plain, base64 (alone, as the AUTH PLAIN token with `username`, and anywhere inside a token), URL-encoded,
    quoted-printable, hexadecimal digits, and escaped as in JSON, HTML and a Python repr.
    """
    return redactor(secrets, username=username)(text)


def redactor(secrets: Iterable[Secret], *, username: str = "") -> Callable[[str], str]:
    """Return `redact` for these secrets: for many texts, since to work out the forms takes ten times as long."""
    forms: set[str] = set()
    for secret in secrets:
        if secret:
            forms |= _forms(secret.reveal(), username)
    ordered = sorted(forms, key=len, reverse=True)

    def clear(text: str) -> str:
        for form in ordered:
            if len(form) < _SHORTEST:
                text = re.sub(rf"(?<![\w]){re.escape(form)}(?![\w])", MASK, text)
            else:
                text = text.replace(form, MASK)
        return text

    return clear


_UNSEEN: Final = (
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f\u2400-\u2421\ufffd]+"
)
"""Blanks, control and format characters, and what `text.safe` puts in their place: with them between its letters a
secret is still read."""

_ANYWHERE: Final = 8
"""Characters from which a secret is hidden inside of words, too; a word of letters alone only from half as many more.
The password `password` must not make the name of its variable unreadable."""

_Traces = tuple[tuple[str, bool], ...]
"""The forms of a secret as they are looked for, and whether each is looked for inside of words."""


class _Known:
    """The secrets to be hidden. A check of 500 files knows ten thousand forms: they are found by their first letters,
    for to look for each of them in each text took five times as long as all the rest."""

    def __init__(self) -> None:
        self._traces: dict[Secret, _Traces] = {}
        self._by_start: dict[str, list[tuple[str, bool]]] = {}

    def __contains__(self, secret: Secret) -> bool:
        return secret in self._traces

    def add(self, secret: Secret) -> None:
        """Take in a secret."""
        if secret not in self._traces:
            self._traces[secret] = found = _traces(secret.reveal())
            for trace in found:
                self._by_start.setdefault(trace[0][:_SHORTEST], []).append(trace)

    def clear(self) -> None:
        """Forget all."""
        self._traces.clear()
        self._by_start.clear()

    def traces_of(self, secret: Secret) -> _Traces:
        """Return a secret's forms, from here where it is known."""
        return self._traces.get(secret) or _traces(secret.reveal())

    def found_in(self, bare: str) -> list[tuple[str, bool]]:
        """Return the forms that stand in a text, bare and in small letters."""
        starts: Iterable[str] = self._by_start
        if len(bare) < len(self._by_start):
            starts = self._by_start.keys() & {bare[at : at + _SHORTEST] for at in range(len(bare))}
        return [trace for start in starts if start in bare for trace in self._by_start[start] if trace[0] in bare]


_known: Final = _Known()


def hide(secrets: Iterable[Secret]) -> None:
    """Have `cleared` hide these secrets from now on, as long as the process runs."""
    for secret in secrets:
        _known.add(secret)


def cleared(text: str) -> str:
    """Return a finished text with every known secret as MASK: in any of its forms, in small letters and capitals alike,
    and where blanks, line ends or characters that nobody sees stand between its letters.

    It comes last, after all joining and tidying: what was broken at a line end may be whole again by then.
    """
    return _masked(text, found, quoted=False) if (found := _known.found_in(_bare(text).lower())) else text


def sentence_clearer(secrets: Iterable[Secret]) -> Callable[[str], str]:
    """Return `cleared` for these secrets in sentences of our own, which quote values.

    A secret that could be a word of the sentence is hidden only where a value begins: behind a backtick or `=`.
    """
    traces = [trace for secret in secrets for trace in _known.traces_of(secret)]

    def clear(text: str) -> str:
        bare = _bare(text).lower() if traces else ""
        found = [trace for trace in traces if trace[0] in bare]
        return _masked(text, found, quoted=True) if found else text

    return clear


def _bare(text: str) -> str:
    """Return `text` without what is unseen; of ASCII that is printed, blanks alone are."""
    return text.replace(" ", "") if text.isascii() and text.isprintable() else re.sub(_UNSEEN, "", text)


def _traces(value: str) -> _Traces:
    """Return the forms of a secret, none of them shorter than _SHORTEST."""
    plain = _bare(value).lower()
    if len(plain) < _SHORTEST:
        return ()
    anywhere = len(plain) >= (_ANYWHERE * 3 // 2 if plain.isalpha() else _ANYWHERE)
    coded = {_bare(form).lower() for form in _forms(value, "")} - {plain}
    return (plain, anywhere), *((form, True) for form in sorted(coded, key=len) if len(form) >= _ANYWHERE)


def _masked(text: str, traces: Iterable[tuple[str, bool]], quoted: bool) -> str:
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if _bare(char):
            letters += (small := char.lower())
            places += [place] * len(small)
    bare = "".join(letters)
    covered = bytearray(len(text))
    for trace, anywhere in traces:
        at = bare.find(trace)
        while at >= 0:
            start, stop = places[at], places[at + len(trace) - 1] + 1
            before, behind = text[max(start - 1, 0) : start], text[stop : stop + 1]
            alone = before in ("`", "=") if quoted and trace.isalpha() else not _is_word(before)
            if anywhere or (alone and not _is_word(behind)):
                covered[start:stop] = b"\1" * (stop - start)
            at = bare.find(trace, at + 1)
    spans = re.split(b"(\1+)", bytes(covered))
    out, place = [], 0
    for span in spans:
        out.append(MASK if span[:1] == b"\1" else text[place : place + len(span)])
        place += len(span)
    return "".join(out)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _base64(raw: bytes) -> str:
    import binascii

    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def _inside(raw: bytes, offset: int) -> str:
    """Return the base64 letters that `raw` alone decides where it begins `offset` octets behind a multiple of three."""
    letters = _base64(bytes(offset) + raw).rstrip("=")
    undecided = (offset + len(raw)) % 3 != 0  # the last letter also holds bits of what follows
    return letters[(offset * 8 + 5) // 6 : len(letters) - undecided]


def _as_json(value: str) -> tuple[str, ...]:
    """Return how a text stands in JSON, without the quotes. To load the module takes 1 ms, and most texts need none."""
    if value.isascii() and value.isprintable() and not {*value} & {'"', "\\"}:
        return (value,)
    import json

    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]


def _forms(value: str, username: str) -> set[str]:
    import binascii
    from urllib.parse import quote, quote_plus

    raw = value.encode("utf-8", "surrogateescape")
    user = username.encode("utf-8", "surrogateescape")
    tokens = [raw, b"\0" + user + b"\0" + raw, user + b"\0" + user + b"\0" + raw]
    encoded = {_base64(token) for token in tokens}
    encoded |= {form.rstrip("=") for form in encoded}
    encoded |= {_base64(raw).translate(_URL_SAFE)}
    encoded |= {letters for offset in range(3) if len(letters := _inside(raw, offset)) >= _FEWEST_LETTERS}
    every_octet = raw.hex("%").upper()
    url = {quote(raw, safe=""), quote_plus(raw, safe=""), f"%{every_octet}"}
    wrapped = binascii.b2a_qp(raw).decode("ascii")
    return {
        value,
        *encoded,
        *url,
        *(re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), form) for form in url),
        wrapped,
        wrapped.replace("\n", "\r\n"),
        wrapped.replace("=\n", ""),
        f"={every_octet.replace('%', '=')}",
        raw.hex(),
        raw.hex().upper(),
        *_as_json(value),
        value.translate(_HTML),
        repr(value)[1:-1],
        value.replace("'", "'\\''"),  # inside single quotes of a shell
    } - {""}


# What looks like a secret in a text of which none is known. Compiled when first used: most runs need none of it.
_AUTH: Final = r"(?i)(\bAUTH[ \t]+(?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER)[ \t]+)(?=\S)[^\s\"']+"
_NAME: Final = r"(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|API_?KEY)"
_VARIABLE: Final = rf"(\b[A-Z0-9_]{{0,40}}{_NAME}[A-Z0-9_]{{0,40}}\\?[\"']?(?:=|: ?))(?=\S)[^\n]{{1,4000}}"
_KEY_VALUE: Final = (
    r"(?i)((?:pass(?:word|wd|phrase)?|pwd|\bsecret|_token|\btoken|\bapi_?-?key|\bauthorization)"
    r"\\{0,3}[\"']?[\])]{0,2}[ \t]{0,3}(?:=>|:=|[:=]|,(?=[ \t]?[\"'])|\bvalue=)[ \t]{0,3})"
    r"(?=\S)(?:bearer[ \t]{1,3}|basic[ \t]{1,3})?(?:\\{0,3}\"[^\"\n]{0,400}\"?|'[^'\n]{0,400}'?|[^\s,;}]{1,400})"
)
_URL: Final = r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:]{0,200}:)[^\s/@]{1,200}@"
_SHAPES: Final = (
    r"\bSG\.[\w-]{6,}(?:\.[\w-]{6,})?|\bx(?:smtpsib|keysib)-[\w-]{6,}|\bre_\w{8,}|\bAKIA[A-Z0-9]{12,}|\bkey-[0-9a-f]{16,}"
    r"|\bBearer[ \t]+[\w.~+/=-]{8,}"
)
_BASE64_LINE: Final = r"(?m)^([ \t]{0,20}(?:(?:C:|->|~>|>>>|=>)[ \t]{0,4})?)[A-Za-z0-9+/]{8,4000}={0,2}[ \t]{0,20}$"
_BASE64: Final = (
    r"(?<![\w+/=])(?:[A-Za-z0-9+/]{12,4000}={1,2}"
    r"|(?=[A-Z0-9+/]{0,200}[a-z])(?=[a-z0-9+/]{0,200}[A-Z])(?=[A-Za-z+/]{0,200}\d)[A-Za-z0-9+/]{20,4000})(?![\w+/=])"
)
"""Base64 with padding, or twenty letters of both cases and digits: a login's token, or an id that nobody misses."""


def hide_secrets(text: str) -> str:
    """Return `text` with what looks like a password, key or login token replaced by MASK."""
    text = re.sub(_BASE64_LINE, rf"\1{MASK}", text)
    text = re.sub(_AUTH, rf"\1{MASK}", text)
    text = re.sub(_URL, rf"\1{MASK}@", text)
    text = re.sub(_VARIABLE, rf"\1{MASK}", text)
    text = re.sub(_KEY_VALUE, rf"\1{MASK}", text)
    text = re.sub(_SHAPES, MASK, text)
    return re.sub(_BASE64, MASK, text)
