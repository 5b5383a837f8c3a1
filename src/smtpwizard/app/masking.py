"""Settings for display and JSON, with more masked than SMTP_PASSWORD: secrets also stand where they do not belong."""

from __future__ import annotations

import re

from smtpwizard.app.case import make_case
from smtpwizard.app.origin import Origin
from smtpwizard.app.rules.login import looks_swapped
from smtpwizard.app.values import has_shape
from smtpwizard.preset_schema import Provider
from smtpwizard.secret import MASK
from smtpwizard.settings import Settings

_USERINFO = r"//\S*@"
"""`user:password@` of a URL that was pasted as a host."""


def masked_settings(settings: Settings, provider: Provider | None = None) -> dict[str, str]:
    """Return `settings.masked()` with further secrets masked.

    A user name that is the password (Postmark's token), that was swapped with it, or that has the shape of the
    provider's credential; and the login inside a URL in SMTP_HOST.
    """
    shown = settings.masked()
    if settings.username and _is_secret(settings, provider):
        shown["SMTP_USERNAME"] = MASK
    if "SMTP_HOST" in shown:
        shown["SMTP_HOST"] = re.sub(_USERINFO, f"//{MASK}@", shown["SMTP_HOST"])
    return shown


def _is_secret(settings: Settings, provider: Provider | None) -> bool:
    case = make_case(settings, provider, Origin.ANSWERS, in_container=True)
    if case.username == case.password:
        return True
    if case.provider and has_shape(case.provider.password.pattern, case.username):
        return True
    return bool(settings.password) and looks_swapped(case)
