"""The app that a pasted text shows, by marks that no other program leaves: answers then name that app's settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from smtpwizard.addresses import without_addresses
from smtpwizard.diagnosis.event import bound

if TYPE_CHECKING:
    from smtpwizard.apps.profile import AppProfile

_SIGNS: Final = (
    ("vaultwarden", ("vaultwarden", "smtp "), r"\[?vaultwarden::|SMTP (?:5xx|4xx|client|encryption|timeout) error: "),
    ("alertmanager", ("alertmanager", "notify retry canceled"), r"/alertmanager/|notify retry canceled"),
    ("authelia", ("authelia", "notifier: "), r"notifier: smtp: failed to|/authelia/"),
    ("listmonk", ("in campaign",), r"error sending message in campaign "),
    ("gitea", ("gitea",), r"code\.gitea\.io/|Gitea Test Email|GITEA__"),
    ("rocketchat", ("rocket", "error-email-send-failed"), r"(?i:rocket\.?chat)[/\\ ]|error-email-send-failed"),
    ("keycloak", ("keycloak", "kc-services"), r"\borg\.keycloak\.|KC-SERVICES\d"),
    ("mattermost", ("smtp",), r"unable to (?:connect to|authenticate with) the SMTP server: |mattermost/server"),
    ("uptime-kuma", ("notification-providers",), r"notification-providers/smtp\.js"),
)
"""App → lower-case hints, without one of which the pattern cannot be found, and the marks of its log."""

_READ: Final = 20_000
"""Characters of a text in which marks are looked for."""

_SERVERS: Final = r"\b(?:postfix|exim|sendmail|dovecot|opensmtpd)\b"
"""A mail server's log names apps as senders and hosts: it shows none."""


def app_shown(text: str) -> AppProfile | None:
    """Return the profile of the app whose log or error `text` is; None where it shows none."""
    text = bound(text, _READ)
    lower = text.lower()
    hinted = [(app, pattern) for app, hints, pattern in _SIGNS if any(hint in lower for hint in hints)]
    if not hinted or re.search(_SERVERS, lower):
        return None
    text = without_addresses(text)
    app = next((app for app, pattern in hinted if re.search(pattern, text)), "")
    if not app:
        return None
    from smtpwizard.apps.loading import shipped

    return shipped(app)
