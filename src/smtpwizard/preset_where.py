"""Where preset files are. Must not open them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_SPECIAL: Final = frozenset({"XDG_CONFIG_HOME", "ANDROID_DATA", "ANDROID_ROOT"})
"""Variables with which platformdirs has another folder than ~/.config."""


def presets_root() -> Path:
    """Return where the shipped presets are: inside the installed package, or the checkout's top-level folder.

    In a checkout the edited files win over copies that an editable install left in the package.
    """
    here = Path(__file__).resolve()  # importlib.resources would cost 10 ms of import
    if here.parent.parent.name == "src" and (checkout := here.parents[2] / "presets").is_dir():
        return checkout
    return here.parent / "presets"


def user_root() -> Path:
    """Return the operator's own folder of presets, whether it exists or not."""
    home = os.environ.get("HOME", "")
    if sys.platform == "linux" and home.startswith("/") and not _SPECIAL.intersection(os.environ):
        return Path(home, ".config", "smtpwizard", "presets")  # what platformdirs would say, without 4 ms of import
    from platformdirs import user_config_dir

    return Path(user_config_dir("smtpwizard")) / "presets"


def provider_files(root: Path) -> tuple[Path, ...]:
    """Return the preset files of a folder, or of its sub-folder `providers`, by name. OSError: it cannot be listed."""
    folder = root / "providers"
    folder = folder if folder.is_dir() else root
    names = sorted(os.listdir(folder))
    return tuple(folder / name for name in names if name.endswith(".toml") and not name.startswith("."))
