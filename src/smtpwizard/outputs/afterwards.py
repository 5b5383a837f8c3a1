"""After writing: what makes the app see it, and what else has a say, found by looking at the compose files beside it.

Says only what is true for these files. Of the shell it looks at names of variables, never at values. Changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from smtpwizard.errors import FileError
from smtpwizard.outputs.after_words import Note, shell_wins, start_anew
from smtpwizard.outputs.compose_project import default_file


def after_writing(
    path: Path,
    written: Collection[str],
    *,
    service: str | None = None,
    images: Collection[str] = (),
    app_service: str = "",
    environ: Collection[str] | None = None,
) -> tuple[Note, ...]:
    """Return the notes for `written` variables in `path`, the command first. Never raises.

    `service`: `path` is a compose or override file, and this the service; None: an env file. `images`, `app_service`:
    how to know the app's service. `environ`: names of the variables in the shell, by default this process's.
    """
    names = sorted(written)
    shell = os.environ.keys() if environ is None else environ
    compose = default_file(path.parent) if service is None else None
    try:
        if service is not None:
            from smtpwizard.outputs.after_project import after_compose  # with PyYAML: only where there is compose

            return after_compose(path, names, service)
        if compose is not None:
            from smtpwizard.outputs.after_project import after_env

            notes = after_env(path, compose, names, shell, images=images, app_service=app_service)
            if notes:
                return notes
    except FileError:
        return ()
    beaten = [name for name in names if name in shell] if path.name == ".env" else []
    return (start_anew(), *([shell_wins(beaten, compose=False)] if beaten else []))
