"""The pytest plugin of doclife, found by pytest through its entry point."""
