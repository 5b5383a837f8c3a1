"""What mail clients, apps and TLS libraries print by their own sources is answered by the kind of cause that it has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from smtpwizard.diagnosis.logs import explain_text

SAID: Final = Path(__file__).with_name("said_by_clients.txt")
KINDS: Final = Path(__file__).parent.parent / "corpus" / "kinds.toml"


def said() -> dict[str, list[tuple[list[str], str]]]:
    """Return client → what it says, each with the kinds that are accepted."""
    rows: dict[str, list[tuple[list[str], str]]] = {}
    for block in re.split(r"(?m)^### ", SAID.read_text("utf-8"))[1:]:
        head, text = block.split("\n", 1)
        client, kinds = head.split(" | ")
        rows.setdefault(client, []).append((kinds.split(), text.rstrip("\n")))
    return rows


ALL: Final = said()


@pytest.mark.parametrize("client", ALL)
def test_what_a_client_says_is_answered_by_its_kind(client: str) -> None:
    other = []
    for kinds, text in ALL[client]:
        found = explain_text(text)
        if not found or found[0].kind not in kinds:
            other.append((text, kinds, found[0].kind if found else None))
    assert not other, other


def test_the_kinds_are_of_the_closed_list() -> None:
    known = {kind["id"] for kind in tomllib.loads(KINDS.read_text("utf-8"))["kind"]}
    assert {kind for rows in ALL.values() for kinds, _ in rows for kind in kinds} <= known
