"""The broker on a Redis or Valkey server, in RQ's format: its tools show queues, jobs and workers.

The one adapter between doclife and the client library: its errors become BrokerUnavailable here.
"""

from __future__ import annotations

import platform
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from os import getpid
from typing import Any, cast

from redis.commands.core import Script
from redis.exceptions import NoPermissionError

from doclife.core.clock import monotonic, utc_now
from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger
from doclife.queue import scripts
from doclife.queue.breaker import BrokerRefuses
from doclife.queue.cache import CacheStore
from doclife.queue.cache_server import ServerCache
from doclife.queue.link import ServerLink
from doclife.queue.protocol import RUNNER, Outcome, State, Ticket, check_ids
from doclife.queue.server import server_problems

#: one wait for a bell; a token that went with a killed worker is missed no longer than this
BELL_WAIT_S = 2.0
#: seconds after which a silent worker is gone from RQ's tools
WORKER_TTL_S = 60
#: seconds the list of what a worker popped is kept after its last pop
PROCESSING_TTL_S = 86_400
#: tickets in one script call: about 30 ms of the server's time
BATCH = 500
#: up to this many ids are looked up one by one, more against the whole list
LOOK_UP_ONE_BY_ONE = 8
#: a list of so many ids takes its time to read
LONG_LIST = 10_000
#: seconds for which a long list that was read is good for; what was released since is pushed twice, which harms none
SEEN_S = 1.0

#: the key that `rq suspend` sets
SUSPENDED = "rq:suspended"

MESSAGE_LOST = "broker.message_lost"

_log = get_logger(__name__)


