"""Plays every case with a real client and with its model, and says where they differ. No pytest in here."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from conformance.clients.behaviours import LIMIT, Case
from conformance.pace import played
from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile, Security
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import ScriptedServer
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import OutgoingMessage, Report, Step, Verdict
from smtpwizard.text import safe
from support.node import ROOT
from support.real_client import Outcome, RealClient
from support.tls_kinds import certificates, self_signed

PATIENCE: Final = 4.0
"""Seconds after which a mail that is neither sent nor refused counts as one that never is."""
DOCUMENT: Final = ROOT / "docs" / "client-conformance.md"
_DATA: Final = b"Subject: Conformance\r\n\r\n.one line with a dot\r\n"
_COMPARED: Final = 400
"""Characters of an error's text that are compared: fewer than a report keeps."""
_MODES: Final = {
    Security.IMPLICIT: {"security": "true"},
    Security.STARTTLS: {"security": "false", "require_tls": "true"},
    Security.OPPORTUNISTIC: {"security": "false"},
    Security.NONE: {"security": "false", "ignore_tls": "true"},
}


@dataclass(frozen=True, slots=True)
class Usage:
    """One way in which apps use a client, and how it is compared."""

    model: str
    """As in a profile's [client]."""
    title: str
    """The heading in the document: the client, its version, which apps use it so."""
    command: Sequence[str]
    """The driver."""
    way: str
    """The job's `way`."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The options in the profile's [client]."""
    version: str = ""
    """The version there, where the model differs by it."""
    login: str = "both"
    """When credentials are used, as in the profile's [client]."""
    limit: float | None = None
    """Seconds of the limit that is set where the case has none: for a client that has one of its own, a long one."""
    verify: bool = True
    """Whether the app has the certificate checked."""
    normal: Callable[[str], str] = str
    """Returns an error's text without what differs between two runs: an address, a line of C."""
    environment: Callable[[Path], Mapping[str, str]] = lambda ca_file: {"SSL_CERT_FILE": str(ca_file)}
    """Returns the environment in which the driver trusts the suite's authority."""
    either: tuple[str, ...] = ()
    """How behaviours begin at which the client itself reports now one error, now another: a reset, a closed socket.
    There only that it fails is compared."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """Behaviours that are not compared, and why not."""

    def app(self, case: Case) -> AppProfile:
        """Return an app that sends with it."""
        ghost = shipped("ghost")
        limit = case.timeout or self.limit
        options = {**self.options, **case.options, **({"timeout": str(limit)} if limit else {})}
        client = ghost.client._replace(
            model=self.model, version=self.version, login=self.login, options=options, pool=False
        )
        return ghost._replace(client=client)


@dataclass(frozen=True, slots=True)
class Row:
    """One case and what came of it."""

    case: Case
    real: Outcome
    checked: Report
    """Our `check`."""
    sent: Report
    """Our `send`."""

    def differences(self, usage: Usage) -> Iterator[str]:
        """Yield where ours tells something else than the client did."""
        ours, real = self.ours(usage), self.real
        if self.case.behaviour in usage.apart:
            return
        if self.case.behaviour.endswith(usage.either):
            ours, real = Outcome(ours.ok), Outcome(real.ok)
        wanted = Outcome(real.ok, real.error, real.code, _shown(usage.normal(real.message)), real.hangs)
        if ours != wanted:
            yield f"{self}\n    send says {ours!r}\n    the client {wanted!r}"
        check = self.checked.app
        if check.send.ok is False and self.checked.app.verdict is not self.sent.app.verdict:
            yield f"{self}: check says {check.verdict}, send {self.sent.app.verdict}"
        if check.verdict in (Verdict.WORKS, Verdict.LEAKS) and not self.early(Step.DATA):
            yield f"{self}: check says {check.verdict}, and the mail fails before the message"

    def early(self, step: Step) -> bool:
        """Say whether the mail went through, or failed no earlier than at `step`."""
        failed = self.sent.failed
        return failed is None or failed.step is step

    def ours(self, usage: Usage) -> Outcome:
        """Return what our `send` says, in the same form."""
        app = self.sent.app
        if app.verdict is Verdict.HANGS:
            return Outcome(False, hangs=True)
        send = app.send
        return Outcome(send.ok is True, send.code, send.response_code, _shown(usage.normal(send.log or "")))

    def __str__(self) -> str:
        return f"{self.case.behaviour} / {self.case.settings}"


class Comparison:
    """The real client, the certificates, and the machinery to play one case. A context manager."""

    def __init__(self, usage: Usage, folder: Path, command: Sequence[str] = ()) -> None:
        """`command` starts the driver where `usage` does not name it: one that has to be built first."""
        self.usage = usage
        self._command = command or usage.command
        self._certificates = certificates()
        self._self_signed, _ = self_signed()  # nobody trusts it
        self._ca_file = folder / "ca.pem"
        self._ca_file.write_text(self._certificates.ca_pem)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        environment = self.usage.environment(self._ca_file)
        self._client = self._stack.enter_context(RealClient(self._command, environment))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def rows(self, cases: Iterable[Case]) -> list[Row]:
        """Play all cases, some at once; the order stays. One that differs is played once more, alone: that counts."""
        wanted = list(cases)
        for case in wanted:
            self._context(case.certificate)  # made here: not by several threads at once
        rows = played(self._row, wanted, lambda case: case.script)
        return [self._row(row.case) if list(row.differences(self.usage)) else row for row in rows]

    def _context(self, kind: str) -> ssl.SSLContext:
        return self._self_signed if kind == "self-signed" else self._certificates.context(kind)

    def _row(self, case: Case) -> Row:
        with (
            ScriptedServer(
                case.script,
                host=case.host if case.host.startswith("127.") else "127.0.0.1",
                tls=self._context(case.certificate),
            ) as server,
            ThreadPoolExecutor(1) as pool,
        ):
            port = case.port or str(server.port)
            names = ("user", "password", "sender", "to", "host", "mode", "verify")
            job = {name: getattr(case, name) for name in names} | {"options": dict(case.options), "port": int(port)}
            job["timeout"] = case.timeout or self.usage.limit
            real = pool.submit(self._client.send, way=self.usage.way, patience=PATIENCE, **job)
            message = OutgoingMessage("<1@example.com>", _DATA, case.to)
            checked, sent = (self._ours(case, port, item) for item in (None, message))
            return Row(case, real.result(), checked, sent)

    def _ours(self, case: Case, port: str, message: OutgoingMessage | None) -> Report:
        options = Options(
            timeout=LIMIT, extra_ca_pem=self._certificates.ca_pem, trust_extra_env=False, recipient=case.to
        )
        login = {"username": case.user or None, "password": Secret(case.password) if case.password else None}
        settings = Settings(
            self.usage.app(case),
            host=case.host,
            port=port,
            sender=case.sender,
            verify=None if self.usage.verify and case.verify else "false",
            **login,  # type: ignore[arg-type]
            **_MODES[case.mode],  # type: ignore[arg-type]
        )
        return Probe(settings, options, message=message).run_blocking()


ALL: Final = os.environ.get("SMTPWIZARD_WRITE_DOCS") == "1"
"""Whether every case is played, as `make conformance` does."""
_ONE_IN: Final = 8


def sample(cases: Iterable[Case]) -> list[Case]:
    """Return the first case of each behaviour and one in eight of the others; all of them with ALL."""
    kept, rest, seen = [], 0, set()
    for case in cases:
        first = case.behaviour not in seen
        seen.add(case.behaviour)
        rest += not first
        if ALL or first or rest % _ONE_IN == 0:
            kept.append(case)
    return kept


def without(pattern: str, put: str = "") -> Callable[[str], str]:
    """Return what replaces every match of a pattern in an error's text."""
    return lambda text: re.sub(pattern, put, text)


