"""A name server on the loopback, UDP and TCP, that answers as told: a real server for real look-ups."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

_MOST_ALIASES = 12


class NameServer:
    """Answers from what it was told; NXDOMAIN for everything else. `asked` keeps the names, `questions` the types too.

    It answers as a recursive server does: aliases are followed, and the records they lead to come along. Records have
    a TTL of 0 unless told otherwise, so that no cache carries them from one test to the next.
    """

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self._records: dict[tuple[str, str], dns.rrset.RRset] = {}
        self._names: set[str] = {"."}
        self._rules: dict[tuple[str, str], dns.rcode.Rcode | None] = {}
        self._zones: dict[str, dns.rrset.RRset] = {}
        self._garbage: set[str] = set()
        self.truncates_everything = False
        self._udp, self._tcp = _pair(self.host)
        self.port: int = self._udp.getsockname()[1]
        self._stopping = False
        self.asked: list[str] = []
        self.questions: list[tuple[str, str]] = []
        self.over_tcp: list[str] = []
        self.was_asked = threading.Event()
        self._threads = [threading.Thread(target=self._serve_udp), threading.Thread(target=self._serve_tcp)]

    @property
    def address(self) -> str:
        """`127.0.0.1:53530`, for a flag."""
        return f"{self.host}:{self.port}"

    def put(self, name: str, kind: str, *values: str, ttl: int = 0) -> None:
        """Let `name` have these records of the type `kind`, each as in a zone file; none: it merely exists."""
        owner = _absolute(name)
        if values:
            self._records[owner, kind] = dns.rrset.from_text(owner, ttl, "IN", kind, *values)
        self._exists(owner)

    def txt(self, name: str, *texts: str, ttl: int = 0) -> None:
        """Let `name` have these TXT records, each split into strings of 255 octets."""
        self.put(name, "TXT", *(_strings(text) for text in texts), ttl=ttl)

    def cname(self, name: str, target: str, ttl: int = 0) -> None:
        """Let `name` be an alias of `target`."""
        self.put(name, "CNAME", _absolute(target), ttl=ttl)

    def mx(self, domain: str, *records: tuple[int, str]) -> None:
        """Let `domain` have these (preference, host) records; none: the domain exists without MX."""
        self.put(domain, "MX", *(f"{preference} {host}" for preference, host in records))

    def soa(self, zone: str, ttl: int = 0) -> None:
        """Name `zone` in negative answers about what is below it (RFC 2308)."""
        owner = _absolute(zone)
        data = f"ns.{owner} hostmaster.{owner} 1 7200 3600 1209600 {ttl}".replace("..", ".")
        self._zones[owner] = dns.rrset.from_text(owner, ttl, "IN", "SOA", data)

    def fail(self, domain: str, rcode: dns.rcode.Rcode | None, kind: str = "") -> None:
        """Let questions about `domain` (of the type `kind`, if given) fail with `rcode`; None: stay silent."""
        self._rules[_absolute(domain), kind] = rcode

    def garble(self, domain: str) -> None:
        """Let questions about `domain` be answered with octets that are no DNS message."""
        self._garbage.add(_absolute(domain))

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

    def _exists(self, owner: str) -> None:
        """A name exists with all names above it, which are empty non-terminals at least (RFC 8020)."""
        labels = owner.split(".")
        self._names.update(".".join(labels[start:]) for start in range(len(labels) - 1))

    def _serve_udp(self) -> None:
        while not self._stopping:
            wire, peer = self._udp.recvfrom(4096)
            packed = self._reply(wire, tcp=False) if wire else None
            if packed is not None:
                with contextlib.suppress(OSError):
                    self._udp.sendto(packed, peer)

    def _serve_tcp(self) -> None:
        while not self._stopping:
            connection, _ = self._tcp.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                head = connection.recv(2)
                if len(head) == 2:
                    packed = self._reply(connection.recv(struct.unpack("!H", head)[0]), tcp=True)
                    if packed is not None:
                        connection.sendall(struct.pack("!H", len(packed)) + packed)

    def _reply(self, wire: bytes, *, tcp: bool) -> bytes | None:
        try:
            question = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        name = question.question[0].name.to_text().lower()
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append(name)
        self.questions.append((name, kind))
        if tcp:
            self.over_tcp.append(name)
        self.was_asked.set()
        if name in self._garbage:
            return wire[:2] + b"\x84\x00no DNS message"
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        if (name, kind) in self._rules or (name, "") in self._rules:
            rcode = self._rules[(name, kind) if (name, kind) in self._rules else (name, "")]
            if rcode is None:
                return None
            reply.set_rcode(rcode)
        else:
            self._fill(reply, name, kind)
        packed = reply.to_wire(max_size=65535)
        # 512 bytes is all that RFC 1035 lets into an answer without EDNS; the rest is asked again over TCP.
        if not tcp and (len(packed) > 512 or self.truncates_everything):
            reply.flags |= dns.flags.TC
            reply.answer.clear()
            packed = reply.to_wire()
        return packed

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(_MOST_ALIASES):
            alias = self._records.get((name, "CNAME"))
            if alias is None or kind == "CNAME":
                break
            reply.answer.append(alias)
            name = next(iter(alias)).target.to_text().lower()
        found = self._records.get((name, kind))
        if found is not None:
            reply.answer.append(found)
            return
        if name not in self._names:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        zones = [zone for zone in self._zones if zone == "." or name == zone or name.endswith(f".{zone}")]
        if zones:
            reply.authority.append(self._zones[max(zones, key=len)])


def _absolute(name: str) -> str:
    return name.lower().rstrip(".") + "."


def _strings(text: str) -> str:
    raw = text.encode("latin-1")
    pieces = [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
    return " ".join('"' + "".join(_escaped(octet) for octet in piece) + '"' for piece in pieces)


def _escaped(octet: int) -> str:
    return chr(octet) if 32 <= octet < 127 and octet not in b'"\\' else f"\\{octet:03d}"


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
