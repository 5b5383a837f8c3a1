"""docker compose: which project and service is asked, how it is run, and what its errors mean.

The words of its errors are those of docker 28.2 and compose 2.40, seen without a daemon, with a closed socket, and
without a project; those about running containers are in the sources of compose and moby. Older ones are taken, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.errors import FileError, InputError
from smtpwizard.problems import Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.secret import hide_secrets
from smtpwizard.text import command_line, safe

if TYPE_CHECKING:
    from smtpwizard.targets.compose.services import Service


PLUGIN: Final = ("docker", "compose")
STANDALONE: Final = ("docker-compose",)
"""Compose before it was a plugin, and still packaged so by some distributions."""

_SERVICE: Final = r"[A-Za-z0-9._][A-Za-z0-9._-]*"
"""Compose's own rule for names of services, less a leading dash: that would be a flag."""
_DURATION: Final = r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|us|ns|m|s))+"
_DATE: Final = r"\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?(?:Z|[+-]\d\d:\d\d)?|\d{9,12}(?:\.\d{1,9})?"


class Compose(NamedTuple):
    """Which project docker compose is asked about, and from where."""

    file: Path | None
    """For `-f`; None where compose finds its files by itself."""
    cwd: Path

    def words(self, *words: str, program: Sequence[str] = PLUGIN) -> list[str]:
        """Return the argument list: `docker compose -f FILE WORDS…`."""
        return [*program, *(("-f", str(self.file)) if self.file else ()), *words]

    def shown(self, *words: str) -> str:
        """Return the command as a person copies it into a shell."""
        return command_line(self.words(*words))


def logs_words(service: str, since: str, *, follow: bool = False) -> list[str]:
    """Return what follows `docker compose`: the service's log, a time on each line, no container's name."""
    flags = ["--no-color", "--no-log-prefix", "--timestamps", f"--since={since}"]
    return ["logs", *flags, *(["--follow"] if follow else []), checked_service(service)]


def exec_words(service: str, *command: str) -> list[str]:
    """Return what follows `docker compose`: a command in the service's running container, without a terminal."""
    return ["exec", "-T", checked_service(service), *command]


def checked_service(name: str) -> str:
    """Return `name` if a service can be called that. InputError otherwise."""
    if not re.fullmatch(_SERVICE, name) or len(name) > 255:
        raise InputError(f"{safe(name, limit=60)!r} is no name of a compose service, such as api.", "Service")
    return name


def checked_since(text: str) -> str:
    """Return `text` if docker takes it for `--since`. InputError otherwise."""
    if re.fullmatch(rf"{_DURATION}|{_DATE}", text):
        return text
    raise InputError(
        f"--since wants a time as docker takes it, such as 10m, 24h or 2026-11-25T17:00:00, and not "
        f"{safe(text, limit=40)!r}.",
        "Time",
    )


def programs() -> list[tuple[str, ...]]:
    """Return the ways to run compose that PATH offers, the better one first; the plugin may still be missing."""
    return [words for words in (PLUGIN, STANDALONE) if shutil.which(words[0])]


