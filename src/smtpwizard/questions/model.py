"""What a question is, and how a typed or pasted text becomes an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

REGION: Final = "region"
"""Id of the one question that is not a variable."""

Validator = Callable[[str], str | None]
"""Takes the cleaned answer; returns the sentence that says what is wrong with it, or None."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed set of answers."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `id` is the variable it sets, or REGION."""

    id: str
    label: str
    help: str
    """Prose for whoever asks what this is."""
    placeholder: str = ""
    """An example of an answer."""
    note: str = ""
    """One line on what to have ready; empty where the label says it all."""
    url: str = ""
    """The page where the answer is to be had."""
    optional: bool = False
    secret: bool = False
    advanced: bool = False
    """The preset has answered it; it can be opened."""
    strip_spaces: bool = False
    """Blanks inside are for reading only."""
    choices: tuple[Choice, ...] = ()
    validator: Validator | None = None

    def check(self, text: str) -> str | None:
        """Return why `text` cannot be an answer, as a sentence, or None."""
        value, _ = clean(self, text)
        if not value:
            return None if self.optional else f"{self.label} is missing."
        return self.validator(value) if self.validator else None


def clean(question: Question, text: str) -> tuple[str, str]:
    """Return the answer in `text`, and a sentence on what was left out of it (empty: nothing).

    A typed password is taken as it is, blanks at its ends included, unless its provider shows it in groups.
    """
    if question.strip_spaces:
        value = re.sub(r"\s+", "", text)
        return value, f"{len(text) - len(value)} blanks were removed." if value != text else ""
    if question.secret:
        return text, ""
    value = text.strip()
    return value, "Blanks around the text were removed." if value != text else ""
