"""The second look of `check` and `send`: what the server's other ports say after a first try that failed.

Only for one configuration at a time: `check` over many files would knock at hundreds of ports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtpwizard.commands.probing import Plan
from smtpwizard.probe.look.applying import applies
from smtpwizard.probe.results import Report
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.probe.look import SecondLook

_INDENT = "  "


def look_again(report: Report, planned: Plan) -> SecondLook | None:
    """Ask the server again, without user and password, for --timeout seconds and 10 at most.

    None where that would clear up nothing. FileError as `second_look`.
    """
    if not applies(report):
        return None
    import asyncio  # 35 ms, only for who needs it: the probe itself does without

    from smtpwizard.probe.look.limits import TOTAL_SECONDS
    from smtpwizard.probe.look.second import second_look

    options = planned.options
    seconds = min(TOTAL_SECONDS, options.timeout)
    return asyncio.run(
        second_look(report, planned.source.settings, options, provider=planned.provider, timeout=seconds)
    )


def look_lines(look: SecondLook) -> Iterator[str]:
    """Yield what was seen, then fact, cause and action of each proposal, the best first."""
    if look.facts:
        yield "Seen at a second look:"
        yield from (_INDENT + safe(line) for line in look.facts)
    for item in look.proposals:
        yield ""
        yield item.title
        yield f"{_INDENT}{item.cause}"
        yield f"{_INDENT}{item.remedy}"
        for name, value in item.changes.items():
            yield f"{_INDENT}→ {name}={value}" if value is not None else f"{_INDENT}→ leave {name} out"
        yield from (f"{_INDENT}{_INDENT}{line}" for line in item.facts)
