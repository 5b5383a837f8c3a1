"""The real mail client of the app against ours, on the same servers."""
