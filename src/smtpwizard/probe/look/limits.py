"""How long and how much a second look may take. Numbers only."""

from __future__ import annotations

from typing import Final

TOTAL_SECONDS: Final = 10.0
"""The one deadline over everything."""
CONNECT_SECONDS: Final = 4.0
"""For a TCP connection: a SYN that was lost is sent again after 1 and 3 s (RFC 6298), so two repeats fit."""
ATTEMPT_SECONDS: Final = 0.25
"""From one address to the next without waiting for the first: RFC 8305's Connection Attempt Delay."""
SILENT_SECONDS: Final = 1.0
"""Silence after which a port is asked in the other mode, too: a TLS hello where a greeting was due, or the reverse."""
HELLO_SECONDS: Final = 1.0
"""For connecting, and again for the handshake, of a hello inside the faithful dialogue: with SILENT_SECONDS under 3 s,
where the app's client waits 30 s for the greeting."""
STAGE_SECONDS: Final = 8.0
"""For each step of the dialogue; servers that look up the client's name first take 5 s and more to greet."""
GRACE_SECONDS: Final = 0.4
"""What the other ports still get once the settings' own port has cleared the failure up."""

MOST_ADDRESSES: Final = 4
"""Addresses of a host that are tried for a port; large providers have dozens."""
MOST_PORTS: Final = 24
MOST_OCTETS: Final = 128 * 1024
"""Octets taken from one connection. A dialogue with its certificates has 20 KB; beyond this it is no mail server."""
MOST_MECHANISMS: Final = 16
MOST_NAMES: Final = 5
"""Names of a certificate that are looked up."""
