"""The check from inside the app's container: a script is run there with its own node, and what it says is read.

Every word of it is foreign text, every type is checked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.docker.compose import (
    KEPT,
    Compose,
    Finished,
    Kind,
    environment,
    exec_words,
    failed,
    lacks_plugin,
    names,
    no_answer,
    no_program,
    problem,
    programs,
    run,
)
from smtpwizard.problems import Problem
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret, redactor
from smtpwizard.settings import Settings
from smtpwizard.text import safe

MOST: Final = 200_000
"""Octets of what the script says."""
_LINE: Final = re.compile(rb"^SMTPWIZARD-INSIDE (\{.*\}) END\r?$", re.MULTILINE)
_TEXT: Final = 500


class Verify(NamedTuple):
    """What became of nodemailer's verify() in the container."""

    ok: bool
    code: str | None
    response_code: int | None
    command: str | None
    message: str
    response: str
    """The server's words; empty where it said none."""
    fate: str
    """`crashes` or `hangs`; empty where verify() came back."""

    def __str__(self) -> str:
        if self.ok or self.fate:
            return self.fate or "ok"
        command = self.command if self.command != "CONN" else None
        return " ".join(str(part) for part in (self.code or "no code", self.response_code, command) if part)


class InsideView(NamedTuple):
    """The mail server as the app's container sees it."""

    hostname: str
    ehlo: str
    """The name that the app's client greets with."""
    node: str
    nodemailer: str
    """Its version; empty where the image has none that could be found."""
    extra_ca: str
    """NODE_EXTRA_CA_CERTS: `set`, `not set` or `cannot be read`."""
    env_file: str
    """The app's own .env in its working directory: `none`, `read`, or `unread` where no dotenv was found to read it."""
    settings: Mapping[str, str]
    """The variables, masked."""
    differences: Mapping[str, str]
    """Variable → how it differs from the file: `other value`, `not in the container`, `only in the container`."""
    refuses: tuple[str, ...]
    """Required variables that are missing or empty: the app would not start."""
    login: str
    """`tried`, `none` (no credentials, or no run), or `withheld`."""
    addresses: tuple[str, ...]
    dns_error: str
    error: str
    """Why nothing was tried; empty where it was."""
    verify: Verify | None
    elapsed_ms: float


def login_mac(key: str, settings: Settings) -> str:
    """Return what tells one login from another, and nothing else: useless without the run's random `key`."""
    password = settings.password.reveal() if settings.password else ""
    return mac(key, "\0".join(((settings.host or "").lower(), settings.username or "", password)))


def mac(key: str, text: str) -> str:
    """Return the HMAC-SHA256 of `text` (RFC 2104), as the script makes it."""
    return hmac.new(key.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def parse(said: bytes, settings: Settings, key: str) -> InsideView | None:
    """Return what the script said; None where it said nothing that can be read. `settings` are those of the file."""
    lines = _LINE.findall(said[-MOST:])
    try:
        value = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("settings"), dict):
        return None
    clear = redactor(settings.secrets())

    def text(item: object) -> str:
        return safe(clear(item), limit=_TEXT) if isinstance(item, str) else ""

    found = {
        name: item for name, item in value["settings"].items() if name in settings.app.names and isinstance(item, dict)
    }
    dns = value.get("dns")
    asked = dns if isinstance(dns, dict) else {}
    return InsideView(
        hostname=text(value.get("hostname")),
        ehlo=text(value.get("ehlo")),
        node=text(value.get("node")),
        nodemailer=text(value.get("nodemailer")),
        extra_ca=text(value.get("extra_ca")),
        env_file=text(value.get("env_file")),
        settings={name: text(item.get("shown")) for name, item in found.items()},
        differences=_differences(found, settings, key),
        refuses=tuple(name for name in settings.app.names if name in _list(value.get("refuses"))),
        login=text(value.get("login")),
        addresses=tuple(text(item) for item in _list(asked.get("addresses"))[:20]),
        dns_error=text(asked.get("error")),
        error=text(value.get("error")),
        verify=_verify(value.get("verify"), text),
        elapsed_ms=_number(value.get("elapsed_ms")),
    )


