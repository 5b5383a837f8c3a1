"""A name server on the loopback, UDP and TCP, that answers MX questions as told: a real server for real look-ups."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """Answers from what `mx()` and `fail()` were told; NXDOMAIN for everything else. `asked` keeps the questions."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self._answers: dict[str, dns.rrset.RRset | dns.rcode.Rcode | None] = {}
        self._udp, self._tcp = _pair(self.host)
        self.port: int = self._udp.getsockname()[1]
        self._stopping = False
        self.asked: list[str] = []
        self.was_asked = threading.Event()
        self._threads = [threading.Thread(target=self._serve_udp), threading.Thread(target=self._serve_tcp)]

    def mx(self, domain: str, *records: tuple[int, str]) -> None:
        """Let `domain` have these (preference, host) records; none: the domain exists without MX."""
        rows = [f"{preference} {host}" for preference, host in records]
        rrset = dns.rrset.from_text(f"{domain}.", 60, "IN", "MX", *rows) if rows else dns.rcode.NOERROR
        self._answers[f"{domain}."] = rrset

    def fail(self, domain: str, rcode: dns.rcode.Rcode | None) -> None:
        """Let questions about `domain` fail with `rcode`; None: stay silent."""
        self._answers[f"{domain}."] = rcode

    def __enter__(self) -> NameServer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            pass
        self._udp.sendto(b"", (self.host, self.port))
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while not self._stopping:
            wire, peer = self._udp.recvfrom(4096)
            reply = self._reply(wire) if wire else None
            if reply is not None:
                # 512 bytes is all that RFC 1035 lets into an answer without EDNS; the rest is asked again over TCP.
                packed = reply.to_wire()
                if len(packed) > 512:
                    reply.flags |= dns.flags.TC
                    reply.answer.clear()
                    packed = reply.to_wire()
                self._udp.sendto(packed, peer)

    def _serve_tcp(self) -> None:
        while not self._stopping:
            connection, _ = self._tcp.accept()
            with connection:
                connection.settimeout(5)
                head = connection.recv(2)
                if len(head) == 2:
                    reply = self._reply(connection.recv(struct.unpack("!H", head)[0]))
                    if reply is not None:
                        packed = reply.to_wire()
                        connection.sendall(struct.pack("!H", len(packed)) + packed)

    def _reply(self, wire: bytes) -> dns.message.Message | None:
        question = dns.message.from_wire(wire)
        name = question.question[0].name.to_text().lower()
        self.asked.append(name)
        self.was_asked.set()
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        answer = self._answers.get(name, dns.rcode.NXDOMAIN)
        if answer is None:
            return None
        if isinstance(answer, dns.rcode.Rcode):
            reply.set_rcode(answer)
        elif question.question[0].rdtype == dns.rdatatype.MX:
            reply.answer.append(answer)
        return reply


def _pair(host: str) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on one port: the kernel picks it for UDP, and TCP may have it in use already."""
    for _ in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((host, 0))
        try:
            return udp, socket.create_server((host, udp.getsockname()[1]))
        except OSError:
            udp.close()
    raise OSError("no port is free for both UDP and TCP")
