"""The practice server's failures, as the wizard offers them: choose one, meet it, go back to a server that accepts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind
from smtpwizard.sandbox import rehearsal as rehearsing
from smtpwizard.settings import Settings
from smtpwizard.tui.steps.base import Command

if TYPE_CHECKING:
    from smtpwizard.sandbox.rehearsal import Playable, Rehearsed
    from smtpwizard.tui.app import SmtpWizard


_START_SECONDS = 12.0
_STOP_SECONDS = 3.0
"""A connection that is being closed is read for 2 s."""


def commands(app: SmtpWizard) -> Iterable[tuple[Command, Any]]:
    """Yield palette entries and what they call: only while the practice server is the provider."""
    provider = app.state.provider
    if provider is None or provider.kind is not Kind.PRACTICE:
        return
    play = Command("practice: Play a failure", "Choose one; the practice server shows it, the wizard explains it", "")
    yield play, partial(choose, app)
    if app.state.rehearsed is not None:
        words = f"Stop playing {app.state.rehearsed.ref}"
        yield Command("practice: Accept mail again", words, ""), partial(accept_again, app)


def choose(app: SmtpWizard) -> None:
    """Show the failures; the one that is chosen is played."""
    from smtpwizard.tui.screens.failures import FailuresScreen

    def chosen(failure: Playable | None) -> None:
        if failure is not None:
            app.run_worker(
                _play(app, failure), group="practice", exclusive=True, exit_on_error=False, description="play a failure"
            )

    app.push_screen(FailuresScreen(), chosen)


def accept_again(app: SmtpWizard) -> None:
    """Go back to the server that accepts mail, and test."""
    app.run_worker(
        _accept(app), group="practice", exclusive=True, exit_on_error=False, description="practice server start"
    )


async def _play(app: SmtpWizard, failure: Playable) -> None:
    try:
        played = await in_daemon_thread(
            lambda: rehearsing.start(failure), timeout=_START_SECONDS, name="practice server start"
        )
    except SmtpWizardError as error:
        app.notify(error.message, title=error.title, severity="error", markup=False)
        return
    except TimeoutError:
        app.notify(f"The server did not start within {_START_SECONDS:.0f} s.", severity="error", markup=False)
        return
    await _lead_to(app, played.settings, played)
    if failure.while_sending:
        app.notify(f"{failure.ref} shows at the end of a message: Enter sends one.", title="Practice", markup=False)
    app.go("send" if failure.while_sending else "test")


async def _accept(app: SmtpWizard) -> None:
    server = app.state.practice
    if server is None:
        problem = await app.practise()
        server = app.state.practice
        if server is None:
            app.notify(problem, title="Practice server", severity="error", markup=False)
            return
    await _lead_to(app, server.settings(), None)
    app.go("test")


async def _lead_to(app: SmtpWizard, settings: Settings, played: Rehearsed | None) -> None:
    """Take settings that lead to another practice server; what the one before refused says nothing of this one."""
    state = app.state
    before = state.rehearsal
    settings = settings.with_changes({"ADMIN_WEB_URL": state.settings.admin_web_url})
    host = (settings.host or "").lower()
    app.update(
        settings=settings,
        rehearsal=played,
        refused=tuple(item for item in state.refused if (item.host or "").lower() != host),
        pauses=tuple(item for item in state.pauses if item[0] != host),
    )
    await stop(before)


async def stop(played: Rehearsed | None) -> None:
    """Stop the server of a rehearsal, if there is one."""
    if played is None:
        return
    try:
        await in_daemon_thread(played.server.stop, timeout=_STOP_SECONDS, name="practice server stop")
    except (TimeoutError, OSError):
        return  # its threads are daemons: they end with the process
