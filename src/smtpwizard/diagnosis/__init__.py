"""What a failure means: the catalogue of known failures, matched against replies and log lines."""
