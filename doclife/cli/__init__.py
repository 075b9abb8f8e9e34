"""The command line: words in, calls down, errors to exit codes.

`main` holds the options that all commands share and the table of commands. Each command stands in
a module of its group, which is imported when the command is asked for.
"""
