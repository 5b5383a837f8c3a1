"""What must be proved before an answer accuses somebody: the login, the sender, a recipient, an account, an address.

One loose word is no proof: `sender` stands in class names, in settings and in a client's own commands. An accusation
needs a reply whose code and stage allow it (RFC 5321 section 4.2, RFC 3463 section 3), or the wording of a vendor or
client, too long to be met by accident, or two signs that are independent of each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.schema import Phrase
from smtpwizard.records import NamedTuple


class Charge(NamedTuple):
    """What can be held against one party."""

    kinds: tuple[str, ...]
    """How the kinds of cause begin that blame it."""
    stages: frozenset[str]
    """Where a server judges it."""
    subjects: frozenset[int]
    """Second numbers of enhanced codes that can mean it; 0 says nothing."""


_ENVELOPE: Final = frozenset({"mail", "rcpt", "data", "after"})

CHARGES: Final = (
    Charge(("wrong-password", "app-password", "login-locked"), frozenset({"auth"}), frozenset({0, 7})),
    Charge(("sender-",), _ENVELOPE, frozenset({0, 1, 2, 5, 6, 7})),
    Charge(("recipient-", "mailbox-full"), _ENVELOPE - {"mail"}, frozenset({0, 1, 2, 4, 5, 6, 7})),
    Charge(("account-",), _ENVELOPE | {"auth"}, frozenset({0, 1, 2, 3, 7})),
    Charge(("client-ip-blocklisted", "relay-ip-blocked"), _ENVELOPE | {"greeting", "ehlo"}, frozenset({0, 1, 3, 7})),
)

OWN_WORDS: Final = 14
"""Octets of a phrase in a list of words that nobody writes by accident: `too many login`, five Chinese characters."""

CHOSEN_WORDS: Final = 10
"""Octets of such a phrase where it was chosen for one cause: `over quota`."""

_OF_THE_DIALOGUE: Final = frozenset({500, 502, 503})
"""Replies that are about commands and their order (RFC 5321 section 4.2.2): whom they blame, their words must say."""


def borne_out(
    kind: str,
    event: Event,
    phrases: Iterable[Phrase],
    text: str,
    *,
    chosen: bool = False,
    second: Callable[[], bool] = lambda: False,
) -> bool:
    """Say whether what is known of `event` allows to name a cause of `kind`; where that blames nobody, it always does.

    `phrases`: the words of the answer, of which some are in `text`; `chosen` for one cause, they outdo a code that
    speaks against it. `second` says whether a sign beside them holds.
    """
    charge = next((charge for charge in CHARGES if kind.startswith(charge.kinds)), None)
    if charge is None:
        return True
    denied = _speaks_against(charge, event, text)
    if denied and not chosen:
        return False
    said = event.code is not None or bool(event.enhanced)
    if not denied and said and event.code not in _OF_THE_DIALOGUE:
        return True
    least = CHOSEN_WORDS if chosen else OWN_WORDS
    return any(_own(phrase, least) and phrase.found_in(text) for phrase in phrases) or second()


def put_off(kind: str, event: Event, text: str) -> bool:
    """Say whether a login of which a cause of `kind` says that it was refused was only put off.

    A login that a server has judged gets 5yz (RFC 4954 section 6). `text`: the event's words.
    """
    if kind != "wrong-password" or event.code is None or not 400 <= event.code < 500:
        return False
    judged = any(status.endswith(".7.8") for status in event.enhanced)  # "credentials invalid", whatever the code
    return not judged and not re.search(_JUDGED, text)


_JUDGED: Final = r"invalid|incorrect|wrong|\bbad\b|not accepted|mismatch|unknown|no such"
"""What some servers say with a code for later, and mean the user name or the password."""


_LOGIN_FAILED: Final = (
    r"\b(?:auth\w{0,12}|log ?in|password|credentials?) (?:\w+ ){0,2}(?:fail|refus|reject|invalid|incorrect)"
)


def _speaks_against(charge: Charge, event: Event, text: str) -> bool:
    if event.code is not None and event.code < 400:
        return True
    if event.stages and event.stages.isdisjoint(charge.stages):
        return True
    if event.stages == charge.stages == {"auth"} and re.search(_LOGIN_FAILED, text):
        return False  # some servers put a number for something else before it: `553 5.3.0 Auth failure`
    return bool(event.enhanced) and all(int(status[2]) not in charge.subjects for status in event.enhanced)


def _own(phrase: Phrase, least: int) -> bool:
    """Say whether a phrase is somebody's own wording: long, or a vendor's mark such as `aup#in-1310`."""
    return max(len(part.encode()) for part in phrase.parts) >= least or not all(
        part.replace(" ", "").isalpha() for part in phrase.parts
    )
