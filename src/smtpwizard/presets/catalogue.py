"""The catalogue of provider presets: opened at no cost, read as far as needed, searched and matched.

What is where: `providers/<id>.toml` and `apps/<id>.toml` of the shipped presets, then of the operator's own folder
(`$XDG_CONFIG_HOME/smtpwizard/presets`), then of each folder given; a later one wins by id.

A file of ours is parsed and checked in the first run that needs it, and read back from the index in later ones: 62
files in 3 ms instead of 30 (two cores, Python 3.11). Without it only files that hold a host or domain are parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from smtpwizard.errors import InputError
from smtpwizard.presets.files import (
    PresetFileError,
    PresetProblem,
    left_out,
    presets_root,
    provider_ids,
    user_root,
)
from smtpwizard.presets.index import Index, Names
from smtpwizard.presets.matching import (
    Match,
    by_host,
    by_mx,
    clean_host,
    domain_of,
    list_order,
    names_in,
    ranked,
    ways_to_write,
)
from smtpwizard.presets.schema import CUSTOM, Provider, provider_of
from smtpwizard.text import did_you_mean, listed, safe

__all__ = [
    "CUSTOM",
    "Match",
    "PresetFileError",
    "PresetProblem",
    "Presets",
    "domain_of",
    "presets_root",
]

_SHOWN: Final = 80
"""Characters of a wrong id that a message repeats."""


class Presets:
    """The presets of one run. Lazy: a file is read when it is asked for, and parsed once."""

    def __init__(self, dirs: Sequence[Path] = ()) -> None:
        self._dirs = tuple(dirs)
        self._folders: dict[str, tuple[Path, ...]] | None = None
        self._tables: Index | None = None
        self._loaded: dict[str, Provider | None] = {}
        self._names: Names | None = None
        self._problems: dict[Path, tuple[PresetProblem, ...]] = {}
        self._all: tuple[Provider, ...] | None = None

    @classmethod
    def open(cls, *dirs: Path | None) -> Presets:
        """Return the catalogue with `dirs` on top of the shipped and the operator's. InputError: not a folder.

        None is left out, so that the value of --presets can be given as it is.
        """
        given = tuple(folder for folder in dirs if folder)
        for folder in given:
            if not folder.is_dir():
                raise InputError(f"{folder} is not a folder. Give --presets a folder of TOML files.", "No such folder")
        return cls(given)

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all presets in alphabetical order, `custom` among them; broken ones too."""
        return tuple(sorted([*self._index(), CUSTOM.id]))

    def provider(self, id: str) -> Provider:  # noqa: A002  # the word of the contract
        """Return one preset. InputError with near ids for an unknown one; PresetFileError if its file is broken."""
        wanted = id.strip().lower()
        if wanted == CUSTOM.id:
            return CUSTOM
        provider = self._load(wanted)
        if provider is not None:
            return provider
        if wanted in self._index():
            paths = self._paths(wanted)
            raise PresetFileError(tuple(problem for path in paths for problem in self._problems.get(path, ())))
        near = [found.id for found in self.search(id)[:3]]  # by name, alias and domain too: hotmail is outlook-com
        hint = f" Did you mean {listed(near, 'or')}?" if near else did_you_mean(wanted, self.ids())
        shown = safe(id, limit=_SHOWN)
        raise InputError(
            f"There is no preset {shown!r}.{hint} `smtpwizard presets list` shows them all.", "Unknown preset"
        )

    def all(self) -> tuple[Provider, ...]:
        """Return every usable preset in the order of the list: group, tier, name. CUSTOM is not among them."""
        if self._all is None:
            loaded = (self._load(name) for name in self._index())
            self._all = tuple(sorted((item for item in loaded if item is not None), key=list_order))
            self._kept().keep()
        return self._all

    def search(self, text: str) -> tuple[Provider, ...]:
        """Return the presets that `text` may mean, likeliest first; all() for an empty text."""
        return ranked(self.all(), text) if text.strip() else self.all()

    def match_address(self, text: str) -> Match | None:
        """Return the provider of a mail address or domain by its well-known mail domains. No network."""
        domain = domain_of(text)
        if not domain:
            return None
        found = [item for item in self._among((domain,)) if domain in item.mail_domains]
        if not found:
            return None
        best = min(found, key=lambda item: (not self._is_own(item.id), item.tier, item.id))
        return Match(best, "domain", domain)

    def match_mx(self, hosts: Sequence[str]) -> Match | None:
        """Return the provider behind MX hosts: the longest suffix wins. None for gateways and unknown hosts."""
        return by_mx(self.all(), self._gateways(), hosts, own=self._is_own)

    def for_host(self, host: str) -> Provider | None:
        """Return the provider to which an SMTP host belongs, its regions, templates and old names included."""
        name = clean_host(host)
        if not name:
            return None
        return by_host(self._among(ways_to_write(name)), name, own=self._is_own)

    @property
    def problems(self) -> tuple[PresetProblem, ...]:
        """What is wrong with presets of the operator's folders, and with any shipped one that was asked for."""
        for name in self._index():
            if self._is_own(name):
                self._load(name)
        return tuple(problem for path in sorted(self._problems) for problem in self._problems[path])

    def roots(self) -> tuple[Path, ...]:
        """Return the folders of presets, the shipped one first; a later one wins by id."""
        return (presets_root(), user_root(), *self._dirs)

    def _index(self) -> dict[str, tuple[Path, ...]]:
        """Id → the folders with a file of it, the winning one first."""
        if self._folders is None:
            self._folders = {}
            for root in self.roots():
                folder, ids = self._listed(root)
                for id_ in ids:
                    self._folders[id_] = (folder, *self._folders.get(id_, ()))
        return self._folders

    def _listed(self, root: Path) -> tuple[Path, list[str]]:
        try:
            return provider_ids(root)
        except FileNotFoundError:
            return root, []  # most operators have no folder of their own
        except OSError as error:
            self._problems[root] = (PresetProblem(root, 0, "", f"cannot be listed: {error.strerror}"),)
            return root, []

    def _paths(self, name: str) -> Iterator[Path]:
        return (folder / f"{name}.toml" for folder in self._index().get(name, ()))

    def _is_own(self, name: str) -> bool:
        return any(folder != self._kept().folder for folder in self._index().get(name, ()))

    def _load(self, name: str) -> Provider | None:
        """Return the preset of an id from its best file that is not broken, or None."""
        if name not in self._loaded:
            self._loaded[name] = None
            for path in self._paths(name):
                try:
                    self._loaded[name] = self._read(path)
                    break
                except PresetFileError as error:
                    self._problems[path] = error.problems
                    left_out[path] = None
        return self._loaded[name]

    def _read(self, path: Path) -> Provider:
        if path.parent == self._kept().folder:
            return provider_of(self._kept().table(path.name, _checked))
        from smtpwizard.presets.toml import load_provider

        return load_provider(path)

    def _kept(self) -> Index:
        if self._tables is None:
            self._tables = Index(presets_root() / "providers")
        return self._tables

    def _among(self, names: Iterable[str]) -> Iterator[Provider]:
        """Yield the presets in whose files one of `names` stands."""
        if self._names is None:
            home = self._kept().folder
            shipped = [id_ for id_, folders in self._index().items() if home in folders]
            others = [
                path for id_ in self._index() if self._is_own(id_) for path in self._paths(id_) if path.parent != home
            ]
            self._names = Names(self._kept(), shipped, others, names_in)
        found = {id_ for name in names for id_ in self._names.having(name)}
        for id_ in self._index():
            if id_ in found and (provider := self._load(id_)):
                yield provider
        self._kept().keep()

    def _gateways(self) -> tuple[str, ...]:
        from smtpwizard.presets.toml import load_gateways

        return load_gateways(presets_root() / "gateways.toml")


def _checked(path: Path) -> dict[str, Any]:
    from smtpwizard.presets.toml import provider_table

    return provider_table(path)
