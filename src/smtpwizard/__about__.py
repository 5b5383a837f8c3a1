"""The version, alone in a file so that reading it imports nothing (importlib.metadata costs 45 ms)."""

__version__ = "0.1.0"
