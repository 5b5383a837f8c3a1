"""The second look after a failure: other ports, TLS modes and names, tried without the password."""
