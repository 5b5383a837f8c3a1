"""A compose service as SOURCE: its variables as its container would get them, and what is open about them.

Judges no value, prints nothing. Imported only for `--compose`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smtpwizard.findings import Finding, Severity
from smtpwizard.outputs.compose_fill import Gap
from smtpwizard.outputs.compose_read import ServiceVariables, read_service
from smtpwizard.presets import Presets
from smtpwizard.settings import FIELDS, LEGACY
from smtpwizard.text import safe

_GAPS: Final = {
    Gap.BLANK: (
        "compose-blank",
        Severity.WARNING,
        "{name} is filled from a ${{…}} that neither this shell nor the .env beside {file} sets: the container gets it "
        "empty. Set it in that .env.",
    ),
    Gap.REQUIRED: (
        "compose-required",
        Severity.ERROR,
        "{name} is filled from a ${{…:?}} that neither this shell nor the .env beside {file} sets: docker compose "
        "refuses to start. Set it in that .env.",
    ),
    Gap.PASSED: (
        "compose-passed-through",
        Severity.WARNING,
        "{file} names {name} without a value, and neither this shell nor the .env beside it sets it: the container "
        "does not get it. Set it in that .env.",
    ),
    Gap.UNCERTAIN: (
        "compose-uncertain",
        Severity.WARNING,
        "The value of {name} is nested or quoted in a way on which no promise is made, so it is left out here. Look "
        "at it with docker compose config, or run smtpwizard inside the service with --environ.",
    ),
}


def read_compose(args: argparse.Namespace) -> tuple[ServiceVariables, str, tuple[Finding, ...]]:
    """Return the variables, the place in words, and findings about the files. FileError; InputError for the service.

    Without `--service` it is the app's own, by its image or by the SMTP_ variables that it has.
    """
    path = Path(args.compose)
    app = Presets.open(*([args.presets] if getattr(args, "presets", None) else [])).app()
    found = read_service(path, getattr(args, "service", None), os.environ, images=app.images, app_service=app.service)
    override = f" with {found.override.name}" if found.override else ""
    return found, f"service {safe(found.service)} of {path}{override}", tuple(_findings(path, found))


def _findings(path: Path, found: ServiceVariables) -> Iterator[Finding]:
    for name in found.missing_files:
        message = (
            f"env_file names {safe(name)}, which does not exist: docker compose refuses to start. Create the file, or "
            "take the name out."
        )
        yield Finding("compose-env-file-missing", Severity.ERROR, None, message)
    for name, gap in found.gaps.items():
        if name in FIELDS or name in LEGACY:
            id_, severity, words = _GAPS[gap]
            yield Finding(id_, severity, name, words.format(name=name, file=path.name))
    if found.elsewhere:
        message = (
            f"Service {safe(found.service)} extends one of another file, which is not read: there may be more "
            "variables. Run smtpwizard inside the service with --environ to see all."
        )
        yield Finding("compose-extends-elsewhere", Severity.INFO, None, message)
