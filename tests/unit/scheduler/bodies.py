"""What schedules run in tests."""

from __future__ import annotations


def nightly() -> dict[str, int]:
    return {"done": 1}


def other() -> None: ...


constant = 3
