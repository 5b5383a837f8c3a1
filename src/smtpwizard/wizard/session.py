"""The walk: what is known so far, and its steps. A renderer shows it: `tui`, `prompts`, or `cli`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smtpwizard.apps.profile import Role
from smtpwizard.errors import NetworkError
from smtpwizard.settings import Settings
from smtpwizard.wizard.services import Services
from smtpwizard.wizard.state import WizardState

if TYPE_CHECKING:
    from smtpwizard.sandbox.rehearsal import Playable, Rehearsed


_START_SECONDS: Final = 12.0
"""For a server on this machine: its certificate takes 0.1 s, a slow disk and a busy processor much longer."""

_STOP_SECONDS: Final = 1.0
"""How long leaving waits for a server to stop. Its threads are daemons: they end with the process."""

T = TypeVar("T")


class Session:
    """One walk. Holds the state; draws nothing, prints nothing, asks nothing."""

    def __init__(
        self,
        services: Services,
        state: WizardState | None = None,
        *,
        on_change: Callable[[WizardState], None] | None = None,
    ) -> None:
        self.services = services
        self._state = state or WizardState(Settings(services.app))
        self._on_change = on_change
        self._steps: dict[Callable[[Session], Any], Any] = {}

    @property
    def state(self) -> WizardState:
        """What is known now. Frozen: `update()` makes the next one."""
        return self._state

    def update(self, **changes: Any) -> None:
        """Take `changes` of the state's fields, and tell the renderer if any differs. TypeError: no such field."""
        changed = self._state.changed(**changes)
        if changed != self._state:
            self._state = changed
            if self._on_change is not None:
                self._on_change(changed)

    def step(self, kind: Callable[[Session], T]) -> T:
        """Return the walk's one object of a step: `session.step(SettingsStep)`. It is made when it is first asked for.

        So a step knows the session and not the other way round, and none is loaded before a renderer comes to it.
        """
        if kind not in self._steps:
            self._steps[kind] = kind(self)
        made: T = self._steps[kind]
        return made

    # The practice server

    async def practise(self) -> None:
        """Start the practice server unless it runs, and take its settings. NetworkError where it does not start."""
        from smtpwizard.wizard.questions import begin

        state, server = self._state, self._state.practice
        if server is None:
            server = self.services.make_practice_server()
            await _started(server.start)
        provider = self.services.presets.provider("practice")
        if (
            state.practice is not None
            and state.provider is not None
            and state.provider.id == provider.id
            and state.rehearsed is None
        ):
            return  # its settings stand already, with what was changed in them since
        kept = begin(provider, state.settings, previous=state.provider)
        settings = server.settings(state.settings.app).with_changes({Role.URL: kept.url})
        self.update(practice=server, provider=provider, region=None, settings=settings)

    async def rehearse(self, failure: Playable) -> None:
        """Lead the settings to a server that shows `failure`. NetworkError where it does not start."""
        from smtpwizard.sandbox.rehearsal import start

        played = await _started(lambda: start(failure, self._state.settings.app))
        await self._lead_to(played.settings, played)

    async def accept_again(self) -> None:
        """Lead the settings back to the server that accepts mail. NetworkError where it does not start."""
        if self._state.practice is None:
            await self.practise()
        assert self._state.practice is not None
        await self._lead_to(self._state.practice.settings(self._state.settings.app), None)

    async def stop(self) -> None:
        """Stop the practice server, if it runs, and the one that plays a failure."""
        await _stopped(self._state.rehearsal.server.stop if self._state.rehearsal else None)
        await _stopped(self._state.practice.stop if self._state.practice else None)

    async def _lead_to(self, settings: Settings, played: Rehearsed | None) -> None:
        """Take settings that lead to another practice server; what the one before refused says nothing of this one."""
        state, before = self._state, self._state.rehearsal
        settings = settings.with_changes({Role.URL: state.settings.url})
        host = (settings.host or "").lower()
        self.update(
            settings=settings,
            rehearsal=played,
            refused=tuple(item for item in state.refused if (item.host or "").lower() != host),
            pauses=tuple(item for item in state.pauses if item[0] != host),
        )
        await _stopped(before.server.stop if before else None)


async def _started(start: Callable[[], T]) -> T:
    from smtpwizard.background import in_daemon_thread  # asyncio, which `write` does without

    try:
        return await in_daemon_thread(start, timeout=_START_SECONDS, name="practice server start")
    except TimeoutError:
        raise NetworkError(
            f"The practice server did not start within {_START_SECONDS:.0f} s.", "Practice server"
        ) from None


async def _stopped(stop: Callable[[], object] | None) -> None:
    if stop is not None:
        from smtpwizard.background import in_daemon_thread

        try:
            await in_daemon_thread(stop, timeout=_STOP_SECONDS, name="practice server stop")
        except (TimeoutError, OSError):
            return
