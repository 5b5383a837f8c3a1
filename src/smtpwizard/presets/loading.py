"""One preset file read, and a whole folder of them checked. How a file is read: `presets.toml`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from smtpwizard.errors import InputError
from smtpwizard.presets.files import PresetFileError, PresetProblem, provider_files
from smtpwizard.presets.schema import ConsumingApp, Gateways, Provider
from smtpwizard.presets.toml import Issue, inspect, load, located, read_text

T = TypeVar("T", Provider, ConsumingApp)

RESERVED_IDS: Final = frozenset({"custom"})
"""Made in code; no file may take it."""


def load_provider(path: Path) -> Provider:
    """Read and check one provider file. PresetFileError with every mistake in it."""
    return _own_file(Provider, path)


def load_app(path: Path) -> ConsumingApp:
    """Read and check one app file. PresetFileError with every mistake in it."""
    return _own_file(ConsumingApp, path)


def load_gateways(path: Path) -> tuple[str, ...]:
    """Read and check the list of gateways. PresetFileError with every mistake in it."""
    return load(Gateways, path).suffixes


def _own_file(cls: type[T], path: Path) -> T:
    """Read a file that is named after its id."""
    made, problems = inspect(cls, path)
    own = getattr(made, "id", path.stem)
    if own != path.stem or own in RESERVED_IDS:
        message = f"must be the file's name, {path.stem}, not {own!r}"
        if own in RESERVED_IDS:
            message = f"{own} is built in and cannot be replaced"
        problems += located(path, read_text(path), [Issue(("id",), message)])
    if problems:
        raise PresetFileError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return made


def check_folder(folder: Path) -> tuple[PresetProblem, ...]:
    """Return what is wrong in `folder`: providers/, apps/ and gateways.toml, or provider files right in it.

    Beyond each file for itself: no mail domain belongs to two providers, and the mails of an app have their templates.
    InputError if it is no folder that can be listed.
    """
    try:
        files = provider_files(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be listed: {error.strerror}.", "No such folder") from None
    problems: list[PresetProblem] = []
    providers = _each(files, load_provider, problems)
    apps = _each(sorted((folder / "apps").glob("*.toml")), load_app, problems)
    _each(sorted(folder.glob("gateways.toml")) if (folder / "providers").is_dir() else [], load_gateways, problems)
    if not files and not apps and not problems:
        problems.append(PresetProblem(folder, 0, "", "holds no presets: one TOML file for each, named <id>.toml"))
    owners: dict[str, Path] = {}
    for path, provider in providers:
        shared = [
            Issue(("mail_domains", index), f"{domain} is also in {owners[domain].name}")
            for index, domain in enumerate(provider.mail_domains)
            if owners.setdefault(domain, path) is not path
        ]
        problems += located(path, read_text(path), shared) if shared else ()
    mails = folder / "mails"
    for path, app in apps if mails.is_dir() else ():
        lacking = [
            Issue(("mails", index, "template"), f"there is no mails/{mail.template}")
            for index, mail in enumerate(app.mails)
            if not (mails / mail.template).is_file()
        ]
        problems += located(path, read_text(path), lacking)
    return tuple(problems)


U = TypeVar("U")


def _each(paths: Sequence[Path], load: Callable[[Path], U], problems: list[PresetProblem]) -> list[tuple[Path, U]]:
    loaded = []
    for path in paths:
        try:
            loaded.append((path, load(path)))
        except PresetFileError as error:
            problems.extend(error.problems)
    return loaded
