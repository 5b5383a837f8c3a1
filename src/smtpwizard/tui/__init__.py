"""The walk on a full screen, in Textual."""
