""".env files: read as each of their readers does, edited in place."""
