"""The broker on a Redis or Valkey server, in RQ's format: its tools show queues, jobs and workers.

The one adapter between doclife and the client library: its errors become BrokerUnavailable here.
"""

from __future__ import annotations

import platform
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from os import getpid
from typing import Any, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from doclife.core.clock import monotonic, utc_now
from doclife.core.errors import BrokerUnavailable, ConfigError
from doclife.core.log import get_logger
from doclife.queue import scripts
from doclife.queue.breaker import Breaker
from doclife.queue.protocol import RUNNER, Outcome, State, Ticket, check_ids
from doclife.queue.server import describe, server_problems

#: seconds a commit may wait for the server
RELEASE_TIMEOUT_S = 0.25
#: seconds a worker or the relay may wait for an answer
WORKER_TIMEOUT_S = 5.0
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

MESSAGE_LOST = "broker.message_lost"

_log = get_logger(__name__)
_Answer = TypeVar("_Answer")


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
        on_close: Callable[[], object] | None = None,
    ) -> None:
        """Prepares a broker; nothing is connected yet.

        Args:
            url: redis://, rediss:// or unix://.
            pause_s: seconds for which a server that failed is not asked again.
            absent: nobody has started the server yet, so that it does not answer is no news.
            on_close: called by `close`.
        Raises:
            ConfigError: the URL is not one of a Redis server.
        """
        self.site = site
        self.url = url
        self.breaker = Breaker(pause_s, expected=absent)
        self._on_close = on_close
        self._name = describe(url)
        self._quick = self._client(RELEASE_TIMEOUT_S)
        self._slow = self._client(WORKER_TIMEOUT_S)
        self._release = self._quick.register_script(scripts.RELEASE)
        self._pop = self._slow.register_script(scripts.POP)
        self._done = self._slow.register_script(scripts.DONE)
        self._forget = self._slow.register_script(scripts.FORGET)
        self._clear = self._slow.register_script(scripts.CLEAR)
        self._heartbeat = self._slow.register_script(scripts.HEARTBEAT)
        self._site_prefix = f"{site}:"
        self._bell_prefix = f"doclife:bell:{site}:"
        self._registered: dict[str, tuple[dict[str, str | int], tuple[str, ...]]] = {}

    def release(self, tickets: Sequence[Ticket], *, again: bool = False) -> int:
        """Puts ids into their queues and returns how many were not waiting there already."""
        check_ids(ticket.id for ticket in tickets)
        now = rq_time(utc_now())
        head: list[str | int] = [
            "1" if again else "0", self._site_prefix, self._bell_prefix, f'["{RUNNER}",null,["', '"],{}]',
        ]  # fmt: skip
        released = 0
        for start in range(0, len(tickets), BATCH):
            arguments = head.copy()
            for id, queue, at_front, method, timeout, at in tickets[start : start + BATCH]:
                arguments += (id, queue, "L" if at_front else "R", method, timeout, rq_time(at) if at else now)
            released += int(self._ask(partial(self._release, args=arguments), repeatable=not again))
        return released

    def pop(self, queues: Sequence[str], worker: str, timeout: float = 0) -> str | None:
        """Takes the first id of the first of `queues` that has one, waiting up to `timeout` seconds."""
        deadline = monotonic() + timeout
        bells = [self._bell_prefix + queue for queue in queues]
        while True:
            arguments: list[str | int] = [
                _processing(worker), PROCESSING_TTL_S, worker, self._site_prefix, self._bell_prefix,
                rq_time(utc_now()), *queues,
            ]  # fmt: skip
            id = self._ask(partial(self._pop, args=arguments))
            if id is not None:
                return str(id)
            left = min(deadline - monotonic(), BELL_WAIT_S)
            if left <= 0.001:  # the server reads 0 as "for ever"
                return None
            self._ask(partial(self._slow.blpop, bells, timeout=left))

    def done(self, id: str, worker: str, outcome: Outcome = "") -> None:
        """Forgets an id that `worker` popped, and counts how it ended."""
        counter = {"finished": "successful_job_count", "failed": "failed_job_count", "": ""}[outcome]
        self._ask(lambda: self._done(args=[_processing(worker), id, _worker_key(worker), counter]))

    def held(self, queue: str, ids: Iterable[str]) -> set[str]:
        """Returns those of `ids` that wait in the queue."""
        wanted = set(ids)
        key = self._queue_key(queue)
        if len(wanted) > LOOK_UP_ONE_BY_ONE:
            return wanted.intersection(
                self._ask(lambda: cast(list[str], self._slow.lrange(key, 0, -1)), repeatable=True)
            )
        if not wanted:
            return wanted
        ordered = list(wanted)

        def look_up() -> list[int | None]:
            with self._slow.pipeline(transaction=False) as pipe:
                for id in ordered:
                    pipe.lpos(key, id)
                return cast(list[int | None], pipe.execute())

        places = self._ask(look_up, repeatable=True)
        return {id for id, place in zip(ordered, places, strict=True) if place is not None}

    def forget(self, ids: Iterable[str]) -> None:
        """Takes ids out of their queues."""
        arguments = list(ids)
        if arguments:
            self._ask(lambda: self._forget(args=arguments), repeatable=True)

    def clear(self) -> None:
        """Takes all ids out of all queues of the site, and the queues with them."""
        self._ask(lambda: self._clear(args=[self._site_prefix, self._bell_prefix]), repeatable=True)

    def depth(self, queue: str) -> int:
        """Returns the number of ids that wait in the queue."""
        return self._ask(lambda: self._slow.llen(self._queue_key(queue)), repeatable=True)

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
        known = self._ask(partial(self._heartbeat, args=arguments), repeatable=True)
        if not known and worker in self._registered:
            info, _ = self._registered[worker]
            info["state"], info["last_heartbeat"] = state, now
            self._write_worker(worker)

    def unregister_worker(self, worker: str) -> list[str]:
        """Removes a worker and returns the ids it had popped and not done."""
        key = _worker_key(worker)
        _, names = self._registered.pop(worker, ({}, ()))

        def remove() -> list[str]:
            queues = names or self._queues_of(key)
            with self._slow.pipeline(transaction=True) as pipe:
                pipe.lrange(_processing(worker), 0, -1)
                pipe.delete(key, _processing(worker))
                for set_key in ("rq:workers", *(f"rq:workers:{name}" for name in queues)):
                    pipe.srem(set_key, key)
                return cast(list[str], pipe.execute()[0])

        return self._ask(remove)

    def publish(self, channel: str, payload: str) -> None:
        """Sends a message to whoever listens now; never raises."""
        try:
            self._ask(lambda: self._quick.publish(channel, payload))
        except BrokerUnavailable as error:
            _log.debug(MESSAGE_LOST, channel=channel, reason=str(error))

    def ping(self) -> bool:
        """Returns whether the server answers now, also during a pause; a True ends the pause."""
        try:
            with self._wrapped():
                self._quick.ping()
        except BrokerUnavailable as error:
            self.breaker.trip(str(error))
            return False
        self.breaker.reset()
        return True

    def problems(self) -> list[str]:
        """Returns what is wrong with the server's configuration, as sentences."""
        info = self._ask(lambda: self._slow.info(), repeatable=True)
        return server_problems(info, self._name)

    def close(self) -> None:
        """Gives connections back."""
        self._quick.close()
        self._slow.close()
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def _client(self, timeout_s: float) -> Redis:
        try:
            client = Redis.from_url(
                self.url,
                decode_responses=True,
                protocol=2,
                socket_timeout=timeout_s,
                socket_connect_timeout=min(timeout_s, 1.0),
                # the library's own default waits for seconds between three more tries
                retry=Retry(NoBackoff(), 0),
            )
            # connects nothing, but refuses parameters of the URL that nobody knows now and not at the first commit
            client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"redis_url {self._name}: {error}") from error
        return client

    def _ask(self, call: Callable[[], _Answer], *, repeatable: bool = False) -> _Answer:
        """Makes one call under the breaker.

        Args:
            repeatable: a lost connection (the server was restarted) is tried once more at once.
        """
        with self.breaker.guard(), self._wrapped():
            try:
                return call()
            except RedisConnectionError as error:
                if not repeatable or isinstance(error, RedisTimeoutError):
                    raise
                return call()

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            reason = str(error).rstrip(".") or type(error).__name__
            raise BrokerUnavailable(
                f"the broker at {self._name} does not answer: {reason}. "
                "Jobs stay in the database and run when it is back; check redis_url and the server"
            ) from error

    def _write_worker(self, worker: str) -> None:
        info, names = self._registered[worker]
        key = _worker_key(worker)

        def write() -> None:
            with self._slow.pipeline(transaction=True) as pipe:
                pipe.hset(key, mapping=cast(dict[Any, Any], info))
                pipe.expire(key, WORKER_TTL_S)
                pipe.sadd("rq:workers", key)
                for name in names:
                    pipe.sadd(f"rq:workers:{name}", key)
                    # without it `rq info` does not know a queue that never held a job
                    pipe.sadd("rq:queues", f"rq:queue:{name}")
                pipe.execute()

        self._ask(write, repeatable=True)

    def _queues_of(self, worker_key: str) -> list[str]:
        names = cast("str | None", self._slow.hget(worker_key, "queues"))
        return names.split(",") if names else []

    def _queue_key(self, queue: str) -> str:
        return f"rq:queue:{self._site_prefix}{queue}"


def _worker_key(worker: str) -> str:
    return f"rq:worker:{worker}"


def _processing(worker: str) -> str:
    return f"doclife:proc:{worker}"
