"""What schedules run in tests."""

from __future__ import annotations


def nightly() -> dict[str, int]:
    return {"done": 1}


def other() -> None: ...


constant = 3


def failing() -> None:
    raise RuntimeError("the books are locked")
