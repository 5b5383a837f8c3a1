"""A stand-in for the docker daemon: enough of its HTTP interface, on a Unix socket, for the real docker compose.

It is not docker: it has one container, whose log is laid down by the test, and what is executed in it runs on this
machine with the variables given. So the real program's flags, streams, stamps and exit statuses are met. The interface:
docs.docker.com/reference/api/engine (containers/json, logs, exec, and their multiplexed streams).
"""

from __future__ import annotations

import json
import os
import re
import socket
import socketserver
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

_ID: Final = "3f2a9c" + "0" * 58
_OUT, _ERR = 1, 2


class Daemon:
    """What the daemon has: one container of one service."""

    def __init__(self, project: str, service: str) -> None:
        self.exists = True
        self.running = True
        self.log: Sequence[tuple[int, str]] = ()
        """Stream (1 stdout, 2 stderr) and line."""
        self.variables: Mapping[str, str] = {}
        self.asked: list[str] = []
        self.stopping = threading.Event()
        self.exit_code = 0
        self.words: list[str] = []
        self.labels = {
            "com.docker.compose.project": project,
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": "1",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.config-hash": "0",
        }

    def listed(self, query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Return the container if the query's filters and `all` allow it."""
        wanted = json.loads(query.get("filters", ["{}"])[0]).get("label", {})
        labels = {pair.partition("=")[0]: pair.partition("=")[2] for pair in wanted}
        fits = all(not value or self.labels.get(name) == value for name, value in labels.items())
        if not (self.exists and fits and (self.running or query.get("all", ["0"])[0] in ("1", "true"))):
            return []
        state = "running" if self.running else "exited"
        return [
            {"Id": _ID, "Names": ["/p-api-1"], "Image": "i", "State": state, "Status": state, "Labels": self.labels}
        ]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    connection: socket.socket

    def handle(self) -> None:
        while (request := self.rfile.readline()).strip():
            method, target, _ = request.decode().split(" ")
            length = 0
            while (header := self.rfile.readline()).strip():
                name, _, value = header.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            body = self.rfile.read(length)
            parts = urlsplit(target)
            path = re.sub(r"^/v[\d.]+", "", unquote(parts.path))
            self.server.daemon.asked.append(f"{method} {path}")
            if not self._answer(method, path, parse_qs(parts.query), body):
                return

    def _answer(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> bool:
        daemon = self.server.daemon
        if path == "/_ping":
            return self._reply(b"OK" if method == "GET" else b"", "text/plain")
        if path == "/containers/json":
            return self._json(daemon.listed(query))
        if path.endswith("/logs"):
            return self._log(query)
        if path == "/events":
            self._head("application/json")
            daemon.stopping.wait(30)
            return False
        if path.startswith("/containers/") and path.endswith("/exec"):
            daemon.words = json.loads(body)["Cmd"]
            return self._json({"Id": "e1"}, 201)
        if path == "/exec/e1/start":
            return self._execute()
        if path == "/exec/e1/json":
            return self._json({"ID": "e1", "Running": False, "ExitCode": daemon.exit_code, "Pid": 1})
        if path.startswith("/containers/"):
            state = {"Running": daemon.running, "Status": "running" if daemon.running else "exited"}
            config = {"Tty": False, "Labels": daemon.labels}
            return self._json({"Id": _ID, "Name": "/p-api-1", "Config": config, "State": state, "HostConfig": {}})
        return self._json({"message": f"page not found: {path}"}, 404)

    def _json(self, value: object, status: int = 200) -> bool:
        return self._reply(json.dumps(value).encode(), "application/json", status)

    def _reply(self, body: bytes, kind: str, status: int = 200) -> bool:
        head = (
            f"HTTP/1.1 {status} X\r\nApi-Version: 1.47\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.wfile.write(head.encode() + body)
        return True

    def _head(self, kind: str) -> None:
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())

    def _frame(self, stream: int, data: bytes) -> None:
        self.wfile.write(struct.pack(">BxxxL", stream, len(data)) + data)

    def _log(self, query: Mapping[str, list[str]]) -> bool:
        self._head("application/vnd.docker.multiplexed-stream")
        stamps = query.get("timestamps", ["0"])[0] in ("1", "true")
        for number, (stream, line) in enumerate(self.server.daemon.log):
            stamp = f"2026-11-25T17:49:{number % 60:02}.123456789Z " if stamps else ""
            self._frame(stream, f"{stamp}{line}\n".encode())
        if query.get("follow", ["0"])[0] in ("1", "true"):
            self.server.daemon.stopping.wait(30)
        return False

    def _execute(self) -> bool:
        daemon = self.server.daemon
        self.wfile.write(
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        given = b"" if daemon.words[-1] == "--version" else self.rfile.read()  # until compose closes its side
        try:
            done = subprocess.run(
                daemon.words, input=given, capture_output=True, cwd="/", env=dict(daemon.variables), timeout=60
            )
        except FileNotFoundError:
            name = daemon.words[0]
            said = (
                f'OCI runtime exec failed: exec failed: exec: "{name}": executable file not found in $PATH: unknown\r\n'
            )
            self._frame(_OUT, said.encode())
            daemon.exit_code = 127
            return False
        daemon.exit_code = done.returncode
        self._frame(_OUT, done.stdout)
        self._frame(_ERR, done.stderr)
        return False


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, daemon: Daemon) -> None:
        self.daemon = daemon
        super().__init__(path, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no failure."""


@contextmanager
def daemon(path: Path, *, project: str, service: str = "api") -> Iterator[Daemon]:
    """Run a stand-in daemon on the socket `path`."""
    made = Daemon(project, service)
    made.variables = {"PATH": os.environ["PATH"]}
    with _Server(str(path), made) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.stopping.set()
            server.shutdown()
            thread.join()
