"""What an image is called without what changes from one machine to the next."""

from __future__ import annotations

import re
from collections.abc import Collection


def repository(image: str) -> str:
    """Return an image's name without tag and digest, and without Docker Hub's own host: `rnwood/smtp4dev`.

    `${NAME:-text}` counts as its text, any other `${…}` as nothing.
    """
    name = re.sub(r"\$\{\w+:?-([^{}]*)\}", r"\1", image)
    name = re.sub(r"\$(?:\w+|\{[^{}]*\})", "", name).partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}".removeprefix("docker.io/").removeprefix("library/").lower()


def is_image(image: str, known: Collection[str]) -> bool:
    """Say whether an image is one of `known`, be it from another registry's copy of it."""
    bare = repository(image)
    return any(bare == (name := repository(item)) or _is_copy(bare, name) for item in known)


def _is_copy(bare: str, name: str) -> bool:
    """Say whether it is the same image from another registry; `someone/ghost` is another image than `ghost`."""
    head = bare.removesuffix(f"/{name}")
    return head != bare and ("/" in name or "." in head or ":" in head)
