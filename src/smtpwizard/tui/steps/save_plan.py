"""The sentences around a change. Must not import textual."""

from __future__ import annotations


def next_command(service: str) -> str:
    """Return what makes the app see new values. `restart` does not: a container keeps the values it was made with."""
    return f"docker compose up -d {service}"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
