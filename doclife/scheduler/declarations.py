"""What apps declare in `scheduler_events`, checked when the site loads."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from doclife.core.errors import (
    ConfigError,
    HookError,
    JobArgumentError,
    UnknownQueueError,
    ValidationError,
    brief,
    nearest,
)
from doclife.core.settings import Settings
from doclife.events.handlers import import_path
from doclife.events.hooks import AppHooks
from doclife.jobs.arguments import needed
from doclife.jobs.enqueue import LONGEST_TIMEOUT_S
from doclife.jobs.functions import check_kind
from doclife.scheduler import times

KEY = "scheduler_events"
#: the key of cron expressions, and the frequency of their schedules
CRON = "cron"

#: the frequency words; each may end in `_long`
_WORDS = (times.ALL, *times.FREQUENCIES)

#: what an entry may say besides its method
OPTIONS = ("method", "queue", "timeout", "retries", "catch_up", "time_zone")
CATCH_UP = ("once", "all", "skip")

#: of the numbers among them: least and most
NUMBERS = {"timeout": (1, LONGEST_TIMEOUT_S), "retries": (0, 1000)}

#: room for a name, and for a cron expression
NAME_LENGTH = 140


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an app's `scheduler_events`."""

    app: str
    #: dotted path
    method: str
    #: the n-th entry of this method in this app, from 1
    entry: int
    #: all, hourly, daily, weekly, monthly, yearly, cron
    frequency: str
    cron_format: str | None
    queue: str
    #: seconds; None: the queue's
    timeout: int | None = None
    retries: int = 0
    catch_up: str | None = None
    #: None: the site's
    time_zone: str | None = None

    @property
    def name(self) -> str:
        """The stable key, which is the name of its row."""
        owner = "" if self.method.startswith(f"{self.app}.") else f"{self.app}: "
        number = f" #{self.entry}" if self.entry > 1 else ""
        return f"{owner}{self.method}{number}"


def declared(apps: Sequence[AppHooks], settings: Settings) -> list[Declared]:
    """Returns the entries of all apps in install order.

    Raises:
        HookError: one cannot be used; the message names app, key, which entry of its list, and path.
    """
    found: list[Declared] = []
    for app in apps:
        seen: Counter[str] = Counter()
        for frequency, cron, value, what in _entries(app):
            options = _options(value, what)
            path = options.pop("method")
            _check_function(path, what)
            _check(what, options, settings)
            seen[path] += 1
            queue = options.pop("queue", None) or ("long" if frequency.endswith(times.LONG) else "default")
            word = frequency.removesuffix(times.LONG)
            made = Declared(
                app=app.name,
                method=path,
                entry=seen[path],
                frequency="yearly" if word == "annual" else word,
                cron_format=cron,
                queue=queue,
                **{key: option for key, option in options.items() if option is not None},
            )
            if len(made.name) > NAME_LENGTH:
                raise HookError(f"{what}: {made.name!r} is longer than {NAME_LENGTH} characters")
            found.append(made)
    return found


def _entries(app: AppHooks) -> Iterator[tuple[str, str | None, Any, str]]:
    """Yields word, cron expression, entry, and where it stands."""
    events = app.values.get(KEY, {})
    if not isinstance(events, Mapping):
        raise HookError(f"{app.name}: {KEY} must be a dict of frequencies, not {type(events).__name__}")
    for key, value in events.items():
        what = f"{app.name}: {KEY}[{key!r}]"
        if key == CRON:
            if not isinstance(value, Mapping):
                raise HookError(f"{what} must be a dict of cron expressions, not {type(value).__name__}")
            for expression, entries in value.items():
                inner = f"{what}[{expression!r}]"
                frequency, cron = _when(expression, inner)
                yield from ((frequency, cron, each, place) for each, place in _listed(entries, inner))
        elif _is_word(key):
            yield from ((key, None, each, place) for each, place in _listed(value, what))
        else:
            words = [*_WORDS, CRON]
            raise HookError(f"{what}: unknown frequency.{nearest(str(key), words)} Known: {', '.join(words)}")


def _is_word(text: Any) -> bool:
    return isinstance(text, str) and text.removesuffix(times.LONG) in _WORDS


def _when(expression: Any, what: str) -> tuple[str, str | None]:
    """Returns word and cron expression of a key below `cron`, which may be a word too."""
    word = expression.strip().lower() if isinstance(expression, str) else ""
    if _is_word(word):
        return word, None
    try:
        cron = times.cron_of(expression)
    except ValidationError as error:
        raise HookError(f"{what}: {error}") from error
    if len(cron) > NAME_LENGTH:
        raise HookError(f"{what}: a cron expression is {NAME_LENGTH} characters long at most; make it two")
    return CRON, cron


def _listed(value: Any, what: str) -> Iterator[tuple[Any, str]]:
    """Yields the entries of a key, and where each stands."""
    if not isinstance(value, (list, tuple)):
        yield value, what
        return
    for number, each in enumerate(value, 1):
        yield each, f"{what}, entry {number}"


def _options(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"method": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("method"), str):
        raise HookError(f"{what}: an entry is a dotted path, or a dict with 'method', not {brief(value)}")
    for key in value:
        if key not in OPTIONS:
            raise HookError(f"{what}: unknown option {key!r}.{nearest(str(key), OPTIONS)} Known: {', '.join(OPTIONS)}")
    return dict(value)


def _check_function(path: str, what: str) -> None:
    """Refuses what a worker could not call, or not without arguments."""
    fn = import_path(path, what)
    if inspect.isclass(fn):
        raise HookError(f"{what}: {path!r} is a class, and to call it makes an object; name a function")
    if not callable(fn):
        raise HookError(f"{what}: {path!r} is not a function")
    inner = fn
    while isinstance(inner, partial):
        inner = inner.func
    try:
        check_kind(inner if inspect.isroutine(inner) else inner.__call__, path)
    except JobArgumentError as error:
        raise HookError(f"{what}: {error}") from error
    missing = needed(fn)
    if missing:
        names = ", ".join(missing)
        raise HookError(f"{what}: {path!r} is called without arguments, and needs {names}; give it defaults")


def _check(what: str, options: Mapping[str, Any], settings: Settings) -> None:
    """Refuses options that make no sense; None is as good as left out."""
    queue, queues = options.get("queue"), settings.queues()
    if queue is not None and (not isinstance(queue, str) or queue not in queues):
        raise UnknownQueueError(f"{what}: there is no queue {queue!r}.{nearest(str(queue), queues)}")
    for key, (least, most) in NUMBERS.items():
        number = options.get(key)
        known = isinstance(number, int) and not isinstance(number, bool)
        if number is not None and not (known and least <= number <= most):
            raise HookError(f"{what}: {key} must be a whole number from {least} to {most}, not {number!r}")
    catch_up = options.get("catch_up")
    if catch_up is not None and catch_up not in CATCH_UP:
        raise HookError(f"{what}: catch_up is one of {', '.join(CATCH_UP)}, not {catch_up!r}")
    zone = options.get("time_zone")
    if zone is not None:
        try:
            times.check_zone(zone)
        except ConfigError as error:
            raise HookError(f"{what}: {error}") from error
