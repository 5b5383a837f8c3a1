"""How a walk begins: what the target holds, what the command line asked for, and what to do with settings found."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from smtpwizard.addresses import bare_address
from smtpwizard.apps.profile import Role
from smtpwizard.errors import FileError, InputError, SmtpWizardError
from smtpwizard.problems import Problem, has_errors
from smtpwizard.records import NamedTuple
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard.session import Services, Session, Target, TargetKind, WizardState

DEFAULT_ENV_FILE: Final = Path(".env")
PRACTICE_ENV_FILE: Final = Path(".env.practice")
"""Where a demonstration writes when no target was named."""


class Beginning(NamedTuple):
    """The first state of a walk, and the step that is shown first."""

    state: WizardState
    step: str


def begin_walk(
    services: Services,
    target: Target | None = None,
    *,
    demo: bool = False,
    preset: str | None = None,
    before: WizardState | None = None,
) -> Beginning:
    """Read the target and decide where the walk starts: with what was found, else with the providers.

    `before`: the walk that was left for another app; answers typed there are taken along.

    No target: what the app's service reads as the compose file of this folder has it, else `.env`.

    FileError for a target that cannot be read; InputError for an unknown preset, and for a service that is not there.
    """
    if services.app.place is not None:  # set up in a file or on a page: there is nothing to read, and a block to copy
        target = Target(TargetKind.PRINT, None, style="fragment")
    named = target is not None
    if target is None and not demo:
        target = _read_by_app(services)
    state = _read(services, target or Target(TargetKind.ENV_FILE, DEFAULT_ENV_FILE), demo=demo)
    if state.original is None and not demo:
        state = _with_address(services, state)
    if demo:
        practice = services.presets.provider("practice")
        if not named:
            # Practice settings are never the app's own: they stand beside what it reads.
            assert state.target.path is not None
            beside = replace(state.target, path=state.target.path.with_name(PRACTICE_ENV_FILE.name))
            return Beginning(WizardState(Settings(services.app), target=beside, provider=practice), "provider")
        return Beginning(state.changed(provider=practice, settings=Settings(services.app)), "provider")
    if before is not None and before.unsaved and state.original is None:
        return _taken_along(services, state, before)
    if preset:
        from smtpwizard.wizard.questions import begin

        chosen = services.presets.provider(preset)
        settings = begin(chosen, state.settings, previous=state.provider)
        return Beginning(state.changed(provider=chosen, settings=settings), "settings")
    return Beginning(state, "opening" if state.original is not None else "provider")


_PORTABLE: Final = (Role.HOST, Role.PORT, Role.USERNAME, Role.PASSWORD, Role.SENDER, Role.SENDER_NAME, Role.REPLY_TO)
"""What is the server's and the operator's, whichever app sends."""


def _taken_along(services: Services, state: WizardState, before: WizardState) -> Beginning:
    """Begin at the settings with what was typed for another app, role by role, in the TLS mode that comes nearest."""
    from smtpwizard.clients.transport import security

    app, typed = services.app, before.settings
    values: dict[str, str | Secret | None] = {role: typed.of(role) for role in _PORTABLE if app.spec(role) is not None}
    sender = app.spec(Role.SENDER)
    if typed.sender and sender is not None and sender.format != "mailbox":
        values[Role.SENDER] = bare_address(typed.sender) or typed.sender
    mode = security(typed)
    settings = state.settings.with_changes(app.mode_changes(app.nearest(mode)) if mode is not None else {})
    settings = settings.with_changes({role: value for role, value in values.items() if value is not None})
    if before.provider is None:
        return Beginning(state.changed(settings=settings), "provider")
    if before.provider.kind.value == "practice":  # its server belongs to the walk that started it
        return Beginning(state, "provider")
    return Beginning(state.changed(settings=settings, provider=before.provider, region=before.region), "settings")


def _read_by_app(services: Services) -> Target | None:
    from smtpwizard.targets.files import default_file

    if default_file(Path()) is None:
        return None
    from smtpwizard.wizard.destination import source_of_app

    found = source_of_app(Path(), images=services.app.images, app_service=services.app.service)
    if found is None:
        return None
    if found.service is None:
        return Target(TargetKind.ENV_FILE, found.path)
    return Target(TargetKind.COMPOSE, found.path, found.service, override=found.override)


def _read(services: Services, target: Target, *, demo: bool) -> WizardState:
    """Return the state with what the target holds: a file that is there, or a compose service."""
    state = WizardState(Settings(services.app), target=target)
    if target.kind is TargetKind.PRINT or target.path is None:
        return state
    if not os.path.lexists(target.path):
        if not target.path.parent.is_dir():
            raise FileError(
                f"There is no folder {target.path.parent}. Make it, or name another file.", "No such folder"
            )
        return state
    if target.kind is TargetKind.ENV_FILE:
        from smtpwizard.targets.env.file import read_env_file

        file = read_env_file(target.path)
        return _holding(services, state.changed(env_file=file), Settings.from_variables(services.app, file.variables))
    return state if demo else _of_service(services, state, target.path)


def _of_service(services: Services, state: WizardState, path: Path) -> WizardState:
    """Return the state with what the target's service has.

    Where none was named and several could be the app's, the Save step lists them.
    """
    from smtpwizard.targets.compose.read import read_service

    app, named = services.app, state.target.service
    try:
        service = read_service(path, named, os.environ, images=app.images, app_service=app.service)
    except InputError:
        if named is not None:
            raise
        return state
    state = state.changed(target=replace(state.target, service=service.service))
    return _holding(services, state, Settings.from_variables(services.app, service.variables))


def _holding(services: Services, state: WizardState, found: Settings) -> WizardState:
    """Return the state with the settings found. The app's own address alone is nothing to test, and is kept."""
    if not found.has_mail:
        return state.changed(settings=Settings(found.app, url=found.url))
    provider = services.presets.for_host(found.host) or services.custom if found.host else None
    return state.changed(settings=found, original=found, provider=provider)


