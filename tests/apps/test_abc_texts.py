"""What an operator of ABC User Feedback reads stays as it was before other apps were known."""

from __future__ import annotations

import json

from apps.abc_texts import GOLDEN, texts, unfolded


def test_texts_for_fixed_inputs_are_as_before() -> None:
    before = unfolded(json.loads(GOLDEN.read_text(encoding="utf-8")))
    now = unfolded(json.loads(json.dumps(texts())))
    for section in ("findings", "repairs", "questions"):
        assert now[section].keys() >= before[section].keys()
        for case, wanted in before[section].items():
            assert now[section][case] == wanted, case
