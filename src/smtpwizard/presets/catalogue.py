"""The catalogue of provider presets: opened at no cost, read as far as needed, searched and matched.

What is where: `providers/<id>.toml` and `apps/<id>.toml` of the shipped presets, then of the operator's own folder
(`$XDG_CONFIG_HOME/smtpwizard/presets`), then of each folder given; a later one wins by id.

Measured (62 files, 117 kB, two cores, Python 3.11): open() 0.01 ms; one provider() 0.4 ms; for_host() and
match_address() 2 ms, since only files that hold the word are parsed, and where none does not even tomllib and what
checks its tables are imported, 10 ms; all() 22 ms, of which tomllib takes 15. A JSON
cache keyed on size and mtime took 7 ms: 15 ms of a start of 400 do not pay for a second copy of the truth that can be
stale, unwritable or tampered with. So there is none, and no file is parsed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from smtpwizard.errors import InputError
from smtpwizard.presets.files import PresetFileError, PresetProblem, presets_root, provider_files, read_bytes, user_root
from smtpwizard.presets.matching import Match, by_host, by_mx, clean_host, domain_of, list_order, may_belong, ranked
from smtpwizard.presets.schema import CUSTOM, Provider
from smtpwizard.text import safe

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
        self._paths: dict[str, tuple[Path, ...]] | None = None
        self._shipped: frozenset[Path] = frozenset()
        self._loaded: dict[str, Provider | None] = {}
        self._raw: dict[str, bytes] = {}
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
        paths = self._index().get(wanted, ())
        if paths:
            raise PresetFileError(tuple(problem for path in paths for problem in self._problems.get(path, ())))
        near = [found.id for found in self.search(id)[:3]]
        hint = f" Near: {', '.join(near)}." if near else ""
        shown = safe(id, limit=_SHOWN)
        raise InputError(
            f"There is no preset {shown!r}.{hint} `smtpwizard presets list` shows them all.", "Unknown preset"
        )

    def all(self) -> tuple[Provider, ...]:
        """Return every usable preset in the order of the list: group, tier, name. CUSTOM is not among them."""
        if self._all is None:
            loaded = (self._load(name) for name in self._index())
            self._all = tuple(sorted((item for item in loaded if item is not None), key=list_order))
        return self._all

    def search(self, text: str) -> tuple[Provider, ...]:
        """Return the presets that `text` may mean, likeliest first; all() for an empty text."""
        return ranked(self.all(), text) if text.strip() else self.all()

    def match_address(self, text: str) -> Match | None:
        """Return the provider of a mail address or domain by its well-known mail domains. No network."""
        domain = domain_of(text)
        if not domain:
            return None
        word = domain.encode()
        found = [item for item in self._among(lambda raw: word in raw) if domain in item.mail_domains]
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
        return by_host(self._among(lambda raw: may_belong(raw, name)), name, own=self._is_own)

    @property
    def problems(self) -> tuple[PresetProblem, ...]:
        """What is wrong with presets of the operator's folders, and with any shipped one that was asked for."""
        for name, paths in self._index().items():
            if any(path not in self._shipped for path in paths):
                self._load(name)
        return tuple(problem for path in sorted(self._problems) for problem in self._problems[path])

    def roots(self) -> tuple[Path, ...]:
        """Return the folders of presets, the shipped one first; a later one wins by id."""
        return (presets_root(), user_root(), *self._dirs)

    def _index(self) -> dict[str, tuple[Path, ...]]:
        """Id → its files, the winning one first."""
        if self._paths is None:
            found: dict[str, tuple[Path, ...]] = {}
            shipped, *own = (self._files(root) for root in self.roots())
            self._shipped = frozenset(shipped)
            for paths in (shipped, *own):
                for path in paths:
                    found[path.stem] = (path, *found.get(path.stem, ()))
            self._paths = found
        return self._paths

    def _files(self, root: Path) -> tuple[Path, ...]:
        try:
            return provider_files(root)
        except FileNotFoundError:
            return ()  # most operators have no folder of their own
        except OSError as error:
            self._problems[root] = (PresetProblem(root, 0, "", f"cannot be listed: {error.strerror}"),)
            return ()

    def _is_own(self, name: str) -> bool:
        return any(path not in self._shipped for path in self._index().get(name, ()))

    def _load(self, name: str) -> Provider | None:
        """Return the preset of an id from its best file that is not broken, or None."""
        if name not in self._loaded:
            from smtpwizard.presets.toml import load_provider

            self._loaded[name] = None
            for path in self._index().get(name, ()):
                try:
                    self._loaded[name] = load_provider(path)
                    break
                except PresetFileError as error:
                    self._problems[path] = error.problems
        return self._loaded[name]

    def _among(self, likely: Callable[[bytes], bool]) -> Iterator[Provider]:
        """Yield the presets whose files are `likely` by their bytes: a search 30 times cheaper than parsing."""
        for name, paths in self._index().items():
            if name not in self._raw:
                self._raw[name] = b"\n".join(_bytes(path) for path in paths)
            if likely(self._raw[name]) and (provider := self._load(name)):
                yield provider

    def _gateways(self) -> tuple[str, ...]:
        from smtpwizard.presets.toml import load_gateways

        return load_gateways(presets_root() / "gateways.toml")


def _bytes(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except PresetFileError:
        return b""  # told when the preset itself is asked for
