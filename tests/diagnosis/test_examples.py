"""Every example of every entry comes back as that entry, with its provider and, where its words suffice, without."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.schema import Example, Failure
from support.failure_examples import as_text, catalogue, diagnose

FAILURES = [failure for failure in catalogue().rules if failure.examples]


def shown_by_text(example: Example) -> bool:
    """A text alone shows it: no settings, no message that was accepted."""
    return not (example.settings or example.recipient or example.event == "accepted")


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.ref)
def test_the_examples_of_an_entry_come_back_as_it(failure: Failure) -> None:
    for example in failure.examples:
        found = diagnose(example, example.provider or None)
        assert found, example
        assert found[0].ref == failure.ref, example
        assert not found[0].generic, example
        without = diagnose(example, None) if example.provider else found
        if example.alone:
            assert [diagnosis.ref for diagnosis in without][:1] == [failure.ref], f"without its provider: {example}"
        else:  # words that others use too are not blamed on one provider
            assert failure.ref not in [diagnosis.ref for diagnosis in without], f"without its provider: {example}"
        if shown_by_text(example):
            found = explain_text(as_text(example), stage=example.stage, provider=example.provider or None)
            assert [diagnosis.ref for diagnosis in found][:1] == [failure.ref], f"as pasted text: {example}"
        if example.alone and failure.own_words:
            other = "gmx" if "fastmail" in failure.providers else "fastmail"
            found = diagnose(example, other)
            assert [diagnosis.ref for diagnosis in found][:1] == [failure.ref], f"with {other} named: {example}"
