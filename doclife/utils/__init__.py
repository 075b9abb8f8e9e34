"""Pure helpers for dates, numbers and text; imports nothing of doclife."""
