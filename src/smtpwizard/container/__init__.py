"""The app's container, through `docker compose`: its log, and its own view of the mail server.

Runs docker, never a shell; writes nothing into a container. Importing this package costs nothing.
"""
