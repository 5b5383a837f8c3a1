"""Keeps a login from being repeated unasked: after refused credentials, and while a server asks for a pause.

Pure: state in, answer out. Providers throttle or lock accounts after repeated bad logins (failures A4, A31, A36): a
rejected user, password and host needs the operator's word, and a pause is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from smtpwizard.records import NamedTuple
from smtpwizard.secret import redact
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Status, Step, StepResult

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider
    from smtpwizard.wizard.session import WizardState


PAUSE_SECONDS: Final = 60.0
"""The pause where the server names no time. Gmail's own lock lasts hours (A4), but the first reply does not say so."""

LONGEST_PAUSE: Final = 3600.0
"""A server's own number is believed up to this many seconds."""

_TOO_MANY: Final = r"(?i)\btoo many\b"
_NAMED_TIME: Final = r"(?i)\b(\d{1,5})\s*(s|secs?|seconds?|m|mins?|minutes?)\b"


class Pause(NamedTuple):
    """A pause that a server asks for."""

    seconds: float
    words: str
    """The reply that says so: safe text."""


def same_login(left: Settings, right: Settings) -> bool:
    """Say whether both would send the same user and password to the same host. Case in a host name does not count."""
    return (
        (left.host or "").lower() == (right.host or "").lower()
        and left.username == right.username
        and left.password == right.password
    )


def was_refused(state: WizardState) -> bool:
    """Say whether a server has refused the login that `state` would send."""
    return any(same_login(settings, state.settings) for settings in state.refused)


def refused_question(settings: Settings, provider: Provider | None = None) -> dict[str, str]:
    """Return the words of the question before a refused login is sent again. A user name that is a secret is masked."""
    from smtpwizard.lint.check import secrets

    where = redact(f"{settings.host} has refused {settings.username or ''}", secrets(settings, provider))
    return {
        "title": "Refused login",
        "question": f"{where} with this password. Providers slow down or lock accounts that "
        "keep trying. Change the password in Settings, or send the same login once more.",
        "yes": "Send it again",
        "no": "Not now",
    }


def refuses_login(step: StepResult) -> bool:
    """Say whether `step` is a permanent refusal of the credentials (RFC 4954 section 6: 5yz at AUTH)."""
    code = step.reply.code if step.reply else None
    return step.step is Step.AUTH and step.status is Status.FAILED and code is not None and 500 <= code < 600


def asks_for_pause(step: StepResult) -> Pause | None:
    """Return the pause that a failed `step` asks for: 421, 454 4.7.0 at AUTH, or `too many` in its words."""
    if step.status is not Status.FAILED or step.reply is None:
        return None
    reply = step.reply
    throttled = step.step is Step.AUTH and reply.code == 454 and reply.enhanced == "4.7.0"
    if not (reply.code == 421 or throttled or re.search(_TOO_MANY, reply.text)):
        return None
    return Pause(_named_seconds(reply.text), str(reply))


def remember(state: WizardState, step: StepResult, settings: Settings, now: float) -> dict[str, object]:
    """Return the changes of the state that a failed `step` brings: refused logins, pauses.

    `now` is time.monotonic().
    """
    changes: dict[str, object] = {}
    if refuses_login(step) and not any(same_login(known, settings) for known in state.refused):
        changes["refused"] = (*state.refused, settings)
    pause = asks_for_pause(step)
    if pause is not None:
        host = (settings.host or "").lower()
        kept = tuple(item for item in state.pauses if item[0] != host)
        changes["pauses"] = (*kept, (host, now + pause.seconds, pause.words))
    return changes


def paused(state: WizardState, now: float) -> Pause | None:
    """Return what is left of the pause that the host of `state` asked for, or None. `now` is time.monotonic()."""
    host = (state.settings.host or "").lower()
    for name, until, words in state.pauses:
        if name == host and until > now:
            return Pause(until - now, words)
    return None


def countdown(seconds: float) -> str:
    """Return seconds as minutes and seconds: `1:05`."""
    whole = max(int(seconds + 0.999), 0)
    return f"{whole // 60}:{whole % 60:02}"


def _named_seconds(text: str) -> float:
    found = re.search(_NAMED_TIME, text)
    if not found:
        return PAUSE_SECONDS
    seconds = float(found.group(1)) * (60 if found.group(2).lower().startswith("m") else 1)
    return min(max(seconds, 1.0), LONGEST_PAUSE)
