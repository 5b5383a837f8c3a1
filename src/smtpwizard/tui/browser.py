"""The opener of web pages, under the name by which the wizard knows it."""

from __future__ import annotations

from smtpwizard.browsing import open_page

__all__ = ["open_page"]
