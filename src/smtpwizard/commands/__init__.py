"""One module a sub-command: `run(args) -> ExitCode`, a few lines over the core. No protocol, no widgets."""
