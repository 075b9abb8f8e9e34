"""The types an app's author sees through the lazy facade, as mypy reveals them."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

from tests.architecture.project import ROOT

APP = Path(__file__).with_name("outlets.py")

_REPORT = re.compile(r"^[^:]+:(\d+): (note|error): (.*?)(?:  \[([a-z-]+)\])?$", re.MULTILINE)


def _short(revealed: str) -> str:
    """Returns a type without the modules of its names."""
    return re.sub(r"(?:\w+\.)+(?=\w)", "", revealed)


def _wanted() -> dict[int, str]:
    lines = APP.read_text(encoding="utf-8").splitlines()
    found = {n: re.search(r"# ([RE]): (.+)$", line) for n, line in enumerate(lines, 1) if n > 5}
    return {n: f"{each[1]}: {each[2]}" for n, each in found.items() if each}


def test_an_app_is_typed_as_its_author_expects() -> None:
    # the cache of `make types`, so that this takes a second where that has run
    printed, problems, _ = api.run(
        [f"--config-file={ROOT / 'pyproject.toml'}", f"--cache-dir={ROOT / '.mypy_cache'}", str(APP)]
    )
    assert problems == ""
    seen: dict[int, str] = {}
    for line, kind, text, code in _REPORT.findall(printed):
        if kind == "error":
            seen[int(line)] = f"E: {code}"
        elif text.startswith("Revealed type is"):
            seen[int(line)] = "R: " + _short(text.split('"')[1])
    wanted = _wanted()
    assert len(wanted) > 35
    assert seen == wanted
