"""Where mail arrives: IMAP mailboxes, mail catchers, the practice server."""
