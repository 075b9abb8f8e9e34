"""The settings that hold the scheduler of a site, set and taken back where they are kept: in the site's file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from doclife.core import config
from doclife.core.errors import ConfigError
from doclife.jobs.schedules import set_switches
from doclife.scheduler.planning import plan_anew

#: the settings that commands set
PAUSE, DISABLE = "pause_scheduler", "disable_scheduler"


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a setting."""

    setting: str
    #: as it is now
    value: bool
    #: False: it was so before
    changed: bool
    #: where the value is from: a file, or "default"
    source: str
    #: other settings that hold the scheduler
    also_set: list[str]


def switch(
    sites_dir: Path, name: str, setting: str, value: bool, *, before: Callable[[], object] | None = None
) -> Switched:
    """Sets a setting of a site, for the processes that run too: the scheduler reads it at each tick.

    The site is not loaded: the scheduler that runs is held also where hooks on the disk cannot be used.

    Args:
        sites_dir: folder of the sites.
        name: of the site.
        setting: PAUSE, or DISABLE; to take this back is `enable`.
        value: True holds the scheduler, False lets it go on.
        before: is called when the setting is to be changed, and before it is.
    Raises:
        ConfigError: a variable of the environment says otherwise, which beats the site's file, or the file cannot
            be read or written.
    """
    now = config.load_settings(sites_dir, name)
    changed = getattr(now.settings, setting) != value
    if changed:
        _refuse_if_fixed(setting, not value, now.sources[setting])
        if before is not None:
            before()
        now = _write(sites_dir, name, setting, value)
    also_set = [each for each in set_switches(now.settings) if each != setting]
    return Switched(setting=setting, value=value, changed=changed, source=now.sources[setting], also_set=also_set)


def enable(site: Any) -> Switched:
    """Takes DISABLE back; the schedules are planned anew from now.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
    Raises:
        ConfigError: as `switch`.
    Order: outside a context of this site.
    """

    def plan() -> None:
        with site.work():  # before the next tick can find what was missed
            plan_anew(site)

    return switch(site.sites_dir, site.name, DISABLE, False, before=plan)


def _refuse_if_fixed(setting: str, value: bool, source: str) -> None:
    if source.startswith(config.PREFIX):
        raise ConfigError(
            f"{setting} stays {str(value).lower()}: the variable {source} says so, which beats the site's file. "
            f"Take it out of the environment, that of the running processes too"
        )


def _write(folder: Path, name: str, setting: str, value: bool) -> config.Loaded:
    # true stands in the file; false does only where the settings for all sites say true
    config.write_site_config(folder, name, {setting: True if value else None})
    now = config.load_settings(folder, name)
    if getattr(now.settings, setting) != value:
        config.write_site_config(folder, name, {setting: value})
        now = config.load_settings(folder, name)
    return now
