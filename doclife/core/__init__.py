"""Errors, settings, context, clock, ids, JSON and logs: what every other floor stands on.

Imports nothing of doclife outside this package.
"""
