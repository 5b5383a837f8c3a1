"""Roots are read ahead where TLS is likely, given away once, and read again where that went wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from smtpwizard.clients.nodemailer import tls
from smtpwizard.errors import MachineError

pytestmark = pytest.mark.usefixtures("all_roots")


@pytest.fixture(autouse=True)
def nothing_begun() -> Iterator[None]:
    tls.take()
    yield
    tls.take()


def begin() -> None:
    tls.begin("mail.example.com", implicit=False, authorities=False)


def read_ahead() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "smtpwizard-roots"]


def test_what_was_begun_is_given_away_once() -> None:
    begin()
    first, second = tls.take(), tls.take()
    assert first is not second
    assert first.cert_store_stats() == second.cert_store_stats()
    assert first.cert_store_stats()["x509_ca"] > 100


def test_to_begin_again_changes_nothing() -> None:
    begin()
    begin()
    assert len(read_ahead()) <= 1


def test_two_takers_never_get_the_same_context() -> None:
    begin()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: tls.take(), range(8)))
    assert len({id(item) for item in made}) == 8


def test_a_failure_is_told_to_who_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "path", lambda: "/nowhere/cacert.pem")
    begin()
    with pytest.raises(MachineError):
        tls.context("", ())


def test_a_context_that_was_read_ahead_is_set_up_like_any_other() -> None:
    begin()
    ahead, after = tls.context("TLSv1.2", ()), tls.context("TLSv1.2", ())
    for made in (ahead, after):
        assert not made.check_hostname
        assert made.verify_mode.name == "CERT_REQUIRED"
        assert made.minimum_version.name == "TLSv1_2"
    assert ahead.get_ciphers() == after.get_ciphers()
    assert ahead.verify_flags == after.verify_flags


@pytest.mark.parametrize(
    ("host", "implicit", "authorities", "likely"),
    [
        ("smtp.example.com", False, False, True),
        ("mailpit", False, False, True),
        ("localhost", False, False, False),
        ("127.0.0.1", False, False, False),
        ("127.0.0.1", True, False, True),
        ("127.0.0.1", False, True, True),
    ],
)
def test_roots_are_read_ahead_but_for_this_machine(host: str, implicit: bool, authorities: bool, likely: bool) -> None:
    tls.begin(host, implicit=implicit, authorities=authorities)
    assert (tls._reading is not None) is likely


def test_roots_that_nobody_took_do_not_keep_or_break_the_end_of_a_process() -> None:
    code = "from smtpwizard.clients.nodemailer import tls; tls.begin('a.example', implicit=True, authorities=False)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