def rq_time(moment: datetime) -> str:
    """Returns a UTC datetime in RQ's format."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class RqBroker:
    """Carries the ids of one site over a Redis or Valkey server.

    Connections are opened at the first use and again after a fork or a restart of the server.
    """

    def __init__(
        self,
        url: str,
        site: str,
        *,
        pause_s: float = 2.0,
        absent: bool = False,
        on_down: Callable[[], object] | None = None,
    ) -> None:
        """Prepares a broker; nothing is connected yet.

        Args:
            url: redis://, rediss:// or unix://.
            pause_s: seconds for which a server that failed is not asked again.
            absent: nobody has started the server yet, so that it does not answer is no news.
            on_down: called each time the server does not answer, in any thread; must not wait.
        Raises:
            ConfigError: the URL is not one of a Redis server.
        """
        self.site = site
        self.link = ServerLink(url, pause_s=pause_s, absent=absent, on_down=on_down)
        quick, slow = self.link.quick, self.link.slow
        self._release = quick.register_script(scripts.RELEASE)
        self._pop = slow.register_script(scripts.POP)
        self._pop_when_full = slow.register_script(scripts.POP_WHEN_FULL)
        self._done = slow.register_script(scripts.DONE)
        self._forget = slow.register_script(scripts.FORGET)
        self._clear = slow.register_script(scripts.CLEAR)
        self._heartbeat = slow.register_script(scripts.HEARTBEAT)
        self._site_prefix = f"{site}:"
        self._bell_prefix = f"doclife:bell:{site}:"
        self.cache: CacheStore = ServerCache(self.link, site)
        #: a long list as it was, and until when it may be taken for what it is
        self._seen: tuple[str, float, frozenset[str]] | None = None
        self._registered: dict[str, tuple[dict[str, str | int], tuple[str, ...]]] = {}

    def release(self, tickets: Sequence[Ticket], *, again: bool = False) -> int:
        """Puts ids into their queues and returns how many were not waiting there already."""
        check_ids(ticket.id for ticket in tickets)
        now = rq_time(utc_now())
        head: list[str | int] = [
            "1" if again else "0", self._site_prefix, self._bell_prefix, f'["{RUNNER}",null,["', '"],{}]',
        ]  # fmt: skip
        batches = (tickets[start : start + BATCH] for start in range(0, len(tickets), BATCH))
        calls = [partial(self._push, batch, head, now) for batch in batches]
        return self.link.ask_for_commit(calls, repeatable=not again) if calls else 0

    def _push(self, tickets: Sequence[Ticket], head: list[str | int], now: str) -> int:
        arguments = head.copy()
        for id, queue, at_front, method, timeout, at in tickets:
            arguments += (id, queue, "L" if at_front else "R", method, timeout, rq_time(at) if at else now)
        return int(self._release(args=arguments, client=self.link.quick))

    def pop(self, queues: Sequence[str], worker: str, timeout: float = 0) -> str | None:
        """Takes the first id of the first of `queues` that has one, waiting up to `timeout` seconds."""
        self._seen = None  # whoever takes ids compares no lists
        deadline = monotonic() + timeout
        bells = [self._bell_prefix + queue for queue in queues]
        while True:
            arguments: list[str | int] = [
                _processing(worker), PROCESSING_TTL_S, worker, self._site_prefix, self._bell_prefix,
                rq_time(utc_now()), *queues,
            ]  # fmt: skip
            try:
                id = self._run(self._pop, arguments)
            except BrokerRefuses:  # full: what is taken makes room, and without anything to take there is the table
                if (id := self._run(self._pop_when_full, [self._site_prefix, *queues])) is None:
                    raise
            if id is not None:
                return str(id)
            left = min(deadline - monotonic(), BELL_WAIT_S)
            if left <= 0.001:  # the server reads 0 as "for ever"
                return None
            self.link.ask(partial(self.link.slow.blpop, bells, timeout=left))

    def done(self, id: str, worker: str, outcome: Outcome = "") -> None:
        """Forgets an id that `worker` popped, and counts how it ended."""
        counter = {"finished": "successful_job_count", "failed": "failed_job_count", "": ""}[outcome]
        self._run(self._done, [_processing(worker), id, _worker_key(worker), counter])

    def held(self, queue: str, ids: Iterable[str]) -> set[str]:
        """Returns those of `ids` that wait in the queue."""
        wanted = set(ids)
        key = self._queue_key(queue)
        if len(wanted) > LOOK_UP_ONE_BY_ONE:
            return wanted.intersection(self._whole(key))
        if not wanted:
            return wanted
        ordered = list(wanted)

        def look_up() -> list[int | None]:
            with self.link.slow.pipeline(transaction=False) as pipe:
                for id in ordered:
                    pipe.lpos(key, id)
                return cast(list[int | None], pipe.execute())

        places = self.link.ask(look_up, repeatable=True)
        return {id for id, place in zip(ordered, places, strict=True) if place is not None}

    def _whole(self, key: str) -> Collection[str]:
        """Returns the ids of a list; of a long one as they were a moment ago, for whoever asks page by page."""
        before, self._seen = self._seen, None
        if before is not None and before[0] == key and monotonic() < before[1]:
            self._seen = before
            return before[2]
        ids = self.link.ask(lambda: cast(list[str], self.link.slow.lrange(key, 0, -1)), repeatable=True)
        if len(ids) < LONG_LIST:
            return ids
        seen = frozenset(ids)
        self._seen = (key, monotonic() + SEEN_S, seen)
        return seen

    def forget(self, ids: Iterable[str]) -> None:
        """Takes ids out of their queues."""
        arguments: list[str | int] = list(ids)
        if arguments:
            self._run(self._forget, arguments, repeatable=True)

    def clear(self) -> None:
        """Takes all ids out of all queues of the site, and the queues with them; empties its cache."""
        self.cache.delete_matching("")
        self._run(self._clear, [self._site_prefix, self._bell_prefix], repeatable=True)

    def depth(self, queue: str) -> int:
        """Returns the number of ids that wait in the queue."""
        return self.link.ask(lambda: self.link.slow.llen(self._queue_key(queue)), repeatable=True)

    def register_worker(self, worker: str, queues: Sequence[str]) -> None:
        """Makes this process known as a worker of these queues, in RQ's format."""
        now = rq_time(utc_now())
        names = tuple(self._site_prefix + queue for queue in queues)
        info: dict[str, str | int] = {
            "birth": now,
            "last_heartbeat": now,
            "state": "idle",
            "queues": ",".join(names),
            "pid": getpid(),
            "hostname": socket.gethostname(),
            "python_version": platform.python_version(),
        }
        self._registered[worker] = (info, names)
        self._write_worker(worker)

    def heartbeat(self, worker: str, state: State = "idle") -> None:
        """Says that the worker lives; registers it again if the server has forgotten it."""
        now = rq_time(utc_now())
        arguments: list[str | int] = [_worker_key(worker), WORKER_TTL_S, state, now]
        known = self._run(self._heartbeat, arguments, repeatable=True)
        if not known and worker in self._registered:
            info, _ = self._registered[worker]
            info["state"], info["last_heartbeat"] = state, now
            self._write_worker(worker)

    def suspended(self) -> bool:
        """Returns whether workers shall take no jobs for now."""
        return bool(self.link.ask(lambda: self.link.slow.exists(SUSPENDED), repeatable=True))

    def unregister_worker(self, worker: str) -> list[str]:
        """Removes a worker and returns the ids it had popped and not done."""
        key = _worker_key(worker)
        _, names = self._registered.pop(worker, ({}, ()))

        def remove() -> list[str]:
            queues = names or self._queues_of(key)
            with self.link.slow.pipeline(transaction=True) as pipe:
                pipe.lrange(_processing(worker), 0, -1)
                pipe.delete(key, _processing(worker))
                for set_key in ("rq:workers", *(f"rq:workers:{name}" for name in queues)):
                    pipe.srem(set_key, key)
                return cast(list[str], pipe.execute()[0])

        return self.link.ask(remove)

    def publish(self, channel: str, payload: str) -> None:
        """Sends a message to whoever listens now; never raises, and does not wait for the server."""
        try:
            self.link.send(lambda: self.link.quick.publish(channel, payload))
        except BrokerUnavailable as error:
            _log.debug(MESSAGE_LOST, channel=channel, reason=str(error))

    def ping(self) -> bool:
        """Returns whether the server answers now, also during a pause; a True ends the pause."""
        return self.link.ping()

    def problems(self) -> list[str]:
        """Returns what is wrong with the server's configuration, as sentences."""
        info = self.link.ask(self._info, repeatable=True)
        if isinstance(info, NoPermissionError):
            return [f"The broker at {self.link.name} does not tell about itself: {info}."]
        return server_problems(info, self.link.name)

    def rest(self) -> None:
        """Leaves no thread behind until the next release or message: before a fork."""
        self.link.rest()

    def keep_running(self, *, wait: bool = True) -> None:
        """Does nothing: others run the server."""

    def close(self) -> None:
        """Gives connections back."""
        self.link.close()

    @property
    def url(self) -> str:
        """The server's address, which may hold a password."""
        return self.link.url

    def _info(self) -> Mapping[str, Any] | NoPermissionError:
        try:
            return self.link.slow.info()
        except NoPermissionError as error:  # it answers, and need not tell this user about itself
            return error

    def _run(self, script: Script, arguments: list[str | int], *, repeatable: bool = False) -> Any:
        return self.link.ask(lambda: script(args=arguments, client=self.link.slow), repeatable=repeatable)

    def _write_worker(self, worker: str) -> None:
        info, names = self._registered[worker]
        key = _worker_key(worker)

        def write() -> None:
            with self.link.slow.pipeline(transaction=True) as pipe:
                pipe.hset(key, mapping=cast(dict[Any, Any], info))
                pipe.expire(key, WORKER_TTL_S)
                pipe.sadd("rq:workers", key)
                for name in names:
                    pipe.sadd(f"rq:workers:{name}", key)
                    # without it `rq info` does not know a queue that never held a job
                    pipe.sadd("rq:queues", f"rq:queue:{name}")
                pipe.execute()

        self.link.ask(write, repeatable=True)

    def _queues_of(self, worker_key: str) -> list[str]:
        names = cast("str | None", self.link.slow.hget(worker_key, "queues"))
        return names.split(",") if names else []

    def _queue_key(self, queue: str) -> str:
        return f"rq:queue:{self._site_prefix}{queue}"


def _worker_key(worker: str) -> str:
    return f"rq:worker:{worker}"


def _processing(worker: str) -> str:
    return f"doclife:proc:{worker}"
