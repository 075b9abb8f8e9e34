"""What may be asked of a worker, and on which terms: enqueue, retry, steps, locks, progress."""
