"""Handlers: what happens when documents of this and other apps change."""
