"""The five steps on the screen."""
