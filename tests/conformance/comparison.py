"""Runs every behaviour with the real client and with ours, and says where they differ. No pytest in here."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from conformance.behaviour import Behaviour
from conformance.pace import played
from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import ClientOutcome, OutgoingMessage, Report, Verdict
from support.nodemailer import LIBRARIES, Nodemailer, Outcome
from support.tls_kinds import certificates, self_signed

SECONDS: Final = 1.2
"""Our deadline for a stage: between a server's pauses (0.4 s) and what the whole suite may take."""
VERSION: Final = "8.0.5"
"""Of the package `nodemailer`: whatever version an app ships, what is compared is that of the first app."""
_DATA: Final = b"Subject: Conformance\r\n\r\n.one line\r\n"
ALL: Final = os.environ.get("SMTPWIZARD_WRITE_DOCS") == "1"
"""Whether the newest nodemailer is played, too, as `make conformance` does: its version is pinned, and what it does is
in the document until the pin moves."""
_FATES: Final = {Verdict.HANGS: "hangs", Verdict.CRASHES: "crashes"}


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour met with one kind of settings."""

    behaviour: str
    settings: str
    verify: Outcome
    """What nodemailer's verify() did."""
    send: Outcome
    newest_verify: Outcome | None
    """The same of the newest nodemailer, which the app does not use yet: played with ALL."""
    newest_send: Outcome | None
    checked: Report
    """Our `check`."""
    sent: Report
    """Our `send`."""

    def differences(self) -> Iterator[str]:
        """Yield where ours tells something else than the client did."""
        for name, report in (("check", self.checked), ("send", self.sent)):
            if report.app.verify != _told(self.verify):
                yield f"{self}: {name} says of verify() {report.app.verify}, which did {self.verify}"
            if report.app.send.ok is not None and report.app.send != _told(self.send):
                yield f"{self}: {name} says of sendMail() {report.app.send}, which did {self.send}"
        if self.sent.app.send.ok is None:
            yield f"{self}: send says nothing of sendMail()"
        if _FATES.get(self.sent.app.verdict) != self.send.fate:
            yield f"{self}: send's verdict is {self.sent.app.verdict}, and sendMail() {self.send}"

    def __str__(self) -> str:
        return f"{self.behaviour} / {self.settings}"


class Comparison:
    """The clients, the certificates, and the machinery to play one behaviour. A context manager."""

    def __init__(self, folder: Path, libraries: Sequence[str] = LIBRARIES) -> None:
        self._libraries = libraries
        self._certificates = certificates()
        self._self_signed, _ = self_signed()  # nobody trusts it
        self._trusted = self._certificates.ca_pem
        self._ca_file = folder / "ca.pem"
        self._ca_file.write_text(self._trusted)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._client = self._stack.enter_context(Nodemailer(self._ca_file, self._libraries))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def rows(self, behaviours: Iterable[Behaviour], settled: Callable[[Row], bool]) -> list[Row]:
        """Play all behaviours, some at once; the order stays.

        A row that is not `settled` is played once more, alone: on a busy machine any of the six clients may have
        missed a deadline that was not meant for it. What comes out then counts.
        """
        jobs = [(item, name, extra) for item in behaviours for name, extra in item.settings.items()]
        for item, *_ in jobs:
            self.context(item.certificate)  # made here: not by several threads at once
        rows = played(lambda job: self._row(*job), jobs, lambda job: job[0].script)
        return [row if settled(row) else self._row(*job) for row, job in zip(rows, jobs, strict=True)]

    def context(self, kind: str) -> ssl.SSLContext:
        """Return the server's TLS context for a kind of certificate."""
        return self._self_signed if kind == "self-signed" else self._certificates.context(kind)

    def _row(self, item: Behaviour, name: str, extra: Mapping[str, str]) -> Row:
        with ScriptedServer(item.script, tls=self.context(item.certificate)) as server, ThreadPoolExecutor() as pool:
            variables = variables_for(server, item, extra)
            calls = [
                pool.submit(self._client.run, verb, variables, library=library, alone=item.crashes, to=item.to)
                for library in LIBRARIES[: 1 + ALL]
                for verb in ("verify", "send")
            ]
            checked, sent = (self.probe(item, variables, message) for message in (None, _message(item)))
            verify, send, newest_verify, newest_send = (*(call.result() for call in calls), None, None)[:4]
        return Row(item.name, name, verify, send, newest_verify, newest_send, checked, sent)

    def of_version(
        self, library: str, version: str, item: Behaviour, extra: Mapping[str, str]
    ) -> tuple[ClientOutcome, str | None, ClientOutcome, str | None]:
        """Return what a version's sendMail() does and its fate, then what ours says of an app with that version."""
        with ScriptedServer(item.script, tls=self.context(item.certificate)) as server, ThreadPoolExecutor(1) as pool:
            variables = variables_for(server, item, extra)
            real = pool.submit(self._client.run, "send", variables, library=library, alone=item.crashes, to=item.to)
            app = _in_version(shipped(item.app), version)
            ours = self.probe(item, variables, _message(item), app=app)
            found = real.result()
        return _told(found), found.fate, ours.app.send, _FATES.get(ours.app.verdict or Verdict.WORKS)

    def of_app(
        self, app: AppProfile, library: str, script: Script, make: Callable[[str], Mapping[str, str]]
    ) -> tuple[ClientOutcome, ClientOutcome]:
        """Return what sendMail() does with the variables of an app, made from the port, and what ours says of it."""
        item = Behaviour("an app's own variables", script)
        with ScriptedServer(script, tls=self.context("trusted")) as server, ThreadPoolExecutor(1) as pool:
            variables = dict(make(str(server.port)))
            real = pool.submit(self._client.run, "send", variables, library=library, to=item.to)
            ours = self.probe(item, variables, _message(item), app=app).app.send
            return _told(real.result()), ours

    def real_client(self, server: ScriptedServer, item: Behaviour, extra: Mapping[str, str]) -> Outcome:
        """Have nodemailer send a mail to a server."""
        return self._client.run("send", variables_for(server, item, extra), to=item.to)

    def our_client(self, server: ScriptedServer, item: Behaviour, extra: Mapping[str, str]) -> Report:
        """Have ours do the same."""
        return self.probe(item, variables_for(server, item, extra), _message(item))

    def probe(
        self,
        item: Behaviour,
        variables: Mapping[str, str],
        message: OutgoingMessage | None = None,
        *,
        app: AppProfile | None = None,
    ) -> Report:
        """Run ours with the same variables and the same trust."""
        options = Options(
            timeout=SECONDS, extra_ca_pem=self._trusted, trust_extra_env=False, recipient="to@example.com"
        )
        settings = Settings.from_variables(app or _in_version(shipped(item.app), VERSION), variables)
        return Probe(settings, options, message=message).run_blocking()


def _in_version(app: AppProfile, version: str) -> AppProfile:
    return app._replace(client=app.client._replace(version=version))


def variables_for(server: ScriptedServer, item: Behaviour, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the app's variables for a server."""
    app = shipped(item.app)
    given = {
        Role.HOST: item.host,
        Role.PORT: item.port or str(server.port),
        Role.SENDER: "app@example.com",
        Role.SECURITY: "true" if item.script.implicit else "false",
    }
    return {**app.wanted, **{app.variable(role): text for role, text in given.items()}, **extra}


def _message(item: Behaviour) -> OutgoingMessage:
    return OutgoingMessage("<1@example.com>", _DATA, item.to)


def _told(outcome: Outcome) -> ClientOutcome:
    return ClientOutcome(outcome.ok, outcome.code, outcome.response_code, outcome.command)
