"""Modal screens: confirm, help, transcript."""
