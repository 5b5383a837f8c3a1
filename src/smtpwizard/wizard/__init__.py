"""The walk from provider to sent mail, without a screen; `tui`, `prompts` and `cli` render it."""
