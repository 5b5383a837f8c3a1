"""The practice server: SMTP on loopback, with which the whole walk works without an account. Plays failures."""
