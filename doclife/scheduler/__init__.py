"""Scheduled jobs: what apps declare in `scheduler_events`, when it is due, and its job."""

from doclife.scheduler.times import next_times

__all__ = ["next_times"]
