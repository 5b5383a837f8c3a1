"""Which app's folder it is: by the images of its compose file, by variables that only one profile has, by the name of
what is built there; a framework's family where its variables fit and no app's do.

Nothing is asked of YAML where one app is found by the lines with `image:`, and only profiles are opened that hold the
image's name: this runs before every command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.loading import DEFAULT, AppFiles
from smtpwizard.apps.profile import AppProfile, Role, is_image, repository
from smtpwizard.apps.schema import whole
from smtpwizard.errors import FileError
from smtpwizard.files import read_regular
from smtpwizard.presets.files import PresetFileError
from smtpwizard.records import NamedTuple
from smtpwizard.targets.files import default_file
from smtpwizard.text import safe

if TYPE_CHECKING:
    from smtpwizard.targets.compose.services import Service

_IMAGE: Final = rb"""(?m)^[^#\n]*?\bimage["']?[ \t]*:[ \t]*["']?((?:\$\{[^{}\n]*\}|[^\s"'#,{}])+)"""
_LARGEST: Final = 1 << 20
"""Octets of a compose file that is looked at; those of whole data centres have a tenth."""


class AppMatch(NamedTuple):
    """An app that a folder seems to be of."""

    app: AppProfile
    file: Path
    by: str
    """`image`, `variables` or `name`."""
    service: str = ""
    """The compose service; empty for a file of variables."""
    shared: int = 0
    """How many of the app's variables are there."""


class Recognised(NamedTuple):
    """The app that a run is about, and why."""

    app: AppProfile
    why: str
    """For the header: `found in compose.yaml`; empty for the default, and where it was named."""
    others: tuple[AppProfile, ...] = ()
    """Further apps of the folder: one has to be chosen."""
    service: str = ""
    """The service that tells it, where that is no image's doing."""
    is_default: bool = False
    """Whether it is the app that is taken where there is no sign of any."""


def recognise(
    files: AppFiles,
    folder: Path,
    *,
    compose: Path | None = None,
    service: str = "",
    variables: Mapping[str, object] | None = None,
) -> Recognised:
    """Return the app of a folder, or of the service of a compose file; the default where there is no sign of one.

    `variables` are those of the file that is read, and decide between apps of one folder, and where no image does.
    Never raises for what is in the folder.
    """
    path = compose or default_file(folder)
    found = _by_images(files, path, service) if path else []
    if len(found) > 1 and variables:
        shared = {app: _shared(app, variables) for app in found}
        best = max(shared.values())
        found = [app for app in found if shared[app] == best] if best else found
    if found:
        assert path is not None
        return Recognised(found[0], f"found in {safe(path.name)}", tuple(found[1:]))
    telling = [app for app, tells in by_variables(files, variables) if tells] if variables else []
    if telling and telling[0].id != DEFAULT:
        return Recognised(telling[0], "found by its variables", tuple(telling[1:]))
    if path and not telling:
        listed = [item for item in matches_in(files, path) if not service or item.service == service]
        found = list(dict.fromkeys(item.app for item in listed))
        if found and found[0].id != DEFAULT:
            return Recognised(found[0], f"found in {safe(path.name)}", tuple(found[1:]), listed[0].service)
    return Recognised(files.profile(DEFAULT), "", is_default=True)


def _by_images(files: AppFiles, path: Path, service: str) -> list[AppProfile]:
    try:
        data = read_regular(path, most=_LARGEST)
    except OSError:
        return []  # told by whoever reads the file
    images = [found.decode("utf-8", "replace") for found in re.findall(_IMAGE, data)]
    apps = _of_images(files, images)
    if len(apps) < 2 or not service:
        return apps
    named = {item.app.id for item in matches_in(files, path) if item.service == service}
    return [app for app in apps if app.id in named] or apps


def _of_images(files: AppFiles, images: Iterable[str]) -> list[AppProfile]:
    """Return the apps of some images, in the order of the images."""
    found: dict[str, AppProfile] = {}
    different: dict[str, str] = {}
    for image in images:
        different.setdefault(repository(image), image)
    for name, image in different.items():
        last = name.rpartition("/")[2]
        for app in files.holding(last) if last else ():
            if is_image(image, app.images):
                found.setdefault(app.id, app)
    return list(found.values())


def by_variables(files: AppFiles, variables: Iterable[str]) -> tuple[tuple[AppProfile, bool], ...]:
    """Return the apps that read some of `variables`, those with most of them first, and whether these tell that one.

    They do where one is the app's alone and none is what another app calls its server, login or sender. Where no app
    is told, a framework's family is that has its server and three more.
    """
    names = frozenset(name for name in variables if name.isidentifier() and len(name) < _LONGEST)
    return _by_names(files, names)


@lru_cache(maxsize=64)
def _by_names(files: AppFiles, names: frozenset[str]) -> tuple[tuple[AppProfile, bool], ...]:
    """Find them by names that may be some app's. Of many files most have the same."""
    owners: dict[str, list[AppProfile]] = {}
    for name in sorted(names):
        near = files.having(name)
        if near and (len(near) <= _FEW or name in _TELLING):
            owners[name] = [app for app in files.opened(near) if name in _own_names(app)]
    shared: dict[str, int] = {}
    apps: dict[str, AppProfile] = {}
    alone: set[str] = set()
    addresses: set[str] = set()
    for name, found in owners.items():
        for app in found:
            apps[app.id] = app
            shared[app.id] = shared.get(app.id, 0) + 1
        if len(found) == 1 and name not in found[0].common:
            (addresses if _is_any_address(found[0], name) else alone).add(found[0].id)
    alone |= {id_ for id_ in addresses if shared[id_] > _WITH_ADDRESS}
    alone = {id_ for id_ in alone if apps[id_].config == "environment" and not _is_of_another(apps[id_], names)}
    alone |= {id_ for id_, app in apps.items() if not names.isdisjoint(app.signs)}
    families = {id_ for id_, app in apps.items() if not app.images and app.config == "environment"}
    if not alone:
        alone = {
            id_
            for id_ in families
            if _shared(apps[id_], names) > _WITH_HOST
            and apps[id_].variable(Role.HOST) in names
            and not _is_of_another(apps[id_], names)
        }
    telling = alone - families or alone
    order = sorted(apps, key=lambda id_: (id_ not in telling, -shared[id_], id_ != DEFAULT, id_))
    return tuple((apps[id_], id_ in telling) for id_ in order)


def _is_of_another(app: AppProfile, names: frozenset[str]) -> bool:
    """Say whether something there is another name than the app's for its server, login or sender, which is not there.

    What one app alone calls so may be common outside the apps that are known.
    """
    told = {role for name in names if not app.reads_name(name) and (role := role_of(name))}
    for role in told & {Role.HOST, Role.USERNAME, Role.PASSWORD, Role.SENDER}:
        spec = app.spec(role)
        others = [item.name for item in app.extras if item.role is role]
        own = [*others, *((*whole(spec.name), spec.file_variant) if spec else ())]
        if not names.intersection(own):
            return True
    return False


def _is_any_address(app: AppProfile, name: str) -> bool:
    """Say whether a variable is an app's own address under a name that other apps use as well: `DOMAIN`, `PUBLIC_URL`.

    One that begins as the app's mail settings do (`PAPERLESS_URL`) is its own, but for a framework's beginning.
    """
    if app.role(name) != Role.URL:
        return False
    first = name.partition("_")[0]
    return first == "NEXT" or app.variable(Role.HOST).partition("_")[0] != first


_LONGEST: Final = 80
"""Characters of a variable's name that is looked for."""
_FEW: Final = 6
"""Profiles in which a name may stand for it to be looked at: what more have tells nothing."""
_WITH_ADDRESS: Final = 2
"""Further variables of an app that have to be there for its address to tell it, where others may call theirs so."""
_WITH_HOST: Final = 3
"""Variables of a framework's family that have to be there, the server among them: a family has none of its own."""
_TELLING: Final = frozenset({"MAIL_MAILER", "MAILER_DSN", "DEFAULT_FROM_EMAIL"})


def _own_names(app: AppProfile) -> set[str]:
    further = (*(item.name for item in app.constants), *(item.name for item in app.extras))
    return {*app.names, *further, *app.signs}


def _shared(app: AppProfile, variables: Iterable[str]) -> int:
    return len(_own_names(app) & {*variables})


def matches_in(files: AppFiles, path: Path) -> list[AppMatch]:
    """Return the apps of a compose file, service by service: by image, by variables, or by name where it is built."""
    from smtpwizard.targets.compose.services import list_services

    found = []
    try:
        listed = list_services(path)
    except FileError:
        return []
    for item in listed:
        by, apps, names = "image", _of_images(files, [item.image]), item.variables
        if not apps:
            names = _with_env_files(path, item)
            by, apps = "variables", [app for app, tells in by_variables(files, names) if tells]
        if not apps:
            by, apps = "name", _of_names(files, (_called(name, path) for name in item.built))
        found += [AppMatch(app, path, by, item.name, _shared(app, names)) for app in apps]
    named = {item.app.id for item in found if item.service in item.app.services}
    # A database that is given the app's whole env file is not the app.
    found = [
        item for item in found if item.by == "image" or item.app.id not in named or item.service in item.app.services
    ]
    return sorted(found, key=lambda item: (_BY.index(item.by), -item.shared, _place(item)))


_BY: Final = ("image", "variables", "name")


def _with_env_files(path: Path, service: Service) -> tuple[str, ...]:
    """Return the names of a service's variables, those of its env files too."""
    if not service.env_entries:
        return service.variables
    from smtpwizard.targets.compose.read import env_names

    found = [env_names(path.parent / entry.path) for entry in service.env_entries]
    return tuple(dict.fromkeys([*service.variables, *sorted(frozenset().union(*found))]))


def _of_names(files: AppFiles, names: Iterable[str]) -> list[AppProfile]:
    """Return the apps that names are of: an app's id, or a service of it that is called after the app."""
    found = {}
    for name in names:
        bare = _bare(name)
        for id_ in files.ids():
            own = _bare(id_)
            if bare == own or (len(bare) >= _LONG and (bare.startswith(own) or own.startswith(bare))):
                with suppress(PresetFileError):
                    app = files.profile(id_)
                    if bare == own or name in app.services:
                        found[id_] = app
    return list(found.values())


def _called(name: str, path: Path) -> str:
    """Return a name; of a folder that is given by dots, as it stands in a compose file, its own."""
    return name if name.strip("./") else (path.parent / name).resolve().name


def _bare(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_LONG: Final = 5
"""Letters of a service's name from which it is an app's: `joplin`, and not `wiki` or `auth`."""


def _place(item: AppMatch) -> int:
    """Return where a service stands in the profile's list: the one that sends first."""
    services = item.app.services
    return services.index(item.service) if item.service in services else len(services)


def matches(files: AppFiles, folder: Path) -> list[AppMatch]:
    """Return the apps of a folder, best first: those of its compose file, then those of its `.env`."""
    path = default_file(folder)
    found = matches_in(files, path) if path else []
    env = folder / ".env"
    if env.is_file():
        from smtpwizard.targets.env.file import read_env_file

        try:
            variables = read_env_file(env).variables
        except FileError:
            return found
        known = {item.app.id for item in found}
        found += [
            AppMatch(app, env, "variables", shared=_shared(app, variables))
            for app, alone in by_variables(files, variables)
            if alone and app.id not in known
        ]
    return found


def services_of(app: AppProfile, listed: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return which of some services (name, image) read the app's variables, the one that sends first.

    Others of the same image, such as one that only migrates a database, do not.
    """
    ours = [name for name, image in listed if is_image(image, app.images)]
    among = ours or [name for name, _ in listed]
    return tuple([name for name in app.services if name in among] or ours)


_MAIL: Final = frozenset({"smtp", "mail", "email", "mailer"})
_WORDS: Final = (
    (Role.STARTTLS, {"starttls"}),
    (Role.VERIFY, {"verify", "unauthorized", "insecure", "reject"}),
    (Role.REPLY_TO, {"reply", "replyto"}),
    (Role.PASSWORD, {"password", "pass", "passwd", "pwd"}),
    (Role.SENDER_NAME, {"fromname", "sendername"}),
    (Role.SENDER, {"from", "sender", "noreply", "fromaddress", "fromemail"}),
    (Role.USERNAME, {"user", "username", "login", "account"}),
    (Role.PORT, {"port"}),
    (Role.SECURITY, {"secure", "ssl", "tls", "encryption", "security"}),
    (Role.HOST, {"host", "hostname", "server", "address", "addr", "relay"}),
)
"""Role → the words that mean it, the most telling first."""


def role_of(name: str) -> Role | None:
    """Return the role that a variable's name tells; None for what is no mail setting."""
    words = _words_of(name)
    if not _MAIL & {*words}:
        return None
    rest = [word for word in words if word not in _MAIL] or ["from"]
    if "name" in rest and {"from", "sender"} & {*rest}:
        return Role.SENDER_NAME
    return next((role for role, telling in _WORDS if telling & {*rest}), None)


def _words_of(name: str) -> list[str]:
    """Return the words of a variable's name: `SMTP_fromAddress` is smtp, from, address; SMTPSERVER smtp, server."""
    words = [word.lower() for part in name.split("_") for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", part)]
    return [part for word in words for part in _apart(word)]


def _apart(word: str) -> tuple[str, ...]:
    head = next((mail for mail in ("smtp", "mailer", "email", "mail") if word.startswith(mail)), "")
    return tuple(part for part in (head, word[len(head) :]) if part)