def environment() -> dict[str, str]:
    """Return this process's environment with docker's advertisements and colours off."""
    return {**os.environ, "DOCKER_CLI_HINTS": "false", "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "quiet"}


def project_file(cwd: Path) -> Path | None:
    """Return the compose file that docker compose takes without `-f`: in `cwd`, or in a folder above it."""
    from smtpwizard.targets.files import default_file

    folder = Path(os.path.abspath(cwd))
    return next((found for place in (folder, *folder.parents) if (found := default_file(place))), None)


def app_service(given: str | None, file: Path | None, cwd: Path, *, images: Collection[str], default: str) -> str:
    """Return the service to ask: the one given, else the app's in the compose file, else `default`.

    InputError for an impossible name, or where several could be the app; FileError where the file given is not there.
    """
    if file is not None and not file.is_file():
        from smtpwizard.targets.compose.services import read_compose_file

        read_compose_file(file)  # tells what it is instead
    if given is not None:
        return checked_service(given)
    listed = _listed(file or project_file(cwd), images, default)
    if not listed or any(item.name == default and not item.by_image for item in listed[:1]):
        return default
    from smtpwizard.targets.compose.services import chosen

    try:
        return checked_service(chosen(listed, None).name)
    except InputError:
        if any(item.name == default for item in listed):
            return default
        raise


def names(file: Path | None, cwd: Path) -> tuple[str, ...]:
    """Return the services of the compose file, in its order; none where it cannot be read."""
    return tuple(item.name for item in _listed(file or project_file(cwd), (), ""))


def _listed(file: Path | None, images: Collection[str], default: str) -> tuple[Service, ...]:
    if file is None:
        return ()
    from smtpwizard.targets.compose.services import list_services

    try:
        return list_services(file, images=images, app_service=default)
    except FileError:
        return ()  # docker compose has the better words for what is wrong with it


CHUNK: Final = 16_384
"""Octets handed on at a time: what a line-by-line reader takes in some 5 ms, so that a screen stays alive."""


class Finished(NamedTuple):
    """How a program ended."""

    code: int | None
    """Its exit status; None where it was stopped at its deadline."""
    out: bytes
    err: bytes


async def run(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: bytes, timeout: float, most: int
) -> Finished:
    """Run a program and return what it said, at most `most` octets of each stream; the rest is read and dropped.

    OSError where it cannot be started. Cancelling kills it, and all that it started, at once.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    out, err = bytearray(), bytearray()
    try:
        async with asyncio.timeout(timeout):
            await asyncio.gather(
                _write(process.stdin, stdin), _keep(process.stdout, out, most), _keep(process.stderr, err, most)
            )
            code: int | None = await process.wait()
    except TimeoutError:
        code = None
    finally:
        await _end(process)
    return Finished(code, bytes(out), bytes(err))


async def chunks(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], ended: list[int | None]
) -> AsyncGenerator[bytes, None]:
    """Run a program and yield what it says on both streams, in its order, as it comes; its exit status into `ended`.

    OSError where it cannot be started. Closing the generator, or cancelling its task, kills the program.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout
    try:
        while data := await process.stdout.read(CHUNK):
            yield data
            await asyncio.sleep(0)  # read() does not give way while there is data
        ended.append(await process.wait())
    finally:
        await _end(process)


async def _write(stream: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may end without reading all of it
        stream.write(data)
        await stream.drain()
    stream.close()


async def _keep(stream: asyncio.StreamReader, into: bytearray, most: int) -> None:
    while data := await stream.read(CHUNK):
        into += data[: max(most - len(into), 0)]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the program and its children, and reap it. Its pipes are closed with it, also where a child keeps them."""
    kill_group(process.pid)
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
    await asyncio.shield(process.wait())


def kill_group(pid: int) -> None:
    """Kill a program that leads a session of its own, and all that it started there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


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


def failed(kind: Kind, message: str) -> Problem:
    """Return why docker gave nothing: one or two sentences, fact and action."""
    return Problem.of(kind.value, Severity.ERROR, None, message)


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
    return failed(kind, _message(kind, said, service=service, command=command, pipe=pipe, known=known))


def no_program(pipe: str) -> Problem:
    """Return that docker is not installed."""
    return failed(Kind.NO_PROGRAM, f"docker is not installed here, or not on PATH. {_elsewhere(pipe)}")


def never_ran(service: str) -> Problem:
    """Return that there is no container whose log could be read."""
    return failed(
        Kind.NEVER_RAN,
        f"Service {service} has no container, so there is no log: it was not started yet in this project. Start it: "
        f"docker compose up -d {service}.",
    )


def no_answer(seconds: float, command: str) -> Problem:
    """Return that docker did not answer in time."""
    return failed(
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
