"""Facts as lines and JSON, for every front end."""
