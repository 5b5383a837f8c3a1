"""Where settings are written: planned as a difference, applied atomically, backed up, restored."""
