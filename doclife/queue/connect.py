"""Opens the broker that the settings name."""

from __future__ import annotations

from pathlib import Path

from doclife.core.settings import Settings
from doclife.queue.protocol import Broker

EMBEDDED = "embedded"


def open_broker(settings: Settings, site: str, sites_dir: Path, *, start: bool = False) -> Broker:
    """Returns the broker of a site; redis is imported only when it is a real one.

    Args:
        settings: `queue` chooses the kind, `redis_url` the server.
        site: name of the site; its queues are `<site>:<queue>` on the server.
        sites_dir: folder in which the embedded server keeps its data.
        start: start the embedded server if it does not run, and keep it running. Its calls raise
            BrokerUnavailable until someone has started it.
    Raises:
        ConfigError: the URL is not a broker's, or the embedded server cannot run here.
    """
    if settings.queue == "memory":
        from doclife.queue.memory import MemoryBroker

        return MemoryBroker(site)
    if settings.queue == "inline":
        from doclife.queue.inline import InlineBroker

        return InlineBroker(site)
    if settings.redis_url != EMBEDDED:
        from doclife.queue.rq_backend import RqBroker

        return RqBroker(settings.redis_url, site)

    from doclife.queue.embedded_broker import EmbeddedBroker

    broker = EmbeddedBroker(site, sites_dir)
    if start:
        try:
            broker.keep_running()
        except BaseException:
            broker.close()
            raise
    return broker
