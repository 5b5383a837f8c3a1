"""Preset files parsed, checked, and each mistake told with file, line and key. Reading them is `preset_read`'s work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from smtpwizard.errors import InputError
from smtpwizard.presets.build import build_app, build_gateways, build_provider
from smtpwizard.presets.files import PresetFileError, PresetProblem, provider_files, read_bytes
from smtpwizard.presets.schema import ConsumingApp, Provider
from smtpwizard.presets.toml import Issue, Path_, key_lines, line_of

T = TypeVar("T")

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def load_provider(path: Path) -> Provider:
    """Read, parse and check one provider file. PresetFileError with every mistake in it."""
    return _load(path, lambda data: build_provider(data, path.stem))


def load_app(path: Path) -> ConsumingApp:
    """Read, parse and check one app file. PresetFileError with every mistake in it."""
    return _load(path, lambda data: build_app(data, path.stem))


def load_gateways(path: Path) -> tuple[str, ...]:
    """Read, parse and check the list of gateways. PresetFileError with every mistake in it."""
    return _load(path, build_gateways)


def _load(path: Path, build: Callable[[Mapping[str, Any]], tuple[T, list[Issue]]]) -> T:
    text = read_text(path)
    made, issues = build(parse(path, text))
    if issues:
        raise PresetFileError(located(path, text, issues))
    return made


def located(path: Path, text: str, issues: Iterable[Issue]) -> tuple[PresetProblem, ...]:
    """Turn issues into problems with lines, in the order of the file."""
    from smtpwizard.presets.toml import key_lines, line_of

    lines = key_lines(text)
    problems = [PresetProblem(path, line_of(lines, issue.path), _spelt(issue.path), issue.message) for issue in issues]
    return tuple(sorted(problems, key=lambda problem: problem.line))


def parse(path: Path, text: str) -> dict[str, Any]:
    """Parse `text`. PresetFileError with the line of the syntax error."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        where = _WHERE.search(message)
        line = int(where[1]) if where and where[1] else text.count("\n") + 1
        reason = _WHERE.sub("", message)
        raise PresetFileError((PresetProblem(path, line, "", f"is not TOML: {reason}"),)) from None
    except RecursionError:
        raise PresetFileError((PresetProblem(path, 0, "", "is nested too deep"),)) from None


def read_text(path: Path) -> str:
    """Return the text of a regular file of at most LIMIT bytes, in UTF-8. PresetFileError otherwise."""
    raw = read_bytes(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte {raw[error.start]:#04x}"
        raise PresetFileError((PresetProblem(path, line, "", message),)) from None


def _spelt(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


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
