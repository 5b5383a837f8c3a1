"""Screens that open over a step."""
