"""What the app's container says: its log, and the check made from within it."""
