"""A mail server as a company runs one, for the tests of a file: Postfix takes mail in, Dovecot keeps it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.company import JUNKED, PASSWORDS, VERDICTS
from support.dovecot import Dovecot
from support.postfix import Postfix


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(PASSWORDS) as server:
        yield server


@pytest.fixture(scope="module")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    with Postfix(dovecot, owned_senders=True, verdicts=VERDICTS, junked=[JUNKED]) as server:
        yield server
