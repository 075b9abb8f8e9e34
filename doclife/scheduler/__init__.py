"""Scheduled jobs: due times, the leader's tick, the record of each run."""
