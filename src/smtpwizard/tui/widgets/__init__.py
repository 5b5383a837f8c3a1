"""Widgets of the wizard that hold no truth: they show state or post messages."""
