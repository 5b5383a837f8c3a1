"""However name servers behave, the check ends in time, asks a bounded number of questions and shows nothing raw."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time

import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import pytest

from smtpwizard.dns.check import check_sender, check_sender_blocking
from smtpwizard.dns.dnspython import LONGEST_SECONDS, AnswerCache
from smtpwizard.dns.resolver import Dns, prepare
from smtpwizard.dns.sender import SenderReport, State, name_servers
from smtpwizard.smtp.results import Status
from support.name_server import NameServer
from support.sender_checks import check, company, one

IDS = ("domain", "mx", "spf", "dkim", "dmarc")


@pytest.fixture
def short_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question waits for a tenth of what it may."""
    monkeypatch.setattr("smtpwizard.dns.resolver.ONE_QUESTION", 0.4)
    monkeypatch.setattr("smtpwizard.dns.resolver.ONE_TRY", 0.15)


def unanswered(report: SenderReport) -> bool:
    return (
        not report.answered
        and not report.trusted
        and tuple(item.id for item in report.checks) == IDS
        and {item.status for item in report.checks} == {Status.SKIPPED}
        and "--nameserver" in report.checks[0].remedy
    )


@pytest.mark.usefixtures("short_questions")
async def test_a_name_server_that_is_not_there_is_told_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert unanswered(await check_sender("app@acme.com", timeout=3.0, nameservers=["127.0.0.1"], port=port))


async def test_a_silent_name_server_costs_no_more_than_the_deadline(server: NameServer) -> None:
    server.fail("acme.com", None)
    server.fail(".", None)
    start = time.monotonic()
    report = await check(server, "app@acme.com", timeout=1.0)
    assert unanswered(report)
    assert time.monotonic() - start < 10


@pytest.mark.usefixtures("short_questions")
async def test_a_silent_domain_is_not_the_same_as_no_network(server: NameServer) -> None:
    server.fail("acme.com", None)
    report = await check(server, "app@acme.com", timeout=10.0)
    assert report.answered
    assert report.checks[0].detail == ("No name server answered in time.",)
    assert {item.status for item in report.checks} == {Status.SKIPPED}


