"""What RQ's tools can tell a worker: to stop its job, to kill its horse, to end.

Of RQ's own worker this is the part that doclife keeps: its commands and how it ends a horse. Its
loop pops and then notes what it has popped, and loses the job when it dies in between; its
registries, results and retries would be a second truth beside the row of the job.
"""

from __future__ import annotations

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError
from rq.worker import Worker

from doclife.core.clock import monotonic
from doclife.core.log import get_logger

COMMAND_REFUSED = "worker_command_refused"

#: seconds until a broker that did not answer is asked for commands again
PAUSE_S = 2.0

log = get_logger(__name__)


class RqWorker(Worker):
    """RQ's worker without its loop: hears the commands that RQ's tools send to a worker's name."""

    def __init__(self, name: str, url: str) -> None:
        """Prepares it; nothing is connected yet.

        Args:
            name: of the worker.
            url: of the broker.
        """
        client = Redis.from_url(url, socket_timeout=PAUSE_S, socket_connect_timeout=1.0)
        super().__init__([], name=name, connection=client, prepare_for_work=False, serializer="json")
        #: id of the job that the horse runs
        self.job_id: str | None = None
        self._channel: PubSub | None = None
        self._ask_at = 0.0

    def begin(self, horse: int, job_id: str) -> None:
        """Notes that a horse runs a job."""
        self._horse_pid, self.job_id, self._stopped_job_id = horse, job_id, None

    def end(self) -> None:
        """Notes that the horse has ended. `was_stopped` still answers for its job."""
        self._horse_pid, self.job_id = 0, None

    def was_stopped(self, job_id: str) -> bool:
        """Returns whether the horse was killed because its job was told to stop."""
        return bool(self._stopped_job_id == job_id)

    def get_current_job_id(self) -> str | None:
        """Returns the job that the horse runs: what a command to stop it is compared with."""
        return self.job_id

    def look(self) -> None:
        """Does what it was told since the last look; a broker that is down tells nothing."""
        if monotonic() < self._ask_at:
            return
        try:
            if self._channel is None:
                self._channel = PubSub(self.connection.connection_pool, ignore_subscribe_messages=True)
                self._channel.subscribe(**{self.pubsub_channel_name: self.handle_payload})
            self._channel.get_message(timeout=0)
        except RedisError:
            self.leave()
            self._ask_at = monotonic() + PAUSE_S
        except (ValueError, KeyError, TypeError) as error:  # what came is no command of RQ
            log.warning(COMMAND_REFUSED, worker=self.name, reason=str(error))

    def leave(self) -> None:
        """Gives the connections back."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        self.connection.close()