_HEAD: Final = """\
# What other mail clients do, and what smtpwizard says of it

Written by `make conformance`; each suite compares its section with every run. A row is a server that behaves as the
title says (the same ones as in app-conformance.md), met in the mode named by a client as apps use it. What stands there
is what the real client did; whether the mail goes out, the error's class, the reply code in it and the line in the
app's log are the same in smtpwizard's verdict, otherwise the suite fails.
"""


def section(usage: Usage, rows: Sequence[Row]) -> str:
    """Return a suite's part of the document."""
    agreed = sum(not list(row.differences(usage)) for row in rows)
    names = {row.case.behaviour for row in rows}
    lines = [f"## {usage.title}", "", f"Agreement {agreed}/{len(rows)}, {len(names)} behaviours.", ""]
    if usage.either:
        listed = "; ".join(f"`…{name}`" for name in usage.either)
        lines += [
            f"That it fails, not how, is compared where the client's own error depends on the moment: {listed}.",
            "",
        ]
    lines += [f"Not compared: {name} ({why}).\n" for name, why in usage.apart.items()]
    lines += ["| behaviour | settings | what the client did | verdict |", "|---|---|---|---|"]
    alike: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        cells = (row.case.behaviour, _told(usage, row), str(row.sent.app.verdict))
        alike.setdefault(cells, []).append(row.case.settings)
    for (behaviour, real, verdict), settings in alike.items():
        lines.append("| " + " | ".join((_cell(behaviour), _cell("; ".join(settings)), real, verdict)) + " |")
    return "\n".join(lines) + "\n"


def _shown(text: str) -> str:
    """Return an error's text as the report has it: safe, and cut."""
    return safe(text, limit=_COMPARED)


def undocumented(usage: Usage, rows: Sequence[Row]) -> list[str]:
    """Return the rows that the document does not have as they are."""
    part = re.split(r"(?m)^(?=## )", DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "")
    own = next((text for text in part if text.startswith(f"## {usage.title}\n")), "")
    told = set()
    for line in own.splitlines():
        cells = re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))
        if len(cells) == 4:
            told.update((cells[0], settings, *cells[2:]) for settings in cells[1].split("; "))
    wanted = [(row.case.behaviour, row.case.settings, _told(usage, row), str(row.sent.app.verdict)) for row in rows]
    return [" | ".join(cells) for cells in wanted if (_cell(cells[0]), _cell(cells[1]), *cells[2:]) not in told]


def _told(usage: Usage, row: Row) -> str:
    """Return what the client did, as the document has it."""
    vague = row.case.behaviour.endswith(usage.either) and not row.real.ok
    return _cell("fails" if vague else usage.normal(str(row.real)), 300)


def _cell(text: str, longest: int = 1000) -> str:
    shown = text if len(text) <= longest else text[:longest] + "…"
    return "".join(char if char.isprintable() else "·" for char in shown).replace("|", "\\|").replace("<", "&lt;")


def put_section(title: str, made: str) -> None:
    """Put a suite's part into the document in place of the one with the same heading; the headings are in order."""
    text = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else _HEAD
    parts = {part.partition("\n")[0]: part for part in re.split(r"(?m)^(?=## )", text)[1:]}
    parts[f"## {title}"] = made
    DOCUMENT.write_text("\n".join([_HEAD, *(parts[name].rstrip("\n") + "\n" for name in sorted(parts))]), "utf-8")


def check_document(usage: Usage, rows: Sequence[Row]) -> None:
    """Hold the rows played against a suite's section of the document, or write it with ALL."""
    if ALL:
        put_section(usage.title, section(usage, rows))
    other = undocumented(usage, rows)
    assert not other, "make conformance writes it anew:\n" + "\n".join(other)
