"""Mailboxes in which a sent mail is looked for: catchers' pages over HTTP, a mailbox over IMAP, the practice server.

Reads only: marks nothing, moves nothing, deletes nothing. Importing this package costs nothing.
"""
