"""The place of the main job."""

from __future__ import annotations

import shlex
from pathlib import Path

from example_app.demo.place import Place


def test_the_command_it_names_can_be_typed(tmp_path: Path) -> None:
    folder = tmp_path / "a place with blanks"
    words = shlex.split(Place(folder, keep=True).console)
    assert words == ["doclife", "--sites-dir", str(folder), "--site", "franchise", "console"]
