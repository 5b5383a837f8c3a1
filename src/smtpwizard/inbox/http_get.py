"""One GET to a catcher: bounded in time and size, never redirected. Blocking: run in a thread, see threads.py."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from smtpwizard.errors import NetworkError
from smtpwizard.inbox.address import Address
from smtpwizard.inbox.dialling import TITLE, dial, secure, trust
from smtpwizard.inbox.model import InboxRefused
from smtpwizard.inbox.threads import Cord, left
from smtpwizard.secret import Secret
from smtpwizard.text import safe

JSON_LIMIT: Final = 5_000_000
"""Octets of an answer: 50 mails of the app with all their parts are 1 MB."""

SOURCE_LIMIT: Final = 262_144
"""Octets that are read of a mail: the app's own are some 10 kB."""

_CHUNK: Final = 65_536


class Answer(NamedTuple):
    """What came back."""

    status: int
    kind: str
    """The media type, without parameters, in lower case."""
    location: str
    body: bytes
    whole: bool
    """False where more than the limit would have come."""


class Page(NamedTuple):
    """A catcher's page, and what it takes to ask it."""

    address: Address
    password: Secret
    authorities: tuple[str, ...] = ()
    """PEM texts that are trusted besides Mozilla's roots."""


def get(page: Page, path: str, *, limit: int, deadline: float, cord: Cord) -> Answer:
    """Return the answer to `GET base + path`, at most `limit` octets of its body.

    OSError, UnicodeError and http.client.HTTPException where there is none. A redirect is an answer like any other:
    where it leads is not asked.
    """
    import http.client

    address = page.address
    connection = http.client.HTTPConnection(address.host, address.port)
    made = dial(address.host, address.port, deadline=deadline, cord=cord)
    try:
        if address.scheme == "https":
            made = secure(made, address.host, trust(page.authorities), deadline=deadline, cord=cord)
        made.settimeout(left(deadline))
        connection.sock = made
        connection.request("GET", address.path + path, headers=_headers(page))
        with connection.getresponse() as response:
            body = bytearray()
            while len(body) <= limit:
                made.settimeout(left(deadline))
                chunk = response.read1(min(_CHUNK, limit + 1 - len(body)))
                if not chunk:
                    break
                body += chunk
            kind = response.headers.get_content_type()
            location = response.headers.get("Location", "")
            return Answer(response.status, kind, location, bytes(body[:limit]), len(body) <= limit)
    finally:
        connection.close()
        made.close()


def _headers(page: Page) -> dict[str, str]:
    headers = {"Accept": "*/*", "Connection": "close", "User-Agent": "smtpwizard"}
    if page.address.user:
        from base64 import b64encode

        login = f"{page.address.user}:{page.password.reveal()}".encode("utf-8", "surrogateescape")
        headers["Authorization"] = f"Basic {b64encode(login).decode('ascii')}"  # RFC 7617
    return headers


def decoded(answer: Answer) -> Any:
    """Return the JSON of an answer, or None where it is none. Never raises."""
    if answer.status != 200 or not answer.whole:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, digits without end, brackets without end
        return None


def listing(answer: Answer, url: str) -> Any:
    """Return the JSON of an answer. NetworkError, with cause and action, where it is none."""
    value = decoded(answer)
    if value is None:
        raise problem(answer, url)
    return value


def problem(answer: Answer, url: str) -> NetworkError:
    """Return what to tell of an answer that is not what was asked for."""
    if answer.status in (401, 403):
        return InboxRefused(
            f"{url} refuses to be read ({answer.status}): it wants a user and password, or other ones. Put the user "
            "before the host in the URL, and give the password with --inbox-password-stdin or INBOX_PASSWORD.",
            TITLE,
        )
    if 300 <= answer.status < 400:
        where = f" to {safe(answer.location, limit=120)}" if answer.location and "@" not in answer.location else ""
        return InboxRefused(f"{url} redirects{where}. Give the address that it leads to, with its path.", TITLE)
    if answer.status >= 500:
        return NetworkError(f"{url} answers with an error of its own ({answer.status}). Look into its log.", TITLE)
    if answer.status == 429:
        return NetworkError(f"{url} asks for patience (429): it is asked too often. Try again later.", TITLE)
    if answer.status != 200:
        return InboxRefused(
            f"{url} has no page of a catcher there ({answer.status}). If it is below a path, put that into the URL.",
            TITLE,
        )
    if not answer.whole:
        return NetworkError(
            f"{url} answers with more than {JSON_LIMIT // 1_000_000} MB. Delete old mails on its page, and try again.",
            TITLE,
        )
    kind = "a web page" if answer.kind == "text/html" else "something else"
    return InboxRefused(f"{url} answers with {kind} instead of its list of mails. Correct host, port and path.", TITLE)
