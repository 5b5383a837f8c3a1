"""The wizard's questions as data: both front ends render these, so they ask the same and check the same.

Must not do I/O or know a widget. Judging what the app makes of the answers is `app`'s work; a validator here only says
why a text cannot be an answer at all.
"""

from __future__ import annotations

from smtpwizard.questions.answers import answer, begin, follows_account, missing
from smtpwizard.questions.catalogue import questions
from smtpwizard.questions.model import REGION, Choice, Question, clean

__all__ = ["REGION", "Choice", "Question", "answer", "begin", "clean", "follows_account", "missing", "questions"]
