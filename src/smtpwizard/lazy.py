"""Names of a package, imported when they are first used: reading a file must not cost what writing one needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package (PEP 562) whose public names live in the submodules that `homes` gives.

    No name may be that of its submodule: once that was imported, Python finds the module under the name.
    """
    assert not any(name == home for name, home in homes.items()), "a name hides behind its own submodule"

    def __getattr__(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home}"), name)

    return __getattr__
