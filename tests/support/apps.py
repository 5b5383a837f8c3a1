"""The app of nearly all tests, and settings for it."""

from __future__ import annotations

from typing import Any, Final

from smtpwizard.apps.loading import shipped
from smtpwizard.settings import Settings

ABC: Final = shipped("abc-user-feedback")
FIELDS: Final = ABC.names
LEGACY: Final = {name: ABC.variable(role) for name, role in ABC.old.items()}
"""Old and misspelt names → the name that the app reads."""


def abc(**fields: Any) -> Settings:
    """Return settings of ABC User Feedback by field."""
    return Settings(ABC, **fields)
