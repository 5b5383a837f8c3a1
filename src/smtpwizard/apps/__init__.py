"""What an app calls its settings, how it reads them, and what it hands to its mail client."""
