"""Finding and loading sites: one `Site` object per site and process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doclife.core import clock, config
from doclife.core.context import ADMINISTRATOR, Context, current_or_none, set_current
from doclife.site.runtime import Site
from doclife.utils import dates

_sites: dict[tuple[Path, str], Site] = {}
_lock = threading.Lock()


def load_site(
    name: str | None = None,
    sites_dir: str | Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    start_broker: bool = False,
) -> Site:
    """Returns a site, loaded at the first call in this process.

    Args:
        name: of the site; None: DOCLIFE_SITE, or the one in use, or the only one.
        sites_dir: None: DOCLIFE_SITES_DIR, or ./sites.
        flags: settings that beat all others; a call with flags loads anew.
        start_broker: start the embedded broker, and a new one when it has died; for processes that run for long.
    Raises:
        UnknownSiteError, ConfigError and its kinds.
    """
    folder = config.find_sites_dir(sites_dir).resolve()
    found_name = config.find_site(folder, name)
    key = (folder, found_name)
    with _lock:
        site = _sites.get(key)
        if site is None or flags:
            settings = config.load_settings(folder, found_name, flags=flags).settings
            site = Site(found_name, folder, settings)
            _sites[key] = site
    if start_broker:
        site.broker.keep_running()
    return site


def forget_site(site: Site) -> None:
    """Closes a loaded site, so that the next `load_site` reads its settings and apps again."""
    with _lock:
        _sites.pop((site.sites_dir, site.name), None)
    site.close()


@contextmanager
def connect(
    site: str | Site | None = None,
    user: str = ADMINISTRATOR,
    *,
    sites_dir: str | Path | None = None,
    start_broker: bool = False,
) -> Iterator[Context]:
    """Opens a context on a site for the block; commits at its end, rolls back on an exception.

    Args:
        site: name of the site, or None for the one in use.
        user: whose permissions count.
        sites_dir: the folder of the sites; None: DOCLIFE_SITES_DIR, or ./sites.
        start_broker: as of `load_site`.
    """
    loaded = site if isinstance(site, Site) else load_site(site, sites_dir)
    if start_broker:
        loaded.broker.keep_running()
    with loaded.work(user) as context:
        yield context


def init(site: str | None = None, sites_dir: str | Path | None = None, user: str = ADMINISTRATOR) -> Context:
    """Opens a context that lasts until `destroy`: for scripts in Frappe's style."""
    destroy()
    context = load_site(site, sites_dir).context(user)
    set_current(context)
    return context


def destroy() -> None:
    """Closes the context that `init` opened; what was not committed is rolled back."""
    context = current_or_none()
    if context is not None:
        try:
            context.unit.close()
        finally:
            set_current(None)


def _site_zone() -> str:
    context = current_or_none()
    return str(context.site.settings.time_zone) if context is not None else "UTC"


# The date helpers of utils are pure; here they learn what time it is on the open site.
dates.set_clock(lambda: clock.now(_site_zone()), lambda moment: clock.to_site(moment, _site_zone()))
