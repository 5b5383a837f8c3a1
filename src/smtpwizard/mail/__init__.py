"""The app's mails: rendered, and put together as MIME messages."""
