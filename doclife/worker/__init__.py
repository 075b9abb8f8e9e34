"""What runs a job: its context, unit of work, retries and timeout; the pool of workers."""