def _with_address(services: Services, state: WizardState) -> WizardState:
    """Return the state with the address under which people use the app, where the folder knows it: the operator need
    not type what stands in the compose file, or in the `.env` beside it."""
    app = services.app
    if state.settings.url or app.spec(Role.URL) is None:
        return state
    from smtpwizard.targets.files import default_file

    folder = state.target.path.parent if state.target.path is not None else Path()
    for path in (folder / DEFAULT_ENV_FILE, default_file(folder)):
        try:
            url = _address_in(services, path) if path is not None and os.path.lexists(path) else None
        except SmtpWizardError:
            continue  # what cannot be read is told where it is to be written
        if url:
            return state.changed(settings=Settings(app, url=url))
    return state


def _address_in(services: Services, path: Path) -> str | None:
    app = services.app
    if path.name == DEFAULT_ENV_FILE.name:
        from smtpwizard.targets.env.file import read_env_file

        return Settings.from_variables(app, read_env_file(path).variables).url
    from smtpwizard.targets.compose.read import read_service

    service = read_service(path, None, os.environ, images=app.images, app_service=app.service)
    return Settings.from_variables(app, service.variables).url


class OpeningChoice(StrEnum):
    """What can be done with settings that were found."""

    TEST = "test"
    CHANGE = "change"
    START_OVER = "over"


class Offer(NamedTuple):
    """A choice, as it is offered."""

    choice: OpeningChoice
    verb: str
    result: str
    """What it does, for a place with room."""


OFFERS: Final = (
    Offer(OpeningChoice.TEST, "Test it", "as it is; nothing is changed"),
    Offer(OpeningChoice.CHANGE, "Change it", "filled in with what was found"),
    Offer(OpeningChoice.START_OVER, "Start over", "the file stays as it is until step 4"),
)


class Opening:
    """Shown where the target holds settings: what was found, what the app makes of it, and the choices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def sentence(self) -> str:
        """What was found in one line: `smtp.gmail.com:587, Gmail, as you@gmail.com`. The text is foreign."""
        from smtpwizard.lint.check import masked_settings

        state = self._session.state
        settings = state.settings
        parts = [
            f"{settings.shown_host}:{settings.shown(settings.port or '?')}"
            if settings.host
            else f"no {settings.app.variable(Role.HOST)}"
        ]
        if state.provider is not None and state.provider.kind.value != "custom":
            parts.append(state.provider.name)
        if settings.username:
            parts.append(
                f"as {masked_settings(settings, self._session.provider)[settings.app.variable(Role.USERNAME)]}"
            )
        old = [name for name, _ in settings.old_names]
        if old:
            parts.append(f"old names: {', '.join(old)}")
        return ", ".join(parts)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Lines of the file that some reader cannot read, at most three: `line 4: ...`."""
        file = self._session.state.env_file
        return tuple(f"line {item.line}: {item.message}" for item in file.problems[:3]) if file is not None else ()

    @property
    def findings(self) -> tuple[Problem, ...]:
        """What the app would make of the settings as they are."""
        from smtpwizard.wizard.settings import SettingsStep

        return self._session.step(SettingsStep).findings()

    @property
    def suggested(self) -> OpeningChoice:
        """What to offer first: a test, unless no mail would leave."""
        return OpeningChoice.CHANGE if has_errors(self.findings) else OpeningChoice.TEST

    def choose(self, choice: OpeningChoice) -> str:
        """Take a choice; return the id of the step to which it leads."""
        state = self._session.state
        if choice is OpeningChoice.START_OVER:
            kept = Settings(state.settings.app, url=state.settings.url, old_names=state.settings.old_names)
            self._session.update(settings=kept, provider=None, region=None)
            return "provider"
        if state.provider is None:
            self._session.update(provider=self._session.services.custom)
        return "test" if choice is OpeningChoice.TEST else "settings"
