"""The practice server: SMTP on the loopback, so that the whole wizard works without an account. It plays failures."""
