"""The catalogue of provider presets: opened at no cost, read as far as needed, searched and matched.

What is where: `providers/<id>.toml` and `apps/<id>.toml` of the shipped presets, then of the operator's own folder
(`$XDG_CONFIG_HOME/smtpwizard/presets`), then of each folder given; a later one wins by id.

A file of ours is parsed and checked in the first run that needs it, and read back from the index in later ones: 62
files in 3 ms instead of 30 (two cores, Python 3.11). Without it only files that hold a host or domain are parsed.

A search for what is typed takes about 1 ms, so it can run at every key: a preset is found by its name, aliases and id,
by its mail domains and by its hosts, in this order of weight; letters that only appear in the right order come last,
and misspelt words are tried where nothing else fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from smtpwizard.errors import InputError
from smtpwizard.presets.files import (
    Index,
    Names,
    PresetFileError,
    PresetProblem,
    left_out,
    presets_root,
    provider_ids,
    user_root,
)
from smtpwizard.presets.schema import CUSTOM, Kind, Provider, provider_of
from smtpwizard.records import NamedTuple
from smtpwizard.text import did_you_mean, listed, safe


class Match(NamedTuple):
    """A provider that an address or host leads to, and why."""

    provider: Provider
    how: Literal["domain", "mx"]
    evidence: str
    """The mail domain, or the MX host that told."""


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


_KIND: Final = rb"(?m)^kind *= *[\"'](\w+)"
_QUOTED: Final = rb"""(?<=["'])[^"'\s]+(?=["'])"""
_REGION: Final = "{region}"


def clean_host(text: str) -> str:
    """Return a host name as it is compared: lower case, no blanks around, no final dot."""
    return text.strip().rstrip(".").lower()


def by_mx(
    providers: Iterable[Provider], gateways: Iterable[str], hosts: Sequence[str], *, own: Callable[[str], bool]
) -> Match | None:
    """Return the provider whose MX suffix is the longest that fits one of `hosts`.

    None where a host belongs to a gateway: then the mailboxes may be anywhere. Among equal suffixes the operator's own
    preset (`own` by id) wins, then the lower tier, then the id.
    """
    names = [name for host in hosts if (name := clean_host(host))]
    if any(_ends(name, suffix) for name in names for suffix in gateways):
        return None
    found = [
        (-len(suffix), not own(provider.id), provider.tier, provider.id, place, provider, name)
        for provider in providers
        for suffix in provider.mx_suffixes
        for place, name in enumerate(names)
        if _ends(name, suffix)
    ]
    if not found:
        return None
    *_, provider, name = min(found, key=lambda item: item[:5])
    return Match(provider, "mx", name)


def names_in(raw: bytes) -> set[str]:
    """Return what may be a host or domain in the text of a preset: each is a whole string; of {region} and what follows
    it, the end of a host. Of the practice server's own preset nothing is: its address is anyone's.
    """
    if {*re.findall(_KIND, raw)} == {b"practice"}:
        return set()
    found = [*re.findall(_QUOTED, raw), *re.findall(rb"\{region\}[\w.-]*", raw)]
    return {name.decode("utf-8", "replace") for name in found}


def ways_to_write(host: str) -> Iterator[str]:
    """Yield what of `names_in` a preset has whose host this may be."""
    yield host
    for at in range(len(host) + 1):
        yield _REGION + host[at:]


def by_host(providers: Iterable[Provider], host: str, *, own: Callable[[str], bool]) -> Provider | None:
    """Return the provider to which an SMTP host belongs.

    A current host weighs more than a region by template, than an old name, than another name of a local server; the
    last counts only if one provider alone has it (`localhost` tells nothing). The practice server never answers: its
    address is anyone's. Equal hosts, as Gmail's: the operator's own preset, then the lower tier, the id.
    """
    name = clean_host(host)
    if not name:
        return None
    candidates = [provider for provider in providers if provider.kind is not Kind.PRACTICE]
    found = [(_closeness(provider, name), provider) for provider in candidates]
    if sum(closeness is not None for closeness, _ in found) > 1:
        found = [item for item in found if item[0] != _ALIAS_RANK]
    ranked = [
        (closeness, not own(provider.id), provider.tier, provider.id, provider)
        for closeness, provider in found
        if closeness is not None
    ]
    return min(ranked, key=lambda item: item[:4])[4] if ranked else None


_HOST, _TEMPLATE, _OLD, _ALIAS_RANK = range(4)


def _closeness(provider: Provider, name: str) -> int | None:
    if name == provider.host or any(name == region.host for region in provider.regions):
        return _HOST
    if provider.host_template:
        before, after = (re.escape(part) for part in provider.host_template.split("{region}"))
        if re.fullmatch(rf"{before}[a-z0-9-]+{after}", name):
            return _TEMPLATE
    if name in provider.old_hosts:
        return _OLD
    return _ALIAS_RANK if name in provider.alt_hosts else None


def _ends(name: str, suffix: str) -> bool:
    return name == suffix or name.endswith(f".{suffix}")


_EXACT, _NAME_SCORE, _ALIAS_SCORE, _WORD, _DOMAIN, _PART, _FUZZY = range(7)
_FUZZY_FROM: Final = 3
"""Letters from which a loose match is added to better ones: two letters in order are in almost every name."""

_MISSPELT_FROM: Final = 4
_LIKE: Final = 0.75
"""How alike a misspelt word must be (difflib's ratio): `sendgird`, `sparkpsot`; not `acme` and `scaleway`."""

_KINDS: Final = {kind: place for place, kind in enumerate(Kind)}


def list_order(provider: Provider) -> tuple[int, int, str]:
    """Sort key of the list: group, then tier, then name."""
    return _KINDS[provider.kind], provider.tier, provider.name.casefold()


def domain_of(text: str) -> str:
    """Return the domain of a mail address, or `text` itself if it looks like a domain; empty if neither."""
    domain = text.strip().strip("<>").rpartition("@")[2].rstrip(".").lower()
    plausible = "." in domain.strip(".") and not re.search(r"[\s/:,;]|\.\.", domain) and not domain.startswith(".")
    return domain if plausible else ""


def ranked(providers: Iterable[Provider], text: str) -> tuple[Provider, ...]:
    """Return those of `providers` that `text` may mean, the likeliest first. An empty text finds none here."""
    query = " ".join(text.casefold().split())
    if "@" in query:
        query = query.rpartition("@")[2]
        if not query:
            return ()
    pool = tuple(providers)
    scored = [(score, provider) for provider in pool if (score := _score(provider, query)) is not None]
    if not scored:
        return _misspelt(pool, query)
    strong = [item for item in scored if item[0][0] < _FUZZY]
    if strong and len(query) < _FUZZY_FROM:
        scored = strong
    return tuple(provider for _, provider in sorted(scored, key=lambda item: (item[0], _tie(item[1]))))


def _misspelt(providers: tuple[Provider, ...], query: str) -> tuple[Provider, ...]:
    """Return providers with a name, alias or id much like `query`: `sendgird`. Never for addresses and short words."""
    if len(query) < _MISSPELT_FROM or "." in query:
        return ()
    from difflib import get_close_matches

    owners = {text: provider for provider in providers for text in (_texts(provider)[0], *sorted(_texts(provider)[1]))}
    near = get_close_matches(query, list(owners), n=3, cutoff=_LIKE)
    return tuple(dict.fromkeys(owners[text] for text in near))


def _tie(provider: Provider) -> tuple[int, int, str]:
    return provider.tier, _KINDS[provider.kind], provider.name.casefold()


def _score(provider: Provider, query: str) -> tuple[int, int] | None:
    """Return (class, finer measure), lower is better; None where nothing fits."""
    if not query:
        return None
    whole = _score_one(provider, query)
    if whole is not None or " " not in query:
        return whole
    words = [_score_one(provider, word) for word in query.split()]
    if any(word is None or word[0] == _FUZZY for word in words):
        return None
    return max(word for word in words if word is not None)


def _score_one(provider: Provider, query: str) -> tuple[int, int] | None:
    name, others, words, domains = _texts(provider)
    if query == name or query in others:
        return _EXACT, 0
    if query in domains:
        return _EXACT, 1
    if name.startswith(query):
        return _NAME_SCORE, 0
    if any(other.startswith(query) for other in others):
        return _ALIAS_SCORE, 0
    if any(word.startswith(query) for word in words):
        return _WORD, 0
    if any(f".{domain}".find(f".{query}") >= 0 for domain in domains):
        return _DOMAIN, 0
    if any(query in text for text in (name, *others, *domains)):
        return _PART, 0
    spans = [span for text in (name, provider.id) if 0 < (span := _span(text, query)) <= 2 * len(query)]
    return (_FUZZY, min(spans)) if spans else None


@lru_cache(maxsize=1024)
def _texts(provider: Provider) -> tuple[str, frozenset[str], frozenset[str], frozenset[str]]:
    """Name; aliases and id; the words of all these; mail domains and hosts. Case folded."""
    name = provider.name.casefold()
    others = frozenset([provider.id, *(alias.casefold() for alias in provider.aliases)])
    words = frozenset(word for text in (name, *others) for word in re.split(r"[\W_]+", text) if word)
    hosts = [provider.host, *(region.host for region in provider.regions), *provider.alt_hosts, *provider.old_hosts]
    return name, others, words, frozenset(host for host in [*provider.mail_domains, *hosts] if host)


def _span(text: str, query: str) -> int:
    """Return over how many characters of `text` the letters of `query` come in order; 0 if they do not all come."""
    start = at = -1
    for char in query:
        at = text.find(char, at + 1)
        if at < 0:
            return 0
        start = at if start < 0 else start
    return at - start + 1
