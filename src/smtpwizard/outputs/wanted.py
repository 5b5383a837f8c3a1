"""What saving means, as data: which variables of a target to write and which to take out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from smtpwizard.secret import Secret
from smtpwizard.settings import FIELDS, LEGACY, Settings

Changes = dict[str, str | Secret | None]


def wanted_changes(settings: Settings, original: Settings | None, present: Mapping[str, object]) -> Changes:
    """Return what to do to a file that holds the variables `present` so that the app gets `settings`.

    Every value that is set is written. A variable of the server (SMTP_*) that the file has and the settings have not is
    taken out, since the app would go on reading it; so is an old name that was repaired. ADMIN_WEB_URL is no part of
    the server: it is taken out only where the operator removed it from the `original`.
    """
    changes: Changes = dict(settings.to_variables())
    for variable in FIELDS:
        if variable in changes or variable not in present:
            continue
        if variable != "ADMIN_WEB_URL" or (original is not None and original.get(variable) is not None):
            changes[variable] = None
    kept = {name for name, _ in settings.legacy}
    repaired = {name for name, _ in original.legacy} - kept if original is not None else set()
    return changes | {name: None for name in LEGACY if name in repaired and name in present}
