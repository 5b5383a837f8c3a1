"""What an app's mail client does on the wire: one model a client."""
