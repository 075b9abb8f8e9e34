"""Franchise royalties: an app that keeps the books of a franchise on doclife. `python -m example_app` shows it."""
