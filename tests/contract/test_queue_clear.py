"""What the broker's server holds of a site goes with it, and nothing of any other site."""

from __future__ import annotations

import pytest
from redis import Redis

from doclife.queue import Ticket
from tests.contract.brokers import on_server
from tests.servers import server_url


@pytest.mark.redis
def test_no_key_of_the_site_is_left_and_none_of_another_is_gone() -> None:
    url = server_url("redis")
    with on_server(url) as one, on_server(url) as other, Redis.from_url(url, decode_responses=True) as client:
        for broker in (one, other):
            broker.release([Ticket(f"{broker.site}-{n}", queue) for n, queue in enumerate(["default", "long"] * 2)])
        before = set(client.scan_iter(match=f"*{other.site}*"))
        assert len(before) >= 8

        one.clear()

        assert list(client.scan_iter(match=f"*{one.site}*")) == []
        assert [name for name in client.smembers("rq:queues") if one.site in name] == []
        assert set(client.scan_iter(match=f"*{other.site}*")) == before
        assert other.depth("long") == 2
