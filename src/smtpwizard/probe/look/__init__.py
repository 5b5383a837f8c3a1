"""The second look: what a server says to other questions than the app's, asked after a first try that failed.

Never sends credentials, never names a sender, opens no more than a handful of connections a port, and is over after
10 s. It says what was seen, and proposes only what was seen to answer. The app's verdict is not its business.

The names below are the room's interface; each is imported when it is first used: where the first try went well, only
`applies` is. `second.second_look` and `scan.scan_ports` need asyncio, 35 ms, since they ask many ports at once: import
them where they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.probe.look.applying import applies as applies
    from smtpwizard.probe.look.facts import PortFacts as PortFacts
    from smtpwizard.probe.look.facts import Proposal as Proposal
    from smtpwizard.probe.look.facts import SecondLook as SecondLook
    from smtpwizard.probe.look.ports import expected_modes as expected_modes
    from smtpwizard.probe.look.ports import ports_to_ask as ports_to_ask

_HOMES: Final = {
    "PortFacts": "facts",
    "Proposal": "facts",
    "SecondLook": "facts",
    "applies": "applying",
    "expected_modes": "ports",
    "ports_to_ask": "ports",
}

__getattr__ = lazy(__name__, _HOMES)
