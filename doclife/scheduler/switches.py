"""The settings that hold the scheduler of a site, set and taken back where they are kept: in the site's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from doclife.core import config
from doclife.core.errors import ConfigError
from doclife.jobs.schedules import set_switches


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


def switch(site: Any, setting: str, value: bool) -> Switched:
    """Sets a setting of a site, for the processes that run too: the scheduler reads it at each tick.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
        setting: pause_scheduler or disable_scheduler.
        value: True holds the scheduler, False lets it go on.
    Raises:
        ConfigError: a variable of the environment says otherwise, which beats the site's file, or the file cannot
            be read or written.
    """
    folder, name = site.sites_dir, site.name
    now = config.load_settings(folder, name)
    source = now.sources[setting]
    changed = getattr(now.settings, setting) != value
    if changed:
        now = _write(folder, name, setting, value, source)
    also_set = [each for each in set_switches(now.settings) if each != setting]
    return Switched(setting=setting, value=value, changed=changed, source=now.sources[setting], also_set=also_set)


def _write(folder: Path, name: str, setting: str, value: bool, source: str) -> config.Loaded:
    if source.startswith(config.PREFIX):
        raise ConfigError(
            f"{setting} stays {str(not value).lower()}: the variable {source} says so, which beats the site's file. "
            f"Take it out of the environment, that of the running processes too"
        )
    # true stands in the file; false does only where the settings for all sites say true
    config.write_site_config(folder, name, {setting: True if value else None})
    now = config.load_settings(folder, name)
    if getattr(now.settings, setting) != value:
        config.write_site_config(folder, name, {setting: value})
        now = config.load_settings(folder, name)
    return now
