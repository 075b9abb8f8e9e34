"""doclife: business documents as typed Python classes."""
