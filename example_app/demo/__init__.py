"""The main job, `python -m example_app`: the app at work on a fresh site, with real processes."""
