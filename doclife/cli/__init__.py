"""The command line: words in, calls down, errors to exit codes."""
