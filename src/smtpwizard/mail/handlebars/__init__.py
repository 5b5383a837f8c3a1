"""Handlebars 4.7.8 with `strict: true`, as far as mails need it: reading, whitespace, values. No pybars, no files.

`templates` has pybars3 run what is read here. pybars3 0.9.7 alone differs from Handlebars in escaping (`=`), standalone
lines, `else if`, missing variables and `../`; so lookups, escaping and whitespace are decided here, and pybars3 runs
the blocks.
"""
