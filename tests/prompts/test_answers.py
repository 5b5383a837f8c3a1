"""The opening and steps 1 and 2 line by line: they know what the screen knows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from smtpwizard.prompts.answers import choose_provider, opening, repair
from smtpwizard.prompts.console import Console
from smtpwizard.wizard.opening import begin_walk
from smtpwizard.wizard.session import Session, Target, TargetKind, WizardState
from support.tui import GMAIL, quiet_services

COMPOSE = """services:
  api:
    image: line/abc-user-feedback-api
    environment: {SMTP_HOST: smtp.sendgrid.net, SMTP_PORT: "587", SMTP_SENDER: a@acme.example}
"""


def asked(*answers: str, state: WizardState | None = None, **world: Any) -> tuple[Session, Console, io.StringIO]:
    """Return a walk whose questions are answered one after the other."""
    said = io.StringIO()
    source = io.StringIO("".join(f"{answer}\n" for answer in answers))
    console = Console(source=source, sink=said, secret=lambda prompt: "abcd efgh ijkl mnop")
    return Session(quiet_services(**world), state), console, said


def test_a_domain_finds_its_provider_by_its_mx() -> None:
    async def google(domain: str) -> tuple[str, ...]:
        return ("aspmx.l.google.com",)

    session, console, said = asked("ops@acme.example", "1", mx_hosts=google)
    choose_provider(session, console)
    assert "acme.example receives mail at Google Workspace (MX)." in said.getvalue()
    assert session.state.provider is not None
    assert session.state.provider.id == "google-workspace"
    assert session.state.settings.username == "ops@acme.example"


def test_what_leads_nowhere_is_told_and_custom_takes_the_typed_server() -> None:
    session, console, said = asked("acme.example", "no", "qqzz", "custom")
    choose_provider(session, console)
    assert "In the guide of ABC User Feedback: SendGrid (recommended), Gmail (for tests), Custom" in said.getvalue()
    assert "No provider is known behind acme.example." in said.getvalue()
    assert 'No provider matches "qqzz".' in said.getvalue()
    assert session.state.provider is session.services.custom


def test_a_typed_server_is_taken_as_one_of_ones_own_and_a_whole_name_needs_no_number() -> None:
    session, console, _ = asked("mail.acme.example:25", "yes")
    choose_provider(session, console)
    assert (session.state.settings.host, session.state.settings.port) == ("mail.acme.example", "25")
    session, console, said = asked("gmail")
    choose_provider(session, console)
    assert session.state.provider is not None
    assert session.state.provider.id == "gmail"
    assert "Which one" not in said.getvalue()


def test_a_blocked_provider_is_refused_with_its_reason() -> None:
    session, console, said = asked("hotmail.com", "gmail.com")
    choose_provider(session, console)
    assert "Choose another one." in said.getvalue()
    assert session.state.provider is not None
    assert session.state.provider.id == "gmail"


def test_a_compose_service_is_found_and_told(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    state, step = begin_walk(quiet_services(), Target(TargetKind.COMPOSE, tmp_path / "compose.yaml"))
    session, console, said = asked("1", state=state)
    assert step == "opening"
    assert opening(session, console) == "test"
    assert "compose.yaml holds settings: smtp.sendgrid.net:587, " in said.getvalue()


def test_a_variable_under_an_old_name_is_told_and_its_repair_offered(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_HOST=smtp.gmail.com\nSMTP_PORT=465\nSMTP_TLS=true\nSMTP_USER=ops@gmail.com\n")
    state, _ = begin_walk(quiet_services(), Target(path=tmp_path / ".env"))
    session, console, said = asked("2", *["yes"] * 9, state=state)
    assert opening(session, console) == "settings"
    assert "old names: SMTP_USER" in said.getvalue()
    repair(session, console)
    assert session.state.settings.username == "ops@gmail.com"
    assert session.state.settings.old_names == ()


def test_a_provider_of_the_command_line_is_named_and_not_asked_for() -> None:
    state = WizardState(settings=GMAIL, provider=quiet_services().presets.provider("gmail"))
    session, console, said = asked(state=state)
    choose_provider(session, console, given=True)
    assert "Gmail, as asked for on the command line." in said.getvalue()
    assert session.state.settings == GMAIL
