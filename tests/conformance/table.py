"""The comparison as docs/app-conformance.md. Pure: rows in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.comparison import Row

_HEAD: Final = """\
# What the app's mail client does, and what smtpwizard says of it

Written by `make conformance`; a test compares it with every run. Each row is a server that behaves as the title says,
met with the settings named. The columns `verify()` and `sendMail()` are what nodemailer {version} did there, driven as
ABC User Feedback drives it: a pool, `secure` from SMTP_TLS, `tls.ciphers` from SMTP_CIPHER_SPEC, `auth` only with both
user and password; in rows that begin with `Ghost`, as Ghost does: without a pool, with the options as they are, each
text read as JSON where it is that. `verdict` is what `smtpwizard send` says of the same server. Ok, error code, reply
code and command of both calls are the same in all {count} rows ({behaviours} behaviours), for `check` and for `send`;
otherwise the suite fails.

`hangs`: the call does not return. `crashes`: the process ends with an uncaught TypeError. The client's limits (2 min to
connect, 30 s for the greeting, 10 min without a word) are shortened for the suite through its own options.
"""

_RACES: Final = ("reset", "421 and close")


def document(rows: Sequence[Row], *, version: str, newest: str) -> str:
    """Return the whole document."""
    names = {row.behaviour for row in rows}
    head = _HEAD.format(version=version, count=len(rows), behaviours=len(names))
    return "\n".join([head, *_table(rows), "", *_newest(rows, version, newest)]) + "\n"


def is_as_documented(text: str, rows: Sequence[Row], *, version: str, newest: str) -> bool:
    """Say whether the document has these rows, all of them and no other, whatever it says of the newest nodemailer."""
    made = document(rows, version=version, newest=newest)
    return text.partition("\n## ")[0] == made.partition("\n## ")[0] and f"## Where nodemailer {newest} does" in text


def lines(row: Row) -> Iterator[str]:
    """Yield every line of the document that a row makes."""
    yield from _cells(row.behaviour, row.settings, row.verify, row.send, row.sent.app.verdict.value)
    if _differs(row):
        yield from _cells(row.behaviour, row.settings, row.verify, row.newest_verify, row.send, row.newest_send)


def _differs(row: Row) -> bool:
    newest = (row.newest_verify, row.newest_send)
    return None not in newest and not row.behaviour.endswith(_RACES) and newest != (row.verify, row.send)


def _cells(*cells: object) -> Iterator[str]:
    yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _table(rows: Iterable[Row]) -> Iterator[str]:
    yield "| behaviour | settings | verify() | sendMail() | verdict |"
    yield "|---|---|---|---|---|"
    for row in rows:
        yield next(lines(row))


def _newest(rows: Sequence[Row], version: str, newest: str) -> Iterator[str]:
    differing = [row for row in rows if _differs(row)]
    yield f"## Where nodemailer {newest} does something else"
    yield ""
    if not differing:
        yield f"Nowhere: in all rows its outcome is that of {version}."
        return
    yield f"In {len(differing)} of {len(rows)} rows. The app uses {version}; this is what an update would change."
    yield "Not compared: a reset, or a 421 and then a close, of which the newest sees now one first, now the other."
    yield ""
    yield f"| behaviour | settings | verify() {version} | {newest} | sendMail() {version} | {newest} |"
    yield "|---|---|---|---|---|---|"
    for row in differing:
        yield from list(lines(row))[1:]