@pytest.mark.usefixtures("short_questions")
async def test_one_silent_name_skips_its_check_alone(server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all")
    server.fail("_dmarc.acme.com", None)
    report = await check(server, "app@acme.com", timeout=8.0)
    assert {item.id: item.status for item in report.checks}["dmarc"] is Status.SKIPPED
    assert {item.id: item.status for item in report.checks}["spf"] is Status.PASSED


async def test_no_time_at_all_is_no_answer(server: NameServer) -> None:
    company(server)
    assert unanswered(await check(server, "app@acme.com", timeout=0.0))


async def test_no_more_questions_are_asked_than_a_run_may_ask(server: NameServer) -> None:
    company(server)
    servers = name_servers([server.address])
    loop = asyncio.get_running_loop()
    tools = await prepare("acme.com", servers, loop.time() + 10)
    assert tools is not None
    asking = Dns(tools.resolver, loop.time() + 10, most=3)
    answers = await asyncio.gather(*(asking.ask(f"n{number}.acme.com", "A") for number in range(6)))
    again = await asking.ask("n0.acme.com.", "A")
    assert [answer.state for answer in answers] == [State.NO_NAME] * 3 + [State.NOT_ASKED] * 3
    assert (again, len(server.questions)) == (answers[0], 3)


async def test_everything_comes_over_tcp_too(server: NameServer) -> None:
    server.truncates_everything = True
    company(server, spf="v=spf1 mx -all", dmarc="v=DMARC1; p=none")
    assert (await check(server, "app@acme.com")).trusted
    assert set(server.over_tcp) == set(server.asked)


@pytest.mark.usefixtures("short_questions")
async def test_octets_that_are_no_dns_message_are_a_broken_answer(server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all")
    server.garble("_dmarc.acme.com")
    found = await one(server, "dmarc")
    assert found.status is Status.SKIPPED


async def test_aliases_without_an_end_are_no_answer(server: NameServer) -> None:
    company(server)
    for number in range(20):
        server.cname(f"c{number}.acme.com", f"c{(number + 1) % 20}.acme.com")
    server.cname("_dmarc.acme.com", "c0.acme.com")
    found = await one(server, "dmarc")
    assert found.status in (Status.WARNED, Status.SKIPPED)


async def test_a_text_of_ten_kilobytes_is_read_in_part_and_shown_in_part(server: NameServer) -> None:
    company(server, spf="v=spf1 " + "ip4:192.0.2.1 " * 900 + "-all", dmarc="v=DMARC1; p=none; " + "x" * 10_000)
    report = await check(server, "app@acme.com", "fastmail")
    for item in report.checks:
        assert all(len(line) < 1100 for line in (item.summary, item.remedy, *item.detail))
        assert item.record is None or len(item.record.value) < 1100


async def test_a_hundred_records_are_looked_at_in_part(server: NameServer) -> None:
    company(server)
    server.txt("acme.com", *(f"v=spf1 ip4:192.0.2.{number} -all" for number in range(100)))
    found = await one(server, "spf")
    assert found.status is Status.FAILED
    assert len(found.detail) < 10


async def test_control_characters_and_markup_come_out_harmless(server: NameServer) -> None:
    company(server, spf="v=spf1 \x1b[31minclude:a.com\x07 -all", dmarc="v=DMARC1; p=\x1b]0;x\x07; [bold]")
    server.put("acme.com", "MX", r"10 ev\027[31mil.acme.com.")
    report = await check(server, "app@acme.com", "fastmail")
    for item in report.checks:
        for text in (item.summary, item.remedy, *item.detail, *(item.record or ())):
            assert text.isprintable(), repr(text)


async def test_cancelling_returns_at_once(server: NameServer) -> None:
    server.fail("acme.com", None)
    task = asyncio.ensure_future(check(server, "app@acme.com", timeout=60.0))
    assert await asyncio.to_thread(server.was_asked.wait, 10)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 30


def test_the_program_ends_while_a_check_still_waits(server: NameServer) -> None:
    server.fail("acme.com", None)
    code = (
        "import asyncio, sys\n"
        "from smtpwizard.dns.check import check_sender\n"
        "async def main():\n"
        f"    check = check_sender('acme.com', timeout=60, nameservers=['127.0.0.1:{server.port}'])\n"
        "    task = asyncio.ensure_future(check)\n"
        "    await asyncio.to_thread(sys.stdin.readline)\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.was_asked.wait(20)
    _, errors = child.communicate("go on\n", timeout=20)
    assert (child.returncode, errors) == (0, "")


def test_the_blocking_form_says_the_same(server: NameServer) -> None:
    company(server, spf="v=spf1 mx -all", dmarc="v=DMARC1; p=none")
    assert check_sender_blocking("app@acme.com", nameservers=[server.address]).trusted


def test_importing_the_room_loads_no_dns_library() -> None:
    code = "import sys, smtpwizard.dns.check; print([m for m in sys.modules if m.split('.')[0] == 'dns'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_asking_twice_costs_nothing_while_the_records_are_fresh(server: NameServer) -> None:
    server.soa("net", ttl=300)
    server.mx("fresh.net", (10, "mx.fresh.net."))
    server.put("fresh.net", "MX", "10 mx.fresh.net.", ttl=300)
    server.txt("fresh.net", "v=spf1 mx -all", ttl=300)
    for name in ("fresh.net", "mx.fresh.net"):
        server.put(name, "A", "93.184.216.34", ttl=300)
    first = await check(server, "app@fresh.net")
    asked = len(server.questions)
    assert await check(server, "app@fresh.net") == first
    assert len(server.questions) == asked


async def test_a_failure_and_a_ttl_of_zero_are_asked_again(server: NameServer) -> None:
    company(server)
    server.fail("acme.com", dns.rcode.SERVFAIL, "TXT")
    await check(server, "app@acme.com")
    asked = len(server.questions)
    await check(server, "app@acme.com")
    assert len(server.questions) == 2 * asked


def heard(name: str, *records: str, section: str = "ANSWER") -> dns.resolver.Answer:
    text = "\n".join(["id 1", "opcode QUERY", "rcode NOERROR", "flags QR", ";QUESTION", f"{name}. IN A"])
    message = dns.message.from_text("\n".join([text, f";{section}", *records]))
    return dns.resolver.Answer(message.question[0].name, dns.rdatatype.A, dns.rdataclass.IN, message)


def test_the_cache_forgets_by_age_and_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    cache = AnswerCache(3)
    answers = [heard(name, f"{name}. 10000 IN A 192.0.2.1") for name in "abcd"]
    keys = [(answer.qname, answer.rdtype, answer.rdclass) for answer in answers]
    for key, answer in zip(keys, answers, strict=True):
        cache.put(key, answer)
    assert cache.get(keys[0]) is None
    assert cache.get(keys[3]) is answers[3]
    now[0] += LONGEST_SECONDS
    assert cache.get(keys[3]) is None, "however long its TTL"
    soa = "a. 30 IN SOA ns.a. ops.a. 1 60 60 60 30"
    for answer, is_kept in (
        (heard("a", "a. 0 IN A 192.0.2.1"), False),
        (heard("a"), False),
        (heard("a", soa, section="AUTHORITY"), True),
    ):
        cache.put(keys[0], answer)
        assert (cache.get(keys[0]) is answer) is is_kept
