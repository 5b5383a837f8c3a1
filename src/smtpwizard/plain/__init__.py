"""The line front end: the wizard's five steps as plain questions and answers, over the same core as the screen.

For screen readers, dumb terminals, serial consoles and recorded sessions. Must not import the other front end.
"""

from __future__ import annotations

from smtpwizard.plain.walk import Walk, walk

__all__ = ["Walk", "walk"]
