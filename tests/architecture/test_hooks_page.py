"""The apps, tests and commands of docs/hooks.md run as they stand, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("hooks_page")
    for name, text in re.findall(r"^```(?:python|ini)\n# (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return made


def test_the_page_as_it_stands(folder):
    assert len(list(folder.rglob("*.py"))) == 9
    [script] = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOCLIFE_", "PYTEST_"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout
    chain = re.findall(r"^  \d\. (\S+)$", done.stdout, re.MULTILINE)
    assert chain == ["shop.events.reserve", "books.events.post", "books.events.thank", "books.events.count"]
    (folder / "books" / "hooks.py").write_text(
        (folder / "books" / "hooks.py").read_text().replace("on_packed", "after_submit")
    )
    check = subprocess.run(
        ["doclife", "check"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    quoted = re.search(r"^    (books: .*)$", PAGE, re.MULTILINE)
    assert quoted is not None
    assert quoted[1] in check.stdout
