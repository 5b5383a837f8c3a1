"""The app's container, through `docker compose`: its log, and its own view of the mail server.

Runs docker, never a shell; writes nothing into a container. Importing this package costs nothing: the names below are
its interface beside container.recent.recent and container.inside.look, each imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.container.log_reader import Trouble as Trouble
    from smtpwizard.container.recent import LogReport as LogReport

_HOMES: Final = {
    "LogReport": "recent",
    "Trouble": "log_reader",
}

__getattr__ = lazy(__name__, _HOMES)
