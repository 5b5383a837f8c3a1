"""The check from within the app's container: a script on the stdin of `docker compose exec -T SERVICE node -`.

The password is not sent: the container has its own, and the script says only whether it is the same. Nothing is written
there, and it logs in at most once. Never raises for what docker or the container does.
"""

from __future__ import annotations

import json
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from smtpwizard.container import docker_words, process
from smtpwizard.container.compose import Compose, environment, exec_words, programs
from smtpwizard.container.docker_words import Kind, Problem
from smtpwizard.container.inside_view import MOST, InsideView, login_mac, parse
from smtpwizard.container.services import names
from smtpwizard.settings import Settings
from smtpwizard.text import safe

_OPTIONS: Final = "/* OPTIONS */ {} /* OPTIONS */"
_DOCKER_SECONDS: Final = 20.0
"""What docker itself may take to start, and to say that it cannot."""


def script(**options: Any) -> str:
    """Return the script, complete; without options it prints lines for a person beside its line of JSON."""
    text = files("smtpwizard.container").joinpath("inside.js").read_text("utf-8")
    assert _OPTIONS in text
    return text.replace(_OPTIONS, json.dumps(options), 1)


def one_liner(service: str) -> str:
    """Return the command for a docker on another machine."""
    return safe(f"smtpwizard check --inside-script | ssh HOST docker compose exec -T {service} node -")


async def ready(service: str, *, compose_file: Path | None, cwd: Path) -> Problem | None:
    """Return why nothing can be run in the service's container; None where node runs. InputError for its name."""
    done = await _exec(service, ("node", "--version"), b"", compose_file, cwd, _DOCKER_SECONDS)
    return done if isinstance(done, Problem) else None


async def look(
    service: str,
    settings: Settings,
    *,
    compose_file: Path | None = None,
    cwd: Path,
    refused: bool = False,
    login: bool = True,
    timeout: float = 10.0,
) -> InsideView | Problem:
    """Run the check in the service's container.

    `settings` are those to compare with. `refused`: a server has just refused their login, so the script stops before
    it where the container's is the same; without `login` it stops there in any case. `timeout` is in seconds for each
    stage. Cancelling kills docker at once; the script in the container ends by itself.
    """
    key = secrets.token_hex(32)
    options: dict[str, Any] = {"key": key, "milliseconds": round(timeout * 1000), "quiet": True, "login": login}
    if refused:
        options["refused"] = login_mac(key, settings)
    text = script(**options).encode()
    limit = 3 * timeout + 3 + _DOCKER_SECONDS
    done = await _exec(service, ("node", "-"), text, compose_file, cwd, limit)
    if isinstance(done, Problem):
        return done
    view = parse(done.out, settings, key)
    if view is None:
        said = safe((done.err or done.out).decode("utf-8", "replace")[-200:]).strip() or "nothing"
        return Problem(Kind.OTHER, f"The script in the container of {service} gave no result; node said: {said}")
    return view


async def _exec(
    service: str, command: tuple[str, ...], stdin: bytes, compose_file: Path | None, cwd: Path, limit: float
) -> process.Finished | Problem:
    project = Compose(compose_file, cwd)
    words = exec_words(service, *command)
    shown, pipe = project.shown(*words), one_liner(service)
    ways = programs()
    if not ways:
        return docker_words.no_program(pipe)
    said: list[str] = []
    for number, program in enumerate(ways, 1):
        try:
            done = await process.run(
                project.words(*words, program=program),
                cwd=cwd,
                env=environment(),
                stdin=stdin,
                timeout=limit,
                most=MOST,
            )
        except OSError as error:
            return Problem(Kind.OTHER, f"docker cannot be run: {error.strerror}.")
        if done.code is None:
            return docker_words.no_answer(limit, shown)
        said = (done.err + b"\n" + done.out).decode("utf-8", "replace").splitlines()[: docker_words.KEPT]
        if done.code == 0 or b"SMTPWIZARD-INSIDE" in done.out:
            return done
        if not (number < len(ways) and docker_words.lacks_plugin(said)):
            break
    known = names(compose_file, cwd)
    return docker_words.problem(said, service=service, command=shown, pipe=pipe, known=known)
