"""doclife's own document types, its hooks and their handlers."""
