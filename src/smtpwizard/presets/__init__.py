"""Providers as data: read, checked, searched, matched."""
