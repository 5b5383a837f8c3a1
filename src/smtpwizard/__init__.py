"""smtpwizard: from "the app needs SMTP" to a proved configuration, in a terminal. `cli.main` is the way in."""

__version__ = "0.1.0"
"""The version, in a file that imports nothing (importlib.metadata costs 45 ms)."""
