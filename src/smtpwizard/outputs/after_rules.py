"""By which way a variable of an env file gets into a container, or what stands before it. Pure: names, never values.

Compose's order, measured on 2.40.3: `environment:` beats `env_file:`, a later env_file an earlier one; the `.env`
beside the compose file only fills in `${…}` and names without a value, and reaches no container by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from smtpwizard.outputs.compose_fill import uses
from smtpwizard.outputs.compose_layers import Layers


class Way(Enum):
    """What becomes of one variable."""

    HANDED_OVER = auto()
    """Through `env_file:`."""
    FILLED_IN = auto()
    """Through `${…}` under `environment:`, or a name without a value there: the shell would beat the file."""
    ENVIRONMENT_WINS = auto()
    """`environment:` sets it to something else."""
    LATER_FILE_WINS = auto()
    """A file further down under `env_file:` sets it as well."""
    NOT_SEEN = auto()
    """The container does not get it from this file."""


@dataclass(frozen=True, slots=True)
class EnvTarget:
    """The env file that was written, as the compose file beside it knows it."""

    entries: Collection[str]
    """The spellings under `env_file:` that lead to this file."""
    beside: bool
    """It is the `.env` from which compose fills in `${…}`."""


def ways(
    found: Layers, target: EnvTarget, written: Sequence[str], names_in: Callable[[str], Collection[str]]
) -> dict[str, tuple[Way, str]]:
    """Return, for each variable of `written`, its way and the name of the file that beats it, or an empty one.

    `names_in` tells which variables a path under `env_file:` sets; asked only for those below the target.
    """
    spellings = [entry.path for entry in found.env_files]
    last = max((at for at, path in enumerate(spellings) if path in target.entries), default=-1)
    return {name: _way(name, found, target, spellings[last + 1 :] if last >= 0 else None, names_in) for name in written}


def _way(
    name: str,
    found: Layers,
    target: EnvTarget,
    later: Sequence[str] | None,
    names_in: Callable[[str], Collection[str]],
) -> tuple[Way, str]:
    if name in found.environment:
        if target.beside and uses(found.environment[name], name):
            return Way.FILLED_IN, ""
        return Way.ENVIRONMENT_WINS, found.set_in[name]
    if later is None:
        return Way.NOT_SEEN, ""
    winner = next((path for path in reversed(later) if name in names_in(path)), "")
    return (Way.LATER_FILE_WINS, winner) if winner else (Way.HANDED_OVER, "")
