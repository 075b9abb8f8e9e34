"""Filters, fields and permission conditions as SQL; the `db` object."""
