"""Stand-ins for catchers that are not run here: Mailpit, smtp4dev, MailHog, and MailDev 2, by their documented API.

They are not the real things. What they answer follows the sources that `smtpwizard.mailbox.catchers` names: the pages,
the names of the fields, the order, the limits, and which pages mark a mail as read. A page that the real one has not
is a 404 here.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

Query = dict[str, str]


@dataclass
class Kept:
    """A mail that the stand-in has caught."""

    raw: bytes
    id: str
    at: datetime
    read: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class StandIn:
    """An HTTP server that answers like the catcher `kind`. A context manager."""

    host: Final = "127.0.0.1"

    def __init__(self, kind: str, *, base: str = "") -> None:
        self._answer = _KINDS[kind]
        self._base = base
        self.kept: list[Kept] = []
        self.asked: list[str] = []
        """The pages that were asked for."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://{self.host}:{self.port}{self._base}"

    def catch(self, raw: bytes) -> Kept:
        """Take a mail as if it had come by SMTP."""
        parsed = BytesHeaderParser().parsebytes(raw)
        headers = {name.lower(): str(value) for name, value in parsed.items()}
        mail = Kept(raw, str(uuid.uuid4()), datetime.now(UTC), headers=headers)
        self.kept.append(mail)
        return mail

    def __enter__(self) -> Self:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand_in._serve(self)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer((self.host, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.asked.append(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = None
        if parts.path.startswith(self._base + "/"):
            found = self._answer(self.kept, unquote(parts.path[len(self._base) :]), query)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        handler.send_response(404 if found is None else 200)
        handler.send_header("Content-Type", "text/plain" if isinstance(found, bytes) else "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def _one(kept: list[Kept], id: str) -> Kept | None:  # noqa: A002
    return next((mail for mail in kept if mail.id == id), None)


def _page(kept: list[Kept], limit: str, most: int) -> list[Kept]:
    return list(reversed(kept))[: min(int(limit), most)]


def _mailpit(kept: list[Kept], path: str, query: Query) -> Any:
    if path == "/api/v1/messages":
        rows = [
            {"ID": mail.id, "MessageID": mail.headers.get("message-id", "").strip("<>"), "Read": mail.read,
             "Subject": mail.headers.get("subject", ""), "Created": mail.at.isoformat().replace("+00:00", "Z")}
            for mail in _page(kept, query.get("limit", "50"), 10_000)
        ]  # fmt: skip
        unread = sum(not mail.read for mail in kept)
        return {"total": len(kept), "unread": unread, "messages_count": len(kept), "start": 0, "messages": rows}
    if path.startswith("/api/v1/message/"):
        mail = _one(kept, path.split("/")[4])
        if mail is not None and path.endswith("/raw"):
            return mail.raw
        if mail is not None:
            mail.read = True
            return {"ID": mail.id, "MessageID": mail.headers.get("message-id", "").strip("<>")}
    return None


def _smtp4dev(kept: list[Kept], path: str, query: Query) -> Any:
    path = path.lower()
    if path == "/api/messages":
        size = int(query.get("pageSize", "5"))
        rows = [
            {"id": mail.id, "subject": mail.headers.get("subject", ""), "isUnread": not mail.read,
             "receivedDate": mail.at.isoformat(), "from": "", "to": [], "attachmentCount": 0}
            for mail in _page(kept, str(size), size)
        ]  # fmt: skip
        return {"results": rows, "currentPage": 1, "pageCount": 1, "pageSize": size, "rowCount": len(kept)}
    if path.startswith("/api/messages/") and path.endswith("/download"):
        mail = _one(kept, path.split("/")[3])
        return mail.raw if mail is not None else None
    return None


def _mailhog(kept: list[Kept], path: str, query: Query) -> Any:
    if path == "/api/v2/messages":
        rows = [
            {"ID": f"{mail.id}@mailhog.example", "Created": mail.at.isoformat(),
             "Content": {"Headers": {name: [value] for name, value in mail.headers.items()}},
             "Raw": {"From": "", "To": [], "Helo": "app", "Data": mail.raw.decode("utf-8", "replace")}}
            for mail in _page(kept, query.get("limit", "50"), 250)
        ]  # fmt: skip
        return {"total": len(kept), "count": len(rows), "start": 0, "items": rows}
    return None


def _maildev2(kept: list[Kept], path: str, query: Query) -> Any:
    if path == "/config":
        return {"version": "2.2.1", "smtpPort": 1025, "isOutgoingEnabled": False, "outgoingHost": None}
    if path == "/email":
        return [
            {"id": mail.id, "time": mail.at.isoformat().replace("+00:00", "Z"), "headers": mail.headers,
             "subject": mail.headers.get("subject", ""), "read": mail.read}
            for mail in kept
            if all(mail.headers.get(name.removeprefix("headers.")) == value for name, value in query.items())
        ]  # fmt: skip
    if path.startswith("/email/") and path.endswith("/source"):
        mail = _one(kept, path.split("/")[2])
        return mail.raw if mail is not None else None
    return None


_KINDS: Final[dict[str, Callable[[list[Kept], str, Query], Any]]] = {
    "mailpit": _mailpit,
    "smtp4dev": _smtp4dev,
    "mailhog": _mailhog,
    "maildev2": _maildev2,
}
