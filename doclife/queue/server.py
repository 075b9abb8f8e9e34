"""What must be true of a Redis or Valkey server, and how to name it without its password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from doclife.core.errors import ConfigError

SCHEMES = ("redis", "rediss", "unix")

#: LMOVE came with it
OLDEST = (6, 2)


def describe(url: str) -> str:
    """Returns a broker's URL as messages may show it: without user, password and query.

    Raises:
        ConfigError: it is not the URL of a Redis or Valkey server.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ConfigError(
            f"redis_url: {parts.scheme + '://' if parts.scheme else 'no scheme'} is not a broker's address; use "
            '"embedded", redis://host:6379/0, rediss://host:6379/0 or unix:///path/to/socket'
        )
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def server_problems(info: Mapping[str, Any], name: str) -> list[str]:
    """Returns what is wrong with a server, from its answer to INFO, as sentences."""
    found = []
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
        found.append(f"The broker at {name} is version {version}; doclife needs Redis 6.2 or Valkey 7.2.")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        found.append(
            f"The broker at {name} has maxmemory-policy {policy}: it may drop job ids when its memory is full. "
            "Set `maxmemory-policy noeviction`."
        )
    limit, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if limit and used >= limit:
        found.append(
            f"The broker at {name} is full ({used:,} of {limit:,} bytes): it takes no job ids, and workers take jobs "
            "from the database. Raise `maxmemory`."
        )
    if info.get("role") == "slave":
        found.append(f"The broker at {name} is a read-only replica; name the primary in redis_url.")
    return found
