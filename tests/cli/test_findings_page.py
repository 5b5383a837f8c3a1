"""docs/findings.md has every id that a script can meet, and no other."""

from __future__ import annotations

import re

from support.findings_page import described, is_described, made


def test_every_id_that_is_made_is_described() -> None:
    ids, _ = made()
    assert len(ids) > 100
    lacking = {id_ for id_ in ids if not is_described(id_.replace("*", "x"))}
    assert lacking <= {"*-dead", "verdict", "*-*"}  # ipv4-dead and ipv6-dead; a title on the screen; checked below


def test_every_id_that_is_described_is_made() -> None:
    ids, texts = made()
    shapes = [re.escape(id_).replace(r"\*", ".+") for id_ in ids]
    for id_ in described():
        one = re.sub(r"<\w+>", "x", id_)
        ends = id_.removeprefix("<role>-")
        assert id_ in texts or ends in texts or any(re.fullmatch(shape, one) for shape in shapes), id_
