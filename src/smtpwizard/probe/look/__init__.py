"""The second look: what a server says to other questions than the app's, asked after a first try that failed.

Never sends credentials, never names a sender, opens no more than a handful of connections a port, and is over after
10 s. It says what was seen, and proposes only what was seen to answer. The app's verdict is not its business.

What is exported here costs nothing to import. `second.second_look` and `scan.scan_ports` need asyncio, 35 ms, since
they ask many ports at once: import them where they are called.
"""

from __future__ import annotations

from smtpwizard.probe.look.applying import applies
from smtpwizard.probe.look.facts import PortFacts, Proposal, SecondLook
from smtpwizard.probe.look.hello import hello
from smtpwizard.probe.look.ports import expected_modes, ports_to_ask

__all__ = ["PortFacts", "Proposal", "SecondLook", "applies", "expected_modes", "hello", "ports_to_ask"]
