"""Compose files: read as docker compose reads them, edited in place."""
