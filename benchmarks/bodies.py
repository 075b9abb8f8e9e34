"""What the measured jobs do; a module of its own, because `__main__` is not what a worker imports."""

from __future__ import annotations

from time import perf_counter, time

#: when each no-op job began, in this process
began: list[float] = []


def noop(number: int = 0) -> None:
    """Notes that it began."""
    began.append(perf_counter())


def record_start(path: str) -> None:
    """Writes when it began, for another process to read."""
    with open(path, "a") as file:
        file.write(f"{time()}\n")
