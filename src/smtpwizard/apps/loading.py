"""Profiles found and read. A later folder wins by id, as with providers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smtpwizard.apps.profile import AppProfile
from smtpwizard.apps.schema import (
    AppMail,
    Client,
    Composed,
    Constant,
    Extra,
    Guide,
    Mode,
    Modes,
    OldName,
    Place,
    Reading,
    Role,
    Security,
    Suggested,
    Trap,
    Variable,
    Wins,
)
from smtpwizard.errors import InputError
from smtpwizard.presets.files import (
    Index,
    Names,
    PresetFileError,
    PresetProblem,
    left_out,
    presets_root,
    provider_files,
    text_of,
)
from smtpwizard.text import did_you_mean, safe

if TYPE_CHECKING:
    from smtpwizard.presets.catalogue import Presets

DEFAULT: Final = "abc-user-feedback"
"""The app where none is named."""
_SHOWN: Final = 80
"""Characters of a wrong id that a message repeats."""


class AppFiles:
    """The profiles of some folders of presets, the shipped one first; a later one wins by id. Opened when asked for."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._folders: dict[str, list[Path]] = {}
        """Id → the folders with a file of it."""
        self._texts: dict[str, bytes] = {}
        self._names: Names | None = None
        self._made: dict[str, AppProfile] = {}
        for root in roots:
            folder = root / "apps"
            if not os.path.isdir(folder):  # False, too, for another user's home
                continue
            for name in sorted(os.listdir(folder)):
                if name.endswith(".toml"):
                    self._folders.setdefault(name.removesuffix(".toml"), []).append(folder)

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all, in alphabetical order; broken ones too."""
        return tuple(sorted(self._folders))

    def profile(self, id: str) -> AppProfile:  # noqa: A002
        """Return the profile of an id from its last file that is whole.

        InputError for an unknown one; PresetFileError if its only file is broken. A broken file of the operator's is
        left out, as with providers, and noted in `left_out`.
        """
        if id not in self._folders:
            hint = did_you_mean(id, self.ids())
            raise InputError(
                f"There is no app {safe(id, limit=_SHOWN)!r}.{hint} `smtpwizard apps list` shows those that are known.",
                "Unknown app",
            )
        found = self._open(id)
        _index().keep()
        return found

    def _open(self, id: str) -> AppProfile:  # noqa: A002
        if id in self._made:
            return self._made[id]
        broken: tuple[PresetProblem, ...] = ()
        for folder in reversed(self._folders[id]):
            try:
                found = _shipped(id) if folder == _index().folder else load_profile(folder / f"{id}.toml")
            except PresetFileError as error:
                broken += error.problems
            else:
                left_out.update(dict.fromkeys(item.file for item in broken))
                self._made[id] = found
                return found
        raise PresetFileError(broken)

    def all(self) -> tuple[AppProfile, ...]:
        """Return every profile that is whole, by name."""
        found = []
        for id_ in self.ids():
            try:
                found.append(self._open(id_))
            except PresetFileError as error:
                left_out.update(dict.fromkeys(item.file for item in error.problems))
        _index().keep()
        return tuple(sorted(found, key=lambda app: app.name.lower()))

    def holding(self, part: str) -> Iterator[AppProfile]:
        """Yield the profiles in whose files a text stands: a search a hundred times cheaper than opening all."""
        needle = part.encode("utf-8", "surrogateescape").lower()
        self._texts = self._texts or {
            id_: b"\n".join(
                _index().text(f"{id_}.toml") if folder == _index().folder else text_of(folder / f"{id_}.toml")
                for folder in folders
            ).lower()
            for id_, folders in self._folders.items()
        }
        return self.opened([id_ for id_, text in self._texts.items() if needle in text])

    def having(self, name: str) -> list[str]:
        """Return the ids of the profiles in whose files a name stands as a word of its own."""
        if self._names is None:
            home = _index().folder
            shipped = [id_ for id_, folders in self._folders.items() if home in folders]
            others = [
                folder / f"{id_}.toml" for id_, folders in self._folders.items() for folder in folders if folder != home
            ]
            self._names = Names(_index(), shipped, others, _words)
        return self._names.having(name.lower())

    def opened(self, ids: Iterable[str]) -> Iterator[AppProfile]:
        """Yield those of some profiles that are whole."""
        for id_ in ids:
            try:
                yield self.profile(id_)
            except PresetFileError as error:
                left_out.update(dict.fromkeys(item.file for item in error.problems))


def shown_in(text: str) -> AppProfile | None:
    """Return the shipped app whose log or error `text` is, by a mark of its own; None for none and for several."""
    owners = {app for mark, app in _owners_of_marks().items() if mark in text}
    return shipped(owners.pop()) if len(owners) == 1 else None


def names_an_app(text: str) -> bool:
    """Say whether a text names a shipped app other than the default one: `cal.com`, `uptime-kuma`."""
    words = set(re.findall(r"\w+", re.sub(r"(?<=\w)[.-](?=\w)", "", text.lower())))
    return not words.isdisjoint(name.replace("-", "") for name in _ids() if name != DEFAULT)


@cache
def _ids() -> tuple[str, ...]:
    """The ids of the shipped profiles, in order."""
    return tuple(sorted(name.removesuffix(".toml") for name in os.listdir(_index().folder) if name.endswith(".toml")))


@cache
def _owners_of_marks() -> Mapping[str, str]:
    """Mark → id of the shipped app that has it."""
    ids = _ids()
    found = _index().names([f"{name}.toml" for name in ids], _marks, "marks")
    return {mark: ids[ord(places)] for mark, places in found.items() if len(places) == 1}


def _marks(text: bytes) -> set[str]:
    found = re.search(rb"(?m)^marks = \[([^\]]*)\]", text)
    return {mark.decode() for mark in re.findall(rb'"([^"\n]+)"', found[1])} if found else set()


def _words(text: bytes) -> set[str]:
    return {*re.findall(r"\w+", text.decode("utf-8", "replace").lower())}


def profile(presets: Presets, id: str = DEFAULT) -> AppProfile:  # noqa: A002
    """Return the profile of an id. Errors as `AppFiles.profile`."""
    return AppFiles(presets.roots()).profile(id)


def shipped(id: str = DEFAULT) -> AppProfile:  # noqa: A002
    """Return a shipped profile, read once in a process. Unchecked: a test has read it with `load_profile`."""
    found = _shipped(id)
    _index().keep()
    return found


@cache
def _index() -> Index:
    """Return the tables of all shipped profiles: one file, read once in a process and written once for all of them."""
    return Index(presets_root() / "apps")


@cache
def _shipped(id: str) -> AppProfile:  # noqa: A002
    return from_table(_index().table(f"{id}.toml"))


def from_table(table: Mapping[str, Any]) -> AppProfile:
    """Return the profile of a parsed file that is known to be right."""
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    made["modes"] = Modes(**{name: Mode(**row) for name, row in table["modes"].items()})
    made["client"] = Client(**table["client"])
    if "place" in table:
        made["place"] = Place(**table["place"])
    for key, cls in _ROWS.items():
        if key in table:
            made[key] = tuple(cls(**{name: _MADE.get(name, _same)(value) for name, value in row.items()})
                              for row in table[key])  # fmt: skip
    return AppProfile(**made)


def _same(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_ROWS: Final[Mapping[str, Callable[..., Any]]] = {
    "variables": Variable,
    "reads": Reading,
    "constants": Constant,
    "forms": Composed,
    "extras": Extra,
    "old_names": OldName,
    "traps": Trap,
    "wins": Wins,
    "guide": Guide,
    "suggested": Suggested,
    "mails": AppMail,
}
_MADE: Final[Mapping[str, Callable[[Any], Any]]] = {"role": Role, "mode": Security}


def load_profile(path: Path) -> AppProfile:
    """Read and check one profile. PresetFileError with every mistake in it."""
    from smtpwizard.presets.toml import own_file  # the checked reader is not needed for what is shipped

    return own_file(AppProfile, path)


def check_folder(folder: Path) -> tuple[PresetProblem, ...]:
    """Return what is wrong in `folder`: providers/, apps/ and gateways.toml, or provider files right in it.

    Beyond each file for itself: no mail domain belongs to two providers, and the mails of an app have their templates.
    InputError if it is no folder that can be listed.
    """
    from smtpwizard.presets.toml import Issue, load_gateways, load_provider, located, read_text

    try:
        files = provider_files(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be listed: {error.strerror}.", "No such folder") from None
    problems: list[PresetProblem] = []
    providers = _each(files, load_provider, problems)
    apps = _each(sorted((folder / "apps").glob("*.toml")), load_profile, problems)
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
