"""Fields, Meta, the registry of document types and the framework's own tables."""
