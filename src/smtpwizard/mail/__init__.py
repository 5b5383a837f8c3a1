"""The app's mails: templates rendered as the app renders them, and made into messages. Sends nothing.

Importing this package costs nothing; `templates` imports pybars3 when it first renders.
"""
