"""Which service is the app's, and which there are, by the compose file. Reads the file; runs nothing."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from smtpwizard.container.compose import checked_service
from smtpwizard.errors import FileError, InputError

if TYPE_CHECKING:
    from smtpwizard.outputs.compose_services import Service


def project_file(cwd: Path) -> Path | None:
    """Return the compose file that docker compose takes without `-f`: in `cwd`, or in a folder above it."""
    from smtpwizard.outputs.compose_project import default_file

    folder = Path(os.path.abspath(cwd))
    return next((found for place in (folder, *folder.parents) if (found := default_file(place))), None)


def app_service(given: str | None, file: Path | None, cwd: Path, *, images: Collection[str], default: str) -> str:
    """Return the service to ask: the one given, else the app's in the compose file, else `default`.

    InputError for an impossible name, or where several could be the app; FileError where the file given is not there.
    """
    if file is not None and not file.is_file():
        raise FileError(f"There is no compose file {file}.", "No such file")
    if given is not None:
        return checked_service(given)
    listed = _listed(file or project_file(cwd), images, default)
    if not listed or any(item.name == default and not item.by_image for item in listed[:1]):
        return default
    from smtpwizard.outputs.compose_services import chosen

    try:
        return checked_service(chosen(listed, None).name)
    except InputError:
        if any(item.name == default for item in listed):
            return default
        raise


def names(file: Path | None, cwd: Path) -> tuple[str, ...]:
    """Return the services of the compose file, in its order; none where it cannot be read."""
    return tuple(item.name for item in _listed(file or project_file(cwd), (), ""))


def _listed(file: Path | None, images: Collection[str], default: str) -> tuple[Service, ...]:
    if file is None:
        return ()
    from smtpwizard.outputs.compose_plan import read_tree  # with PyYAML 15 ms
    from smtpwizard.outputs.compose_services import services

    try:
        return services(read_tree(file), images=images, app_service=default)
    except FileError:
        return ()  # docker compose has the better words for what is wrong with it
