"""The connections to one Redis or Valkey server, and what becomes of its silence and its errors.

Whatever the client library raises is BrokerUnavailable from here on; while the server is known to
be down nothing is asked. Commits go through the lane, everything else asks in its own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, RedisError
from redis.retry import Retry

from doclife.core.errors import BrokerUnavailable, ConfigError
from doclife.queue.breaker import Breaker, BrokerRefuses
from doclife.queue.lane import Lane
from doclife.queue.server import describe

#: seconds a commit may wait for the server, with all that it gives it
COMMIT_TIMEOUT_S = 0.2
#: seconds the lane waits for an answer, behind the commit's back
LANE_TIMEOUT_S = 1.0
#: seconds a look into the cache may take: who asks would rather do without
CACHE_TIMEOUT_S = 0.25
#: seconds a worker or the relay may wait for an answer
WORKER_TIMEOUT_S = 5.0

_Answer = TypeVar("_Answer")


class ServerLink:
    """One server; connections are opened at the first use and again after a fork or a restart of the server."""

    def __init__(
        self, url: str, *, pause_s: float, absent: bool = False, on_down: Callable[[], object] | None = None
    ) -> None:
        """Prepares a link; nothing is connected yet.

        Args:
            url: redis://, rediss:// or unix://.
            pause_s: seconds for which a server that failed is not asked again.
            absent: nobody has started the server yet, so that it does not answer is no news.
            on_down: called each time the server does not answer, in any thread; must not wait.
        Raises:
            ConfigError: the URL is not one of a Redis server.
        """
        self.breaker = Breaker(pause_s, expected=absent, on_trip=on_down)
        self._lane = Lane("broker", COMMIT_TIMEOUT_S)
        self.move(url)

    def move(self, url: str) -> None:
        """Talks to the server at another address from now on."""
        name = describe(url)
        quick, slow = _client(url, LANE_TIMEOUT_S, name), _client(url, WORKER_TIMEOUT_S, name)
        self.url, self.name = url, name
        #: for what commits ask; its answers may be waited for in the lane alone
        self.quick = quick
        self.slow = slow
        #: for the cache: what it answers are bytes
        self.cache = _client(url, CACHE_TIMEOUT_S, name, decode=False)

    def ask(self, call: Callable[[], _Answer], *, repeatable: bool = False) -> _Answer:
        """Makes one call under the breaker, in this thread.

        Args:
            repeatable: a lost connection (the server was restarted) is tried once more at once.
        Raises:
            BrokerUnavailable: there was no answer, or an error.
        """
        with self.breaker.guard(), self._wrapped():
            try:
                return call()
            except RedisConnectionError:
                # the server was restarted: no idle connection is worth a try any more
                for client in (self.quick, self.slow, self.cache):
                    client.connection_pool.disconnect(inuse_connections=False)
                if not repeatable:
                    raise
                return call()

    def ask_for_commit(self, calls: Sequence[Callable[[], int]], *, repeatable: bool) -> int:
        """Makes calls for a commit and returns the sum of their answers; waits for them 200 ms in all.

        What the server has not done by then, although it answers, follows later.

        Raises:
            BrokerUnavailable: there was no answer, or an error.
        """
        self.breaker.check()
        try:
            return self._lane.ask([partial(self.ask, call, repeatable=repeatable) for call in calls])
        except BrokerUnavailable as error:
            if self.breaker.is_open or isinstance(error, BrokerRefuses):
                raise
            reason = self._reason(error)
            self.breaker.trip(reason)
            raise BrokerUnavailable(reason) from error

    def send(self, call: Callable[[], int]) -> None:
        """Has a call made for a commit that does not wait for it.

        Raises:
            BrokerUnavailable: the server is known to be down.
        """
        self.breaker.check()
        self._lane.send(lambda: self.ask(call))

    def ping(self) -> bool:
        """Returns whether the server answers now, also during a pause; a True ends the pause."""
        try:
            with self._wrapped():
                self.quick.ping()
        except BrokerUnavailable as error:
            self.breaker.trip(str(error))
            return False
        self.breaker.reset()
        return True

    def rest(self) -> None:
        """Ends the thread for commits, until the next one needs it; waits for what it does for a moment."""
        self._lane.close()

    def close(self) -> None:
        """Gives connections back, when what commits have given is on its way; waits for that a moment."""
        self._lane.close()
        self.quick.close()
        self.slow.close()
        self.cache.close()

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError:  # what was asked is no text: the server never heard of it
            raise
        except OutOfMemoryError as error:
            raise BrokerRefuses(self._reason(error)) from error
        # what is no Redis answers what the library cannot read
        except (RedisError, OSError, ValueError) as error:
            raise BrokerUnavailable(self._reason(error)) from error

    def _reason(self, error: Exception) -> str:
        reason = str(error).rstrip(".") or type(error).__name__
        return (
            f"the broker at {self.name} does not answer: {reason}. "
            "Jobs stay in the database and run when it is back; check redis_url and the server"
        )


def _client(url: str, timeout_s: float, name: str, *, decode: bool = True) -> Redis:
    try:
        client = Redis.from_url(
            url,
            decode_responses=decode,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=min(timeout_s, 1.0),
            # the library's own default waits for seconds between three more tries
            retry=Retry(NoBackoff(), 0),
        )
        # connects nothing, but refuses parameters of the URL that nobody knows now and not at the first commit
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"redis_url {name}: {error}") from error
    return client
