"""`python -m doclife.cli`."""

from doclife.cli.main import main

main()
