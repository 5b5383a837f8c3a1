"""The survey after a failed check: other ports, TLS modes and names, tried without the password."""
