"""An app that no profile knows: which of its variables is which setting, to be confirmed, and kept as a profile.

All three renderers have it: `apps map` on the command line, a question of `--plain`, a screen of the wizard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smtpwizard.apps.loading import DEFAULT, AppFiles, load_profile
from smtpwizard.apps.profile import Role, repository
from smtpwizard.errors import FileError, InputError, SmtpWizardError
from smtpwizard.presets.files import PresetFileError, user_root
from smtpwizard.targets.compose.services import Service, list_services
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.targets.files import default_file
from smtpwizard.targets.recognise import matches_in, role_of
from smtpwizard.text import safe

NEEDED: Final = (Role.HOST, Role.PORT, Role.SENDER, Role.USERNAME, Role.PASSWORD)
"""Without these there is no profile."""
_FURTHER: Final = (Role.SECURITY, Role.STARTTLS, Role.SENDER_NAME, Role.REPLY_TO, Role.URL)
"""Asked for beside the needed ones; an app need not have them."""
_TELLING: Final = 3
"""Needed settings that a service has to have for its variables to be offered unasked, the host among them."""


@dataclass(slots=True)
class Unlisted:
    """An app's variables, and the settings that they are taken for."""

    file: str
    """Where they stand; empty where nothing was found."""
    service: str = ""
    image: str = ""
    names: tuple[str, ...] = ()
    roles: dict[Role, str] = field(default_factory=dict)

    @property
    def asked(self) -> tuple[Role, ...]:
        """The settings to confirm: the needed ones first."""
        others = (role for role in self.roles if role not in NEEDED and role not in _FURTHER)
        return (*NEEDED, *_FURTHER, *others)

    @property
    def lacking(self) -> tuple[Role, ...]:
        """What has no variable yet, without which there is no profile."""
        return tuple(role for role in NEEDED if not self.roles.get(role))

    @property
    def place(self) -> str:
        """Where the variables stand, in words. The names are foreign."""
        return f"{self.file} service {self.service}" if self.service else self.file

    @property
    def proposed_id(self) -> str:
        """An id made of the service's name."""
        found = "".join(char if char.isalnum() and char.isascii() else "-" for char in self.service.lower())
        return found.strip("-") or "my-app"

    def keep(self, id_: str) -> Path:
        """Write a profile of the operator's own under an id, and return its file.

        InputError for what is no id, for a setting without a variable and for one that two have; FileError where it is
        there already, or cannot be written; PresetFileError for a name that cannot be a variable's.
        """
        from datetime import date

        if not id_.replace("-", "").isalnum() or id_ != id_.lower() or not id_.isascii():
            raise InputError("An id has small letters, digits and hyphens.", "No id")
        if self.lacking:
            which = ", ".join(role.value for role in self.lacking)
            raise InputError(f"{which}: no variable is named for it.", "No mapping")
        mapping = {role: name for role, name in self.roles.items() if name}
        twice = next((name for name in mapping.values() if [*mapping.values()].count(name) > 1), "")
        if twice:
            raise InputError(f"{safe(twice, limit=80)} is named for two settings. One variable is one.", "No mapping")
        source = f"own:{self.file or 'by-hand'}".replace(" ", "-")
        day = date.today().isoformat()
        text = "\n".join(_profile(id_, mapping, self.service, self.image, source, day)) + "\n"
        path = user_root() / "apps" / f"{id_}.toml"
        if path.exists():
            raise FileError(f"{path} is there already. Take another id, or change that file.", "Profile exists")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise FileError(f"{path} cannot be written: {error.strerror}.", "Profile not kept") from None
        try:
            load_profile(path)
        except PresetFileError:
            path.unlink()
            raise
        return path


def read_variables(folder: Path, service: str | None = None) -> Unlisted:
    """Return what the compose file of a folder, or its `.env`, has for the app. InputError where which service it is
    cannot be told; FileError."""
    path = default_file(folder)
    env = read_env_file(folder / ".env").variables
    if path is None:
        return Unlisted(".env", names=tuple(env), roles=guess(env))
    listed = list_services(path)
    likely = [item for item in listed if (item.name == service if service else any(map(role_of, item.variables)))]
    if len(likely) != 1:
        known = ", ".join(safe(item.name) for item in listed)
        raise InputError(
            f"Name the app's service of {path.name} with --service NAME. It has: {known}.", "Which service"
        )
    return _of_service(path, likely[0], env)


