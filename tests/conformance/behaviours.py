"""Every behaviour that is played: the list of the suite, by stage."""

from __future__ import annotations

from conformance import (
    envelope_behaviours,
    login_behaviours,
    opening_behaviours,
    option_behaviours,
    tls_behaviours,
)
from conformance.behaviour import Behaviour

ALL: tuple[Behaviour, ...] = (
    *opening_behaviours.ALL,
    *tls_behaviours.ALL,
    *login_behaviours.ALL,
    *envelope_behaviours.ALL,
    *option_behaviours.ALL,
)
