"""SOURCE: the flags that say where settings come from, turned into Settings of an app. Judges no value."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.loading import DEFAULT, AppFiles
from smtpwizard.apps.profile import AppProfile, Role
from smtpwizard.cli.output import say
from smtpwizard.clients.transport import Origin, refusals
from smtpwizard.errors import FileError, InputError, SmtpWizardError
from smtpwizard.presets.files import presets_root, user_root
from smtpwizard.problems import Problem, Severity
from smtpwizard.records import NamedTuple
from smtpwizard.secret import hide
from smtpwizard.settings import Settings
from smtpwizard.targets.files import default_file
from smtpwizard.targets.recognise import Recognised, recognise, role_of
from smtpwizard.text import safe

if TYPE_CHECKING:
    import argparse

    from smtpwizard.targets.compose.read import ServiceVariables
    from smtpwizard.targets.env.file import EnvFile


DEFAULT_ENV_FILE: Final = Path(".env")


class Source(NamedTuple):
    """Settings, and where they were found."""

    settings: Settings
    origin: Origin
    path: Path | None
    """The file; None for the environment."""
    description: str
    """The place in words, for a sentence: `.env`, `service api of compose.yaml`, `the environment`."""
    findings: tuple[Problem, ...] = ()
    """What is wrong with the file itself: lines and values that not all of its readers read alike."""
    service: str = ""
    """The compose service that has them."""
    why: str = ""
    """Why it is this app, where it was recognised: `found in compose.yaml`."""
    image: str = ""
    """That service's image, where it is not the app's and no mail settings are there: likely another program."""
    doubtful: bool = False
    """Whether no app was recognised, and the mail settings that are there have other names than the default one's."""

    @property
    def empty(self) -> bool:
        """Whether not one variable of mail settings is there; the app's own address alone is none."""
        return not self.settings.has_mail


def app_files(args: argparse.Namespace) -> AppFiles:
    """Return the profiles: the shipped ones, the operator's own, those of --presets. InputError: that is no folder."""
    kept: AppFiles | None = getattr(args, "app_files", None)
    if kept is None:
        folder = getattr(args, "presets", None)
        if folder is not None:
            from smtpwizard.presets.catalogue import Presets  # says what is wrong with the folder

            Presets.open(folder)
        kept = args.app_files = AppFiles((presets_root(), user_root(), *([folder] if folder is not None else [])))
    return kept


def app_of(args: argparse.Namespace) -> AppProfile:
    """Return the app that --app names, else that of the folder or the compose file. InputError for an unknown one."""
    return recognised(args).app


def recognised(args: argparse.Namespace, variables: Mapping[str, object] | None = None) -> Recognised:
    """Return the app and why it is that: --app, the images of the compose file, the variables of the file read."""
    files, named = app_files(args), getattr(args, "app", None)
    if named:
        return Recognised(files.profile(named), "")
    compose, env_file = getattr(args, "compose", None), getattr(args, "env_file", None)
    folder = Path(compose or env_file or ".env").parent
    service = getattr(args, "service", None) or ""
    found = recognise(files, folder, compose=Path(compose) if compose else None, service=service, variables=variables)
    if compose and found.service:
        args.service = found.service  # nothing else in the file says which service is the app's
    return found


def recognised_target(args: argparse.Namespace) -> Recognised:
    """Return the app of a TARGET, whose file need not be there yet."""
    path, variables = getattr(args, "env_file", None), None
    if path is None and getattr(args, "compose", None) is None and DEFAULT_ENV_FILE.is_file():
        path = DEFAULT_ENV_FILE
    if path is not None and not getattr(args, "app", None):
        from smtpwizard.targets.env.file import read_env_file

        with suppress(FileError):  # told by whoever reads it for its values
            variables = read_env_file(path).variables
    return recognised(args, variables)


def one_of(found: Recognised, args: argparse.Namespace) -> AppProfile:
    """Return the app. InputError where it is one of several, and the command is about one."""
    if found.others:
        ids = ", ".join(item.id for item in (found.app, *found.others))
        raise InputError(f"More than one app is here: {ids}. Name one with --app.", "Which app")
    return found.app


