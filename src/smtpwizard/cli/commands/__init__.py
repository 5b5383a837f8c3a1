"""One module a command; each has `run(args)`, which returns the exit code."""
