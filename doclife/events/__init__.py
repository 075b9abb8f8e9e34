"""Names, registry, ordered signals and dispatch of events; loading of hooks; whitelisted functions."""

from doclife.events.registry import connected as connected
from doclife.events.registry import on as on
