"""smtplib and Django's mail backend: for every behaviour of a server, the verdict is the real client's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from conformance.clients.behaviours import Case, cases
from conformance.clients.suite import Comparison, Row, Usage, check_document, sample, without
from smtpwizard.apps.profile import Security

DRIVER = Path(__file__).with_name("driver_python.py")
MODES = (Security.IMPLICIT, Security.STARTTLS, Security.NONE)
COMMAND = (sys.executable, str(DRIVER))
NORMAL = without(r" \(_ssl\.c:\d+\)|_ssl\.c:\d+: ")
EITHER = ("reset before it",)

DJANGO = Usage(
    "django-smtp",
    f"Django {django.__version__} on smtplib of Python 3.11 and newer",
    COMMAND,
    "django",
    normal=NORMAL,
    either=EITHER,
)
SMTPLIB = Usage(
    "smtplib",
    "smtplib of Python 3.11 and newer, without a context",
    COMMAND,
    "smtplib",
    verify=False,
    normal=NORMAL,
    either=EITHER,
    apart={"DOT: half a 250, then closed": "the message is taken; then Superset fails at QUIT"},
)


APART = ("all is well", "connect", "STARTTLS", "implicit", "EHLO: 502", "DATA", "DOT", "senders", "SMTPUTF8", "login ")
"""How behaviours begin at which an app that calls smtplib itself may do otherwise than Django, which meets them all."""


def met(usage: Usage) -> list[Case]:
    """Return the cases of a usage."""
    found = cases(MODES, limited=usage is DJANGO)
    return [case for case in found if usage is DJANGO or case.behaviour.startswith(APART)]


@pytest.fixture(scope="module", params=[DJANGO, SMTPLIB], ids=lambda usage: usage.way)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Usage, list[Row]]]:
    usage = request.param
    with Comparison(usage, tmp_path_factory.mktemp(usage.way)) as comparison:
        yield usage, comparison.rows(sample(met(usage)))


def test_every_verdict_is_the_clients_own(played: tuple[Usage, list[Row]], capsys: pytest.CaptureFixture[str]) -> None:
    usage, rows = played
    differences = [list(row.differences(usage)) for row in rows]
    with capsys.disabled():
        print(f"\n{usage.model}: agreement {sum(not found for found in differences)}/{len(rows)}")
    assert not any(differences), "\n".join(line for found in differences for line in found)


def test_the_document_is_up_to_date(played: tuple[Usage, list[Row]]) -> None:
    check_document(*played)


def test_at_least_forty_behaviours_are_played_in_every_mode() -> None:
    for mode in MODES:
        assert len({case.behaviour for case in cases(MODES, limited=False) if case.mode is mode}) >= 40
