"""Octets on the wire: sockets, TLS, replies, certificates. Knows no app and no rule."""
