"""Which files docker compose reads together: the one that it finds by itself, and the override beside it.

Looks for names only; opens nothing. Other `-f` files are the operator's business and not guessed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

COMPOSE_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""In the order in which docker compose takes them; the first that exists wins (measured on 2.40.3)."""

OVERRIDE_NAMES: Final = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml",
)  # fmt: skip
"""In its order too, whatever the file beside it is called; read only where no `-f` is given (measured)."""


def default_file(folder: Path) -> Path | None:
    """Return the compose file that `docker compose` takes in `folder` without `-f`."""
    return _first(folder, COMPOSE_NAMES)


def override_of(path: Path) -> Path | None:
    """Return the override file that compose reads after `path`; None where it reads none, or `path` needs `-f`."""
    if path.name not in COMPOSE_NAMES or default_file(path.parent) != path:
        return None
    return _first(path.parent, OVERRIDE_NAMES)


def override_target(path: Path) -> Path:
    """Return where an override for `path` goes: the file that compose would read, else one named after `path`."""
    return override_of(path) or path.with_name(f"{path.stem}.override{path.suffix}")


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
