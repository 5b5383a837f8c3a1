"""Handlebars 4.7.8."""
