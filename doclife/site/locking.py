"""One process at a time makes, changes or drops a site: of those on one host, by a file in its folder.

What happens in the database has the migrate lock besides, for hosts that share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doclife.core.errors import ConfigError
from doclife.core.locks import FileLock

#: the file in the site's folder; it stays, empty
LOCK_FILE = ".setup.lock"
#: seconds that a process waits for another
WAIT_S = 60


@contextmanager
def setup_lock(folder: Path) -> Iterator[None]:
    """Holds the lock of a site for the block.

    Args:
        folder: the site's own.
    Raises:
        ConfigError: another process has had it for a minute, or the folder is gone.
    """
    try:
        lock = FileLock(folder / LOCK_FILE)
    except OSError as error:
        raise ConfigError(f"the site in {folder} cannot be locked: {error}") from error
    try:
        if not lock.wait(WAIT_S):
            raise ConfigError(
                f"another process has been installing, migrating or dropping the site in {folder} for more than "
                f"{WAIT_S} s; wait until it has ended"
            )
        if not lock.is_current():
            raise ConfigError(f"the site in {folder} has been dropped meanwhile")
        yield
    finally:
        lock.close()
