"""The rules by theme. Each module has `check(case)`, which yields findings; the order here is the order on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.rules import cipher, credential, host, legacy, links, login, port, provider, sender, start, tls
from smtpwizard.findings import Finding

RULES: Final[tuple[Callable[[Case], Iterator[Finding]], ...]] = (
    provider.check,
    start.check,
    host.check,
    port.check,
    tls.check,
    cipher.check,
    login.check,
    credential.check,
    sender.check,
    links.check,
    legacy.check,
)
