"""The documents that are measured."""
