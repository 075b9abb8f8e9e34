"""What the options before the command said, and the site they mean.

Every command passes here, so the libraries behind settings and logs are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from doclife.core.context import Context
    from doclife.site.runtime import Site


@dataclass
class State:
    """The options of `doclife` itself."""

    site: str | None = None
    sites_dir: str | None = None
    debug: bool = False

    @property
    def tracebacks(self) -> bool:
        """Whether errors are shown with their tracebacks: --debug, or DOCLIFE_DEBUG."""
        from doclife.core import config

        return self.debug or config.environment("DOCLIFE_DEBUG") not in ("", "0")

    def folder(self) -> Path:
        """Returns the folder of the sites."""
        from doclife.core import config

        return config.find_sites_dir(self.sites_dir)

    def site_name(self) -> str:
        """Returns the name of the site that is meant.

        Raises:
            UnknownSiteError: there is none, or several and none is named.
        """
        from doclife.core import config

        return config.find_site(self.folder(), self.site)

    def load_site(self, *, start_broker: bool = False, telling: bool = False) -> Site:
        """Returns the site that is meant, loaded; logs go where its settings say.

        Args:
            start_broker: start the embedded broker if it does not run.
            telling: the command tells itself what it does, so logs begin with warnings.
        Raises:
            UnknownSiteError, ConfigError and its kinds.
        """
        from doclife.core import log
        from doclife.site.load import load_site

        site = load_site(self.site, self.folder(), start_broker=start_broker)
        log.configure("debug" if self.debug else "warning" if telling else site.settings.log_level)
        return site

    @contextmanager
    def work(self, *, telling: bool = False) -> Iterator[Context]:
        """Opens a context on the site as Administrator; commits at the end of the block.

        Args:
            telling: as for `load_site`.
        """
        with self.load_site(telling=telling).work() as context:
            yield context


#: gives a command the State as its first argument
pass_state = click.make_pass_decorator(State, ensure=True)
