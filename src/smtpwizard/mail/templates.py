"""Handlebars templates → text, through pybars3: the only module that imports it. Reads template files; sends nothing.

pybars3 costs 0.35–0.58 s to import (it compiles its grammars), so `warm()` is called in a thread once the first frame
stands, and nothing here imports it before a template is rendered. Its compiler keeps state: one lock guards both.

pybars3 0.9.7 calls what it finds in a context, prints a missing variable as nothing, leaves `=` as it is, knows neither
`else if` nor standalone lines as Handlebars does. So it is given a skeleton of numbered calls, and all of these are
decided in `handlebars`.

The app's mailer (@nestjs-modules/mailer 2.0.2, dist/adapters/handlebars.adapter.js) compiles with the app's options,
`strict: true`, registers the helper `concat` and no other, and renders with `{partials: false, data: {}}`, where the
templates that it has sent before stand in for partials. So a partial fails in the app that renders here: `partials_of`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from smtpwizard.errors import BugError, FileError, InputError
from smtpwizard.mail.handlebars.lexer import Partial, TemplateError
from smtpwizard.mail.handlebars.parser import parse
from smtpwizard.mail.handlebars.render import Table, helpers, skeleton
from smtpwizard.mail.handlebars.values import Frame, Value, argument, check_context, properties
from smtpwizard.mail.handlebars.whitespace import control
from smtpwizard.presets.files import presets_root

SIZE_LIMIT: Final = 1_000_000
"""Octets of a template: the app's largest has 29,000."""

_PARTIAL_DEPTH: Final = 20
_LOCK: Final = threading.RLock()


@dataclass(frozen=True, slots=True)
class _Template:
    name: str
    render: Callable[..., Any]
    """What pybars3 made of the skeleton."""
    table: Table = field(repr=False)


_CACHE: Final[dict[tuple[str, str], _Template]] = {}


def warm() -> None:
    """Import pybars3: call it in a thread, any number of times."""
    with _LOCK:
        import pybars  # noqa: F401


def templates_dir() -> Path:
    """Return the folder of the shipped templates."""
    return presets_root() / "mails"


def render(name: str, context: dict[str, Value], *, directory: Path | None = None) -> str:
    """Return the template `name` filled with `context`, as the app's Handlebars would.

    TemplateError with template and line (MissingVariableError: and the variable), InputError for a context that is not
    plain data or a name that is none, FileError for a file that cannot be read.
    """
    check_context(context)
    return _render(name, Frame.root(context), directory or templates_dir(), 0)


def folder(directory: Path | None, below: str) -> Path | None:
    """Return where the templates of `--templates DIR` are: DIR itself, or in a checkout of the app the folder `below`.

    DIR may also be a folder on the way, such as `apps/api`. Where no templates are to be found it stays DIR: `find`
    tells what is missing.
    """
    if directory is None or any(directory.glob("*.hbs")):
        return directory
    parts = below.split("/") if below else []
    ways = (directory.joinpath(*parts[start:]) for start in range(len(parts)))
    return next((way for way in ways if way.is_dir()), directory)


def partials_of(name: str, directory: Path | None = None) -> tuple[str, ...]:
    """Return the names of the partials that a template uses. Raises as `render`."""
    path = find(name, directory or templates_dir())
    table = _compiled(_read(path), path.name).table
    return tuple(dict.fromkeys(node.name for node in table if isinstance(node, Partial)))


def find(name: str, directory: Path) -> Path:
    """Return the file of a template: `reset-password.hbs`, or `resetPassword.hbs` as in the app's tree. FileError."""
    if not name or name.startswith((".", "/")) or "\\" in name or "/." in name:
        raise InputError("A template is named by a word such as verification, not by a path.", "Mail template")
    first, *rest = name.split("-")
    names = tuple(dict.fromkeys((f"{name}.hbs", f"{first}{''.join(part.title() for part in rest)}.hbs")))
    for candidate in names:
        if (directory / candidate).is_file():
            return directory / candidate
    raise FileError(f"There is no {' or '.join(names)} in {directory}.", "Mail template")


def _render(name: str, frame: Frame, directory: Path, depth: int) -> str:
    path = find(name, directory)
    template = _compiled(_read(path), path.name)

    def partial(node: Partial, frame: Frame) -> str:
        return _partial(node, frame, directory, depth + 1)

    try:
        return str(template.render(frame, helpers=helpers(template.table, partial)))
    except TemplateError as error:
        raise error.within(template.name) from error


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.", "Mail template") from error
    if len(data) > SIZE_LIMIT:
        raise FileError(f"{path} has more than {SIZE_LIMIT:,} octets.", "Mail template")
    try:
        return data.decode("utf-8")
    except ValueError as error:
        raise FileError(f"{path} is not UTF-8 text.", "Mail template") from error


def _compiled(source: str, name: str) -> _Template:
    with _LOCK:
        key = (name, source)
        if key not in _CACHE:
            _CACHE[key] = _compile(source, name)
        return _CACHE[key]


def _compile(source: str, name: str) -> _Template:
    try:
        program = control(parse(source))
    except TemplateError as error:
        raise error.within(name) from error
    import pybars

    class Compiler(pybars.Compiler):  # type: ignore[misc]  # pybars ships no types
        def whitespace_control(self, source: str) -> str:
            return source  # done already, and by Handlebars' rules

    table: Table = []
    try:
        return _Template(name, Compiler().compile(skeleton(program, table)), table)
    except pybars.PybarsError as error:
        raise BugError(f"pybars3 refuses the skeleton of {name}.", "Mail template") from error


def _partial(node: Partial, frame: Frame, directory: Path, depth: int) -> str:
    if depth > _PARTIAL_DEPTH:
        raise TemplateError(f"more than {_PARTIAL_DEPTH} partials inside each other are not supported.", node.line)
    context = frame.value if node.context is None else argument(node.context, frame)
    if node.hash:
        context = properties(context) | {key: argument(item, frame) for key, item in node.hash}
    try:
        text = _render(node.name, frame.partial(context), directory, depth)
    except TemplateError:
        raise
    except (InputError, FileError) as error:
        raise TemplateError(f"the partial {node.name} cannot be had. {error.message}", node.line) from error
    if not node.indent:
        return text
    *lines, last = text.split("\n")
    return "\n".join([*(node.indent + line for line in lines), node.indent + last if last else last])
