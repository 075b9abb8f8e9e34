"""One transaction: savepoint frames, callbacks, staged jobs."""
