"""Every example of every entry comes back as that entry, with its provider and, where its words suffice, without."""

from __future__ import annotations

import pytest

from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.diagnosis.schema import Example, Failure
from support.failure_examples import all_examples, as_text, diagnose, name_of

PAIRS = [pytest.param(*pair, id=name_of(pair)) for pair in all_examples()]
ALONE = [param for param in PAIRS if param.values[1].alone]


def shown_by_text(example: Example) -> bool:
    """A text alone shows it: no settings, no message that was accepted."""
    return not (example.settings or example.recipient or example.event == "accepted")


@pytest.mark.parametrize(("failure", "example"), PAIRS)
def test_an_example_comes_back_as_its_entry(failure: Failure, example: Example) -> None:
    found = diagnose(example, example.provider or None)
    assert found
    assert found[0].ref == failure.ref
    assert not found[0].generic


@pytest.mark.parametrize(("failure", "example"), ALONE)
def test_an_example_is_recognised_without_its_provider(failure: Failure, example: Example) -> None:
    assert [diagnosis.ref for diagnosis in diagnose(example, None)][:1] == [failure.ref]


@pytest.mark.parametrize(("failure", "example"), [pair for pair in PAIRS if not pair.values[1].alone])
def test_words_that_others_use_too_are_not_blamed_on_one_provider(failure: Failure, example: Example) -> None:
    found = diagnose(example, None)
    assert failure.ref not in [diagnosis.ref for diagnosis in found]


@pytest.mark.parametrize(("failure", "example"), [param for param in PAIRS if shown_by_text(param.values[1])])
def test_an_example_is_recognised_as_pasted_text(failure: Failure, example: Example) -> None:
    found = explain_text(as_text(example), stage=example.stage, provider=example.provider or None)
    assert [diagnosis.ref for diagnosis in found][:1] == [failure.ref]


@pytest.mark.parametrize(("failure", "example"), [param for param in ALONE if param.values[0].own_words])
def test_words_of_one_provider_are_recognised_although_another_was_named(failure: Failure, example: Example) -> None:
    other = "gmx" if "fastmail" in failure.providers else "fastmail"
    assert [diagnosis.ref for diagnosis in diagnose(example, other)][:1] == [failure.ref]
