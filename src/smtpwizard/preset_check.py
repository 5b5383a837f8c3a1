"""Everything that is wrong with a folder of presets, for whoever writes them. Reads the files; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from smtpwizard.errors import InputError
from smtpwizard.preset_files import load_app, load_gateways, load_provider, read_text
from smtpwizard.preset_lines import key_lines, line_of
from smtpwizard.preset_read import PresetFileError, PresetProblem
from smtpwizard.preset_schema import ConsumingApp, Provider
from smtpwizard.preset_where import provider_files

T = TypeVar("T")


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
    problems += _shared_domains(providers)
    for path, app in apps:
        problems += _missing_templates(path, app, folder / "mails")
    return tuple(problems)


def _each(paths: Sequence[Path], load: Callable[[Path], T], problems: list[PresetProblem]) -> list[tuple[Path, T]]:
    loaded = []
    for path in paths:
        try:
            loaded.append((path, load(path)))
        except PresetFileError as error:
            problems.extend(error.problems)
    return loaded


def _shared_domains(providers: list[tuple[Path, Provider]]) -> list[PresetProblem]:
    """A mail address must lead to one provider."""
    owners: dict[str, Path] = {}
    problems = []
    for path, provider in providers:
        for index, domain in enumerate(provider.mail_domains):
            if domain in owners:
                line = line_of(key_lines(read_text(path)), ("mail_domains", index))
                message = f"{domain} is also in {owners[domain].name}"
                problems.append(PresetProblem(path, line, f"mail_domains[{index}]", message))
            owners.setdefault(domain, path)
    return problems


def _missing_templates(path: Path, app: ConsumingApp, folder: Path) -> list[PresetProblem]:
    if not folder.is_dir():
        return []
    lines = key_lines(read_text(path))
    problems = []
    for index, mail in enumerate(app.mails):
        if not (folder / mail.template).is_file():
            line = line_of(lines, ("mails", index, "template"))
            message = f"there is no {folder.name}/{mail.template}"
            problems.append(PresetProblem(path, line, f"mails[{index}].template", message))
    return problems
