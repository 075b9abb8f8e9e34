"""The document types of the franchise, one module each."""
