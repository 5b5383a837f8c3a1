"""What an operator of ABC User Feedback reads stays as it was before other apps were known."""

from __future__ import annotations

import json

import pytest

from apps.abc_texts import GOLDEN, texts, unfolded

BEFORE = unfolded(json.loads(GOLDEN.read_text(encoding="utf-8")))
NOW = unfolded(json.loads(json.dumps(texts())))


@pytest.mark.parametrize("section", ["findings", "repairs", "questions"])
def test_texts_for_fixed_inputs_are_as_before(section: str) -> None:
    assert NOW[section].keys() >= BEFORE[section].keys()
    for case, wanted in BEFORE[section].items():
        assert NOW[section][case] == wanted, case
