"""Rules on settings, pure: what the app refuses, ignores or misreads. No network, no files."""
