"""The live check: one dialogue with the server, stage by stage, as the app's client holds it, and the verdict on it."""
