"""What apps declare in `scheduler_events`, checked when the site loads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from doclife.core.errors import ConfigError, HookError, UnknownQueueError, ValidationError, nearest
from doclife.core.settings import Settings
from doclife.events.handlers import import_path
from doclife.events.hooks import AppHooks
from doclife.scheduler import times

KEY = "scheduler_events"
CRON = "cron"

#: what an entry may say besides its method
OPTIONS = ("method", "queue", "timeout", "retries", "catch_up", "time_zone")
CATCH_UP = ("once", "all", "skip")

#: room for a name
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
        HookError: one cannot be used; the message names app, key and path.
    """
    found: list[Declared] = []
    for app in apps:
        seen: Counter[str] = Counter()
        for frequency, cron, value, what in _entries(app):
            options = _options(value, what)
            path = options.pop("method")
            if not callable(import_path(path, what)):
                raise HookError(f"{what}: {path!r} is not a function")
            seen[path] += 1
            queue = options.pop("queue", None) or ("long" if frequency.endswith(times.LONG) else "default")
            _check(what, queue, options, settings)
            word = frequency.removesuffix(times.LONG)
            made = Declared(
                app=app.name,
                method=path,
                entry=seen[path],
                frequency="yearly" if word == "annual" else word,
                cron_format=cron,
                queue=queue,
                **options,
            )
            if len(made.name) > NAME_LENGTH:
                raise HookError(f"{what}: {made.name!r} is longer than {NAME_LENGTH} characters")
            found.append(made)
    return found


def _entries(app: AppHooks) -> Iterator[tuple[str, str | None, Any, str]]:
    """Yields word, cron expression, entry, and where it stands."""
    for key, value in app.values.get(KEY, {}).items():
        what = f"{app.name}: {KEY}[{key!r}]"
        if key == CRON:
            if not isinstance(value, Mapping):
                raise HookError(f"{what} must be a dict of cron expressions, not {type(value).__name__}")
            for expression, entries in value.items():
                inner = f"{what}[{expression!r}]"
                word = str(expression).strip().lower()
                if _is_word(word):
                    yield from ((word, None, each, inner) for each in _listed(entries))
                    continue
                try:
                    cron = times.cron_of(str(expression))
                except ValidationError as error:
                    raise HookError(f"{inner}: {error}") from error
                yield from ((CRON, cron, each, inner) for each in _listed(entries))
        elif _is_word(key):
            yield from ((key, None, each, what) for each in _listed(value))
        else:
            words = [times.ALL, *times.FREQUENCIES, CRON]
            raise HookError(f"{what}: unknown frequency.{nearest(str(key), words)} Known: {', '.join(words)}")


def _is_word(text: Any) -> bool:
    return isinstance(text, str) and text.removesuffix(times.LONG) in (times.ALL, *times.FREQUENCIES)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _options(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"method": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("method"), str):
        raise HookError(f"{what}: an entry is a dotted path, or a dict with 'method', not {value!r}")
    for key in value:
        if key not in OPTIONS:
            raise HookError(f"{what}: unknown option {key!r}.{nearest(str(key), OPTIONS)} Known: {', '.join(OPTIONS)}")
    return dict(value)


def _check(what: str, queue: str, options: Mapping[str, Any], settings: Settings) -> None:
    queues = settings.queues()
    if queue not in queues:
        raise UnknownQueueError(f"{what}: there is no queue {queue!r}.{nearest(queue, queues)}")
    for key, least in (("timeout", 1), ("retries", 0)):
        number = options.get(key)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < least):
            raise HookError(f"{what}: {key} must be a number, at least {least}, not {number!r}")
    catch_up = options.get("catch_up")
    if catch_up is not None and catch_up not in CATCH_UP:
        raise HookError(f"{what}: catch_up is one of {', '.join(CATCH_UP)}, not {catch_up!r}")
    zone = options.get("time_zone")
    if zone is not None:
        try:
            times.check_zone(zone)
        except ConfigError as error:
            raise HookError(f"{what}: {error}") from error
