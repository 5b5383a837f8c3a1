"""The walk line by line: for a screen reader, a serial console, TERM=dumb."""