def likeliest(folder: Path, compose: Path | None = None) -> Unlisted:
    """Return the service of a folder with most of the settings, else its `.env`. Never raises: what cannot be read
    has no variables, and they are typed."""
    path = compose or default_file(folder)
    try:
        env = read_env_file(folder / ".env").variables
        found = [_of_service(path, item, env) for item in list_services(path)] if path is not None else []
    except SmtpWizardError:
        return Unlisted("")
    best = max(found, key=lambda item: len(item.roles), default=None)
    if best is not None and best.roles:
        return best
    return Unlisted(".env" if env else "", names=tuple(env), roles=guess(env))


def offered(files: AppFiles, folder: Path, compose: Path | None = None) -> Unlisted | None:
    """Return a service whose variables look like mail settings, where no profile knows its image or its variables."""
    found = likeliest(folder, compose)
    path = compose or default_file(folder)
    needed = [role for role in NEEDED if role in found.roles]
    if path is None or not found.service or Role.HOST not in needed or len(needed) < _TELLING:
        return None
    if {*found.roles.values()} <= {*files.profile(DEFAULT).names}:
        return None
    return None if any(item.service == found.service for item in matches_in(files, path)) else found


def _of_service(path: Path, service: Service, env: Iterable[str]) -> Unlisted:
    beside = [name for name in env if name not in service.variables] if service.env_files else []
    names = (*service.variables, *beside)
    return Unlisted(path.name, service.name, repository(service.image), names, guess(names))


_LINKS: Final = (
    "base_url",
    "app_url",
    "public_url",
    "site_url",
    "root_url",
    "external_url",
    "frontend_url",
    "domain",
    "url",
)


def guess(names: Iterable[str]) -> dict[Role, str]:
    """Return role → the variable that by its name is most likely to hold it. Roles without one are left out."""
    found: dict[Role, str] = {}
    for name in names:
        role = role_of(name)
        if role is not None and (role not in found or len(name) < len(found[role])):
            found[role] = name
    ordered = {role: found[role] for role in Role if role in found}
    links = [name for name in names if name not in found.values() and name.lower().endswith(_LINKS)]
    best = min(
        links, key=lambda name: next(at for at, end in enumerate(_LINKS) if name.lower().endswith(end)), default=""
    )
    return ordered | ({Role.URL: best} if best and Role.HOST in ordered else {})


_HELP: Final = {
    Role.HOST: "The mail server's name.",
    Role.PORT: "The mail server's port.",
    Role.SENDER: "The address from which the mails come.",
    Role.USERNAME: "The login.",
    Role.PASSWORD: "The password or key that belongs to the login.",
    Role.SECURITY: "TLS from the first byte.",
    Role.STARTTLS: "STARTTLS.",
    Role.URL: "The address at which the app is reached.",
}


def _profile(id_: str, mapping: Mapping[Role, str], service: str, image: str, source: str, day: str) -> Iterator[str]:
    """Yield the TOML of a profile of one's own. What the app does with a text is taken from the most usual one."""
    yield "# Mapped by name from the app's own variables, and confirmed by hand. Correct what the app does otherwise:"
    yield "# docs/apps-adding.md tells every key."
    yield f"id = {_quoted(id_)}\nname = {_quoted(id_)}\nservices = [{_quoted(service or id_)}]"
    if image:
        yield f"images = [{_quoted(image)}]"
    yield 'docs_url = "https://example.com/"\nevidence = "docs"'
    yield f"checked = {_quoted(day)}\nsources = [{_quoted(source)}]"
    yield 'unknown = ["how the app reads its variables", "which mail client it has"]'
    yield '\n[client]\nmodel = "unknown"\nlogin = "both"'
    tls = mapping.get(Role.SECURITY)
    if tls:
        yield f'\n[[reads]]\nwhen = {{ {tls} = "on" }}\nmode = "implicit"'
    else:
        yield '\n[[reads]]\nwhen = { port = "=465" }\nmode = "implicit"'
    yield '\n[[reads]]\nmode = "opportunistic"'
    on, off = (f'set = {{ {tls} = "true" }}', f'set = {{ {tls} = "false" }}') if tls else ("", "")
    yield f"\n[modes.implicit]\n{on}\n\n[modes.starttls]\npossible = false".replace("\n\n\n", "\n\n")
    yield f"\n[modes.opportunistic]\n{off}\n\n[modes.none]\npossible = false".replace("\n\n\n", "\n\n")
    for role, name in mapping.items():
        yield f"\n[[variables]]\nname = {_quoted(name)}\nrole = {_quoted(role.value)}"
        if role in (Role.HOST, Role.SENDER):
            yield "required = true"
        if role is Role.SENDER:
            yield 'format = "mailbox"'
        if role is Role.SECURITY:
            yield 'read = "lower-true"\ndefault = "false"'
        yield f"help = {_quoted(_HELP.get(role, role.words[:1].upper() + role.words[1:] + '.'))}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
