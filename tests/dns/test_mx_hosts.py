"""MX hosts over real DNS packets from a name server on the loopback, and nothing at all where DNS fails."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import dns.rcode
import pytest

from smtpwizard.dns.domain import mx_hosts
from support.name_server import NameServer


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


async def ask(server: NameServer, domain: str, timeout: float = 3.0) -> tuple[str, ...]:
    return await mx_hosts(domain, timeout=timeout, nameservers=[server.host], port=server.port)


async def test_hosts_come_in_the_order_of_preference_without_the_final_dot(server: NameServer) -> None:
    server.mx("acme.example", (20, "Backup.Acme.Example."), (5, "mx1.acme.example."), (10, "mx2.acme.example."))
    assert await ask(server, "acme.example") == ("mx1.acme.example", "mx2.acme.example", "backup.acme.example")


async def test_the_domain_is_asked_for_as_it_is_and_alone(server: NameServer) -> None:
    server.mx("acme.example", (5, "mx.acme.example."))
    assert await ask(server, " ACME.example. ") == ("mx.acme.example",)
    assert set(server.asked) == {"acme.example."}, "no search list of the machine is tried"


async def test_a_domain_in_other_letters_is_asked_in_its_ascii_form(server: NameServer) -> None:
    server.mx("xn--bcher-kva.example", (5, "mx.acme.example."))
    assert await ask(server, "bücher.example") == ("mx.acme.example",)


async def test_more_than_fits_a_datagram_comes_over_tcp(server: NameServer) -> None:
    server.mx("acme.example", *((number, f"mx{number:02}.{'x' * 40}.acme.example.") for number in range(1, 16)))
    hosts = await ask(server, "acme.example")
    assert len(hosts) == 15
    assert hosts[0].startswith("mx01.")


async def test_a_null_mx_is_no_host(server: NameServer) -> None:
    server.mx("acme.example", (0, "."))
    assert await ask(server, "acme.example") == ()


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOERROR])
async def test_a_failed_question_is_no_host(server: NameServer, rcode: dns.rcode.Rcode) -> None:
    server.fail("acme.example", rcode)
    assert await ask(server, "acme.example") == ()
    assert server.asked


async def test_a_silent_server_costs_no_more_than_the_deadline(server: NameServer) -> None:
    server.fail("acme.example", None)
    start = time.monotonic()
    assert await ask(server, "acme.example", timeout=0.4) == ()
    assert 0.3 < time.monotonic() - start < 10


async def test_a_name_server_that_is_not_there_is_no_host() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await mx_hosts("acme.example", timeout=0.5, nameservers=["127.0.0.1"], port=port) == ()


@pytest.mark.parametrize(
    "domain", ["", ".", " ", "a..b", "x" * 70, ".".join(["x" * 60] * 6), "\x00", "a\ud800b", "☂" * 80]
)
async def test_what_is_no_domain_asks_nobody(server: NameServer, domain: str) -> None:
    assert await ask(server, domain, timeout=1.0) == ()


async def test_hosts_that_are_no_host_names_are_dropped(server: NameServer) -> None:
    server.mx("acme.example", (1, r"evil\027[31m.example."), (2, r"two\032words.example."), (3, "mx.acme.example."))
    assert await ask(server, "acme.example") == ("mx.acme.example",)


async def test_an_answer_of_hundreds_is_cut(server: NameServer) -> None:
    server.mx("acme.example", *((number, f"mx{number}.acme.example.") for number in range(1, 200)))
    assert len(await ask(server, "acme.example")) == 20


async def test_cancelling_returns_at_once_and_the_late_answer_hurts_nobody(server: NameServer) -> None:
    server.fail("acme.example", None)
    task = asyncio.ensure_future(ask(server, "acme.example", timeout=1.0))
    assert await asyncio.to_thread(server.was_asked.wait, 5)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 0.8
    waiting = next(thread for thread in threading.enumerate() if thread.name == "mx look-up")
    assert waiting.daemon
    await asyncio.to_thread(waiting.join, 5)


def test_the_program_ends_while_a_look_up_still_waits(server: NameServer) -> None:
    server.fail("acme.example", None)
    code = (
        "import asyncio, sys\n"
        "from smtpwizard.dns.domain import mx_hosts\n"
        "async def main():\n"
        f"    look_up = mx_hosts('acme.example', timeout=30, nameservers=['127.0.0.1'], port={server.port})\n"
        "    task = asyncio.ensure_future(look_up)\n"
        "    await asyncio.sleep(0)\n"
        "    sys.stdin.readline()\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
    )
    child = subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdin=subprocess.PIPE, text=True)
    assert server.was_asked.wait(20)
    start = time.monotonic()
    child.communicate("go on\n", timeout=20)
    assert child.returncode == 0
    assert time.monotonic() - start < 15