def tell_app(source: Source) -> None:
    """Say which app it is and why, where that was recognised and is not the default; and where none was."""
    app = source.settings.app
    if source.why and app.id != DEFAULT:
        say(f"{app.name}, {source.why}. --app ID takes another.")
    if source.doubtful:
        say(f"No app is recognised here, so the settings are read as {app.name}'s. --app ID takes another: "
            "`smtpwizard apps list` shows those that are known.")  # fmt: skip


def load(args: argparse.Namespace) -> Source:
    """Read the settings from the place that the SOURCE flags name, by default `.env` in the current folder.

    FileError: there is no such file, or it cannot be read. InputError: a compose file has no such service, or several
    that could be meant. A place without mail settings is no error here; its Source is `empty`.
    """
    if getattr(args, "environ", False):
        found = recognised(args, os.environ)
        return _source(found, os.environ, Origin.ENVIRON, None, "the environment")
    if getattr(args, "compose", None) is not None:
        return _compose(args)
    return _env_file(args)


def _compose(args: argparse.Namespace) -> Source:
    chosen = recognised(args)
    found, place, about = read_compose(args, app := one_of(chosen, args))
    read = _source(chosen, found.variables, Origin.COMPOSE, Path(args.compose), place, about)
    read = read._replace(service=found.service)
    if not (found.image and app.images and read.empty) or found.known_image:
        return read
    image = safe(found.image, limit=80)
    message = (
        f"{safe(found.service)} runs {image}, which is not known as {app.name}, and has no mail settings. What is said "
        "of the app does not hold for another program. Name the app's service with --service."
    )
    other = Problem.of("compose-other-image", Severity.WARNING, None, message)
    return read._replace(image=image, findings=(*about, other))


def _env_file(args: argparse.Namespace) -> Source:
    from smtpwizard.targets.env.file import read_env_file

    given = getattr(args, "env_file", None)
    path = given or DEFAULT_ENV_FILE
    file = read_env_file(path)
    if not file.exists:
        hint = (
            ""
            if given
            else (
                " Give another with --env-file FILE, a compose file with --compose FILE, or take the environment with "
                "--environ."
            )
        )
        raise FileError(f"There is no file {path}.{hint}", "No such file")
    found = recognised(args, file.variables)
    app = one_of(found, args)
    return _source(found, file.variables, Origin.ENV_FILE, path, str(path), tuple(_file_findings(app, file)))


def _beside(app: AppProfile, variables: Mapping[str, str], folder: Path) -> Iterator[Problem]:
    """Yield what lies beside the settings: files that win over them, names that nearly are the app's."""
    for item in app.wins:
        if item.path and (folder / item.path).exists():
            message = f"{safe(item.path)} is there. {item.sentence}"
            yield Problem.of("something-wins", Severity.WARNING, None, message)
    for name in variables:
        if not any(word in name.lower() for word in ("smtp", "mail")) or app.knows(name):
            continue
        from difflib import get_close_matches

        near = get_close_matches(name, [item for item in app.names if item not in variables], 1, 0.86)
        if near:
            message = (
                f"{app.name} does not read {safe(name, limit=80)}; it reads {near[0]}, which is not set. Rename it."
            )
            yield Problem.of("name-nearly", Severity.WARNING, name, message)


def _source(
    about: Recognised,
    variables: Mapping[str, str],
    origin: Origin,
    path: Path | None,
    description: str,
    found: tuple[Problem, ...] = (),
) -> Source:
    settings = Settings.from_variables(about.app, variables)
    hide(settings.secrets())
    beside = tuple(_beside(about.app, variables, path.parent)) if path else ()
    doubtful = about.is_default and bool(refusals(settings)) and any(
        role_of(name) in (Role.HOST, Role.SENDER) and not about.app.reads_name(name) for name in variables
    )  # fmt: skip
    return Source(settings, origin, path, description, (*found, *beside), why=about.why, doubtful=doubtful)


def hide_in_reach(args: argparse.Namespace) -> None:
    """Hide the secrets of the settings that lie beside: the text to be explained may hold them. None is no trouble."""
    compose = getattr(args, "compose", None)
    if compose is None and next(Path().glob("*compose*.y*ml"), None):
        compose = default_file(Path())
    for place in (None, compose) if compose else (None,):
        with suppress(SmtpWizardError):
            load(type(args)(**{**vars(args), "compose": place}))


