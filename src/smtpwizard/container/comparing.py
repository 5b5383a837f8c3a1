"""Host and container side by side: the app's verdict as its container sees it. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from smtpwizard.container.inside_notes import notes
from smtpwizard.container.sides import Sides
from smtpwizard.diagnosis.event import from_text
from smtpwizard.diagnosis.explaining import explain_event
from smtpwizard.diagnosis.properties import Properties, stages_of
from smtpwizard.diagnosis.result import Diagnosis
from smtpwizard.outputs.after_words import Note
from smtpwizard.probe.results import Step, Verdict


class Comparison(NamedTuple):
    """Both results together."""

    verdict: str
    """`works fails leaks crashes hangs` as in the contract, `refuses` where the app would not start, or `unknown`."""
    sentence: str
    same_settings: bool
    """The SMTP_ variables are the file's."""
    same_verdict: bool | None
    """nodemailer's verify() comes to the same on both; None where one of them did not log in, or did not run."""
    notes: tuple[Note, ...]
    """What differs and what to do, the weightiest first."""
    diagnoses: tuple[Diagnosis, ...]
    """The catalogue's causes of the container's failure, best first."""


def compare(sides: Sides) -> Comparison:
    """Put both results together."""
    verdict, sentence = _verdict(sides)
    view, app = sides.view, sides.report.app.verify
    same = None
    if view.verify is not None and view.login != "withheld" and app.ok is not None:
        mine = (app.ok, app.code, app.response_code, app.command)
        same = mine == (view.verify.ok, view.verify.code, view.verify.response_code, view.verify.command)
    return Comparison(verdict, sentence, sides.same_settings, same, tuple(notes(sides)), _diagnoses(sides))


def _verdict(sides: Sides) -> tuple[str, str]:
    view, report, app = sides.view, sides.report, sides.app_name
    verify = view.verify
    if view.refuses:
        return "refuses", f"{app} refuses to start in its container: {', '.join(view.refuses)} missing or empty."
    if verify is None:
        return "unknown", f"The container's view is not known: {view.error or 'nothing was tried'}."
    if verify.fate == "crashes":
        return "crashes", f"{app} will crash in its container: {verify.message or 'its mail client stops'}."
    if verify.fate:
        return "hangs", f"{app} will wait in its container: its mail client did not come to an end."
    if not verify.ok:
        return "fails", f"{app} will fail in its container: {verify}."
    if view.login == "withheld":
        return report.app.verdict.value, f"{app}'s container reaches the server; the login was refused on the host."
    further = report.app.verdict is not Verdict.WORKS and report.app.verify.ok
    if further and sides.same_settings:  # verify() ends after the login; the host went on
        return report.app.verdict.value, f"The container gets through the login, but {report.app.sentence}"
    return "works", f"{app} {_does(sides)}."


def _does(sides: Sides) -> str:
    """Say how far the container got: verify() succeeds, too, where the server offers no login."""
    if sides.view.login != "tried":
        return "connects from within its container, without a login"
    offered = sides.report.step(Step.AUTH)
    if sides.same_settings and offered is not None and offered.status.value == "passed":
        return "logs in from within its container"
    return "connects from within its container; its login is taken, if the server asks for one"


def _diagnoses(sides: Sides) -> tuple[Diagnosis, ...]:
    verify = sides.view.verify
    if verify is None or verify.ok or verify.fate == "hangs":
        return ()
    text = f"{verify.message} {verify.code or ''}".strip()
    if verify.fate == "crashes":
        text = f"TypeError: {verify.message}"
    known = Properties(code=verify.code or "", command=verify.command or "", response_code=verify.response_code)
    event = from_text(
        text,
        reply=verify.response,
        code=verify.response_code,
        stages=["auth"] if verify.fate else stages_of(text, known, ""),
        provider=sides.provider,
        settings=sides.settings if sides.same_settings else None,
    )
    return explain_event(event)


def to_json(sides: Sides, result: Comparison) -> dict[str, Any]:
    """Return the object `inside` of `check --inside --json`."""
    view = sides.view
    verify = view.verify
    return {
        "service": sides.service,
        "verdict": result.verdict,
        "sentence": result.sentence,
        "verify": None
        if verify is None
        else {
            "ok": verify.ok,
            "code": verify.code,
            "response_code": verify.response_code,
            "command": verify.command,
            "message": verify.message,
        },
        "login": view.login,
        "same_settings": result.same_settings,
        "same_verdict": result.same_verdict,
        "differences": dict(view.differences),
        "settings": dict(view.settings),
        "hostname": view.hostname,
        "ehlo": view.ehlo,
        "node": view.node,
        "nodemailer": view.nodemailer,
        "extra_ca": view.extra_ca,
        "dns": {"addresses": list(view.addresses), "error": view.dns_error or None},
        "error": view.error or None,
        "notes": [note.to_json() for note in result.notes],
        "diagnoses": [item.to_json() for item in result.diagnoses],
        "elapsed_ms": view.elapsed_ms,
    }
