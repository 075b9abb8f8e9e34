"""Engine, column types and migrations: what doclife knows about databases as such.

Imports core only; knows no document.
"""
