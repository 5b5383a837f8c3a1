"""The sentences around a change. Must not import textual."""

from __future__ import annotations


def change_sentence(changed: int, kept: int) -> str:
    """Return how much changes: `6 lines change, 11 stay.`"""
    lines = "1 line changes" if changed == 1 else f"{changed} lines change"
    return f"{lines}, {kept} stay." if kept else f"{lines}."


def next_command(service: str) -> str:
    """Return what makes the app see new values. `restart` does not: a container keeps the values it was made with."""
    return f"docker compose up -d {service}"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
