"""Names, registry, ordered signals and dispatch of events; loading of hooks; whitelisted functions."""