def _verify(value: object, text: Callable[[object], str]) -> Verify | None:
    if not isinstance(value, dict):
        return None
    number = value.get("response_code")
    return Verify(
        ok=value.get("ok") is True,
        code=text(value.get("code")) or None,
        response_code=number if type(number) is int and 0 <= number < 1000 else None,
        command=text(value.get("command")) or None,
        message=text(value.get("message")),
        response=text(value.get("response")),
        fate=text(value.get("fate")),
    )


def _differences(found: Mapping[str, Mapping[str, Any]], settings: Settings, key: str) -> dict[str, str]:
    given = {
        name: value.reveal() if isinstance(value, Secret) else value for name, value in settings.to_variables().items()
    }
    result: dict[str, str] = {}
    for name in settings.app.names:
        if name not in found:
            if name in given:
                result[name] = "not in the container"
        elif name not in given:
            if settings.app.is_mail_setting(name):
                result[name] = "only in the container"
        elif found[name].get("mac") != mac(key, f"{name}\0{given[name]}"):
            result[name] = "other value"
    return result


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e7 else 0.0


_OPTIONS: Final = "/* OPTIONS */ {} /* OPTIONS */"
_DOCKER_SECONDS: Final = 20.0
"""What docker itself may take to start, and to say that it cannot."""


def script(app: AppProfile, **options: Any) -> str:
    """Return the script for an app, complete; without further options it prints lines for a person beside its line "
    "of JSON."""
    text = files("smtpwizard.docker").joinpath("inside.js").read_text("utf-8")
    assert _OPTIONS in text
    about = {
        "names": {item.role.value: item.name for item in app.variables},
        "required": [item.name for item in app.variables if item.required and item.check],
        "converted": [item.name for item in app.variables if app.client.converted and item.check == "joi-boolean"],
        "switches": next((item.read for item in app.variables if item.role is Role.SECURITY), ""),
        "login": app.client.login,
        "implicit_on_465": any("=465" in item.when.values() for item in app.reads),
        "implicit_ciphers": app.client.implicit_ciphers,
    }
    return text.replace(_OPTIONS, json.dumps({"app": about, **options}), 1)


_LOGINS: Final = ("both", "any")
_READINGS: Final = ("exact-true", "json")
_ROLES: Final = frozenset({Role.STARTTLS, Role.AUTH, Role.VERIFY_NAME})
"""What the script does not read."""


def is_read_inside(app: AppProfile) -> bool:
    """Say whether the script reads the app's variables as the app does: a wrong answer is worse than none."""
    security = app.spec(Role.SECURITY)
    return (
        not app.forms
        and app.client.login in _LOGINS
        and security is not None
        and security.read in _READINGS
        and not _ROLES & {item.role for item in app.variables}
        and not any(item.inverted for item in app.variables)
    )


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
    text = script(settings.app, **options).encode()
    limit = 3 * timeout + 3 + _DOCKER_SECONDS
    done = await _exec(service, ("node", "-"), text, compose_file, cwd, limit)
    if isinstance(done, Problem):
        return done
    view = parse(done.out, settings, key)
    if view is None:
        said = safe((done.err or done.out).decode("utf-8", "replace")[-200:]).strip() or "nothing"
        return failed(Kind.OTHER, f"The script in the container of {service} gave no result; node said: {said}")
    return view


async def _exec(
    service: str, command: tuple[str, ...], stdin: bytes, compose_file: Path | None, cwd: Path, limit: float
) -> Finished | Problem:
    project = Compose(compose_file, cwd)
    words = exec_words(service, *command)
    shown, pipe = project.shown(*words), one_liner(service)
    ways = programs()
    if not ways:
        return no_program(pipe)
    said: list[str] = []
    for number, program in enumerate(ways, 1):
        try:
            done = await run(
                project.words(*words, program=program),
                cwd=cwd,
                env=environment(),
                stdin=stdin,
                timeout=limit,
                most=MOST,
            )
        except OSError as error:
            return failed(Kind.OTHER, f"docker cannot be run: {error.strerror}.")
        if done.code is None:
            return no_answer(limit, shown)
        said = (done.err + b"\n" + done.out).decode("utf-8", "replace").splitlines()[:KEPT]
        if done.code == 0 or b"SMTPWIZARD-INSIDE" in done.out:
            return done
        if not (number < len(ways) and lacks_plugin(said)):
            break
    known = names(compose_file, cwd)
    return problem(said, service=service, command=shown, pipe=pipe, known=known)
