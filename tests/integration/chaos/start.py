"""`python -m tests.integration.chaos.start MODULE ARGUMENTS`: a process of the suite, with shortened times.

The times are constants of the product, set before the modules that read them are loaded; the
processes that it starts in turn come here too. With CHAOS_REAL_TIMES they stay as they are. With
CHAOS_PLANT the process carries a planted defect, by which the suite itself is tested.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import Any

#: module, constant, value here: a minute's run must see what takes a minute; lower floors first
TIMES: tuple[tuple[str, str, float], ...] = (
    ("doclife.outbox.workers", "HEARTBEAT_S", 1.0),  # 10
    ("doclife.outbox.workers", "DEAD_AFTER_S", 6.0),  # 45
    ("doclife.outbox.delivery", "GRACE_S", 3.0),  # 30
    ("doclife.outbox.leases", "LEASE_S", 4.0),  # 20
    ("doclife.outbox.leases", "RENEW_S", 1.0),  # 5
    ("doclife.worker.supervisor", "LONGEST_PAUSE_S", 1.0),  # 30
    ("doclife.worker.supervisor", "STEADY_S", 1.0),  # 10
    ("doclife.worker.timeout", "REPEAT_S", 1.0),  # 5
    ("doclife.worker.timeout", "GRACE_S", 4.0),  # 20
)

SHORT_DEAD_AFTER_S = next(value for _, name, value in TIMES if name == "DEAD_AFTER_S")

#: modules whose processes come through here too
OURS = ("doclife.worker.main", "doclife.worker.scheduler")


def shorten() -> None:
    """Sets the times."""
    for module, name, value in TIMES:
        loaded = importlib.import_module(module)
        before = getattr(loaded, name)
        setattr(loaded, name, value)
        for function in _functions(loaded):
            defaults = function.__kwdefaults__ or {}
            defaults.update({key: value for key, given in defaults.items() if given is before})


def _functions(module: Any) -> Any:
    for each in vars(module).values():
        if getattr(each, "__module__", None) != module.__name__:
            continue
        if hasattr(each, "__kwdefaults__"):
            yield each
        elif isinstance(each, type):
            yield from (member for member in vars(each).values() if hasattr(member, "__kwdefaults__"))


def know_documents() -> None:
    """Has every site of this process know the suite's documents, as if an app brought them."""
    from doclife.site.runtime import Site
    from tests.integration.chaos.documents import prepare

    load = Site.__init__

    def load_and_prepare(self: Site, *given: Any, **more: Any) -> None:
        load(self, *given, **more)
        prepare(self)

    Site.__init__ = load_and_prepare  # type: ignore[method-assign]


class Popen(subprocess.Popen[Any]):
    """Starts processes of the product through this module."""

    def __init__(self, args: Any, **options: Any) -> None:
        if isinstance(args, (list, tuple)):
            args = through_here(list(args))
        super().__init__(args, **options)


def through_here(command: list[str]) -> list[str]:
    """Returns the command by which a process of the product starts here."""
    for n in range(len(command) - 1):
        if command[n] == "-m" and command[n + 1] in OURS:
            return [*command[: n + 1], __spec__.name, *command[n + 1 :]]
    return command


def main() -> int:
    """Starts a module's `main` with the arguments that follow its name."""
    if not os.environ.get("CHAOS_REAL_TIMES"):
        shorten()
    know_documents()
    subprocess.Popen = Popen  # type: ignore[misc]
    if plant := os.environ.get("CHAOS_PLANT"):
        from tests.integration.chaos import plants

        getattr(plants, plant)()
    module = sys.argv.pop(1)
    result = importlib.import_module(module).main(sys.argv[1:])
    return int(result or 0)


if __name__ == "__main__":
    sys.exit(main())