def _file_findings(app: AppProfile, file: EnvFile) -> Iterator[Problem]:
    from smtpwizard.targets.env.file import has_mac_line_ends

    if has_mac_line_ends(file.raw):
        message = "The lines end in CR alone, of which docker compose and shells make one line. Save the file with LF."
        yield Problem.of("env-mac-line-ends", Severity.WARNING, None, message)
        return
    for problem in file.problems:
        message = f"Line {problem.line}: {problem.message}. Correct the line."
        yield Problem.of("env-line", problem.severity, None, message)
    for name, advice in file.disagreements.items():
        if app.knows(name):
            message = f"Not all readers of .env files read the same value for {name}. {advice}"
            yield Problem.of("readers-differ", Severity.WARNING, name, message)
    yield from _repeated(app, file.repeated, "in the file")


def _repeated(app: AppProfile, names: Collection[str], where: str) -> Iterator[Problem]:
    for name in names:
        if app.knows(name):
            message = f"{name} stands more than once {where}; the last counts. Take the others out."
            yield Problem.of("duplicate-variable", Severity.WARNING, name, message)


_GAPS: Final[Mapping[str, tuple[str, Severity, str]]] = {
    "blank": (
        "compose-blank",
        Severity.WARNING,
        "{name} is filled from a ${{…}} that neither this shell nor the .env beside {file} sets: the container gets it "
        "empty. Set it in that .env.",
    ),
    "required": (
        "compose-required",
        Severity.ERROR,
        "{name} is filled from a ${{…:?}} that neither this shell nor the .env beside {file} sets: docker compose "
        "refuses to start. Set it in that .env.",
    ),
    "passed": (
        "compose-passed-through",
        Severity.WARNING,
        "{file} names {name} without a value, and neither this shell nor the .env beside it sets it: the container "
        "does not get it. Set it in that .env.",
    ),
    "dollar": (
        "compose-dollar",
        Severity.WARNING,
        "docker compose takes a $ in {name} for the beginning of a variable, which nothing here sets: the container "
        "gets the value without it. Put the value in single quotes.",
    ),
    "uncertain": (
        "compose-uncertain",
        Severity.WARNING,
        "The value of {name} is nested or quoted in a way on which no promise is made, so it is left out here. Look "
        "at it with docker compose config, or run smtpwizard inside the service with --environ.",
    ),
}


def read_compose(args: argparse.Namespace, app: AppProfile) -> tuple[ServiceVariables, str, tuple[Problem, ...]]:
    """Return the variables, the place in words, and findings about the files. FileError; InputError for the service.

    Without `--service` it is the app's own, by its image or by the mail settings that it has.
    """
    from smtpwizard.targets.compose.read import read_service  # with PyYAML: only where there is a compose file

    path = Path(args.compose)
    found = read_service(path, getattr(args, "service", None), os.environ, images=app.images, app_service=app.service)
    override = f" with {found.override.name}" if found.override else ""
    return found, f"service {safe(found.service)} of {path}{override}", tuple(_findings(app, path, found))


def _findings(app: AppProfile, path: Path, found: ServiceVariables) -> Iterator[Problem]:
    for name in found.missing_files:
        message = (
            f"env_file names {safe(name)}, which does not exist: docker compose refuses to start. Create the file, or "
            "take the name out."
        )
        yield Problem.of("compose-env-file-missing", Severity.ERROR, None, message)
    for name, stop in found.refused:
        message = f"{safe(name)}, line {stop.line}: {stop.cause}. docker compose refuses to start. Correct the line."
        yield Problem.of("compose-env-file-refused", Severity.ERROR, None, message)
    for name, gap in found.gaps.items():
        if app.reads_name(name) or gap == "required":  # an old name has a finding of its own
            id_, severity, words = _GAPS[gap]
            yield Problem.of(id_, severity, name, words.format(name=name, file=path.name))
    yield from _repeated(app, found.repeated, f"under environment: of {safe(found.service)}")
    if found.elsewhere:
        message = (
            f"Service {safe(found.service)} extends one of another file, which is not read: there may be more "
            "variables. Run smtpwizard inside the service with --environ to see all."
        )
        yield Problem.of("compose-extends-elsewhere", Severity.INFO, None, message)
