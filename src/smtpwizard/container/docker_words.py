"""docker's own words when it cannot do what it is asked, as fact and action. Pure.

The words are those of docker 28.2 and compose 2.40, seen without a daemon, with a closed socket, and without a project;
those about running containers are in the sources of compose and moby. Older ones are taken, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from smtpwizard.diagnosis.hide import hide_secrets
from smtpwizard.text import safe

KEPT: Final = 50
"""Lines of docker's that are kept: its errors are short."""
_SHOWN: Final = 300
_REMARK: Final = re.compile(r'^time="[^"]*" level=(?:warning|info|debug)|^WARN\[\d+\]|^WARNING:')


class Kind(StrEnum):
    """What is the matter with docker."""

    NO_PROGRAM = "no-docker"
    NO_PLUGIN = "no-compose-plugin"
    NO_PERMISSION = "no-permission"
    NO_DAEMON = "no-daemon"
    NO_PROJECT = "no-compose-file"
    NO_SERVICE = "no-such-service"
    NEVER_RAN = "never-ran"
    NOT_RUNNING = "not-running"
    NO_NODE = "no-node"
    UNREADABLE = "log-not-readable"
    VARIABLE = "variable-missing"
    NO_ANSWER = "no-answer"
    OTHER = "docker-failed"


class Problem(NamedTuple):
    """Why docker gave nothing: one or two sentences, fact and action."""

    kind: Kind
    message: str


_WORDS: Final = (
    (r"unknown command: docker compose|'compose' is not a docker command|unknown docker command: \"compose"
     r"|unknown (?:shorthand )?flag: .*\s+(?:See 'docker --help'|Usage:\s+docker \[OPTIONS\] COMMAND)", Kind.NO_PLUGIN),
    (r"permission denied while trying to connect to the docker", Kind.NO_PERMISSION),
    (r"cannot connect to the docker daemon|error during connect|failed to connect to the docker API"
     r"|error while fetching server API version", Kind.NO_DAEMON),
    (r"no configuration file provided|can't find a suitable configuration file", Kind.NO_PROJECT),
    (r"no such service:", Kind.NO_SERVICE),
    (r"service \"[^\"]*\" is not running|no container found for|container \S+ is not running|is restarting, wait"
     r"|is paused, unpause", Kind.NOT_RUNNING),
    (r"exec: \"?node\"?: executable file not found|\"node\": executable file not found|stat node: no such file",
     Kind.NO_NODE),
    (r"logging driver does not support reading", Kind.UNREADABLE),
    (r"required variable \S+ is missing a value", Kind.VARIABLE),
)  # fmt: skip


def lacks_plugin(words: Iterable[str]) -> bool:
    """Say whether docker does not know `compose`, so that docker-compose may be tried."""
    return bool(re.search(_WORDS[0][0], "\n".join(words), re.IGNORECASE))


def problem(words: Sequence[str], *, service: str, command: str, pipe: str, known: Sequence[str] = ()) -> Problem:
    """Return what docker's `words` mean. `pipe`: what takes the command's place where docker is elsewhere.

    `known`: the services that the compose file has.
    """
    told = [line.strip() for line in words if line.strip() and not _REMARK.match(line)]
    text = "\n".join(told)
    kind = next((kind for pattern, kind in _WORDS if re.search(pattern, text, re.IGNORECASE)), Kind.OTHER)
    said = safe(hide_secrets("\n".join(told[-3:])), limit=_SHOWN).rstrip(".") or "nothing"
    return Problem(kind, _message(kind, said, service=service, command=command, pipe=pipe, known=known))


def no_program(pipe: str) -> Problem:
    """Return that docker is not installed."""
    return Problem(Kind.NO_PROGRAM, f"docker is not installed here, or not on PATH. {_elsewhere(pipe)}")


def never_ran(service: str) -> Problem:
    """Return that there is no container whose log could be read."""
    return Problem(
        Kind.NEVER_RAN,
        f"Service {service} has no container, so there is no log: it was not started yet in this project. Start it: "
        f"docker compose up -d {service}.",
    )


def no_answer(seconds: float, command: str) -> Problem:
    """Return that docker did not answer in time."""
    return Problem(
        Kind.NO_ANSWER,
        f"docker did not answer within {seconds:.0f} s. Try it by hand: {command}; if it hangs there too, see to the "
        "docker daemon.",
    )


def _message(kind: Kind, said: str, *, service: str, command: str, pipe: str, known: Sequence[str]) -> str:
    match kind:
        case Kind.NO_PLUGIN:
            return f"docker is here, but not its compose plugin. Install docker compose. {_elsewhere(pipe)}"
        case Kind.NO_PERMISSION:
            return (
                "This user may not speak to the docker daemon (permission denied on its socket). Run it with sudo, or "
                "add the user to the group docker and log in again."
            )
        case Kind.NO_DAEMON:
            return f"docker cannot reach its daemon, in its words: {said} Start the daemon. {_elsewhere(pipe)}"
        case Kind.NO_PROJECT:
            return "There is no compose file here. Go to the folder that has it, or name it: --compose FILE."
        case Kind.NO_SERVICE:
            has = f" It has: {', '.join(safe(name) for name in known[:12])}." if known else ""
            return f"The compose file has no service {service}.{has}"
        case Kind.NOT_RUNNING:
            return (
                f"The container of {service} is not running: {said}. Start it: docker compose up -d {service}. If it "
                f"stops again, its log says why: smtpwizard logs --service {service}."
            )
        case Kind.NO_NODE:
            return f"The container of {service} has no node, so it is not the app's. Name the app's service."
        case Kind.UNREADABLE:
            return f"docker keeps no log of {service} that it can read back: {said}. Read it where it is sent to."
        case Kind.VARIABLE:
            return f"docker compose refuses the compose file: {said}. Set the variable in the .env beside it."
        case _:
            return f"docker compose failed: {said}. Try it by hand: {command}."


def _elsewhere(pipe: str) -> str:
    return f"Where the containers run on another machine: {pipe}"
